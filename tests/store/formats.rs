//! Stores that released formats wrote: this build opens them, and everything in them is there.
//!
//! A fixture is a redb file without its zeros, and is never written again. A new format gets
//! a file beside it: `cargo test --test store -- --ignored make_the_fixture` writes
//! `tests/store/formats/new.redb.runs`, which is then named after its format.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use opora::desk::{Actor, Command, Desk, DeskOptions, IdSource, ListQuery, Request, VirtualClock};
use opora::domain::Kind;
use opora::domain::entry::{Direction, Visibility};
use opora::packs::PackFiles;
use opora::store::{OpenOptions, Pos, RedbStore};
use serde_json::{Value as Json, json};

/// Zeros in a row that are left out.
const GAP: usize = 16;
const START: &str = "2026-03-02T09:00:00Z";

const MANIFEST: &str = r#"
[pack]
name = "keep"
version = "0.1.0"
engine = "0.1"
names = { en = "Keep", ru = "Хранение" }

[options.days]
value = 3

[[rule]]
name = "remind"
hook = "transition.effect"
script = "rules.rhai"
reads = ["contact"]

[[rule]]
name = "rating"
hook = "survey.logic"
script = "rules.rhai"
"#;

const DEFINITIONS: &str = r#"
[[type]]
code = "fault"
names = { en = "Fault", ru = "Неисправность" }
workflow = "work"
field_sets = ["device"]

[[workflow]]
code = "work"
initial = "todo"
statuses = [
  { code = "todo", category = "new" },
  { code = "doing", category = "open" },
  { code = "waiting", category = "waiting", pauses = ["resolution"] },
  { code = "done", category = "done" },
]
transitions = [
  { from = "todo", to = "doing" },
  { from = "doing", to = "waiting" },
  { from = "waiting", to = "doing" },
  { from = "doing", to = "done" },
]

[[field_set]]
code = "device"
fields = [
  { code = "room", value = "text", indexed = true },
  { code = "weight", value = "decimal" },
  { code = "severity", value = "enum", options = [{ code = "minor" }, { code = "major" }], default = "minor" },
  { code = "parts", value = "text_list" },
  { code = "found_on", value = "date" },
  { code = "badge", value = "text", unique = true },
]

[[survey]]
code = "after"
questions = [{ code = "speed" }, { code = "words", is_text = true }]
"#;

const RULES: &str = r#"
fn remind(c) {
    c.schedule("remind", days(c.options.days), #{ step: 1 });
    c.notify("contact", "mail", "Status", `Now ${c.to}`);
    c.comment_internal("The rule was here.");
}

fn rating(c) {
    if !c.is_reply() {
        c.ask(#{ template: "after", channel: "mail", subject: "Rate", text: "Rate {link}" });
    }
}
"#;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store/formats")
}

/// The length of a file and its runs of bytes between zeros, each after its place and length.
fn pack(file: &[u8]) -> Vec<u8> {
    let mut packed = (file.len() as u64).to_le_bytes().to_vec();
    let mut at = 0;
    while let Some(start) = file[at..].iter().position(|b| *b != 0).map(|n| at + n) {
        let mut zeros = 0;
        let run = file[start..].iter().take_while(|b| {
            zeros = if **b == 0 { zeros + 1 } else { 0 };
            zeros < GAP
        });
        at = start + run.count();
        packed.extend(u32::try_from(start).unwrap().to_le_bytes());
        packed.extend(u32::try_from(at - start).unwrap().to_le_bytes());
        packed.extend(&file[start..at]);
    }
    packed
}

fn unpack(packed: &[u8]) -> Vec<u8> {
    let (len, mut rest) = packed.split_first_chunk::<8>().unwrap();
    let mut file = vec![0; usize::try_from(u64::from_le_bytes(*len)).unwrap()];
    while let Some((start, after)) = rest.split_first_chunk::<4>() {
        let (len, after) = after.split_first_chunk::<4>().unwrap();
        let (run, after) = after.split_at(u32::from_le_bytes(*len) as usize);
        let start = u32::from_le_bytes(*start) as usize;
        file[start..start + run.len()].copy_from_slice(run);
        rest = after;
    }
    file
}

fn open(path: &Path, clock: &Arc<VirtualClock>, seed: u64) -> Arc<Desk> {
    let store = RedbStore::open(path, OpenOptions::default()).unwrap();
    let options = DeskOptions {
        clock: clock.clone(),
        ids: IdSource::seeded(seed),
        search: false,
        ..DeskOptions::default()
    };
    Desk::open(Arc::new(store), options).unwrap()
}

fn create(desk: &Desk, kind: Kind, fields: Json) -> opora::domain::Id {
    let fields = fields.as_object().cloned().unwrap();
    let command = Command::Create { kind, fields };
    desk.run(&Request::by(Actor::System), &command).unwrap().id
}

fn transition(desk: &Desk, id: opora::domain::Id, to: &str) {
    let command = Command::Transition {
        kind: Kind::Ticket,
        id,
        to: to.to_owned(),
        fields: serde_json::Map::new(),
    };
    desk.run(&Request::by(Actor::System), &command).unwrap();
}

/// A small life: every kind of row that a desk writes.
fn live(desk: &Desk, clock: &VirtualClock) {
    let run = |command: Command| desk.run(&Request::by(Actor::System), &command).unwrap();
    let texts = [
        ("pack.toml", MANIFEST),
        ("definitions.toml", DEFINITIONS),
        ("rules.rhai", RULES),
    ];
    run(Command::InstallPack {
        files: PackFiles::from_texts(&texts),
    });
    run(Command::DefineField {
        kind: Kind::Ticket,
        type_code: Some("fault".to_owned()),
        field: Box::new(opora::domain::FieldDef::new(
            "shelf",
            opora::domain::field::ValueType::Int,
        )),
        replaced: std::collections::BTreeMap::new(),
    });
    let hours = json!({"code": "hours", "names": {}, "time_zone": "Europe/Moscow", "exceptions": {},
        "version": 1, "weekly": [{"weekday": "Mon", "from": 540, "to": 1080}]});
    create(
        desk,
        Kind::Calendar,
        json!({"title": "Hours", "code": "hours", "definition": hours}),
    );
    let level = json!({"code": "gold", "names": {}, "calendar": "hours", "order": 1, "targets": [
        {"clock": "reaction", "duration_secs": 3_600, "warn_before_secs": []},
        {"clock": "resolution", "duration_secs": 14_400, "warn_before_secs": [600]}]});
    create(
        desk,
        Kind::SupportLevel,
        json!({"title": "Gold", "code": "gold", "definition": level}),
    );
    let account = create(
        desk,
        Kind::Account,
        json!({"title": "Альфа", "code": "alpha", "support_level": "gold"}),
    );
    create(
        desk,
        Kind::Contact,
        json!({"title": "Анна", "code": "anna", "account": account, "mails": ["anna@example.org"]}),
    );
    create(desk, Kind::Team, json!({"title": "Desk", "code": "desk"}));
    create(
        desk,
        Kind::Agent,
        json!({"title": "Ivan", "code": "ivan", "team": "desk"}),
    );
    create(
        desk,
        Kind::Article,
        json!({"title": "How to", "body": "Words.", "status": "published"}),
    );
    create(
        desk,
        Kind::Asset,
        json!({"title": "Printer", "serial": "S-1", "account": account}),
    );
    for n in 0..6 {
        let id = create(
            desk,
            Kind::Ticket,
            json!({"type": "fault", "title": format!("Сломалось {n}"), "account": "alpha",
                "contact": "anna", "assignee": "ivan", "room": "214", "weight": "1.50",
                "parts": ["a", "b"], "found_on": "2026-03-01", "badge": format!("B-{n}"),
                "local/shelf": n}),
        );
        for to in ["doing", "waiting", "doing", "done"].iter().take(n) {
            clock.advance(chrono::TimeDelta::minutes(7));
            transition(desk, id, to);
        }
        run(Command::Comment {
            kind: Kind::Ticket,
            id,
            visibility: Visibility::Public,
            text: "Смотрим.".to_owned(),
        });
        run(Command::Message {
            kind: Kind::Ticket,
            id,
            channel: "mail".to_owned(),
            direction: Direction::In,
            subject: "Re".to_owned(),
            text: "Спасибо".to_owned(),
            external_id: Some(format!("m-{n}")),
        });
        run(Command::Attach {
            kind: Kind::Ticket,
            id,
            name: "a.txt".to_owned(),
            media_type: "text/plain".to_owned(),
            content: b"content".to_vec(),
            visibility: Visibility::Public,
        });
    }
    run(Command::CreateToken {
        actor: Actor::Admin { agent: None },
        note: "kept".to_owned(),
        hash: [7; 32],
    });
    let keyed = Request {
        idempotency_key: Some("once".to_owned()),
        ..Request::by(Actor::System)
    };
    let fields = json!({"type": "fault", "title": "Once"});
    let command = Command::Create {
        kind: Kind::Ticket,
        fields: fields.as_object().cloned().unwrap(),
    };
    desk.run(&keyed, &command).unwrap();
    clock.advance(chrono::TimeDelta::hours(3));
    while desk.fire_due(100).unwrap() > 0 {}
}

#[test]
#[ignore = "writes a new fixture"]
fn make_the_fixture() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("desk.redb");
    let clock = Arc::new(VirtualClock::at(START.parse().unwrap()));
    let desk = open(&path, &clock, 7);
    live(&desk, &clock);
    assert!(desk.verify().unwrap().faults.is_empty());
    desk.close().unwrap();
    drop(desk);
    let file = std::fs::read(&path).unwrap();
    let packed = pack(&file);
    assert!(unpack(&packed) == file, "packing loses something");
    std::fs::write(folder().join("new.redb.runs"), packed).unwrap();
}

/// A copy of the fixture, opened by this build.
fn kept(name: &str) -> (tempfile::TempDir, Arc<Desk>, Arc<VirtualClock>) {
    let packed = std::fs::read(folder().join(name)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("desk.redb");
    std::fs::write(&path, unpack(&packed)).unwrap();
    let later: chrono::DateTime<chrono::Utc> = START.parse().unwrap();
    let clock = Arc::new(VirtualClock::at(later + chrono::TimeDelta::hours(6)));
    let desk = open(&path, &clock, 8);
    (dir, desk, clock)
}

#[test]
fn the_first_format_is_read_and_lived_on() {
    let (dir, desk, clock) = kept("0.1.redb.runs");
    let verified = desk.verify().unwrap();
    assert!(verified.faults.is_empty(), "{:?}", verified.faults);
    assert!(verified.records >= 15, "{verified:?}");
    let packs = desk.packs().unwrap();
    assert_eq!((packs.len(), packs[0].name.as_str()), (1, "keep"));
    let page = desk
        .list(&Actor::System, &ListQuery::newest(Kind::Ticket, 50))
        .unwrap();
    assert_eq!(page.items.len(), 7);
    for item in &page.items {
        let id = item.record.id;
        let at = desk.record_at(Kind::Ticket, id, item.version).unwrap();
        assert_eq!(at.as_ref(), Some(&item.record));
        assert!(
            !desk
                .history(&Actor::System, Kind::Ticket, id, None, 50)
                .unwrap()
                .items
                .is_empty()
        );
    }
    let rich = page
        .items
        .iter()
        .find(|i| i.record.title() == "Сломалось 5");
    let rich = &rich.unwrap().record;
    assert_eq!(rich.status(), Some("keep/done"));
    assert_eq!(rich.text("keep/badge"), Some("B-5"));
    assert_eq!(rich.get("local/shelf").and_then(|v| v.as_int()), Some(5));
    assert_eq!(desk.clocks(&Actor::System, rich.id).unwrap().len(), 2);
    // And it goes on: rules run, timers come due, a number follows the last one.
    let todo = page
        .items
        .iter()
        .find(|i| i.record.title() == "Сломалось 0");
    transition(&desk, todo.unwrap().record.id, "doing");
    let last = page.items.iter().filter_map(|i| i.record.number()).max();
    let made = create(
        &desk,
        Kind::Ticket,
        json!({"type": "fault", "title": "New"}),
    );
    let made = desk
        .record(&Actor::System, Kind::Ticket, made, None)
        .unwrap();
    assert!(made.record.number() > last);
    clock.advance(chrono::TimeDelta::days(5));
    let mut fired = 0;
    while let n @ 1.. = desk.fire_due(100).unwrap() {
        fired += n;
    }
    assert!(fired > 0, "no timer of the old desk came due");
    assert!(desk.verify().unwrap().faults.is_empty());
    assert!(desk.pos() > Pos::ZERO);
    desk.close().unwrap();
    drop(dir);
}
