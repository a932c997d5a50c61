//! From a condition on filter fields to tantivy's queries.

use std::ops::Bound;

use rust_decimal::prelude::ToPrimitive;
use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, EmptyQuery, ExistsQuery, Occur, Query, RangeQuery, TermQuery,
    TermSetQuery,
};
use tantivy::schema::IndexRecordOption;

use super::doc::{FilterValue, field_name_is_valid};
use super::error::{SearchError, SearchResult};
use super::request::Filter;
use super::schema::{
    Column, Fields, ID, column_key, column_name, is_found_by_column, ordered_float, sort_text,
};

/// Deepest nesting of conditions.
const MAX_FILTER_DEPTH: usize = 8;
/// Most values in all conditions of a request.
const MAX_FILTER_VALUES: usize = 2_000;
/// From here on a set of values is matched as a set instead of one by one.
const SET_FROM: usize = 24;

/// What one condition of a request lets through; `values` counts those of all of them.
pub(super) fn condition(
    fields: &Fields,
    filter: &Filter,
    depth: usize,
    values: &mut usize,
) -> SearchResult<Box<dyn Query>> {
    if depth > MAX_FILTER_DEPTH {
        let message = format!("conditions are nested deeper than {MAX_FILTER_DEPTH}");
        return Err(SearchError::invalid("filters", message));
    }
    *values += match filter {
        Filter::In(_, values) => values.len().max(1),
        _ => 1,
    };
    if *values > MAX_FILTER_VALUES {
        let message = format!("more than {MAX_FILTER_VALUES} values in all conditions");
        return Err(SearchError::invalid("filters", message));
    }
    let mut parts = |filters: &[Filter]| -> SearchResult<Vec<Box<dyn Query>>> {
        filters
            .iter()
            .map(|filter| condition(fields, filter, depth + 1, values))
            .collect()
    };
    Ok(match filter {
        Filter::In(name, values) => {
            check_name(name)?;
            equals_one_of(fields, name, values)
        }
        Filter::Range { field, from, below } => {
            range(fields, field, from.as_ref(), below.as_ref())?
        }
        Filter::Exists(name) => {
            check_name(name)?;
            exists(name)
        }
        Filter::Not(inner) => not(condition(fields, inner, depth + 1, values)?),
        Filter::Any(filters) => match parts(filters)? {
            parts if parts.is_empty() => Box::new(EmptyQuery),
            parts => Box::new(BooleanQuery::union(parts)),
        },
        Filter::All(filters) => match parts(filters)? {
            parts if parts.is_empty() => Box::new(AllQuery),
            parts => all_of(parts),
        },
    })
}

fn check_name(name: &str) -> SearchResult<()> {
    if field_name_is_valid(name) {
        return Ok(());
    }
    Err(SearchError::invalid(
        name,
        "a field's name has ASCII letters, digits and `_ - . : /`",
    ))
}

/// Documents of which one of the field's values is one of these.
fn equals_one_of(fields: &Fields, name: &str, values: &[FilterValue]) -> Box<dyn Query> {
    let terms = values.iter().map(|value| fields.value_term(name, value));
    let by_term = one_of(terms.collect());
    let mut parts: Vec<Box<dyn Query>> = Vec::new();
    for value in values
        .iter()
        .filter(|value| is_found_by_column(name, value))
    {
        let (_, term) = range_term(fields, name, value);
        let bound = Bound::Included(term);
        parts.push(Box::new(RangeQuery::new(bound.clone(), bound)));
    }
    if parts.is_empty() {
        return by_term;
    }
    parts.push(by_term);
    Box::new(BooleanQuery::union(parts))
}

/// Documents that have a value in the field: its first one is in a column, whatever its type.
fn exists(name: &str) -> Box<dyn Query> {
    if name == ID {
        return Box::new(AllQuery);
    }
    let columns = [Column::Int, Column::Decimal, Column::Text];
    let has =
        |column| -> Box<dyn Query> { Box::new(ExistsQuery::new(column_name(name, column), false)) };
    Box::new(BooleanQuery::union(columns.map(has).into()))
}

pub(super) fn one_of(mut terms: Vec<Term>) -> Box<dyn Query> {
    if terms.len() >= SET_FROM {
        return Box::new(TermSetQuery::new(terms));
    }
    match (terms.pop(), terms.is_empty()) {
        (None, _) => Box::new(EmptyQuery),
        (Some(term), true) => term_query(term),
        (Some(term), false) => {
            terms.push(term);
            Box::new(BooleanQuery::union(
                terms.into_iter().map(term_query).collect(),
            ))
        }
    }
}

pub(super) fn all_of(conditions: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    Box::new(BooleanQuery::intersection(conditions))
}

pub(super) fn term_query(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

fn range(
    fields: &Fields,
    name: &str,
    from: Option<&FilterValue>,
    below: Option<&FilterValue>,
) -> SearchResult<Box<dyn Query>> {
    check_name(name)?;
    let from = from.map(|value| range_term(fields, name, value));
    let below = below.map(|value| range_term(fields, name, value));
    match (&from, &below) {
        (None, None) => return Ok(exists(name)),
        (Some((a, _)), Some((b, _))) if a != b => {
            return Err(SearchError::invalid(
                name,
                "both bounds of a range have the same type",
            ));
        }
        _ => {}
    }
    let lower = from.map_or(Bound::Unbounded, |(_, term)| Bound::Included(term));
    let upper = below.map_or(Bound::Unbounded, |(_, term)| Bound::Excluded(term));
    Ok(Box::new(RangeQuery::new(lower, upper)))
}

fn range_term(fields: &Fields, name: &str, value: &FilterValue) -> (Column, Term) {
    let column = match value {
        FilterValue::Text(_) => Column::Text,
        FilterValue::Decimal(_) => Column::Decimal,
        FilterValue::Int(_) | FilterValue::Bool(_) | FilterValue::Instant(_) => Column::Int,
    };
    let mut term = Term::from_field_json_path(fields.order, &column_key(name, column), false);
    match value {
        FilterValue::Text(text) => term.append_type_and_str(&sort_text(text)),
        FilterValue::Int(number) => term.append_type_and_fast_value(*number),
        FilterValue::Bool(flag) => term.append_type_and_fast_value(i64::from(*flag)),
        FilterValue::Instant(millis) => term.append_type_and_fast_value(*millis),
        FilterValue::Decimal(decimal) => {
            let float = decimal.to_f64().unwrap_or_default();
            term.append_type_and_fast_value(ordered_float(float));
        }
    }
    (column, term)
}

pub(super) fn not(query: Box<dyn Query>) -> Box<dyn Query> {
    Box::new(BooleanQuery::new(vec![
        (Occur::Must, Box::new(AllQuery)),
        (Occur::MustNot, query),
    ]))
}
