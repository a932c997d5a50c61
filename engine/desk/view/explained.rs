//! What the score of a hit is made of.

use rust_decimal::Decimal;

/// What a score is made of: the base times the factor.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// What words, codes and the rest gave together, factors of sections included.
    pub base: f32,
    /// What each word gave.
    pub words: Vec<WordPart>,
    /// What numbers and codes gave that were found as a whole.
    pub codes: f32,
    /// What else was found gave: paths as a whole, words beyond the first sixteen.
    pub other: f32,
    /// What rules multiplied the base with.
    pub factor: f32,
    /// What it is made of, and the factors of sections.
    pub factors: Vec<FactorPart>,
    /// What meaning added to the product.
    pub meaning: Option<MeaningGave>,
}

/// What meaning gave to a hit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeaningGave {
    /// Similarity of the article to the text, from -1 to 1.
    pub similarity: f32,
    /// What it added to the score.
    pub gave: f32,
}

/// What a word gave.
#[derive(Debug, Clone, PartialEq)]
pub struct WordPart {
    /// The word as it was typed.
    pub word: String,
    /// How it was found, as in the matches.
    pub how: &'static str,
    /// The word in the record.
    pub found: Option<String>,
    /// What it gave.
    pub gave: f32,
    /// The same by section: `title`, `text`, `internal`, `extra` (what packs added) or
    /// `extra_internal`.
    pub sections: Vec<(&'static str, f32)>,
}

/// What a score was multiplied with.
#[derive(Debug, Clone, PartialEq)]
pub struct FactorPart {
    /// `section`, `freshness`, `votes`, or the field of a value.
    pub what: String,
    /// The section or value.
    pub value: Option<String>,
    /// The factor.
    pub factor: f32,
    /// The rules behind it.
    pub rules: Vec<RankedBy>,
}

/// A rule that says how hits are ranked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RankedBy {
    /// `pack/name`.
    pub rule: String,
    /// Version of the pack.
    pub version: String,
    /// Line of the script; plugins have none.
    pub line: Option<u32>,
    /// What it said: a factor, or the weight of age or votes.
    pub said: Decimal,
}
