//! The store in memory: for tests, dry runs and programs that keep nothing.
//!
//! It behaves as the durable store does, limits and outcomes included, and forgets everything when
//! it is dropped.

mod rows;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;

use self::rows::Rows;
use super::leases::{Asked, Leases};
use super::limits::{self, JournalAnswer};
use super::tail::Tail;
use super::{
    Batch, Expect, Health, JournalRow, Lease, OPS_KEPT, OpId, Outcome, Pos, Row, Snapshot, Store,
    StoreError, StoreResult, Table, Versioned,
};

/// A [`Store`] that lives in memory.
///
/// A row keeps its older versions only while a snapshot can see them, so a snapshot costs nothing
/// however large the store is.
#[derive(Debug)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: RwLock<State>,
    leases: Leases,
    tail: Tail,
}

#[derive(Debug, Default)]
struct State {
    rows: Rows,
    journal: BTreeMap<u64, (OpId, Vec<u8>)>,
    journal_bytes: u64,
    ops: HashMap<OpId, u64>,
    ops_kept: u64,
    numbers: HashMap<String, u64>,
    epochs: HashMap<String, u64>,
    /// Open snapshots by position.
    readers: BTreeMap<u64, usize>,
    last: u64,
    commits: u64,
    closed: bool,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::with_ops_kept(OPS_KEPT)
    }

    /// An empty store that remembers the last `ops_kept` operations.
    #[must_use]
    pub fn with_ops_kept(ops_kept: u64) -> Self {
        Self {
            shared: Arc::new(Shared {
                state: RwLock::new(State {
                    ops_kept,
                    ..State::default()
                }),
                leases: Leases::default(),
                tail: Tail::new(Pos::ZERO),
            }),
        }
    }
}

impl Store for MemoryStore {
    fn snapshot(&self, at_least: Option<Pos>) -> StoreResult<Arc<dyn Snapshot>> {
        self.shared.tail.reach(at_least)?;
        let mut state = self.shared.state.write();
        state.check_open()?;
        let pos = state.last;
        *state.readers.entry(pos).or_default() += 1;
        Ok(Arc::new(MemorySnapshot {
            shared: Arc::clone(&self.shared),
            pos,
        }))
    }

    fn commit(&self, batches: Vec<Batch>) -> StoreResult<Vec<Outcome>> {
        for batch in &batches {
            limits::check_batch(batch)?;
        }
        let mut state = self.shared.state.write();
        state.check_open()?;
        let before = state.last;
        let outcomes = batches
            .into_iter()
            .map(|batch| state.apply(batch, &self.shared.leases))
            .collect();
        if state.last > before {
            state.commits += 1;
            state.prune_ops(before);
            let oldest = state.oldest();
            state.rows.prune(oldest);
        }
        let last = Pos(state.last);
        drop(state);
        self.shared.tail.publish(last);
        Ok(outcomes)
    }

    fn numbers(&self, counter: &str, count: u64) -> StoreResult<u64> {
        limits::check_numbers(counter, count)?;
        let mut state = self.shared.state.write();
        state.check_open()?;
        let used = state.numbers.entry(counter.to_owned()).or_default();
        let first = *used + 1;
        *used = used
            .checked_add(count)
            .ok_or_else(|| StoreError::Limit(format!("counter `{counter}` has no numbers left")))?;
        Ok(first)
    }

    fn journal(&self, after: Pos, max: usize) -> StoreResult<Vec<JournalRow>> {
        let state = self.shared.state.read();
        state.check_open()?;
        let mut answer = JournalAnswer::new(max);
        for (pos, (op, bytes)) in state.journal.range(after.0.saturating_add(1)..) {
            if answer.is_full() {
                break;
            }
            answer.push(JournalRow {
                pos: Pos(*pos),
                op: *op,
                bytes: bytes.clone(),
            });
        }
        Ok(answer.into_rows())
    }

    fn rewrite_journal(&self, entries: Vec<(Pos, Vec<u8>)>) -> StoreResult<()> {
        limits::check_rewrite(&entries)?;
        let mut state = self.shared.state.write();
        state.check_open()?;
        for (pos, bytes) in entries {
            let added = bytes.len() as u64;
            if let Some((_, old)) = state.journal.get_mut(&pos.0) {
                let removed = std::mem::replace(old, bytes).len() as u64;
                state.journal_bytes = (state.journal_bytes + added).saturating_sub(removed);
            }
        }
        Ok(())
    }

    fn wait(&self, after: Pos, timeout: Duration) -> Pos {
        self.shared.tail.wait(after, timeout)
    }

    fn lease(&self, name: &str, node: &str, ttl: Duration) -> StoreResult<Option<Lease>> {
        limits::check_lease(name, node, ttl)?;
        let mut state = self.shared.state.write();
        state.check_open()?;
        match self.shared.leases.ask(name, node, ttl) {
            Asked::Renewed(lease) => Ok(Some(lease)),
            Asked::Taken => Ok(None),
            Asked::Free => {
                let epoch = state.epochs.entry(name.to_owned()).or_default();
                *epoch += 1;
                Ok(Some(self.shared.leases.grant(name, node, *epoch, ttl)))
            }
        }
    }

    fn health(&self) -> StoreResult<Health> {
        let state = self.shared.state.read();
        state.check_open()?;
        let live = state.rows.live_bytes() + state.journal_bytes;
        Ok(Health {
            file_bytes: live,
            live_bytes: live,
            oldest_reader: state.readers.keys().next().map(|pos| Pos(*pos)),
            last: Pos(state.last),
            commits: state.commits,
        })
    }

    fn close(&self) -> StoreResult<()> {
        self.shared.state.write().closed = true;
        self.shared.tail.close();
        Ok(())
    }
}

impl State {
    fn check_open(&self) -> StoreResult<()> {
        if self.closed {
            return Err(StoreError::Closed);
        }
        Ok(())
    }

    /// Position of the oldest open snapshot, else the last: nobody reads anything before it.
    fn oldest(&self) -> u64 {
        self.readers.keys().next().copied().unwrap_or(self.last)
    }

    fn apply(&mut self, batch: Batch, leases: &Leases) -> Outcome {
        if let Some(pos) = self.ops.get(&batch.op) {
            return Outcome::Duplicate(Pos(*pos));
        }
        if batch
            .fence
            .as_ref()
            .is_some_and(|lease| !leases.holds(lease))
        {
            return Outcome::Fenced;
        }
        if batch.after.is_some_and(|op| !self.ops.contains_key(&op)) {
            return Outcome::Orphaned;
        }
        for (table, key, expect) in batch.expect {
            let found = self.rows.version(table, &key);
            let as_expected = match expect {
                Expect::Absent => found.is_none(),
                Expect::Version(pos) => found == Some(pos.0),
                Expect::By(op) => found.is_some() && found == self.ops.get(&op).copied(),
            };
            if !as_expected {
                return Outcome::Conflict(table, key);
            }
        }
        let pos = self.last + 1;
        for (table, key) in batch.delete {
            self.rows.write(pos, table, key, None);
        }
        for (table, key, value) in batch.put {
            self.rows.write(pos, table, key, Some(value));
        }
        for (table, key, value) in batch.put_at_pos {
            let mut full = Vec::with_capacity(key.len() + size_of::<u64>());
            limits::key_at_pos(&mut full, &key, pos);
            self.rows.write(pos, table, full, Some(value));
        }
        self.journal_bytes += (batch.journal.len() + size_of::<OpId>() + size_of::<u64>()) as u64;
        self.journal.insert(pos, (batch.op, batch.journal));
        self.ops.insert(batch.op, pos);
        self.last = pos;
        Outcome::Done(Pos(pos))
    }

    /// Forgets the operations that fell out of the kept window, see [`OPS_KEPT`].
    fn prune_ops(&mut self, before: u64) {
        let from = before.saturating_sub(self.ops_kept) + 1;
        let to = self.last.saturating_sub(self.ops_kept);
        for pos in from..=to {
            if let Some((op, _)) = self.journal.get(&pos)
                && self.ops.get(op) == Some(&pos)
            {
                self.ops.remove(op);
            }
        }
    }
}

#[derive(Debug)]
struct MemorySnapshot {
    shared: Arc<Shared>,
    pos: u64,
}

impl Drop for MemorySnapshot {
    fn drop(&mut self) {
        let mut state = self.shared.state.write();
        if let Some(count) = state.readers.get_mut(&self.pos) {
            *count -= 1;
            if *count == 0 {
                state.readers.remove(&self.pos);
            }
        }
    }
}

impl Snapshot for MemorySnapshot {
    fn pos(&self) -> Pos {
        Pos(self.pos)
    }

    fn get_many(&self, keys: &[(Table, super::Key)]) -> StoreResult<Vec<Option<Versioned>>> {
        let state = self.shared.state.read();
        state.check_open()?;
        Ok(keys
            .iter()
            .map(|(table, key)| state.rows.get(self.pos, *table, key))
            .collect())
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
        let state = self.shared.state.read();
        state.check_open()?;
        Ok(state.rows.range(self.pos, table, from, to, reverse, limit))
    }

    fn get(&self, table: Table, key: &[u8]) -> StoreResult<Option<Versioned>> {
        let state = self.shared.state.read();
        state.check_open()?;
        Ok(state.rows.get(self.pos, table, key))
    }
}
