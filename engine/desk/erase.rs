//! Erasing a person: out of its record, out of what belongs to it, and out of the journal. Shape, links
//! and numbers stay. It is done in steps that may be repeated: a step that a crash cut off is done when
//! the person is erased again.

mod journal;
mod meta;
mod scan;

use serde::{Deserialize, Serialize};

use super::journal::{JournalEntry, StoredEntry};
use super::{Actor, Command, Desk, Error, Reply, Request, Result, codec, trace};
use crate::domain::erasing::{IDENTITY, Marks, author};
use crate::domain::{Id, Kind, Value, record::fields};
use crate::packs::Catalog;
use crate::store::{Key, Pos, Table};

pub use journal::ERASED_NOTE;

/// Records and entries that are changed in one transaction.
const STEP: usize = 200;

/// A step of erasing a person: asked for by the engine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EraseStep {
    /// What tells of the person.
    pub marks: Marks,
    /// Records that are changed.
    pub records: Vec<(Kind, Id)>,
    /// Records whose personal values are the person's.
    pub own: Vec<(Kind, Id)>,
    /// Entries that are changed: kind and id of the owner, id.
    pub entries: Vec<(Kind, Id, Id)>,
    /// Rows of other tables: what they become; none: they go.
    pub rows: Vec<(Table, Key, Pos, Option<Vec<u8>>)>,
    /// Whether the person's own record is cleared.
    pub last: bool,
}

impl EraseStep {
    /// The entry without the person; none when it tells nothing of it.
    pub(super) fn redact(
        &self,
        person: (Kind, Id),
        owner: (Kind, Id),
        stored: &StoredEntry,
    ) -> Option<StoredEntry> {
        let own = self.own.contains(&owner);
        scan::redacted_entry(&self.marks, own, &author(person), stored)
    }
}

/// What erasing a person changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Records.
    pub records: usize,
    /// Comments, messages and files.
    pub entries: usize,
    /// Messages that waited to leave, surveys, kept answers, tokens, timers, pieces of files.
    pub rows: usize,
    /// Entries of the journal.
    pub journal: usize,
}

/// Where what is looked for is kept until all of it is done.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Pending {
    texts: Vec<String>,
}

/// Whom an erasure is about.
pub(super) struct Person {
    /// Its contact or agent.
    place: (Kind, Id),
    marks: Marks,
    /// Records that are or were the person's.
    own: std::collections::BTreeSet<(Kind, Id)>,
}

/// The row of an erasure that is not done yet.
fn pending_key((_, id): (Kind, Id)) -> Key {
    let mut key = b"erasing/".to_vec();
    key.extend(id.as_bytes());
    key
}

impl Desk {
    /// Erases a person: the values of its contact, the personal values of its tickets, inquiries and
    /// leads, what it wrote, messages to and from it, and its name, numbers and addresses wherever they
    /// stand, the journal included. What is erased once stays so; erasing again finds nothing.
    ///
    /// The search index is built anew, and the file is written anew at the next start.
    ///
    /// # Errors
    /// When the asker is no administrator, there is no such contact, or the store fails.
    pub fn erase_person(&self, request: &Request, contact: Id) -> Result<(Reply, Erased)> {
        self.erase(request, (Kind::Contact, contact))
    }

    /// Erases an agent: its name, addresses and personal values wherever they stand, its tokens and its
    /// own tags. What it did stays, under its id, and so does what it wrote for the desk.
    ///
    /// # Errors
    /// As [`Desk::erase_person`].
    pub fn erase_agent(&self, request: &Request, agent: Id) -> Result<(Reply, Erased)> {
        self.erase(request, (Kind::Agent, agent))
    }

    fn erase(&self, request: &Request, place: (Kind, Id)) -> Result<(Reply, Erased)> {
        request.actor.require_admin("erasing a person")?;
        self.record(&request.actor, place.0, place.1, None)?;
        // What searches taught so far is looked through, too.
        self.keep_lessons(true)?;
        let person = self.person(place)?;
        self.note_pending(&person)?;
        let mut erased = Erased::default();
        let found = self.scan_person(&person)?;
        for step in found.steps(&person, STEP) {
            erased.records += step.records.len();
            erased.entries += step.entries.len();
            erased.rows += step.rows.len();
            self.run(
                &Request::by(Actor::System),
                &Command::Erase {
                    person: place,
                    step: Box::new(step),
                },
            )?;
        }
        let last = EraseStep {
            marks: person.marks.clone(),
            last: true,
            ..EraseStep::default()
        };
        let command = Command::Erase {
            person: place,
            step: Box::new(last),
        };
        // Erasing again does no harm, so no answer needs to be kept.
        let request = Request {
            idempotency_key: None,
            if_match: None,
            if_revision: None,
            ..request.clone()
        };
        let reply = self.run(&request, &command)?;
        erased.journal = self.erase_from_journal(&person)?;
        self.drop_pending(place)?;
        #[cfg(feature = "search")]
        if let Some(index) = &self.search {
            index.rebuild();
        }
        Ok((reply, erased))
    }

    /// What is known of a person, now and in the journal.
    fn person(&self, place: (Kind, Id)) -> Result<Person> {
        let mut person = Person {
            place,
            marks: Marks::default(),
            own: std::collections::BTreeSet::from([place]),
        };
        let snapshot = self.store.snapshot(None)?;
        if let Some(row) = snapshot.get(Table::Meta, &pending_key(place))? {
            let pending: Pending = codec::decode(&row.bytes)?;
            person.marks = Marks::of(pending.texts);
        }
        drop(snapshot);
        let catalog = self.catalog()?;
        self.play_back(|_, entry| {
            person.learn(&catalog, entry);
            Ok(())
        })?;
        // Descriptions of its tickets are found when it is known which tickets these are.
        self.play_back(|_, entry| {
            person.learn_texts(&catalog, entry);
            Ok(())
        })?;
        Ok(person)
    }

    fn note_pending(&self, person: &Person) -> Result<()> {
        let pending = Pending {
            texts: person.marks.texts().to_vec(),
        };
        let row = codec::encode(&pending)?;
        // What does not fit is found again in the journal, unless that was rewritten already.
        if row.len() <= crate::store::MAX_VALUE_BYTES {
            self.put_meta(
                vec![(Table::Meta, pending_key(person.place), row)],
                Vec::new(),
            )?;
        }
        Ok(())
    }

    fn drop_pending(&self, place: (Kind, Id)) -> Result<()> {
        self.put_meta(Vec::new(), vec![(Table::Meta, pending_key(place))])
    }

    fn put_meta(&self, put: Vec<(Table, Key, Vec<u8>)>, delete: Vec<(Table, Key)>) -> Result<()> {
        let batch = crate::store::Batch {
            op: self.ids.next(self.now()).0,
            put,
            delete,
            ..crate::store::Batch::default()
        };
        match self.store.commit(vec![batch])?.pop() {
            Some(crate::store::Outcome::Done(_)) => Ok(()),
            _ => Err(Error::internal("the erasure could not be noted")),
        }
    }

    /// Rewrites the entries of the journal that tell of a person. How many did.
    fn erase_from_journal(&self, person: &Person) -> Result<usize> {
        let catalog = self.catalog()?;
        let mut after = Pos::ZERO;
        let mut count = 0;
        loop {
            let rows = self.store.journal(after, 500)?;
            let Some(last) = rows.last() else {
                return Ok(count);
            };
            after = last.pos;
            let mut rewritten = Vec::new();
            for row in rows.iter().filter(|row| !row.bytes.is_empty()) {
                // With its group: those decided on this one find it by that.
                let (stored, _) = trace::decode(row.pos, &row.bytes)?;
                if let Some(entry) = journal::redacted(person, &catalog, stored, &row.bytes) {
                    rewritten.push((row.pos, trace::encode(&entry, None)?));
                }
            }
            count += rewritten.len();
            if !rewritten.is_empty() {
                self.store.rewrite_journal(rewritten)?;
            }
        }
    }
}

impl Person {
    /// Notes which records are the person's, and what the person was called.
    fn learn(&mut self, catalog: &Catalog, entry: &JournalEntry) {
        for change in &entry.changes {
            for field in &change.fields {
                let values = field.old.iter().chain(&field.new);
                let own = change.id == self.place.1;
                let is_ref = |value: &Value| value.as_ref_id() == Some(self.place.1);
                let names_it = field.field == fields::CONTACT && self.is_contact();
                if names_it && values.clone().any(is_ref) {
                    self.own.insert((change.kind, change.id));
                }
                let def = catalog.field(self.place.0, None, &field.field);
                let personal = def.is_some_and(|def| def.personal_data)
                    || IDENTITY.contains(&field.field.as_str());
                if own && personal {
                    values.for_each(|value| self.marks.add(value));
                }
            }
        }
    }

    /// Whether it is a customer's person: what it wrote is its own.
    const fn is_contact(&self) -> bool {
        matches!(self.place.0, Kind::Contact)
    }

    /// Notes the personal texts of records that are the person's.
    fn learn_texts(&mut self, catalog: &Catalog, entry: &JournalEntry) {
        for change in &entry.changes {
            if !self.own.contains(&(change.kind, change.id)) {
                continue;
            }
            for field in &change.fields {
                if is_personal(catalog, change.kind, &field.field) {
                    let values = field.old.iter().chain(&field.new);
                    values.for_each(|value| self.marks.add_words(value));
                }
            }
        }
    }
}

/// Whether a field of a kind, of whatever type, is personal.
pub(super) fn is_personal(catalog: &Catalog, kind: Kind, field: &str) -> bool {
    let personal = |type_code: Option<&str>| {
        catalog
            .field(kind, type_code, field)
            .is_some_and(|def| def.personal_data && def.code == field)
    };
    personal(None) || catalog.types(kind).any(|t| personal(Some(&t.code)))
}
