//! `seed/`: what a pack brings, once.

use opora::desk::{Actor, Command, ListQuery, PackChange, Reply, Result};
use opora::domain::{Kind, Record};
use opora::packs::{Given, PackFiles};
use serde_json::json;

use super::{FIRST, change, manifest};
use crate::support::TestDesk;

const SEED: &str = r#"
[[team]]
external_id = "night"
code = "night"
title = "Night shift"

[[agent]]
external_id = "ann"
title = "Ann"
team = "night"

[[ticket]]
external_id = "first"
type = "claim"
title = "An example"
assignee = "ann"
"#;

fn files(version: &str, seed: &str) -> PackFiles {
    PackFiles::from_texts(&[
        ("pack.toml", &manifest(version, "")),
        ("definitions.toml", FIRST),
        ("seed/first.toml", seed),
    ])
}

fn install(desk: &TestDesk, files: PackFiles, grants: Given) -> Result<Reply> {
    change(desk, "", PackChange::Install { files, grants })
}

fn all(desk: &TestDesk, kind: Kind) -> Vec<Record> {
    let query = ListQuery::newest(kind, 100);
    let items = desk.desk.list(&Actor::System, &query).unwrap().items;
    items.into_iter().map(|item| item.record).collect()
}

fn titles(desk: &TestDesk, kind: Kind) -> Vec<String> {
    let found = all(desk, kind);
    let mut titles: Vec<String> = found.iter().map(|r| r.title().to_owned()).collect();
    titles.sort();
    titles
}

fn brought(desk: &TestDesk, files: &PackFiles) -> Vec<String> {
    let mut lines = desk.desk.dry_run_pack(files).unwrap();
    lines.retain(|line| line.starts_with("added record") || line.starts_with("refused"));
    lines
}

#[test]
fn what_a_pack_brings_is_made_once_and_belongs_to_the_desk() {
    let desk = TestDesk::bare();
    desk.create(
        Kind::Team,
        json!({"title": "Our own night", "external_id": "night"}),
    )
    .unwrap();
    let first = files("1.0.0", SEED);
    assert_eq!(
        brought(&desk, &first),
        ["added record agent ann", "added record ticket first"]
    );
    // It is asked for as whatever else makes records.
    assert!(install(&desk, first.clone(), Given::Nothing).is_err());
    install(&desk, first, Given::All).unwrap();
    assert_eq!(titles(&desk, Kind::Team), ["Our own night"]);
    let (ann, ticket) = (&all(&desk, Kind::Agent)[0], &all(&desk, Kind::Ticket)[0]);
    assert_eq!(ann.reference("team"), Some(all(&desk, Kind::Team)[0].id));
    assert_eq!(ticket.reference("assignee"), Some(ann.id));
    let history = desk
        .desk
        .history(&Actor::System, Kind::Ticket, ticket.id, None, 10)
        .unwrap();
    let rules: Vec<&str> = history.items[0]
        .rules
        .iter()
        .map(|r| r.rule.as_str())
        .collect();
    assert!(rules.contains(&"shop/seed-first"), "{rules:?}");

    // A later revision leaves it alone, however it was changed since, and brings what is new.
    desk.run(Command::Delete {
        kind: Kind::Ticket,
        id: ticket.id,
    })
    .unwrap();
    let more = format!("{SEED}\n[[team]]\nexternal_id = \"day\"\ntitle = \"Day shift\"\n")
        .replace("title = \"Ann\"", "title = \"Anna\"");
    let second = files("1.1.0", &more);
    assert_eq!(brought(&desk, &second), ["added record team day"]);
    install(&desk, second, Given::All).unwrap();
    assert_eq!(titles(&desk, Kind::Agent), ["Ann"]);
    assert_eq!(titles(&desk, Kind::Ticket), Vec::<String>::new());
    assert_eq!(titles(&desk, Kind::Team), ["Day shift", "Our own night"]);
    install(&desk, files("1.2.0", ""), Given::All).unwrap();
    assert_eq!(titles(&desk, Kind::Agent), ["Ann"]);
}

#[test]
fn a_record_that_cannot_be_made_refuses_the_whole() {
    let desk = TestDesk::bare();
    let wrong = files(
        "1.0.0",
        &SEED.replace("team = \"night\"", "team = \"nihgt\""),
    );
    let refused = brought(&desk, &wrong);
    assert!(
        refused
            .iter()
            .any(|line| line.contains("there is no team `nihgt`")),
        "{refused:?}"
    );
    let error = install(&desk, wrong, Given::All).unwrap_err();
    assert_eq!(error.code, "pack_refused");
    let message = &error.faults[0].message;
    assert!(message.contains("line 7: "), "{message}");
    assert_eq!(titles(&desk, Kind::Team), Vec::<String>::new());
    assert!(desk.desk.packs().unwrap().is_empty());
}
