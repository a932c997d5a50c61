//! A store that counts what is asked of it, so that tests can hold round trips to a number.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{
    Batch, Health, JournalRow, Key, Lease, Outcome, Pos, Read, Row, Snapshot, Span, Store,
    StoreResult, Table, Versioned,
};

/// Wraps a store and counts the calls made through it and its snapshots.
#[derive(Debug)]
pub struct CountingStore<S> {
    inner: S,
    tally: Arc<Tally>,
}

/// What was asked of a [`CountingStore`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Snapshots taken.
    pub snapshots: u64,
    /// Calls of `get_many`, `get` and `read`.
    pub gets: u64,
    /// Keys asked for by them.
    pub keys: u64,
    /// Calls of `range`.
    pub ranges: u64,
    /// Rows answered by `get_many`, `get`, `read` and `range`.
    pub rows: u64,
    /// Calls of `commit`.
    pub commits: u64,
    /// Batches in them.
    pub batches: u64,
    /// Calls of `journal`.
    pub journals: u64,
    /// Calls of `numbers`.
    pub numbers: u64,
}

impl Counts {
    /// Reads that a distant store would answer over the network, one round trip each. A snapshot
    /// is none: it travels with the first read.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.gets + self.ranges
    }

    /// Reads and commits.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.reads() + self.commits
    }
}

#[derive(Debug, Default)]
struct Tally {
    snapshots: AtomicU64,
    gets: AtomicU64,
    keys: AtomicU64,
    ranges: AtomicU64,
    rows: AtomicU64,
    commits: AtomicU64,
    batches: AtomicU64,
    journals: AtomicU64,
    numbers: AtomicU64,
}

impl Tally {
    fn add(counter: &AtomicU64, count: usize) {
        counter.fetch_add(count as u64, Ordering::Relaxed);
    }
}

impl<S: Store> CountingStore<S> {
    /// Starts counting at zero.
    pub fn new(inner: S) -> Self {
        Self {
            inner,
            tally: Arc::default(),
        }
    }

    /// The wrapped store.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// What was asked since the start or the last [`take`](Self::take).
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.read(|counter| counter.load(Ordering::Relaxed))
    }

    /// Returns the counts and starts again at zero.
    pub fn take(&self) -> Counts {
        self.read(|counter| counter.swap(0, Ordering::Relaxed))
    }

    fn read(&self, of: impl Fn(&AtomicU64) -> u64) -> Counts {
        Counts {
            snapshots: of(&self.tally.snapshots),
            gets: of(&self.tally.gets),
            keys: of(&self.tally.keys),
            ranges: of(&self.tally.ranges),
            rows: of(&self.tally.rows),
            commits: of(&self.tally.commits),
            batches: of(&self.tally.batches),
            journals: of(&self.tally.journals),
            numbers: of(&self.tally.numbers),
        }
    }
}

impl<S: Store> Store for CountingStore<S> {
    fn snapshot(&self, at_least: Option<Pos>) -> StoreResult<Arc<dyn Snapshot>> {
        Tally::add(&self.tally.snapshots, 1);
        Ok(Arc::new(CountingSnapshot {
            inner: self.inner.snapshot(at_least)?,
            tally: Arc::clone(&self.tally),
        }))
    }

    fn commit(&self, batches: Vec<Batch>) -> StoreResult<Vec<Outcome>> {
        Tally::add(&self.tally.commits, 1);
        Tally::add(&self.tally.batches, batches.len());
        self.inner.commit(batches)
    }

    fn numbers(&self, counter: &str, count: u64) -> StoreResult<u64> {
        Tally::add(&self.tally.numbers, 1);
        self.inner.numbers(counter, count)
    }

    fn journal(&self, after: Pos, max: usize) -> StoreResult<Vec<JournalRow>> {
        Tally::add(&self.tally.journals, 1);
        self.inner.journal(after, max)
    }

    fn rewrite_journal(&self, entries: Vec<(Pos, Vec<u8>)>) -> StoreResult<()> {
        self.inner.rewrite_journal(entries)
    }

    fn wait(&self, after: Pos, timeout: Duration) -> Pos {
        self.inner.wait(after, timeout)
    }

    fn lease(&self, name: &str, node: &str, ttl: Duration) -> StoreResult<Option<Lease>> {
        self.inner.lease(name, node, ttl)
    }

    fn health(&self) -> StoreResult<Health> {
        self.inner.health()
    }

    fn close(&self) -> StoreResult<()> {
        self.inner.close()
    }
}

struct CountingSnapshot {
    inner: Arc<dyn Snapshot>,
    tally: Arc<Tally>,
}

impl Snapshot for CountingSnapshot {
    fn pos(&self) -> Pos {
        self.inner.pos()
    }

    fn get_many(&self, keys: &[(Table, Key)]) -> StoreResult<Vec<Option<Versioned>>> {
        Tally::add(&self.tally.gets, 1);
        Tally::add(&self.tally.keys, keys.len());
        let rows = self.inner.get_many(keys)?;
        Tally::add(&self.tally.rows, rows.iter().flatten().count());
        Ok(rows)
    }

    fn range(
        &self,
        table: Table,
        from: &[u8],
        to: &[u8],
        reverse: bool,
        limit: usize,
    ) -> StoreResult<Vec<Row>> {
        Tally::add(&self.tally.ranges, 1);
        let rows = self.inner.range(table, from, to, reverse, limit)?;
        Tally::add(&self.tally.rows, rows.len());
        Ok(rows)
    }

    fn read(&self, keys: &[(Table, Key)], spans: &[Span]) -> StoreResult<Read> {
        Tally::add(&self.tally.gets, 1);
        Tally::add(&self.tally.keys, keys.len());
        let read = self.inner.read(keys, spans)?;
        let in_spans: usize = read.1.iter().map(Vec::len).sum();
        let by_key = read.0.iter().flatten().count();
        Tally::add(&self.tally.rows, by_key + in_spans);
        Ok(read)
    }

    fn get(&self, table: Table, key: &[u8]) -> StoreResult<Option<Versioned>> {
        Tally::add(&self.tally.gets, 1);
        Tally::add(&self.tally.keys, 1);
        let row = self.inner.get(table, key)?;
        Tally::add(&self.tally.rows, usize::from(row.is_some()));
        Ok(row)
    }
}
