//! `verify` names what is damaged.

use std::sync::Arc;

use opora::desk::{Actor, Command, Desk, DeskOptions, IdSource, Request, VirtualClock};
use opora::domain::entry::Visibility;
use opora::domain::{Id, Kind};
use opora::packs::PackFiles;
use opora::store::{Batch, Key, MemoryStore, Store, Table};
use serde_json::{Value as Json, json};

use crate::support::{DEFINITIONS, MANIFEST, at, fields};

struct Damaged {
    store: Arc<MemoryStore>,
    desk: Arc<Desk>,
}

impl Damaged {
    /// A desk with a ticket that has a clock, a timer, a comment and a file.
    fn new() -> Self {
        let store = Arc::new(MemoryStore::new());
        let options = DeskOptions {
            clock: Arc::new(VirtualClock::at(at("2026-03-02T09:00:00Z"))),
            ids: IdSource::seeded(7),
            search: false,
            ..DeskOptions::default()
        };
        let desk = Desk::open(store.clone(), options).unwrap();
        let this = Self { store, desk };
        let files =
            PackFiles::from_texts(&[("pack.toml", MANIFEST), ("definitions.toml", DEFINITIONS)]);
        this.run(Command::InstallPack { files });
        let week = json!([{"weekday": "Mon", "from": 540, "to": 1080}]);
        let calendar = json!({"code": "office", "time_zone": "UTC", "weekly": week});
        this.create(
            Kind::Calendar,
            json!({"title": "Office", "code": "office", "definition": calendar}),
        );
        let targets = json!([{"clock": "reaction", "duration_secs": 3600}]);
        let level = json!({"code": "gold", "calendar": "office", "order": 1, "targets": targets});
        let gold = this.create(
            Kind::SupportLevel,
            json!({"title": "Gold", "code": "gold", "definition": level}),
        );
        let ticket = json!({"type": "fault", "title": "no light", "support_level": gold});
        let (kind, id) = (Kind::Ticket, this.create(Kind::Ticket, ticket));
        let visibility = Visibility::Internal;
        this.run(Command::Comment {
            kind,
            id,
            visibility,
            text: "seen".to_owned(),
        });
        this.run(Command::Attach {
            kind,
            id,
            name: "a.txt".to_owned(),
            media_type: "text/plain".to_owned(),
            content: vec![7; 100_000],
            visibility,
        });
        assert_eq!(this.faults(), Vec::<String>::new());
        this
    }

    fn run(&self, command: Command) -> Id {
        let request = Request::by(Actor::System);
        self.desk.run(&request, &command).unwrap().id
    }

    fn create(&self, kind: Kind, json: Json) -> Id {
        self.run(Command::Create {
            kind,
            fields: fields(json),
        })
    }

    fn faults(&self) -> Vec<String> {
        self.desk.verify().unwrap().faults
    }

    fn rows(&self, table: Table) -> Vec<(Key, Vec<u8>)> {
        let snapshot = self.store.snapshot(None).unwrap();
        let rows = snapshot
            .range(table, &[], &[u8::MAX; 80], false, 100)
            .unwrap();
        rows.into_iter()
            .map(|(key, row)| (key, row.bytes))
            .collect()
    }

    /// Writes past the desk.
    fn damage(&self, put: Vec<(Table, Key, Vec<u8>)>, delete: Vec<(Table, Key)>) {
        let op = IdSource::random().next(at("2026-03-02T09:00:00Z")).0;
        let batch = Batch {
            op,
            put,
            delete,
            ..Batch::default()
        };
        self.store.commit(vec![batch]).unwrap();
    }

    #[track_caller]
    fn tells(&self, piece: &str) {
        let faults = self.faults();
        assert!(
            faults.iter().any(|f| f.contains(piece)),
            "{piece}: {faults:?}"
        );
    }
}

#[test]
fn a_lost_row_is_named() {
    for (table, piece) in [
        (Table::Entries, "is lost"),
        (Table::Timers, "timer `sla:reaction`"),
        (Table::TimerNames, "is not found by its name"),
        (Table::Clocks, "is not what its clock waits for"),
        (Table::Blobs, "the content of entry"),
    ] {
        let desk = Damaged::new();
        let (key, _) = desk.rows(table).swap_remove(0);
        desk.damage(Vec::new(), vec![(table, key)]);
        desk.tells(piece);
    }
}

#[test]
fn a_row_that_was_written_past_the_journal_is_named() {
    for (table, piece) in [
        (Table::Entries, "is not what was added at"),
        (Table::Timers, "of which the journal knows nothing"),
        (Table::Clocks, "of which the journal knows nothing"),
    ] {
        let desk = Damaged::new();
        let (key, bytes) = desk.rows(table).swap_remove(0);
        desk.damage(vec![(table, key, bytes)], Vec::new());
        desk.tells(piece);
    }
}

#[test]
fn a_row_of_somebody_else_is_named() {
    for (table, piece) in [
        (Table::Entries, "is not in the journal"),
        (Table::Clocks, "belongs to no ticket"),
        (Table::Timers, "lies under another key"),
        (Table::TimerNames, "leads nowhere"),
    ] {
        let desk = Damaged::new();
        let (mut key, bytes) = desk.rows(table).swap_remove(0);
        let place = if table == Table::Timers {
            key.len() - 1
        } else {
            0
        };
        key[place] ^= 1;
        desk.damage(vec![(table, key, bytes)], Vec::new());
        desk.tells(piece);
    }
}

#[test]
fn bytes_that_cannot_be_read_are_named() {
    for table in [Table::Entries, Table::Clocks, Table::Timers] {
        let desk = Damaged::new();
        let (key, _) = desk.rows(table).swap_remove(0);
        desk.damage(vec![(table, key, vec![1, 255])], Vec::new());
        desk.tells("cannot be read");
    }
    let desk = Damaged::new();
    let (key, mut bytes) = desk.rows(Table::Blobs).swap_remove(0);
    bytes[0] ^= 1;
    desk.damage(vec![(Table::Blobs, key, bytes)], Vec::new());
    desk.tells("the content of entry");
}
