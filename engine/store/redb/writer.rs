//! The writer: takes what is waiting, applies it in one transaction, commits once, answers all.
//!
//! While one commit waits for the disk, the next group gathers behind it; nothing is ever delayed
//! to make a group larger. A commit in redb's default (immediate, single-phase) durability costs
//! one sync; a commit that makes the file larger costs one more, which happens seldom, since the
//! file grows by doubling and then by whole regions.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use redb::WriteTransaction;

use super::Shared;
use super::group::{Applied, Group, Scratch};
use super::queue::Request;
use super::tables::{self, fail};
use crate::store::{Lease, Outcome, Pos, StoreError, StoreResult};

/// The one that writes.
pub(super) struct Writer {
    shared: Arc<Shared>,
    ops_kept: u64,
    scratch: Scratch,
    last: u64,
    /// The most live bytes that the file's settings tell of.
    peak: u64,
    wrote: bool,
}

/// What came of a request, in the order of the requests.
enum Done {
    Outcomes(Vec<Outcome>),
    Leased(Option<Lease>),
    Nothing,
    Refused(StoreError),
}

/// Tells waiting callers when the writer is gone, also when it unwinds.
struct Abandon(Arc<Shared>);

impl Drop for Abandon {
    fn drop(&mut self) {
        self.0.queue.abandon();
        self.0.tail.close();
    }
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, ops_kept: u64, peak: u64) -> Self {
        let last = shared.tail.last().0;
        Self {
            shared,
            ops_kept,
            scratch: Scratch::default(),
            last,
            peak,
            wrote: false,
        }
    }

    /// Works until the queue is closed and empty.
    pub(super) fn run(mut self) -> StoreResult<()> {
        let _abandon = Abandon(Arc::clone(&self.shared));
        let mut group = Vec::new();
        while self.shared.queue.take(&mut group) {
            self.write(&mut group);
        }
        self.settle()
    }

    /// Writes one group and answers its callers.
    fn write(&mut self, group: &mut Vec<Request>) {
        let txn = match self.shared.begin_write() {
            Ok(txn) => txn,
            Err(error) => return refuse(group, &error),
        };
        let (applied, done) = match self.apply(&txn, group) {
            Ok(result) => result,
            Err(error) => {
                // Dropping the transaction rolls it back, so nothing of the group was applied.
                drop(txn);
                return refuse(group, &error);
            }
        };
        if !applied.changed {
            drop(txn);
            return answer(group, done);
        }
        if let Err(error) = txn.commit() {
            return lost(group, &fail(error));
        }
        self.last = applied.last;
        self.wrote = true;
        self.shared.live.fetch_add(applied.live, Ordering::Relaxed);
        self.shared.commits.fetch_add(1, Ordering::Relaxed);
        for grant in applied.grants {
            self.shared
                .numbers
                .add(&grant.counter, grant.before, grant.last);
        }
        self.shared.tail.publish(Pos(self.last));
        answer(group, done);
    }

    fn apply(
        &mut self,
        txn: &WriteTransaction,
        group: &mut [Request],
    ) -> StoreResult<(Applied, Vec<Done>)> {
        let mut open = Group::new(txn, &self.shared.leases, &mut self.scratch, self.last)?;
        let mut done = Vec::with_capacity(group.len());
        for request in group {
            done.push(match request {
                Request::Commit { batches, .. } => {
                    let outcomes = std::mem::take(batches)
                        .into_iter()
                        .map(|batch| open.apply(batch))
                        .collect::<StoreResult<_>>()?;
                    Done::Outcomes(outcomes)
                }
                Request::Numbers { counter, count, .. } => {
                    match open.lease_numbers(counter, *count) {
                        Ok(()) => Done::Nothing,
                        Err(error @ StoreError::Limit(_)) => Done::Refused(error),
                        Err(error) => return Err(error),
                    }
                }
                Request::Lease {
                    name, node, ttl, ..
                } => Done::Leased(open.lease(name, node, *ttl)?),
                Request::Rewrite { entries, .. } => {
                    open.rewrite(entries)?;
                    Done::Nothing
                }
            });
        }
        let applied = open.finish(self.ops_kept)?;
        if applied.changed {
            let live = self.shared.live.load(Ordering::Relaxed);
            let live = live.saturating_add(applied.live);
            note_live(txn, live, &mut self.peak, applied.last)?;
        }
        Ok((applied, done))
    }

    /// Gives back the numbers that were leased and not used.
    fn settle(&mut self) -> StoreResult<()> {
        let unused = self.shared.numbers.close();
        if unused.is_empty() && !self.wrote {
            return Ok(());
        }
        let live = self.shared.live.load(Ordering::Relaxed);
        let txn = self.shared.begin_write()?;
        {
            let mut counters = txn.open_table(tables::COUNTERS).map_err(fail)?;
            for (counter, used) in unused {
                counters.insert(counter.as_str(), used).map_err(fail)?;
            }
        }
        note_live(&txn, live, &mut self.peak, self.last)?;
        txn.commit().map_err(fail)
    }
}

/// Keeps the count of live bytes beside what it counts: one page more in a commit spares the next
/// start after a crash a walk over the whole file.
fn note_live(txn: &WriteTransaction, live: i64, peak: &mut u64, last: u64) -> StoreResult<()> {
    let mut settings = txn.open_table(tables::SETTINGS).map_err(fail)?;
    let live = u64::try_from(live).unwrap_or(0);
    settings.insert(tables::LIVE_ROW, live).map_err(fail)?;
    settings.insert(tables::LIVE_AT_ROW, last).map_err(fail)?;
    // To a tenth is near enough, and seldom written.
    if live > *peak {
        *peak = live.saturating_add(live / 10);
        settings.insert(tables::PEAK_ROW, *peak).map_err(fail)?;
    }
    Ok(())
}

fn refuse(group: &mut Vec<Request>, error: &StoreError) {
    for request in group.drain(..) {
        request.refuse(error);
    }
}

/// The commit failed: it is durable or it is not, and nobody can tell before the file is opened
/// again.
fn lost(group: &mut Vec<Request>, error: &StoreError) {
    for request in group.drain(..) {
        request.lose(error);
    }
}

fn answer(group: &mut Vec<Request>, done: Vec<Done>) {
    for (request, done) in group.drain(..).zip(done) {
        match (request, done) {
            (Request::Commit { reply, .. }, Done::Outcomes(outcomes)) => {
                drop(reply.send(Ok(outcomes)));
            }
            (Request::Lease { reply, .. }, Done::Leased(lease)) => drop(reply.send(Ok(lease))),
            (
                Request::Numbers {
                    reply: Some(reply), ..
                }
                | Request::Rewrite { reply, .. },
                Done::Nothing,
            ) => drop(reply.send(Ok(()))),
            (request, Done::Refused(error)) => request.refuse(&error),
            // Numbers leased ahead of need have no taker; no other pair is made by `apply`.
            _ => {}
        }
    }
}
