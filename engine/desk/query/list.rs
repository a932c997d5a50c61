//! Lists: from the store's indexes where they suffice, from the search index for sorting and for
//! fields without an index. No list scans records.

use std::sync::Arc;

use super::filter::{Filter, Holds, read_filters};
use crate::desk::sight::{Access, Sight};
use crate::desk::{Actor, Desk, Error, ListQuery, Page, RecordPage, Result, decide, keys};
use crate::domain::{Id, Kind, Value, article};
use crate::hooks::Predicate;
use crate::store::{Key, Snapshot, Table};

/// Most index rows that one call looks through before it hands out what it has.
const MAX_ROWS: usize = 4_000;
/// How often a page that came out empty is filled again.
const MAX_ROUNDS: usize = 20;

impl Desk {
    /// A page of records of a kind.
    ///
    /// # Errors
    /// When a filter, the sort or the cursor is wrong, or the store fails.
    pub fn list(&self, actor: &Actor, query: &ListQuery) -> Result<Page<RecordPage>> {
        let limit = super::limit(query.limit)?;
        let snapshot = self.store.snapshot(query.at_least)?;
        let (ground, _) = self.ground(Arc::clone(&snapshot), self.now(), None)?;
        let sight = Sight::new(&ground, actor);
        let catalog = &ground.catalog;
        let mut filters = read_filters(&*snapshot, catalog, &sight, query.kind, &query.filters)?;
        filters.extend(own_filters(actor, query.kind)?);
        let access = sight.access(query.kind)?;
        filters.extend(in_indexes(&access));
        // What indexes do not hold is checked on each record; the search index finds pages faster.
        let from_store = query.sort.is_none()
            && (access.parts.is_empty() || !self.has_search() || access.is_in_indexes())
            && filters
                .iter()
                .all(|f| f.indexed && matches!(f.holds, Holds::In(_)));
        if from_store {
            let walk = Walk {
                snapshot: &*snapshot,
                kind: query.kind,
                filters: &filters,
                limit,
            };
            return walk.page(&sight, query.cursor.as_deref());
        }
        #[cfg(feature = "search")]
        if self.search.is_some() {
            return self.list_by_search(&sight, query, &snapshot, catalog, &filters);
        }
        Err(Error::new(
            crate::desk::ErrorKind::Invalid,
            "needs_search",
            "without the search index lists filter by indexed fields only and are not sorted",
        ))
    }
}

/// The conditions that rules lay on every record of the kind and that the store has indexes for.
fn in_indexes(access: &Access) -> Vec<Filter> {
    let mut filters = Vec::new();
    for part in access.parts.iter().filter(|p| p.types.is_none()) {
        let alone = std::slice::from_ref(&part.only);
        let all = match &part.only {
            Predicate::All(parts) => parts.as_slice(),
            _ => alone,
        };
        filters.extend(all.iter().filter_map(|p| match p {
            Predicate::In { field, values } if !values.is_empty() => Some(Filter {
                field: field.clone(),
                indexed: true,
                holds: Holds::In(values.clone()),
            }),
            _ => None,
        }));
    }
    filters
}

/// What a customer may list, as conditions.
pub fn own_filters(actor: &Actor, kind: Kind) -> Result<Vec<Filter>> {
    let (account, contact) = match actor {
        Actor::Contact { account, contact } => (account, contact),
        // Which of them are for the reader, and when, is checked on each.
        Actor::Visitor => return visitors_filters(kind),
        _ => return Ok(Vec::new()),
    };
    let equal = |field: &str, value: Value| Filter {
        field: field.to_owned(),
        indexed: true,
        holds: Holds::In(vec![value]),
    };
    match kind {
        Kind::Ticket | Kind::Inquiry | Kind::Asset | Kind::Contract => {
            Ok(vec![equal("account", Value::Ref(*account))])
        }
        Kind::Article => Ok(vec![
            equal("status", article::PUBLISHED.into()),
            Filter {
                holds: Holds::In(vec![article::PUBLIC.into(), article::OF_ACCOUNTS.into()]),
                ..equal("audience", Value::Bool(true))
            },
        ]),
        Kind::Contact => Ok(vec![equal("id", Value::Ref(*contact))]),
        Kind::Account => Ok(vec![equal("id", Value::Ref(*account))]),
        Kind::Product | Kind::Category => Ok(Vec::new()),
        _ => Err(Error::forbidden(format!(
            "a contact may not list {}s",
            kind.name()
        ))),
    }
}

/// What anybody may list without a token.
fn visitors_filters(kind: Kind) -> Result<Vec<Filter>> {
    let equal = |field: &str, value: &str| Filter {
        field: field.to_owned(),
        indexed: true,
        holds: Holds::In(vec![value.into()]),
    };
    match kind {
        Kind::Article => Ok(vec![
            equal("status", article::PUBLISHED),
            equal("audience", article::PUBLIC),
        ]),
        Kind::Category => Ok(Vec::new()),
        _ => Err(Error::forbidden("this needs a token")),
    }
}

/// A walk over index rows, newest record first.
pub struct Walk<'a> {
    /// What is read.
    pub snapshot: &'a dyn Snapshot,
    /// Kind of the records.
    pub kind: Kind,
    /// Conditions on indexed fields, the rarest first.
    pub filters: &'a [Filter],
    /// Most records of a page.
    pub limit: usize,
}

impl Walk<'_> {
    /// A page of what the asker sees.
    ///
    /// # Errors
    /// When the cursor is wrong, or the store fails.
    pub fn page(&self, sight: &Sight<'_, '_>, cursor: Option<&str>) -> Result<Page<RecordPage>> {
        let before = match cursor {
            Some(text) => Some(Id::from_slice(&super::unhex(text)?).ok_or_else(super::bad_cursor)?),
            None => None,
        };
        let mut items = Vec::new();
        let mut before = before;
        for _ in 0..MAX_ROUNDS {
            let (ids, last) = self.ids(before, self.limit - items.len())?;
            let places: Vec<(Kind, Id)> = ids.iter().map(|id| (self.kind, *id)).collect();
            items.extend(super::record::read_many(self.snapshot, sight, &places)?);
            before = last;
            // What indexes do not know may have emptied the page.
            if last.is_none() || !items.is_empty() {
                break;
            }
        }
        Ok(Page {
            items,
            next: before.map(|id| decide::hex(id.as_bytes())),
        })
    }

    /// The next ids that meet all conditions, and where to go on.
    fn ids(&self, before: Option<Id>, limit: usize) -> Result<(Vec<Id>, Option<Id>)> {
        if let Some(Filter {
            holds: Holds::In(values),
            ..
        }) = self.filters.iter().find(|f| f.field == "id")
        {
            let ids = values.iter().filter_map(Value::as_ref_id);
            return Ok((
                ids.filter(|id| before.is_none_or(|b| *id < b)).collect(),
                None,
            ));
        }
        let (first, rest) = match self.filters.split_first() {
            Some((first, rest)) => (Some(first), rest),
            None => (None, self.filters),
        };
        let mut found = Vec::new();
        let mut before = before;
        let mut seen = 0;
        loop {
            let step = limit.clamp(50, 500);
            let candidates = self.candidates(first, before, step)?;
            let all_read = candidates.len() < step;
            seen += candidates.len();
            let last = candidates.last().copied();
            for id in self.meeting(&candidates, rest)? {
                if found.len() == limit {
                    return Ok((found.clone(), found.last().copied()));
                }
                found.push(id);
            }
            if all_read {
                return Ok((found, None));
            }
            if seen >= MAX_ROWS {
                return Ok((found, last));
            }
            before = last;
        }
    }

    /// The next candidates in falling order of ids.
    fn candidates(&self, first: Option<&Filter>, before: Option<Id>, n: usize) -> Result<Vec<Id>> {
        let prefixes: Vec<Key> = match first {
            Some(Filter {
                field,
                holds: Holds::In(values),
                ..
            }) => values
                .iter()
                .map(|v| keys::index_prefix(self.kind, field, v))
                .collect(),
            _ => vec![vec![self.kind as u8]],
        };
        let table = if first.is_some() {
            Table::Index
        } else {
            Table::Records
        };
        let mut ids = Vec::new();
        for prefix in prefixes {
            let to = match before {
                Some(id) => [prefix.as_slice(), id.as_bytes()].concat(),
                None => keys::after(&prefix),
            };
            let rows = self.snapshot.range(table, &prefix, &to, true, n)?;
            ids.extend(rows.iter().filter_map(|(key, _)| keys::id_at_end(key)));
        }
        ids.sort_unstable_by(|a, b| b.cmp(a));
        ids.dedup();
        ids.truncate(n);
        Ok(ids)
    }

    /// Those candidates for which the other conditions' index rows exist: one trip.
    fn meeting(&self, candidates: &[Id], rest: &[Filter]) -> Result<Vec<Id>> {
        let mut left: Vec<Id> = candidates.to_vec();
        for filter in rest {
            let Holds::In(values) = &filter.holds else {
                continue;
            };
            let wanted: Vec<(Table, Key)> = left
                .iter()
                .flat_map(|id| {
                    values
                        .iter()
                        .map(|v| (Table::Index, keys::index(self.kind, &filter.field, v, *id)))
                })
                .collect();
            let rows = self.snapshot.get_many(&wanted)?;
            let per_id = values.len().max(1);
            left = left
                .into_iter()
                .zip(rows.chunks(per_id))
                .filter(|(_, rows)| rows.iter().any(Option::is_some))
                .map(|(id, _)| id)
                .collect();
        }
        Ok(left)
    }
}
