//! What the score of a hit is made of, as it is shown.

use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::{Explained, FactorPart, RankedBy, WordPart};

/// What a score is made of: `base` times `factor`, and what `meaning` gave.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Explanation)]
pub struct ExplanationView {
    /// What `words`, `codes` and `other` gave together.
    pub base: f32,
    /// What each word gave, the first sixteen.
    pub words: Vec<WordPartView>,
    /// What numbers and codes gave that were found as a whole.
    pub codes: f32,
    /// What else was found gave: paths as a whole, words beyond the first sixteen.
    pub other: f32,
    /// What rules multiplied the base with.
    pub factor: f32,
    /// What the factor is made of; those of sections are in what the words gave.
    pub factors: Vec<FactorPartView>,
    /// What meaning added; null where words alone count.
    pub meaning: Option<MeaningView>,
}

/// What meaning gave to a hit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedMeaning)]
pub struct MeaningView {
    /// Similarity of the article to the text, from -1 to 1.
    pub similarity: f32,
    /// What it added to the score.
    pub gave: f32,
}

/// What a word gave.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedWord)]
pub struct WordPartView {
    /// The word as it was typed.
    pub word: String,
    /// How it was found, as in `matches`.
    pub how: &'static str,
    /// The word in the record; null when it stands beyond the part that is kept for snippets.
    pub found: Option<String>,
    /// What it gave.
    pub gave: f32,
    /// The same by section.
    pub sections: Vec<SectionPartView>,
}

/// What a word gave in a section.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedSection)]
pub struct SectionPartView {
    /// `title`, `text`, `internal`, `extra` (what packs added) or `extra_internal`.
    pub section: &'static str,
    /// What it gave.
    pub gave: f32,
}

/// What a score was multiplied with.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedFactor)]
pub struct FactorPartView {
    /// `section`, `freshness`, `votes`, or the field of a value, such as `category`.
    pub what: String,
    /// The section or value.
    pub value: Option<String>,
    /// The factor.
    pub factor: f32,
    /// The rules behind it; the staff is told them.
    pub rules: Vec<RankedByView>,
}

/// A rule behind a factor.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedRule)]
pub struct RankedByView {
    /// `PACK/NAME`.
    pub rule: String,
    /// Version of the pack.
    pub version: String,
    /// Line of the script; null for a plugin.
    pub line: Option<u32>,
    /// The factor or weight that it gave.
    pub said: String,
}

impl ExplanationView {
    /// As JSON.
    #[must_use]
    pub fn of(of: &Explained) -> Self {
        Self {
            base: of.base,
            words: of.words.iter().map(word).collect(),
            codes: of.codes,
            other: of.other,
            factor: of.factor,
            factors: of.factors.iter().map(factor).collect(),
            meaning: of.meaning.map(|part| MeaningView {
                similarity: part.similarity,
                gave: part.gave,
            }),
        }
    }
}

fn word(part: &WordPart) -> WordPartView {
    let sections = part.sections.iter();
    WordPartView {
        word: part.word.clone(),
        how: part.how,
        found: part.found.clone(),
        gave: part.gave,
        sections: sections
            .map(|(section, gave)| SectionPartView {
                section,
                gave: *gave,
            })
            .collect(),
    }
}

fn factor(part: &FactorPart) -> FactorPartView {
    let rule = |by: &RankedBy| RankedByView {
        rule: by.rule.clone(),
        version: by.version.clone(),
        line: by.line,
        said: by.said.to_string(),
    };
    FactorPartView {
        what: part.what.clone(),
        value: part.value.clone(),
        factor: part.factor,
        rules: part.rules.iter().map(rule).collect(),
    }
}
