//! A desk whose plugin is still being compiled.

use std::sync::Arc;
use std::time::{Duration, Instant};

use opora::desk::{Actor, Command, Desk, DeskOptions, Error, IdSource, Request, VirtualClock};
use opora::domain::{Id, Kind};
use opora::packs::PackFiles;
use opora::store::{MemoryStore, Store};
use serde_json::json;

use crate::support::{DEFINITIONS, MANIFEST, at, fields};

/// The plain pack with the conformance plugin, which lets nobody enter `closed` without a solution and
/// sets the priority of what is called urgent.
fn pack() -> PackFiles {
    let rules = "\
plugin = \"guest.wasm\"
[[rule]]
name = \"guard\"
hook = \"transition.guard\"
[[rule]]
name = \"defaults\"
hook = \"record.defaults\"
";
    let mut files = PackFiles::from_texts(&[
        ("pack.toml", &format!("{MANIFEST}{rules}")),
        ("definitions.toml", DEFINITIONS),
    ]);
    let place = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hooks/conformance.wasm");
    let component = std::fs::read(place).unwrap();
    files.files.insert("guest.wasm".to_owned(), component);
    files
}

fn open(store: &Arc<dyn Store>, compile_behind: bool) -> Arc<Desk> {
    let options = DeskOptions {
        clock: Arc::new(VirtualClock::at(at("2026-03-02T09:00:00Z"))),
        ids: IdSource::seeded(7),
        search: false,
        compile_behind,
        ..DeskOptions::default()
    };
    Desk::open(Arc::clone(store), options).unwrap()
}

fn run(desk: &Desk, command: &Command) -> Result<Id, Error> {
    let reply = desk.run(&Request::by(Actor::Admin { agent: None }), command)?;
    Ok(reply.id)
}

fn create(desk: &Desk) -> Id {
    let command = Command::Create {
        kind: Kind::Ticket,
        fields: fields(json!({"type": "fault", "title": "urgent"})),
    };
    run(desk, &command).unwrap()
}

fn start(desk: &Desk, id: Id) -> Result<Id, Error> {
    let command = Command::Transition {
        kind: Kind::Ticket,
        id,
        to: "doing".to_owned(),
        fields: serde_json::Map::new(),
    };
    run(desk, &command)
}

#[test]
fn until_a_plugin_is_compiled_guards_refuse_and_effects_are_left_out() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let before = {
        let desk = open(&store, false);
        run(&desk, &Command::InstallPack { files: pack() }).unwrap();
        create(&desk)
    };

    // Opened anew, without a folder of compiled plugins.
    let desk = open(&store, true);
    let error = start(&desk, before).unwrap_err();
    assert_eq!(error.faults[0].code, "rule_not_ready");
    assert!(
        error.faults[0].message.contains("still being compiled"),
        "{error}"
    );
    let during = create(&desk);
    let record = |id| desk.record(&Actor::System, Kind::Ticket, id, None).unwrap();
    assert_eq!(record(during).record.text("priority"), Some("normal"));
    let history = desk
        .history(&Actor::System, Kind::Ticket, during, None, 10)
        .unwrap();
    let skipped = &history.items[0].rules;
    assert!(
        skipped
            .iter()
            .any(|run| run.rule == "plain/defaults" && run.verdict == "failed"),
        "{skipped:?}"
    );

    let began = Instant::now();
    while let Err(error) = start(&desk, before) {
        assert_eq!(error.faults[0].code, "rule_not_ready");
        assert!(began.elapsed() < Duration::from_secs(60), "never ready");
        std::thread::park_timeout(Duration::from_millis(5));
    }
    assert_eq!(record(create(&desk)).record.text("priority"), Some("high"));
    // What was not ready has not failed, however often it was asked.
    assert!(desk.health().unwrap().failing_rules.is_empty());
}
