//! A record as it was at a position, from the journal alone.

use super::journal::{JournalEntry, What};
use super::query::journal_entry;
use super::{Desk, Result, codec, keys, trace};
use crate::domain::{Id, Kind, Record};
use crate::store::{Pos, Snapshot, Store, Table};

/// Most changes of one record that are played back.
const MAX_CHANGES: usize = 10_000;

/// What a decision was made on: all up to a position, and what was decided with it before it.
#[derive(Debug, Clone)]
pub struct Base {
    at: Pos,
    with: Vec<Pos>,
}

impl Base {
    /// All up to a position.
    pub const fn at(pos: Pos) -> Self {
        Self {
            at: pos,
            with: Vec::new(),
        }
    }

    /// Whether a position is in it.
    pub fn holds(&self, pos: Pos) -> bool {
        pos <= self.at || self.with.contains(&pos)
    }

    /// The last position in it.
    pub fn last(&self) -> Pos {
        self.with.last().copied().unwrap_or(self.at)
    }
}

impl Desk {
    /// What the decisions of an entry were made on.
    pub(super) fn base_of(&self, pos: Pos, entry: &JournalEntry) -> Result<Base> {
        let mut base = Base::at(entry.base);
        let Some(first) = &entry.group else {
            return Ok(base);
        };
        let mut after = entry.base;
        loop {
            let rows = self.store.journal(after, 1_000)?;
            for row in &rows {
                if row.pos >= pos {
                    return Ok(base);
                }
                after = row.pos;
                if row.op == *first || trace::is_marked(&row.bytes, first) {
                    base.with.push(row.pos);
                }
            }
            if rows.is_empty() {
                return Ok(base);
            }
        }
    }

    /// The record as it was after the change at `at`; none when it did not exist then. Played back
    /// from the first change on, without a look at the record as it is now.
    ///
    /// # Errors
    /// When the store fails.
    pub fn record_at(&self, kind: Kind, id: Id, at: Pos) -> Result<Option<Record>> {
        self.record_on(kind, id, &Base::at(at))
    }

    /// The record as a decision found it; none when it did not exist then.
    pub(super) fn record_on(&self, kind: Kind, id: Id, base: &Base) -> Result<Option<Record>> {
        let snapshot = self.store.snapshot(None)?;
        let found = record_then(&*snapshot, &*self.store, (kind, id), base)?;
        Ok(found.map(|(_, record)| record))
    }

    /// Plays the whole journal back and compares it with what is stored: see [`super::Verified`].
    pub(super) fn play_back(
        &self,
        mut each: impl FnMut(Pos, &JournalEntry) -> Result<()>,
    ) -> Result<u64> {
        let mut after = Pos::ZERO;
        let mut entries = 0;
        loop {
            let rows = self.store.journal(after, 1_000)?;
            let Some(last) = rows.last() else {
                return Ok(entries);
            };
            after = last.pos;
            for row in rows.iter().filter(|row| !row.bytes.is_empty()) {
                entries += 1;
                each(row.pos, &codec::decode(&row.bytes)?)?;
            }
        }
    }
}

/// The record as a decision found it, with the position of its last change until then.
///
/// # Errors
/// When the store fails.
pub fn record_then(
    snapshot: &dyn Snapshot,
    store: &dyn Store,
    (kind, id): (Kind, Id),
    base: &Base,
) -> Result<Option<(Pos, Record)>> {
    let (from, to) = keys::owned(id);
    let mut record: Option<Record> = None;
    let mut version = Pos::ZERO;
    for (_, row) in snapshot.range(Table::History, &from, &to, false, MAX_CHANGES)? {
        if row.version > base.last() {
            break;
        }
        if !base.holds(row.version) {
            continue;
        }
        let Some(entry) = journal_entry(store, row.version)? else {
            continue;
        };
        let mut changed = entry.changes.iter();
        if changed.any(|c| c.kind == kind && c.id == id) {
            version = row.version;
        }
        apply(&mut record, &entry, kind, id);
    }
    Ok(record.map(|record| (version, record)))
}

/// Applies what a journal entry says of a record.
pub fn apply(record: &mut Option<Record>, entry: &JournalEntry, kind: Kind, id: Id) {
    for change in entry
        .changes
        .iter()
        .filter(|c| c.kind == kind && c.id == id)
    {
        if change.what == What::Deleted {
            *record = None;
            continue;
        }
        let record = record.get_or_insert_with(|| Record::new(id, kind));
        for field in &change.fields {
            record.put(&field.field, field.new.clone());
        }
    }
}
