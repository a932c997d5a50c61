//! What queries answer: plain data for the callers of the desk.

mod article;
mod explained;
mod form;
mod history;
mod lessons;
mod pack;
mod search;
mod suggest;

use crate::domain::{Entry, Id, Instant, Kind, Record};
use crate::store::Pos;

pub use article::*;
pub use explained::*;
pub use form::*;
pub use history::*;
pub use lessons::*;
pub use pack::*;
pub use search::*;
pub use suggest::*;

/// A record and its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordPage {
    /// The record, without what the asker may not see.
    pub record: Record,
    /// Position of its last change.
    pub version: Pos,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; none on the last.
    pub next: Option<String>,
}

/// A condition of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The field has one of the values (as text; read by the field's type).
    In(Vec<String>),
    /// The field lies between two values, either end open.
    Between(Option<String>, Option<String>),
    /// The field has a value, or has none.
    Present(bool),
    /// The field, which holds a category's code, has one of these or one that lies in them.
    Within(Vec<String>),
}

/// What to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// Kind.
    pub kind: Kind,
    /// Conditions by field, all of which hold. `category_of_status` filters by status category.
    pub filters: Vec<(String, Condition)>,
    /// Field to sort by and whether in descending order; none: newest first.
    pub sort: Option<(String, bool)>,
    /// Most items, 1 to 200.
    pub limit: usize,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// See at least this position.
    pub at_least: Option<Pos>,
}

impl ListQuery {
    /// The newest records of a kind.
    #[must_use]
    pub const fn newest(kind: Kind, limit: usize) -> Self {
        Self {
            kind,
            filters: Vec::new(),
            sort: None,
            limit,
            cursor: None,
            at_least: None,
        }
    }
}

/// An entry of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryPage {
    /// The entry.
    pub entry: Entry,
    /// Position at which it was added.
    pub version: Pos,
    /// The author's name, as far as the asker may read it.
    pub author_name: Option<String>,
    /// The merged ticket that it belongs to, when it is shown with another one.
    pub merged: Option<Id>,
}

/// One event of the stream: a committed change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Position.
    pub pos: Pos,
    /// When.
    pub at: Instant,
    /// Name of the command.
    pub command: String,
    /// Who.
    pub actor: String,
    /// Records that changed, with the names of their changed fields.
    pub records: Vec<(Kind, Id, Vec<String>)>,
    /// Entries added: kind and id of the owner, id of the entry.
    pub entries: Vec<(Kind, Id, Id)>,
    /// Agents for whom the intake was opened, each with the inquiry.
    pub drafts: Vec<(Id, Id)>,
    /// Whether something may have been kept from the asker: an event without records and entries tells
    /// only that others did something.
    pub masked: bool,
}

/// What waits to leave the process, or has left it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct OutboxItem {
    /// Identity; the idempotency key of the delivery.
    pub id: Id,
    /// When it was queued.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: Instant,
    /// Record it is about.
    pub kind: Kind,
    /// Record it is about.
    pub record: Id,
    /// `mail`, `webhook`, …
    pub channel: String,
    /// Address.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Text, or JSON of a webhook.
    pub text: String,
    /// Rule that queued it.
    pub rule: String,
}

/// An access token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Token {
    /// Identity.
    pub id: Id,
    /// Role and person.
    pub actor: super::Actor,
    /// What it is for.
    pub note: String,
    /// When it was made.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub created_at: Instant,
}

/// A survey as the person asked sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyView {
    /// Number of the ticket.
    pub number: Option<i64>,
    /// Title of the ticket.
    pub title: String,
    /// Questions by code, with their names; empty: one overall score.
    pub questions: Vec<crate::domain::definitions::QuestionDef>,
    /// Greatest score of the scale, from 1.
    pub scale: i64,
    /// Whether it was answered.
    pub answered: bool,
    /// Whether an answer is still taken.
    pub is_open: bool,
    /// Language of the customer, as far as it is known.
    pub locale: Option<String>,
    /// Until when an answer is taken.
    pub expires_at: Instant,
}
