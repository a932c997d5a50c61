//! A rule that keeps failing is suspended, alone.

use opora::desk::{Actor, ErrorKind};
use opora::domain::Kind;
use serde_json::json;

use crate::support::{DEFINITIONS, MANIFEST, TestDesk};

fn desk_with(hook: &str, script: &str) -> TestDesk {
    let desk = TestDesk::bare();
    let rule = format!(
        "{MANIFEST}\n[[rule]]\nname = \"bad\"\nhook = \"{hook}\"\nscript = \"rules.rhai\"\nfunction = \"bad\"\n"
    );
    desk.install(&[
        ("pack.toml", &rule),
        ("definitions.toml", DEFINITIONS),
        ("rules.rhai", script),
    ])
    .unwrap();
    desk
}

#[test]
fn a_guard_that_breaks_on_three_records_keeps_refusing_until_it_is_reset() {
    let script = "fn bad(c) { if c.record.title != \"good\" { throw \"no\"; } }";
    let desk = desk_with("record.validate", script);
    let create = |title: &str| desk.create(Kind::Ticket, json!({"type": "fault", "title": title}));
    for _ in 0..3 {
        let error = create("x").unwrap_err();
        assert_eq!(error.faults[0].code, "rule_broken");
        assert!(error.message.contains("rules.rhai:1"), "{}", error.message);
    }
    let error = create("good").unwrap_err();
    assert_eq!(
        (error.kind, error.faults[0].code.as_str()),
        (ErrorKind::Invalid, "rule_suspended")
    );
    let failing = desk.desk.health().unwrap().failing_rules;
    assert_eq!(
        (failing[0].rule.as_str(), failing[0].suspended),
        ("plain/bad", true)
    );
    desk.desk.reset_rule(&Actor::System, "plain/bad").unwrap();
    create("good").unwrap();
}

#[test]
fn an_effect_that_breaks_on_three_records_is_skipped_and_the_journal_says_so() {
    let desk = desk_with("transition.effect", "fn bad(c) { throw \"no\"; }");
    let ids: Vec<_> = (0..4).map(|n| desk.ticket(&n.to_string())).collect();
    let verdicts = |n: usize| {
        let history = desk
            .desk
            .history(&Actor::System, Kind::Ticket, ids[n], None, 10)
            .unwrap();
        history.items[0].rules[0].verdict.clone()
    };
    assert_eq!(
        (verdicts(2), verdicts(3)),
        ("failed".to_owned(), "suspended".to_owned())
    );
}
