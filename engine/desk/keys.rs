//! Keys of the desk's rows. Byte order is the order in which lists and ranges read them.

use crate::domain::party::{Begins, PartyField};
use crate::domain::{Id, Instant, Kind, Value};
use crate::store::Key;

/// The index by which parties are found: see [`crate::domain::party`].
pub const PARTY_INDEX: &str = "@party";
/// The index of inquiries that are not registered yet, by whoever is responsible.
pub const INBOX_INDEX: &str = "@inbox";

/// A record.
pub fn record(kind: Kind, id: Id) -> Key {
    let mut key = Vec::with_capacity(17);
    key.push(kind as u8);
    key.extend(id.as_bytes());
    key
}

/// Every record of a kind: from, to.
pub fn records(kind: Kind) -> (Key, Key) {
    (vec![kind as u8], vec![kind as u8 + 1])
}

/// The id at the end of a record's or index row's key.
pub fn id_at_end(key: &[u8]) -> Option<Id> {
    key.len()
        .checked_sub(16)
        .and_then(|at| key.get(at..))
        .and_then(Id::from_slice)
}

/// All index rows of one value of a field: the prefix before the id.
pub fn index_prefix(kind: Kind, field: &str, value: &Value) -> Key {
    let mut key = index_field(kind, field);
    value.write_key(&mut key);
    key
}

/// All index rows of a field: the prefix before the value.
pub fn index_field(kind: Kind, field: &str) -> Key {
    let mut key = Vec::with_capacity(64);
    key.push(kind as u8);
    key.extend(field.as_bytes());
    key.push(0);
    key
}

/// One index row.
pub fn index(kind: Kind, field: &str, value: &Value, id: Id) -> Key {
    let mut key = index_prefix(kind, field, value);
    key.extend(id.as_bytes());
    key
}

/// Index rows by which a party is found: those whose text begins with one. With `whole`, those whose
/// text is the one.
pub fn party_prefix(kind: Kind, field: PartyField, begins: Begins, text: &str, whole: bool) -> Key {
    let mut key = index_field(kind, PARTY_INDEX);
    key.extend([field as u8, begins as u8]);
    key.extend(text.bytes().filter(|b| *b != 0));
    if whole {
        key.push(0);
    }
    key
}

/// One index row by which a party is found.
pub fn party(kind: Kind, field: PartyField, begins: Begins, text: &str, id: Id) -> Key {
    let mut key = party_prefix(kind, field, begins, text, true);
    key.extend(id.as_bytes());
    key
}

/// The guard of a unique value.
pub fn guard(kind: Kind, field: &str, value: &Value) -> Key {
    use sha2::Digest;
    let mut key = index_field(kind, field);
    // The whole value counts, however long; its hash is what fits in a key.
    let text = match value {
        Value::Text(s) => s.trim().to_lowercase(),
        other => other.to_json().to_string(),
    };
    key.extend(sha2::Sha256::digest(text.as_bytes()));
    key
}

/// A guard that no field has.
pub fn named_guard(name: &str, bytes: &[u8]) -> Key {
    let mut key = vec![0];
    key.extend(name.as_bytes());
    key.push(0);
    key.extend(bytes);
    key
}

/// An entry of a record.
pub fn entry(owner: Id, entry: Id) -> Key {
    let mut key = owner.0.to_vec();
    key.extend(entry.as_bytes());
    key
}

/// A timer by its due instant.
pub fn timer(due: Instant, id: Id) -> Key {
    let mut key = timer_at(due);
    key.extend(id.as_bytes());
    key
}

/// Before every timer that is due at an instant or later.
pub fn timer_at(due: Instant) -> Key {
    let micros = due.timestamp_micros() ^ i64::MIN;
    micros.to_be_bytes().to_vec()
}

/// A timer by its owner and name.
pub fn timer_name(owner: Id, name: &str) -> Key {
    let mut key = owner.0.to_vec();
    key.extend(name.as_bytes());
    key
}

/// An SLA clock of a record.
pub fn clock(owner: Id, name: &str) -> Key {
    timer_name(owner, name)
}

/// Everything kept under an owner's id: from, to.
pub fn owned(owner: Id) -> (Key, Key) {
    let from = owner.0.to_vec();
    let to = after(&from);
    (from, to)
}

/// The changes of a record; the store appends the position.
pub fn history(id: Id) -> Key {
    id.0.to_vec()
}

/// The kept answer to an idempotency key.
pub fn reply(hash: &[u8; 32]) -> Key {
    let mut key = vec![0];
    key.extend(hash);
    key
}

/// A kept answer by the instant at which it may go.
pub fn reply_expiry(at: Instant, hash: &[u8; 32]) -> Key {
    let mut key = vec![1];
    key.extend(timer_at(at));
    key.extend(hash);
    key
}

/// A piece of a pack's revision.
pub fn pack_chunk(revision: &[u8; 32], n: u32) -> Key {
    let mut key = b"r/".to_vec();
    key.extend(revision);
    key.extend(n.to_be_bytes());
    key
}

/// What happened to a pack; the store appends the position.
pub fn pack_log(name: &str) -> Key {
    let mut key = b"h/".to_vec();
    key.extend(name.as_bytes());
    key.push(b'/');
    key
}

/// The draft of a pack.
pub fn pack_draft(name: &str) -> Key {
    let mut key = b"d/".to_vec();
    key.extend(name.as_bytes());
    key
}

/// Where the records of a pack have moved to.
pub fn pack_moving(name: &str) -> Key {
    let mut key = b"m/".to_vec();
    key.extend(name.as_bytes());
    key
}

/// The list of active packs and run-time fields.
pub fn active_packs() -> Key {
    b"active".to_vec()
}

/// The total order of the rules as it was from a position on; the store appends the position.
pub fn rule_order() -> Key {
    b"order/".to_vec()
}

/// Where the suspension of a rule stands.
pub fn suspension(rule: &str) -> Key {
    let mut key = suspensions();
    key.extend(rule.as_bytes());
    key
}

/// Where the suspensions of rules stand.
pub fn suspensions() -> Key {
    b"suspended/".to_vec()
}

/// The list of active packs as it was from a position on; the store appends the position.
pub fn active_at() -> Key {
    b"active/".to_vec()
}

/// A mark where agents, teams, levels or calendars changed; the store appends the position.
pub fn service_at() -> Key {
    b"service/".to_vec()
}

/// How a message that leaves fares.
pub fn delivery(message: Id) -> Key {
    with_id(&[0], message)
}

/// The messages of a queue that are due up to an instant, that one left out: from, to.
pub fn due(queue: u8, before: Instant) -> (Key, Key) {
    let from = vec![1, queue];
    let mut to = from.clone();
    to.extend(timer_at(before));
    (from, to)
}

/// A message in its queue.
pub fn queued(queue: u8, due: Instant, message: Id) -> Key {
    let mut key = vec![1, queue];
    key.extend(timer(due, message));
    key
}

/// A message by the record it is about.
pub fn delivery_of(record: Id, message: Id) -> Key {
    let mut key = with_id(&[2], record);
    key.extend(message.as_bytes());
    key
}

/// A message that could not be delivered, by when that was certain.
pub fn undelivered(at: Instant, message: Id) -> Key {
    let mut key = vec![3];
    key.extend(timer(at, message));
    key
}

/// A webhook.
pub fn webhook(name: &str) -> Key {
    let mut key = vec![4];
    key.extend(name.as_bytes());
    key
}

/// Every webhook: from, to.
pub fn webhooks() -> (Key, Key) {
    (vec![4], vec![5])
}

/// How far a webhook was told.
pub fn webhook_progress(name: &str) -> Key {
    let mut key = vec![5];
    key.extend(name.as_bytes());
    key
}

/// How far every webhook was told: from, to.
pub fn all_webhook_progress() -> (Key, Key) {
    (vec![5], vec![6])
}

/// What a message says as HTML.
pub fn delivery_html(message: Id) -> Key {
    with_id(&[6], message)
}

fn with_id(prefix: &[u8], id: Id) -> Key {
    let mut key = prefix.to_vec();
    key.extend(id.as_bytes());
    key
}

/// A piece of an attachment's content.
pub fn blob_chunk(hash: &[u8; 32], n: u32) -> Key {
    let mut key = hash.to_vec();
    key.extend(n.to_be_bytes());
    key
}

/// The smallest key after all that begin with `prefix`.
pub fn after(prefix: &[u8]) -> Key {
    let mut to = prefix.to_vec();
    while let Some(last) = to.pop() {
        if last < u8::MAX {
            to.push(last + 1);
            return to;
        }
    }
    vec![u8::MAX; 64]
}
