//! A courier: takes what is due out of a queue, hands it to a sink, and tells the desk what came of
//! it. One node at a time has the duty; a message is handed over at least once, and in its order on
//! its record.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::schedule::{MAX_ATTEMPTS, STALE, delay_after, rest_after};
use super::{Sink, Verdict};
use crate::desk::{Actor, Command, Delivered, Desk, Due, ErrorKind, Fate, Queue, Request, Result};
use crate::domain::{Id, Instant};
use crate::store::Lease;

/// Messages taken out of a queue at once.
const AT_ONCE: usize = 100;
/// How long a node keeps the duty without a sign of life; longer than any one message takes, so that
/// what was handed over can be noted.
const DUTY: Duration = Duration::from_secs(900);
/// Messages that nobody wrote, to one address about one record, in [`LOOP_SPAN`]: what is more is a
/// loop.
const LOOP_MESSAGES: usize = 20;
/// The span in which a loop shows.
const LOOP_SPAN: chrono::TimeDelta = chrono::TimeDelta::hours(1);

/// Takes messages of one queue to a sink.
pub struct Courier {
    desk: Arc<Desk>,
    queue: Queue,
    sink: Box<dyn Sink>,
    duty: String,
    node: String,
    /// Turns in a row in which the sink took nothing, and until when it rests.
    down: Option<(u16, Instant)>,
    halt: Halt,
}

/// Ends rounds after the message under way, when it is true.
pub type Halt = Arc<AtomicBool>;

/// What a round came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// So many messages had their turn; there may be more.
    Moved(usize),
    /// Nothing is due.
    Idle,
    /// Another node has the duty.
    Elsewhere,
    /// The sink takes nothing at present.
    Down,
}

impl Courier {
    /// A courier on a node of that name.
    #[must_use]
    pub fn new(desk: Arc<Desk>, queue: Queue, sink: Box<dyn Sink>, node: &str) -> Self {
        Self {
            desk,
            queue,
            sink,
            duty: match queue {
                Queue::Mail => "delivery.mail".to_owned(),
                Queue::Webhook => "delivery.webhook".to_owned(),
            },
            node: node.to_owned(),
            down: None,
            halt: Halt::default(),
        }
    }

    /// The same, with rounds that end early when somebody says so.
    #[must_use]
    pub fn until(mut self, halt: &Halt) -> Self {
        self.halt = Arc::clone(halt);
        self
    }

    /// Gives what is due its turn.
    ///
    /// # Errors
    /// When the desk fails; what was not noted has its turn again.
    pub fn round(&mut self) -> Result<Round> {
        if self.down.is_some_and(|(_, until)| self.desk.now() < until) {
            return Ok(Round::Down);
        }
        let Some(lease) = self.desk.lease_duty(&self.duty, &self.node, DUTY)? else {
            return Ok(Round::Elsewhere);
        };
        let due = self.desk.due_deliveries(self.queue, AT_ONCE)?;
        if due.is_empty() {
            self.sink.rest();
            return Ok(Round::Idle);
        }
        let mut bag = Bag {
            lease,
            results: Vec::new(),
        };
        let mut moved = 0;
        let mut blocked: BTreeMap<Id, Instant> = BTreeMap::new();
        for one in due {
            if self.halt.load(Ordering::Acquire) {
                break;
            }
            let record = one.item.record;
            if let Some(until) = blocked.get(&record).copied().or(one.waits_for) {
                // One that is due already has its turn first, in the next round.
                let soon = self.desk.now() + chrono::TimeDelta::seconds(1);
                bag.add(&one, Fate::Waits(until.max(soon)));
                moved += 1;
                continue;
            }
            let Some(fate) = self.turn(&one)? else {
                bag.empty(&self.desk)?;
                return Ok(Round::Down);
            };
            if let Fate::Again(at, _) = &fate {
                blocked.insert(record, *at);
            }
            moved += 1;
            let alone = !self.sink.is_repeatable() || !matches!(fate, Fate::Sent(_));
            if alone {
                bag.empty(&self.desk)?;
            }
            bag.add(&one, fate);
            if alone {
                bag.empty(&self.desk)?;
                self.renew(&mut bag)?;
            }
        }
        bag.empty(&self.desk)?;
        Ok(Round::Moved(moved))
    }

    /// A long round keeps its duty.
    fn renew(&self, bag: &mut Bag) -> Result<()> {
        if let Some(lease) = self.desk.lease_duty(&self.duty, &self.node, DUTY)? {
            bag.lease = lease;
        }
        Ok(())
    }

    /// One message's turn; none when the sink takes nothing at present.
    fn turn(&mut self, due: &Due) -> Result<Option<Fate>> {
        let item = &due.item;
        if !self.sink.takes(&item.channel) {
            let why = format!("no_sink: nothing carries the channel `{}`", item.channel);
            return Ok(Some(Fate::NotSent(why)));
        }
        let now = self.desk.now();
        if self.sink.expires() && STALE < now - due.delivery.since {
            let last = match due.delivery.reason.as_str() {
                "" => "it could not be sent in time",
                reason => reason,
            };
            return Ok(Some(Fate::Failed(format!("expired: {last}"))));
        }
        if due.mailing.is_none()
            && self.sink.expires()
            && LOOP_MESSAGES <= self.desk.sent_since(item, now - LOOP_SPAN)?
        {
            let why = "loop: too many automatic messages to this address within an hour";
            return Ok(Some(Fate::NotSent(why.to_owned())));
        }
        let letter = self.desk.letter(due)?;
        let verdict = self.sink.send(&letter);
        let attempts = due.delivery.attempts.saturating_add(1);
        let fate = match verdict {
            Verdict::Taken(said) => Fate::Sent(said),
            Verdict::Never(why) => Fate::Failed(why),
            Verdict::Later(why) if MAX_ATTEMPTS <= attempts => {
                Fate::Failed(format!("given up after {attempts} attempts: {why}"))
            }
            Verdict::Later(why) => Fate::Again(self.desk.now() + delay_after(attempts), why),
            Verdict::Down(why) => {
                self.rest(&why);
                return Ok(None);
            }
        };
        self.down = None;
        Ok(Some(fate))
    }

    fn rest(&mut self, why: &str) {
        let times = self.down.map_or(1, |(times, _)| times.saturating_add(1));
        let until = self.desk.now() + rest_after(times);
        if self.down.is_none() {
            tracing::warn!(duty = self.duty, "messages wait: {why}");
        }
        self.down = Some((times, until));
        self.sink.rest();
    }
}

/// Results that the desk is not told yet.
struct Bag {
    lease: Lease,
    results: Vec<Delivered>,
}

impl Bag {
    fn add(&mut self, due: &Due, fate: Fate) {
        self.results.push(Delivered {
            message: due.item.id,
            due: due.due,
            fate,
        });
    }

    /// Tells the desk.
    fn empty(&mut self, desk: &Desk) -> Result<()> {
        if self.results.is_empty() {
            return Ok(());
        }
        let command = Command::Deliver {
            lease: Some(self.lease.clone()),
            results: std::mem::take(&mut self.results),
        };
        match desk.run(&Request::by(Actor::System), &command) {
            Ok(_) => Ok(()),
            // Somebody asked for another attempt meanwhile: what lies in the queue now counts.
            Err(e) if e.kind == ErrorKind::NotFound => Ok(()),
            Err(e) => Err(e),
        }
    }
}
