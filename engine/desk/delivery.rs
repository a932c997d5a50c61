//! How what leaves the process fares: queues, what became of each message, and what a courier needs
//! to send it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::view::OutboxItem;
use crate::domain::{Id, Instant};

/// What goes out by one courier, in the order in which it comes due. The number is stored in keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Queue {
    /// Mails.
    Mail = 1,
    /// Calls of webhooks, and messages of channels that only a webhook can carry.
    Webhook = 2,
}

impl Queue {
    /// The queue of a channel.
    #[must_use]
    pub fn of(channel: &str) -> Self {
        match channel {
            "mail" => Self::Mail,
            _ => Self::Webhook,
        }
    }
}

/// What stands before the name of a webhook that a rule calls.
const CALLED: &str = "webhook:";

/// Who gets a message: the webhook by its name, or the mail server. Each receiver has its messages
/// about a record in their order.
#[must_use]
pub fn receiver(item: &OutboxItem) -> &str {
    match item.channel.as_str() {
        "webhook" => item.to.strip_prefix(CALLED).unwrap_or(&item.to),
        channel => channel,
    }
}

/// What became of a message so far. The order is stored: new ones go to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeliveryState {
    /// It waits for its turn, or for another attempt.
    Queued,
    /// It was handed over.
    Sent,
    /// It was refused for good, or every attempt was used up.
    Failed,
    /// It was not sent on purpose.
    NotSent,
}

impl DeliveryState {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Queued, Self::Sent, Self::Failed, Self::NotSent];

    /// The name used in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::NotSent => "not_sent",
        }
    }
}

/// How a message fares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// What became of it.
    pub state: DeliveryState,
    /// Attempts so far.
    pub attempts: u16,
    /// When this was noted.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: Instant,
    /// When it is tried next, while it is queued.
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub next_at: Option<Instant>,
    /// Since when it is tried: since it was queued, or since somebody asked to try again.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub since: Instant,
    /// Why it was not sent, or what the other side answered.
    pub reason: String,
}

impl Delivery {
    /// How a message fares that was queued at an instant and never tried.
    #[must_use]
    pub const fn fresh(at: Instant) -> Self {
        Self {
            state: DeliveryState::Queued,
            attempts: 0,
            at,
            next_at: Some(at),
            since: at,
            reason: String::new(),
        }
    }
}

/// What a message has beside its words, when a person wrote it. Kept behind its row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailing {
    /// Files of the record that go with it.
    pub attachments: Vec<Id>,
}

/// A message in the list of what leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxPage {
    /// The message.
    pub item: OutboxItem,
    /// How it fares; none for what was queued by a build that delivered nothing.
    pub delivery: Option<Delivery>,
}

/// A message that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// When it came due: its place in the queue.
    pub due: Instant,
    /// The message.
    pub item: OutboxItem,
    /// What it has beside its words; none for what rules and the engine wrote.
    pub mailing: Option<Mailing>,
    /// How it fares so far.
    pub delivery: Delivery,
    /// When an earlier message about the same record, which comes first, is tried next.
    pub waits_for: Option<Instant>,
}

/// What came of a turn of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The message.
    pub message: Id,
    /// Its place in the queue.
    pub due: Instant,
    /// What came of it.
    pub fate: Fate,
}

/// What came of a turn of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It was handed over; with what the other side said.
    Sent(String),
    /// It is tried again at an instant; with the reason.
    Again(Instant, String),
    /// It was not tried: an earlier message about the same record comes first, at this instant.
    Waits(Instant),
    /// It cannot be delivered.
    Failed(String),
    /// It shall not be sent.
    NotSent(String),
}

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterFile {
    /// File name.
    pub name: String,
    /// Media type.
    pub media_type: String,
    /// Content.
    pub content: Vec<u8>,
}

/// A message with all that a courier needs to send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The message.
    pub item: OutboxItem,
    /// Name that it leaves under.
    pub service_name: Option<String>,
    /// Address that it leaves from.
    pub sender: Option<String>,
    /// Its words as HTML, when a rule gave them; as they came.
    pub html: Option<String>,
    /// Number of the record that it is about.
    pub number: Option<i64>,
    /// Message-IDs of the conversation so far without brackets, oldest first.
    pub thread: Vec<String>,
    /// Message-ID of the last mail that came from the conversation.
    pub answers: Option<String>,
    /// Whether nobody wrote it.
    pub automatic: bool,
    /// Files.
    pub files: Vec<LetterFile>,
}

impl Letter {
    /// Its own Message-ID, without brackets.
    #[must_use]
    pub fn message_id(&self) -> String {
        let sender = self.sender.as_deref();
        let domain = sender.and_then(|s| s.rsplit_once('@')).map(|(_, d)| d);
        own_message_id(self.item.id, self.item.record, domain)
    }
}

/// Domain of Message-IDs while the desk has no address.
const NO_DOMAIN: &str = "opora.invalid";
/// What the Message-IDs of the desk begin with.
const OWN_PREFIX: &str = "opora.";

/// The Message-ID of a message, by itself and its record.
#[must_use]
pub fn own_message_id(message: Id, record: Id, domain: Option<&str>) -> String {
    let domain = domain.unwrap_or(NO_DOMAIN);
    format!("{OWN_PREFIX}{message}.{record}@{domain}")
}

/// The message and record that a Message-ID of the desk names. Whether there is such a message only
/// the outbox knows.
#[must_use]
pub fn named_by(message_id: &str) -> Option<(Id, Id)> {
    let bare = message_id
        .trim()
        .trim_start_matches('<')
        .trim_end_matches('>');
    let (local, _) = bare.rsplit_once('@')?;
    let (message, record) = local.strip_prefix(OWN_PREFIX)?.split_once('.')?;
    Some((message.parse().ok()?, record.parse().ok()?))
}

/// How messages fare, by message.
pub type Deliveries = BTreeMap<Id, Delivery>;

/// Which of the messages that leave are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutboxQuery {
    /// Only those about this record, oldest first.
    pub record: Option<Id>,
    /// Only those that could not be delivered, newest first.
    pub undelivered: bool,
    /// Most items.
    pub limit: usize,
    /// Where to go on.
    pub cursor: Option<String>,
}
