//! The inbox: inquiries that are not registered yet, those that wait longest first.

use std::sync::Arc;

use crate::desk::decide::{self, Ground};
use crate::desk::sight::Sight;
use crate::desk::{Actor, Desk, InboxItem, InboxQuery, Page, Responsible, Result, keys, lookup};
use crate::domain::{Id, Kind, Value, record::fields};
use crate::store::{Key, Table};

/// Most index rows that one call looks through.
const MAX_ROWS: usize = 2_000;

impl Desk {
    /// The agent with a code.
    ///
    /// # Errors
    /// When the store fails.
    pub fn agent_by_code(&self, code: &str) -> Result<Option<Id>> {
        let snapshot = self.store.snapshot(None)?;
        lookup::by_unique(&*snapshot, Kind::Agent, &Value::from(code))
    }

    /// A page of the inbox.
    ///
    /// # Errors
    /// When the cursor is wrong, the asker may not, or the store fails.
    pub fn inbox(&self, actor: &Actor, query: &InboxQuery) -> Result<Page<InboxItem>> {
        actor.require_agent("reading the inbox")?;
        let limit = super::limit(query.limit)?;
        let snapshot = self.store.snapshot(query.at_least)?;
        let (ground, _) = self.ground(Arc::clone(&snapshot), self.now(), None)?;
        let sight = Sight::new(&ground, actor);
        let after = match query.cursor.as_deref() {
            Some(text) => {
                let id = Id::from_slice(&super::unhex(text)?);
                Some(id.ok_or_else(super::bad_cursor)?)
            }
            None => None,
        };
        read(&ground, &sight, query, after, limit)
    }
}

/// The inquiries of an inbox after one.
pub fn read(
    ground: &Ground<'_>,
    sight: &Sight<'_, '_>,
    query: &InboxQuery,
    mut after: Option<Id>,
    limit: usize,
) -> Result<Page<InboxItem>> {
    let type_code = query.type_code.as_deref();
    let type_code = type_code.and_then(|code| ground.catalog.resolve_type(code));
    let mut items = Vec::new();
    let mut seen = 0;
    while seen < MAX_ROWS {
        let ids = waiting(ground, query.responsible, after, limit)?;
        seen += ids.len();
        let whole = ids.len() < limit;
        let places: Vec<(Kind, Id)> = ids.iter().map(|id| (Kind::Inquiry, *id)).collect();
        for page in super::record::read_many(&*ground.snapshot, sight, &places)? {
            let id = page.record.id;
            if items.len() == limit {
                return Ok(Page {
                    items,
                    next: after.map(|id| decide::hex(id.as_bytes())),
                });
            }
            after = Some(id);
            let arrived = page.record.instant("received_at");
            let arrived = arrived.or_else(|| page.record.instant(fields::CREATED_AT));
            let age_secs = arrived.map_or(0, |at| (ground.now - at).num_seconds().max(0));
            let wanted = type_code.is_none_or(|t| page.record.type_code() == Some(&t.code));
            if wanted && query.older_than_secs.is_none_or(|old| old <= age_secs) {
                items.push(InboxItem { page, age_secs });
            }
        }
        after = ids.last().copied().or(after);
        if whole {
            return Ok(Page { items, next: None });
        }
    }
    Ok(Page {
        items,
        next: after.map(|id| decide::hex(id.as_bytes())),
    })
}

/// The next ids of an inbox, oldest first.
fn waiting(
    ground: &Ground<'_>,
    responsible: Responsible,
    after: Option<Id>,
    limit: usize,
) -> Result<Vec<Id>> {
    let nobody = Value::Bool(false);
    let values: Vec<Value> = match responsible {
        Responsible::Nobody => vec![nobody],
        Responsible::Agent(id) => vec![Value::Ref(id)],
        Responsible::Any => {
            let agents = ground.service.agent_ids().map(Value::Ref);
            std::iter::once(nobody).chain(agents).collect()
        }
    };
    let mut ids = Vec::new();
    for value in values {
        let prefix = keys::index_prefix(Kind::Inquiry, keys::INBOX_INDEX, &value);
        let from: Key = match after {
            Some(id) => [prefix.as_slice(), id.as_bytes(), &[0]].concat(),
            None => prefix.clone(),
        };
        let to = keys::after(&prefix);
        let rows = ground
            .snapshot
            .range(Table::Index, &from, &to, false, limit)?;
        ids.extend(rows.iter().filter_map(|(key, _)| keys::id_at_end(key)));
    }
    ids.sort_unstable();
    ids.truncate(limit);
    Ok(ids)
}
