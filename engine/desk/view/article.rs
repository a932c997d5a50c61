//! Versions and language variants of an article.

use crate::desk::RecordPage;
use crate::domain::Instant;
use crate::store::Pos;

/// A version of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Position of the change.
    pub pos: Pos,
    /// When.
    pub at: Instant,
    /// Who: `agent:ID`, `rule:PACK/NAME`, …
    pub actor: String,
    /// Name of the command.
    pub command: String,
    /// Fields that changed.
    pub fields: Vec<String>,
}

/// An article among its variants.
#[derive(Debug, Clone, PartialEq)]
pub struct VariantPage {
    /// The article.
    pub page: RecordPage,
    /// Whether it is the one that the others are variants of.
    pub is_main: bool,
    /// Whether the main text changed after this one followed it.
    pub is_stale: bool,
}
