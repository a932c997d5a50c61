//! A rule that keeps failing is suspended, alone.

use opora::desk::{Actor, Command, Error, ErrorKind, Reply, Request};
use opora::domain::Kind;
use opora::packs::PackFiles;
use opora::scenario::{DeskDriver, Driver, Place};
use serde_json::json;

use crate::support::{DEFINITIONS, MANIFEST, TestDesk, at, fields};

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
fn a_guard_that_breaks_again_and_again_on_one_record_is_suspended_too() {
    let script = "fn bad(c) { if c.record.title == \"bad\" { throw \"no\"; } }";
    let desk = desk_with("record.validate", script);
    let id = desk.ticket("good");
    let code = |title: &str| {
        let error = desk.update(Kind::Ticket, id, json!({"title": title}));
        error.unwrap_err().faults[0].code.clone()
    };
    for _ in 0..19 {
        assert_eq!(code("bad"), "rule_broken");
    }
    // That it ran well in between begins the count anew.
    desk.update(Kind::Ticket, id, json!({"title": "fine"}))
        .unwrap();
    for _ in 0..20 {
        assert_eq!(code("bad"), "rule_broken");
    }
    assert_eq!(code("better"), "rule_suspended");
    let failing = desk.desk.health().unwrap().failing_rules;
    assert_eq!((failing[0].failures, failing[0].suspended), (39, true));
    desk.desk.reset_rule(&Actor::System, "plain/bad").unwrap();
    desk.update(Kind::Ticket, id, json!({"title": "better"}))
        .unwrap();
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

#[test]
fn an_effect_that_is_refused_on_three_records_fails_once_a_call_and_is_suspended() {
    let script =
        "fn bad(c) { if c.record.title != \"good\" { c.set(\"no_such\" + c.locale, 1); } }";
    let desk = desk_with("transition.effect", script);
    let rule = || {
        let steps = desk.desk.hooks().unwrap().into_iter();
        steps.filter_map(|s| s.rule).next().unwrap()
    };
    desk.ticket("x");
    desk.ticket("x");
    assert_eq!((rule().calls, rule().failures), (2, 2));
    assert_eq!(rule().last_verdict, Some("failed"));
    // A call that goes well ends the row.
    desk.ticket("good");
    desk.ticket("x");
    desk.ticket("x");
    assert!(!rule().suspended);
    desk.ticket("x");
    assert_eq!((rule().calls, rule().failures), (6, 5));
    assert!(rule().suspended);
    let failing = desk.desk.health().unwrap().failing_rules;
    assert_eq!(failing[0].failures, 5);
}

fn run(driver: &DeskDriver, command: Command) -> Result<Reply, Error> {
    let request = Request::by(Actor::Admin { agent: None });
    driver.desk().run(&request, &command)
}

fn create(driver: &DeskDriver, title: &str) -> Result<Reply, Error> {
    let fields = fields(json!({"type": "fault", "title": title}));
    let kind = Kind::Ticket;
    run(driver, Command::Create { kind, fields })
}

fn install(driver: &DeskDriver, script: &str) {
    let rule = "\n[[rule]]\nname = \"bad\"\nhook = \"record.validate\"\nscript = \"rules.rhai\"\n";
    let files = PackFiles::from_texts(&[
        ("pack.toml", &format!("{MANIFEST}{rule}")),
        ("definitions.toml", DEFINITIONS),
        ("rules.rhai", script),
    ]);
    run(driver, Command::InstallPack { files }).unwrap();
}

fn is_suspended(driver: &DeskDriver) -> bool {
    let error = create(driver, "good").err();
    let rules = driver.desk().health().unwrap().failing_rules;
    let shown = rules
        .iter()
        .any(|r| r.suspended && r.message.contains("rules.rhai:1"));
    let refused = error.is_some_and(|e| e.faults[0].code == "rule_suspended");
    assert_eq!(shown, refused);
    refused
}

#[test]
fn a_suspension_outlives_a_restart_and_ends_with_a_reset_or_another_revision() {
    let mut driver = DeskDriver::open(Place::File, at("2026-03-02T09:00:00Z")).unwrap();
    install(
        &driver,
        "fn bad(c) { if c.record.title != \"good\" { throw \"no\"; } }",
    );
    let trip = |driver: &DeskDriver| {
        (0..3).for_each(|_| {
            assert_eq!(
                create(driver, "x").unwrap_err().faults[0].code,
                "rule_broken"
            )
        })
    };
    trip(&driver);
    assert!(is_suspended(&driver));
    driver.restart().unwrap();
    assert!(is_suspended(&driver));
    driver
        .desk()
        .reset_rule(&Actor::System, "plain/bad")
        .unwrap();
    assert!(!is_suspended(&driver));
    driver.restart().unwrap();
    assert!(!is_suspended(&driver));

    trip(&driver);
    driver.restart().unwrap();
    install(
        &driver,
        "fn bad(c) { if c.record.title == \"bad\" { throw \"no\"; } }",
    );
    assert!(!is_suspended(&driver));
    driver.restart().unwrap();
    assert!(!is_suspended(&driver));
    // The suspension of the old revision still stands when that one comes back.
    install(
        &driver,
        "fn bad(c) { if c.record.title != \"good\" { throw \"no\"; } }",
    );
    assert!(is_suspended(&driver));

    let notes: Vec<String> = driver
        .desk()
        .events(&Actor::System, opora::store::Pos::ZERO, 1_000)
        .unwrap()
        .into_iter()
        .map(|event| event.command)
        .filter(|command| command.ends_with("_rule"))
        .collect();
    assert_eq!(notes, ["suspend_rule", "reset_rule", "suspend_rule"]);
    let error = driver
        .desk()
        .reset_rule(&Actor::Agent { agent: None }, "plain/bad");
    assert_eq!(error.unwrap_err().kind, ErrorKind::Forbidden);
    let error = driver.desk().reset_rule(&Actor::System, "plain/other");
    assert_eq!(error.unwrap_err().kind, ErrorKind::NotFound);
}
