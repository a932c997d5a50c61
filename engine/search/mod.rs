//! Full-text search and sorted lists. The only place of `tantivy::`.
//!
//! The room knows no desk: what is searched comes from a [`Source`] as [`SearchDoc`]s, what is
//! found goes out as ids, and whoever asks reads the records again and checks the caller's rights.
//! The index is derived and disposable: when it is missing, damaged or of another format it is
//! built anew beside the old one while searches are answered.
//!
//! - `analysis` is the one place that decides what a word is;
//! - `indexer` is the one thread that writes;
//! - `folder` and `directory` are the files, written without a sync until a clean stop.

mod analysis;
mod collect;
mod columns;
mod condition;
mod cursor;
mod directory;
mod doc;
mod error;
mod explain;
mod facets;
mod folder;
mod fusion;
mod guesses;
mod index;
mod indexer;
mod language;
mod layout;
mod likeness;
mod merges;
mod outline;
mod page;
mod query;
mod ranking;
mod ranks;
mod request;
mod schema;
mod snippet;
mod statistics;
mod stems;
mod suggest;
mod unfinished;
mod wording;
mod words;

#[cfg(test)]
mod tests;

pub use columns::{ColumnValue, ColumnsRequest, Scanned};
pub use doc::{
    Change, FilterValue, MAX_FIELD_NAME_BYTES, MAX_FILTERS_PER_DOC, ScanPage, SearchDoc, Source,
    Upsert, field_name_is_valid,
};
pub use error::{SearchError, SearchResult, SourceError};
pub use explain::{Explanation, FactorPart, WordPart};
pub use facets::MAX_FACET_COUNTS;
pub use fusion::{Meaning, MeaningPart, Nearness};
pub use index::{SearchIndex, SearchOptions, SearchStatus};
pub use language::{Piece, blanked, pieces};
pub use layout::turned;
pub use likeness::{LikeHit, LikeMatch, Likeness};
pub use outline::{Outline, PublicText};
pub use ranking::{Factors, Fresh, Ranking, ValueFactor, moment_of};
pub use request::{
    Demand, Facet, FacetAsk, Filter, Hit, MAX_LIMIT, MAX_QUERY_CHARS, MAX_QUERY_TOKENS, SearchPage,
    SearchRequest, Sections, Sort,
};
pub use snippet::Highlighter;
pub use suggest::{MAX_COMPLETIONS, Suggestions};
pub use wording::{SynonymSet, Wording, fits};
pub use words::{Matched, WordMatch};
