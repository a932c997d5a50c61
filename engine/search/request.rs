//! What is asked and what is answered.

use std::sync::Arc;

use super::doc::FilterValue;
use super::explain::Explanation;
use super::fusion::Meaning;
use super::ranking::Ranking;
use super::wording::Wording;
use super::words::WordMatch;

/// Most hits of one page.
pub const MAX_LIMIT: usize = 200;
/// Characters of a query text that are looked at; the rest is ignored.
pub const MAX_QUERY_CHARS: usize = 1_000;
/// Words of a query text that are looked at; the rest is ignored.
pub const MAX_QUERY_TOKENS: usize = 64;

/// A search or a list.
#[derive(Debug, Clone)]
pub struct SearchRequest {
    /// What a person typed. Any text is allowed; one without a word finds nothing. `None` lists.
    pub text: Option<String>,
    /// Kinds of records; empty means all.
    pub kinds: Vec<String>,
    /// What a document has to say, beside what it may.
    pub demands: Vec<Demand>,
    /// Conditions, all of which hold.
    pub filters: Vec<Filter>,
    /// Order of the hits.
    pub sort: Sort,
    /// Hits a page, at most [`MAX_LIMIT`].
    pub limit: usize,
    /// [`SearchPage::next`] or [`Hit::cursor`] of an earlier page of the same text and sort.
    pub cursor: Option<String>,
    /// Which text the caller may see: the rest is neither searched nor shown.
    pub sections: Sections,
    /// Whether hits carry their title and a snippet with the matches marked.
    pub snippet: bool,
    /// Fields whose values are counted over everything that is found.
    pub facets: Vec<FacetAsk>,
    /// Synonyms and stop words.
    pub wording: Arc<Wording>,
    /// Language of the text, if it was said: synonyms and stop words of others do not count then.
    pub locale: Option<String>,
    /// What rules say of the order of hits; none: their words alone.
    pub ranking: Option<Arc<Ranking>>,
    /// Whether hits say what their scores are made of; costs a look at each word of each hit.
    pub explain: bool,
    /// Who says how near documents are in meaning to the text; none: words alone count.
    pub meaning: Option<Arc<dyn Meaning>>,
}

/// Words that a document has to have, or must not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// The words.
    pub text: String,
    /// Whether they stand side by side just as they are; otherwise each stands anywhere, in any
    /// form.
    pub phrase: bool,
    /// Whether they stand in the title.
    pub title: bool,
    /// Whether documents that have them are left out.
    pub negated: bool,
}

impl Demand {
    /// Whether it can be dropped when nothing meets it.
    #[must_use]
    pub const fn is_phrase_to_find(&self) -> bool {
        self.phrase && !self.negated && !self.title
    }
}

/// A field whose values are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetAsk {
    /// The field, as [`super::SearchDoc::facets`] names it.
    pub name: String,
    /// Kinds of documents that count; all when there is none.
    pub kinds: Option<Vec<String>>,
    /// Most values that are given back, the most frequent ones.
    pub most: usize,
}

/// The values of a field among what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    /// The field.
    pub name: String,
    /// Values and how many documents have each, most first.
    pub values: Vec<(String, u64)>,
}

impl Default for SearchRequest {
    fn default() -> Self {
        Self {
            text: None,
            kinds: Vec::new(),
            filters: Vec::new(),
            sort: Sort::Relevance,
            limit: 50,
            cursor: None,
            sections: Sections::PUBLIC,
            snippet: false,
            demands: Vec::new(),
            facets: Vec::new(),
            wording: Arc::default(),
            locale: None,
            ranking: None,
            explain: false,
            meaning: None,
        }
    }
}

/// Sections of a document's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sections {
    /// The title.
    pub title: bool,
    /// Descriptions and what was said in public.
    pub body: bool,
    /// Internal remarks and packs' fields.
    pub internal: bool,
    /// Numbers, serials and codes.
    pub codes: bool,
    /// What packs added.
    pub extra: bool,
    /// What packs added for the staff.
    pub extra_internal: bool,
}

impl Sections {
    /// Everything.
    pub const ALL: Self = Self {
        title: true,
        body: true,
        internal: true,
        codes: true,
        extra: true,
        extra_internal: true,
    };
    /// Everything but internal text.
    pub const PUBLIC: Self = Self {
        internal: false,
        extra_internal: false,
        ..Self::ALL
    };

    /// Nothing.
    pub const NONE: Self = Self {
        title: false,
        body: false,
        internal: false,
        codes: false,
        extra: false,
        extra_internal: false,
    };

    /// Whether they have anything that packs added.
    #[must_use]
    pub const fn has_added(self) -> bool {
        self.extra || self.extra_internal
    }

    /// What both have.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            title: self.title && other.title,
            body: self.body && other.body,
            internal: self.internal && other.internal,
            codes: self.codes && other.codes,
            extra: self.extra && other.extra,
            extra_internal: self.extra_internal && other.extra_internal,
        }
    }
}

/// Order of the hits. Ties are ordered by id, so that pages are stable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Sort {
    /// Best match first; without a text the newest id first.
    #[default]
    Relevance,
    /// By the first value of a filter field; documents without a value come last either way.
    Field {
        /// The field, built in or custom.
        name: String,
        /// Greatest first.
        descending: bool,
    },
    /// By the place of a filter field's first value among these; other values come behind them.
    Ranked {
        /// The field, built in or custom.
        name: String,
        /// The values, the first one first.
        values: Vec<String>,
        /// The last one first.
        descending: bool,
    },
}

/// A condition on filter values.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// One of the field's values equals one of these.
    In(String, Vec<FilterValue>),
    /// One of the field's values lies in the range; the type of the bounds decides which values
    /// are compared. For texts the folded order counts.
    Range {
        /// The field.
        field: String,
        /// Least value, included.
        from: Option<FilterValue>,
        /// Bound that is no longer included.
        below: Option<FilterValue>,
    },
    /// The field has a value.
    Exists(String),
    /// The condition does not hold.
    Not(Box<Filter>),
    /// One of the conditions holds.
    Any(Vec<Filter>),
    /// Each of the conditions holds.
    All(Vec<Filter>),
}

impl Filter {
    /// The field has this value.
    #[must_use]
    pub fn eq(field: impl Into<String>, value: FilterValue) -> Self {
        Self::In(field.into(), vec![value])
    }

    /// The field has this text.
    #[must_use]
    pub fn text(field: impl Into<String>, value: impl Into<String>) -> Self {
        Self::eq(field, FilterValue::Text(value.into()))
    }
}

/// One page of an answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SearchPage {
    /// The hits. Each is to be read again and authorised before it is shown.
    pub hits: Vec<Hit>,
    /// Number of documents that match, over all pages.
    pub total: u64,
    /// Where the next page starts; `None` at the end.
    pub next: Option<String>,
    /// Journal position that the answer has seen.
    pub position: u64,
    /// Whether the index is being rebuilt, so that the answer may be old or incomplete.
    pub rebuilding: bool,
    /// Whether nothing had the phrases side by side, so that their words were enough.
    pub relaxed: bool,
    /// The facets that were asked for.
    pub facets: Vec<Facet>,
    /// Whether hits are in order by meaning, too.
    pub by_meaning: bool,
}

/// One document found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Kind of the record.
    pub kind: String,
    /// Id of the record.
    pub id: [u8; 16],
    /// Relevance; 0 in lists.
    pub score: f32,
    /// Version of the record that was indexed.
    pub version: u64,
    /// The title as HTML text with `<mark>` around matches, when snippets were asked for.
    pub title: Option<String>,
    /// A fragment of the text as HTML text with `<mark>` around matches, when asked for.
    pub snippet: Option<String>,
    /// The words it was found by, in the order of the text, when snippets were asked for.
    pub matches: Vec<WordMatch>,
    /// What its score is made of, when that was asked for.
    pub explanation: Option<Explanation>,
    /// Continues after this hit.
    pub cursor: String,
}
