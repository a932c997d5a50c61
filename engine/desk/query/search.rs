//! Search and sorted lists: the index finds, the store answers. Every hit is read again and checked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::added::with_added;
use super::facets;
use super::filter::{self, Holds};
use super::list;
use super::pins::Top;
use super::ranking::Asked;
use super::readers;
use super::understand::Reader;
use crate::desk::sight::{Access, Part, Sight};
use crate::desk::{
    Actor, Condition, Desk, Error, ErrorKind, ListQuery, Page, RecordPage, Result, SearchHit,
    SearchHits, SearchQuery, Understood, WordMatch, index_source,
};
use crate::domain::{Id, Kind};
use crate::hooks::Predicate;
use crate::packs::Catalog;
use crate::search::{self, Matched, SearchRequest, Sections};
use crate::store::{Pos, Snapshot};

/// How long a query waits for a position that was asked for.
const AT_LEAST_WAIT: Duration = Duration::from_secs(5);
/// How long a sorted list waits for the newest changes before it answers without them.
const FRESHNESS_WAIT: Duration = Duration::from_millis(60);
/// How long a report waits for them.
const REPORT_WAIT: Duration = Duration::from_millis(500);
/// Hits that somebody is taken to have seen.
const SHOWN: usize = 10;
/// Most hits of a page that are explained: each word of each is looked at again.
const MAX_EXPLAINED: usize = 20;
/// Kinds that are searched unless others are asked for.
pub const SEARCHED: [Kind; 3] = [Kind::Ticket, Kind::Article, Kind::Asset];

impl Desk {
    /// Searches. Hits are in the order of relevance, unless a field orders them.
    ///
    /// # Errors
    /// When a filter, the sort or the cursor is wrong, the index is not there, or the store fails.
    pub fn search(&self, actor: &Actor, query: &SearchQuery) -> Result<SearchHits> {
        let mut limit = super::limit(query.limit)?;
        if query.explain {
            limit = limit.min(MAX_EXPLAINED);
        }
        let index = self.search.as_ref().ok_or_else(no_search)?;
        self.reach_index(index, query.at_least)?;
        let snapshot = self.store.snapshot(query.at_least)?;
        let (ground, _) = self.ground(Arc::clone(&snapshot), self.now(), None)?;
        let sight = Sight::new(&ground, actor);
        let catalog = &ground.catalog;
        let kinds = if query.kinds.is_empty() {
            SEARCHED.to_vec()
        } else {
            query.kinds.clone()
        };
        let (mut filters, sections) = rights(&sight, &kinds, query.outdated)?;
        let sections = with_added(&sight, catalog, &kinds, sections)?;
        for kind in kinds.iter().take(1) {
            let read = filter::read_filters(&*snapshot, catalog, &sight, *kind, &query.filters)?;
            filters.extend(read.iter().map(index_filter));
        }
        let reader = Reader {
            catalog,
            sight: &sight,
            snapshot: &*snapshot,
            index,
            kinds: &kinds,
            now: ground.now,
        };
        let mut asked = reader.read(&query.text)?;
        filters.append(&mut asked.filters);
        let tuned = self.tuning.get(&*snapshot)?;
        let language = readers::language_of(&*snapshot, actor)?;
        let of_search = Asked {
            kinds: &kinds,
            text: asked.text.as_deref(),
            cursor: query.cursor.as_deref(),
            locale: language.as_deref(),
            now: ground.now,
        };
        let ranked = self.ranked(&*snapshot, &sight, catalog, &of_search)?;
        let mut request = SearchRequest {
            text: asked.text,
            kinds: kinds.iter().map(|k| k.name().to_owned()).collect(),
            demands: asked.demands,
            filters,
            sort: match &query.sort {
                Some(by) => sort_by(catalog, &sight, &kinds, by)?,
                None => search::Sort::Relevance,
            },
            limit,
            cursor: query.cursor.clone(),
            sections,
            snippet: true,
            facets: facets::asks(&sight, catalog, &kinds, &query.facets)?,
            wording: Arc::clone(&tuned.wording),
            locale: locale_of(query, &asked.told),
            ranking: ranked.ranking.clone(),
            explain: query.explain,
            meaning: None,
        };
        // Where a field says what comes first, neither meaning nor pins do.
        let is_ranked = query.sort.is_none();
        if is_ranked && request.demands.is_empty() {
            request.meaning = self.meaning(&kinds, sections);
        }
        let top = match is_ranked {
            true => self.top(&tuned, &mut request, ground.now)?,
            false => Top::none(limit),
        };
        let page = index.search(&request).map_err(search_error)?;
        let (found, next) = top.page(page.hits, page.next);
        let places = places_of(found.iter().map(|(hit, _)| (&hit.kind, &hit.id)));
        let mut pages = super::record::read_many(&*snapshot, &sight, &places)?;
        let mut hits = Vec::with_capacity(pages.len());
        let mut matches = Vec::new();
        for (hit, pinned) in found {
            let found = pages.iter().position(|p| p.record.id.0 == hit.id);
            let Some(page) = found.map(|at| pages.swap_remove(at)) else {
                continue;
            };
            hits.push(SearchHit {
                record: page.record,
                version: page.version,
                score: hit.score,
                snippet: hit.snippet.unwrap_or_default(),
                matches: hit.matches.iter().map(word_match).collect(),
                explained: hit.explanation.map(|of| ranked.explained(of, actor)),
                pinned,
                found_in: None,
                fallback: false,
            });
            // Only of hits that the actor may read: nothing else may be told.
            matches.extend(hit.matches);
        }
        if let Some(tag) = query.locale.as_ref().or(language.as_ref()) {
            hits = readers::offer(&*snapshot, &sight, hits, tag)?;
        }
        for told in &mut asked.told {
            told.relaxed = page.relaxed && told.what == "phrase" && !told.negated;
        }
        let is_first = query.cursor.is_none() && kinds.contains(&Kind::Article);
        let counted = is_first && !page.rebuilding && tuned.counts && request.text.is_some();
        let articles = hits.iter().filter(|hit| hit.record.kind == Kind::Article);
        let shown = articles.take(SHOWN).map(|hit| hit.record.id);
        let learned = || {
            let now = ground.now;
            self.learning
                .searched(actor, &query.text, hits.len(), shown, now)
        };
        Ok(SearchHits {
            query: counted.then(learned).flatten(),
            corrected: corrected(&query.text, &matches),
            hits,
            next,
            rebuilding: page.rebuilding,
            by_meaning: page.by_meaning,
            understood: asked.told,
            facets: facets::named(&*snapshot, &sight, catalog, &kinds, page.facets)?,
        })
    }

    pub(super) fn list_by_search(
        &self,
        sight: &Sight<'_, '_>,
        query: &ListQuery,
        snapshot: &Arc<dyn Snapshot>,
        catalog: &Catalog,
        filters: &[filter::Filter],
    ) -> Result<Page<RecordPage>> {
        let index = self.search.as_ref().ok_or_else(no_search)?;
        match query.at_least {
            Some(pos) => self.reach_index(index, Some(pos))?,
            // What was just written should be in the list; under a full load it may come late.
            None => drop(index.wait_for(snapshot.pos().0, FRESHNESS_WAIT)),
        }
        let sort = match &query.sort {
            Some(by) => sort_by(catalog, sight, &[query.kind], by)?,
            None => search::Sort::Field {
                name: "created_at".to_owned(),
                descending: true,
            },
        };
        let request = SearchRequest {
            text: None,
            kinds: vec![query.kind.name().to_owned()],
            filters: filters
                .iter()
                .map(index_filter)
                .chain(access_filter(&*sight.access(query.kind)?, None))
                .chain(readers::among_others(
                    &[query.kind],
                    readers::conditions(sight.actor(), sight.now(), true),
                ))
                .collect(),
            sort,
            limit: query.limit,
            cursor: query.cursor.clone(),
            sections: Sections::PUBLIC,
            ..SearchRequest::default()
        };
        let page = index.search(&request).map_err(search_error)?;
        let places = places(&page);
        let items = super::record::read_many(&**snapshot, sight, &places)?;
        Ok(Page {
            items,
            next: page.next,
        })
    }

    /// Waits for a position that was asked for, else a moment for what was just written.
    pub(super) fn reach_or_wait(
        &self,
        index: &search::SearchIndex,
        at_least: Option<Pos>,
        newest: Pos,
    ) -> Result<()> {
        match at_least {
            Some(pos) => self.reach_index(index, Some(pos)),
            None => {
                // Under a full load the newest may come late.
                let _ = index.wait_for(newest.0, REPORT_WAIT);
                Ok(())
            }
        }
    }

    pub(super) fn reach_index(
        &self,
        index: &search::SearchIndex,
        at_least: Option<Pos>,
    ) -> Result<()> {
        let Some(pos) = at_least else { return Ok(()) };
        if index.wait_for(pos.0, AT_LEAST_WAIT) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Busy,
            "position_not_reached",
            format!("the search index has not reached position {pos} in time; try again"),
        ))
    }
}

/// The order by a field that each of the kinds has and the asker may see: what is hidden would be
/// told by its place.
fn sort_by(
    catalog: &Catalog,
    sight: &Sight<'_, '_>,
    kinds: &[Kind],
    (name, descending): &(String, bool),
) -> Result<search::Sort> {
    let mut field: Option<(String, Vec<String>)> = None;
    for kind in kinds {
        let def = filter::find_field(catalog, sight, *kind, name)?;
        let known = field.as_ref().map(|(code, _)| code);
        let def = def.filter(|def| known.is_none_or(|code| *code == def.code));
        let def = def.ok_or_else(|| {
            let message = match kinds.len() {
                1 => "there is no such field to sort by".to_owned(),
                _ => format!("{}s have no such field to sort by", kind.name()),
            };
            Error::field("sort", "unknown_field", message)
        })?;
        // Options are ordered as their definition has them: `low` before `urgent`.
        let codes = def.options.into_iter().map(|o| o.code);
        let (_, values) = field.get_or_insert((def.code, Vec::new()));
        for code in codes {
            if !values.contains(&code) {
                values.push(code);
            }
        }
    }
    let (name, values) = field.unwrap_or_default();
    let descending = *descending;
    Ok(match values.is_empty() {
        true => search::Sort::Field { name, descending },
        false => search::Sort::Ranked {
            name,
            values,
            descending,
        },
    })
}

/// The one language that a query asks for, by a filter or by its text.
pub(super) fn locale_of(query: &SearchQuery, told: &[Understood]) -> Option<String> {
    let of_text = told
        .iter()
        .find(|part| part.field.as_deref() == Some("locale"));
    let typed = of_text
        .filter(|part| !part.negated)
        .map(|part| part.values.as_slice());
    let mut filters = query.filters.iter().filter(|(name, _)| name == "locale");
    let filtered = filters.find_map(|(_, condition)| match condition {
        Condition::In(values) => Some(values.as_slice()),
        _ => None,
    });
    match filtered.or(typed) {
        Some([one]) => Some(one.clone()),
        _ => None,
    }
}

fn word_match(found: &search::WordMatch) -> WordMatch {
    WordMatch {
        word: found.word.clone(),
        how: found.how.name(),
        found: found.found.clone(),
        added: found.added,
    }
}

/// The text with each mistaken word as most hits have it, and words of the wrong layout as they were
/// typed.
fn corrected(text: &str, matches: &[search::WordMatch]) -> Option<String> {
    let mut votes: BTreeMap<(usize, usize), Vec<(String, usize)>> = BTreeMap::new();
    for found in matches {
        if !matches!(found.how, Matched::Layout | Matched::Corrected) {
            continue;
        }
        let place = (found.place.start, found.place.end);
        let is_last = found.place.end == text.trim_end().len();
        let typed = search::turned(&found.word).filter(|_| found.how == Matched::Layout);
        let word = match typed {
            // The last word may be unfinished.
            Some(typed) if !(is_last && found.found.starts_with(&typed)) => typed,
            _ => found.found.clone(),
        };
        let words = votes.entry(place).or_default();
        match words.iter_mut().find(|(known, _)| *known == word) {
            Some((_, count)) => *count += 1,
            None => words.push((word, 1)),
        }
    }
    let mut out = String::new();
    let mut at = 0;
    for ((from, to), words) in &votes {
        // The best hit decides between equals.
        let most = words.iter().map(|(_, count)| *count).max()?;
        let (word, _) = words.iter().find(|(_, count)| *count == most)?;
        out.push_str(text.get(at..*from)?);
        out.push_str(word);
        at = *to;
    }
    out.push_str(text.get(at..)?);
    (!votes.is_empty()).then_some(out)
}

pub(super) fn places(page: &search::SearchPage) -> Vec<(Kind, Id)> {
    places_of(page.hits.iter().map(|hit| (&hit.kind, &hit.id)))
}

/// Where records are that the index names.
pub fn places_of<'h>(hits: impl Iterator<Item = (&'h String, &'h [u8; 16])>) -> Vec<(Kind, Id)> {
    hits.filter_map(|(kind, id)| Some((Kind::named(kind)?, Id(*id))))
        .collect()
}

pub fn no_search() -> Error {
    Error::new(
        ErrorKind::Conflict,
        "search_off",
        "this desk was opened without search",
    )
}

fn search_error(e: search::SearchError) -> Error {
    index_source::error(e)
}

pub(super) fn index_filter(filter: &filter::Filter) -> search::Filter {
    let field = filter.field.clone();
    match &filter.holds {
        Holds::In(values) => search::Filter::In(
            field,
            values
                .iter()
                .filter_map(index_source::filter_value)
                .collect(),
        ),
        Holds::Between(from, below) => search::Filter::Range {
            field,
            from: from.as_ref().and_then(index_source::filter_value),
            below: below.as_ref().and_then(index_source::filter_value),
        },
        Holds::Present(true) => search::Filter::Exists(field),
        Holds::Present(false) => search::Filter::Not(Box::new(search::Filter::Exists(field))),
    }
}

/// What the rules of access let through, as conditions; about one kind among several, if one is
/// given.
pub(super) fn access_filter(access: &Access, kind: Option<Kind>) -> Vec<search::Filter> {
    let of_part = |part: &Part| {
        let mut ways = vec![predicate_filter(&part.only)];
        if let Some(types) = &part.types {
            let own = search::Filter::In("type".to_owned(), texts(types));
            let mut concerned = vec![own];
            if part.untyped {
                concerned.push(absent("type"));
            }
            ways.push(search::Filter::Not(Box::new(search::Filter::Any(
                concerned,
            ))));
        }
        if let Some(kind) = kind {
            let own = search::Filter::text("kind", kind.name());
            ways.push(search::Filter::Not(Box::new(own)));
        }
        search::Filter::Any(ways)
    };
    access.parts.iter().map(of_part).collect()
}

fn predicate_filter(predicate: &Predicate) -> search::Filter {
    match predicate {
        Predicate::All(parts) => search::Filter::All(parts.iter().map(predicate_filter).collect()),
        Predicate::Any(parts) => search::Filter::Any(parts.iter().map(predicate_filter).collect()),
        Predicate::Not(part) => search::Filter::Not(Box::new(predicate_filter(part))),
        Predicate::In { field, values } if values.is_empty() => absent(field),
        Predicate::In { field, values } => search::Filter::In(
            field.clone(),
            values
                .iter()
                .filter_map(index_source::filter_value)
                .collect(),
        ),
        Predicate::Range {
            field,
            from: None,
            to: None,
        } => search::Filter::Exists(field.clone()),
        Predicate::Range { field, from, to } => search::Filter::Range {
            field: field.clone(),
            from: from.as_ref().and_then(index_source::filter_value),
            below: to.as_ref().and_then(index_source::filter_value),
        },
    }
}

fn absent(field: &str) -> search::Filter {
    search::Filter::Not(Box::new(search::Filter::Exists(field.to_owned())))
}

fn texts(codes: &[String]) -> Vec<search::FilterValue> {
    codes
        .iter()
        .cloned()
        .map(search::FilterValue::Text)
        .collect()
}

/// What the asker may find in some kinds, as conditions, and in which text.
///
/// # Errors
/// When a rule of access broke, or the store fails.
pub fn rights(
    sight: &Sight<'_, '_>,
    kinds: &[Kind],
    outdated: bool,
) -> Result<(Vec<search::Filter>, Sections)> {
    let actor = sight.actor();
    let mut filters: Vec<search::Filter> = own_filter(actor, kinds).into_iter().collect();
    let of_articles = readers::conditions(actor, sight.now(), outdated);
    filters.extend(readers::among_others(kinds, of_articles));
    let mut sections = Sections::ALL;
    for kind in kinds {
        let access = sight.access(*kind)?;
        filters.extend(access_filter(&access, Some(*kind)));
        sections = sections.and(access.sections(actor));
    }
    Ok((filters, sections))
}

/// What a customer may find, kind by kind.
fn own_filter(actor: &Actor, kinds: &[Kind]) -> Option<search::Filter> {
    if !actor.is_contact() {
        return None;
    }
    let of_kind = |kind: &Kind| {
        let own = list::own_filters(actor, *kind).ok()?;
        let mut all = vec![search::Filter::text("kind", kind.name())];
        all.extend(own.iter().map(index_filter));
        Some(search::Filter::All(all))
    };
    Some(search::Filter::Any(
        kinds.iter().filter_map(of_kind).collect(),
    ))
}
