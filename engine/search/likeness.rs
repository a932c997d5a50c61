//! Documents like a text: found by the words that tell most, which are frequent in it and rare in the
//! index.
//!
//! What is shown of a hit is looked up in the record itself ([`Likeness::of`]), so that no stored
//! text is read.

use std::collections::HashMap;
use std::ops::Range;

use tantivy::Searcher;
use tantivy::query::{BooleanQuery, BoostQuery, ConstScoreQuery, Occur, Query};
use tantivy::tokenizer::TokenStream;

use super::analysis::{EXACT, Terms, is_number_char};
use super::collect::{OrderBy, PageCollector};
use super::error::SearchResult;
use super::fusion::{self, Placed, WINDOW};
use super::query;
use super::request::SearchRequest;
use super::schema::{Fields, cut};
use super::snippet::Highlighter;
use super::words::{Role, Word};

/// Part of a text that is looked at, in bytes.
const MAX_TEXT_BYTES: usize = 16_384;
/// Words that are searched, the most telling ones.
const MAX_TERMS: usize = 16;
/// Letters of the shortest word that tells anything.
const MIN_CHARS: usize = 3;
/// A word that more than this part of all documents have tells nothing, where there are many.
const MAX_SHARE: f32 = 0.3;
const MANY_DOCS: u64 = 50;
/// What a word of the title counts, and a code.
const TITLE: f32 = 2.0;
const CODE: f32 = 2.0;
/// Characters of a snippet.
const SNIPPET_CHARS: usize = 220;

/// What was found, and why.
pub struct Likeness {
    /// The documents, best first. Each is to be read again and authorised before it is shown.
    pub hits: Vec<LikeHit>,
    /// Whether the index is being rebuilt, so that the answer may be old or incomplete.
    pub rebuilding: bool,
    marks: Highlighter,
}

/// A document like the text.
#[derive(Debug, Clone, PartialEq)]
pub struct LikeHit {
    /// Kind of the record.
    pub kind: String,
    /// Id of the record.
    pub id: [u8; 16],
    /// How much it is like the text.
    pub score: f32,
    /// Similarity in meaning, from -1 to 1, where that is known.
    pub similarity: Option<f32>,
}

/// A word of the text in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LikeMatch {
    /// The word as it stands in the text.
    pub word: String,
    /// The word in the document, in lower case.
    pub found: String,
    /// Name of the field in which it is.
    pub field: &'static str,
}

impl Likeness {
    /// The words that a document has in its fields, each where it comes first, and the fragment of
    /// the last field that shows them best, as HTML text with `<mark>`.
    #[must_use]
    pub fn of(&self, fields: &[(&'static str, &str)]) -> (Vec<LikeMatch>, String) {
        let mut matches: Vec<LikeMatch> = Vec::new();
        let mut snippet = String::new();
        for (field, text) in fields {
            let looked = self.marks.look(text);
            for found in self.marks.explain(&[&looked]) {
                if matches.iter().all(|known| known.word != found.word) {
                    matches.push(LikeMatch {
                        word: found.word,
                        found: found.found,
                        field,
                    });
                }
            }
            let (fragment, is_found) = looked.fragment(SNIPPET_CHARS);
            if is_found || snippet.is_empty() {
                snippet = fragment;
            }
        }
        (matches, snippet)
    }
}

/// A word of the text, by its first term.
struct Candidate {
    /// Stem and form, or a code.
    terms: Vec<String>,
    place: Range<usize>,
    role: Role,
    weight: f32,
}

/// Finds documents like the request's text, of which the first line is a title.
pub(super) fn like(
    fields: &Fields,
    searcher: &Searcher,
    request: &SearchRequest,
) -> SearchResult<Likeness> {
    let text = cut(request.text.as_deref().unwrap_or_default(), MAX_TEXT_BYTES);
    let mut candidates = candidates(text, request);
    let sections = query::searched(fields, request.sections);
    let docs = searcher.num_docs();
    for candidate in &mut candidates {
        let mut most = 0;
        for (section, term) in sections
            .iter()
            .flat_map(|s| candidate.terms.iter().map(move |t| (s, t)))
        {
            most = most.max(searcher.doc_freq(&section.term(term))?);
        }
        candidate.weight *= rarity(most, docs);
    }
    candidates.retain(|candidate| candidate.weight > 0.0);
    candidates.sort_by(|a, b| {
        b.weight
            .total_cmp(&a.weight)
            .then(a.place.start.cmp(&b.place.start))
    });
    candidates.truncate(MAX_TERMS);
    let words: Vec<Word> = candidates.iter().map(Candidate::word).collect();
    let mut likeness = Likeness {
        hits: Vec::new(),
        rebuilding: false,
        marks: Highlighter::of(text, &words),
    };
    let top = candidates.first().map_or(1.0, |best| best.weight);
    let wish = |candidate: &Candidate| -> (Occur, Box<dyn Query>) {
        let terms = candidate.terms.iter();
        let wishes =
            terms.flat_map(|t| query::term_wishes(fields, candidate.role, t, request.sections));
        let one = BooleanQuery::new(wishes.collect());
        (
            Occur::Should,
            Box::new(BoostQuery::new(Box::new(one), candidate.weight / top)),
        )
    };
    let wishes: Vec<_> = candidates.iter().map(wish).collect();
    if wishes.is_empty() {
        return Ok(likeness);
    }
    // One word of many is chance.
    let needed = if wishes.len() < 4 { 1 } else { 2 };
    let wanted: Box<dyn Query> =
        Box::new(BooleanQuery::with_minimum_required_clauses(wishes, needed));
    let query = match query::conditions(fields, request, false)? {
        None => wanted,
        Some(conditions) => Box::new(BooleanQuery::new(vec![
            (Occur::Must, wanted),
            (Occur::Must, Box::new(ConstScoreQuery::new(conditions, 0.0))),
        ])),
    };
    let meaning = request.meaning.as_deref();
    let page = PageCollector {
        order: OrderBy::Score,
        after: None,
        limit: meaning.map_or(request.limit, |_| request.limit.max(WINDOW)),
        ranking: None,
        scored: false,
    };
    let rows = searcher.search(&query, &page)?.rows;
    let nearness = meaning.and_then(|meaning| meaning.nearness(text));
    let placed = nearness.and_then(|nearness| fusion::fuse(&rows, &*nearness));
    let by_words = || rows.into_iter().map(Placed::by_words).collect();
    let placed: Vec<Placed> = placed.unwrap_or_else(by_words);
    let hit = |placed: Placed| LikeHit {
        score: placed.score(),
        similarity: placed.meaning.map(|part| part.similarity),
        kind: placed.row.kind,
        id: placed.row.id,
    };
    likeness.hits = placed.into_iter().take(request.limit).map(hit).collect();
    Ok(likeness)
}

/// How much a word tells that so many of all documents have.
fn rarity(having: u64, docs: u64) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "a rough measure")]
    let (having, all) = (having as f32, docs.max(having) as f32);
    let is_common = docs > MANY_DOCS && having > all * MAX_SHARE;
    if having < 1.0 || is_common {
        return 0.0;
    }
    (1.0 + (all - having + 0.5) / (having + 0.5)).ln()
}

/// The different words of a text that may tell something, weighted by how often they stand in it.
fn candidates(text: &str, request: &SearchRequest) -> Vec<Candidate> {
    let title_end = text.find('\n').unwrap_or(text.len());
    let mut by_term: HashMap<String, usize> = HashMap::new();
    let mut all: Vec<Candidate> = Vec::new();
    let mut stream = Terms::new(text);
    while stream.advance() {
        let token = stream.token();
        let place = token.offset_from..token.offset_to;
        if let Some(last) = all.last_mut()
            && last.place == place
            && token.text.starts_with(EXACT)
            && token.position_length == 1
        {
            last.terms.push(token.text.clone());
            continue;
        }
        let is_code = token.position_length > 1;
        let has_digit = token.text.chars().any(is_number_char);
        let tells = is_code || has_digit || MIN_CHARS <= token.text.chars().count();
        if !tells || (token.text.starts_with(EXACT) && !is_code) {
            continue;
        }
        let in_title = if place.start < title_end { TITLE } else { 1.0 };
        match by_term.get(&token.text).and_then(|at| all.get_mut(*at)) {
            Some(known) => known.weight += in_title,
            None => {
                by_term.insert(token.text.clone(), all.len());
                all.push(Candidate {
                    terms: vec![token.text.clone()],
                    place,
                    role: if is_code { Role::Code } else { Role::Word },
                    weight: in_title,
                });
            }
        }
    }
    for candidate in &mut all {
        let code = if candidate.role == Role::Code {
            CODE
        } else {
            1.0
        };
        candidate.weight = (1.0 + candidate.weight.ln()) * code;
    }
    all.retain(|c| {
        !request
            .wording
            .is_stop(c.terms.last(), request.locale.as_deref())
    });
    all
}

impl Candidate {
    fn word(&self) -> Word {
        Word {
            role: self.role,
            place: self.place.clone(),
            terms: self.terms.clone(),
            literal: false,
            crumb: false,
            guesses: Vec::new(),
            synonyms: Vec::new(),
        }
    }
}
