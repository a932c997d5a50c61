//! One page: from a request to hits, on one state of the index.

use tantivy::query::Query;
use tantivy::schema::{Field, TantivyDocument, Value};
use tantivy::{DocAddress, Searcher};

use super::collect::{Collected, OrderBy, PageCollector, Row};
use super::cursor::{Cursor, list_of};
use super::doc::field_name_is_valid;
use super::error::{SearchError, SearchResult};
use super::explain::Explainer;
use super::facets::FacetCollector;
use super::folder::caught;
use super::fusion::{self, LOOKED_THROUGH, Placed, WINDOW};
use super::guesses::{Guesser, MIN_PREFIX};
use super::query;
use super::ranking::Ranking;
use super::request::{Demand, Facet, Hit, MAX_LIMIT, SearchPage, SearchRequest, Sort};
use super::schema::Fields;
use super::snippet::{Highlighter, Looked};
use super::statistics::Statistics;
use super::words::{Word, WordMatch, looked_at, words_of};

/// Characters of a snippet.
const SNIPPET_CHARS: usize = 220;

/// Refuses what cannot be answered.
pub(super) fn check(request: &SearchRequest) -> SearchResult<()> {
    if request.limit == 0 || request.limit > MAX_LIMIT {
        let message = format!("`{}` is not between 1 and {MAX_LIMIT}", request.limit);
        return Err(SearchError::invalid("limit", message));
    }
    if let Sort::Field { name, .. } | Sort::Ranked { name, .. } = &request.sort
        && !field_name_is_valid(name)
    {
        return Err(SearchError::invalid(
            "sort",
            "a field's name has ASCII letters, digits and `_ - . : /`",
        ));
    }
    Ok(())
}

/// Answers a request. Damage that costs only snippets comes back beside the page.
pub(super) fn search(
    fields: &Fields,
    searcher: &Searcher,
    request: &SearchRequest,
) -> SearchResult<(SearchPage, Option<SearchError>)> {
    let text = request.text.as_deref().map(looked_at);
    let ranking = request.ranking.as_deref();
    let stamp = ranking.map_or(0, Ranking::stamp);
    let list = list_of(text, &request.demands, &request.sort) ^ stamp;
    let after = match &request.cursor {
        Some(cursor) => Some(Cursor::decode(cursor, list)?),
        None => None,
    };
    let mut found = in_order(fields, searcher, request, after.as_ref(), false)?;
    let has_phrases = request.demands.iter().any(Demand::is_phrase_to_find);
    let relaxed = has_phrases && text.is_some() && found.total == 0;
    if relaxed {
        found = in_order(fields, searcher, request, after.as_ref(), true)?;
    }
    let Ordered {
        mut hits,
        total,
        facets,
        words,
    } = found;
    let explainer = request
        .explain
        .then(|| Explainer::new(fields, searcher, request, &words))
        .transpose()?;
    let more = hits.len() > request.limit;
    hits.truncate(request.limit);
    let by_meaning = hits.iter().any(|placed| placed.behind.is_some());
    let marks = request
        .snippet
        .then(|| Highlighter::of(text.unwrap_or_default(), &words));
    let mut damage = None;
    let mut shown_hits = Vec::with_capacity(hits.len());
    for placed in hits {
        let shown = marks
            .as_ref()
            .map(|marks| show(fields, searcher, placed.row.address, marks, request));
        let shown = match shown {
            Some(Ok(shown)) => Some(shown),
            Some(Err(error)) => {
                damage = Some(error);
                None
            }
            None => None,
        };
        let explanation = match &explainer {
            Some(explainer) => {
                let matches = shown.as_ref().map_or(&[][..], |shown| &shown.matches);
                let mut explanation = explainer.explain(&placed.row, matches)?;
                explanation.meaning = placed.meaning;
                Some(explanation)
            }
            None => None,
        };
        let mut hit = hit(placed, list, ranking.map(|ranking| ranking.at), shown);
        hit.explanation = explanation;
        shown_hits.push(hit);
    }
    let last = shown_hits.last().filter(|_| more);
    let next = last.map(|hit| hit.cursor.clone());
    let page = SearchPage {
        hits: shown_hits,
        total,
        next,
        relaxed,
        facets,
        by_meaning,
        ..SearchPage::default()
    };
    Ok((page, damage))
}

/// What the index has for a request, in the order in which it is shown.
struct Ordered {
    hits: Vec<Placed>,
    total: u64,
    facets: Vec<Facet>,
    words: Vec<Word>,
}

/// Finds by words, and puts the first hits in order by meaning, too, where that is known. Later pages
/// have the order that the first one came to.
fn in_order(
    fields: &Fields,
    searcher: &Searcher,
    request: &SearchRequest,
    after: Option<&Cursor>,
    relaxed: bool,
) -> SearchResult<Ordered> {
    let meaning = request.meaning.as_deref();
    let by_score = request.text.is_some() && request.sort == Sort::Relevance;
    let nearness = |words: &[Word]| {
        let text = looked_at(request.text.as_deref()?);
        meaning?.nearness(&fusion::asked(text, words)?)
    };
    let kept = after.and_then(|cursor| Some((cursor, cursor.rest.as_ref()?)));
    let with =
        |limit, after: Option<&Cursor>| find(fields, searcher, request, (limit, after), relaxed);
    let (found, hits) = match kept {
        Some((cursor, rest)) => {
            let found = with(LOOKED_THROUGH, None)?;
            let from = (&cursor.key, cursor.id);
            let near = nearness(&found.words);
            let mut hits = fusion::go_on(found.rows.clone(), rest, from, near.as_deref());
            if hits.len() <= request.limit {
                let others = with(request.limit - hits.len(), after)?.rows;
                hits.extend(others.into_iter().map(Placed::by_words));
            }
            (found, hits)
        }
        None if meaning.is_some() && by_score && after.is_none() => {
            let found = with(request.limit.max(WINDOW), None)?;
            let near = nearness(&found.words);
            let hits = match near.and_then(|near| fusion::fuse(&found.rows, &*near)) {
                Some(hits) => hits,
                None => found.rows.iter().cloned().map(Placed::by_words).collect(),
            };
            (found, hits)
        }
        None => {
            let mut found = with(request.limit, after)?;
            let rows = std::mem::take(&mut found.rows).into_iter();
            (found, rows.map(Placed::by_words).collect())
        }
    };
    Ok(Ordered {
        hits,
        total: found.total,
        facets: found.facets,
        words: found.words,
    })
}

/// What the index has for a request, in the order of words.
struct Found {
    rows: Vec<Row>,
    total: u64,
    facets: Vec<Facet>,
    words: Vec<Word>,
}

fn find(
    fields: &Fields,
    searcher: &Searcher,
    request: &SearchRequest,
    (limit, after): (usize, Option<&Cursor>),
    relaxed: bool,
) -> SearchResult<Found> {
    let text = request.text.as_deref().map(looked_at);
    let order = match (&request.sort, text) {
        (Sort::Relevance, Some(_)) => OrderBy::Score,
        (Sort::Relevance, None) => OrderBy::Newest,
        (Sort::Field { name, descending }, _) => OrderBy::Field {
            name: name.clone(),
            descending: *descending,
        },
        (
            Sort::Ranked {
                name,
                values,
                descending,
            },
            _,
        ) => OrderBy::Ranked {
            name: name.clone(),
            values: values.clone(),
            descending: *descending,
        },
    };
    let conditions = query::conditions(fields, request, relaxed)?;
    let words = match text {
        Some(text) => words(fields, searcher, request, text, conditions.as_deref())?,
        None => Vec::new(),
    };
    let wishes = text.map(|text| (text, words.as_slice()));
    let counted = fields.ranked(request.ranking.as_deref());
    let query = query::build(&counted, conditions, wishes, request.sections);
    let page = PageCollector {
        order,
        after: after.cloned(),
        limit,
        ranking: request.ranking.clone(),
        scored: text.is_some(),
    };
    let facets = (!request.facets.is_empty()).then(|| FacetCollector {
        asks: request.facets.clone(),
    });
    let statistics = Statistics::new(fields, searcher);
    let (Collected { rows, total }, facets) =
        searcher.search_with_statistics_provider(&query, &(page, facets), &statistics)?;
    Ok(Found {
        rows,
        total,
        facets: facets.unwrap_or_default(),
        words,
    })
}

/// The words of a text, with guesses for those that nothing has.
fn words(
    fields: &Fields,
    searcher: &Searcher,
    request: &SearchRequest,
    text: &str,
    within: Option<&dyn Query>,
) -> SearchResult<Vec<Word>> {
    let mut words = words_of(text);
    let locale = request.locale.as_deref();
    request.wording.apply(text, &mut words, locale);
    let guesser = Guesser {
        searcher,
        sections: query::searched(fields, request.sections),
        within,
        min_prefix: MIN_PREFIX,
    };
    guesser.fill(text, &mut words)?;
    Ok(words)
}

/// What a hit shows of its document.
struct Shown {
    title: String,
    snippet: String,
    matches: Vec<WordMatch>,
}

fn show(
    fields: &Fields,
    searcher: &Searcher,
    address: DocAddress,
    marks: &Highlighter,
    request: &SearchRequest,
) -> SearchResult<Shown> {
    let doc = caught(|| Ok(searcher.doc::<TantivyDocument>(address)?))?;
    // What the caller may not see is as if it were not there.
    let text = |shown: bool, field: Field| {
        let value = doc.get_first(field).filter(|_| shown);
        value
            .as_ref()
            .and_then(|value| value.as_str())
            .unwrap_or_default()
            .to_owned()
    };
    let sections = request.sections;
    let title = text(sections.title, fields.stored_title);
    let body = text(sections.body, fields.stored_body);
    let internal = text(sections.internal, fields.stored_internal);
    let extra = text(sections.extra, fields.stored_extra);
    let added = text(sections.extra_internal, fields.stored_extra_internal);
    let mut looked = [&title, &body, &internal, &extra, &added].map(|text| marks.look(text));
    marks.settle(&mut looked);
    let [title, body, internal, extra, added] = looked;
    let (mut snippet, mut found) = body.fragment(SNIPPET_CHARS);
    for other in [&internal, &extra, &added] {
        if !found {
            let (fragment, is_found) = other.fragment(SNIPPET_CHARS);
            if is_found {
                (snippet, found) = (fragment, true);
            }
        }
    }
    Ok(Shown {
        title: title.marked(),
        snippet,
        matches: matches(marks, &[&title, &body, &internal], &[&extra, &added]),
    })
}

/// How each word was found; those that only what packs added has say so.
fn matches(marks: &Highlighter, own: &[&Looked<'_>], added: &[&Looked<'_>]) -> Vec<WordMatch> {
    let all = [own, added].concat();
    let mut matches = marks.explain(&all);
    if added.iter().all(|looked| looked.is_plain()) {
        return matches;
    }
    let owned = marks.explain(own);
    for found in &mut matches {
        found.added = !owned.iter().any(|known| known.place == found.place);
    }
    matches
}

fn hit(placed: Placed, list: u64, at: Option<i64>, shown: Option<Shown>) -> Hit {
    let score = placed.score();
    let Placed { row, behind, .. } = placed;
    let (key, id, rest) = match behind {
        Some((key, id, rest)) => (key, id, Some(rest)),
        None => (row.key, row.id, None),
    };
    let (title, snippet, matches) = match shown {
        Some(shown) => (Some(shown.title), Some(shown.snippet), shown.matches),
        None => (None, None, Vec::new()),
    };
    Hit {
        cursor: Cursor::new(list, key, id, at, rest).encode(),
        kind: row.kind,
        id: row.id,
        score,
        version: row.version,
        title,
        snippet,
        matches,
        explanation: None,
    }
}
