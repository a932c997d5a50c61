//! How many threads one pack's rules may hold at once.
//!
//! A call that runs long needs a permit of its pack, of which there are half as many as the machine
//! has processors: whatever a pack's rules do, the other half is left for everybody else. A call that
//! ends soon needs none; one that has run for some milliseconds waits for it where it stands
//! (`hooks/watch.rs`). A rule that did so of late, or used much of its budget, needs it before its
//! call begins. Permits are handed on in the order in which they were asked for. Only so many may
//! wait, so that the requests of a slow pack never hold all the turns of a server.
//! See `docs/decisions/0009-permits-for-slow-rules.md`.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::{Error, ErrorKind, Result};
use crate::hooks::{Rule, watch};

/// Most calls that wait for a permit of one pack.
const MAX_WAITING: usize = 96;
/// Longest time that a call waits for its permit.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// The permits of all packs.
pub struct Permits(Arc<Lanes>);

struct Lanes {
    /// Permits of one pack.
    most: usize,
    /// Packs with long calls under way.
    by_pack: Mutex<BTreeMap<Arc<str>, Lane>>,
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
        Self(Arc::new(Lanes {
            most: most.max(1),
            by_pack: Mutex::default(),
        }))
    }

    /// Makes a call of a rule, with a permit of its pack when the rule was slow of late, or from when
    /// on the call runs long.
    ///
    /// # Errors
    /// Busy, when too many calls of the pack wait already, or this one waited too long.
    pub fn run<T>(
        &self,
        rule: &Arc<Rule>,
        patience: Patience,
        call: impl FnOnce() -> T,
    ) -> Result<T> {
        let permit = match rule.tally.is_slow() {
            true => Some(self.0.enter(&rule.pack, patience)),
            false => None,
        };
        let permit = Rc::new(RefCell::new(permit.transpose()?.map(Ok)));
        let (lanes, theirs) = (Arc::clone(&self.0), (Arc::clone(rule), Rc::clone(&permit)));
        let hold = move || {
            let (rule, permit) = theirs;
            rule.tally.runs_long();
            let mut permit = permit.borrow_mut();
            let entered = permit.get_or_insert_with(|| lanes.enter(&rule.pack, patience));
            entered.is_ok()
        };
        let answer = watch::held(Box::new(hold), call);
        match permit.take() {
            // What it came to says nothing of the rule.
            Some(Err(busy)) => Err(busy),
            Some(Ok(_)) | None => Ok(answer),
        }
    }
}

impl Lanes {
    fn enter(self: &Arc<Self>, pack: &Arc<str>, patience: Patience) -> Result<Permit> {
        let permit = || Permit {
            lanes: Arc::clone(self),
            pack: Arc::clone(pack),
        };
        let turn = {
            let mut lanes = self.by_pack.lock();
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
            let mut lanes = self.by_pack.lock();
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
        let mut lanes = self.by_pack.lock();
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
struct Permit {
    lanes: Arc<Lanes>,
    pack: Arc<str>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.lanes.leave(&self.pack);
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
    use crate::domain::Kind;
    use crate::hooks::watch::Watch;
    use crate::hooks::{Call, Failure, Hook, Manner, Outcome, Reads, Runner};

    struct Nothing;

    impl Runner for Nothing {
        fn call(&self, _: &Call) -> std::result::Result<Outcome, Failure> {
            Ok(Outcome::default())
        }
    }

    fn rule(pack: &str) -> Arc<Rule> {
        Arc::new(Rule {
            pack: pack.into(),
            version: "1.0.0".into(),
            name: "rule".into(),
            revision: [0; 32],
            hook: Hook::RecordValidate,
            priority: 0,
            kind: Kind::Ticket,
            applies_to: Vec::new(),
            reads: Vec::new(),
            overrides: false,
            when: Vec::new(),
            view: Reads::default(),
            writes: None,
            line: 1,
            manner: Manner::default(),
            runner: Arc::new(Nothing),
            tally: Arc::default(),
        })
    }

    /// Works for some milliseconds of the processor; false when it was told to stop.
    fn work_for(watch: &mut Watch, time: Duration) -> bool {
        let began = cpu_time::ThreadTime::now();
        while began.elapsed() < time {
            if watch.look().is_err() {
                return false;
            }
        }
        true
    }

    fn waiting(permits: &Permits, pack: &str) -> usize {
        permits
            .0
            .by_pack
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
                        let permit = permits.0.enter(&pack, Patience::Limited).unwrap();
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
            .map(|_| permits.0.enter(&pack, Patience::Limited))
            .collect();
        drop(permits.0.enter(&other, Patience::Limited).unwrap());
        drop(held);
        assert!(permits.0.by_pack.lock().is_empty());
    }

    #[test]
    fn calls_that_run_long_wait_where_they_stand_the_first_time_already() {
        let permits = Permits::of(2);
        let (slow, quick) = (rule("slow"), rule("quick"));
        let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let call = || {
                        let mut watch = Watch::begin(Duration::from_secs(60));
                        assert!(work_for(&mut watch, Duration::from_millis(6)));
                        let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(now, Ordering::SeqCst);
                        assert!(work_for(&mut watch, Duration::from_millis(6)));
                        inside.fetch_sub(1, Ordering::SeqCst);
                    };
                    permits.run(&slow, Patience::Limited, call).unwrap();
                    permits.run(&quick, Patience::Limited, || ()).unwrap();
                });
            }
        });
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)));
        assert!(slow.tally.is_slow() && !quick.tally.is_slow());
        assert!(permits.0.by_pack.lock().is_empty());
    }

    #[test]
    fn a_long_call_that_gets_no_permit_is_stopped_and_its_caller_told() {
        let permits = Permits::of(1);
        let slow = rule("slow");
        std::thread::scope(|scope| {
            let first = permits.0.enter(&slow.pack, Patience::Limited).unwrap();
            for _ in 0..MAX_WAITING {
                scope.spawn(|| drop(permits.0.enter(&slow.pack, Patience::Limited)));
            }
            until(|| waiting(&permits, &slow.pack) == MAX_WAITING);
            let call = || {
                let mut watch = Watch::begin(Duration::from_secs(60));
                assert!(!work_for(&mut watch, Duration::from_secs(10)));
            };
            let refused = permits.run(&slow, Patience::Limited, call).err().unwrap();
            assert_eq!(refused.code, "rules_busy");
            drop(first);
        });
        assert!(permits.0.by_pack.lock().is_empty());
    }

    #[test]
    fn permits_are_handed_on_in_order() {
        let permits = Permits::of(1);
        let pack: Arc<str> = "slow".into();
        let order = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            let first = permits.0.enter(&pack, Patience::Limited).unwrap();
            for n in 0..5 {
                let (permits, pack, order) = (&permits, &pack, &order);
                scope.spawn(move || {
                    let _permit = permits.0.enter(pack, Patience::Limited).unwrap();
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
            let first = permits.0.enter(&pack, Patience::Limited).unwrap();
            for _ in 0..MAX_WAITING {
                scope.spawn(|| drop(permits.0.enter(&pack, Patience::Limited)));
            }
            until(|| waiting(&permits, &pack) == MAX_WAITING);
            let refused = permits.0.enter(&pack, Patience::Limited).err().unwrap();
            assert_eq!(
                (refused.kind, refused.code),
                (ErrorKind::Busy, "rules_busy")
            );
            scope.spawn(|| drop(permits.0.enter(&pack, Patience::Endless)));
            until(|| waiting(&permits, &pack) == MAX_WAITING + 1);
            drop(first);
        });
        assert!(permits.0.by_pack.lock().is_empty());
    }
}
