//! From a request to tantivy's queries.
//!
//! Every word of a text is a wish, and a document is the better the more of them it meets.
//! Conditions and demands decide what is found and leave the score alone.

use std::ops::Bound;

use rust_decimal::prelude::ToPrimitive;
use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, EmptyQuery,
    ExistsQuery, Occur, PhraseQuery, Query, RangeQuery, TermQuery, TermSetQuery,
};
use tantivy::schema::IndexRecordOption;
use tantivy::tokenizer::TokenStream;

use super::analysis::{EXACT, Terms, is_number_char};
use super::doc::{FilterValue, field_name_is_valid};
use super::error::{SearchError, SearchResult};
use super::request::{Demand, Filter, MAX_QUERY_TOKENS, SearchRequest, Sections};
use super::schema::{
    Column, Fields, Section, column_key, column_name, is_found_by_column, ordered_float, sort_text,
};
use super::words::{Role, Word, is_path, words_of};

/// Deepest nesting of conditions.
const MAX_FILTER_DEPTH: usize = 8;
/// Most values in all conditions of a request.
const MAX_FILTER_VALUES: usize = 2_000;
/// From here on a set of values is matched as a set instead of one by one.
const SET_FROM: usize = 24;

/// What a match counts, by where it is found and whether it is the very form of the word.
struct Weights {
    title_stem: f32,
    title_exact: f32,
    text_stem: f32,
    text_exact: f32,
    /// A number or key of the record itself.
    code: f32,
    /// A path or address, word by word.
    path: f32,
    /// Factor of a code of several words.
    whole: f32,
    /// Factor of a word of such a code.
    part: f32,
}

// Tried on eight collections of articles: a title says less for its length than a text does.
const WEIGHTS: Weights = Weights {
    title_stem: 0.7,
    title_exact: 0.2,
    text_stem: 1.0,
    text_exact: 0.2,
    code: 20.0,
    path: 10.0,
    whole: 3.0,
    part: 0.3,
};

/// What a request finds by its conditions and demands, if it has any. A relaxed one does not insist
/// on phrases.
pub(super) fn conditions(
    fields: &Fields,
    request: &SearchRequest,
    relaxed: bool,
) -> SearchResult<Option<Box<dyn Query>>> {
    let mut conditions = Vec::new();
    for demand in &request.demands {
        if !(relaxed && demand.is_phrase_to_find()) {
            conditions.extend(demanded(fields, demand, request.sections));
        }
    }
    if !request.kinds.is_empty() {
        let terms = request.kinds.iter().map(|kind| fields.kind_term(kind));
        conditions.push(one_of(terms.collect()));
    }
    let mut values = 0;
    for filter in &request.filters {
        conditions.push(condition(fields, filter, 0, &mut values)?);
    }
    Ok((!conditions.is_empty()).then(|| all_of(conditions)))
}

/// The query of a whole request: its conditions and, unless it lists, its text and words.
pub(super) fn build(
    fields: &Fields,
    conditions: Option<Box<dyn Query>>,
    wishes: Option<(&str, &[Word])>,
    sections: Sections,
) -> Box<dyn Query> {
    let wish = wishes.map(|(text, words)| text_query(fields, text, words, sections));
    match (conditions, wish) {
        (None, None) => Box::new(AllQuery),
        (Some(conditions), None) => conditions,
        (None, Some(wish)) => wish,
        (Some(conditions), Some(wish)) => {
            let silent: Box<dyn Query> = Box::new(ConstScoreQuery::new(conditions, 0.0));
            Box::new(BooleanQuery::new(vec![
                (Occur::Must, wish),
                (Occur::Must, silent),
            ]))
        }
    }
}

pub(super) fn text_query(
    fields: &Fields,
    text: &str,
    words: &[Word],
    sections: Sections,
) -> Box<dyn Query> {
    let mut clauses = Vec::new();
    for word in words {
        let own = word.terms.iter();
        let own = own.flat_map(|term| term_wishes(fields, word.role, term, sections));
        if word.guesses.is_empty() && word.synonyms.is_empty() {
            clauses.extend(own);
        } else {
            // The best way in which a document has the word counts.
            let mut ways: Vec<Box<dyn Query>> = vec![Box::new(BooleanQuery::new(own.collect()))];
            ways.extend(meant(fields, word, sections));
            clauses.push((Occur::Should, Box::new(DisjunctionMaxQuery::new(ways))));
        }
    }
    let wanted = if sections.codes {
        codes(text)
    } else {
        Vec::new()
    };
    for code in wanted {
        let term = TermQuery::new(fields.code_term(code), IndexRecordOption::Basic);
        let counts = WEIGHTS.code * fields.factors.codes;
        let boosted: Box<dyn Query> = Box::new(ConstScoreQuery::new(Box::new(term), counts));
        clauses.push((Occur::Should, boosted));
    }
    // A path as a whole outranks its words anywhere.
    for path in text.split_whitespace().filter(|chunk| is_path(chunk)) {
        for way in phrase(fields, path, sections).into_iter().flatten() {
            let boosted = ConstScoreQuery::new(way, WEIGHTS.path);
            clauses.push((Occur::Should, Box::new(boosted)));
        }
    }
    if clauses.is_empty() {
        return Box::new(EmptyQuery);
    }
    Box::new(BooleanQuery::new(clauses))
}

pub(super) type Wish = (Occur, Box<dyn Query>);

/// One term in each of the fields that are searched.
pub(super) fn term_wishes(
    fields: &Fields,
    role: Role,
    term: &str,
    sections: Sections,
) -> Vec<Wish> {
    let exact = term.starts_with(EXACT);
    // Words with digits and codes have no stem: their one term stands for both.
    let both = role == Role::Code || (!exact && term.chars().any(is_number_char));
    let factor = match role {
        Role::Word => 1.0,
        Role::Code => WEIGHTS.whole,
        Role::CodePart => WEIGHTS.part,
    };
    let pick = |stem: f32, form: f32| {
        factor
            * match (both, exact) {
                (true, _) => stem + form,
                (false, true) => form,
                (false, false) => stem,
            }
    };
    let in_text = pick(WEIGHTS.text_stem, WEIGHTS.text_exact);
    let in_title = pick(WEIGHTS.title_stem, WEIGHTS.title_exact);
    let mut wishes = Vec::with_capacity(3);
    for section in searched(fields, sections) {
        let boost = if section == fields.title {
            in_title
        } else {
            in_text
        };
        wishes.push(wish(section, term, boost * fields.factor(section)));
    }
    wishes
}

/// The sections that are searched.
pub(super) fn searched(fields: &Fields, sections: Sections) -> Vec<Section> {
    let all = [
        (sections.title, fields.title),
        (sections.body, fields.body),
        (sections.internal, fields.internal),
        (sections.extra, fields.extra),
        (sections.extra_internal, fields.extra_internal),
    ];
    let searched = all.into_iter().filter(|(searched, _)| *searched);
    searched.map(|(_, section)| section).collect()
}

/// What a demand lets through; nothing for one without a word.
fn demanded(fields: &Fields, demand: &Demand, sections: Sections) -> Option<Box<dyn Query>> {
    let mut shown = sections;
    if demand.title {
        shown = Sections {
            title: sections.title,
            ..Sections::NONE
        };
    }
    let mut ways = if demand.phrase {
        phrase(fields, &demand.text, shown)?
    } else {
        vec![all_words(fields, &demand.text, shown)?]
    };
    if shown.codes {
        let code = demand.text.trim();
        if code.chars().any(is_number_char) {
            ways.push(term_query(fields.code_term(code)));
        }
    }
    if demand.negated {
        // Left out twice is left out once; but a phrase alone asserts what an exclusion does not keep.
        let again: Vec<_> = ways.iter().map(|way| way.box_clone()).collect();
        ways.extend(again);
    }
    let found: Box<dyn Query> = Box::new(BooleanQuery::union(ways));
    Some(if demand.negated { not(found) } else { found })
}

/// The words of a phrase side by side, in each section.
fn phrase(fields: &Fields, text: &str, sections: Sections) -> Option<Vec<Box<dyn Query>>> {
    let mut forms: Vec<(usize, String)> = Vec::new();
    let mut stream = Terms::new(text);
    while forms.len() < MAX_QUERY_TOKENS && stream.advance() {
        let token = stream.token();
        let is_form = token.text.starts_with(EXACT) || token.text.chars().any(is_number_char);
        let is_next = forms.last().is_none_or(|(at, _)| *at < token.position);
        if token.position_length == 1 && is_form && is_next {
            forms.push((token.position, token.text.clone()));
        }
    }
    let first = forms.first()?.0;
    let in_section = |section: Section| -> Box<dyn Query> {
        let term = |form: &str| Term::from_field_text(section.forms, form);
        if let [(_, form)] = forms.as_slice() {
            return term_query(term(form));
        }
        let terms = forms.iter().map(|(at, form)| (at - first, term(form)));
        Box::new(PhraseQuery::new_with_offset(terms.collect()))
    };
    let sections = searched(fields, sections).into_iter();
    Some(sections.map(in_section).collect())
}

/// Every word of a text in one of the sections, in any form.
fn all_words(fields: &Fields, text: &str, sections: Sections) -> Option<Box<dyn Query>> {
    let words = words_of(text);
    let wanted = words.iter().filter(|word| word.role != Role::CodePart);
    let each: Vec<Box<dyn Query>> = wanted
        .map(|word| -> Box<dyn Query> {
            let sections = searched(fields, sections);
            let terms = sections
                .iter()
                .flat_map(|s| word.terms.iter().map(|term| term_query(s.term(term))));
            Box::new(BooleanQuery::union(terms.collect()))
        })
        .collect();
    (!each.is_empty()).then(|| all_of(each))
}

fn not(query: Box<dyn Query>) -> Box<dyn Query> {
    Box::new(BooleanQuery::new(vec![
        (Occur::Must, Box::new(AllQuery)),
        (Occur::MustNot, query),
    ]))
}

/// What a word may have meant, each guess and synonym for what it is worth.
fn meant(fields: &Fields, word: &Word, sections: Sections) -> Vec<Box<dyn Query>> {
    let synonyms = word.synonyms.iter().map(|synonym| -> Box<dyn Query> {
        let each = synonym.words.iter().map(|terms| {
            let terms = terms.iter();
            let wishes = terms.flat_map(|term| term_wishes(fields, Role::Word, term, sections));
            let one: Box<dyn Query> = Box::new(BooleanQuery::new(wishes.collect()));
            (Occur::Must, one)
        });
        let all = BooleanQuery::new(each.collect());
        Box::new(BoostQuery::new(Box::new(all), synonym.worth))
    });
    let guesses = word.guesses.iter().map(|guess| -> Box<dyn Query> {
        let mut wishes = term_wishes(fields, Role::Word, &guess.stem, sections);
        if guess.form != guess.stem {
            wishes.extend(term_wishes(fields, Role::Word, &guess.form, sections));
        }
        let all = BooleanQuery::new(wishes);
        Box::new(BoostQuery::new(Box::new(all), guess.worth))
    });
    guesses.chain(synonyms).collect()
}

/// Titles that have every word, or any one: each in its best way.
pub(super) fn titles(
    fields: &Fields,
    words: &[Word],
    within: Option<&dyn Query>,
    every: bool,
) -> Box<dyn Query> {
    let only = Sections {
        title: true,
        ..Sections::NONE
    };
    let occur = if every { Occur::Must } else { Occur::Should };
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    for word in words.iter().filter(|word| word.role != Role::CodePart) {
        let own = word.terms.iter();
        let own = own.flat_map(|term| term_wishes(fields, word.role, term, only));
        let mut ways: Vec<Box<dyn Query>> = vec![Box::new(BooleanQuery::new(own.collect()))];
        ways.extend(meant(fields, word, only));
        clauses.push((occur, Box::new(DisjunctionMaxQuery::new(ways))));
    }
    let wish: Box<dyn Query> = Box::new(BooleanQuery::new(clauses));
    match within {
        None => wish,
        Some(within) => Box::new(BooleanQuery::new(vec![
            (Occur::Must, wish),
            (
                Occur::Must,
                Box::new(ConstScoreQuery::new(within.box_clone(), 0.0)),
            ),
        ])),
    }
}

/// What may be a number or a code as a whole: the text itself and its pieces with a digit.
fn codes(text: &str) -> Vec<&str> {
    let mut codes: Vec<&str> = Vec::new();
    let pieces = std::iter::once(text).chain(text.split_whitespace());
    for piece in pieces.take(MAX_QUERY_TOKENS) {
        let code = piece
            .trim_start_matches(|c: char| !c.is_alphanumeric())
            .trim_end_matches(|c: char| !c.is_alphanumeric());
        let fits = code.len() <= 128 && code.chars().any(is_number_char);
        if fits && !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
}

fn wish(section: Section, term: &str, boost: f32) -> (Occur, Box<dyn Query>) {
    let query = TermQuery::new(section.term(term), IndexRecordOption::WithFreqs);
    (
        Occur::Should,
        Box::new(BoostQuery::new(Box::new(query), boost)),
    )
}

fn condition(
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
    let columns = [Column::Int, Column::Decimal, Column::Text];
    let has =
        |column| -> Box<dyn Query> { Box::new(ExistsQuery::new(column_name(name, column), false)) };
    Box::new(BooleanQuery::union(columns.map(has).into()))
}

fn one_of(mut terms: Vec<Term>) -> Box<dyn Query> {
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

fn all_of(conditions: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    Box::new(BooleanQuery::intersection(conditions))
}

fn term_query(term: Term) -> Box<dyn Query> {
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
