//! What rules about incoming appeals get and may return: `intake.match` and `intake.route`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::word::words;
use super::{RecordView, Spot};
use crate::domain::{Id, Kind, Value};

/// Most keys of one decision.
pub const MAX_KEYS: usize = 64;
/// Most parties that a rule may ask for.
pub const MAX_MATCHES: i64 = 200;
/// Greatest weight of a key.
pub const MAX_WEIGHT: i64 = 100;
/// The fields of a search that are not codes of fields.
pub const ASKED: [&str; 6] = ["any", "name", "tax_number", "phone", "mail", "other"];

words! {
    /// How a text is compared with the value of a field.
    MatchMode {
        /// They are equal.
        Exact = "exact",
        /// The value begins with the text.
        Prefix = "prefix",
        /// The value holds the text.
        Part = "part",
    }
}

/// A search for a party. The journal keeps it as it is: a member is never added or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchView {
    /// What is searched for: one of [`ASKED`] or the full code of a field, and the text.
    pub asked: Vec<(String, String)>,
    /// How it is compared.
    pub mode: MatchMode,
    /// Whether everything asked must match, or anything.
    pub all_must_match: bool,
    /// Channel of the appeal: `mail`, `phone`, …; none when there is none.
    pub channel: Option<String>,
}

/// One key by which parties are found: an index of the store is read at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyKey {
    /// Kind of the party: `account`, `contact`, `lead`, ….
    pub kind: Kind,
    /// Field; unqualified names resolve to the rule's pack.
    pub field: String,
    /// Value, as the index has it.
    pub value: String,
    /// How it is compared.
    pub mode: MatchMode,
    /// How much a match says, from 1 to [`MAX_WEIGHT`].
    pub weight: i64,
}

/// By which keys parties are searched for: `intake.match`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartyKeys {
    /// The keys.
    pub keys: Vec<PartyKey>,
    /// Whether they take the place of the engine's own, or are added to them.
    pub instead: bool,
    /// Whether everything must match; none: as it was asked for.
    pub all_must_match: Option<bool>,
    /// Most parties that are found, from 1 to [`MAX_MATCHES`]; none: the engine's own limit.
    pub limit: Option<i64>,
    /// Where the script decided it.
    pub spot: Spot,
}

/// An appeal that is accepted, or may be handled without a person.
#[derive(Debug, Clone, PartialEq)]
pub struct RouteView {
    /// Whether nobody accepts it: the engine asks whether it may go on by itself.
    pub automatic: bool,
    /// What whoever accepts it asked for.
    pub wanted: Wanted,
    /// Parties that were found, the likeliest first.
    pub found: Vec<FoundParty>,
    /// Open tickets and leads of the party.
    pub open: Vec<Arc<RecordView>>,
}

/// What whoever accepts an appeal asked for. The journal keeps it as it is: a member is never added or
/// changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Kind of the record to create, if one was named.
    pub kind: Option<Kind>,
    /// Full code of its type, if one was named.
    pub type_code: Option<String>,
    /// Record to attach the appeal to, if one was named.
    pub record: Option<(Kind, Id)>,
    /// Values for the record, by full field name.
    pub values: Vec<(String, Value)>,
}

/// A party that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundParty {
    /// The account, contact or lead.
    pub view: Arc<RecordView>,
    /// How well it matches.
    pub score: i64,
    /// Why it was found, such as `phone`.
    pub reasons: Vec<String>,
}

/// What becomes of an appeal.
#[derive(Debug, Clone, PartialEq)]
pub enum RouteChoice {
    /// A record is created from it.
    Create {
        /// Kind of the record.
        kind: Kind,
        /// Type; unqualified names resolve to the rule's pack.
        type_code: Option<String>,
        /// Values by field; unqualified names resolve to the rule's pack.
        values: Vec<(String, Value)>,
        /// Where the script decided it.
        spot: Spot,
    },
    /// It is attached to a record that there is.
    Attach {
        /// Kind of the record.
        kind: Kind,
        /// The record.
        id: Id,
        /// Where the script decided it.
        spot: Spot,
    },
    /// It is declined.
    Decline {
        /// Code of the reason.
        reason: String,
        /// Where the script decided it.
        spot: Spot,
    },
}

/// Values for a party that is created with the record: at most one of each kind.
#[derive(Debug, Clone, PartialEq)]
pub struct NewParty {
    /// Kind of the party: `account`, `contact`, ….
    pub kind: Kind,
    /// Values by field; unqualified names resolve to the rule's pack.
    pub values: Vec<(String, Value)>,
    /// Where the script decided it.
    pub spot: Spot,
}
