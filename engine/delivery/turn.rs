//! One turn of a sink: it hands messages over one after another, in their order on their records, and
//! the desk is told what came of each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::schedule::{MAX_ATTEMPTS, STALE, delay_after};
use super::turns::End;
use super::{Halt, Sink, Verdict};
use crate::desk::{
    Actor, Command, Delivered, Desk, Due, ErrorKind, Fate, Queue, Request, Result, Way,
};
use crate::domain::{Id, Instant};
use crate::store::Lease;

/// How long a node keeps the duty without a sign of life; longer than any one message takes, so that
/// what was handed over can be noted.
pub(super) const DUTY: Duration = Duration::from_secs(900);
/// Messages that nobody wrote, to one address about one record, in [`LOOP_SPAN`]: what is more is a
/// loop.
const LOOP_MESSAGES: usize = 20;
/// The span in which a loop shows.
const LOOP_SPAN: chrono::TimeDelta = chrono::TimeDelta::hours(1);

/// Under what a turn is had.
#[derive(Clone)]
pub(super) struct Turn {
    pub desk: Arc<Desk>,
    pub queue: Queue,
    pub duty: String,
    pub node: String,
    pub lease: Lease,
    pub halt: Halt,
    pub end: End,
}

/// How a turn ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// Messages that had their turn.
    pub moved: usize,
    /// Why the sink takes nothing at present.
    pub down: Option<String>,
}

impl Turn {
    /// Gives messages their turn.
    pub fn run(mut self, sink: &mut dyn Sink, due: Vec<Due>) -> Result<Ended> {
        let mut results = Vec::new();
        let mut moved = 0;
        let mut blocked: BTreeMap<Id, Instant> = BTreeMap::new();
        for one in due {
            if self.halt.load(Ordering::Acquire) || (moved > 0 && self.end.is_now()) {
                break;
            }
            let record = one.item.record;
            if let Some(until) = blocked.get(&record).copied().or(one.waits_for) {
                // One that is due already has its turn first, in the next round.
                let soon = self.desk.now() + chrono::TimeDelta::seconds(1);
                results.push(result(&one, Fate::Waits(until.max(soon))));
                moved += 1;
                continue;
            }
            let fate = match self.fate(sink, &one)? {
                Ok(fate) => fate,
                Err(why) => {
                    self.tell(&mut results)?;
                    let down = Some(why);
                    return Ok(Ended { moved, down });
                }
            };
            if let Fate::Again(at, _) = &fate {
                blocked.insert(record, *at);
            }
            moved += 1;
            let alone = !sink.is_repeatable() || !matches!(fate, Fate::Sent(_));
            if alone {
                self.tell(&mut results)?;
            }
            results.push(result(&one, fate));
            if alone {
                self.tell(&mut results)?;
                self.renew()?;
            }
        }
        self.tell(&mut results)?;
        Ok(Ended { moved, down: None })
    }

    /// A long turn keeps its duty.
    fn renew(&mut self) -> Result<()> {
        if let Some(lease) = self.desk.lease_duty(&self.duty, &self.node, DUTY)? {
            self.lease = lease;
        }
        Ok(())
    }

    /// What comes of one message; or why nothing can be handed over at present.
    fn fate(&self, sink: &mut dyn Sink, due: &Due) -> Result<std::result::Result<Fate, String>> {
        let item = &due.item;
        if !sink.takes(&item.channel) {
            let why = format!("no_sink: nothing carries the channel `{}`", item.channel);
            return Ok(Ok(Fate::NotSent(why)));
        }
        let now = self.desk.now();
        if sink.expires() && STALE < now - due.delivery.since {
            let last = match due.delivery.reason.as_str() {
                "" => "it could not be sent in time",
                reason => reason,
            };
            return Ok(Ok(Fate::Failed(format!("expired: {last}"))));
        }
        if due.mailing.is_none()
            && sink.expires()
            && LOOP_MESSAGES <= self.desk.sent_since(item, now - LOOP_SPAN)?
        {
            let why = "loop: too many automatic messages to this address within an hour";
            return Ok(Ok(Fate::NotSent(why.to_owned())));
        }
        let letter = self.desk.letter(due)?;
        let verdict = sink.send(&letter);
        let attempts = due.delivery.attempts.saturating_add(1);
        Ok(Ok(match verdict {
            Verdict::Taken(said) => Fate::Sent(said),
            Verdict::Never(why) => Fate::Failed(why),
            Verdict::Later(why) if MAX_ATTEMPTS <= attempts => {
                Fate::Failed(format!("given up after {attempts} attempts: {why}"))
            }
            Verdict::Later(why) => Fate::Again(self.desk.now() + delay_after(attempts), why),
            Verdict::Down(why) => return Ok(Err(why)),
        }))
    }

    /// Tells the desk what came of messages.
    fn tell(&self, results: &mut Vec<Delivered>) -> Result<()> {
        if results.is_empty() {
            return Ok(());
        }
        let results = std::mem::take(results);
        let fates: Vec<Fate> = results.iter().map(|one| one.fate.clone()).collect();
        let command = Command::Deliver {
            lease: Some(self.lease.clone()),
            results,
        };
        match self.desk.run(&Request::by(Actor::System), &command) {
            Ok(_) => {}
            // Somebody asked for another attempt meanwhile: what lies in the queue now counts.
            Err(e) if e.kind == ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
        for fate in &fates {
            self.desk.count_attempt(Way::from(self.queue), fate);
        }
        Ok(())
    }
}

fn result(due: &Due, fate: Fate) -> Delivered {
    Delivered {
        message: due.item.id,
        due: due.due,
        fate,
    }
}
