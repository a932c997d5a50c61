//! One write transaction: the batches that share a commit, applied in order.

use std::collections::BTreeMap;

use redb::{ReadableTable, WriteTransaction};

use super::numbers::BLOCK;
use super::tables::{self, VERSION_BYTES, fail};
use crate::store::leases::{Asked, Leases};
use crate::store::{
    Batch, Expect, Key, Lease, OpId, Outcome, Pos, StoreError, StoreResult, Table, limits,
};

use std::time::Duration;

type Rows<'t> = redb::Table<'t, &'static [u8], &'static [u8]>;

/// Bytes of an operation row, and of a journal row beside its entry.
const OP_ROW_BYTES: usize = size_of::<OpId>() + size_of::<u64>();

/// Buffers that outlive a transaction, so that a row costs no allocation.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    key: Vec<u8>,
    value: Vec<u8>,
}

/// Numbers leased in a transaction: those after `before` up to `last`.
#[derive(Debug)]
pub(super) struct Grant {
    pub(super) counter: String,
    pub(super) before: u64,
    pub(super) last: u64,
    needed: u64,
}

/// What a transaction did.
#[derive(Debug)]
pub(super) struct Applied {
    /// Position of its last batch.
    pub(super) last: u64,
    /// Bytes by which live rows grew.
    pub(super) live: i64,
    /// Numbers it leased.
    pub(super) grants: Vec<Grant>,
    /// Whether there is anything to commit.
    pub(super) changed: bool,
}

/// A write transaction and its open tables.
pub(super) struct Group<'t> {
    txn: &'t WriteTransaction,
    rows: BTreeMap<Table, Rows<'t>>,
    journal: redb::Table<'t, u64, &'static [u8]>,
    ops: redb::Table<'t, u128, u64>,
    leases: &'t Leases,
    scratch: &'t mut Scratch,
    first: u64,
    last: u64,
    live: i64,
    grants: Vec<Grant>,
    changed: bool,
}

impl<'t> Group<'t> {
    /// Begins after position `last`.
    pub(super) fn new(
        txn: &'t WriteTransaction,
        leases: &'t Leases,
        scratch: &'t mut Scratch,
        last: u64,
    ) -> StoreResult<Self> {
        Ok(Self {
            txn,
            rows: BTreeMap::new(),
            journal: txn.open_table(tables::JOURNAL).map_err(fail)?,
            ops: txn.open_table(tables::OPS).map_err(fail)?,
            leases,
            scratch,
            first: last,
            last,
            live: 0,
            grants: Vec::new(),
            changed: false,
        })
    }

    /// Applies one batch, or leaves no trace of it. An error leaves the transaction to be aborted.
    pub(super) fn apply(&mut self, batch: Batch) -> StoreResult<Outcome> {
        // INVARIANT: everything that can turn a batch away is checked before its first write, so
        // that the batches before and after it share the transaction with nothing of it in there.
        let op = tables::op_key(&batch.op);
        if let Some(pos) = self.position_of(&batch.op)? {
            return Ok(Outcome::Duplicate(pos));
        }
        if batch
            .fence
            .as_ref()
            .is_some_and(|lease| !self.leases.holds(lease))
        {
            return Ok(Outcome::Fenced);
        }
        if let Some(op) = &batch.after
            && self.position_of(op)?.is_none()
        {
            return Ok(Outcome::Orphaned);
        }
        for (table, key, expect) in batch.expect {
            if !self.is_as_expected(table, &key, expect)? {
                return Ok(Outcome::Conflict(table, key));
            }
        }
        let pos = self
            .last
            .checked_add(1)
            .ok_or_else(|| StoreError::Corrupt("the journal has no positions left".to_owned()))?;
        for (table, key) in &batch.delete {
            self.delete(*table, key)?;
        }
        for (table, key, value) in &batch.put {
            self.put(pos, *table, key, value)?;
        }
        for (table, key, value) in &batch.put_at_pos {
            let mut full = std::mem::take(&mut self.scratch.key);
            limits::key_at_pos(&mut full, key, pos);
            let put = self.put(pos, *table, &full, value);
            self.scratch.key = full;
            put?;
        }
        tables::encode_entry(&mut self.scratch.value, &batch.op, &batch.journal);
        self.journal
            .insert(pos, self.scratch.value.as_slice())
            .map_err(fail)?;
        self.ops.insert(op, pos).map_err(fail)?;
        self.live += signed(OP_ROW_BYTES * 2 + batch.journal.len());
        self.last = pos;
        self.changed = true;
        Ok(Outcome::Done(Pos(pos)))
    }

    /// Makes sure that `count` more numbers of a counter are leased, and a block at least.
    pub(super) fn lease_numbers(&mut self, counter: &str, count: u64) -> StoreResult<()> {
        let known = self
            .grants
            .iter()
            .position(|grant| grant.counter == counter);
        let (before, needed) = match known.and_then(|at| self.grants.get(at)) {
            Some(grant) => (grant.before, grant.needed),
            None => {
                let counters = self.txn.open_table(tables::COUNTERS).map_err(fail)?;
                let row = counters.get(counter).map_err(fail)?;
                (row.map_or(0, |row| row.value()), 0)
            }
        };
        let exhausted = || StoreError::Limit(format!("counter `{counter}` has no numbers left"));
        let needed = needed.checked_add(count).ok_or_else(exhausted)?;
        let last = before
            .checked_add(needed.max(BLOCK))
            .ok_or_else(exhausted)?;
        match known.and_then(|at| self.grants.get_mut(at)) {
            Some(grant) => {
                grant.needed = needed;
                grant.last = last;
            }
            None => self.grants.push(Grant {
                counter: counter.to_owned(),
                before,
                last,
                needed,
            }),
        }
        self.changed = true;
        Ok(())
    }

    /// Hands out a lease that nobody holds.
    pub(super) fn lease(
        &mut self,
        name: &str,
        node: &str,
        ttl: Duration,
    ) -> StoreResult<Option<Lease>> {
        match self.leases.ask(name, node, ttl) {
            Asked::Renewed(lease) => Ok(Some(lease)),
            Asked::Taken => Ok(None),
            Asked::Free => {
                let mut epochs = self.txn.open_table(tables::EPOCHS).map_err(fail)?;
                let last = epochs.get(name).map_err(fail)?.map_or(0, |row| row.value());
                let epoch = last + 1;
                epochs.insert(name, epoch).map_err(fail)?;
                self.changed = true;
                Ok(Some(self.leases.grant(name, node, epoch, ttl)))
            }
        }
    }

    /// Replaces the bytes of journal entries.
    pub(super) fn rewrite(&mut self, entries: &[(Pos, Vec<u8>)]) -> StoreResult<()> {
        let mut is_rewritten = false;
        for (pos, bytes) in entries {
            let (op, removed) = match self.journal.get(pos.0).map_err(fail)? {
                Some(stored) => {
                    let (op, bytes) = tables::split_entry(stored.value())?;
                    (op, bytes.len())
                }
                None => continue,
            };
            tables::encode_entry(&mut self.scratch.value, &op, bytes);
            self.journal
                .insert(pos.0, self.scratch.value.as_slice())
                .map_err(fail)?;
            self.live += signed(bytes.len()) - signed(removed);
            is_rewritten = true;
        }
        if is_rewritten {
            let mut settings = self.txn.open_table(tables::SETTINGS).map_err(fail)?;
            settings.insert(tables::ERASED_ROW, 1).map_err(fail)?;
            self.changed = true;
        }
        Ok(())
    }

    /// Writes what was gathered, and forgets the operations that fell out of the kept window.
    pub(super) fn finish(mut self, ops_kept: u64) -> StoreResult<Applied> {
        let from = self.first.saturating_sub(ops_kept) + 1;
        let to = self.last.saturating_sub(ops_kept);
        for pos in from..=to {
            self.forget_op(pos)?;
        }
        if !self.grants.is_empty() {
            let mut counters = self.txn.open_table(tables::COUNTERS).map_err(fail)?;
            for grant in &self.grants {
                counters
                    .insert(grant.counter.as_str(), grant.last)
                    .map_err(fail)?;
            }
        }
        Ok(Applied {
            last: self.last,
            live: self.live,
            grants: self.grants,
            changed: self.changed,
        })
    }

    fn forget_op(&mut self, pos: u64) -> StoreResult<()> {
        let op = match self.journal.get(pos).map_err(fail)? {
            Some(stored) => tables::op_key(&tables::split_entry(stored.value())?.0),
            None => return Ok(()),
        };
        // Unless the operation was forgotten before and has come again since.
        let known = self.ops.get(op).map_err(fail)?.map(|known| known.value());
        if known == Some(pos) {
            self.ops.remove(op).map_err(fail)?;
            self.live -= signed(OP_ROW_BYTES);
        }
        Ok(())
    }

    fn is_as_expected(&mut self, table: Table, key: &Key, expect: Expect) -> StoreResult<bool> {
        let rows = open(&mut self.rows, self.txn, table)?;
        let found = match rows.get(key.as_slice()).map_err(fail)? {
            Some(stored) => Some(tables::split_row(stored.value())?.0),
            None => None,
        };
        Ok(match expect {
            Expect::Absent => found.is_none(),
            Expect::Version(pos) => found == Some(pos),
            Expect::By(op) => found.is_some() && found == self.position_of(&op)?,
        })
    }

    /// The position of an operation that was applied, in this transaction or before it.
    fn position_of(&self, op: &OpId) -> StoreResult<Option<Pos>> {
        let row = self.ops.get(tables::op_key(op)).map_err(fail)?;
        Ok(row.map(|pos| Pos(pos.value())))
    }

    fn put(&mut self, pos: u64, table: Table, key: &[u8], value: &[u8]) -> StoreResult<()> {
        tables::encode_row(&mut self.scratch.value, pos, value);
        let rows = open(&mut self.rows, self.txn, table)?;
        let old = rows
            .insert(key, self.scratch.value.as_slice())
            .map_err(fail)?;
        let removed = old.map_or(0, |old| key.len() + old.value().len());
        self.live += signed(key.len() + VERSION_BYTES + value.len()) - signed(removed);
        Ok(())
    }

    fn delete(&mut self, table: Table, key: &[u8]) -> StoreResult<()> {
        let rows = open(&mut self.rows, self.txn, table)?;
        let old = rows.remove(key).map_err(fail)?;
        self.live -= signed(old.map_or(0, |old| key.len() + old.value().len()));
        Ok(())
    }
}

fn open<'m, 't>(
    rows: &'m mut BTreeMap<Table, Rows<'t>>,
    txn: &'t WriteTransaction,
    table: Table,
) -> StoreResult<&'m mut Rows<'t>> {
    use std::collections::btree_map::Entry;
    match rows.entry(table) {
        Entry::Occupied(open) => Ok(open.into_mut()),
        Entry::Vacant(slot) => Ok(slot.insert(txn.open_table(tables::rows(table)).map_err(fail)?)),
    }
}

fn signed(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
