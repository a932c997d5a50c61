//! Queries: what the asker may see, read from a snapshot.

#[cfg(feature = "search")]
mod added;
mod board;
mod call;
mod categories;
mod delivery;
mod entries;
mod events;
#[cfg(feature = "search")]
mod facets;
mod filter;
mod form;
mod history;
mod hooks;
mod inbox;
mod intake;
mod learned;
mod ledger;
mod list;
#[cfg(feature = "search")]
mod meaning;
mod overview;
mod pack_options;
#[cfg(feature = "search")]
mod pins;
mod plan;
mod preview;
mod process;
#[cfg(feature = "search")]
mod ranking;
#[cfg(feature = "search")]
mod readers;
pub(super) mod record;
mod recurrence;
pub(super) mod report;
#[cfg(feature = "search")]
mod search;
#[cfg(feature = "search")]
mod spans;
#[cfg(feature = "search")]
mod spoken;
#[cfg(feature = "search")]
mod suggest;
#[cfg(feature = "search")]
mod suggestions;
mod token;
mod undelivered;
#[cfg(feature = "search")]
mod understand;
mod variants;
mod versions;
mod webhook;

pub use history::journal_entry;
pub(super) use hooks::compiling;
pub use overview::{Overview, OverviewList, OverviewQuery};
#[cfg(feature = "search")]
pub use pins::TuningCache;
pub use preview::{Exposed, Preview};
pub use process::{ProcessChoice, ProcessPage, ProcessPlace};
pub use report::{Period, ReportColumn, ReportResult, ReportRow, ReportSpec, Variant};
pub use undelivered::Undelivered;

use super::{Desk, Error, ErrorKind, Result};
use crate::store::Pos;

/// Most items of a page.
pub const MAX_LIMIT: usize = 200;

impl Desk {
    /// Waits until a position is reached, so that what is read next shows at least that one.
    ///
    /// # Errors
    /// When it is not reached in time, or the store fails.
    pub fn reach(&self, at_least: Option<Pos>) -> Result<()> {
        if at_least.is_some() {
            self.store.snapshot(at_least)?;
        }
        Ok(())
    }

    /// Whether the desk was opened with a search index.
    const fn has_search(&self) -> bool {
        #[cfg(feature = "search")]
        return self.search.is_some();
        #[cfg(not(feature = "search"))]
        return false;
    }
}

/// Checks a page's limit.
pub fn limit(asked: usize) -> Result<usize> {
    if (1..=MAX_LIMIT).contains(&asked) {
        return Ok(asked);
    }
    Err(Error::new(
        ErrorKind::Invalid,
        "limit_out_of_range",
        format!("`limit` is {asked}; it must lie between 1 and {MAX_LIMIT}"),
    ))
}

/// A cursor that is not one of ours.
pub fn bad_cursor() -> Error {
    Error::new(
        ErrorKind::Invalid,
        "bad_cursor",
        "the cursor is not one that this list gave; begin again without it",
    )
}

/// Reads the hexadecimal text of a cursor.
pub fn unhex(text: &str) -> Result<Vec<u8>> {
    if text.len() > 2_048 || !text.len().is_multiple_of(2) || !text.is_ascii() {
        return Err(bad_cursor());
    }
    let pairs = (0..text.len())
        .step_by(2)
        .map(|at| text.get(at..at + 2).unwrap_or(""));
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).map_err(|_| bad_cursor()))
        .collect()
}
