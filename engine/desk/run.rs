//! The one way through: snapshot, decide, commit; on a conflict, queue and decide again.

use std::sync::Arc;

use super::ahead::Ahead;
use super::allot::{Allotment, Allotted};
use super::decide::{self, Decided, Ground};
use super::gates::{End, Job, Pass, Turn};
use super::replies::Once;
use super::together::Made;
use super::{Command, Desk, Error, ErrorKind, Reply, Request, Result, keys, service};
use crate::domain::{Id, Instant, Kind};
use crate::store::{Key, OpId, Outcome, Snapshot, Table};

/// How often a command may lose against others before it is given back.
const MAX_LOSSES: usize = 5;

/// A command on its way, with all that whoever decides it needs.
pub(super) struct Task<'t> {
    /// Who asks, and how.
    pub request: &'t Request,
    /// The command.
    pub command: &'t Command,
    /// What its idempotency key stands for.
    pub once: Option<&'t Once>,
    /// Identity of the operation.
    pub op: OpId,
    /// Ids and numbers that it holds.
    pub allotted: &'t mut Allotted,
}

/// What came of deciding a task.
pub(super) enum Decision {
    /// It was answered before.
    Kept(Result<Reply>),
    /// What to commit.
    Made(Box<Decided>),
}

impl Desk {
    /// Runs a command. When it returns, the change is durable.
    ///
    /// # Errors
    /// When the input is wrong, the asker may not, a rule refuses, or others were faster too often.
    pub fn run(&self, request: &Request, command: &Command) -> Result<Reply> {
        let span = tracing::info_span!(
            "command",
            request.id = %request.request_id,
            actor = request.actor.role(),
            kind = command.name(),
            position = tracing::field::Empty,
        );
        let _entered = span.enter();
        let result = self.attempt(request, command);
        self.follow_breakers(command, &result);
        match &result {
            Ok(reply) => {
                span.record("position", reply.pos.0);
            }
            Err(error) if error.kind == ErrorKind::Internal => {
                tracing::error!(code = error.code, "command failed: {}", error.message);
            }
            Err(error) => tracing::debug!(code = error.code, "command refused"),
        }
        result
    }

    /// Decides a command and keeps nothing of it: whether it would be refused as things stand.
    ///
    /// # Errors
    /// As [`Desk::run`].
    pub fn try_out(&self, request: &Request, command: &Command) -> Result<()> {
        let snapshot = self.store.snapshot(None)?;
        let task = Task {
            request,
            command,
            once: None,
            op: self.op_of(command),
            allotted: &mut Allotted::default(),
        };
        let snapshot = self.read_ahead(snapshot, &task)?;
        let (ground, _) = self.ground(snapshot, self.clock.now(), None)?;
        let mut allot = Allotment::tried(&self.ids, &*self.store);
        let decided = decide::decide(&ground, request, command, &mut allot, task.op);
        self.keep_suspensions();
        decided.map(drop)
    }

    /// Rules that were suspended while deciding stay so after a restart; one that is reset runs again.
    fn follow_breakers(&self, command: &Command, result: &Result<Reply>) {
        if let (Command::ResetRule { rule }, Ok(reply)) = (command, result)
            && !reply.replayed
        {
            self.breakers.reset(rule);
        }
        if let (Command::ChangePack { name, change }, Ok(_)) = (command, result)
            && matches!(change, super::PackChange::Grant { .. })
        {
            // What it was not granted may be what its rules failed for.
            self.breakers.forget(name);
        }
        self.keep_suspensions();
    }

    /// Writes down which rules were suspended since it was done last; reading suspends rules of access.
    pub(super) fn keep_suspensions(&self) {
        for suspension in self.breakers.take_unsaved(self.now()) {
            let rule = suspension.rule.clone();
            let command = Command::SuspendRule { suspension };
            let request = Request::by(super::Actor::System);
            if let Err(error) = self.attempt(&request, &command) {
                tracing::error!(rule, "a suspension could not be kept: {error}");
                self.breakers.not_saved(&rule);
            }
        }
    }

    fn attempt(&self, request: &Request, command: &Command) -> Result<Reply> {
        let once = Once::of(request, command)?;
        let op = self.op_of(command);
        let mut allotted = Allotted::default();
        let target = command.target().map(|(kind, id)| keys::record(kind, id));
        // Who changes one record decides one after another in any case: whoever went past the queue
        // would only take the record from a head that has decided for many.
        let queues = |key: &Key| command.joins() || self.gates.is_contended(key);
        let mut queue_at = target.clone().filter(queues);
        let mut pass = None;
        for _ in 0..=MAX_LOSSES {
            if let Some(key) = queue_at.take() {
                // One queue at a time: who held two could wait for somebody who holds the other.
                drop(pass.take());
                let joins = command.joins() && target.as_ref() == Some(&key);
                let job = joins.then(|| Job {
                    request: request.clone(),
                    command: command.clone(),
                    once: once.clone(),
                    op,
                    allotted: std::mem::take(&mut allotted),
                    span: tracing::Span::current(),
                });
                match self.gates.enter(key, job) {
                    Turn::Leads(entered, held) => {
                        pass = Some(entered);
                        allotted = held.unwrap_or(allotted);
                    }
                    Turn::Settled(_, End::Answer(answer)) => return answer,
                    Turn::Settled(_, End::Panicked(panic)) => std::panic::resume_unwind(panic),
                    Turn::Settled(held, End::Lost(key)) => {
                        allotted = held;
                        queue_at = Some(key);
                        continue;
                    }
                }
            }
            let task = Task {
                request,
                command,
                once: once.as_ref(),
                op,
                allotted: &mut allotted,
            };
            match self.decide_together(pass.as_ref(), task)? {
                End::Answer(answer) => return answer,
                End::Panicked(panic) => std::panic::resume_unwind(panic),
                End::Lost(key) => queue_at = Some(key).filter(|key| !holds(pass.as_ref(), key)),
            }
        }
        Err(Error::new(
            ErrorKind::Busy,
            "contended",
            "others changed the same record at the same time; try again in a moment",
        ))
    }

    /// A timer that is fired twice is fired once; what has an idempotency key is held by its reply.
    fn op_of(&self, command: &Command) -> OpId {
        match command {
            Command::FireTimer {
                timer,
                failed: None,
                ..
            } => timer.0,
            _ => self.ids.next(self.clock.now()).0,
        }
    }

    /// Reads in one trip what every decision stands on, and what this command is known to need.
    fn read_ahead(
        &self,
        snapshot: Arc<dyn Snapshot>,
        task: &Task<'_>,
    ) -> Result<Arc<dyn Snapshot>> {
        let last = self.catalogs.last();
        let wanted = stood_on(task.once);
        let actor = &task.request.actor;
        let ahead = Ahead::read(snapshot, wanted, actor, task.command, last.as_deref())?;
        Ok(Arc::new(ahead))
    }

    /// Decides a task on a view of the store.
    pub(super) fn decide_on(
        &self,
        snapshot: Arc<dyn Snapshot>,
        task: Task<'_>,
    ) -> Result<Decision> {
        let now = self.clock.now();
        let snapshot = self.read_ahead(snapshot, &task)?;
        let (ground, kept) = self.ground(snapshot, now, task.once)?;
        if let Some(reply) = kept {
            return Ok(Decision::Kept(reply));
        }
        let held = std::mem::take(task.allotted);
        let mut allot = Allotment::resume(&self.ids, &*self.store, held);
        let decided = decide::decide(&ground, task.request, task.command, &mut allot, task.op);
        *task.allotted = allot.keep();
        let mut decided = decided?;
        if let Some(once) = task.once {
            once.keep(&mut decided, now)?;
        }
        Ok(Decision::Made(Box::new(decided)))
    }

    /// The ground of a query that will read some records: all in one trip.
    pub(super) fn ground_for(
        &self,
        snapshot: Arc<dyn Snapshot>,
        records: &[(Kind, Id)],
    ) -> Result<Ground<'_>> {
        let mut wanted = stood_on(None);
        let row = |(kind, id): &(Kind, Id)| (Table::Records, keys::record(*kind, *id));
        wanted.extend(records.iter().map(row));
        let ahead = Arc::new(Ahead::of(snapshot, wanted, Vec::new())?);
        Ok(self.ground(ahead, self.now(), None)?.0)
    }

    /// Reads what every decision stands on, and the kept answer if there is one: one trip.
    pub(super) fn ground(
        &self,
        snapshot: Arc<dyn Snapshot>,
        now: Instant,
        once: Option<&Once>,
    ) -> Result<(Ground<'_>, Option<Result<Reply>>)> {
        let mut rows = snapshot.get_many(&stood_on(once))?.into_iter();
        let active = rows.next().flatten();
        let stamp = rows.next().flatten().map(|row| row.version);
        let kept = match (rows.next().flatten(), once) {
            (Some(row), Some(once)) => Some(once.replay(&row.bytes, row.version)?),
            _ => None,
        };
        let catalog = self
            .catalogs
            .get(&*snapshot, active.as_ref(), &*self.hosts)?;
        let service = self.services.get(&*snapshot, stamp.unwrap_or_default())?;
        let ground = Ground {
            snapshot,
            catalog,
            catalog_version: active.map(|row| row.version),
            service,
            service_version: stamp,
            loads: &self.loads,
            breakers: &self.breakers,
            permits: &self.permits,
            hosts: &*self.hosts,
            catalogs: &self.catalogs,
            now,
            survey_link: &self.survey_link,
            store: &*self.store,
        };
        Ok((ground, kept))
    }

    /// What a committed batch means for whoever asked for it.
    pub(super) fn end(&self, outcome: Option<Outcome>, made: Made) -> End {
        let mut reply = made.reply;
        End::Answer(match outcome {
            Some(Outcome::Done(pos)) => {
                for (agent, by) in made.loads {
                    self.loads.add(agent, by);
                }
                if made.queued {
                    self.bell.ring();
                }
                #[cfg(feature = "text")]
                if made.is_unread {
                    self.files.ring();
                }
                reply.pos = pos;
                Ok(reply)
            }
            Some(Outcome::Conflict(table, key)) => {
                let mut place = vec![table as u8];
                place.extend(key);
                // Records are queued for by their own key, so that newcomers find the queue.
                if table == Table::Records {
                    place.remove(0);
                }
                return End::Lost(place);
            }
            Some(Outcome::Duplicate(pos)) => {
                reply.pos = pos;
                reply.replayed = true;
                Ok(reply)
            }
            Some(Outcome::Fenced) => Err(Error::new(
                ErrorKind::Busy,
                "fenced",
                "another node has taken over; try again",
            )),
            // Who stands on somebody else's batch is sent back, not answered.
            Some(Outcome::Unknown | Outcome::Orphaned) | None => Err(Error::new(
                ErrorKind::Internal,
                "outcome_unknown",
                "the storage failed while committing: repeat the request with its idempotency key",
            )),
        })
    }
}

/// The rows that every decision stands on, and the kept answer to an idempotency key.
fn stood_on(once: Option<&Once>) -> Vec<(Table, Key)> {
    let mut wanted = vec![
        (Table::Packs, keys::active_packs()),
        (Table::Meta, service::stamp()),
    ];
    wanted.extend(once.map(|o| (Table::Replies, o.key())));
    wanted
}

fn holds(pass: Option<&Pass<'_>>, key: &Key) -> bool {
    pass.is_some_and(|pass| pass.key() == key)
}
