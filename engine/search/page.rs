//! One page: from a request to hits, on one state of the index.

use tantivy::schema::{Field, TantivyDocument, Value};
use tantivy::{DocAddress, Searcher};

use super::collect::{Collected, OrderBy, PageCollector, Row};
use super::cursor::{Cursor, SortKey, list_of};
use super::doc::field_name_is_valid;
use super::error::{SearchError, SearchResult};
use super::folder::caught;
use super::query;
use super::request::{Hit, MAX_LIMIT, SearchPage, SearchRequest, Sort};
use super::schema::Fields;
use super::snippet::Highlighter;

/// Characters of a snippet.
const SNIPPET_CHARS: usize = 220;

/// Refuses what cannot be answered.
pub(super) fn check(request: &SearchRequest) -> SearchResult<()> {
    if request.limit == 0 || request.limit > MAX_LIMIT {
        let message = format!("`{}` is not between 1 and {MAX_LIMIT}", request.limit);
        return Err(SearchError::invalid("limit", message));
    }
    if let Sort::Field { name, .. } = &request.sort
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
    let text = request.text.as_deref().map(query::looked_at);
    let list = list_of(text, &request.sort);
    let after = match &request.cursor {
        Some(cursor) => Some(Cursor::decode(cursor, list)?),
        None => None,
    };
    let order = match (&request.sort, text) {
        (Sort::Relevance, Some(_)) => OrderBy::Score,
        (Sort::Relevance, None) => OrderBy::Newest,
        (Sort::Field { name, descending }, _) => OrderBy::Field {
            name: name.clone(),
            descending: *descending,
        },
    };
    let query = query::build(fields, request)?;
    let collector = PageCollector {
        order,
        after,
        limit: request.limit,
    };
    let Collected { mut rows, total } = searcher.search(&query, &collector)?;
    let more = rows.len() > request.limit;
    rows.truncate(request.limit);
    let marks = request
        .snippet
        .then(|| Highlighter::new(text.unwrap_or_default()));
    let mut damage = None;
    let mut hits = Vec::with_capacity(rows.len());
    for row in rows {
        let shown = marks
            .as_ref()
            .map(|marks| show(fields, searcher, row.address, marks, request));
        let (title, snippet) = match shown {
            Some(Ok((title, snippet))) => (Some(title), Some(snippet)),
            Some(Err(error)) => {
                damage = Some(error);
                (None, None)
            }
            None => (None, None),
        };
        hits.push(hit(row, list, title, snippet));
    }
    let next = hits.last().filter(|_| more).map(|hit| hit.cursor.clone());
    let page = SearchPage {
        hits,
        total,
        next,
        ..SearchPage::default()
    };
    Ok((page, damage))
}

/// Title and snippet of a hit.
fn show(
    fields: &Fields,
    searcher: &Searcher,
    address: DocAddress,
    marks: &Highlighter,
    request: &SearchRequest,
) -> SearchResult<(String, String)> {
    let doc = caught(|| Ok(searcher.doc::<TantivyDocument>(address)?))?;
    let text = |field: Field| {
        let value = doc.get_first(field);
        value
            .as_ref()
            .and_then(|value| value.as_str())
            .unwrap_or_default()
            .to_owned()
    };
    let shown = request.sections;
    let (mut snippet, found) = match shown.body {
        true => marks.fragment(&text(fields.stored_body), SNIPPET_CHARS),
        false => (String::new(), false),
    };
    if !found && shown.internal {
        let (internal, found) = marks.fragment(&text(fields.stored_internal), SNIPPET_CHARS);
        if found {
            snippet = internal;
        }
    }
    let title = match shown.title {
        true => marks.mark(&text(fields.stored_title)),
        false => String::new(),
    };
    Ok((title, snippet))
}

fn hit(row: Row, list: u64, title: Option<String>, snippet: Option<String>) -> Hit {
    let score = match row.key {
        SortKey::Score(score) => score,
        _ => 0.0,
    };
    Hit {
        cursor: Cursor::new(list, row.key, row.id).encode(),
        kind: row.kind,
        id: row.id,
        score,
        version: row.version,
        title,
        snippet,
    }
}
