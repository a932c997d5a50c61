//! Webhooks: where other programs want to be told, and how far they were.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::{Id, Instant, Kind};
use crate::store::Pos;

/// Bytes of a webhook's secret.
pub const SECRET_BYTES: usize = 32;

/// What calls of a webhook are signed with. It is shown once, and never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookSecret(pub [u8; SECRET_BYTES]);

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use sha2::Digest;
        let hash = sha2::Sha256::digest(self.0);
        f.debug_tuple("WebhookSecret").field(&hash).finish()
    }
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Name: what rules call it by, and the channel that it carries.
    pub name: String,
    /// Address.
    pub url: String,
    /// Events that it is told of: `ticket.created`, `ticket.*`, `*`; none: calls of rules alone.
    pub events: Vec<String>,
    /// Whether it is called.
    pub enabled: bool,
    /// What calls are signed with.
    pub secret: WebhookSecret,
    /// When it was made.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub created_at: Instant,
    /// Where its events begin.
    pub since: Pos,
}

impl Webhook {
    /// Whether it is told of an event.
    #[must_use]
    pub fn wants(&self, event: &str) -> bool {
        self.events.iter().any(|pattern| fits(pattern, event))
    }
}

/// Whether an event is one of a pattern.
fn fits(pattern: &str, event: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(begins) => event.starts_with(begins),
        None => pattern == event,
    }
}

/// How far a webhook was told, and what came of the last calls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookProgress {
    /// Everything up to here was told, or was refused for good.
    pub pos: Pos,
    /// Attempts in a row that failed.
    pub attempts: u16,
    /// When it is tried next after a failure.
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub next_at: Option<Instant>,
    /// Events that it refused for good.
    pub refused: u64,
    /// What it last answered when that was no success; empty after a success.
    pub last_error: String,
}

/// A webhook and how it fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookPage {
    /// The webhook.
    pub webhook: Webhook,
    /// How it fares.
    pub progress: WebhookProgress,
}

/// What a webhook shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookChange {
    /// Address; none: as before.
    pub url: Option<String>,
    /// Events; none: as before.
    pub events: Option<Vec<String>>,
    /// Whether it is called; none: as before, and yes for a new one.
    pub enabled: Option<bool>,
    /// Another secret; none: as before.
    pub secret: Option<WebhookSecret>,
    /// Whether there must be none of this name yet.
    pub is_new: bool,
}

/// Something that happened, as webhooks are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Position.
    pub pos: Pos,
    /// Place among what happened at that position.
    pub place: usize,
    /// When.
    pub at: Instant,
    /// `ticket.created`, `ticket.changed`, `ticket.deleted`, `ticket.entry_added`.
    pub event: String,
    /// Kind of the record.
    pub kind: Kind,
    /// The record.
    pub record: Id,
    /// Fields that changed.
    pub fields: Vec<String>,
    /// The entry that was added.
    pub entry: Option<Id>,
    /// Name of the command.
    pub command: String,
    /// Who asked.
    pub actor: String,
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_end_with_a_star() {
        assert!(fits("*", "ticket.created"));
        assert!(fits("ticket.*", "ticket.created"));
        assert!(fits("ticket.created", "ticket.created"));
        assert!(!fits("ticket.created", "ticket.changed"));
        assert!(!fits("asset.*", "ticket.created"));
    }
}
