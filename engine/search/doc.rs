//! What is searched: neutral documents, and the source they come from.

use std::time::Duration;

use rust_decimal::Decimal;

use super::error::SourceError;

/// Longest name of a filter field in bytes.
pub const MAX_FIELD_NAME_BYTES: usize = 128;
/// Most filter values of one document; what is over is left out.
pub const MAX_FILTERS_PER_DOC: usize = 512;

/// One searchable record, whatever its kind.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SearchDoc {
    /// Kind of the record, such as `ticket`; filtered by [`super::SearchRequest::kinds`].
    pub kind: String,
    /// The record's id, unique over all kinds. Ids are time-ordered: lists without a sort and
    /// without a text are newest first by it. Filtered as field `id`, in its hyphenated form; there
    /// are no ranges of it.
    pub id: [u8; 16],
    /// Subject or title: a match here counts more.
    pub title: String,
    /// Everything else that any reader of the record may see.
    pub body: String,
    /// What only the staff may see, such as internal comments. Searched and shown in snippets only
    /// when [`super::SearchRequest::sections`] has it.
    pub internal: String,
    /// What is added for whoever may see it; searched when [`super::SearchRequest::sections`] has it.
    pub extra: String,
    /// What is added for the staff.
    pub extra_internal: String,
    /// Language tag; filtered as field `locale`.
    pub locale: Option<String>,
    /// Human number; found by typing it, filtered and sorted as field `number`.
    pub number: Option<u64>,
    /// Codes and keys found only as a whole, such as serial numbers and external ids.
    pub codes: Vec<String>,
    /// Values to filter and sort by. A field may occur several times (tags): filters see every
    /// value, a sort sees the first.
    pub filters: Vec<(String, FilterValue)>,
    /// Values that are counted in facets, by field, each as it is shown.
    pub facets: Vec<(String, Vec<String>)>,
    /// Journal position of the record's last change, given back with each hit.
    pub version: u64,
}

/// A value to filter and sort by.
#[derive(Debug, Clone, PartialEq)]
pub enum FilterValue {
    /// A code or a text: equality is exact, order is by the folded text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A flag; `false` sorts first.
    Bool(bool),
    /// An instant in milliseconds since 1970 UTC.
    Instant(i64),
    /// A decimal: equality is by value (`1.50` equals `1.5`), order to 15 significant digits.
    Decimal(Decimal),
}

/// Whether a name may be a filter field: ASCII letters, digits and `_ - . : /`.
#[must_use]
pub fn field_name_is_valid(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_FIELD_NAME_BYTES
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':' | b'/'))
}

/// What becomes of one document.
#[derive(Debug, Clone, PartialEq)]
pub enum Upsert {
    /// The document is new or replaces the one with its id.
    Put(Box<SearchDoc>),
    /// The document is of a record that this very change created: no earlier change touched it.
    New(Box<SearchDoc>),
    /// The document with this id is gone.
    Delete([u8; 16]),
}

/// Everything that one journal entry changed for the search; often nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Position of the journal entry.
    pub pos: u64,
    /// Documents to put and delete.
    pub docs: Vec<Upsert>,
}

/// A part of a full scan.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScanPage {
    /// The documents.
    pub docs: Vec<SearchDoc>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<Vec<u8>>,
    /// The position up to which every change is contained in this page's documents. Later changes
    /// may be contained too: they come again through [`Source::changes`], which does no harm.
    pub at: u64,
}

/// Where the documents come from: the journal for what changed, the store for all there is.
///
/// The documents of a change may show a newer state of the record than the change itself: the
/// last one wins.
pub trait Source: Send + Sync + 'static {
    /// Stands for the rules by which documents are made beside the records themselves: when it is
    /// another one than that of the index, the index is built anew. Documents may be made by newer
    /// rules, never by older ones.
    ///
    /// # Errors
    /// When the rules cannot be read.
    fn rules(&self) -> Result<u64, SourceError> {
        Ok(0)
    }

    /// Position of the last journal entry.
    fn last(&self) -> u64;

    /// Up to `max` changes after a position, in order. Empty when there are none yet.
    ///
    /// # Errors
    /// When the journal or the records cannot be read.
    fn changes(&self, after: u64, max: usize) -> Result<Vec<Change>, SourceError>;

    /// Waits until there is an entry after `after`, at most `timeout`, and gives the last position.
    fn wait(&self, after: u64, timeout: Duration) -> u64;

    /// Up to `max` documents of a full scan, from where the previous page ended.
    ///
    /// # Errors
    /// When the records cannot be read.
    fn all(&self, from: Option<&[u8]>, max: usize) -> Result<ScanPage, SourceError>;
}
