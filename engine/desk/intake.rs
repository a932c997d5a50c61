//! The intake as data: what is asked of a search for a party, and what it answers.

use serde_json::{Map, Value as Json};

use super::RecordPage;
use super::mail::IncomingMail;
use super::party::Reason;
use crate::domain::entry::Direction;
use crate::domain::party::{PartyField, PartyMode};
use crate::domain::{Id, Kind, StatusDef};
use crate::store::Pos;

/// What a text of a party search is searched in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskedIn {
    /// Whatever it may be.
    Any,
    /// What the engine's fields tell of a party.
    Party(PartyField),
}

impl AskedIn {
    /// The name used in requests and by rules.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Party(field) => field.name(),
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if name == "any" {
            return Some(Self::Any);
        }
        PartyField::named(name).map(Self::Party)
    }
}

/// Which of the records about a party are shown with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PartyVariant {
    /// Those that are not closed.
    #[default]
    Open,
    /// Those that are.
    Closed,
    /// All.
    All,
}

impl PartyVariant {
    /// The variant with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "open" => Some(Self::Open),
            "closed" => Some(Self::Closed),
            "all" => Some(Self::All),
            _ => None,
        }
    }
}

/// A search for a party.
#[derive(Debug, Clone)]
pub struct PartyQuery {
    /// What is known of it; empty texts do not count.
    pub asked: Vec<(AskedIn, String)>,
    /// How it must fit.
    pub mode: PartyMode,
    /// Whether everything must fit, or anything.
    pub all: bool,
    /// Which leads and tickets are shown with a party.
    pub variant: PartyVariant,
    /// Type of the record that shall be made: only rules of its pack, and those that name it, have a
    /// say. None: all have.
    pub type_code: Option<String>,
    /// The inquiry that it is about. Without texts, what is known of its sender is searched for.
    pub inquiry: Option<Id>,
    /// Most parties, 1 to 50.
    pub limit: usize,
    /// Position that must be reached.
    pub at_least: Option<Pos>,
}

/// A party that was found, and what the desk has of it.
#[derive(Debug, Clone, PartialEq)]
pub struct PartyHit {
    /// The account, contact or lead.
    pub page: RecordPage,
    /// Weights of what fits, together.
    pub score: i64,
    /// What fits.
    pub reasons: Vec<Reason>,
    /// The organisation of a contact or lead.
    pub account: Option<RecordPage>,
    /// The people of an organisation.
    pub contacts: Vec<RecordPage>,
    /// Its leads, newest first.
    pub leads: Vec<RecordPage>,
    /// Its tickets, newest first.
    pub tickets: Vec<RecordPage>,
    /// Others of its kind with the same tax number or phone.
    pub duplicates: Vec<Id>,
}

/// What a search for a party answers.
#[derive(Debug, Clone, PartialEq)]
pub struct PartyHits {
    /// What was searched for, after rules had their say.
    pub all: bool,
    /// The parties, the likeliest first.
    pub hits: Vec<PartyHit>,
}

/// What arrived through a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Interaction {
    /// `mail`, `call`, `chat`, `form`, or any other word.
    pub channel: String,
    /// `message`, or what happened to a call: `ringing`, `answered`, `missed`, `ended`.
    pub event: String,
    /// Which way it went.
    pub direction: Direction,
    /// The channel's own id: an event with the same one is taken once.
    pub external_id: Option<String>,
    /// The channel's id of the message that it answers.
    pub in_reply_to: Option<String>,
    /// Phone, address or account of the sender.
    pub from: Option<String>,
    /// Subject.
    pub subject: String,
    /// Text.
    pub text: String,
    /// Agent who takes part, by id or code.
    pub agent: Option<String>,
    /// The record that it belongs to, when that is known.
    pub record: Option<(Kind, Id)>,
    /// The card or request that it comes from.
    pub origin: Option<(Kind, Id)>,
    /// Type of the inquiry.
    pub type_code: Option<String>,
    /// When it arrived, as RFC 3339; now when it is not said.
    pub received_at: Option<String>,
    /// Values of the inquiry.
    pub fields: Map<String, Json>,
    /// What it has beside these when it is a mail as it came.
    pub mail: Option<Box<IncomingMail>>,
}

/// What an inquiry becomes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Acceptance {
    /// Kind of the new record; follows from the type when there is one.
    pub kind: Option<Kind>,
    /// Type of the new record.
    pub type_code: Option<String>,
    /// A record that it belongs to.
    pub record: Option<(Kind, Id)>,
    /// Why it is declined.
    pub decline: Option<String>,
    /// Values of the new record.
    pub fields: Map<String, Json>,
    /// Values of an account that is registered with it, beside what the inquiry tells.
    pub new_account: Option<Map<String, Json>>,
    /// Values of a contact that is registered with it, beside what the inquiry tells.
    pub new_contact: Option<Map<String, Json>>,
    /// Values of the inquiry, when it is taken down with the same command.
    pub appeal: Map<String, Json>,
}

/// Whose inquiries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Responsible {
    /// Everybody's.
    #[default]
    Any,
    /// Those for which nobody is responsible.
    Nobody,
    /// An agent's.
    Agent(Id),
}

/// A look into the inbox.
#[derive(Debug, Clone)]
pub struct InboxQuery {
    /// Whose.
    pub responsible: Responsible,
    /// Type of the inquiries; none: all.
    pub type_code: Option<String>,
    /// Only those that wait for at least so many seconds.
    pub older_than_secs: Option<i64>,
    /// Most items.
    pub limit: usize,
    /// Where to go on.
    pub cursor: Option<String>,
    /// Position that must be reached.
    pub at_least: Option<Pos>,
}

/// An inquiry that is not registered yet.
#[derive(Debug, Clone, PartialEq)]
pub struct InboxItem {
    /// The inquiry.
    pub page: RecordPage,
    /// Seconds since it arrived.
    pub age_secs: i64,
}

/// A look at a board.
#[derive(Debug, Clone)]
pub struct BoardQuery {
    /// Type of the cards.
    pub type_code: String,
    /// Whose.
    pub responsible: Responsible,
    /// Most cards of a column.
    pub limit: usize,
    /// Position that must be reached.
    pub at_least: Option<Pos>,
}

/// Records of a type by status, beside the inquiries that are not registered yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Board {
    /// Full code of the type.
    pub type_code: String,
    /// The inbox, then a column for each status in the order of the workflow.
    pub columns: Vec<BoardColumn>,
}

/// A column of a board.
#[derive(Debug, Clone, PartialEq)]
pub struct BoardColumn {
    /// The status; none for the inbox.
    pub status: Option<StatusDef>,
    /// The cards, newest first; of the inbox the oldest first.
    pub cards: Vec<BoardCard>,
    /// Whether there are more than are shown.
    pub more: bool,
}

/// A card of a board.
#[derive(Debug, Clone, PartialEq)]
pub struct BoardCard {
    /// The record.
    pub page: RecordPage,
    /// Icon of its type; empty without one.
    pub icon: String,
    /// Name of its organisation.
    pub account: Option<String>,
    /// Name of its person.
    pub contact: Option<String>,
    /// Whether the first answer is due and has not been given.
    pub reaction_overdue: bool,
    /// Whether the solution is due and the record is not closed.
    pub resolution_overdue: bool,
    /// Seconds since an inquiry arrived.
    pub age_secs: Option<i64>,
}
