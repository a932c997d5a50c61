//! Cursors: the place behind a hit, as an opaque text.

use serde::{Deserialize, Serialize};

use super::error::{SearchError, SearchResult};
use super::fusion::Rest;
use super::request::{Demand, Sort};
use super::schema::fnv;

/// Longest cursor that is looked at, in characters.
const MAX_CURSOR_CHARS: usize = 2_048;

/// Value by which a hit was ordered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum SortKey {
    /// Relevance.
    Score(f32),
    /// Upper half of the id.
    Newest(u64),
    /// A whole number, flag or instant.
    Int(i64),
    /// A decimal, as an integer of the same order.
    Decimal(i64),
    /// A folded text.
    Text(String),
    /// No value.
    Missing,
}

/// The place behind a hit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// What the list is ordered by and searched for: a cursor fits no other list.
    list: u64,
    /// Value of the hit.
    pub(super) key: SortKey,
    /// Id of the hit.
    pub(super) id: [u8; 16],
    /// The moment of the list's ranking, if it has one.
    pub(super) at: Option<i64>,
    /// The hits that come before all others, where meaning moved them.
    pub(super) rest: Option<Rest>,
}

impl Cursor {
    pub(super) fn new(
        list: u64,
        key: SortKey,
        id: [u8; 16],
        at: Option<i64>,
        rest: Option<Rest>,
    ) -> Self {
        Self {
            list,
            key,
            id,
            at,
            rest,
        }
    }

    pub(super) fn encode(&self) -> String {
        let bytes = postcard::to_stdvec(self).unwrap_or_default();
        let mut text = String::with_capacity(bytes.len() * 2);
        for byte in bytes {
            for digit in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(u32::from(digit), 16));
            }
        }
        text
    }

    /// The cursor of a list.
    pub(super) fn decode(text: &str, list: u64) -> SearchResult<Self> {
        let cursor = Self::read(text)?;
        if cursor.list == list {
            return Ok(cursor);
        }
        Err(SearchError::Cursor)
    }

    /// The cursor, of whatever list.
    pub(super) fn read(text: &str) -> SearchResult<Self> {
        let refuse = || SearchError::Cursor;
        if text.len() > MAX_CURSOR_CHARS || !text.len().is_multiple_of(2) {
            return Err(refuse());
        }
        let digits: Option<Vec<u8>> = text
            .chars()
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect();
        let bytes: Vec<u8> = digits
            .ok_or_else(refuse)?
            .chunks_exact(2)
            .map(|pair| pair.iter().fold(0, |byte, digit| (byte << 4) | digit))
            .collect();
        let cursor: Self = postcard::from_bytes(&bytes).map_err(|_| refuse())?;
        let is_odd = matches!(cursor.key, SortKey::Score(score) if score.is_nan());
        if is_odd || cursor.rest.as_ref().is_some_and(|rest| !rest.is_sound()) {
            return Err(refuse());
        }
        Ok(cursor)
    }
}

/// Identifies a list by its text, demands and order.
pub(super) fn list_of(text: Option<&str>, demands: &[Demand], sort: &Sort) -> u64 {
    let order = match sort {
        Sort::Relevance => String::from("relevance"),
        Sort::Field { name, descending } => format!("{name} {descending}"),
        Sort::Ranked {
            name,
            values,
            descending,
        } => format!("{name} {descending} {values:?}"),
    };
    fnv(format!(
        "{order}\n{}{}\n{demands:?}",
        u8::from(text.is_some()),
        text.unwrap_or_default()
    )
    .as_bytes())
}
