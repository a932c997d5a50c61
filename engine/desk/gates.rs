//! Queues before records: who would change one that somebody else is changing waits its turn, or is
//! decided for by whoever stands at the head.

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use super::allot::Allotted;
use super::replies::Once;
use super::{Command, Reply, Request, Result};
use crate::store::{Key, OpId};

/// The queues, by key; a key nobody waits for has none.
#[derive(Default)]
pub struct Gates {
    queues: Mutex<Queues>,
}

#[derive(Default)]
struct Queues {
    by_key: BTreeMap<Key, VecDeque<Arc<Place>>>,
    /// Places given out so far.
    given: u64,
}

/// A place in a queue, with what its holder is woken by: nobody else wakes.
struct Place {
    /// Rises with each place, so that one that was taken out comes back to where it was.
    number: u64,
    /// Whether the head may decide for it.
    joins: bool,
    stage: Mutex<Stage>,
    woken: Condvar,
}

/// Where somebody who queues has got to.
enum Stage {
    /// Waits, with the command if the head may decide it.
    Waits(Option<Box<Job>>),
    /// The head decides for it.
    Taken,
    /// Stands at the head.
    Leads(Option<Box<Job>>),
    /// The head has decided for it.
    Settled(Box<Job>, End),
}

/// A command that the head of its queue may decide, with all that goes with it.
pub struct Job {
    /// Who asks, and how.
    pub request: Request,
    /// The command.
    pub command: Command,
    /// What its idempotency key stands for.
    pub once: Option<Once>,
    /// Identity of the operation.
    pub op: OpId,
    /// Ids and numbers that it holds.
    pub allotted: Allotted,
    /// The span of whoever waits.
    pub span: tracing::Span,
}

/// What came of deciding a command and committing it.
pub enum End {
    /// The answer.
    Answer(Result<Reply>),
    /// Others were faster at this key.
    Lost(Key),
    /// Deciding it panicked, with this.
    Panicked(Box<dyn Any + Send>),
}

/// What came of queueing.
pub enum Turn<'a> {
    /// It stands at the head, and has its ids and numbers back.
    Leads(Pass<'a>, Option<Allotted>),
    /// The head has decided for it.
    Settled(Allotted, End),
}

/// A place at the head of a queue; leaving it lets the next one in.
pub struct Pass<'a> {
    gates: &'a Gates,
    key: Key,
}

/// A command of somebody who waits, in the hands of the head. Dropped unsettled, it goes back to
/// its place, so that nobody is left waiting whatever becomes of the head.
pub struct Taken<'a> {
    pass: &'a Pass<'a>,
    place: Arc<Place>,
    job: Option<Box<Job>>,
}

impl Gates {
    /// Whether somebody holds or waits for the key: then a newcomer queues at once instead of
    /// snatching the record from who waits.
    pub fn is_contended(&self, key: &Key) -> bool {
        self.queues.lock().by_key.contains_key(key)
    }

    /// Waits, first come first served, until the key's queue is the caller's, or until the head has
    /// decided the job.
    pub fn enter(&self, key: Key, job: Option<Job>) -> Turn<'_> {
        let mut queues = self.queues.lock();
        queues.given += 1;
        let number = queues.given;
        let queue = queues.by_key.entry(key.clone()).or_default();
        if queue.is_empty() {
            queue.push_back(Arc::new(Place::new(number, false, Stage::Leads(None))));
            return Turn::Leads(Pass { gates: self, key }, job.map(|job| job.allotted));
        }
        let stage = Stage::Waits(job.map(Box::new));
        let joins = matches!(stage, Stage::Waits(Some(_)));
        let place = Arc::new(Place::new(number, joins, stage));
        queue.push_back(Arc::clone(&place));
        drop(queues);
        let mut stage = place.stage.lock();
        loop {
            match std::mem::replace(&mut *stage, Stage::Taken) {
                Stage::Leads(job) => {
                    return Turn::Leads(Pass { gates: self, key }, job.map(|job| job.allotted));
                }
                Stage::Settled(job, end) => return Turn::Settled(job.allotted, end),
                waits => *stage = waits,
            }
            place.woken.wait(&mut stage);
        }
    }
}

impl Place {
    fn new(number: u64, joins: bool, stage: Stage) -> Self {
        Self {
            number,
            joins,
            stage: Mutex::new(stage),
            woken: Condvar::new(),
        }
    }

    fn wake(&self, stage: Stage) {
        *self.stage.lock() = stage;
        self.woken.notify_one();
    }
}

impl Pass<'_> {
    /// The key that is held.
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// Takes the command of the first who waits and lets others decide.
    pub fn take(&self) -> Option<Taken<'_>> {
        let mut queues = self.gates.queues.lock();
        let queue = queues.by_key.get_mut(&self.key)?;
        // INVARIANT: who has a pass stands at the head until it is dropped.
        let at = queue.iter().skip(1).position(|place| place.joins)?;
        let place = queue.remove(at + 1)?;
        drop(queues);
        let stage = std::mem::replace(&mut *place.stage.lock(), Stage::Taken);
        let Stage::Waits(job) = stage else {
            return None;
        };
        Some(Taken {
            pass: self,
            place,
            job,
        })
    }

    fn put_back(&self, place: Arc<Place>, job: Box<Job>) {
        *place.stage.lock() = Stage::Waits(Some(job));
        let mut queues = self.gates.queues.lock();
        if let Some(queue) = queues.by_key.get_mut(&self.key) {
            let earlier = |other: &&Arc<Place>| other.number < place.number;
            let at = 1 + queue.iter().skip(1).take_while(earlier).count();
            queue.insert(at.min(queue.len()), place);
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let mut queues = self.gates.queues.lock();
        let Some(queue) = queues.by_key.get_mut(&self.key) else {
            return;
        };
        queue.pop_front();
        let Some(next) = queue.front().cloned() else {
            queues.by_key.remove(&self.key);
            return;
        };
        drop(queues);
        let mut stage = next.stage.lock();
        if let Stage::Waits(job) = &mut *stage {
            let job = job.take();
            *stage = Stage::Leads(job);
        }
        drop(stage);
        next.woken.notify_one();
    }
}

impl Taken<'_> {
    /// The command and what goes with it.
    pub const fn job(&mut self) -> Option<&mut Job> {
        match &mut self.job {
            Some(job) => Some(job),
            None => None,
        }
    }

    /// Wakes whoever waits for it.
    pub fn settle(mut self, end: End) {
        if let Some(job) = self.job.take() {
            self.place.wake(Stage::Settled(job, end));
        }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if let Some(job) = self.job.take() {
            self.pass.put_back(Arc::clone(&self.place), job);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};
    use std::thread::{self, ScopedJoinHandle};

    use super::*;
    use crate::desk::{Actor, Error};
    use crate::domain::Id;

    fn job(number: u8) -> Job {
        Job {
            request: Request::by(Actor::System),
            command: Command::RevokeToken { id: Id::MIN },
            once: None,
            op: [number; 16],
            allotted: Allotted::default(),
            span: tracing::Span::none(),
        }
    }

    fn number(taken: &mut Taken<'_>) -> u8 {
        taken.job().unwrap().op[0]
    }

    fn enter(gates: &Gates) -> Pass<'_> {
        match gates.enter(Key::new(), None) {
            Turn::Leads(pass, _) => pass,
            Turn::Settled(..) => panic!("nobody decides for it"),
        }
    }

    /// Lets so many queue one behind the other; each says what came of it and leaves.
    fn queue<'s>(
        scope: &'s thread::Scope<'s, '_>,
        gates: &'s Gates,
        jobs: Vec<Option<Job>>,
    ) -> (Receiver<String>, Vec<ScopedJoinHandle<'s, ()>>) {
        let (said, says) = channel();
        let before = gates.queues.lock().given;
        let mut callers = Vec::new();
        for (given, (place, job)) in (before + 1..).zip(jobs.into_iter().enumerate()) {
            let said = said.clone();
            callers.push(scope.spawn(move || {
                let turn = gates.enter(Key::new(), job);
                let what = match &turn {
                    Turn::Leads(..) => "leads",
                    Turn::Settled(_, End::Answer(_)) => "answered",
                    Turn::Settled(_, End::Lost(_)) => "lost",
                    Turn::Settled(_, End::Panicked(_)) => "panicked",
                };
                said.send(format!("{place} {what}")).unwrap();
            }));
            while gates.queues.lock().given < given {
                thread::yield_now();
            }
        }
        (says, callers)
    }

    #[test]
    fn who_is_decided_for_is_woken_and_the_others_follow_in_order() {
        let gates = Gates::default();
        thread::scope(|scope| {
            let pass = enter(&gates);
            let jobs = vec![None, Some(job(1)), Some(job(2)), None, Some(job(4))];
            let (says, _callers) = queue(scope, &gates, jobs);
            let mut taken: Vec<_> = std::iter::from_fn(|| pass.take()).collect();
            assert_eq!(taken.iter_mut().map(number).collect::<Vec<_>>(), [1, 2, 4]);
            let refused = Err(Error::not_found());
            taken.remove(1).settle(End::Answer(refused));
            assert_eq!(says.recv().unwrap(), "2 answered");
            // Those that go back unsettled stand where they stood, whichever goes first.
            drop(taken.pop());
            drop(taken);
            let mut again = pass.take().unwrap();
            assert_eq!(number(&mut again), 1);
            drop(again);
            drop(pass);
            let order: Vec<_> = says.iter().take(4).collect();
            assert_eq!(order, ["0 leads", "1 leads", "3 leads", "4 leads"]);
        });
        assert!(!gates.is_contended(&Key::new()));
    }

    #[test]
    fn nobody_is_left_waiting_by_a_head_that_panics() {
        let gates = Gates::default();
        thread::scope(|scope| {
            let pass = enter(&gates);
            let jobs = vec![Some(job(0)), Some(job(1)), Some(job(2))];
            let (says, _callers) = queue(scope, &gates, jobs);
            let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
                let _first = pass.take();
                pass.take().unwrap().settle(End::Lost(Key::new()));
                let _third = pass.take();
                panic!("on purpose");
            }));
            assert!(panicked.is_err());
            let mut said: Vec<_> = says.iter().take(3).collect();
            said.sort();
            assert_eq!(said, ["0 leads", "1 lost", "2 leads"]);
        });
        assert!(!gates.is_contended(&Key::new()));
    }
}
