//! What is due to leave, how messages fare, and what a courier needs to send one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::desk::decide::{is_pending, read_delivery};
use crate::desk::delivery::{
    Deliveries, Delivery, Due, Letter, LetterFile, Mailing, OutboxPage, OutboxQuery, Queue,
    own_message_id, receiver,
};
use crate::desk::journal::StoredEntry;
use crate::desk::moved::place_of;
use crate::desk::{Actor, Desk, Error, OutboxItem, Page, Result, codec, decide, keys};
use crate::domain::entry::{Direction, EntryBody};
use crate::domain::{Id, Instant, Record};
use crate::store::{Key, Lease, Row, Snapshot, Table, Versioned};

/// Messages of one record that are looked through for one that comes first.
const LOOK_BACK: usize = 500;
/// Messages of a queue that are looked through for those that nobody sees to.
const MAX_LOOKED_AT: usize = 2_000;
/// Entries of a record that are looked through for its conversation.
const MAX_ENTRIES: usize = 500;
/// Message-IDs of a conversation that a mail names: the first, and the last of the others.
const MAX_THREAD: usize = 20;

impl Desk {
    /// Takes or renews the duty of one courier for a while; none: another node has it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn lease_duty(&self, duty: &str, node: &str, ttl: Duration) -> Result<Option<Lease>> {
        Ok(self.store.lease(duty, node, ttl)?)
    }

    /// Messages of a queue that are due, in the order in which they came due, at most `max`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn due_deliveries(&self, queue: Queue, max: usize) -> Result<Vec<Due>> {
        self.due_deliveries_but(queue, max, &|_| false)
    }

    /// The same without those that others see to, looked for among the first [`MAX_LOOKED_AT`].
    ///
    /// # Errors
    /// When the store fails.
    pub fn due_deliveries_but(
        &self,
        queue: Queue,
        max: usize,
        is_passed_over: &dyn Fn(&OutboxItem) -> bool,
    ) -> Result<Vec<Due>> {
        let snapshot = self.store.snapshot(None)?;
        let moment = self.now() + chrono::TimeDelta::microseconds(1);
        let (mut from, to) = keys::due(queue as u8, moment);
        let mut due: Vec<Due> = Vec::new();
        let mut looked_at = 0;
        while looked_at < MAX_LOOKED_AT {
            let rows = snapshot.range(Table::Delivery, &from, &to, false, max)?;
            looked_at += rows.len().max(1);
            let mut asked = Vec::new();
            for id in rows.iter().filter_map(|(key, _)| keys::id_at_end(key)) {
                asked.push((Table::Outbox, id.0.to_vec()));
                asked.push((Table::Delivery, keys::delivery(id)));
            }
            let found = snapshot.get_many(&asked)?;
            for ((key, _), pair) in rows.iter().zip(found.chunks(2)) {
                let [Some(outbox), state] = pair else {
                    continue;
                };
                let Some(at) = due_at(key) else { continue };
                let (item, mailing) = message(outbox)?;
                if due.len() < max && !is_passed_over(&item) {
                    due.push(Due {
                        due: at,
                        delivery: read_delivery(&item, state.as_ref())?,
                        waits_for: None,
                        item,
                        mailing,
                    });
                }
            }
            match rows.last() {
                Some((key, _)) if rows.len() == max && due.len() < max => {
                    from.clone_from(key);
                    from.push(0);
                }
                _ => break,
            }
        }
        let in_hand: BTreeSet<Id> = due.iter().map(|one| one.item.id).collect();
        for one in &mut due {
            one.waits_for = comes_first(&*snapshot, &one.item, &in_hand)?;
        }
        in_order(&mut due);
        Ok(due)
    }

    /// When the next message of a queue is due.
    ///
    /// # Errors
    /// When the store fails.
    pub fn next_delivery(&self, queue: Queue) -> Result<Option<Instant>> {
        let snapshot = self.store.snapshot(None)?;
        let from = vec![1, queue as u8];
        let rows = snapshot.range(Table::Delivery, &from, &keys::after(&from), false, 1)?;
        Ok(rows.first().and_then(|(key, _)| due_at(key)))
    }

    /// A message with all that a courier needs.
    ///
    /// # Errors
    /// When the store fails.
    pub fn letter(&self, due: &Due) -> Result<Letter> {
        let snapshot = self.store.snapshot(None)?;
        let settings = self.settings()?;
        let item = due.item.clone();
        let key = keys::record(item.kind, item.record);
        let record = snapshot.get(Table::Records, &key)?;
        let record = record.map(|row| codec::decode::<Record>(&row.bytes));
        let number = record.transpose()?.and_then(|record| record.number());
        let sender = settings.sender.as_deref();
        let domain = sender.and_then(|s| s.rsplit_once('@')).map(|(_, d)| d);
        let (thread, answers) = conversation(&*snapshot, &item, domain)?;
        let html = snapshot.get(Table::Delivery, &keys::delivery_html(item.id))?;
        let html = html.map(|row| codec::decode(&row.bytes)).transpose()?;
        let mut files = Vec::new();
        for file in due.mailing.iter().flat_map(|m| &m.attachments) {
            // It may have moved while the message waited.
            let (kind, owner) = place_of(&*snapshot, (item.kind, item.record), *file)?;
            let (page, content) = self.attachment(&Actor::System, kind, owner, *file)?;
            if let EntryBody::Attachment {
                name, media_type, ..
            } = page.entry.body
            {
                files.push(LetterFile {
                    name,
                    media_type,
                    content,
                });
            }
        }
        Ok(Letter {
            service_name: settings.service_name,
            sender: settings.sender,
            html,
            number,
            thread,
            answers,
            automatic: due.mailing.is_none(),
            files,
            item,
        })
    }

    /// How many messages that nobody wrote were sent to an address about a record since an instant.
    ///
    /// # Errors
    /// When the store fails.
    pub fn sent_since(&self, item: &OutboxItem, since: Instant) -> Result<usize> {
        let snapshot = self.store.snapshot(None)?;
        let from = keys::delivery_of(item.record, Id::MIN);
        let to = keys::delivery_of(item.record, item.id);
        let rows = snapshot.range(Table::Delivery, &from, &to, true, 100)?;
        let ids: Vec<Id> = rows
            .iter()
            .filter_map(|(k, _)| keys::id_at_end(k))
            .collect();
        let asked: Vec<(Table, Key)> = ids
            .iter()
            .map(|id| (Table::Outbox, id.0.to_vec()))
            .collect();
        let mut sent = 0;
        for row in snapshot.get_many(&asked)?.into_iter().flatten() {
            let (other, mailing) = message(&row)?;
            let same = other.to == item.to && other.channel == item.channel;
            sent += usize::from(same && since <= other.at && mailing.is_none());
        }
        Ok(sent)
    }

    /// How messages fare that have these ids; those that never waited to leave are left out.
    ///
    /// # Errors
    /// When the store fails.
    pub fn deliveries(&self, messages: &[Id]) -> Result<Deliveries> {
        if messages.is_empty() {
            return Ok(Deliveries::new());
        }
        let snapshot = self.store.snapshot(None)?;
        let pages = pages(&*snapshot, messages.iter().copied())?;
        let known = pages
            .into_iter()
            .filter_map(|page| Some((page.item.id, page.delivery?)));
        Ok(known.collect())
    }

    /// A page of what leaves: all of it newest first, of one record oldest first, or what could not
    /// be delivered.
    ///
    /// # Errors
    /// When the asker is no administrator, the cursor is foreign, or the store fails.
    pub fn outbox_pages(&self, actor: &Actor, query: &OutboxQuery) -> Result<Page<OutboxPage>> {
        actor.require_admin("reading the outbox")?;
        let limit = super::limit(query.limit)?;
        let snapshot = self.store.snapshot(None)?;
        let (table, from, to, newest_first): (_, Key, Key, _) =
            match (query.record, query.undelivered) {
                (Some(record), _) => {
                    let from = keys::delivery_of(record, Id::MIN);
                    let mut to = keys::delivery_of(record, Id::MAX);
                    to.push(0);
                    (Table::Delivery, from, to, false)
                }
                (None, true) => (Table::Delivery, vec![3], vec![4], true),
                (None, false) => (Table::Outbox, Vec::new(), vec![u8::MAX; 64], true),
            };
        let cursor = query.cursor.as_deref().map(super::unhex).transpose()?;
        let (from, to) = match cursor {
            None => (from, to),
            Some(key) if key < from || to < key || key.len() != key_length(query) => {
                return Err(super::bad_cursor());
            }
            Some(key) if newest_first => (from, key),
            Some(mut key) => {
                key.push(0);
                (key, to)
            }
        };
        let rows = snapshot.range(table, &from, &to, newest_first, limit)?;
        let next = match rows.last() {
            Some((key, _)) if rows.len() == limit => Some(decide::hex(key)),
            _ => None,
        };
        let ids = rows.iter().filter_map(|(key, _)| keys::id_at_end(key));
        let mut items = pages(&*snapshot, ids)?;
        if query.undelivered {
            // Of a record, only those that could not be delivered.
            items.retain(|page| is_undelivered(page.delivery.as_ref()));
        }
        Ok(Page { items, next })
    }

    /// One message that leaves.
    ///
    /// # Errors
    /// When the asker is no administrator, there is none, or the store fails.
    pub fn outbox_page(&self, actor: &Actor, message: Id) -> Result<OutboxPage> {
        actor.require_admin("reading the outbox")?;
        let snapshot = self.store.snapshot(None)?;
        let found = pages(&*snapshot, std::iter::once(message))?.pop();
        found.ok_or_else(Error::not_found)
    }
}

/// Bytes of the keys of a list.
const fn key_length(query: &OutboxQuery) -> usize {
    match (query.record, query.undelivered) {
        (Some(_), _) => 33,
        (None, true) => 25,
        (None, false) => 16,
    }
}

fn is_undelivered(delivery: Option<&Delivery>) -> bool {
    delivery.is_some_and(|d| d.state == crate::desk::delivery::DeliveryState::Failed)
}

/// When a message is due by its key in the queue.
fn due_at(key: &[u8]) -> Option<Instant> {
    let micros: [u8; 8] = key.get(2..10)?.try_into().ok()?;
    let micros = i64::from_be_bytes(micros) ^ i64::MIN;
    Instant::from_timestamp_micros(micros)
}

fn message(row: &Versioned) -> Result<(OutboxItem, Option<Mailing>)> {
    let (item, rest) = codec::decode_first(&row.bytes)?;
    let mailing = match rest {
        [] => None,
        rest => Some(codec::decode(rest)?),
    };
    Ok((item, mailing))
}

/// When the message is tried next that comes before this one on its record and is not in hand.
fn comes_first(
    snapshot: &dyn Snapshot,
    item: &OutboxItem,
    in_hand: &BTreeSet<Id>,
) -> Result<Option<Instant>> {
    let from = keys::delivery_of(item.record, Id::MIN);
    let to = keys::delivery_of(item.record, item.id);
    let rows = snapshot.range(Table::Delivery, &from, &to, true, LOOK_BACK)?;
    let waits = |(key, row): &Row| {
        let id = keys::id_at_end(key)?;
        (is_pending(row) && !in_hand.contains(&id)).then_some(id)
    };
    let waiting: Vec<Id> = rows.iter().filter_map(waits).collect();
    if waiting.is_empty() {
        return Ok(None);
    }
    let found = pages(snapshot, waiting.into_iter())?.into_iter();
    let same = found.filter(|p| {
        Queue::of(&p.item.channel) == Queue::of(&item.channel)
            && receiver(&p.item) == receiver(item)
    });
    let next = same.filter_map(|p| p.delivery).filter_map(|d| d.next_at);
    Ok(next.max())
}

/// Messages about one record stand together, in the order in which they were queued: one that was
/// tried before may have come due after a later one.
fn in_order(due: &mut [Due]) {
    let mut places: BTreeMap<Id, usize> = BTreeMap::new();
    for (place, one) in due.iter().enumerate() {
        places.entry(one.item.record).or_insert(place);
    }
    due.sort_by_key(|one| (places.get(&one.item.record).copied(), one.item.id));
}

/// Messages by id with how they fare; absent ones are left out.
pub(super) fn pages(
    snapshot: &dyn Snapshot,
    ids: impl Iterator<Item = Id>,
) -> Result<Vec<OutboxPage>> {
    let ids: Vec<Id> = ids.collect();
    let mut asked = Vec::new();
    for id in &ids {
        asked.push((Table::Outbox, id.0.to_vec()));
        asked.push((Table::Delivery, keys::delivery(*id)));
    }
    let mut items = Vec::new();
    let mut never: Vec<(Table, Key)> = Vec::new();
    for pair in snapshot.get_many(&asked)?.chunks(2) {
        let [Some(outbox), state] = pair else {
            continue;
        };
        let (item, _) = message(outbox)?;
        if state.is_none() {
            never.push((Table::Delivery, keys::delivery_of(item.record, item.id)));
        }
        items.push(OutboxPage {
            delivery: state
                .as_ref()
                .map(|s| codec::decode(&s.bytes))
                .transpose()?,
            item,
        });
    }
    // What was never tried waits, unless it was queued by a build that had no queue.
    let mut waits = snapshot.get_many(&never)?.into_iter();
    for page in items.iter_mut().filter(|p| p.delivery.is_none()) {
        let is_queued = waits.next().flatten().is_some();
        page.delivery = is_queued.then(|| Delivery::fresh(page.item.at));
    }
    Ok(items)
}

/// The Message-IDs of a record's conversation before a message, and that of the last mail from the
/// address it goes to.
fn conversation(
    snapshot: &dyn Snapshot,
    item: &OutboxItem,
    domain: Option<&str>,
) -> Result<(Vec<String>, Option<String>)> {
    let (from, _) = keys::owned(item.record);
    let to = keys::entry(item.record, item.id);
    let rows = snapshot.range(Table::Entries, &from, &to, true, MAX_ENTRIES)?;
    let mut thread = Vec::new();
    let mut answers = None;
    for (_, row) in rows {
        let stored: StoredEntry = codec::decode(&row.bytes)?;
        let EntryBody::Message {
            channel,
            direction,
            external_id,
            ..
        } = stored.entry.body
        else {
            continue;
        };
        if channel != "mail" {
            continue;
        }
        let named = external_id.filter(|id| is_message_id(id));
        match (direction, named) {
            (Direction::In, Some(id)) => {
                answers.get_or_insert_with(|| id.clone());
                thread.push(id);
            }
            (Direction::Out, Some(id)) => thread.push(id),
            (Direction::Out, None) => {
                thread.push(own_message_id(stored.entry.id, item.record, domain));
            }
            (Direction::In, None) => {}
        }
    }
    thread.reverse();
    if thread.len() > MAX_THREAD {
        thread.drain(1..=thread.len() - MAX_THREAD);
    }
    Ok((thread, answers))
}

/// Whether an id can stand in a header as it is.
fn is_message_id(id: &str) -> bool {
    let fits = |c: char| c.is_ascii_graphic() && !"<>()\",;\\".contains(c);
    id.split_once('@')
        .is_some_and(|(left, right)| !left.is_empty() && !right.is_empty())
        && id.len() <= 250
        && id.chars().all(fits)
}
