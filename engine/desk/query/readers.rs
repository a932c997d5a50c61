//! Searches for readers of articles: what is in force and meant for them, in their language.

use std::collections::BTreeSet;

use super::variants;
use crate::desk::sight::Sight;
use crate::desk::{Actor, FoundIn, Result, SearchHit, index_source};
use crate::domain::article::{self, fields};
use crate::domain::{Id, Instant, Kind, Record, Value};
use crate::search::{Filter, FilterValue};
use crate::store::{Snapshot, Table};

/// What articles must be for an asker to find them, as conditions of the index. Others than
/// customers find what is out of date when they ask for it.
pub fn conditions(actor: &Actor, now: Instant, outdated: bool) -> Option<Filter> {
    let mut all = Vec::new();
    if actor.is_contact() {
        let mut meant = vec![Filter::text(fields::AUDIENCE, article::PUBLIC)];
        meant.extend(actor.account().map(|own| {
            let own = FilterValue::Text(own.to_string());
            Filter::All(vec![
                Filter::text(fields::AUDIENCE, article::OF_ACCOUNTS),
                Filter::In(fields::ACCOUNTS.to_owned(), vec![own]),
            ])
        }));
        all.push(Filter::text("status", article::PUBLISHED));
        all.push(Filter::Any(meant));
    }
    if actor.is_contact() || !outdated {
        // The index counts milliseconds: the present one has begun, and is not over.
        let next = index_source::filter_value(&Value::Instant(now)).map(after);
        let began = Filter::Range {
            field: fields::VALID_FROM.to_owned(),
            from: None,
            below: next.clone(),
        };
        let goes_on = Filter::Range {
            field: fields::VALID_UNTIL.to_owned(),
            from: next,
            below: None,
        };
        all.push(unless_absent(fields::VALID_FROM, began));
        all.push(unless_absent(fields::VALID_UNTIL, goes_on));
    }
    (!all.is_empty()).then_some(Filter::All(all))
}

/// The conditions on articles, among records of other kinds.
pub fn among_others(kinds: &[Kind], of_articles: Option<Filter>) -> Option<Filter> {
    let of_articles = of_articles.filter(|_| kinds.contains(&Kind::Article))?;
    let other = Filter::Not(Box::new(Filter::text("kind", Kind::Article.name())));
    Some(Filter::Any(vec![other, of_articles]))
}

fn after(value: FilterValue) -> FilterValue {
    match value {
        FilterValue::Instant(at) => FilterValue::Instant(at.saturating_add(1)),
        other => other,
    }
}

fn unless_absent(field: &str, holds: Filter) -> Filter {
    let absent = Filter::Not(Box::new(Filter::Exists(field.to_owned())));
    Filter::Any(vec![absent, holds])
}

/// The language of the asker's own record.
pub fn language_of(snapshot: &dyn Snapshot, actor: &Actor) -> Result<Option<String>> {
    let Some((kind, id)) = actor.record() else {
        return Ok(None);
    };
    let row = snapshot.get(Table::Records, &crate::desk::keys::record(kind, id))?;
    let person: Option<Record> = row
        .map(|row| crate::desk::codec::decode(&row.bytes))
        .transpose()?;
    Ok(person.and_then(|p| p.text(fields::LOCALE).map(str::to_owned)))
}

/// Offers articles in a language where they have a variant in it; of several variants of one text
/// the first is left.
pub fn offer(
    snapshot: &dyn Snapshot,
    sight: &Sight<'_, '_>,
    hits: Vec<SearchHit>,
    tag: &str,
) -> Result<Vec<SearchHit>> {
    let mut offered: BTreeSet<Id> = BTreeSet::new();
    let mut left = Vec::with_capacity(hits.len());
    for mut hit in hits {
        if hit.record.kind != Kind::Article {
            left.push(hit);
            continue;
        }
        let main = article::main_of(&hit.record);
        if !article::is_in(&hit.record, tag) {
            let mut all = variants::of_main(snapshot, sight, main)?.into_iter();
            match all.find(|page| article::is_in(&page.record, tag)) {
                Some(page) => {
                    let found = std::mem::replace(&mut hit.record, page.record);
                    hit.version = page.version;
                    hit.found_in = Some(FoundIn {
                        id: found.id,
                        locale: found.text(fields::LOCALE).unwrap_or_default().to_owned(),
                        title: found.title().to_owned(),
                    });
                }
                None => hit.fallback = true,
            }
        }
        if offered.insert(main) {
            left.push(hit);
        }
    }
    Ok(left)
}
