//! Messages that could not be delivered, for whoever works on what they are about.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::delivery::pages;
use super::record::{read, read_many};
use crate::desk::decide::{Ground, is_undelivered};
use crate::desk::sight::Sight;
use crate::desk::{Actor, Desk, OutboxPage, Page, RecordPage, Result, decide, keys};
use crate::domain::{Id, Kind};
use crate::store::{Key, Pos, Table};

/// Messages of a record that are looked through, newest first.
const LOOK_BACK: usize = 100;
/// Most of them that are shown with the record.
const MAX_SHOWN: usize = 20;
/// Most rows that one call looks through.
const MAX_ROWS: usize = 2_000;

/// What of a record's messages did not arrive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undelivered {
    /// The messages, newest first.
    pub messages: Vec<OutboxPage>,
    /// When something became of a message about the record last.
    pub noted: Pos,
}

impl Desk {
    /// The messages about a record that failed or were not sent, the last of them.
    ///
    /// # Errors
    /// When the asker is no agent, there is no such record, or the store fails.
    pub fn undelivered_of(&self, actor: &Actor, kind: Kind, id: Id) -> Result<Undelivered> {
        actor.require_agent("reading what was not delivered")?;
        let snapshot = self.store.snapshot(None)?;
        let from = keys::delivery_of(id, Id::MIN);
        let mut to = keys::delivery_of(id, Id::MAX);
        to.push(0);
        let rows = snapshot.range(Table::Delivery, &from, &to, true, LOOK_BACK)?;
        let noted = rows.iter().map(|(_, row)| row.version).max();
        let failed = rows.iter().filter(|(_, row)| is_undelivered(row));
        let failed: Vec<Id> = failed
            .filter_map(|(key, _)| keys::id_at_end(key))
            .take(MAX_SHOWN)
            .collect();
        let mut found = pages(&*snapshot, failed.into_iter())?;
        if !found.is_empty() {
            let ground = self.ground_for(Arc::clone(&snapshot), &[(kind, id)])?;
            let sight = Sight::new(&ground, actor);
            read(&*snapshot, &sight, kind, id)?;
            if hides_addresses(&ground, &sight)? {
                found.iter_mut().for_each(conceal);
            }
        }
        Ok(Undelivered {
            messages: found,
            noted: noted.unwrap_or_default(),
        })
    }

    /// A page of what failed, newest first: each message with the record it is about, as far as the
    /// asker may see that one.
    ///
    /// # Errors
    /// When the asker is no agent, the cursor is foreign, or the store fails.
    pub fn undelivered(
        &self,
        actor: &Actor,
        kind: Option<Kind>,
        (limit, cursor): (usize, Option<&str>),
    ) -> Result<Page<(OutboxPage, RecordPage)>> {
        actor.require_agent("reading what was not delivered")?;
        let limit = super::limit(limit)?;
        let snapshot = self.store.snapshot(None)?;
        let (ground, _) = self.ground(Arc::clone(&snapshot), self.now(), None)?;
        let sight = Sight::new(&ground, actor);
        let (from, mut to): (Key, Key) = (vec![3], vec![4]);
        if let Some(cursor) = cursor {
            let key = super::unhex(cursor)?;
            if key.len() != KEY_BYTES || key < from || to < key {
                return Err(super::bad_cursor());
            }
            to = key;
        }
        let hides = hides_addresses(&ground, &sight)?;
        let mut items = Vec::new();
        let mut looked_at = 0;
        loop {
            let rows = snapshot.range(Table::Delivery, &from, &to, true, limit)?;
            looked_at += rows.len();
            let ids = rows.iter().filter_map(|(key, _)| keys::id_at_end(key));
            let found = pages(&*snapshot, ids)?.into_iter();
            let mut found: BTreeMap<Id, OutboxPage> = found.map(|p| (p.item.id, p)).collect();
            let places = found
                .values()
                .map(|page| (page.item.kind, page.item.record));
            let places: Vec<(Kind, Id)> = places.collect();
            let records = read_many(&*snapshot, &sight, &places)?;
            let records: BTreeMap<Id, RecordPage> = records
                .into_iter()
                .map(|page| (page.record.id, page))
                .collect();
            let whole = rows.len() < limit;
            for (key, _) in rows {
                let message = keys::id_at_end(&key).and_then(|id| found.remove(&id));
                to = key;
                let wanted = |m: &OutboxPage| kind.is_none_or(|kind| kind == m.item.kind);
                let Some(mut message) = message.filter(wanted) else {
                    continue;
                };
                if hides {
                    conceal(&mut message);
                }
                if let Some(record) = records.get(&message.item.record) {
                    items.push((message, record.clone()));
                }
                if items.len() == limit {
                    let next = Some(decide::hex(&to));
                    return Ok(Page { items, next });
                }
            }
            if whole || MAX_ROWS <= looked_at {
                let next = (!whole).then(|| decide::hex(&to));
                return Ok(Page { items, next });
            }
        }
    }
}

/// Whether the asker may not see the addresses of contacts.
fn hides_addresses(ground: &Ground<'_>, sight: &Sight<'_, '_>) -> Result<bool> {
    for name in ["mails", "phones"] {
        if let Some(def) = ground.catalog.field(Kind::Contact, None, name)
            && sight.hides(Kind::Contact, def)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Takes out whom a message went to, and what was said of it.
fn conceal(page: &mut OutboxPage) {
    page.item.to.clear();
    if let Some(delivery) = &mut page.delivery {
        delivery.reason.clear();
    }
}

/// Bytes of a key of the list of what failed.
const KEY_BYTES: usize = 25;
