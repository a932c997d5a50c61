//! What is suggested while somebody types, and for a ticket.

use crate::desk::RecordPage;
use crate::domain::{Id, Kind, Record};
use crate::store::Pos;

/// What to complete.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SuggestQuery {
    /// What was typed so far.
    pub text: String,
    /// Kinds; empty: tickets, articles and assets.
    pub kinds: Vec<Kind>,
    /// Most titles, 1 to 20.
    pub limit: usize,
    /// See at least this position.
    pub at_least: Option<Pos>,
}

/// What a text may become.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggested {
    /// Records by their titles, best first, re-read from the store.
    pub titles: Vec<RecordPage>,
    /// The text with its last word completed.
    pub completions: Vec<String>,
    /// Whether the index is being rebuilt, so that titles may be missing.
    pub rebuilding: bool,
}

/// A ticket, as far as it is written, for which help is sought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LikeQuery {
    /// Its title.
    pub title: String,
    /// Its text.
    pub text: String,
    /// Full code of its type.
    pub type_code: Option<String>,
    /// Its products.
    pub products: Vec<Id>,
    /// Its category.
    pub category: Option<String>,
    /// Its account.
    pub account: Option<Id>,
    /// The ticket itself, when there is one.
    pub ticket: Option<Id>,
    /// Most suggestions of a sort, 1 to 20.
    pub limit: usize,
    /// See at least this position.
    pub at_least: Option<Pos>,
}

/// What may help with a ticket.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TicketSuggestions {
    /// Published articles, best first.
    pub articles: Vec<Suggestion>,
    /// Solved tickets, best first.
    pub tickets: Vec<Suggestion>,
    /// Whether the index is being rebuilt, so that some may be missing.
    pub rebuilding: bool,
}

/// An article or ticket that may help.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// The record.
    pub record: Record,
    /// Its version.
    pub version: Pos,
    /// Likeness.
    pub score: f32,
    /// HTML-escaped piece of its text with the words in `<mark>`.
    pub snippet: String,
    /// Whether it is in an answer to the ticket already.
    pub used: bool,
    /// Why.
    pub why: SuggestionWhy,
}

/// Why a record may help.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SuggestionWhy {
    /// Words that both have.
    pub matches: Vec<LikeMatch>,
    /// Fields in which both are the same.
    pub same: Vec<&'static str>,
    /// How often the article was put into answers lately.
    pub uses: usize,
    /// Similarity of both in meaning, from -1 to 1, where the desk has a model that says it.
    pub similarity: Option<f32>,
}

/// A word that a ticket and a suggestion have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LikeMatch {
    /// The word in the ticket.
    pub word: String,
    /// The word in the suggestion, in lower case.
    pub found: String,
    /// Field of the suggestion.
    pub field: &'static str,
}
