//! The end of the journal as readers see it: the last position, and waiting for the next.

use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::{Pos, SNAPSHOT_WAIT, StoreError, StoreResult};

/// The last committed position, and who waits for a later one.
#[derive(Debug)]
pub(super) struct Tail {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Debug)]
struct State {
    last: Pos,
    closed: bool,
}

impl Tail {
    pub(super) fn new(last: Pos) -> Self {
        Self {
            state: Mutex::new(State {
                last,
                closed: false,
            }),
            moved: Condvar::new(),
        }
    }

    pub(super) fn last(&self) -> Pos {
        self.state.lock().last
    }

    /// Announces a new last position.
    pub(super) fn publish(&self, last: Pos) {
        let mut state = self.state.lock();
        if state.last < last {
            state.last = last;
            self.moved.notify_all();
        }
    }

    /// Wakes everybody who waits: nothing more will come.
    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.moved.notify_all();
    }

    /// Waits until something lies after `after`, at most `timeout`; returns the last position.
    pub(super) fn wait(&self, after: Pos, timeout: Duration) -> Pos {
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.state.lock();
        while state.last <= after && !state.closed {
            match deadline {
                Some(deadline) => {
                    if self.moved.wait_until(&mut state, deadline).timed_out() {
                        break;
                    }
                }
                // A timeout beyond the clock's range waits until something happens.
                None => self.moved.wait(&mut state),
            }
        }
        state.last
    }

    /// Waits until `at_least` is reached.
    pub(super) fn reach(&self, at_least: Option<Pos>) -> StoreResult<()> {
        let Some(at_least) = at_least else {
            return Ok(());
        };
        let deadline = Instant::now() + SNAPSHOT_WAIT;
        let mut state = self.state.lock();
        while state.last < at_least {
            if state.closed {
                return Err(StoreError::Closed);
            }
            if self.moved.wait_until(&mut state, deadline).timed_out() && state.last < at_least {
                return Err(StoreError::Timeout(at_least));
            }
        }
        Ok(())
    }
}
