//! What a hook decides.

use super::*;
use crate::domain::entry::Visibility;
use crate::hooks::{AssignChoice, Effect, FieldRule, LevelChoice, Spot, SurveyAsk};

fn effects(body: &str) -> Vec<Effect> {
    let decision = decide(&call(Hook::TransitionEffect, transition()), body);
    decision.effects.into_iter().map(|(e, _)| e).collect()
}

fn effect(body: &str) -> Effect {
    let mut all = effects(body);
    assert_eq!(all.len(), 1, "{body}");
    all.remove(0)
}

#[test]
fn refusals_carry_code_field_text_and_place() {
    let c = call(Hook::TransitionGuard, transition());
    let decision = decide(
        &c,
        "c.deny(\"late\", \"too late\");\n  c.deny_field(\"cause\", \"missing\", #{ru: \"нет\", en: \"no\"});",
    );
    let [first, second] = decision.refusals.as_slice() else {
        panic!("{decision:?}");
    };
    assert_eq!(
        (first.code.as_str(), first.field.as_deref()),
        ("late", None)
    );
    assert_eq!(first.spot, Spot { line: 2, column: 3 });
    assert_eq!(second.field.as_deref(), Some("cause"));
    assert_eq!(second.message, "нет");
    assert_eq!(second.spot, Spot { line: 3, column: 5 });
}

#[test]
fn set_takes_every_type_of_value() {
    let at = now() + chrono::TimeDelta::hours(1);
    for (given, expected) in [
        ("\"x\"", Value::from("x")),
        ("'x'", "x".into()),
        ("5", Value::Int(5)),
        ("true", Value::Bool(true)),
        ("1.25", Value::Decimal("1.25".parse().expect("a decimal"))),
        ("c.now + hours(1)", Value::Instant(at)),
        ("c.now.date", Value::Date(now().date_naive())),
        ("hours(2)", Value::Duration(7_200)),
        ("[\"a\", \"b\"]", Value::List(vec!["a".into(), "b".into()])),
        ("#{b: 1, a: [2]}", Value::Json(r#"{"a":[2],"b":1}"#.into())),
        ("c.related.account", Value::Ref(id(2))),
        ("c.record.account", Value::Text(id(2).to_string())),
    ] {
        let set = effect(&format!("c.set(\"f\", {given});"));
        let expected = Effect::Set {
            field: "f".to_owned(),
            value: Some(expected),
        };
        assert_eq!(set, expected, "{given}");
    }
    let unset = Effect::Set {
        field: "f".to_owned(),
        value: None,
    };
    assert_eq!(effect("c.set(\"f\", ());"), unset);
    assert_eq!(effect("c.unset(\"f\");"), unset);
}

#[test]
fn a_value_no_field_can_hold_is_an_error() {
    let c = call(Hook::TransitionEffect, transition());
    for (given, expected) in [
        ("|x| x", "a function is not a value"),
        ("[()]", "may not hold `()`"),
        ("c", "an object is not a value"),
        ("#{a: || 1}", "cannot be handed over"),
    ] {
        let message = failure(&c, &format!("c.set(\"f\", {given});")).message;
        assert!(message.contains(expected), "{message}");
        assert!(message.contains("value of `f`"), "{message}");
    }
}

#[test]
fn effects_are_data() {
    let name = |s: &str| s.to_owned();
    let expected = vec![
        (
            "c.transition(\"done\");",
            Effect::Transition { to: name("done") },
        ),
        (
            "c.assign(\"boris\");",
            Effect::Assign {
                agent: Some(name("boris")),
                team: None,
            },
        ),
        (
            "c.assign_team(\"desk\");",
            Effect::Assign {
                agent: None,
                team: Some(name("desk")),
            },
        ),
        (
            "c.comment(\"hello\");",
            Effect::Comment {
                visibility: Visibility::Public,
                text: name("hello"),
            },
        ),
        (
            "c.comment_internal(#{ru: \"тихо\"});",
            Effect::Comment {
                visibility: Visibility::Internal,
                text: name("тихо"),
            },
        ),
        (
            "c.create(\"activity\", (), #{title: \"call\", due_at: c.now}, \"parent\");",
            Effect::Create {
                kind: Kind::Activity,
                type_code: None,
                fields: vec![
                    (name("due_at"), Value::Instant(now())),
                    (name("title"), "call".into()),
                ],
                relation: name("parent"),
            },
        ),
        (
            "c.create(\"lead\", \"interest\", #{title: \"a\", contact: ()});",
            Effect::Create {
                kind: Kind::Lead,
                type_code: Some(name("interest")),
                fields: vec![(name("title"), "a".into())],
                relation: String::new(),
            },
        ),
        (
            "c.link(\"related\", \"account\", c.record.account);",
            Effect::Link {
                relation: name("related"),
                kind: Kind::Account,
                to: id(2),
            },
        ),
        ("c.tag(\"vip\");", Effect::Tag(name("vip"))),
        ("c.untag(\"vip\");", Effect::Untag(name("vip"))),
        (
            "c.schedule(\"t\", c.now + days(1), #{n: 1});",
            Effect::Schedule {
                name: name("t"),
                at: now() + chrono::TimeDelta::days(1),
                data: name(r#"{"n":1}"#),
            },
        ),
        (
            "c.schedule(\"t\", minutes(5));",
            Effect::Schedule {
                name: name("t"),
                at: now() + chrono::TimeDelta::minutes(5),
                data: name("null"),
            },
        ),
        (
            "c.unschedule(\"t\");",
            Effect::Unschedule { name: name("t") },
        ),
        (
            "c.notify(\"contact\", \"mail\", \"s\", #{en: \"t\"});",
            Effect::Notify {
                to: name("contact"),
                channel: name("mail"),
                subject: name("s"),
                text: name("t"),
            },
        ),
        (
            "c.webhook(\"erp\", #{id: c.record.id, at: c.now});",
            Effect::Webhook {
                name: name("erp"),
                body: format!(r#"{{"at":"2026-03-02T06:00:00Z","id":"{}"}}"#, id(1)),
            },
        ),
    ];
    for (body, expected) in expected {
        assert_eq!(effect(body), expected, "{body}");
    }
}

#[test]
fn effects_keep_their_order_and_place() {
    let c = call(Hook::ScheduleFire, timer());
    let decision = decide(&c, "c.tag(\"a\");\nif true {\n    c.tag(\"b\");\n}");
    let spots: Vec<(u32, u32)> = decision
        .effects
        .iter()
        .map(|(_, s)| (s.line, s.column))
        .collect();
    assert_eq!(spots, [(2, 3), (4, 7)]);
}

#[test]
fn form_rules_of_a_field_come_together() {
    let c = call(Hook::FormRules, Detail::None);
    let decision = decide(
        &c,
        "c.show(\"cause\"); c.require(\"cause\"); c.hide(\"price\"); c.lock(\"title\");
         c.offer(\"priority\", [\"low\", \"high\"]); c.advise(\"cause\", \"why?\");
         c.optional(\"x\"); c.unlock(\"x\");",
    );
    let rule = |field: &str| -> FieldRule {
        let found = decision.form.iter().find(|r| r.field == field);
        found.expect("a rule").clone()
    };
    let names: Vec<&str> = decision.form.iter().map(|r| r.field.as_str()).collect();
    assert_eq!(names, ["cause", "price", "title", "priority", "x"]);
    assert_eq!(rule("cause").visible, Some(true));
    assert_eq!(rule("cause").required, Some(true));
    assert_eq!(rule("cause").advice.as_deref(), Some("why?"));
    assert_eq!(rule("price").visible, Some(false));
    assert_eq!(rule("title").readonly, Some(true));
    assert_eq!(
        rule("priority").options,
        Some(vec!["low".to_owned(), "high".to_owned()])
    );
    assert_eq!(
        (rule("x").required, rule("x").readonly),
        (Some(false), Some(false))
    );
}

#[test]
fn choices_take_objects_ids_and_codes() {
    let c = call(Hook::AssignSelect, assign());
    let choice = |body: &str| -> AssignChoice { decide(&c, body).assign.expect("a choice") };
    let by_object = choice("c.choose_agent(c.least_loaded(c.agents), \"fewest\");");
    assert_eq!(by_object.agent, Some(id(32).to_string()));
    assert_eq!(by_object.reason, "fewest");
    let both = choice("c.choose_team(\"desk\", \"line\"); c.choose_agent(\"anna\", \"her own\");");
    assert_eq!(both.team.as_deref(), Some("desk"));
    assert_eq!(both.agent.as_deref(), Some("anna"));
    assert_eq!(both.reason, "her own");
    let c = call(Hook::SlaSelect, levels());
    let level = decide(&c, "c.choose_level(c.levels[1], \"last\");").level;
    let expected = LevelChoice {
        level: id(52).to_string(),
        reason: "last".to_owned(),
        spot: Spot { line: 2, column: 3 },
    };
    assert_eq!(level, Some(expected));
}

#[test]
fn surveys_are_asked_skipped_and_understood() {
    let c = call(Hook::SurveyLogic, survey_done());
    let ask = decide(
        &c,
        "c.ask(#{template: \"rating\", delay: hours(1), valid: days(7), scale: 10, subject: #{ru: \"Оцените\"}, text: \"{link}\"});",
    );
    let expected = SurveyAsk::Send {
        template: "rating".to_owned(),
        channel: "mail".to_owned(),
        delay_secs: 3_600,
        valid_secs: 7 * 86_400,
        scale: 10,
        subject: "Оцените".to_owned(),
        text: "{link}".to_owned(),
        spot: Spot { line: 2, column: 3 },
    };
    assert_eq!(ask.ask, Some(expected));
    let skip = decide(&c, "c.skip(\"no_address\");").ask;
    assert!(matches!(skip, Some(SurveyAsk::Skip { reason, .. }) if reason == "no_address"));
    let c = call(Hook::SurveyLogic, survey_reply());
    let means = decide(
        &c,
        "c.means_weighted(\"unsatisfied\", 133); c.tag(\"angry\");",
    );
    let outcome = means.outcome.expect("an outcome");
    assert_eq!(
        (outcome.meaning.as_str(), outcome.weighted),
        ("unsatisfied", Some(133))
    );
    assert_eq!(means.effects.len(), 1);
    assert_eq!(
        decide(&c, "c.means(\"ok\");")
            .outcome
            .expect("an outcome")
            .weighted,
        None
    );
}

#[test]
fn a_survey_said_wrongly_is_an_error() {
    let done = call(Hook::SurveyLogic, survey_done());
    let reply = call(Hook::SurveyLogic, survey_reply());
    for (c, body, expected) in [
        (&done, "c.ask(#{txt: \"x\"});", "did you mean `text`?"),
        (&done, "c.ask(#{subject: \"x\"});", "needs a `text`"),
        (&done, "c.ask(#{text: \"x\"});", "with `{link}`"),
        (
            &done,
            "c.ask(#{text: \"{link}\", scale: 1});",
            "from 2 to 100",
        ),
        (
            &done,
            "c.ask(#{text: \"{link}\", delay: -1});",
            "expected a duration",
        ),
        (&done, "c.means(\"ok\");", "is for the reply"),
        (&reply, "c.skip(\"x\");", "record that is done"),
        (&reply, "c.ask(#{text: \"x\"});", "record that is done"),
    ] {
        let message = failure(c, body).message;
        assert!(message.contains(expected), "{body}: {message}");
    }
}

/// Each method in each hook: either it is allowed and decides, or it is refused by name.
#[test]
fn a_method_the_hook_may_not_use_names_both() {
    let samples: BTreeMap<&str, &str> = BTreeMap::from([
        ("deny", "\"a\", \"b\""),
        ("deny_field", "\"f\", \"a\", \"b\""),
        ("set", "\"f\", 1"),
        ("unset", "\"f\""),
        ("transition", "\"s\""),
        ("assign", "\"a\""),
        ("assign_team", "\"t\""),
        ("comment", "\"x\""),
        ("comment_internal", "\"x\""),
        ("create", "\"lead\", (), #{}, \"\""),
        ("tag", "\"x\""),
        ("untag", "\"x\""),
        ("schedule", "\"n\", hours(1), ()"),
        ("unschedule", "\"n\""),
        ("notify", "\"contact\", \"mail\", \"s\", \"t\""),
        ("webhook", "\"n\", #{}"),
        ("show", "\"f\""),
        ("hide", "\"f\""),
        ("require", "\"f\""),
        ("optional", "\"f\""),
        ("lock", "\"f\""),
        ("unlock", "\"f\""),
        ("offer", "\"f\", []"),
        ("advise", "\"f\", \"x\""),
        ("choose_agent", "\"a\", \"r\""),
        ("choose_team", "\"t\", \"r\""),
        ("choose_level", "\"l\", \"r\""),
    ]);
    let mut refused = 0;
    for method in super::super::methods() {
        let Some(arguments) = samples.get(method.name) else {
            continue;
        };
        for c in every_hook() {
            let body = format!("c.{}({arguments});", method.name);
            let result = run_body(&c, &body);
            if method.hooks.contains(&c.hook) {
                let decision = result.unwrap_or_else(|f| panic!("{f}")).decision;
                assert!(!decision.is_empty(), "{body} in {}", c.hook);
            } else {
                let message = result.expect_err("not allowed").message;
                let said = format!("{} may not use `{}`", c.hook, method.name);
                assert!(message.contains(&said), "{message}");
                refused += 1;
            }
        }
    }
    assert!(refused > 100, "only {refused} refusals were seen");
}

#[test]
fn equal_calls_give_equal_outcomes() {
    let source = "fn hook(c) {
        let n = 0;
        for a in c.agents { n += a.load; }
        c.because(\"load\", `${n} on ${c.agents.len} at ${c.now}`);
        c.choose_agent(c.least_loaded(c.agents_with(\"network\")), \"skill\");
    }";
    let script = host()
        .compile("p", "x.rhai", source)
        .unwrap_or_else(|f| panic!("{f}"));
    let runner = script.runner("hook").unwrap_or_else(|f| panic!("{f}"));
    let c = call(Hook::AssignSelect, assign());
    let first = runner.call(&c).expect("a decision");
    assert!(first.usage.used > 20, "{:?}", first.usage);
    assert_eq!(first.usage.budget, ScriptLimits::default().operations);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(runner.call(&c).expect("a decision"), first);
                }
            });
        }
    });
    // Another host decides the same at the same cost.
    let again = run_source(&c, source).expect("a decision");
    assert_eq!(again, first);
}

#[test]
fn a_helper_shares_the_decision() {
    let c = call(Hook::TransitionEffect, transition());
    let source =
        "fn mark(c, label) { c.tag(label); }\nfn hook(c) { mark(c, \"a\"); c.tag(\"b\"); }";
    let decision = run_source(&c, source).expect("a decision").decision;
    let spots: Vec<u32> = decision.effects.iter().map(|(_, s)| s.line).collect();
    assert_eq!(spots, [1, 2]);
}
