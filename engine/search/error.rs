//! What can go wrong in a search.

/// Why a search or the index could not answer.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// The index is damaged or being rebuilt; the answer exists, but not now.
    #[error("the search index is not available: {0}; it is being rebuilt, try again shortly")]
    Unavailable(String),
    /// The request cannot be answered as it stands.
    #[error("invalid `{field}`: {message}")]
    Invalid {
        /// The part of the request.
        field: String,
        /// What to change.
        message: String,
    },
    /// The cursor is not one that this list gave.
    #[error("the cursor is not one that this list gave; begin again without it")]
    Cursor,
    /// The files of the index cannot be read or written.
    #[error("the search index cannot use its folder: {0}")]
    Io(String),
}

impl SearchError {
    pub(super) fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid {
            field: field.into(),
            message: message.into(),
        }
    }
}

impl From<std::io::Error> for SearchError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error.to_string())
    }
}

impl From<tantivy::TantivyError> for SearchError {
    fn from(error: tantivy::TantivyError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// Result of a search call.
pub type SearchResult<T> = Result<T, SearchError>;

/// The source of documents failed; the indexer tries again later.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);
