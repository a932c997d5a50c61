//! What is searched for, and what a search answers.

use crate::desk::Condition;
use crate::domain::{Id, Kind, Names, Record};
use crate::store::Pos;

/// What to search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchQuery {
    /// The words.
    pub text: String,
    /// Kinds; empty: tickets, articles and assets.
    pub kinds: Vec<Kind>,
    /// Conditions by field.
    pub filters: Vec<(String, Condition)>,
    /// Most hits, 1 to 200.
    pub limit: usize,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// See at least this position.
    pub at_least: Option<Pos>,
    /// Fields whose values are counted, of `Desk::FACETS`.
    pub facets: Vec<String>,
    /// Language in which articles are offered where they have a variant in it; none: that of the
    /// asker's record.
    pub locale: Option<String>,
    /// Whether articles outside their dates are found, too; customers never find them.
    pub outdated: bool,
    /// Whether hits say what their scores are made of.
    pub explain: bool,
    /// A field that orders the hits instead of their relevance, and whether the greatest comes first.
    pub sort: Option<(String, bool)>,
}

/// One hit of a search, re-read from the store.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchHit {
    /// The record.
    pub record: Record,
    /// Its version.
    pub version: Pos,
    /// Relevance.
    pub score: f32,
    /// HTML-escaped piece of the text with the words in `<mark>`.
    pub snippet: String,
    /// The words of the query that it has, and how.
    pub matches: Vec<WordMatch>,
    /// Whether an administrator put it first for this query.
    pub pinned: bool,
    /// The variant of the article that has the words, when the hit is another one, in the reader's
    /// language.
    pub found_in: Option<FoundIn>,
    /// Whether the article has no variant in the reader's language.
    pub fallback: bool,
    /// What its score is made of, when that was asked for; none of a pinned hit without its words.
    pub explained: Option<super::Explained>,
}

/// The variant of an article in which words were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundIn {
    /// Its id.
    pub id: Id,
    /// Its language.
    pub locale: String,
    /// Its title.
    pub title: String,
}

/// A word of a query in a hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordMatch {
    /// The word as it was typed.
    pub word: String,
    /// `exact`, `form`, `prefix`, `layout`, `corrected` or `synonym`.
    pub how: &'static str,
    /// The word in the record.
    pub found: String,
    /// Whether only what packs added to the index has it.
    pub added: bool,
}

/// A part of what a text in the search box was taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Understood {
    /// `words`, `phrase`, `word` (one that is left out), `title` or `field`.
    pub what: &'static str,
    /// The part as it was typed.
    pub text: String,
    /// Code of the field.
    pub field: Option<String>,
    /// What is looked for; of a field its values' codes, of a time `from..below`.
    pub values: Vec<String>,
    /// Whether what has it is left out.
    pub negated: bool,
    /// Whether nothing had the phrase, so that its words were enough.
    pub relaxed: bool,
}

impl Understood {
    /// Words and nothing else.
    #[must_use]
    pub fn words(text: &str) -> Self {
        Self {
            what: "words",
            text: text.to_owned(),
            field: None,
            values: Vec::new(),
            negated: false,
            relaxed: false,
        }
    }
}

/// The values of a field among everything that a search finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetCounts {
    /// Field as it was asked for.
    pub field: String,
    /// Its values, most frequent first.
    pub values: Vec<FacetValue>,
}

/// A value of a field and how many of the records found have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetValue {
    /// Code, id or text.
    pub value: String,
    /// Names of a code; of a record its title, when the asker may see it.
    pub names: Names,
    /// Records found that have it.
    pub count: u64,
    /// Of a category: records found in it and in all that lie in it.
    pub within: Option<u64>,
}

/// One page of hits.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchHits {
    /// The hits.
    pub hits: Vec<SearchHit>,
    /// Where the next page begins.
    pub next: Option<String>,
    /// Whether the index is being rebuilt, so that hits may be missing.
    pub rebuilding: bool,
    /// The query as these hits suggest that it was meant, if that is not as it was typed.
    pub corrected: Option<String>,
    /// What the text was taken for.
    pub understood: Vec<Understood>,
    /// Whether hits are in order by meaning, too.
    pub by_meaning: bool,
    /// The facets that were asked for.
    pub facets: Vec<FacetCounts>,
    /// What clicks on the hits name the query by, when it is counted.
    pub query: Option<String>,
}
