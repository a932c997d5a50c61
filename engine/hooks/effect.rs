//! Effects: what a hook asks the engine to do, as data.

use crate::domain::entry::Visibility;
use crate::domain::{Instant, Kind, Value};

/// What the engine shall do. It is validated like any user's input and applied in the transaction of
/// the change that caused it.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Set a field of the record, or remove its value.
    Set {
        /// Field; unqualified names resolve to the rule's pack.
        field: String,
        /// New value.
        value: Option<Value>,
    },
    /// Change the status.
    Transition {
        /// Status to enter; unqualified names resolve to the rule's pack.
        to: String,
    },
    /// Put an agent or a team in charge, by id or code.
    Assign {
        /// Agent.
        agent: Option<String>,
        /// Team.
        team: Option<String>,
    },
    /// Add a comment.
    Comment {
        /// Who sees it.
        visibility: Visibility,
        /// Text.
        text: String,
    },
    /// Create a record.
    Create {
        /// Kind.
        kind: Kind,
        /// Type; unqualified names resolve to the rule's pack.
        type_code: Option<String>,
        /// Values by field.
        fields: Vec<(String, Value)>,
        /// Relation of a link from the new record to this one; empty for no link.
        relation: String,
    },
    /// Link the record to another.
    Link {
        /// What the link means.
        relation: String,
        /// Kind of the other record.
        kind: Kind,
        /// Id of the other record.
        to: crate::domain::Id,
    },
    /// Add a label.
    Tag(String),
    /// Remove a label.
    Untag(String),
    /// Set a timer on the record; a timer of the same name is replaced.
    Schedule {
        /// Name, given back when it comes due.
        name: String,
        /// When it is due.
        at: Instant,
        /// Data given back, as JSON text.
        data: String,
    },
    /// Remove a timer of the record.
    Unschedule {
        /// Name of the timer.
        name: String,
    },
    /// Queue a message.
    Notify {
        /// `contact`, `assignee`, `team`, or an address.
        to: String,
        /// `mail`, `chat`, …
        channel: String,
        /// Subject.
        subject: String,
        /// Text.
        text: String,
    },
    /// Queue a call of a webhook.
    Webhook {
        /// Name of the webhook, as the administrator set it up.
        name: String,
        /// Body, as JSON text.
        body: String,
    },
    /// An effect this build does not know: refused by name.
    Custom {
        /// Kind of effect.
        kind: String,
        /// Data, as JSON text.
        data: String,
    },
}

impl Effect {
    /// The name used in traces and error messages.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Set { .. } => "set",
            Self::Transition { .. } => "transition",
            Self::Assign { .. } => "assign",
            Self::Comment { .. } => "comment",
            Self::Create { .. } => "create",
            Self::Link { .. } => "link",
            Self::Tag(_) => "tag",
            Self::Untag(_) => "untag",
            Self::Schedule { .. } => "schedule",
            Self::Unschedule { .. } => "unschedule",
            Self::Notify { .. } => "notify",
            Self::Webhook { .. } => "webhook",
            Self::Custom { kind, .. } => kind,
        }
    }
}
