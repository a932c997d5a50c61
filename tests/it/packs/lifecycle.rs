//! `pack.lifecycle`: what a pack says when it comes, changes, rests and goes, and what it brings.

use opora::desk::{Actor, Command, ListQuery, PackChange, Reply, Result, WhyQuery};
use opora::domain::{Id, Kind, Record};
use opora::packs::{Given, PackFiles};
use serde_json::json;

use super::{FIRST, REPLACED, change, second};
use crate::support::TestDesk;

const RULES: &str = r#"
fn come_and_go(c) {
    if c.phase == "install" && !c.dry_run {
        c.create("team", (), #{ title: "Bench", code: "bench" });
        c.create("ticket", "claim", #{ title: `of ${c.to_version}` });
    } else if c.phase == "upgrade" {
        if c.to_version == "3.0.0" {
            c.deny("too_new", `${c.from_version} stays`);
        }
        c.create("ticket", "claim", #{ title: `from ${c.from_version} to ${c.to_version}` });
    } else if c.phase == "disable" && c.option("busy", false) {
        c.deny("busy", "not before the evening");
    } else if c.phase == "remove" {
        c.because("leaves", c.from_version);
    } else if c.phase == "enable" {
        c.create("article", (), #{ title: "Awake" });
    }
}

fn label_new(c) {
    c.set("tags", ["seen"]);
}
"#;

fn files(version: &str, more: &str, definitions: &str, rules: &str) -> PackFiles {
    let manifest = super::manifest(
        version,
        &format!(
            "{more}\n[options.busy]\nvalue = {}\n\
             [[rule]]\nname = \"come-and-go\"\nhook = \"pack.lifecycle\"\nscript = \"rules.rhai\"\n\
             [[rule]]\nname = \"label-new\"\nhook = \"record.defaults\"\nscript = \"rules.rhai\"\n",
            version == "1.9.0"
        ),
    );
    PackFiles::from_texts(&[
        ("pack.toml", &manifest),
        ("definitions.toml", definitions),
        ("rules.rhai", rules),
    ])
}

fn install(desk: &TestDesk, files: PackFiles) -> Result<Reply> {
    let grants = Given::All;
    change(desk, "", PackChange::Install { files, grants })
}

fn all(desk: &TestDesk, kind: Kind) -> Vec<Record> {
    let query = ListQuery::newest(kind, 100);
    let items = desk.desk.list(&Actor::System, &query).unwrap().items;
    items.into_iter().map(|item| item.record).collect()
}

fn titles(desk: &TestDesk, kind: Kind) -> Vec<String> {
    let found = all(desk, kind);
    let mut titles: Vec<String> = found
        .iter()
        .map(|r| r.text("title").unwrap_or_default().to_owned())
        .collect();
    titles.sort();
    titles
}

/// The rule that made a record, and what others gave it.
fn made_by(desk: &TestDesk, kind: Kind, id: Id) -> Vec<String> {
    let page = desk.desk.history(&Actor::System, kind, id, None, 10);
    let items = page.unwrap().items;
    let rules = items.iter().flat_map(|i| &i.rules);
    rules.map(|r| format!("{} {}", r.rule, r.verdict)).collect()
}

#[test]
fn a_pack_brings_records_of_its_own_types_in_the_transaction_that_installs_it() {
    let desk = TestDesk::bare();
    let pos = install(&desk, files("1.0.0", "", FIRST, RULES))
        .unwrap()
        .pos;
    assert_eq!(titles(&desk, Kind::Team), ["Bench"]);
    let made = all(&desk, Kind::Ticket);
    assert_eq!(made.len(), 1);
    let (id, ticket) = (made[0].id, &made[0]);
    assert_eq!(ticket.type_code(), Some("shop/claim"));
    assert_eq!(ticket.text("status"), Some("shop/todo"));
    // The rules that came with the pack had their say.
    assert_eq!(ticket.get("tags").unwrap().to_json(), json!(["seen"]));
    let told = made_by(&desk, Kind::Ticket, id);
    assert!(
        told.contains(&"shop/come-and-go decided".to_owned()),
        "{told:?}"
    );
    assert!(
        told.contains(&"shop/label-new decided".to_owned()),
        "{told:?}"
    );
    let query = WhyQuery {
        kind: Kind::Ticket,
        id,
        field: None,
        limit: 10,
        cursor: None,
    };
    let why = desk.desk.why(&Actor::System, &query).unwrap();
    let item = why.items.last().unwrap();
    let rules: Vec<&str> = item.rules.iter().map(|r| r.rule.as_str()).collect();
    assert_eq!((item.pos, rules.contains(&"shop/come-and-go")), (pos, true));
    // A plain upgrade with a lifecycle of its own; records move in the same transaction.
    let id = desk
        .create(Kind::Ticket, json!({"type": "defect", "title": "x"}))
        .unwrap()
        .id;
    install(&desk, files("2.0.0", REPLACED, &second(), RULES)).unwrap();
    let moved = desk.get(Kind::Ticket, id);
    assert_eq!(moved.type_code(), Some("shop/fault"));
    assert_eq!(
        titles(&desk, Kind::Ticket),
        ["from 1.0.0 to 2.0.0", "of 1.0.0", "x"]
    );
}

#[test]
fn what_a_pack_refuses_changes_nothing() {
    let desk = TestDesk::bare();
    install(&desk, files("1.0.0", "", FIRST, RULES)).unwrap();
    let error = install(&desk, files("3.0.0", REPLACED, &second(), RULES)).unwrap_err();
    assert_eq!(
        (error.code, error.faults[0].code.as_str()),
        ("pack_refused", "too_new")
    );
    assert_eq!(error.faults[0].rule.as_deref(), Some("shop/come-and-go:8"));
    assert_eq!(desk.desk.packs().unwrap()[0].version, "1.0.0");
    assert_eq!(titles(&desk, Kind::Ticket), ["of 1.0.0"]);
    // The same is told before.
    let plan = desk
        .desk
        .plan_pack(&files("3.0.0", REPLACED, &second(), RULES));
    let refusals = plan.unwrap().refusals;
    assert_eq!(refusals, ["1.0.0 stays (shop/come-and-go:8)"]);
    let other = files("1.0.1", "", FIRST, RULES);
    assert!(desk.desk.plan_pack(&other).unwrap().refusals.is_empty());
    assert_eq!(titles(&desk, Kind::Ticket), ["of 1.0.0"]);
}

#[test]
fn a_pack_has_a_say_in_resting_waking_and_leaving() {
    let desk = TestDesk::bare();
    let free = super::unreserved();
    install(&desk, files("1.9.0", "", &free, RULES)).unwrap();
    let error = change(&desk, "shop", PackChange::Disable).unwrap_err();
    assert_eq!(error.faults[0].code, "busy");
    assert!(!desk.desk.packs().unwrap()[0].disabled);
    install(&desk, files("1.9.1", "", &free, RULES)).unwrap();
    change(&desk, "shop", PackChange::Disable).unwrap();
    // Who rests says nothing.
    install(&desk, files("3.0.0", "", &free, RULES)).unwrap();
    assert_eq!(titles(&desk, Kind::Article), [""; 0]);
    change(&desk, "shop", PackChange::Enable).unwrap();
    assert_eq!(titles(&desk, Kind::Article), ["Awake"]);
    for ticket in all(&desk, Kind::Ticket) {
        let (kind, id) = (ticket.kind, ticket.id);
        desk.run(Command::Delete { kind, id }).unwrap();
    }
    let name = "shop".to_owned();
    desk.run(Command::RemovePack { name }).unwrap();
    assert!(desk.desk.packs().unwrap().is_empty());
    // Records that are nobody's types stay.
    assert_eq!(titles(&desk, Kind::Article), ["Awake"]);
}

#[test]
fn a_rule_that_breaks_or_asks_for_more_refuses_the_installation() {
    for (rules, code, says) in [
        (
            "fn come_and_go(c) { throw \"no\"; } fn label_new(c) {}",
            "rule_broken",
            "no",
        ),
        (
            "fn come_and_go(c) { c.create(\"ticket\", \"nothing\".sub_string(0), #{}); } fn label_new(c) {}",
            "effect_refused",
            "there is no type `shop/nothing`",
        ),
        (
            "fn come_and_go(c) { c.create(\"team\", (), #{ title: \"x\" }, \"of\"); } fn label_new(c) {}",
            "effect_refused",
            "without a relation",
        ),
    ] {
        let desk = TestDesk::bare();
        let error = install(&desk, files("1.0.0", "", FIRST, rules)).unwrap_err();
        assert_eq!(error.faults[0].code, code, "{error:?}");
        assert!(error.faults[0].message.contains(says), "{error:?}");
        assert!(desk.desk.packs().unwrap().is_empty());
    }
}

#[test]
fn rules_of_no_record_name_none() {
    let desk = TestDesk::bare();
    let manifest = super::manifest(
        "1.0.0",
        "[[rule]]\nname = \"come-and-go\"\nhook = \"pack.lifecycle\"\nscript = \"rules.rhai\"\n\
         kind = \"ticket\"\napplies_to = [\"*\"]\n",
    );
    let files = PackFiles::from_texts(&[
        ("pack.toml", &manifest),
        ("definitions.toml", FIRST),
        ("rules.rhai", RULES),
    ]);
    let error = install(&desk, files).unwrap_err();
    let says = |key: &str| format!("so `{key}` says nothing");
    for key in ["kind", "applies_to"] {
        assert!(error.message.contains(&says(key)), "{}", error.message);
    }
    install(&desk, self::files("1.0.0", "", FIRST, RULES)).unwrap();
    let steps = desk.desk.hooks().unwrap();
    let step = steps.iter().find(|s| s.name == "shop/come-and-go").unwrap();
    let rule = step.rule.as_ref().unwrap();
    assert_eq!((step.phase, rule.kind), ("configure", None));
    assert!(rule.refuses_when_broken);
}
