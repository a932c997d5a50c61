//! How many threads one pack's rules may hold at once.
//!
//! A rule that used little of its budget of late runs as it comes. One that used much needs a permit of its pack, of
//! which there are half as many as the machine has processors: whatever a pack's rules do, the other
//! half is left for everybody else. Permits are handed on in the order in which they were asked for.
//! Only so many may wait, so that the requests of a slow pack never hold all the turns of a server.
//! See `docs/decisions/0009-permits-for-slow-rules.md`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::{Error, ErrorKind, Result};
use crate::hooks::Rule;

/// Most calls that wait for a permit of one pack.
const MAX_WAITING: usize = 96;
/// Longest time that a call waits for its permit.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// The permits of all packs.
pub struct Permits {
    /// Permits of one pack.
    most: usize,
    /// Packs with slow calls under way.
    lanes: Mutex<BTreeMap<Arc<str>, Lane>>,
}

#[derive(Default)]
struct Lane {
    running: usize,
    waiting: VecDeque<Arc<Turn>>,
}

/// One call that waits.
#[derive(Default)]
struct Turn {
    has_come: Mutex<bool>,
    bell: Condvar,
}

/// Whether a call may be told to come again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Somebody waits for an answer, and may be told.
    Limited,
    /// The engine's own work, on a thread of its own: it waits as long as it takes.
    Endless,
}

impl Default for Permits {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self::of(processors / 2)
    }
}

impl Permits {
    /// So many for each pack, at least one.
    fn of(most: usize) -> Self {
        Self {
            most: most.max(1),
            lanes: Mutex::default(),
        }
    }

    /// Makes a call of a rule, when its pack has a permit left.
    ///
    /// # Errors
    /// Busy, when too many calls of the pack wait already, or this one waited too long.
    pub fn run<T>(&self, rule: &Rule, patience: Patience, call: impl FnOnce() -> T) -> Result<T> {
        let permit = if rule.tally.is_slow() {
            Some(self.enter(&rule.pack, patience)?)
        } else {
            None
        };
        let answer = call();
        drop(permit);
        Ok(answer)
    }

    fn enter(&self, pack: &Arc<str>, patience: Patience) -> Result<Permit<'_>> {
        let permit = || Permit {
            permits: self,
            pack: Arc::clone(pack),
        };
        let turn = {
            let mut lanes = self.lanes.lock();
            let lane = lanes.entry(Arc::clone(pack)).or_default();
            if lane.running < self.most {
                lane.running += 1;
                return Ok(permit());
            }
            if patience == Patience::Limited && lane.waiting.len() >= MAX_WAITING {
                return Err(busy(pack));
            }
            let turn = Arc::new(Turn::default());
            lane.waiting.push_back(Arc::clone(&turn));
            turn
        };
        match self.wait(pack, &turn, patience) {
            true => Ok(permit()),
            false => Err(busy(pack)),
        }
    }

    /// Waits until the turn has come; false when it did not come in time.
    fn wait(&self, pack: &str, turn: &Arc<Turn>, patience: Patience) -> bool {
        let mut has_come = turn.has_come.lock();
        if patience == Patience::Endless {
            while !*has_come {
                turn.bell.wait(&mut has_come);
            }
            return true;
        }
        let until = Instant::now() + MAX_WAIT;
        while !*has_come {
            if !turn.bell.wait_until(&mut has_come, until).timed_out() || *has_come {
                continue;
            }
            drop(has_come);
            let mut lanes = self.lanes.lock();
            let waiting = lanes.get_mut(pack).map(|lane| &mut lane.waiting);
            let place = waiting.and_then(|w| {
                let place = w.iter().position(|other| Arc::ptr_eq(other, turn))?;
                w.remove(place)
            });
            // Whoever is not in the queue any more was given the permit at the last moment.
            return place.is_none();
        }
        true
    }

    fn leave(&self, pack: &str) {
        let mut lanes = self.lanes.lock();
        let Some(lane) = lanes.get_mut(pack) else {
            return;
        };
        if let Some(next) = lane.waiting.pop_front() {
            *next.has_come.lock() = true;
            next.bell.notify_one();
            return;
        }
        lane.running = lane.running.saturating_sub(1);
        if lane.running == 0 {
            lanes.remove(pack);
        }
    }
}

/// A permit; it is handed on when it is dropped.
struct Permit<'p> {
    permits: &'p Permits,
    pack: Arc<str>,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.permits.leave(&self.pack);
    }
}

fn busy(pack: &str) -> Error {
    Error::new(
        ErrorKind::Busy,
        "rules_busy",
        format!(
            "the rules of pack `{pack}` are slow and too many calls of them wait; try again in a \
             moment"
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn waiting(permits: &Permits, pack: &str) -> usize {
        permits
            .lanes
            .lock()
            .get(pack)
            .map_or(0, |l| l.waiting.len())
    }

    /// Waits until a condition holds that other threads bring about.
    fn until(holds: impl Fn() -> bool) {
        while !holds() {
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_pack_holds_no_more_than_its_permits_and_nobody_elses() {
        let permits = Permits::of(2);
        let (pack, other): (Arc<str>, Arc<str>) = ("slow".into(), "other".into());
        let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let permit = permits.enter(&pack, Patience::Limited).unwrap();
                        let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(now, Ordering::SeqCst);
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(permit);
                    }
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) <= 2);
        let held: Vec<_> = (0..2)
            .map(|_| permits.enter(&pack, Patience::Limited))
            .collect();
        drop(permits.enter(&other, Patience::Limited).unwrap());
        drop(held);
        assert!(permits.lanes.lock().is_empty());
    }

    #[test]
    fn permits_are_handed_on_in_order() {
        let permits = Permits::of(1);
        let pack: Arc<str> = "slow".into();
        let order = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            let first = permits.enter(&pack, Patience::Limited).unwrap();
            for n in 0..5 {
                let (permits, pack, order) = (&permits, &pack, &order);
                scope.spawn(move || {
                    let _permit = permits.enter(pack, Patience::Limited).unwrap();
                    order.lock().push(n);
                });
                until(|| waiting(permits, pack) == n + 1);
            }
            drop(first);
        });
        assert_eq!(*order.lock(), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn the_queue_has_an_end_but_not_for_the_engine() {
        let permits = Permits::of(1);
        let pack: Arc<str> = "slow".into();
        std::thread::scope(|scope| {
            let first = permits.enter(&pack, Patience::Limited).unwrap();
            for _ in 0..MAX_WAITING {
                scope.spawn(|| drop(permits.enter(&pack, Patience::Limited)));
            }
            until(|| waiting(&permits, &pack) == MAX_WAITING);
            let refused = permits.enter(&pack, Patience::Limited).err().unwrap();
            assert_eq!(
                (refused.kind, refused.code),
                (ErrorKind::Busy, "rules_busy")
            );
            scope.spawn(|| drop(permits.enter(&pack, Patience::Endless)));
            until(|| waiting(&permits, &pack) == MAX_WAITING + 1);
            drop(first);
        });
        assert!(permits.lanes.lock().is_empty());
    }
}
