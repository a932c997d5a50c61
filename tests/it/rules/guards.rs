//! Guards, validation and form rules: what they refuse holds on every way.

use opora::desk::{Actor, Command, ErrorKind, Request};
use opora::domain::Kind;
use serde_json::json;

use super::{desk, last, set_by, verdict};
use crate::support::{TestDesk, fields};

fn done(
    desk: &TestDesk,
    id: opora::domain::Id,
    with: serde_json::Value,
) -> opora::desk::Result<()> {
    let command = Command::Transition {
        kind: Kind::Ticket,
        id,
        to: "done".to_owned(),
        fields: fields(with),
    };
    desk.run(command).map(|_| ())
}

#[test]
fn all_guards_refuse_together_and_name_rule_and_line() {
    let desk = desk(
        "a transition.guard\n b transition.guard\n c transition.guard",
        "fn a(c) { if c.to_is(\"doing\") { c.deny(\"busy\", \"first\"); } }\n\
         fn b(c) { if c.to_is(\"doing\") {\n c.deny(\"busy\", \"second\"); } }\n\
         fn c(c) { c.deny_field(\"room\", \"room_missing\", #{en: \"which room?\", ru: \"где?\"}); }",
    );
    let id = desk.ticket("a");
    let error = desk.transition(id, "doing").unwrap_err();
    assert_eq!(
        (error.kind, error.code),
        (ErrorKind::Conflict, "transition_refused")
    );
    let faults: Vec<_> = error
        .faults
        .iter()
        .map(|f| {
            (
                f.code.as_str(),
                f.message.as_str(),
                f.field.as_deref(),
                f.rule.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        faults,
        [
            ("busy", "first", None, Some("plain/a:1")),
            ("busy", "second", None, Some("plain/b:3")),
            (
                "room_missing",
                "which room?",
                Some("plain/room"),
                Some("plain/c:4")
            ),
        ]
    );
    assert_eq!(desk.get(Kind::Ticket, id).status(), Some("plain/todo"));
}

#[test]
fn refusals_of_validation_with_one_code_are_all_told() {
    let desk = desk(
        "a record.validate\n b record.validate",
        "fn a(c) { c.deny(\"wrong\", \"first\"); }\nfn b(c) { c.deny(\"wrong\", \"second\"); }",
    );
    let error = desk
        .create(Kind::Ticket, json!({"type": "fault", "title": "x"}))
        .unwrap_err();
    assert_eq!(error.faults.len(), 2, "{error}");
}

#[test]
fn a_broken_guard_refuses_and_names_pack_file_and_line() {
    let desk = desk(
        "a transition.guard\n b transition.guard",
        "fn a(c) {\n    let n = 1 / 0;\n}\nfn b(c) { let n = c.record.title + 1; throw n; }",
    );
    let id = desk.ticket("a");
    let error = desk.transition(id, "doing").unwrap_err();
    let codes: Vec<_> = error.faults.iter().map(|f| f.code.as_str()).collect();
    assert_eq!(codes, ["rule_broken", "rule_broken"], "{error}");
    assert!(error.message.contains("rules.rhai:2"), "{}", error.message);
    assert!(error.message.contains("plain"), "{}", error.message);
    assert_eq!(error.faults[0].rule.as_deref(), Some("plain/a"));
}

#[test]
fn the_refusal_speaks_the_language_of_who_asks() {
    let desk = desk(
        "a transition.guard",
        "fn a(c) { c.deny(\"no\", #{en: \"not yet\", ru: \"ещё нет\"}); }",
    );
    let id = desk.ticket("a");
    let agent = json!({"title": "Игорь", "code": "igor", "locale": "ru"});
    let agent = desk.create(Kind::Agent, agent).unwrap().id;
    let command = Command::Transition {
        kind: Kind::Ticket,
        id,
        to: "doing".to_owned(),
        fields: fields(json!({})),
    };
    let request = Request::by(Actor::Agent { agent: Some(agent) });
    let error = desk.desk.run(&request, &command).unwrap_err();
    assert_eq!(error.message, "ещё нет");
    assert_eq!(desk.transition(id, "doing").unwrap_err().message, "not yet");
}

const FORM: &str = "fn form(c) {
    if c.record.priority == \"urgent\" { c.require(\"room\"); }
    if c.record.level == \"high\" { c.offer(\"priority\", [\"high\", \"urgent\"]); }
    if c.record.status_category == \"open\" { c.lock(\"weight\"); c.advise(\"weight\", \"weigh it before\"); }
}
fn later(c) { if c.record.weight == 7 { c.optional(\"room\"); } }
fn effect(c) { if c.to_is(\"waiting\") { c.set(\"priority\", \"urgent\"); } }";

const FORM_RULES: &str =
    "form form.rules\n later form.rules priority = 5\n effect transition.effect";

fn codes(error: &opora::desk::Error) -> Vec<(&str, &str)> {
    let faults = error.faults.iter();
    faults
        .map(|f| (f.field.as_deref().unwrap_or_default(), f.code.as_str()))
        .collect()
}

#[test]
fn form_rules_hold_on_create_update_transition_and_effect() {
    let desk = desk(FORM_RULES, FORM);
    let asked = json!({"type": "fault", "title": "x", "priority": "urgent"});
    let error = desk.create(Kind::Ticket, asked).unwrap_err();
    assert_eq!(codes(&error), [("plain/room", "required")]);
    assert_eq!(error.faults[0].rule.as_deref(), Some("plain/form:2"));
    let id = desk.ticket("a");
    let error = desk
        .update(Kind::Ticket, id, json!({"level": "high"}))
        .unwrap_err();
    assert_eq!(codes(&error), [("priority", "not_offered")]);
    desk.transition(id, "doing").unwrap();
    let error = desk
        .update(Kind::Ticket, id, json!({"weight": 5}))
        .unwrap_err();
    assert_eq!(codes(&error), [("plain/weight", "readonly")]);
    let error = desk.transition(id, "waiting").unwrap_err();
    assert_eq!(codes(&error), [("plain/room", "required")], "{error}");
    let to = Command::Transition {
        kind: Kind::Ticket,
        id,
        to: "waiting".to_owned(),
        fields: fields(json!({"room": "east"})),
    };
    desk.run(to).unwrap();
    let item = last(&desk, id);
    assert_eq!(set_by(&item, "priority"), "plain/effect:7");
    assert_eq!(verdict(&item, "plain/form"), "decided");
}

#[test]
fn the_form_shows_what_a_write_enforces() {
    let desk = desk(FORM_RULES, FORM);
    let asked = json!({"type": "fault", "title": "x", "priority": "urgent", "weight": 7});
    // A later rule takes the demand back, on the form and on the write.
    let id = desk.create(Kind::Ticket, asked).unwrap().id;
    let room = |desk: &TestDesk| {
        let form = desk.desk.form(&Actor::System, Kind::Ticket, id).unwrap();
        form.fields
            .into_iter()
            .find(|f| f.def.code == "plain/room")
            .unwrap()
    };
    assert!(!room(&desk).required);
    let error = desk
        .update(Kind::Ticket, id, json!({"weight": 8}))
        .unwrap_err();
    assert_eq!(codes(&error), [("plain/room", "required")]);
    desk.update(Kind::Ticket, id, json!({"weight": 8, "room": "east"}))
        .unwrap();
    assert!(room(&desk).required);
    let error = done(&desk, id, json!({})).unwrap_err();
    assert_eq!(error.code, "transition_not_allowed");
}

#[test]
fn what_a_guard_read_must_still_be_so_at_the_commit() {
    let desk = desk(
        "a transition.guard reads = [\"account\"]",
        "fn a(c) { if c.related.account?.city == \"closed\" { c.deny(\"closed\", \"closed\"); } }",
    );
    let (account, ..) = super::people(&desk);
    let asked = json!({"type": "fault", "title": "x", "account": "acme"});
    let id = desk.create(Kind::Ticket, asked).unwrap().id;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for n in 0..10 {
                    let city = json!({"city": n.to_string()});
                    desk.update(Kind::Account, account, city).unwrap();
                }
            });
        }
        for _ in 0..10 {
            for to in ["doing", "waiting"] {
                desk.transition(id, to).unwrap();
            }
        }
    });
    desk.update(Kind::Account, account, json!({"city": "closed"}))
        .unwrap();
    assert_eq!(
        desk.transition(id, "doing").unwrap_err().code,
        "transition_refused"
    );
}

#[test]
fn an_endless_rule_leaves_other_requests_undisturbed() {
    let desk = desk(
        "a record.validate",
        "fn a(c) { if c.record.title == \"loop\" { loop { } } }",
    );
    std::thread::scope(|scope| {
        let hostile = scope.spawn(|| {
            let asked = json!({"type": "fault", "title": "loop"});
            desk.create(Kind::Ticket, asked).unwrap_err()
        });
        for n in 0..20 {
            desk.create(Kind::Account, json!({"title": n.to_string()}))
                .unwrap();
            desk.ticket("fine");
        }
        let error = hostile.join().unwrap();
        assert_eq!(error.faults[0].code, "rule_broken", "{error}");
    });
}
