//! A courier: takes what is due out of a queue and gives it to sinks. One node at a time has the duty;
//! a message is handed over at least once, and in its order on its record. Where each receiver has a
//! sink of its own, receivers have their turns side by side.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::Sink;
use super::schedule::rest_after;
use super::turn::{DUTY, Ended, Turn};
use super::turns::{End, Turns};
use crate::desk::{Desk, Due, OutboxItem, Queue, Result, receiver};
use crate::domain::Instant;
use crate::store::Lease;

/// Messages taken out of a queue at once.
const AT_ONCE: usize = 100;
/// Longest wait of a round for a turn that is under way.
const WAIT: Duration = Duration::from_millis(100);

/// Takes messages of one queue to a sink.
pub struct Courier {
    desk: Arc<Desk>,
    queue: Queue,
    sink: Box<dyn Sink>,
    duty: String,
    node: String,
    /// Receivers that took nothing: turns in a row, and until when they rest.
    down: BTreeMap<String, (u16, Instant)>,
    turns: Turns<Result<Ended>>,
    halt: Halt,
}

/// Ends rounds after the message under way, when it is true.
pub type Halt = Arc<AtomicBool>;

/// What a round came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// So many messages had their turn; there may be more, or turns are under way.
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
            down: BTreeMap::new(),
            turns: Turns::new(),
            halt: Halt::default(),
        }
    }

    /// The same, with rounds that end early when somebody says so.
    #[must_use]
    pub fn until(mut self, halt: &Halt) -> Self {
        self.halt = Arc::clone(halt);
        self
    }

    /// Gives what is due its turn. Where receivers have turns side by side, these begin and go on
    /// behind; a round then waits a moment for one that ends.
    ///
    /// # Errors
    /// When the desk fails; what was not noted has its turn again.
    pub fn round(&mut self) -> Result<Round> {
        match self.sink.hand() {
            Some(_) => self.side_by_side(),
            None => self.one_after_another(),
        }
    }

    fn one_after_another(&mut self) -> Result<Round> {
        if self.rests("") {
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
        let turn = self.turn(lease, End::never());
        let ended = turn.run(&mut *self.sink, due)?;
        let is_down = ended.down.is_some();
        let moved = self.after("", ended);
        Ok(match is_down {
            true => Round::Down,
            false => Round::Moved(moved),
        })
    }

    fn side_by_side(&mut self) -> Result<Round> {
        let mut moved = self.settle(Duration::ZERO)?;
        let Some(lease) = self.desk.lease_duty(&self.duty, &self.node, DUTY)? else {
            return Ok(Round::Elsewhere);
        };
        let waits = |item: &OutboxItem| {
            let who = receiver(item);
            self.turns.has(who) || self.rests(who)
        };
        let due = self.desk.due_deliveries_but(self.queue, AT_ONCE, &waits)?;
        let mut by_receiver: BTreeMap<String, Vec<Due>> = BTreeMap::new();
        for one in due {
            let who = receiver(&one.item).to_owned();
            by_receiver.entry(who).or_default().push(one);
        }
        let mut lanes: Vec<(String, Vec<Due>)> = by_receiver.into_iter().collect();
        lanes.sort_by_key(|(who, _)| self.turns.last(who));
        for (who, due) in lanes {
            let Some(mut sink) = self.sink.hand().filter(|_| self.turns.has_room()) else {
                break;
            };
            let (count, turn) = (due.len(), self.turn(lease.clone(), End::in_time()));
            if self.turns.start(&who, move || turn.run(&mut *sink, due)) {
                moved += count;
            }
        }
        if moved > 0 {
            return Ok(Round::Moved(moved));
        }
        if !self.turns.is_empty() {
            return Ok(Round::Moved(self.settle(WAIT)?));
        }
        Ok(match self.down.is_empty() {
            true => Round::Idle,
            false => Round::Down,
        })
    }

    /// Sees to turns that ended; waits so long for the first. How many messages moved.
    fn settle(&mut self, mut wait: Duration) -> Result<usize> {
        let mut moved = 0;
        while let Some((who, ended)) = self.turns.ended(wait) {
            wait = Duration::ZERO;
            let ended = ended.unwrap_or_else(|| {
                let down = Some("a delivery broke".to_owned());
                Ok(Ended { moved: 0, down })
            });
            moved += self.after(&who, ended?);
        }
        Ok(moved)
    }

    fn turn(&self, lease: Lease, end: End) -> Turn {
        Turn {
            desk: Arc::clone(&self.desk),
            queue: self.queue,
            duty: self.duty.clone(),
            node: self.node.clone(),
            lease,
            halt: Arc::clone(&self.halt),
            end,
        }
    }

    fn rests(&self, who: &str) -> bool {
        let now = self.desk.now();
        self.down.get(who).is_some_and(|(_, until)| now < *until)
    }

    /// Whoever took nothing rests. How many messages moved.
    fn after(&mut self, who: &str, ended: Ended) -> usize {
        let Some(why) = &ended.down else {
            self.down.remove(who);
            return ended.moved;
        };
        let before = self.down.get(who).filter(|_| ended.moved == 0);
        let times = before.map_or(1, |(n, _)| n.saturating_add(1));
        if times == 1 {
            tracing::warn!(duty = self.duty, "messages wait: {why}");
        }
        let until = self.desk.now() + rest_after(times);
        self.down.insert(who.to_owned(), (times, until));
        self.sink.rest();
        ended.moved
    }
}
