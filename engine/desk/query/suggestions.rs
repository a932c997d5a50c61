//! Articles and solved tickets for a ticket's text, each with why.
//!
//! The index finds what is like the text. What is about the same product and what helped lately come
//! first, within bounds: together they raise a score by at most six tenths.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::search::{no_search, places_of, rights};
use crate::desk::citation::{self, Citation};
use crate::desk::decide::Ground;
use crate::desk::sight::Sight;
use crate::desk::{
    Actor, Desk, LikeMatch, LikeQuery, Result, Suggestion, SuggestionWhy, TicketSuggestions, codec,
    index_source,
};
use crate::domain::{Id, Kind, Record, StatusCategory, Value, record::fields};
use crate::search::{Filter, FilterValue, Likeness, SearchRequest};
use crate::store::{Pos, Snapshot, Table};
use crate::text::{Format, plain};

/// Most suggestions of a sort.
pub const MAX_SUGGESTED: usize = 20;
/// Hits that are looked at for one that is shown, and most of them.
const TRIED: usize = 3;
const MAX_TRIED: usize = 40;
/// What it adds to a score that a field is the same, and that an article helped lately.
const SAME: [(&str, f32); 4] = [
    ("product", 0.15),
    ("category", 0.05),
    ("type", 0.05),
    ("account", 0.05),
];
const USED: f32 = 0.3;
/// Fields whose words are told.
const ARTICLE_TEXTS: [&str; 2] = ["title", "body"];
const TICKET_TEXTS: [&str; 3] = ["title", "description", "solution"];

impl Desk {
    /// Articles, and for agents solved tickets, like a ticket.
    ///
    /// # Errors
    /// When there is no such ticket, the index is not there, or the store fails.
    pub fn suggestions_of(
        &self,
        actor: &Actor,
        ticket: Id,
        limit: usize,
        at_least: Option<Pos>,
    ) -> Result<TicketSuggestions> {
        let page = self.record(actor, Kind::Ticket, ticket, at_least)?;
        let record = &page.record;
        let text = |name: &str| record.text(name).unwrap_or_default().to_owned();
        let query = LikeQuery {
            title: record.title().to_owned(),
            text: text("description"),
            type_code: record.type_code().map(str::to_owned),
            products: references(record, "products"),
            category: record.text("category").map(str::to_owned),
            account: record.reference(fields::ACCOUNT),
            ticket: Some(ticket),
            limit,
            at_least,
        };
        self.suggestions(actor, &query)
    }

    /// Articles, and for agents solved tickets, like a text that is being written.
    ///
    /// # Errors
    /// When the index is not there, the limit is out of range, or the store fails.
    pub fn suggestions(&self, actor: &Actor, query: &LikeQuery) -> Result<TicketSuggestions> {
        let limit = super::limit(query.limit)?.min(MAX_SUGGESTED);
        let index = self.search.as_ref().ok_or_else(no_search)?;
        self.reach_index(index, query.at_least)?;
        let snapshot = self.store.snapshot(query.at_least)?;
        let (ground, _) = self.ground(Arc::clone(&snapshot), self.now(), None)?;
        let asked = Asked {
            ground: &ground,
            sight: Sight::new(&ground, actor),
            snapshot: &*snapshot,
            query,
            limit,
        };
        let used = asked.used()?;
        let mut found = TicketSuggestions::default();
        let published = Filter::text(fields::STATUS, "published");
        let articles = self.like(&asked, Kind::Article, vec![published])?;
        found.rebuilding = articles.rebuilding;
        found.articles = asked.ranked(Kind::Article, &articles, &used)?;
        // Customers learn from articles, not from what others asked.
        if !actor.is_contact() {
            let mut filters = vec![solved(&ground)];
            filters.extend(query.ticket.map(|id| Filter::Not(Box::new(is(id)))));
            let tickets = self.like(&asked, Kind::Ticket, filters)?;
            found.tickets = asked.ranked(Kind::Ticket, &tickets, &used)?;
        }
        Ok(found)
    }

    fn like(
        &self,
        asked: &Asked<'_, '_>,
        kind: Kind,
        mut filters: Vec<Filter>,
    ) -> Result<Likeness> {
        let index = self.search.as_ref().ok_or_else(no_search)?;
        let (own, sections) = rights(&asked.sight, &[kind], false)?;
        filters.extend(own);
        let title = asked.query.title.replace('\n', " ");
        let text = format!("{title}\n{}", asked.query.text);
        let request = SearchRequest {
            meaning: self.meaning(&[kind], sections),
            text: Some(text),
            kinds: vec![kind.name().to_owned()],
            filters,
            sections,
            limit: (asked.limit * TRIED).min(MAX_TRIED),
            wording: Arc::clone(&self.tuning.get(asked.snapshot)?.wording),
            ..SearchRequest::default()
        };
        index.like(&request).map_err(index_source::error)
    }
}

/// What is asked, and by whom.
struct Asked<'g, 'a> {
    ground: &'g Ground<'a>,
    sight: Sight<'g, 'a>,
    snapshot: &'g dyn Snapshot,
    query: &'g LikeQuery,
    limit: usize,
}

impl Asked<'_, '_> {
    /// The articles that are in answers to the ticket already.
    fn used(&self) -> Result<BTreeSet<Id>> {
        let Some(ticket) = self.query.ticket else {
            return Ok(BTreeSet::new());
        };
        let from = citation::of_record((Kind::Ticket, ticket));
        let to = crate::desk::keys::after(&from);
        let rows = self.snapshot.range(Table::Meta, &from, &to, false, 100)?;
        let article =
            |row: &crate::store::Row| Ok(codec::decode::<Citation>(&row.1.bytes)?.article);
        rows.iter().map(article).collect()
    }

    /// The hits that the asker may read, best first, each with why.
    fn ranked(&self, kind: Kind, found: &Likeness, used: &BTreeSet<Id>) -> Result<Vec<Suggestion>> {
        let places = places_of(found.hits.iter().map(|hit| (&hit.kind, &hit.id)));
        let pages = super::record::read_many(self.snapshot, &self.sight, &places)?;
        let uses = self.uses(kind, &pages.iter().map(|p| p.record.id).collect::<Vec<_>>())?;
        let mut all: Vec<Suggestion> = Vec::with_capacity(pages.len());
        for (page, uses) in pages.into_iter().zip(uses) {
            let record = page.record;
            let is_solved =
                citation::category(&self.ground.catalog, &record) == Some(StatusCategory::Done);
            if kind == Kind::Ticket && !is_solved {
                continue;
            }
            let hit = found.hits.iter().find(|hit| hit.id == record.id.0);
            let score = hit.map_or(0.0, |hit| hit.score);
            let same = self.same(&record);
            let near: f32 = same.iter().map(|(_, worth)| worth).sum();
            let helped = USED * citation::worth(&uses, self.ground.now);
            all.push(Suggestion {
                score: score * (1.0 + near + helped),
                used: used.contains(&record.id),
                why: SuggestionWhy {
                    matches: Vec::new(),
                    same: same.into_iter().map(|(name, _)| name).collect(),
                    uses: uses.len(),
                    similarity: hit.and_then(|hit| hit.similarity),
                },
                snippet: String::new(),
                version: page.version,
                record,
            });
        }
        all.sort_by(|a, b| {
            b.score
                .total_cmp(&a.score)
                .then(a.record.id.cmp(&b.record.id))
        });
        all.truncate(self.limit);
        for suggestion in &mut all {
            let names: &[&'static str] = match kind {
                Kind::Article => &ARTICLE_TEXTS,
                _ => &TICKET_TEXTS,
            };
            let record = &suggestion.record;
            let format = Format::named(record.text("format"));
            let text = |name: &&'static str| {
                let text = record.text(name)?;
                // An article is shown as it is read, without marks and tags.
                let shown = match *name {
                    "body" => Cow::Owned(plain(format, text)),
                    _ => Cow::Borrowed(text),
                };
                Some((*name, shown))
            };
            let texts: Vec<(&str, Cow<'_, str>)> = names.iter().filter_map(text).collect();
            let texts: Vec<_> = texts.iter().map(|(name, text)| (*name, &**text)).collect();
            let (matches, snippet) = found.of(&texts);
            let told = matches.into_iter().map(|m| LikeMatch {
                word: m.word,
                found: m.found,
                field: m.field,
            });
            suggestion.why.matches = told.collect();
            suggestion.snippet = snippet;
        }
        Ok(all)
    }

    /// When each article was used lately; one trip.
    fn uses(&self, kind: Kind, ids: &[Id]) -> Result<Vec<Vec<crate::domain::Instant>>> {
        if kind != Kind::Article {
            return Ok(vec![Vec::new(); ids.len()]);
        }
        let spans: Vec<_> = ids.iter().map(|id| citation::newest(*id)).collect();
        let (_, found) = self.snapshot.read(&[], &spans)?;
        let at = |row: &crate::store::Row| Ok(codec::decode::<Citation>(&row.1.bytes)?.at);
        found
            .iter()
            .map(|rows| rows.iter().map(at).collect())
            .collect()
    }

    /// The fields in which a record is as the ticket.
    fn same(&self, record: &Record) -> Vec<(&'static str, f32)> {
        let holds = |name: &str, id: Option<Id>| {
            let is = |value: &Value| id.is_some_and(|id| value.as_ref_id() == Some(id));
            match record.get(name) {
                Some(Value::List(items)) => items.iter().any(is),
                Some(one) => is(one),
                None => false,
            }
        };
        let query = self.query;
        let is_same = |name: &str| match name {
            "product" => query
                .products
                .iter()
                .any(|id| holds("product", Some(*id)) || holds("products", Some(*id))),
            "account" => holds(fields::ACCOUNT, query.account),
            "type" => {
                record.type_code().is_some() && record.type_code() == query.type_code.as_deref()
            }
            name => record.text(name).is_some() && record.text(name) == query.category.as_deref(),
        };
        SAME.into_iter().filter(|(name, _)| is_same(name)).collect()
    }
}

fn is(id: Id) -> Filter {
    Filter::In("id".to_owned(), vec![FilterValue::Text(id.to_string())])
}

/// Tickets of a status that means solved in some workflow; each is looked at again.
fn solved(ground: &Ground<'_>) -> Filter {
    let catalog = &ground.catalog;
    let types = catalog.types(Kind::Ticket).map(|t| Some(t.code.as_str()));
    let workflows = std::iter::once(None)
        .chain(types)
        .filter_map(|t| catalog.workflow(Kind::Ticket, t));
    let statuses = workflows.flat_map(|w| &w.statuses);
    let done = statuses.filter(|s| s.category == StatusCategory::Done);
    let codes: BTreeSet<String> = done.map(|s| s.code.clone()).collect();
    let values = codes.into_iter().map(FilterValue::Text).collect();
    Filter::In(fields::STATUS.to_owned(), values)
}

fn references(record: &Record, field: &str) -> Vec<Id> {
    match record.get(field) {
        Some(Value::List(items)) => items.iter().filter_map(Value::as_ref_id).collect(),
        Some(one) => one.as_ref_id().into_iter().collect(),
        None => Vec::new(),
    }
}
