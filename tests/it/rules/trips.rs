//! How often a command asks the store.

use std::sync::Arc;

use opora::desk::{Actor, Command, Desk, DeskOptions, IdSource, Request, VirtualClock};
use opora::domain::{Id, Kind};
use opora::packs::PackFiles;
use opora::store::{CountingStore, Counts, MemoryStore, Store};
use serde_json::{Value as Json, json};

use crate::support::{DEFINITIONS, MANIFEST, at, fields};

const RULES: &str = "
[[rule]]
name = \"fill\"
hook = \"record.defaults\"
script = \"rules.rhai\"
reads = [\"account\", \"contact\"]
[[rule]]
name = \"check\"
hook = \"record.validate\"
script = \"rules.rhai\"
reads = [\"account\"]
[[rule]]
name = \"begun\"
hook = \"transition.effect\"
script = \"rules.rhai\"
reads = [\"account\"]
";

const SCRIPT: &str = "
fn fill(c) { c.set(\"room\", c.related.account.city); }
fn check(c) { if c.related.account.city == \"closed\" { c.deny(\"closed\", \"closed\"); } }
fn begun(c) { c.tag(\"seen\"); c.schedule(\"look\", hours(1)); }
";

struct Counted {
    store: Arc<CountingStore<MemoryStore>>,
    desk: Arc<Desk>,
}

impl Counted {
    fn run(&self, command: &Command) -> (Id, Counts) {
        self.store.take();
        let reply = self.desk.run(&Request::by(Actor::System), command).unwrap();
        (reply.id, self.store.take())
    }

    fn create(&self, kind: Kind, asked: Json) -> (Id, Counts) {
        let fields = fields(asked);
        self.run(&Command::Create { kind, fields })
    }
}

#[test]
fn a_step_takes_at_most_three_trips() {
    let store = Arc::new(CountingStore::new(MemoryStore::new()));
    let clock = Arc::new(VirtualClock::at(at("2026-03-02T09:00:00Z")));
    let options = DeskOptions {
        clock: Arc::clone(&clock) as Arc<dyn opora::desk::Clock>,
        ids: IdSource::seeded(7),
        search: false,
        ..DeskOptions::default()
    };
    let desk = Desk::open(Arc::clone(&store) as Arc<dyn Store>, options).unwrap();
    let counted = Counted { store, desk };
    let manifest = format!("{MANIFEST}{RULES}");
    let files = PackFiles::from_texts(&[
        ("pack.toml", &manifest),
        ("definitions.toml", DEFINITIONS),
        ("rules.rhai", SCRIPT),
    ]);
    counted.run(&Command::InstallPack { files });
    counted.create(Kind::Agent, json!({"title": "Anna", "code": "anna"}));
    let (account, _) = counted.create(
        Kind::Account,
        json!({"title": "A", "code": "acme", "city": "Tver"}),
    );
    let (contact, _) = counted.create(
        Kind::Contact,
        json!({"title": "C", "code": "c", "account": "acme"}),
    );
    let by_id = json!({
        "type": "fault", "title": "x", "account": account.to_string(), "contact": contact.to_string()
    });
    let by_code = json!({"type": "fault", "title": "x", "account": "acme", "contact": "c", "external_id": "7"});
    counted.create(Kind::Ticket, by_id.clone());
    // What stands on ids is read with the ground; what codes stand for, in one trip more.
    for (asked, most) in [(by_id, 2), (by_code, 3)] {
        let (ticket, counts) = counted.create(Kind::Ticket, asked);
        assert!(counts.round_trips() <= most, "create: {counts:?}");
        for command in steps(ticket) {
            let (_, counts) = counted.run(&command);
            // The ground with the ticket, its clocks and timers; what rules read; the commit.
            assert!(counts.round_trips() <= 3, "{}: {counts:?}", command.name());
            assert_eq!(counts.commits, 1, "{}", command.name());
        }
        counted
            .desk
            .record(&Actor::System, Kind::Ticket, ticket, None)
            .unwrap();
        let counts = counted.store.take();
        assert_eq!(counts.round_trips(), 1, "reading a record: {counts:?}");
    }
    clock.advance(chrono::TimeDelta::hours(2));
    counted.store.take();
    let ran = counted.desk.fire_due(10).unwrap() as u64;
    assert!(ran >= 2);
    let counts = counted.store.take();
    // One to find the timers that are due, and three for each.
    assert!(counts.round_trips() <= 1 + ran * 3, "timers: {counts:?}");
}

/// What happens to a ticket; the last step sets a timer.
fn steps(id: Id) -> Vec<Command> {
    let kind = Kind::Ticket;
    vec![
        Command::Update {
            kind,
            id,
            fields: fields(json!({"title": "y", "priority": "high"})),
        },
        Command::Comment {
            kind,
            id,
            visibility: opora::domain::entry::Visibility::Public,
            text: "On our way".to_owned(),
        },
        Command::Assign {
            kind,
            id,
            agent: Some("anna".to_owned()),
            team: None,
        },
        Command::Transition {
            kind,
            id,
            to: "doing".to_owned(),
            fields: fields(json!({})),
        },
    ]
}
