//! A store that keeps the last batches that went through it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use opora::store::{Batch, Health, JournalRow, Lease, Outcome, Pos, Snapshot, Store, StoreResult};
use parking_lot::Mutex;

/// Most batches that are kept.
const KEPT: usize = 512;

/// Wraps a store; records only while it is told to.
pub struct Recorder<S> {
    inner: S,
    kept: Mutex<Option<VecDeque<Batch>>>,
}

impl<S: Store> Recorder<S> {
    /// A recorder that records nothing yet.
    pub const fn new(inner: S) -> Self {
        Self {
            inner,
            kept: Mutex::new(None),
        }
    }

    /// The wrapped store.
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    /// Records what `work` commits, and answers the batches.
    pub fn record<T>(&self, work: impl FnOnce() -> T) -> (T, Vec<Batch>) {
        *self.kept.lock() = Some(VecDeque::new());
        let answer = work();
        let kept = self.kept.lock().take().unwrap_or_default();
        (answer, kept.into())
    }
}

impl<S: Store> Store for Recorder<S> {
    fn snapshot(&self, at_least: Option<Pos>) -> StoreResult<Arc<dyn Snapshot>> {
        self.inner.snapshot(at_least)
    }

    fn commit(&self, batches: Vec<Batch>) -> StoreResult<Vec<Outcome>> {
        if let Some(kept) = self.kept.lock().as_mut() {
            kept.extend(batches.iter().cloned());
            let over = kept.len().saturating_sub(KEPT);
            kept.drain(..over);
        }
        self.inner.commit(batches)
    }

    fn numbers(&self, counter: &str, count: u64) -> StoreResult<u64> {
        self.inner.numbers(counter, count)
    }

    fn journal(&self, after: Pos, max: usize) -> StoreResult<Vec<JournalRow>> {
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
