//! Queues before contended records: who lost once waits its turn before it decides again.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use crate::store::Key;

/// The queues, by key; a key nobody waits for has none.
#[derive(Default)]
pub struct Gates {
    queues: Mutex<BTreeMap<Key, VecDeque<Place>>>,
}

/// A place in a queue, with what its holder is woken by when its turn comes: nobody else wakes.
type Place = Arc<Condvar>;

/// A place at the head of a queue; leaving it lets the next one in.
pub struct Pass<'a> {
    gates: &'a Gates,
    key: Key,
}

impl Gates {
    /// Whether somebody holds or waits for the key: then a newcomer queues at once instead of
    /// snatching the record from who waits.
    pub fn is_contended(&self, key: &Key) -> bool {
        self.queues.lock().contains_key(key)
    }

    /// Waits, first come first served, until the key's queue is the caller's.
    pub fn enter(&self, key: Key) -> Pass<'_> {
        let place = Place::default();
        let mut queues = self.queues.lock();
        let queue = queues.entry(key.clone()).or_default();
        queue.push_back(Arc::clone(&place));
        while !is_head(queues.get(&key), &place) {
            place.wait(&mut queues);
        }
        Pass { gates: self, key }
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
        let mut queues = self.gates.queues.lock();
        let Some(queue) = queues.get_mut(&self.key) else {
            return;
        };
        // INVARIANT: who has a pass stands at the head until it is dropped.
        queue.pop_front();
        match queue.front() {
            Some(next) => drop(next.notify_one()),
            None => drop(queues.remove(&self.key)),
        }
    }
}

fn is_head(queue: Option<&VecDeque<Place>>, place: &Place) -> bool {
    queue
        .and_then(VecDeque::front)
        .is_some_and(|head| Arc::ptr_eq(head, place))
}
