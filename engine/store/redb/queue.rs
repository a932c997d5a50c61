//! What waits for the writer.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::store::{Batch, Lease, Outcome, Pos, StoreError, StoreResult};

/// Most batches that share one commit.
pub(super) const GROUP_BATCHES: usize = 1_024;
/// Most bytes that share one commit.
pub(super) const GROUP_BYTES: usize = 16 * 1_024 * 1_024;

/// How often the writer steps aside without anybody joining before it goes on.
const IDLE_YIELDS: usize = 2;

/// A piece of work for the writer. A reply whose other end was dropped has no taker, and that is
/// fine; a reply dropped unsent tells the waiter that the writer is gone.
#[derive(Debug)]
pub(super) enum Request {
    /// Batches to apply, at most [`GROUP_BATCHES`] and [`GROUP_BYTES`].
    Commit {
        batches: Vec<Batch>,
        count: usize,
        bytes: usize,
        reply: Reply<Vec<Outcome>>,
    },
    /// Numbers to lease for a counter; without a taker when they are leased ahead of need.
    Numbers {
        counter: String,
        count: u64,
        reply: Option<Reply<()>>,
    },
    /// A lease to hand out, unless somebody has taken it meanwhile.
    Lease {
        name: String,
        node: String,
        ttl: Duration,
        reply: Reply<Option<Lease>>,
    },
    /// Journal entries to replace.
    Rewrite {
        entries: Vec<(Pos, Vec<u8>)>,
        bytes: usize,
        reply: Reply<()>,
    },
}

/// Where an answer goes.
pub(super) type Reply<T> = SyncSender<StoreResult<T>>;

/// A reply and where its answer arrives.
pub(super) fn reply<T>() -> (Reply<T>, Receiver<StoreResult<T>>) {
    sync_channel(1)
}

impl Request {
    fn weight(&self) -> (usize, usize) {
        match self {
            Self::Commit { count, bytes, .. } => (*count, *bytes),
            Self::Rewrite { entries, bytes, .. } => (entries.len(), *bytes),
            Self::Numbers { .. } | Self::Lease { .. } => (1, 0),
        }
    }

    /// Answers that the commit failed, and that its batches may or may not have been applied.
    pub(super) fn lose(self, error: &StoreError) {
        match self {
            Self::Commit { count, reply, .. } => {
                drop(reply.send(Ok(vec![Outcome::Unknown; count])));
            }
            other => other.refuse(error),
        }
    }

    /// Answers with an error.
    pub(super) fn refuse(self, error: &StoreError) {
        match self {
            Self::Commit { reply, .. } => drop(reply.send(Err(error.clone()))),
            Self::Numbers { reply, .. } => {
                if let Some(reply) = reply {
                    drop(reply.send(Err(error.clone())));
                }
            }
            Self::Lease { reply, .. } => drop(reply.send(Err(error.clone()))),
            Self::Rewrite { reply, .. } => drop(reply.send(Err(error.clone()))),
        }
    }
}

/// The queue between callers and the writer. Callers wait for their answers, so it is as long as
/// there are callers.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    filled: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Request>,
    /// Requests in the last group.
    last_group: usize,
    closed: bool,
}

impl Queue {
    /// Adds requests, one behind the other.
    pub(super) fn push(&self, requests: impl IntoIterator<Item = Request>) -> StoreResult<()> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(StoreError::Closed);
        }
        state.waiting.extend(requests);
        drop(state);
        self.filled.notify_one();
        Ok(())
    }

    /// Takes what is waiting, up to the size of a group, into `group`. Waits while there is
    /// nothing; `false` when there is nothing and nothing more will come.
    pub(super) fn take(&self, group: &mut Vec<Request>) -> bool {
        let mut state = self.state.lock();
        while state.waiting.is_empty() {
            if state.closed {
                return false;
            }
            self.filled.wait(&mut state);
        }
        self.let_join(&mut state);
        let (mut batches, mut bytes) = (0, 0);
        while let Some(next) = state.waiting.front() {
            let (more_batches, more_bytes) = next.weight();
            batches += more_batches;
            bytes += more_bytes;
            let full = batches > GROUP_BATCHES || bytes > GROUP_BYTES;
            if full && !group.is_empty() {
                break;
            }
            group.extend(state.waiting.pop_front());
        }
        state.last_group = group.len();
        true
    }

    /// Lets callers join that are on their way. Those of the last group were woken a moment ago,
    /// all at once: taking the first one back alone would keep the others waiting for two syncs. No
    /// time is set for this, it only gives the processor away while that brings somebody in, and a
    /// lone caller is not held up at all.
    fn let_join(&self, state: &mut MutexGuard<'_, State>) {
        let mut idle = 0;
        while state.waiting.len() < state.last_group && idle < IDLE_YIELDS && !state.closed {
            let before = state.waiting.len();
            MutexGuard::unlocked(state, std::thread::yield_now);
            idle = if state.waiting.len() > before {
                0
            } else {
                idle + 1
            };
        }
    }

    /// Takes no more requests; what waits is still worked off.
    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.filled.notify_all();
    }

    /// Takes no more requests and forgets those that wait, whose callers learn that the writer is
    /// gone.
    pub(super) fn abandon(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        drop(waiting);
    }
}
