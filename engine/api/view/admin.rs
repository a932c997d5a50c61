//! Tokens as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use super::instant;
use crate::desk::{Actor, Token};

/// An access token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Token)]
pub struct TokenView {
    /// Identity.
    pub id: String,
    /// `admin`, `agent` or `contact`.
    pub role: &'static str,
    /// Agent it is bound to.
    pub agent: Option<String>,
    /// Contact it is bound to.
    pub contact: Option<String>,
    /// Account of the contact.
    pub account: Option<String>,
    /// What it is for.
    pub note: String,
    /// When it was made.
    pub created_at: String,
}

/// A token as JSON.
#[must_use]
pub fn token(token: Token) -> TokenView {
    let (agent, contact, account) = match &token.actor {
        Actor::Admin { agent } | Actor::Agent { agent } => (*agent, None, None),
        Actor::Contact { contact, account } => (None, Some(*contact), Some(*account)),
        Actor::System | Actor::Rule { .. } | Actor::Visitor => (None, None, None),
    };
    let text = |id: Option<crate::domain::Id>| id.map(|id| id.to_string());
    TokenView {
        id: token.id.to_string(),
        role: token.actor.role(),
        agent: text(agent),
        contact: text(contact),
        account: text(account),
        note: token.note,
        created_at: instant(token.created_at),
    }
}
