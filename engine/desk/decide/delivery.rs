//! What becomes of messages that leave: sent, tried again, given up, tried anew.

use super::{Answer, Deciding};
use crate::desk::delivery::{Delivered, Delivery, DeliveryState, Fate, Queue};
use crate::desk::view::OutboxItem;
use crate::desk::{Actor, Error, ErrorKind, Result, codec, keys};
use crate::domain::{Id, Instant, Value};
use crate::store::{Expect, Key, Lease, Table, Versioned};

/// Most results that one command notes.
const MAX_RESULTS: usize = 200;
/// Longest reason in characters.
const MAX_REASON_CHARS: usize = 500;
/// What a row by record says of a message that waits.
const PENDING: u8 = 1;
/// What it says of one that waits no longer.
const OVER: u8 = 0;
/// What it says of one that failed or was not sent.
const UNDELIVERED: u8 = 2;

/// The rows of a message that is queued now.
pub fn queue_rows(item: &OutboxItem) -> [(Table, Key, Vec<u8>); 2] {
    let queue = Queue::of(&item.channel) as u8;
    [
        (
            Table::Delivery,
            keys::queued(queue, item.at, item.id),
            item.record.0.to_vec(),
        ),
        (
            Table::Delivery,
            keys::delivery_of(item.record, item.id),
            vec![PENDING],
        ),
    ]
}

/// Whether a row by record stands for a message that waits.
pub fn is_pending(row: &Versioned) -> bool {
    row.bytes.first() == Some(&PENDING)
}

/// Whether a row by record stands for a message that failed or was not sent.
pub fn is_undelivered(row: &Versioned) -> bool {
    row.bytes.first() == Some(&UNDELIVERED)
}

impl Deciding<'_, '_> {
    /// Notes what came of messages. One that left its place in the queue meanwhile is passed over.
    pub(super) fn deliver(
        &mut self,
        lease: Option<&Lease>,
        results: &[Delivered],
    ) -> Result<Answer> {
        if self.actor != Actor::System {
            return Err(Error::forbidden("only the engine tells what it delivered"));
        }
        if results.len() > MAX_RESULTS {
            return Err(Error::internal("too many results of deliveries at once"));
        }
        self.draft.rows.fence = lease.cloned();
        let asked: Vec<(Table, Key)> = results
            .iter()
            .flat_map(|r| {
                [
                    (Table::Outbox, r.message.0.to_vec()),
                    (Table::Delivery, keys::delivery(r.message)),
                ]
            })
            .collect();
        let snapshot = std::sync::Arc::clone(&self.draft.snapshot);
        let rows = snapshot.get_many(&asked)?;
        for (result, pair) in results.iter().zip(rows.chunks(2)) {
            let [Some(outbox), state] = pair else {
                continue;
            };
            let item: OutboxItem = codec::decode(&outbox.bytes)?;
            let queue = Queue::of(&item.channel) as u8;
            let place = keys::queued(queue, result.due, item.id);
            let Some(queued) = snapshot.get(Table::Delivery, &place)? else {
                continue;
            };
            let rows = &mut self.draft.rows;
            let version = Expect::Version(queued.version);
            rows.expect.push((Table::Delivery, place.clone(), version));
            rows.delete.push((Table::Delivery, place));
            let before = read(&item, state.as_ref())?;
            self.follow_fate(&item, &before, result)?;
        }
        Ok(Answer::nothing(Id::MIN))
    }

    fn follow_fate(
        &mut self,
        item: &OutboxItem,
        before: &Delivery,
        result: &Delivered,
    ) -> Result<()> {
        let now = self.ground.now;
        let mut after = before.clone();
        after.at = now;
        after.next_at = None;
        let (state, reason) = match &result.fate {
            Fate::Waits(until) => return self.requeue(item, before.clone(), *until),
            Fate::Again(at, reason) => {
                after.attempts = after.attempts.saturating_add(1);
                after.reason = short(reason);
                return self.requeue(item, after, *at);
            }
            Fate::Sent(said) => (DeliveryState::Sent, said),
            Fate::Failed(reason) => (DeliveryState::Failed, reason),
            Fate::NotSent(reason) => (DeliveryState::NotSent, reason),
        };
        if state != DeliveryState::NotSent {
            after.attempts = after.attempts.saturating_add(1);
        }
        after.state = state;
        after.reason = short(reason);
        self.settle_delivery(item, after)
    }

    /// Keeps how a message fares that waits no longer.
    fn settle_delivery(&mut self, item: &OutboxItem, after: Delivery) -> Result<()> {
        let rows = &mut self.draft.rows;
        let by_record = keys::delivery_of(item.record, item.id);
        let over = match after.state {
            DeliveryState::Failed | DeliveryState::NotSent => UNDELIVERED,
            DeliveryState::Queued | DeliveryState::Sent => OVER,
        };
        rows.put.push((Table::Delivery, by_record, vec![over]));
        let by_itself = keys::delivery(item.id);
        rows.put
            .push((Table::Delivery, by_itself, codec::encode(&after)?));
        if after.state == DeliveryState::Sent {
            return Ok(());
        }
        if after.state == DeliveryState::Failed {
            let listed = keys::undelivered(after.at, item.id);
            rows.put.push((Table::Delivery, listed, item.id.0.to_vec()));
        }
        // It stands in the history of its record.
        let what = match after.state {
            DeliveryState::Failed => "delivery_failed",
            _ => "delivery_skipped",
        };
        let note = format!("{what}:{}:{}:{}", item.channel, item.to, after.reason);
        self.draft.notes.push(note);
        self.input.target = Some((item.kind, item.record));
        Ok(())
    }

    /// Puts a message into its queue again.
    fn requeue(&mut self, item: &OutboxItem, mut delivery: Delivery, at: Instant) -> Result<()> {
        delivery.next_at = Some(at);
        let queue = Queue::of(&item.channel) as u8;
        let rows = &mut self.draft.rows;
        rows.put.push((
            Table::Delivery,
            keys::queued(queue, at, item.id),
            item.record.0.to_vec(),
        ));
        rows.put.push((
            Table::Delivery,
            keys::delivery(item.id),
            codec::encode(&delivery)?,
        ));
        Ok(())
    }

    /// Tries a message anew that could not be delivered or was not sent.
    pub(super) fn retry_delivery(&mut self, message: Id) -> Result<Answer> {
        self.actor.require_admin("trying a message again")?;
        let (item, state) = self.outbox_message(message)?;
        let before = match &state {
            Some(row) => read(&item, Some(row))?,
            None => return Err(not_over(DeliveryState::Queued)),
        };
        if !matches!(before.state, DeliveryState::Failed | DeliveryState::NotSent) {
            return Err(not_over(before.state));
        }
        let now = self.ground.now;
        let rows = &mut self.draft.rows;
        rows.expect.push((
            Table::Delivery,
            keys::delivery(message),
            super::config::expected(state.map(|row| row.version)),
        ));
        let listed = keys::undelivered(before.at, message);
        rows.delete.push((Table::Delivery, listed));
        let by_record = keys::delivery_of(item.record, message);
        rows.put.push((Table::Delivery, by_record, vec![PENDING]));
        self.requeue(&item, Delivery::fresh(now), now)?;
        self.draft
            .notes
            .push(format!("delivery_retried:{}:{}", item.channel, item.to));
        self.input.target = Some((item.kind, item.record));
        self.input
            .arguments
            .push(("message".to_owned(), Value::Text(message.to_string())));
        Ok(Answer::nothing(message))
    }

    /// Marks a message as undeliverable because the other side sent it back. Whether it was ours and
    /// had not failed before.
    pub(super) fn bounced(&mut self, message: Id, record: Id, reason: &str) -> Result<bool> {
        let Ok((item, state)) = self.outbox_message(message) else {
            return Ok(false);
        };
        if item.record != record {
            return Ok(false);
        }
        let before = read(&item, state.as_ref())?;
        // One that still waits has not left: what came back was never ours.
        if before.state != DeliveryState::Sent {
            return Ok(false);
        }
        let expect = super::config::expected(state.map(|row| row.version));
        let key = keys::delivery(message);
        self.draft.rows.expect.push((Table::Delivery, key, expect));
        let after = Delivery {
            state: DeliveryState::Failed,
            at: self.ground.now,
            next_at: None,
            reason: short(reason),
            ..before
        };
        self.settle_delivery(&item, after)?;
        Ok(true)
    }

    /// A message of the outbox, and the row that says how it fares.
    pub(super) fn outbox_message(&self, message: Id) -> Result<(OutboxItem, Option<Versioned>)> {
        let asked = [
            (Table::Outbox, message.0.to_vec()),
            (Table::Delivery, keys::delivery(message)),
        ];
        let mut rows = self.draft.snapshot.get_many(&asked)?.into_iter();
        let outbox = rows.next().flatten().ok_or_else(Error::not_found)?;
        Ok((codec::decode(&outbox.bytes)?, rows.next().flatten()))
    }
}

/// How a message fares by its row; without one it was never tried.
pub fn read(item: &OutboxItem, row: Option<&Versioned>) -> Result<Delivery> {
    match row {
        Some(row) => codec::decode(&row.bytes),
        None => Ok(Delivery::fresh(item.at)),
    }
}

fn not_over(state: DeliveryState) -> Error {
    Error::new(
        ErrorKind::Conflict,
        "not_undelivered",
        format!(
            "the message is {}; only one that failed or was not sent is tried again",
            state.name()
        ),
    )
}

/// A reason of another side as it is kept: one line without control characters.
fn short(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let plain: String = plain.take(MAX_REASON_CHARS).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
