//! Deciding together: whoever stands at the head of a record's queue decides for those behind it
//! too, one after another, each on the snapshot with what was decided before it laid over, and
//! commits it all at once: one sync, one change of threads for each.
//!
//! What stands on a batch that is not committed yet is told to nobody: a refusal is answered once
//! all before it is durable; an answer that would name a version waits for the next head. A batch
//! that loses sends back its own command and those that stand on it. See
//! `docs/decisions/0015-deciding-together.md`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::decide::Decided;
use super::gates::{End, Job, Pass, Taken};
use super::run::{Decision, Task};
use super::{Desk, Error, Reply, Result, content, service, trace};
use crate::domain::Id;
use crate::store::{Batch, Outcome, Overlay, Snapshot, Table};

/// Most commands that are looked at together.
const MAX_TOGETHER: usize = 64;
/// Bytes of batches from which no more commands join: far below what one commit of a store takes.
const ENOUGH_BYTES: usize = 2 * 1_024 * 1_024;

/// What becomes of a decided command when its batch is committed.
pub(super) struct Made {
    /// What to answer.
    pub reply: Reply,
    /// Changes of the agents' loads.
    pub loads: Vec<(Id, i64)>,
    /// Whether something was queued that is due at once.
    pub queued: bool,
    /// Whether it leaves a file whose words are to be read.
    #[cfg(feature = "text")]
    pub is_unread: bool,
}

/// Commands that are committed together, the own one first.
struct Group<'p> {
    batches: Vec<Batch>,
    made: Vec<Made>,
    /// Who waits for the others, in the order of their batches.
    joined: Vec<Taken<'p>>,
    /// Who was refused on the strength of what is not committed yet.
    refused: Vec<(Taken<'p>, Error)>,
    /// Who is decided again when all this is committed.
    put_off: Vec<Taken<'p>>,
    bytes: usize,
    is_closed: bool,
}

impl Desk {
    /// Decides a command, and at the head of a queue those of others with it, and commits.
    ///
    /// # Errors
    /// When the command itself is refused or the store fails.
    pub(super) fn decide_together(&self, pass: Option<&Pass<'_>>, own: Task<'_>) -> Result<End> {
        let base = self.store.snapshot(None)?;
        // Where an operation may be applied by somebody else, nothing is to stand on it.
        let pass = pass.filter(|_| own.command.joins());
        let made = match self.decide_on(Arc::clone(&base), own)? {
            Decision::Kept(answer) => return Ok(End::Answer(answer)),
            Decision::Made(made) => *made,
        };
        let mut group = Group::of(made);
        if let Some(pass) = pass {
            group.fill(self, base, pass);
        }
        group.commit(self)
    }
}

impl<'p> Group<'p> {
    fn of(own: Decided) -> Self {
        let mut group = Self {
            batches: Vec::with_capacity(1),
            made: Vec::with_capacity(1),
            joined: Vec::new(),
            refused: Vec::new(),
            put_off: Vec::new(),
            bytes: 0,
            is_closed: false,
        };
        // One that is too large must fail alone.
        group.is_closed = own.batch.weigh().is_err();
        group.add(own);
        group
    }

    fn add(&mut self, decided: Decided) {
        let bytes = decided.batch.weigh().unwrap_or(ENOUGH_BYTES);
        self.bytes = self.bytes.saturating_add(bytes);
        self.is_closed |= moves_the_ground(&decided.batch);
        self.made.push(Made {
            #[cfg(feature = "text")]
            is_unread: super::files::leaves_unread(&decided.batch),
            reply: decided.reply,
            loads: decided.loads,
            queued: decided.queued,
        });
        self.batches.push(decided.batch);
    }

    /// Decides for those who wait, and for those who come meanwhile, until it is enough.
    fn fill(&mut self, desk: &Desk, base: Arc<dyn Snapshot>, pass: &'p Pass<'_>) {
        let mut view = Arc::new(Overlay::new(base));
        let mut laid = 0;
        for _ in 1..MAX_TOGETHER {
            if self.is_closed || self.bytes >= ENOUGH_BYTES {
                return;
            }
            let Some(mut taken) = pass.take() else {
                return;
            };
            let Some(job) = taken.job() else { continue };
            if job.request.if_match.is_some() {
                // The version that it is compared with must be one that it can be told.
                self.put_off.push(taken);
                continue;
            }
            for batch in self.batches.iter().skip(laid) {
                Arc::make_mut(&mut view).lay(batch);
            }
            laid = self.batches.len();
            match decide_for(desk, &view, job) {
                Err(panic) => taken.settle(End::Panicked(panic)),
                Ok(decision) => self.take_in(taken, decision, &view),
            }
        }
    }

    fn take_in(&mut self, taken: Taken<'p>, decision: Result<Decision>, view: &Overlay) {
        let mut decided = match decision {
            Ok(Decision::Made(decided)) => *decided,
            Ok(Decision::Kept(Ok(reply))) if !reply.pos.is_provisional() => {
                return taken.settle(End::Answer(Ok(reply)));
            }
            Ok(Decision::Kept(_)) => return self.put_off.push(taken),
            Err(error) => return self.refused.push((taken, error)),
        };
        if decided.is_unsettled {
            // So would be most of those behind it.
            self.is_closed = true;
            return self.put_off.push(taken);
        }
        if let Some(first) = view.first() {
            trace::mark(&mut decided.batch.journal, first);
        }
        view.stand(&mut decided.batch);
        match decided.batch.weigh() {
            Ok(_) => {
                self.add(decided);
                self.joined.push(taken);
            }
            Err(error) => self.refused.push((taken, error.into())),
        }
    }

    /// Commits, and tells everybody what came of it; who is not told goes back to the queue.
    fn commit(mut self, desk: &Desk) -> Result<End> {
        let content = self.batches.iter_mut().flat_map(content::split).collect();
        desk.store_content(content)?;
        let outcomes = match desk.store.commit(std::mem::take(&mut self.batches)) {
            Ok(outcomes) => outcomes,
            Err(error) => {
                for taken in self.joined {
                    taken.settle(End::Answer(Err(error.clone().into())));
                }
                return Err(error.into());
            }
        };
        let is_whole = outcomes.iter().all(|o| matches!(o, Outcome::Done(_)));
        let (mut outcomes, mut made) = (outcomes.into_iter(), self.made.into_iter());
        let own = match made.next() {
            Some(own) => desk.end(outcomes.next(), own),
            None => return Err(Error::internal("a group without a command")),
        };
        for (taken, made) in self.joined.into_iter().zip(made) {
            match outcomes.next() {
                Some(Outcome::Orphaned) => drop(taken),
                outcome => taken.settle(desk.end(outcome, made)),
            }
        }
        for (taken, error) in self.refused {
            if is_whole {
                taken.settle(End::Answer(Err(error)));
            }
        }
        Ok(own)
    }
}

/// Decides the command of somebody who waits, as in its own thread: under its span, and a panic is
/// its own.
fn decide_for(
    desk: &Desk,
    view: &Arc<Overlay>,
    job: &mut Job,
) -> std::thread::Result<Result<Decision>> {
    let task = Task {
        request: &job.request,
        command: &job.command,
        once: job.once.as_ref(),
        op: job.op,
        allotted: &mut job.allotted,
    };
    let span = job.span.clone();
    let view = Arc::clone(view);
    catch_unwind(AssertUnwindSafe(|| {
        span.in_scope(|| desk.decide_on(view, task))
    }))
}

/// Whether a batch changes what every decision stands on: rules, agents, levels and calendars are
/// kept by their versions, which are to be real ones.
fn moves_the_ground(batch: &Batch) -> bool {
    let stamp = service::stamp();
    let is_ground = |table: Table, key: &[u8]| match table {
        Table::Packs => true,
        Table::Meta => key == stamp,
        _ => false,
    };
    let mut puts = batch.put.iter();
    let mut deletes = batch.delete.iter();
    puts.any(|(table, key, _)| is_ground(*table, key))
        || deletes.any(|(table, key)| is_ground(*table, key))
}
