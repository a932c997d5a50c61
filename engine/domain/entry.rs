//! Entries of a record: comments, messages, attachments, links.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::contract::ConsumptionEvent;
use super::{Id, Instant};

/// Something that belongs to a record and is ordered in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Identity; time-ordered.
    pub id: Id,
    /// When it was made.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: Instant,
    /// Who made it: `agent:ID`, `contact:ID`, `rule:PACK/NAME`, `system`.
    pub author: String,
    /// What it is.
    pub body: EntryBody,
}

/// Whether customers see something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Customers see it.
    Public,
    /// Only agents see it.
    Internal,
}

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From a customer.
    In,
    /// To a customer.
    Out,
}

/// The kinds of entry. The order of the variants is stored: new ones go to the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryBody {
    /// A remark.
    Comment {
        /// Who sees it.
        visibility: Visibility,
        /// Text.
        text: String,
    },
    /// What passed between the desk and a customer.
    Message {
        /// `mail`, `call`, `chat`, `form`, `sms`, …
        channel: String,
        /// Which way it went.
        direction: Direction,
        /// Subject, where the channel has one.
        subject: String,
        /// Text.
        text: String,
        /// The channel's own id of the message; the same id is taken once.
        external_id: Option<String>,
    },
    /// A file. Its content lies in chunks under the hash.
    Attachment {
        /// File name.
        name: String,
        /// Media type.
        media_type: String,
        /// Bytes.
        size: u64,
        /// SHA-256 of the content.
        hash: [u8; 32],
        /// Who sees it.
        visibility: Visibility,
    },
    /// A link to another record.
    Link {
        /// What the link means: `related`, `duplicate_of`, `parent`, …
        relation: String,
        /// Kind of the other record.
        kind: super::Kind,
        /// The other record.
        to: Id,
    },
    /// A row of a contract's ledger: what was counted against it, or taken back.
    Consumption(Consumption),
}

/// A row of a contract's ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consumption {
    /// Why it was counted.
    pub event: ConsumptionEvent,
    /// The ticket; none for a correction by hand.
    pub ticket: Option<Id>,
    /// Units added; negative when they were taken back.
    pub amount: Decimal,
    /// Units of the ticket on the contract from here on; zero for a correction by hand.
    pub net: Decimal,
    /// Reason, of whoever corrected or of the rule that chose the amount.
    pub reason: String,
    /// Whether the contract was over its total with it.
    pub over: bool,
}
