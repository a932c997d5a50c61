//! What leaves: each message in a queue is in the outbox and waits, and each that waits is in its
//! queue.

use std::collections::BTreeSet;

use super::scan;
use crate::desk::decide::{is_pending, read_delivery};
use crate::desk::delivery::{DeliveryState, Queue};
use crate::desk::view::OutboxItem;
use crate::desk::{Result, codec, keys};
use crate::domain::Id;
use crate::store::{Key, Pos, Snapshot, Table, Versioned};

/// Compares queues, states and the outbox.
///
/// # Errors
/// When the store fails.
pub fn check(snapshot: &dyn Snapshot, faults: &mut Vec<String>) -> Result<()> {
    let mut queued: BTreeSet<Key> = BTreeSet::new();
    let mut waiting: BTreeSet<Id> = BTreeSet::new();
    let mut htmls: BTreeSet<Id> = BTreeSet::new();
    scan(snapshot, Table::Delivery, |key, bytes, version| {
        let row = Versioned {
            version,
            bytes: bytes.to_vec(),
        };
        match key.first() {
            Some(1) => {
                queued.insert(key.clone());
            }
            Some(2) if is_pending(&row) => {
                waiting.extend(keys::id_at_end(key));
            }
            Some(6) => htmls.extend(keys::id_at_end(key)),
            _ => {}
        }
        Ok(())
    })?;
    scan(snapshot, Table::Outbox, |_, bytes, _: Pos| {
        let item: OutboxItem = codec::decode_first(bytes)?.0;
        let state = snapshot.get(Table::Delivery, &keys::delivery(item.id))?;
        let delivery = read_delivery(&item, state.as_ref())?;
        let is_waiting = waiting.remove(&item.id);
        htmls.remove(&item.id);
        let place = delivery.next_at.map(|at| {
            let queue = Queue::of(&item.channel) as u8;
            keys::queued(queue, at, item.id)
        });
        let is_queued = place.is_some_and(|place| queued.remove(&place));
        let waits = delivery.state == DeliveryState::Queued;
        // What a build queued that delivered nothing has no rows at all.
        let is_old = state.is_none() && !is_waiting && !is_queued;
        if !is_old && (is_waiting != waits || is_queued != waits) {
            faults.push(format!("message {} is not where its state says", item.id));
        }
        Ok(())
    })?;
    let lost = queued.len() + waiting.len();
    if lost > 0 {
        faults.push(format!("{lost} places in queues have no message"));
    }
    if !htmls.is_empty() {
        let n = htmls.len();
        faults.push(format!("{n} texts in HTML have no message"));
    }
    Ok(())
}
