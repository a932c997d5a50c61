//! The pack of after-sales service on a desk of its own: long texts, and what its administrators change.

use std::path::Path;

use opora::desk::{Actor, Command, PackChange, Reply, Result};
use opora::domain::{FieldDef, Id, Kind, ValueType};
use opora::packs::{Given, PackFiles};
use serde_json::{Value as Json, json};

use super::change;
use crate::support::{TestDesk, fields};

const TYPE: &str = "aftersales-vtiger/aftersales";
const FILE: &str = "definitions.toml";

fn pack() -> PackFiles {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    PackFiles::read_dir(&scripts.join("aftersales-vtiger")).unwrap()
}

fn install(desk: &TestDesk, files: PackFiles) -> Result<Reply> {
    let grants = Given::All;
    change(desk, "", PackChange::Install { files, grants })
}

/// A desk with the pack, and a client.
fn desk() -> (TestDesk, Id) {
    let desk = TestDesk::bare();
    install(&desk, pack()).unwrap();
    let client = json!({"title": "Альфа", "code": "alpha"});
    let client = desk.create(Kind::Account, client).unwrap().id;
    (desk, client)
}

fn ticket(desk: &TestDesk, client: Id, title: &str, more: Json) -> Result<Reply> {
    let mut asked = json!({"type": TYPE, "title": title, "account": client});
    asked.as_object_mut().unwrap().extend(fields(more));
    desk.create(Kind::Ticket, asked)
}

// rows: S4.19
#[test]
fn a_description_is_as_long_as_it_takes() {
    let (desk, client) = desk();
    let line = "Пресс стоит с утра: \"E-17\", <нет давления> & шум.\r\n\tПроверили насос.\n";
    let long: String = line.chars().cycle().take(20_000).collect();
    let id = ticket(&desk, client, "Стоит", json!({"description": long}))
        .unwrap()
        .id;
    let kept = desk.get(Kind::Ticket, id);
    assert_eq!(kept.text("description"), Some(long.as_str()));
    let catalog = desk.desk.catalog().unwrap();
    let def = catalog
        .field(Kind::Ticket, Some(TYPE), "description")
        .unwrap();
    assert_eq!(def.value, ValueType::LongText);
    // What is too long is not cut, it is told.
    let more = json!({"description": format!("{long}!")});
    let error = ticket(&desk, client, "Гудит", more).unwrap_err();
    assert_eq!(error.faults[0].field.as_deref(), Some("description"));
    assert!(error.message.contains("20000"), "{}", error.message);
}

// rows: S4.20
#[test]
fn the_template_of_tickets_gets_a_field() {
    let (desk, client) = desk();
    let before = ticket(&desk, client, "Стоит", json!({})).unwrap().id;
    let shift = json!({"local/shift": "night"});
    let error = desk
        .update(Kind::Ticket, before, shift.clone())
        .unwrap_err();
    assert_eq!(error.faults[0].code, "unknown_field");
    let define = Command::DefineField {
        kind: Kind::Ticket,
        type_code: Some(TYPE.to_owned()),
        field: Box::new(FieldDef::new("shift", ValueType::Text)),
        replaced: std::collections::BTreeMap::new(),
    };
    let agent = opora::desk::Request::by(Actor::Agent { agent: None });
    let error = desk.desk.run(&agent, &define).unwrap_err();
    assert_eq!(error.code, "forbidden");
    desk.run(define).unwrap();
    // Tickets that were there have it at once, and new ones, and the form of both.
    desk.update(Kind::Ticket, before, shift.clone()).unwrap();
    let after = ticket(&desk, client, "Гудит", shift).unwrap().id;
    for id in [before, after] {
        let kept = desk.get(Kind::Ticket, id);
        assert_eq!(kept.text("local/shift"), Some("night"));
        let form = desk.desk.form(&Actor::System, Kind::Ticket, id).unwrap();
        assert!(form.fields.iter().any(|f| f.def.code == "local/shift"));
    }
}

/// The pack as its administrator changed the list of severities.
fn with_severities(change: impl Fn(&str) -> String, replaced: &str) -> PackFiles {
    let mut files = pack();
    let text = files.text(FILE).unwrap().to_owned();
    let changed = change(&text);
    assert_ne!(changed, text);
    files.files.insert(FILE.to_owned(), changed.into_bytes());
    let manifest = files.files.get_mut("pack.toml").unwrap();
    manifest.extend(replaced.as_bytes());
    files
}

// rows: S4.21
#[test]
fn pick_lists_of_the_pack_change_and_keep_what_is_in_use() {
    let (desk, client) = desk();
    let severe = json!({"severity": "blocking"});
    let id = ticket(&desk, client, "Стоит", severe.clone()).unwrap().id;
    let severity = || {
        let record = desk.get(Kind::Ticket, id);
        record.text("aftersales-vtiger/severity").map(str::to_owned)
    };
    let options = || -> Vec<String> {
        let catalog = desk.desk.catalog().unwrap();
        let def = catalog.field(Kind::Ticket, Some(TYPE), "aftersales-vtiger/severity");
        def.unwrap()
            .options
            .iter()
            .map(|o| o.code.clone())
            .collect()
    };
    let blocking =
        "  { code = \"blocking\", names = { ru = \"Критичная\", en = \"Blocking\" } },\n";
    let minor = "  { code = \"minor\", names = { ru = \"Незначительная\", en = \"Minor\" } },\n";
    let without = |text: &str| text.replace(blocking, "");
    // One more, under another name.
    let more = with_severities(
        |text| {
            let small = "  { code = \"trifle\", names = { ru = \"Пустяк\", en = \"Trifle\" } },\n";
            text.replace(minor, &format!("{small}{minor}"))
        },
        "",
    );
    install(&desk, more).unwrap();
    assert_eq!(options(), ["trifle", "minor", "major", "blocking"]);
    ticket(&desk, client, "Скрипит", json!({"severity": "trifle"})).unwrap();
    // One in use stays, unless another one takes its place.
    let error = install(&desk, with_severities(without, "")).unwrap_err();
    assert_eq!(error.code, "in_use");
    let blamed: Vec<_> = error.faults.iter().map(|f| f.field.as_deref()).collect();
    assert!(
        blamed.contains(&Some("aftersales-vtiger/severity:blocking")),
        "{blamed:?}"
    );
    assert_eq!(options(), ["trifle", "minor", "major", "blocking"]);
    assert_eq!(severity().as_deref(), Some("blocking"));
    let moved = "\n[replaced]\noption = { \"severity:blocking\" = \"major\", \"severity:trifle\" = \"minor\" }\n";
    install(&desk, with_severities(without, moved)).unwrap();
    assert_eq!(options(), ["minor", "major"]);
    while desk.desk.fire_due(100).unwrap() > 0 {}
    assert_eq!(severity().as_deref(), Some("major"));
    ticket(&desk, client, "Опять", severe).unwrap_err();
}
