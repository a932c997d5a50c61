//! Completing what is being typed: titles that have all of its words, and longer words of titles.
//!
//! Everything comes out of titles that the request's conditions let through, so that what is
//! completed tells no more than a search would.

use tantivy::Searcher;

use super::analysis::EXACT;
use super::collect::{OrderBy, PageCollector};
use super::error::SearchResult;
use super::guesses::Guesser;
use super::query;
use super::request::SearchRequest;
use super::schema::Fields;
use super::words::{Matched, Role, looked_at, words_of};

/// Most completions of one text.
pub const MAX_COMPLETIONS: usize = 5;
/// Words of a text that titles are looked up by, the last ones.
const MAX_WORDS: usize = 12;

/// What a text may become.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Suggestions {
    /// Kind and id of documents by their titles, best first. Each is to be read again and
    /// authorised before it is shown.
    pub titles: Vec<(String, [u8; 16])>,
    /// The text with its last word completed, the most frequent words first.
    pub completions: Vec<String>,
    /// Whether the index is being rebuilt, so that the answer may be old or incomplete.
    pub rebuilding: bool,
}

/// Answers a request: its text, kinds, filters, sections and limit count.
pub(super) fn suggest(
    fields: &Fields,
    searcher: &Searcher,
    request: &SearchRequest,
) -> SearchResult<Suggestions> {
    let text = looked_at(request.text.as_deref().unwrap_or_default());
    let mut words = words_of(text);
    let locale = request.locale.as_deref();
    request.wording.apply(text, &mut words, locale);
    if words.is_empty() || !request.sections.title {
        return Ok(Suggestions::default());
    }
    let conditions = query::conditions(fields, request, false)?;
    let guesser = Guesser {
        searcher,
        sections: vec![fields.title],
        within: conditions.as_deref(),
        min_prefix: 1,
    };
    guesser.fill(text, &mut words)?;
    let code = guesser.finish_code(text, &mut words)?;
    let kept = words.len().saturating_sub(MAX_WORDS);
    let words = words.split_off(kept);

    let mut completions = code;
    if let Some(last) = words.last().filter(|w| w.role == Role::Word) {
        let before = text.get(..last.place.start).unwrap_or_default();
        for guess in last.guesses.iter().take(MAX_COMPLETIONS) {
            let word = guess.form.strip_prefix(EXACT).unwrap_or(&guess.form);
            let is_whole = last.place.end == text.len() || guess.how != Matched::Prefix;
            if is_whole {
                completions.push(format!("{before}{word}"));
            }
        }
    }
    let mut titles = Vec::new();
    for every in [true, false] {
        if every || (titles.is_empty() && words.len() > 1) {
            let query = query::titles(fields, &words, conditions.as_deref(), every);
            let page = PageCollector {
                order: OrderBy::Score,
                after: None,
                limit: request.limit,
                ranking: None,
                scored: false,
            };
            let mut rows = searcher.search(&query, &page)?.rows;
            rows.truncate(request.limit);
            titles = rows.into_iter().map(|row| (row.kind, row.id)).collect();
        }
    }
    Ok(Suggestions {
        titles,
        completions,
        rebuilding: false,
    })
}
