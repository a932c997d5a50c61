//! Turns under way: one for each receiver at a time, each on a thread of its own, and at most so many
//! together. A receiver that answers slowly holds up nobody but itself.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Most turns under way.
const MOST: usize = 16;
/// How long a turn goes on before others that wait may have theirs.
const TURN_TIME: Duration = Duration::from_secs(5);

/// When a turn shall end: after the message under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct End(Option<Instant>);

impl End {
    /// A turn that nobody waits behind.
    pub const fn never() -> Self {
        Self(None)
    }

    /// A turn that begins now, among others.
    pub fn in_time() -> Self {
        Self(Some(Instant::now() + TURN_TIME))
    }

    /// Whether it is time.
    pub fn is_now(self) -> bool {
        self.0.is_some_and(|at| at <= Instant::now())
    }
}

/// Turns under way, by receiver, and what came of them.
pub(super) struct Turns<T> {
    under_way: BTreeMap<String, JoinHandle<()>>,
    /// In which order receivers had their last turn.
    had: BTreeMap<String, u64>,
    started: u64,
    sender: Sender<(String, Option<T>)>,
    ended: Receiver<(String, Option<T>)>,
}

impl<T: Send + 'static> Turns<T> {
    pub fn new() -> Self {
        let (sender, ended) = channel();
        Self {
            under_way: BTreeMap::new(),
            had: BTreeMap::new(),
            started: 0,
            sender,
            ended,
        }
    }

    /// Whether a receiver has its turn now.
    pub fn has(&self, receiver: &str) -> bool {
        self.under_way.contains_key(receiver)
    }

    /// Whether another turn may begin.
    pub fn has_room(&self) -> bool {
        self.under_way.len() < MOST
    }

    /// Whether none is under way.
    pub fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }

    /// A number that is smaller the longer ago a receiver had its turn.
    pub fn last(&self, receiver: &str) -> u64 {
        self.had.get(receiver).copied().unwrap_or(0)
    }

    /// Begins the turn of a receiver. Whether it could.
    pub fn start(&mut self, receiver: &str, turn: impl FnOnce() -> T + Send + 'static) -> bool {
        if self.has(receiver) || !self.has_room() {
            return false;
        }
        let (name, sender) = (receiver.to_owned(), self.sender.clone());
        let spawned = std::thread::Builder::new()
            .name("opora-turn".to_owned())
            .spawn(move || {
                let result = catch_unwind(AssertUnwindSafe(turn)).ok();
                // Nobody listens any more when the courier is gone.
                let _ = sender.send((name, result));
            });
        match spawned {
            Ok(thread) => {
                self.started += 1;
                self.had.insert(receiver.to_owned(), self.started);
                self.under_way.insert(receiver.to_owned(), thread);
                true
            }
            Err(e) => {
                tracing::error!("no thread for a delivery: {e}");
                false
            }
        }
    }

    /// The next turn that ended, waited for so long: whose, and what came of it; none when it broke.
    pub fn ended(&mut self, wait: Duration) -> Option<(String, Option<T>)> {
        let (name, result) = match wait.is_zero() {
            true => self.ended.try_recv().ok()?,
            false => self.ended.recv_timeout(wait).ok()?,
        };
        if let Some(thread) = self.under_way.remove(&name) {
            // What it panicked of was caught.
            let _ = thread.join();
        }
        if result.is_none() {
            tracing::error!(receiver = name, "a delivery broke");
        }
        Some((name, result))
    }
}

impl<T> Drop for Turns<T> {
    fn drop(&mut self) {
        for (_, thread) in std::mem::take(&mut self.under_way) {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Barrier};

    use super::*;

    #[test]
    fn turns_are_bounded_one_for_each_and_a_broken_one_ends() {
        let mut turns: Turns<usize> = Turns::new();
        let gate = Arc::new(Barrier::new(MOST + 1));
        for n in 0..MOST {
            let gate = gate.clone();
            let turn = move || {
                gate.wait();
                assert!(n != 3, "the third breaks");
                n
            };
            assert!(turns.start(&n.to_string(), turn));
        }
        assert!(!turns.has_room() && turns.has("0"));
        assert!(!turns.start("0", || 0) && !turns.start("more", || 0));
        assert!(turns.ended(Duration::ZERO).is_none());
        gate.wait();
        let mut broken = Vec::new();
        while let Some((name, result)) = turns.ended(Duration::from_secs(10)) {
            match result {
                Some(n) => assert_eq!(n.to_string(), name),
                None => broken.push(name),
            }
            if turns.is_empty() {
                break;
            }
        }
        assert_eq!(broken, ["3"]);
        assert!(turns.last("0") < turns.last("1") && turns.last("never") == 0);
    }
}
