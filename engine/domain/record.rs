//! A record: an id, a kind, and fields.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Id, Instant, Kind, Value};

/// A ticket, account, article or any other kind of record. Everything but identity is a field, the
/// engine's own (`title`, `status`, …) under bare names and a pack's under `pack/name`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Identity.
    pub id: Id,
    /// What it is.
    pub kind: Kind,
    /// Values by field.
    pub fields: BTreeMap<String, Value>,
}

impl Record {
    /// A record without fields.
    #[must_use]
    pub fn new(id: Id, kind: Kind) -> Self {
        Self {
            id,
            kind,
            fields: BTreeMap::new(),
        }
    }

    /// Value of a field.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&Value> {
        self.fields.get(field)
    }

    /// Text of a field.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        self.get(field).and_then(Value::as_text)
    }

    /// Reference held by a field.
    #[must_use]
    pub fn reference(&self, field: &str) -> Option<Id> {
        self.get(field).and_then(Value::as_ref_id)
    }

    /// Instant held by a field.
    #[must_use]
    pub fn instant(&self, field: &str) -> Option<Instant> {
        self.get(field).and_then(Value::as_instant)
    }

    /// Code of the type.
    #[must_use]
    pub fn type_code(&self) -> Option<&str> {
        self.text(fields::TYPE)
    }

    /// Code of the status.
    #[must_use]
    pub fn status(&self) -> Option<&str> {
        self.text(fields::STATUS)
    }

    /// Human number.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        self.get(fields::NUMBER).and_then(Value::as_int)
    }

    /// Title, or the empty text.
    #[must_use]
    pub fn title(&self) -> &str {
        self.text(fields::TITLE).unwrap_or_default()
    }

    /// Sets or removes a value.
    pub fn put(&mut self, field: &str, value: Option<Value>) {
        match value {
            Some(v) => {
                self.fields.insert(field.to_owned(), v);
            }
            None => {
                self.fields.remove(field);
            }
        }
    }
}

/// Names of the engine's own fields that its rules use.
pub mod fields {
    /// Code of the type.
    pub const TYPE: &str = "type";
    /// Code of the status.
    pub const STATUS: &str = "status";
    /// Human number.
    pub const NUMBER: &str = "number";
    /// Title or name.
    pub const TITLE: &str = "title";
    /// Instant of creation.
    pub const CREATED_AT: &str = "created_at";
    /// Instant of the last change.
    pub const UPDATED_AT: &str = "updated_at";
    /// Instant at which a status of category done or cancelled was reached.
    pub const CLOSED_AT: &str = "closed_at";
    /// Agent in charge.
    pub const ASSIGNEE: &str = "assignee";
    /// Team in charge.
    pub const TEAM: &str = "team";
    /// Organisation.
    pub const ACCOUNT: &str = "account";
    /// Person.
    pub const CONTACT: &str = "contact";
    /// Labels.
    pub const TAGS: &str = "tags";
    /// Support level.
    pub const SUPPORT_LEVEL: &str = "support_level";
    /// Due time of the first answer.
    pub const REACTION_DUE_AT: &str = "reaction_due_at";
    /// Instant of the first answer.
    pub const REACTED_AT: &str = "reacted_at";
    /// Due time of the solution.
    pub const RESOLUTION_DUE_AT: &str = "resolution_due_at";
}
