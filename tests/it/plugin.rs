//! A desk with a plugin: while it is still being compiled, and asked what may be seen.

use std::sync::Arc;
use std::time::{Duration, Instant};

use opora::desk::{
    Actor, Command, Desk, DeskOptions, Error, ErrorKind, IdSource, Request, VirtualClock,
};
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
    with_guest(rules, DEFINITIONS)
}

/// The plain pack with rules of the conformance plugin.
fn with_guest(rules: &str, definitions: &str) -> PackFiles {
    let mut files = PackFiles::from_texts(&[
        ("pack.toml", &format!("{MANIFEST}{rules}")),
        ("definitions.toml", definitions),
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
    assert_eq!(desk.health().unwrap().compiling, ["plain"]);
    let steps = desk.hooks().unwrap();
    let rules = || steps.iter().filter_map(|step| step.rule.as_ref());
    assert!(rules().count() > 0 && rules().all(|rule| rule.compiling));
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
    assert!(desk.health().unwrap().compiling.is_empty());
    // What was not ready has not failed, however often it was asked.
    assert!(desk.health().unwrap().failing_rules.is_empty());
}

/// The plugin lets a contact see what belongs to the account that the rule reads, or nothing when it
/// reads none, and never `cost`.
#[test]
fn a_plugin_says_what_a_customer_sees() {
    let definitions = format!(
        "{DEFINITIONS}[[field_set.fields]]\ncode = \"cost\"\nvalue = \"int\"\n\
         [[field_set.fields]]\ncode = \"margin\"\nvalue = \"int\"\n"
    );
    let install = |desk: &Desk, reads: &str| {
        let rules = format!(
            "plugin = \"guest.wasm\"\n[[rule]]\nname = \"sight\"\nhook = \"access.filter\"\n{reads}"
        );
        let files = with_guest(&rules, &definitions);
        run(desk, &Command::InstallPack { files }).unwrap();
    };
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let desk = open(&store, false);
    install(&desk, "reads = [\"account\"]\n");
    let create = |kind, json| {
        let fields = fields(json);
        run(&desk, &Command::Create { kind, fields }).unwrap()
    };
    let account = create(Kind::Account, json!({"title": "Anna's"}));
    let contact = create(
        Kind::Contact,
        json!({"title": "Anna", "account": account.to_string()}),
    );
    let asked = json!({
        "type": "fault", "title": "lamp", "account": account.to_string(), "cost": 7,
    });
    let ticket = create(Kind::Ticket, asked);
    let anna = Actor::Contact { contact, account };

    let seen = desk.record(&anna, Kind::Ticket, ticket, None).unwrap();
    assert_eq!(seen.record.text("title"), Some("lamp"));
    assert_eq!(seen.record.get("plain/cost"), None);
    let whole = desk.record(&Actor::System, Kind::Ticket, ticket, None);
    assert!(whole.unwrap().record.get("plain/cost").is_some());

    install(&desk, "");
    let error = desk.record(&anna, Kind::Ticket, ticket, None).unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
}
