//! Who asks for a command and how, and what came of it.

use crate::desk::Actor;
use crate::domain::{Id, Kind};
use crate::store::Pos;

/// Who asks, and how.
#[derive(Debug, Clone)]
pub struct Request {
    /// Who.
    pub actor: Actor,
    /// Id of the request, for logs and the journal; at most 64 bytes are kept.
    pub request_id: String,
    /// The same key with the same command has one effect for 24 hours.
    pub idempotency_key: Option<String>,
    /// The record must be at this version.
    pub if_match: Option<Pos>,
    /// The pack must be active in the revision with this hash; for changes of packs.
    pub if_revision: Option<[u8; 32]>,
    /// The language that the asker wants texts in, where its record names none.
    pub locale: Option<String>,
}

impl Request {
    /// A request of `actor` without key or condition.
    #[must_use]
    pub fn by(actor: Actor) -> Self {
        Self {
            actor,
            request_id: String::new(),
            idempotency_key: None,
            if_match: None,
            if_revision: None,
            locale: None,
        }
    }
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Reply {
    /// The record, token or pack it was about.
    pub id: Id,
    /// Kind of the record.
    pub kind: Option<Kind>,
    /// The entry that was added.
    pub entry: Option<Id>,
    /// What a named action gives back, as JSON text of an object.
    #[serde(skip)]
    pub result: Option<String>,
    /// Position of the change: the record's version from now on.
    pub pos: Pos,
    /// Whether this is the kept answer to an earlier request with the same idempotency key.
    pub replayed: bool,
}
