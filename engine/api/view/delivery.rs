//! How messages that leave fare, as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use super::instant;
use crate::desk::Delivery;

/// How a message fares.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryView {
    /// `queued`, `sent`, `failed` (refused for good, or every attempt used up) or `not_sent` (on
    /// purpose).
    pub state: &'static str,
    /// Attempts so far.
    pub attempts: u16,
    /// When this was noted.
    pub at: String,
    /// When it is tried next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<String>,
    /// Why it was not sent, or what the other side answered.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// How a message fares as JSON.
#[must_use]
pub fn delivery(delivery: &Delivery) -> DeliveryView {
    DeliveryView {
        state: delivery.state.name(),
        attempts: delivery.attempts,
        at: instant(delivery.at),
        next_attempt_at: delivery.next_at.map(instant),
        reason: delivery.reason.clone(),
    }
}
