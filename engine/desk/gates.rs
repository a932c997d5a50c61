//! Queues before contended records: who lost once waits its turn before it decides again.

use std::collections::{BTreeMap, VecDeque};

use parking_lot::{Condvar, Mutex};

use crate::store::Key;

/// The queues, by key; a key nobody waits for has none.
#[derive(Default)]
pub struct Gates {
    state: Mutex<State>,
    turn: Condvar,
}

#[derive(Default)]
struct State {
    queues: BTreeMap<Key, VecDeque<u64>>,
    next_ticket: u64,
}

/// A place at the head of a queue; leaving it lets the next one in.
pub struct Pass<'a> {
    gates: &'a Gates,
    key: Key,
    ticket: u64,
}

impl Gates {
    /// Whether somebody holds or waits for the key: then a newcomer queues at once instead of
    /// snatching the record from who waits.
    pub fn is_contended(&self, key: &Key) -> bool {
        self.state.lock().queues.contains_key(key)
    }

    /// Waits, first come first served, until the key's queue is the caller's.
    pub fn enter(&self, key: Key) -> Pass<'_> {
        let mut state = self.state.lock();
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        state
            .queues
            .entry(key.clone())
            .or_default()
            .push_back(ticket);
        while state.queues.get(&key).and_then(VecDeque::front) != Some(&ticket) {
            self.turn.wait(&mut state);
        }
        Pass {
            gates: self,
            key,
            ticket,
        }
    }
}

impl Pass<'_> {
    /// The key that is held.
    pub const fn key(&self) -> &Key {
        &self.key
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let mut state = self.gates.state.lock();
        if let Some(queue) = state.queues.get_mut(&self.key) {
            queue.retain(|t| *t != self.ticket);
            if queue.is_empty() {
                state.queues.remove(&self.key);
            }
        }
        drop(state);
        self.gates.turn.notify_all();
    }
}
