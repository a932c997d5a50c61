//! A store in memory that can be held up, made to fail, and asked how many batches came together.

use std::sync::Arc;
use std::time::Duration;

use opora::store::{
    Batch, Health, JournalRow, Lease, MemoryStore, Outcome, Pos, Snapshot, Store, StoreError,
    StoreResult,
};
use parking_lot::{Condvar, Mutex};

/// What is done with the next commit before it is made.
type Meddling = Box<dyn FnOnce(&[Batch]) + Send>;

#[derive(Default)]
pub struct Watched {
    inner: MemoryStore,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Commits to hold up.
    to_hold: usize,
    held: bool,
    fails: bool,
    meddling: Option<Meddling>,
    /// Batches of each commit.
    sizes: Vec<usize>,
}

impl Watched {
    /// Holds the next commit up until it is let go.
    pub fn hold_next(&self) {
        self.state.lock().to_hold += 1;
    }

    /// Waits until a commit is held up.
    pub fn await_held(&self) {
        let mut state = self.state.lock();
        while !state.held {
            self.changed.wait(&mut state);
        }
    }

    /// Lets the commit go that is held up.
    pub fn let_go(&self) {
        self.state.lock().held = false;
        self.changed.notify_all();
    }

    /// Makes the next commit of several batches fail.
    pub fn fail_next(&self) {
        self.state.lock().fails = true;
    }

    /// Does something just before the next commit of several batches.
    pub fn meddle(&self, meddling: impl FnOnce(&[Batch]) + Send + 'static) {
        self.state.lock().meddling = Some(Box::new(meddling));
    }

    /// The most batches that came in one commit.
    pub fn most(&self) -> usize {
        self.state.lock().sizes.iter().copied().max().unwrap_or(0)
    }

    /// Commits so far.
    pub fn commits(&self) -> usize {
        self.state.lock().sizes.len()
    }
}

impl Store for Watched {
    fn snapshot(&self, at_least: Option<Pos>) -> StoreResult<Arc<dyn Snapshot>> {
        self.inner.snapshot(at_least)
    }

    fn commit(&self, batches: Vec<Batch>) -> StoreResult<Vec<Outcome>> {
        let mut state = self.state.lock();
        state.sizes.push(batches.len());
        if state.to_hold > 0 {
            state.to_hold -= 1;
            state.held = true;
            self.changed.notify_all();
            while state.held {
                self.changed.wait(&mut state);
            }
        }
        if batches.len() > 1 && std::mem::take(&mut state.fails) {
            return Err(StoreError::Io("the disk is on fire".to_owned()));
        }
        let meddling = match batches.len() {
            0 | 1 => None,
            _ => state.meddling.take(),
        };
        drop(state);
        if let Some(meddling) = meddling {
            meddling(&batches);
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "as long as a sync takes, so that others come meanwhile"
        )]
        std::thread::sleep(Duration::from_micros(300));
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
