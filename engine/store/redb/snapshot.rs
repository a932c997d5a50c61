//! A read transaction as a [`Snapshot`].

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable};

use super::tables::{self, fail};
use crate::store::{Key, Pos, Row, Snapshot, StoreError, StoreResult, Table, Versioned, limits};

type Rows = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// Positions of the open snapshots, for health: an old one keeps dead pages from being used again.
#[derive(Debug, Default)]
pub(super) struct Readers(Mutex<BTreeMap<Pos, usize>>);

impl Readers {
    pub(super) fn oldest(&self) -> Option<Pos> {
        self.0.lock().keys().next().copied()
    }

    fn enter(&self, pos: Pos) {
        *self.0.lock().entry(pos).or_default() += 1;
    }

    fn leave(&self, pos: Pos) {
        let mut open = self.0.lock();
        if let Some(count) = open.get_mut(&pos) {
            *count -= 1;
            if *count == 0 {
                open.remove(&pos);
            }
        }
    }
}

/// A view of the file as of one position.
pub(super) struct RedbSnapshot {
    txn: ReadTransaction,
    pos: Pos,
    /// Tables opened so far by number: opening one is a look-up that a second read can spare.
    rows: [OnceLock<Rows>; Table::ALL.len() + 1],
    readers: Arc<Readers>,
    closed: Arc<AtomicBool>,
}

impl fmt::Debug for RedbSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbSnapshot")
            .field("pos", &self.pos)
            .finish_non_exhaustive()
    }
}

impl RedbSnapshot {
    pub(super) fn new(
        txn: ReadTransaction,
        readers: Arc<Readers>,
        closed: Arc<AtomicBool>,
    ) -> StoreResult<Self> {
        // Read within the transaction, so that position and rows are of one commit.
        let pos = last_pos(&txn)?;
        readers.enter(pos);
        Ok(Self {
            txn,
            pos,
            rows: [const { OnceLock::new() }; Table::ALL.len() + 1],
            readers,
            closed,
        })
    }

    fn rows(&self, table: Table) -> StoreResult<&Rows> {
        if self.closed.load(Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        let slot = self
            .rows
            .get(table as usize)
            .ok_or_else(|| StoreError::Corrupt(format!("no table for {table:?}")))?;
        if let Some(rows) = slot.get() {
            return Ok(rows);
        }
        let rows = self.txn.open_table(tables::rows(table)).map_err(fail)?;
        Ok(slot.get_or_init(|| rows))
    }
}

impl Drop for RedbSnapshot {
    fn drop(&mut self) {
        self.readers.leave(self.pos);
    }
}

impl Snapshot for RedbSnapshot {
    fn pos(&self) -> Pos {
        self.pos
    }

    fn get_many(&self, keys: &[(Table, Key)]) -> StoreResult<Vec<Option<Versioned>>> {
        keys.iter()
            .map(|(table, key)| self.get(*table, key))
            .collect()
    }

    fn range(
        &self,
        table: Table,
        from: &[u8],
        to: &[u8],
        reverse: bool,
        limit: usize,
    ) -> StoreResult<Vec<Row>> {
        limits::check_range(limit)?;
        let rows = self.rows(table)?;
        if from >= to || limit == 0 {
            return Ok(Vec::new());
        }
        let mut range = rows
            .range::<&[u8]>((Bound::Included(from), Bound::Excluded(to)))
            .map_err(fail)?;
        let mut found = Vec::new();
        while found.len() < limit {
            let next = if reverse {
                range.next_back()
            } else {
                range.next()
            };
            let Some(row) = next else {
                break;
            };
            let (key, stored) = row.map_err(fail)?;
            found.push((key.value().to_vec(), tables::decode_row(stored.value())?));
        }
        Ok(found)
    }

    fn get(&self, table: Table, key: &[u8]) -> StoreResult<Option<Versioned>> {
        self.rows(table)?
            .get(key)
            .map_err(fail)?
            .map(|stored| tables::decode_row(stored.value()))
            .transpose()
    }
}

/// The last position in a transaction's view.
pub(super) fn last_pos(txn: &ReadTransaction) -> StoreResult<Pos> {
    let journal = txn.open_table(tables::JOURNAL).map_err(fail)?;
    let last = journal.last().map_err(fail)?;
    Ok(last.map_or(Pos::ZERO, |(pos, _)| Pos(pos.value())))
}
