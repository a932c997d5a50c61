//! A draft: the changes of one command while it is being decided.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::delivery::Mailing;
use super::journal::{By, EntryAdded, RuleRun, StoredEntry, Timer};
use super::service::Service;
use super::survey::Survey;
use super::trace::Recorder;
use super::view::OutboxItem;
use super::{Error, Result, ahead, codec, keys, ledger};
use crate::domain::sla::SlaClock;
use crate::domain::{Entry, Id, Instant, Kind, Record, Value, record::fields};
use crate::hooks::RecordView;
use crate::store::{Expect, Key, Lease, Pos, Snapshot, Table, Versioned};

/// A record in a draft.
#[derive(Clone, Default)]
pub struct Work {
    /// As it was in the snapshot.
    pub before: Option<Arc<Record>>,
    /// Its version in the snapshot.
    pub version: Option<Pos>,
    /// As it shall be; none: it is deleted or was never there. Shared with `before` and with saved
    /// drafts until it changes.
    pub now: Option<Arc<Record>>,
    /// Who set which field, last word counts.
    pub by: BTreeMap<String, By>,
    /// Fields that whoever asked set explicitly.
    pub asked: Arc<Vec<String>>,
    /// `now` as it was when its fields were computed last.
    pub computed: Option<Arc<Record>>,
    /// `now` and `before` as rules see them, made when a rule first looks.
    shown: Option<Arc<RecordView>>,
    shown_before: Option<Arc<RecordView>>,
}

/// An SLA clock in a draft.
#[derive(Clone)]
pub struct ClockWork {
    /// Version of its row; none: it is new.
    pub version: Option<Pos>,
    /// The clock.
    pub clock: SlaClock,
    /// Whether it changed.
    pub changed: bool,
    /// Whether the rules know of its breach.
    pub told: bool,
}

/// The changes of one command. Cloned before a rule's effects are applied, so that they can be taken
/// back whole.
#[derive(Clone)]
pub struct Draft {
    /// What the command is decided on.
    pub snapshot: Arc<dyn Snapshot>,
    /// The engine's time.
    pub now: Instant,
    /// Records, read or changed.
    pub records: BTreeMap<(Kind, Id), Work>,
    /// Records that were asked for and are not there.
    absent: BTreeSet<(Kind, Id)>,
    /// Agents, teams and levels need no reading.
    service: Arc<Service>,
    /// Guards read, with the record that holds each.
    pub guards: BTreeMap<Key, Option<Id>>,
    /// Entries added.
    pub entries: Vec<(StoredEntry, Id, Option<u16>)>,
    /// Timers set: by owner and name; none: removed.
    pub timers: BTreeMap<(Id, String), Option<Timer>>,
    /// SLA clocks read, by record; absent: not read yet.
    pub clocks: BTreeMap<Id, BTreeMap<String, ClockWork>>,
    /// Tickets as they were when their support level was chosen last in this command.
    pub selected: BTreeMap<Id, Arc<Record>>,
    /// Tickets as they were when they were counted last as parts of another one.
    pub parts: BTreeMap<Id, Option<(Id, bool)>>,
    /// What is counted on contracts, as far as it was read.
    pub counted: BTreeMap<Id, ledger::Counted>,
    /// Surveys made or changed, with the version of the stored one.
    pub surveys: BTreeMap<Id, (Option<Pos>, Survey)>,
    /// Messages queued.
    pub outbox: Vec<OutboxItem>,
    /// What queued messages have beside their words.
    pub mailings: BTreeMap<Id, Mailing>,
    /// What messages say as HTML, by message.
    pub htmls: BTreeMap<Id, String>,
    /// Calls of rules.
    pub runs: Vec<RuleRun>,
    /// Records that rules read beyond those in `records`.
    pub reads: BTreeMap<(Kind, Id), Pos>,
    /// Rules that act once and acted here, with the record.
    pub acted: BTreeSet<(Id, String)>,
    /// Remarks for the journal.
    pub notes: Vec<String>,
    /// The way of the decision.
    pub trace: Recorder,
    /// The change of rules that this command makes.
    pub shift: Option<Arc<crate::packs::Shift>>,
    /// Records whose index rows are written even though they stay as they are.
    pub reindexed: BTreeSet<(Kind, Id)>,
    /// Rows that are not records: packs, tokens, blobs, guards of their own.
    pub rows: Rows,
}

/// Plain rows of a draft.
#[derive(Clone, Default)]
pub struct Rows {
    /// Rows that must be as expected.
    pub expect: Vec<(Table, Key, Expect)>,
    /// Rows written.
    pub put: Vec<(Table, Key, Vec<u8>)>,
    /// Rows written under a key that ends with the position.
    pub put_at_pos: Vec<(Table, Key, Vec<u8>)>,
    /// Rows removed.
    pub delete: Vec<(Table, Key)>,
    /// A lease that must still be held.
    pub fence: Option<Lease>,
}

impl Draft {
    /// An empty draft on a snapshot.
    pub fn new(snapshot: Arc<dyn Snapshot>, service: Arc<Service>, now: Instant) -> Self {
        Self {
            snapshot,
            service,
            now,
            absent: BTreeSet::new(),
            records: BTreeMap::new(),
            guards: BTreeMap::new(),
            entries: Vec::new(),
            timers: BTreeMap::new(),
            clocks: BTreeMap::new(),
            selected: BTreeMap::new(),
            parts: BTreeMap::new(),
            counted: BTreeMap::new(),
            surveys: BTreeMap::new(),
            outbox: Vec::new(),
            mailings: BTreeMap::new(),
            htmls: BTreeMap::new(),
            runs: Vec::new(),
            reads: BTreeMap::new(),
            acted: BTreeSet::new(),
            notes: Vec::new(),
            trace: Recorder::default(),
            shift: None,
            reindexed: BTreeSet::new(),
            rows: Rows::default(),
        }
    }

    /// Reads records into the draft in one trip; absent ones are left out.
    pub fn load(&mut self, wanted: &[(Kind, Id)]) -> Result<()> {
        let missing = self.missing(wanted);
        if missing.is_empty() {
            return Ok(());
        }
        let rows = self.snapshot.get_many(&keys_of(&missing))?;
        self.take_in(missing, rows)
    }

    /// Reads records, and what is counted on a contract, into the draft in one trip.
    pub fn load_counted(
        &mut self,
        wanted: &[(Kind, Id)],
        contract: Id,
        causes: &[Id],
    ) -> Result<()> {
        let missing = self.missing(wanted);
        let mut asked = keys_of(&missing);
        let wanted: Vec<Id> = match self.counted.get(&contract) {
            Some(known) => causes
                .iter()
                .filter(|c| !known.knows(**c))
                .copied()
                .collect(),
            None => causes.to_vec(),
        };
        if missing.is_empty() && wanted.is_empty() && self.counted.contains_key(&contract) {
            return Ok(());
        }
        let records = asked.len();
        let spans = ledger::wanted(contract, &wanted, &mut asked);
        let (mut rows, spans) = self.snapshot.read(&asked, &spans)?;
        let of_ledger = rows.split_off(records.min(rows.len()));
        let counted = self.counted.entry(contract).or_default();
        counted.take_in(&wanted, of_ledger, spans)?;
        self.take_in(missing, rows)
    }

    /// The records that are not known yet; what needs no reading is taken in at once.
    fn missing(&mut self, wanted: &[(Kind, Id)]) -> BTreeSet<(Kind, Id)> {
        let mut missing = BTreeSet::new();
        for place in wanted {
            if self.knows(*place) {
                continue;
            }
            match self.service.record(*place) {
                Some((version, record)) => {
                    self.records.insert(*place, Work::read(version, record));
                }
                None => {
                    missing.insert(*place);
                }
            }
        }
        missing
    }

    fn take_in(
        &mut self,
        missing: BTreeSet<(Kind, Id)>,
        rows: Vec<Option<Versioned>>,
    ) -> Result<()> {
        for (place, row) in missing.into_iter().zip(rows) {
            let Some(row) = row else {
                self.absent.insert(place);
                continue;
            };
            let record = Arc::new(codec::decode(&row.bytes)?);
            self.records.insert(place, Work::read(row.version, record));
        }
        Ok(())
    }

    /// Whether a record need not be read any more.
    pub fn knows(&self, place: (Kind, Id)) -> bool {
        self.records.contains_key(&place) || self.absent.contains(&place)
    }

    /// Reads guards into the draft in one trip.
    pub fn load_guards(&mut self, wanted: Vec<Key>) -> Result<()> {
        let missing = wanted.into_iter().filter(|k| !self.guards.contains_key(k));
        let missing: BTreeSet<Key> = missing.collect();
        if missing.is_empty() {
            return Ok(());
        }
        let asked: Vec<(Table, Key)> = missing.iter().map(|k| (Table::Guards, k.clone())).collect();
        let rows = self.snapshot.get_many(&asked)?;
        for (key, row) in missing.into_iter().zip(rows) {
            self.guards
                .insert(key, row.and_then(|r| Id::from_slice(&r.bytes)));
        }
        Ok(())
    }

    /// Whether a record is being made by this command.
    pub fn is_new(&self, id: Id) -> bool {
        let mut own = self.records.iter().filter(|((_, own), _)| *own == id);
        own.any(|(_, work)| work.version.is_none())
    }

    /// The record as it stands in the draft.
    pub fn record(&self, kind: Kind, id: Id) -> Result<&Record> {
        self.records
            .get(&(kind, id))
            .and_then(|w| w.now.as_deref())
            .ok_or_else(Error::not_found)
    }

    /// The record as it stands in the draft, if it is there.
    pub fn peek(&self, kind: Kind, id: Id) -> Option<&Record> {
        self.records.get(&(kind, id)).and_then(|w| w.now.as_deref())
    }

    /// Adds a new record.
    pub fn add(&mut self, record: Record) {
        let place = (record.kind, record.id);
        self.records.insert(
            place,
            Work {
                now: Some(Arc::new(record)),
                ..Work::default()
            },
        );
    }

    /// Marks a record as deleted.
    pub fn remove(&mut self, kind: Kind, id: Id) {
        if let Some(work) = self.records.get_mut(&(kind, id)) {
            work.now = None;
            work.shown = None;
        }
    }

    /// Sets or removes a value.
    pub fn set(&mut self, kind: Kind, id: Id, field: &str, value: Option<Value>, by: By) {
        let Some(work) = self.records.get_mut(&(kind, id)) else {
            return;
        };
        let Some(record) = work.now.as_mut() else {
            return;
        };
        if record.get(field) == value.as_ref() {
            return;
        }
        self.trace.set((kind, id), field, value.as_ref());
        Arc::make_mut(record).put(field, value);
        work.shown = None;
        work.by.insert(field.to_owned(), by);
        if by == By::Asked {
            self.note_asked(kind, id, field);
        }
    }

    /// Notes that whoever asked set a field explicitly.
    pub fn note_asked(&mut self, kind: Kind, id: Id, field: &str) {
        if let Some(work) = self.records.get_mut(&(kind, id))
            && !work.asked.iter().any(|f| f == field)
        {
            Arc::make_mut(&mut work.asked).push(field.to_owned());
            self.trace.asked((kind, id), field);
        }
    }

    /// The records that changed and are still there.
    pub fn changed(&self) -> Vec<(Kind, Id)> {
        let all = self.records.iter();
        all.filter(|(_, work)| work.is_changed() && work.now.is_some())
            .map(|(place, _)| *place)
            .collect()
    }

    /// Whether whoever asked set the field explicitly.
    pub fn was_asked(&self, kind: Kind, id: Id, field: &str) -> bool {
        self.records
            .get(&(kind, id))
            .is_some_and(|w| w.asked.iter().any(|f| f == field))
    }

    /// Adds an entry to a record and marks the record as changed now.
    pub fn add_entry(&mut self, kind: Kind, owner: Id, entry: Entry, run: Option<u16>) {
        self.entries.push((StoredEntry { kind, entry }, owner, run));
        self.set(
            kind,
            owner,
            fields::UPDATED_AT,
            Some(Value::Instant(self.now)),
            By::Engine,
        );
    }

    /// What the journal keeps of the added entries.
    pub fn entries_added(&self) -> Vec<EntryAdded> {
        self.entries
            .iter()
            .map(|(stored, owner, run)| EntryAdded {
                kind: stored.kind,
                owner: *owner,
                entry: stored.entry.id,
                run: *run,
            })
            .collect()
    }

    /// The SLA clocks of a record, read when first asked for.
    pub fn clocks_of(&mut self, id: Id) -> Result<&mut BTreeMap<String, ClockWork>> {
        if !self.clocks.contains_key(&id) {
            let mut clocks = BTreeMap::new();
            // A record that is being made has none yet: nothing is asked of the store.
            let rows = match self.is_new(id) {
                true => Vec::new(),
                false => ahead::rows_of(&*self.snapshot, &ahead::clocks(id))?,
            };
            for (_, row) in rows {
                let clock: SlaClock = codec::decode(&row.bytes)?;
                let version = Some(row.version);
                clocks.insert(
                    clock.clock.clone(),
                    ClockWork {
                        version,
                        told: clock.breached_at.is_some(),
                        clock,
                        changed: false,
                    },
                );
            }
            self.clocks.insert(id, clocks);
        }
        self.clocks
            .get_mut(&id)
            .ok_or_else(|| Error::internal("clocks were not read"))
    }
}

fn keys_of(places: &BTreeSet<(Kind, Id)>) -> Vec<(Table, Key)> {
    let key = |(kind, id): &(Kind, Id)| (Table::Records, keys::record(*kind, *id));
    places.iter().map(key).collect()
}

impl ClockWork {
    /// A clock that just started.
    pub const fn new(clock: SlaClock) -> Self {
        Self {
            version: None,
            clock,
            changed: true,
            told: false,
        }
    }
}

impl Work {
    /// A record as it was read.
    fn read(version: Pos, record: Arc<Record>) -> Self {
        Self {
            before: Some(Arc::clone(&record)),
            version: Some(version),
            now: Some(record),
            ..Self::default()
        }
    }

    /// Whether there is something to write.
    pub fn is_changed(&self) -> bool {
        !self.is_shared() && self.before != self.now
    }

    /// Whether nothing was set since the record was read.
    fn is_shared(&self) -> bool {
        match (&self.before, &self.now) {
            (Some(before), Some(now)) => Arc::ptr_eq(before, now),
            _ => false,
        }
    }

    /// The record as rules see it now; it is made again only after a change.
    pub fn view(&mut self, make: impl Fn(&Record) -> RecordView) -> Option<Arc<RecordView>> {
        if self.is_shared() {
            return self.view_before(make);
        }
        if self.shown.is_none() {
            self.shown = self.now.as_deref().map(|r| Arc::new(make(r)));
        }
        self.shown.clone()
    }

    /// The record as rules see it before the command.
    pub fn view_before(&mut self, make: impl Fn(&Record) -> RecordView) -> Option<Arc<RecordView>> {
        if self.shown_before.is_none() {
            self.shown_before = self.before.as_deref().map(|r| Arc::new(make(r)));
        }
        self.shown_before.clone()
    }
}
