//! Equal decisions have equal digests, different ones different ones, in this build and the next.

mod later;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate};
use rust_decimal::Decimal;

use crate::domain::entry::Visibility;
use crate::domain::{Id, Kind, Value};
use crate::hooks::{
    AccessChoice, AssignChoice, Because, ClockAct, ClockStep, Decision, Effect, FieldRule,
    LevelChoice, NoticeChoice, Predicate, Refusal, Spot, SurveyAsk, SurveyOutcome, TemplateChoice,
};

const SPOT: Spot = Spot { line: 3, column: 9 };

fn of(effect: Effect) -> Decision {
    Decision {
        effects: vec![(effect, SPOT)],
        ..Decision::default()
    }
}

fn set(value: Option<Value>) -> Decision {
    of(Effect::Set {
        field: "a".to_owned(),
        value,
    })
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn values() -> Vec<Decision> {
    let at = DateTime::from_timestamp_micros(1).unwrap();
    let values = [
        Value::Text(text("1")),
        Value::Text(text("")),
        Value::Json(text("1")),
        Value::Int(1),
        Value::Duration(1),
        Value::Bool(true),
        Value::Bool(false),
        Value::Decimal(Decimal::ONE),
        Value::Decimal(Decimal::NEGATIVE_ONE),
        Value::Date(NaiveDate::from_ymd_opt(2026, 3, 2).unwrap()),
        Value::Instant(at),
        Value::Ref(Id::MIN),
        Value::List(Vec::new()),
        Value::List(vec![Value::List(Vec::new())]),
        Value::List(vec![Value::Int(1), Value::Int(2)]),
        Value::List(vec![Value::List(vec![Value::Int(1)]), Value::Int(2)]),
    ];
    values
        .into_iter()
        .map(Some)
        .chain([None])
        .map(set)
        .collect()
}

fn effects() -> Vec<Decision> {
    let (a, b) = (|| text("a"), || text("b"));
    let at = DateTime::from_timestamp_micros(1).unwrap();
    let assign = |agent: Option<&str>, team: Option<&str>| Effect::Assign {
        agent: agent.map(text),
        team: team.map(text),
    };
    let create = |type_code: Option<&str>, fields, relation: &str| Effect::Create {
        kind: Kind::Activity,
        type_code: type_code.map(text),
        fields,
        relation: text(relation),
    };
    let comment = |visibility| Effect::Comment {
        visibility,
        text: text("a"),
    };
    let schedule = |at, data| Effect::Schedule {
        name: text("a"),
        at,
        data,
    };
    let notify = |to: &str, channel: &str| Effect::Notify {
        to: text(to),
        channel: text(channel),
        subject: text("a"),
        text: text("b"),
    };
    let link = |kind| Effect::Link {
        relation: text("a"),
        kind,
        to: Id::MIN,
    };
    let all = [
        Effect::Transition { to: a() },
        assign(Some("a"), None),
        assign(None, Some("a")),
        assign(Some("a"), Some("b")),
        comment(Visibility::Public),
        comment(Visibility::Internal),
        create(None, Vec::new(), ""),
        create(Some("a"), Vec::new(), ""),
        create(None, Vec::new(), "a"),
        create(None, vec![(a(), Value::Int(1))], ""),
        create(None, vec![(a(), Value::Int(2))], ""),
        link(Kind::Ticket),
        link(Kind::Account),
        Effect::Tag(a()),
        Effect::Untag(a()),
        schedule(at, a()),
        schedule(at, b()),
        schedule(at + chrono::TimeDelta::microseconds(1), a()),
        Effect::Unschedule { name: a() },
        notify("a", "bc"),
        notify("ab", "c"),
        Effect::Webhook {
            name: a(),
            body: b(),
        },
        Effect::Custom {
            kind: a(),
            data: b(),
        },
    ];
    all.into_iter().map(of).collect()
}

fn refusals_and_forms() -> Vec<Decision> {
    let refusal = |code: &str, message: &str, field: Option<&str>| Refusal {
        code: text(code),
        message: text(message),
        field: field.map(text),
        spot: SPOT,
    };
    let refuse = |refusals| Decision {
        refusals,
        ..Decision::default()
    };
    let form = |change: fn(&mut FieldRule)| {
        let mut rule = FieldRule {
            field: text("a"),
            ..FieldRule::default()
        };
        change(&mut rule);
        Decision {
            form: vec![rule],
            ..Decision::default()
        }
    };
    vec![
        refuse(vec![refusal("a", "bc", None)]),
        refuse(vec![refusal("ab", "c", None)]),
        refuse(vec![refusal("a", "bc", Some("f"))]),
        refuse(vec![refusal("a", "bc", None), refusal("a", "bc", None)]),
        form(|_| {}),
        form(|rule| rule.visible = Some(false)),
        form(|rule| rule.visible = Some(true)),
        form(|rule| rule.required = Some(true)),
        form(|rule| rule.readonly = Some(true)),
        form(|rule| rule.options = Some(Vec::new())),
        form(|rule| rule.options = Some(vec![text("a"), text("b")])),
        form(|rule| rule.options = Some(vec![text("ab")])),
        form(|rule| rule.advice = Some(text("a"))),
    ]
}

fn choices() -> Vec<Decision> {
    let assign = |agent: Option<&str>, team: Option<&str>, reason: &str| Decision {
        assign: Some(AssignChoice {
            agent: agent.map(text),
            team: team.map(text),
            reason: text(reason),
            spot: SPOT,
        }),
        ..Decision::default()
    };
    let level = |level: &str, reason: &str| Decision {
        level: Some(LevelChoice {
            level: text(level),
            reason: text(reason),
            spot: SPOT,
        }),
        ..Decision::default()
    };
    let ask = |ask| Decision {
        ask: Some(ask),
        ..Decision::default()
    };
    let send = |delay_secs, valid_secs, subject: &str| SurveyAsk::Send {
        template: text("a"),
        channel: text("b"),
        delay_secs,
        valid_secs,
        scale: 5,
        subject: text(subject),
        text: text("d"),
        spot: SPOT,
    };
    let outcome = |weighted| Decision {
        outcome: Some(SurveyOutcome {
            meaning: text("a"),
            weighted,
            spot: SPOT,
        }),
        ..Decision::default()
    };
    vec![
        assign(Some("a"), None, "b"),
        assign(None, Some("a"), "b"),
        assign(Some("a"), None, "c"),
        level("a", "b"),
        level("a", "c"),
        ask(SurveyAsk::Skip {
            reason: text("a"),
            spot: SPOT,
        }),
        ask(send(1, 2, "c")),
        ask(send(2, 1, "c")),
        ask(send(1, 2, "e")),
        outcome(None),
        outcome(Some(0)),
        outcome(Some(450)),
    ]
}

fn all() -> Vec<Decision> {
    let mut all = values();
    all.extend(effects());
    all.extend(refusals_and_forms());
    all.extend(choices());
    all
}

fn clocks_and_notices() -> Vec<Decision> {
    let clock = |clock: &str, act| Decision {
        clocks: vec![ClockStep {
            clock: text(clock),
            act,
            spot: SPOT,
        }],
        ..Decision::default()
    };
    let notice = |notice| Decision {
        notice: Some(notice),
        ..Decision::default()
    };
    let compose = |to: Option<&[&str]>, channel: Option<&str>, subject: Option<&str>| {
        notice(NoticeChoice::Compose {
            to: to.map(|all| all.iter().copied().map(text).collect()),
            channel: channel.map(text),
            subject: subject.map(text),
            text: None,
            html: None,
            template: None,
            spot: SPOT,
        })
    };
    let html = |subject: Option<&str>, html: &str| {
        notice(NoticeChoice::Compose {
            to: None,
            channel: None,
            subject: subject.map(text),
            text: None,
            html: Some(text(html)),
            template: None,
            spot: SPOT,
        })
    };
    let template = |name: &str, values: &str, html: Option<&str>| {
        notice(NoticeChoice::Compose {
            to: None,
            channel: None,
            subject: None,
            text: None,
            html: html.map(text),
            template: Some(TemplateChoice {
                name: text(name),
                values: text(values),
            }),
            spot: SPOT,
        })
    };
    vec![
        clock("a", ClockAct::Start),
        clock("a", ClockAct::Pause),
        clock("a", ClockAct::Resume),
        clock("a", ClockAct::Meet),
        clock("a", ClockAct::Cancel),
        clock("a", ClockAct::Extend(0)),
        clock("a", ClockAct::Extend(1)),
        clock("b", ClockAct::Start),
        notice(NoticeChoice::Suppress {
            reason: text("a"),
            spot: SPOT,
        }),
        compose(None, None, None),
        compose(Some(&[]), None, None),
        compose(Some(&["a", "b"]), None, None),
        compose(Some(&["ab"]), None, None),
        compose(None, Some("a"), None),
        compose(None, None, Some("a")),
        html(None, "a"),
        html(Some("a"), ""),
        template("a", "{}", None),
        template("b", "{}", None),
        template("a", "{\"a\":1}", None),
        template("a", "{}", Some("")),
    ]
}

fn access_and_results() -> Vec<Decision> {
    let access = |only, masked: &[&str]| Decision {
        access: Some(AccessChoice {
            only,
            masked: masked.iter().copied().map(text).collect(),
            spot: SPOT,
        }),
        ..Decision::default()
    };
    let one_of = |field: &str, values: &[i64]| Predicate::In {
        field: text(field),
        values: values.iter().copied().map(Value::Int).collect(),
    };
    let range = |from, to| Predicate::Range {
        field: text("a"),
        from,
        to,
    };
    let result = |result: &str| Decision {
        result: Some(text(result)),
        ..Decision::default()
    };
    vec![
        access(Predicate::everything(), &[]),
        access(Predicate::nothing(), &[]),
        access(Predicate::everything(), &["a"]),
        access(Predicate::Not(Box::new(Predicate::nothing())), &[]),
        access(one_of("a", &[]), &[]),
        access(one_of("a", &[1]), &[]),
        access(one_of("b", &[1]), &[]),
        access(
            Predicate::All(vec![one_of("a", &[]), one_of("a", &[])]),
            &[],
        ),
        access(
            Predicate::All(vec![
                Predicate::All(vec![one_of("a", &[])]),
                one_of("a", &[]),
            ]),
            &[],
        ),
        access(range(Some(Value::Int(1)), None), &[]),
        access(range(None, Some(Value::Int(1))), &[]),
        result("1"),
        result("2"),
    ]
}

#[test]
fn different_decisions_have_different_digests_and_equal_ones_equal_ones() {
    let mut seen = BTreeMap::new();
    let later = clocks_and_notices().into_iter().chain(access_and_results());
    for decision in all().into_iter().chain(later).chain(later::all()) {
        assert_eq!(decision.digest(), decision.clone().digest());
        if let Some(other) = seen.insert(decision.digest(), decision.clone()) {
            panic!("one digest for two decisions: {other:?} and {decision:?}");
        }
    }
    assert!(!seen.contains_key(&[0; 8]), "zero stands for no opinion");
}

#[test]
fn equal_amounts_are_equal_however_they_are_written() {
    let amount = |text: &str| set(Some(Value::Decimal(text.parse().unwrap())));
    assert_eq!(amount("1.50"), amount("1.5"));
    assert_eq!(amount("1.50").digest(), amount("1.5").digest());
    assert_eq!(amount("-0"), amount("0.00"));
    assert_eq!(amount("-0").digest(), amount("0.00").digest());
}

#[test]
fn the_order_of_effects_counts() {
    let two = |first: &str, second: &str| Decision {
        effects: [first, second]
            .map(|label| (Effect::Tag(text(label)), SPOT))
            .into(),
        ..Decision::default()
    };
    assert_ne!(two("a", "b").digest(), two("b", "a").digest());
}

#[test]
fn where_it_was_decided_and_why_does_not_count() {
    let tag = |line, because| Decision {
        effects: vec![(Effect::Tag(text("a")), Spot { line, column: 1 })],
        because,
        ..Decision::default()
    };
    let reason = Because {
        code: text("a"),
        text: text("b"),
        spot: SPOT,
    };
    assert_eq!(
        tag(1, Vec::new()).digest(),
        tag(9, vec![reason.clone()]).digest()
    );
    let silent = Decision {
        because: vec![reason],
        ..Decision::default()
    };
    assert_eq!(silent.digest(), [0; 8]);
}

/// What journals hold must be found again by every later build: when this fails, the layout was
/// changed, and every digest kept so far is lost. New cases go into a list of their own.
#[test]
fn the_layout_is_fixed() {
    use sha2::Digest;
    let mut hash = sha2::Sha256::new();
    for decision in all() {
        hash.update(decision.digest());
    }
    let hex: String = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(
        hex,
        "daeda942d09b68bd177862dd9b05919ac68ad58875d9042511cdf612d0ec2a0f"
    );
}
