//! A desk in memory with a small pack of definitions, for tests.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use opora::desk::{
    Actor, Command, Desk, DeskOptions, IdSource, Reply, Request, Result, VirtualClock,
};
use opora::domain::{Id, Kind};
use opora::packs::PackFiles;
use opora::store::{MemoryStore, Store};
use serde_json::{Map, Value as Json, json};

/// A desk and its clock.
pub struct TestDesk {
    pub desk: Arc<Desk>,
    pub clock: Arc<VirtualClock>,
}

/// An instant.
pub fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text)
        .unwrap()
        .with_timezone(&Utc)
}

/// The members of a JSON object.
pub fn fields(json: Json) -> Map<String, Json> {
    json.as_object().cloned().unwrap()
}

pub const MANIFEST: &str = r#"
[pack]
name = "plain"
version = "0.1.0"
engine = "0.1"
names = { en = "Plain", ru = "Простой" }
"#;

pub const DEFINITIONS: &str = r#"
[[type]]
code = "fault"
names = { en = "Fault", ru = "Неисправность" }
workflow = "work"
field_sets = ["fault"]

[[workflow]]
code = "work"
initial = "todo"
statuses = [
  { code = "todo", category = "new" },
  { code = "doing", category = "open" },
  { code = "waiting", category = "waiting", pauses = ["resolution"] },
  { code = "done", category = "done" },
  { code = "dropped", category = "cancelled" },
]
transitions = [
  { from = "todo", to = "doing" },
  { from = "doing", to = "waiting" },
  { from = "waiting", to = "doing" },
  { from = "doing", to = "done", requires = ["solution"] },
  { from = "done", to = "doing" },
  { from = "*", to = "dropped" },
]

[[field_set]]
code = "fault"
[[field_set.fields]]
code = "room"
value = "text"
indexed = true
[[field_set.fields]]
code = "weight"
value = "int"
"#;

impl TestDesk {
    /// A desk without packs, at nine on a Monday morning.
    pub fn bare() -> Self {
        Self::on(Arc::new(MemoryStore::new()))
    }

    /// The same on a store.
    pub fn on(store: Arc<dyn Store>) -> Self {
        let clock = Arc::new(VirtualClock::at(at("2026-03-02T09:00:00Z")));
        let options = DeskOptions {
            clock: clock.clone(),
            ids: IdSource::seeded(7),
            search: false,
            ..DeskOptions::default()
        };
        let desk = Desk::open(store, options).unwrap();
        Self { desk, clock }
    }

    /// A desk with a pack of definitions.
    pub fn plain() -> Self {
        let desk = Self::bare();
        desk.install(&[("pack.toml", MANIFEST), ("definitions.toml", DEFINITIONS)])
            .unwrap();
        desk
    }

    pub fn install(&self, files: &[(&str, &str)]) -> Result<Reply> {
        self.run(Command::InstallPack {
            files: PackFiles::from_texts(files),
        })
    }

    /// Runs a command as an administrator.
    pub fn run(&self, command: Command) -> Result<Reply> {
        self.desk
            .run(&Request::by(Actor::Admin { agent: None }), &command)
    }

    pub fn create(&self, kind: Kind, json: Json) -> Result<Reply> {
        self.run(Command::Create {
            kind,
            fields: fields(json),
        })
    }

    pub fn ticket(&self, title: &str) -> Id {
        self.create(Kind::Ticket, json!({"type": "fault", "title": title}))
            .unwrap()
            .id
    }

    pub fn update(&self, kind: Kind, id: Id, json: Json) -> Result<Reply> {
        self.run(Command::Update {
            kind,
            id,
            fields: fields(json),
        })
    }

    pub fn transition(&self, id: Id, to: &str) -> Result<Reply> {
        self.run(Command::Transition {
            kind: Kind::Ticket,
            id,
            to: to.to_owned(),
            fields: Map::new(),
        })
    }

    pub fn get(&self, kind: Kind, id: Id) -> opora::domain::Record {
        self.desk
            .record(&Actor::System, kind, id, None)
            .unwrap()
            .record
    }
}

impl Drop for TestDesk {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        // Whatever a test did, records, indexes, guards and journal must say the same.
        let verified = self.desk.verify().unwrap();
        assert!(verified.faults.is_empty(), "{:?}", verified.faults);
        let checked = self.desk.check_decisions().unwrap();
        assert!(checked.faults.is_empty(), "{:#?}", checked.faults);
        assert_eq!(checked.not_replayable, 0);
    }
}
