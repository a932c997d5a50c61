//! A desk on a durable store, with the packs and plugins that come with the engine, people, levels
//! and customers.

use std::path::Path;
use std::sync::Arc;

use opora::desk::{Actor, Command, Desk, DeskOptions, Reply, Request};
use opora::domain::entry::Visibility;
use opora::domain::{FieldDef, Id, Kind, ValueType};
use opora::packs::PackFiles;
use opora::store::{CountingStore, OpenOptions, RedbStore, Store};
use serde_json::{Map, Value as Json, json};

use super::people::{SKILLS, Seed};
use super::words::{lorem, scatter};
use super::{Fallible, Recorder, shipped_packs};

/// How a bed is made.
#[derive(Debug, Clone, Copy)]
pub struct BedOptions {
    /// Whether the search index follows the journal.
    pub search: bool,
    /// Whether rules and plugins run; without, tickets have the same types and fields.
    pub hooks: bool,
}

impl Default for BedOptions {
    fn default() -> Self {
        Self {
            search: false,
            hooks: true,
        }
    }
}

/// A desk on a store.
pub struct Bed {
    /// The desk.
    pub desk: Arc<Desk>,
    /// Its store.
    pub store: Arc<Recorder<CountingStore<RedbStore>>>,
    /// What tickets refer to.
    pub seed: Seed,
}

/// Types of tickets and how they go on: full code, first status of work, last status.
const TYPES: [(&str, &str, &str); 5] = [
    ("support-1c/error", "in_progress", "done"),
    ("support-1c/appeal", "in_progress", "done"),
    ("support-1c/complaint", "in_progress", "done"),
    ("support-1c/wish", "in_progress", "done"),
    ("support-1c/critical_error", "in_progress", "done"),
];

impl Bed {
    /// Opens what lies in a folder, or makes a new desk there.
    ///
    /// # Errors
    /// When the store or a command fails.
    pub fn open(folder: &Path, options: &BedOptions) -> Fallible<Self> {
        let is_new = !folder.join("opora.redb").exists();
        let mut bed = Self::open_unread(folder, options)?;
        if is_new {
            for files in shipped_packs(options.hooks)? {
                bed.install(files)?;
            }
            bed.define_fields()?;
            bed.seed = Seed::make(&bed)?;
        } else {
            bed.seed = Seed::read(&bed.desk)?;
        }
        Ok(bed)
    }

    /// Opens what lies in a folder, without looking for what tickets refer to.
    ///
    /// # Errors
    /// When the store or the desk does not open.
    pub fn open_unread(folder: &Path, options: &BedOptions) -> Fallible<Self> {
        let file = folder.join("opora.redb");
        let file = RedbStore::open(file, OpenOptions::default())?;
        let store = Arc::new(Recorder::new(CountingStore::new(file)));
        let shared: Arc<dyn Store> = store.clone();
        let desk = Desk::open(
            shared,
            DeskOptions {
                search: options.search,
                search_dir: Some(folder.join("search")),
                plugin_cache: Some(folder.join("plugin-cache")),
                ..DeskOptions::default()
            },
        )?;
        Ok(Self {
            desk,
            store,
            seed: Seed::default(),
        })
    }

    /// Two fields of the desk's own, one to filter by and one to sort by.
    fn define_fields(&self) -> Fallible<()> {
        let mut room = FieldDef::new("room", ValueType::Text);
        room.indexed = true;
        for field in [room, FieldDef::new("weight", ValueType::Int)] {
            self.run(&Command::DefineField {
                kind: Kind::Ticket,
                type_code: None,
                field: Box::new(field),
                replaced: std::collections::BTreeMap::new(),
            })?;
        }
        Ok(())
    }

    /// Installs a pack.
    ///
    /// # Errors
    /// Its faults.
    pub fn install(&self, files: PackFiles) -> Fallible<()> {
        self.run(&Command::InstallPack { files }).map(drop)
    }

    /// Runs a command as an administrator.
    ///
    /// # Errors
    /// The desk's.
    pub fn run(&self, command: &Command) -> Fallible<Reply> {
        let request = Request::by(Actor::Admin { agent: None });
        Ok(self.desk.run(&request, command)?)
    }

    /// Creates a record.
    ///
    /// # Errors
    /// The desk's.
    pub fn create(&self, kind: Kind, fields: Json) -> Fallible<Reply> {
        self.run(&Command::Create {
            kind,
            fields: members(fields),
        })
    }

    /// The contact of a number.
    #[must_use]
    pub fn contact(&self, number: u64) -> Id {
        let count = self.seed.contacts.len().max(1) as u64;
        let place = usize::try_from(number % count).unwrap_or(0);
        self.seed.contacts.get(place).copied().unwrap_or(Id::MIN)
    }

    /// Creates the ticket of a number.
    ///
    /// # Errors
    /// The desk's.
    pub fn ticket(&self, number: u64) -> Fallible<Reply> {
        self.create(Kind::Ticket, self.ticket_fields(number))
    }

    /// The fields of the ticket of a number: an ordinary one of one of five types, by mail from a
    /// known person, whose organisation, priority, agent and level the rules find out.
    #[must_use]
    pub fn ticket_fields(&self, number: u64) -> Json {
        let draw = scatter(number);
        let code = type_of(number).0;
        let label = SKILLS.get(usize::try_from(draw / 7 % 4).unwrap_or(0));
        let mut fields = json!({
            "type": code,
            "title": ticket_title(number),
            "description": ticket_description(number),
            "contact": self.contact(draw).to_string(),
            "channel": "mail",
            "tags": [label],
            "local/room": format!("room {}", draw % 50),
            "local/weight": draw % 10_000,
        });
        // Every other one comes with a priority; triage reads the rest. Of critical errors the form
        // takes two priorities only.
        let priorities = ["low", "normal", "high", "urgent"];
        let is_critical = code == "support-1c/critical_error";
        let place = if is_critical { 3 } else { draw % 4 };
        let priority = priorities.get(usize::try_from(place).unwrap_or(0));
        if let Some(fields) = fields.as_object_mut() {
            if is_critical || (draw / 5).is_multiple_of(2) {
                fields.insert("priority".to_owned(), json!(priority));
            }
            match code {
                "support-1c/error" => fields.insert("error_code".to_owned(), json!(draw % 1_000)),
                _ => None,
            };
        }
        fields
    }

    /// Changes a field that no rule asks for.
    ///
    /// # Errors
    /// The desk's.
    pub fn update(&self, id: Id, number: u64) -> Fallible<Reply> {
        self.run(&Command::Update {
            kind: Kind::Ticket,
            id,
            fields: members(json!({"description": lorem(number, 20)})),
        })
    }

    /// Bytes of title and description of the ticket of a number.
    #[must_use]
    pub fn ticket_text(number: u64) -> usize {
        ticket_title(number).len() + ticket_description(number).len()
    }

    /// Comments on a ticket.
    ///
    /// # Errors
    /// The desk's.
    pub fn comment(&self, id: Id, number: u64) -> Fallible<Reply> {
        self.run(&Command::Comment {
            kind: Kind::Ticket,
            id,
            visibility: Visibility::Public,
            text: lorem(number, 12),
        })
    }

    /// Begins work on the ticket of a number.
    ///
    /// # Errors
    /// The desk's.
    pub fn begin(&self, id: Id, number: u64) -> Fallible<Reply> {
        self.transition(id, type_of(number).1, json!({}))
    }

    /// Finishes the ticket of a number; a complaint must have been answered before.
    ///
    /// # Errors
    /// The desk's.
    pub fn finish(&self, id: Id, number: u64) -> Fallible<Reply> {
        let solution = json!({"solution": "a new cable"});
        self.transition(id, type_of(number).2, solution)
    }

    /// Moves a ticket to another status.
    ///
    /// # Errors
    /// The desk's.
    pub fn transition(&self, id: Id, to: &str, fields: Json) -> Fallible<Reply> {
        self.run(&Command::Transition {
            kind: Kind::Ticket,
            id,
            to: to.to_owned(),
            fields: members(fields),
        })
    }
}

/// The status in which work on the ticket of a number begins.
#[must_use]
pub fn status_of_work(number: u64) -> &'static str {
    type_of(number).1
}

fn type_of(number: u64) -> (&'static str, &'static str, &'static str) {
    let place = usize::try_from(scatter(number) / 3 % 5).unwrap_or(0);
    TYPES.get(place).copied().unwrap_or(("", "", ""))
}

fn ticket_title(number: u64) -> String {
    lorem(number, 6)
}

fn ticket_description(number: u64) -> String {
    lorem(number ^ 0x5555, 30)
}

fn members(fields: Json) -> Map<String, Json> {
    match fields {
        Json::Object(map) => map,
        _ => Map::new(),
    }
}
