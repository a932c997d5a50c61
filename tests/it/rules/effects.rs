//! Defaults and effects: order, overrides, all or nothing, chains.

use opora::desk::{Actor, Command, ErrorKind};
use opora::domain::entry::EntryBody;
use opora::domain::{Kind, Value};
use serde_json::json;

use super::{desk, last, outbox, people, set_by, verdict};
use crate::support::fields;

#[test]
fn defaults_never_replace_what_was_given_and_the_first_rule_wins() {
    let desk = desk(
        "b record.defaults priority = 2\n a record.defaults priority = 1\n c record.defaults priority = 3",
        "fn a(c) { c.set(\"room\", \"a\"); c.set(\"priority\", \"high\"); }\n\
         fn b(c) { c.set(\"room\", \"b\"); c.set(\"weight\", 2); }\n\
         fn c(c) { c.set(\"weight\", 3); c.set(\"no_such\" + c.locale, 1); }",
    );
    let id = desk.ticket("x");
    let ticket = desk.get(Kind::Ticket, id);
    assert_eq!(ticket.text("plain/room"), Some("a"));
    assert_eq!(
        ticket.text("priority"),
        Some("high"),
        "over a definition's default"
    );
    assert_eq!(ticket.get("plain/weight"), Some(&Value::Int(2)));
    let item = last(&desk, id);
    assert_eq!(set_by(&item, "plain/room"), "plain/a:1");
    assert_eq!(set_by(&item, "plain/weight"), "plain/b:2");
    assert_eq!(
        verdict(&item, "plain/c"),
        "failed",
        "skipped and journalled"
    );
    let asked =
        json!({"type": "fault", "title": "x", "room": "mine", "priority": "low", "weight": null});
    let id = desk.create(Kind::Ticket, asked).unwrap().id;
    let ticket = desk.get(Kind::Ticket, id);
    assert_eq!(ticket.text("plain/room"), Some("mine"));
    assert_eq!(ticket.text("priority"), Some("low"));
    assert_eq!(ticket.get("plain/weight"), None, "no value was asked for");
}

#[test]
fn a_later_rule_overrides_an_earlier_one_and_a_person_only_when_it_may() {
    let desk = desk(
        "a transition.effect priority = 1\n b transition.effect priority = 2\n c transition.effect override = true, priority = 3",
        "fn a(c) { if c.to_is(\"doing\") { c.set(\"room\", \"a\"); c.set(\"weight\", 1); } }\n\
         fn b(c) { if c.to_is(\"doing\") { c.set(\"room\", \"b\"); } }\n\
         fn c(c) { if c.to_is(\"doing\") { c.set(\"weight\", 3); } }",
    );
    let id = desk.ticket("x");
    desk.transition(id, "doing").unwrap();
    let item = last(&desk, id);
    assert_eq!(desk.get(Kind::Ticket, id).text("plain/room"), Some("b"));
    assert_eq!(
        item.notes,
        [
            "override:plain/room:plain/b",
            "override:plain/weight:plain/c"
        ]
    );
    let id = desk.ticket("y");
    let command = Command::Transition {
        kind: Kind::Ticket,
        id,
        to: "doing".to_owned(),
        fields: fields(json!({"room": "mine", "weight": 9})),
    };
    desk.run(command).unwrap();
    let ticket = desk.get(Kind::Ticket, id);
    assert_eq!(ticket.text("plain/room"), Some("mine"));
    assert_eq!(ticket.get("plain/weight"), Some(&Value::Int(3)));
    let notes = last(&desk, id).notes;
    assert_eq!(
        notes,
        [
            "kept_asked:plain/room:plain/a",
            "kept_asked:plain/weight:plain/a",
            "kept_asked:plain/room:plain/b",
            "override:plain/weight:plain/c",
        ]
    );
}

#[test]
fn a_broken_effect_is_skipped_and_journalled_while_the_command_succeeds() {
    let desk = desk(
        "a transition.effect priority = 1\n b transition.effect priority = 2",
        "fn a(c) {\n    if c.to_is(\"doing\") { c.set(\"room\", \"x\"); throw \"no\"; }\n}\n\
         fn b(c) { c.set(\"weight\", 2); }",
    );
    let id = desk.ticket("x");
    desk.transition(id, "doing").unwrap();
    let ticket = desk.get(Kind::Ticket, id);
    assert_eq!(ticket.status(), Some("plain/doing"));
    assert_eq!(ticket.get("plain/room"), None);
    assert_eq!(ticket.get("plain/weight"), Some(&Value::Int(2)));
    let item = last(&desk, id);
    let run = item.rules.iter().find(|r| r.rule == "plain/a").unwrap();
    assert_eq!(run.verdict, "failed");
    assert!(run.reasons[0].contains("rules.rhai:2"), "{:?}", run.reasons);
    assert_eq!(desk.desk.health().unwrap().failing_rules.len(), 1);
}

#[test]
fn the_effects_of_a_rule_are_applied_all_or_none() {
    let desk = desk(
        "a transition.effect",
        "fn a(c) { if c.to_is(\"doing\") {\n c.set(\"room\", \"x\"); c.comment(\"hello\"); c.tag(\"t\");\n\
         c.schedule(\"later\", hours(1)); c.create(\"account\", (), #{title: \"new\"});\n\
         c.notify(\"a@b.example\", \"mail\", \"s\", \"t\"); c.set(\"level\", \"no option\".sub_string(0)); } }",
    );
    let id = desk.ticket("x");
    desk.transition(id, "doing").unwrap();
    let ticket = desk.get(Kind::Ticket, id);
    assert_eq!(ticket.status(), Some("plain/doing"));
    assert_eq!((ticket.get("plain/room"), ticket.get("tags")), (None, None));
    let entries = desk
        .desk
        .entries(&Actor::System, Kind::Ticket, id, None, 10)
        .unwrap();
    assert!(entries.items.is_empty());
    assert_eq!(desk.desk.next_timer().unwrap(), None);
    assert!(outbox(&desk).is_empty());
    let query = opora::desk::ListQuery::newest(Kind::Account, 10);
    assert!(
        desk.desk
            .list(&Actor::System, &query)
            .unwrap()
            .items
            .is_empty()
    );
    let item = last(&desk, id);
    let run = item.rules.iter().find(|r| r.rule == "plain/a").unwrap();
    assert_eq!(run.verdict, "failed");
    assert!(
        run.reasons
            .iter()
            .any(|r| r.contains("line 4") && r.contains("no option")),
        "{run:?}"
    );
}

#[test]
fn two_rules_that_cause_one_another_fail_the_command_with_the_chain() {
    let desk = desk(
        "ping transition.effect\n pong transition.effect",
        "fn ping(c) { if c.to_is(\"doing\") { c.transition(\"waiting\"); } }\n\
         fn pong(c) { if c.to_is(\"waiting\") { c.transition(\"doing\"); } }",
    );
    let id = desk.ticket("x");
    let error = desk.transition(id, "doing").unwrap_err();
    assert_eq!(
        (error.kind, error.code),
        (ErrorKind::Conflict, "chain_too_deep")
    );
    assert!(
        error
            .message
            .contains("plain/ping -> plain/pong -> plain/ping"),
        "{}",
        error.message
    );
    assert!(error.message.len() < 400, "{}", error.message);
    assert_eq!(desk.get(Kind::Ticket, id).status(), Some("plain/todo"));
    // The rule at the end of the chain failed, and no other.
    let rules = desk.desk.hooks().unwrap().into_iter();
    let failures: Vec<u64> = rules.filter_map(|s| s.rule).map(|r| r.failures).collect();
    assert_eq!(failures.iter().sum::<u64>(), 1, "{failures:?}");
}

#[test]
fn what_is_named_when_a_rule_runs_is_told_with_the_word_that_was_meant() {
    for (effect, meant) in [
        (
            "c.set(\"rom\".sub_string(0), 1);",
            "did you mean `plain/room`?",
        ),
        (
            "c.set(\"level\", \"hihg\".sub_string(0));",
            "did you mean `high`?",
        ),
        (
            "c.transition(\"donig\".sub_string(0));",
            "did you mean `plain/doing`?",
        ),
    ] {
        let desk = desk("a transition.effect", &format!("fn a(c) {{ {effect} }}"));
        let id = desk.ticket("x");
        let item = last(&desk, id);
        let run = item.rules.iter().find(|r| r.rule == "plain/a").unwrap();
        assert!(run.reasons.iter().any(|r| r.contains(meant)), "{run:?}");
    }
}

#[test]
fn a_rule_is_not_woken_by_its_own_effect() {
    let desk = desk(
        "once transition.effect",
        "fn once(c) { c.tag(\"seen\");\n\
         if c.to_is(\"doing\") { c.transition(\"waiting\"); }\n\
         if c.to_is(\"todo\") { c.create(\"ticket\", \"fault\", #{title: \"again\"}); } }",
    );
    let id = desk.ticket("x");
    let query = opora::desk::ListQuery::newest(Kind::Ticket, 10);
    assert_eq!(
        desk.desk.list(&Actor::System, &query).unwrap().items.len(),
        2
    );
    desk.transition(id, "doing").unwrap();
    let ticket = desk.get(Kind::Ticket, id);
    assert_eq!(ticket.status(), Some("plain/waiting"));
    let runs = last(&desk, id).rules.len();
    assert_eq!(runs, 1);
}

#[test]
fn effects_create_link_tag_and_write_entries_with_their_rule() {
    let desk = desk(
        "a transition.effect reads = [\"account\"]",
        "fn a(c) {\n    if !c.to_is(\"doing\") { return; }\n\
         c.create(\"activity\", \"call\", #{title: \"call back\", account: c.record.account}, \"follow_up\");\n\
         c.tag(\"one\"); c.tag(\"two\"); c.untag(\"one\"); c.comment_internal(`for ${c.related.account.name}`);\n\
         c.link(\"about\", \"account\", c.record.account); c.set(\"stamp\", \"by rule\");\n\
         c.notify(\"contact\", \"mail\", \"Hello\", \"we begin\"); c.notify(\"assignee\", \"mail\", \"s\", \"t\"); }",
    );
    let (account, contact, _) = people(&desk);
    let asked = json!({"type": "fault", "title": "x", "account": "acme", "contact": "anna"});
    let id = desk.create(Kind::Ticket, asked).unwrap().id;
    desk.transition(id, "doing").unwrap();
    let ticket = desk.get(Kind::Ticket, id);
    assert_eq!(ticket.get("tags"), Some(&Value::List(vec!["two".into()])));
    assert_eq!(ticket.reference("contact"), Some(contact));
    assert_eq!(
        ticket.text("plain/stamp"),
        Some("by rule"),
        "rules set a pack's read-only fields"
    );
    let readonly = desk
        .update(Kind::Ticket, id, json!({"stamp": "by hand"}))
        .unwrap_err();
    assert_eq!(readonly.faults[0].code, "readonly");
    let query = opora::desk::ListQuery::newest(Kind::Activity, 10);
    let call = desk
        .desk
        .list(&Actor::System, &query)
        .unwrap()
        .items
        .remove(0)
        .record;
    assert_eq!(
        (call.title(), call.status()),
        ("call back", Some("plain/planned"))
    );
    assert_eq!(call.reference("account"), Some(account));
    let link = desk
        .desk
        .entries(&Actor::System, Kind::Activity, call.id, None, 10)
        .unwrap();
    assert!(
        matches!(&link.items[0].entry.body, EntryBody::Link { relation, to, .. } if relation == "follow_up" && *to == id)
    );
    let entries = desk
        .desk
        .entries(&Actor::System, Kind::Ticket, id, None, 10)
        .unwrap()
        .items;
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().all(|e| e.entry.author == "rule:plain/a"));
    assert!(
        matches!(&entries[0].entry.body, EntryBody::Comment { text, .. } if text == "for ACME")
    );
    let sent = outbox(&desk);
    assert_eq!(sent.len(), 1);
    assert_eq!(
        (sent[0].to.as_str(), sent[0].subject.as_str()),
        ("anna@acme.example", "Hello")
    );
    assert_eq!(
        last(&desk, id).notes,
        ["notify_skipped:no_address:assignee:plain/a"]
    );
}

#[test]
fn records_of_one_command_may_not_share_a_unique_value() {
    let desk = desk(
        "a transition.effect",
        "fn a(c) { if c.to_is(\"doing\") {\n\
         c.create(\"account\", (), #{title: \"a\", code: \"same\"}); c.create(\"account\", (), #{title: \"b\", code: \"SAME\"}); } }",
    );
    let id = desk.ticket("x");
    let error = desk.transition(id, "doing").unwrap_err();
    assert_eq!(error.code, "not_unique");
}

#[test]
fn what_rules_read_is_recorded_with_its_version() {
    let desk = desk(
        "a transition.effect reads = [\"account\"]",
        "fn a(c) { c.because(\"city\", c.related.account?.city ?? \"none\"); }",
    );
    let (account, ..) = people(&desk);
    let asked = json!({"type": "fault", "title": "x", "account": account.to_string()});
    let id = desk.create(Kind::Ticket, asked).unwrap().id;
    let city = desk
        .update(Kind::Account, account, json!({"city": "Tver"}))
        .unwrap();
    desk.transition(id, "doing").unwrap();
    let item = last(&desk, id);
    assert_eq!(item.rules[0].reasons, ["city: Tver (line 1)"]);
    assert!(item.pos > city.pos);
    // The record of what was read is what explains the decision after the account changed again.
    desk.update(Kind::Account, account, json!({"city": "Omsk"}))
        .unwrap();
    let then = desk
        .desk
        .record_at(Kind::Account, account, city.pos)
        .unwrap()
        .unwrap();
    assert_eq!(then.text("city"), Some("Tver"));
}
