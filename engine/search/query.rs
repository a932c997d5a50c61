//! From a request to tantivy's queries.
//!
//! Every word of a text is a wish, and a document is the better the more of them it meets.
//! Conditions and demands decide what is found and leave the score alone.

use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, EmptyQuery, Occur,
    PhraseQuery, Query, TermQuery,
};
use tantivy::schema::IndexRecordOption;
use tantivy::tokenizer::TokenStream;

use super::analysis::{EXACT, Terms, is_number_char};
use super::condition::{all_of, condition, not, one_of, term_query};
use super::error::SearchResult;
use super::request::{Demand, MAX_QUERY_TOKENS, SearchRequest, Sections};
use super::schema::{Fields, Section};
use super::words::{Role, Word, is_path, words_of};

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
    let mut crumbs = Vec::new();
    for word in words {
        let own = word.terms.iter();
        let own = own.flat_map(|term| term_wishes(fields, word.role, term, sections));
        if word.crumb {
            crumbs.extend(own);
        } else if word.guesses.is_empty() && word.synonyms.is_empty() {
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
    let wishes = Box::new(BooleanQuery::new(clauses));
    if crumbs.is_empty() {
        return wishes;
    }
    // Who types a code means that one, and not all that have a letter or a number of it.
    crumbs.push((Occur::Must, wishes));
    Box::new(BooleanQuery::new(crumbs))
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
