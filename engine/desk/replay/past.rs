//! What rules stood on at a position: the catalog then, and the agents, teams and levels then.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;

use super::not_replayable;
use crate::desk::active::ActivePacks;
use crate::desk::journal::RuleName;
use crate::desk::service::{MOST, Service};
use crate::desk::{Desk, Result, catalogs, codec, keys};
use crate::domain::{Id, Kind, Record};
use crate::packs::Catalog;
use crate::store::{Pos, Snapshot, Table, Versioned};

/// Catalogs and services of the past that are kept.
const KEPT: usize = 12;
/// Most marks of changed agents, teams and levels that are looked at.
const MAX_MARKS: usize = 10_000;
/// The kinds of records that rules choose from.
const CHOSEN_FROM: [Kind; 3] = [Kind::Agent, Kind::Team, Kind::SupportLevel];

/// What rules stood on at earlier positions, kept while it is in use.
#[derive(Default)]
pub struct Past {
    catalogs: Mutex<Vec<(Pos, Arc<Catalog>)>>,
    services: Mutex<Vec<(Pos, Arc<Service>)>>,
}

fn kept<T>(kept: &Mutex<Vec<(Pos, Arc<T>)>>, at: Pos) -> Option<Arc<T>> {
    let kept = kept.lock();
    let found = kept.iter().find(|(pos, _)| *pos == at);
    found.map(|(_, value)| Arc::clone(value))
}

fn keep<T>(kept: &Mutex<Vec<(Pos, Arc<T>)>>, at: Pos, value: &Arc<T>) {
    let mut kept = kept.lock();
    kept.retain(|(pos, _)| *pos != at);
    kept.push((at, Arc::clone(value)));
    if kept.len() > KEPT {
        kept.remove(0);
    }
}

impl Desk {
    /// The rules that were in force while the list of active packs had this version.
    pub(in crate::desk) fn catalog_at(&self, at: Pos) -> Result<Arc<Catalog>> {
        if at == Pos::ZERO {
            return Ok(Arc::new(Catalog::empty()));
        }
        if let Some(catalog) = kept(&self.past.catalogs, at) {
            return Ok(catalog);
        }
        let snapshot = self.store.snapshot(None)?;
        let now = snapshot.get(Table::Packs, &keys::active_packs())?;
        if now.as_ref().is_some_and(|row| row.version == at) {
            return self.catalogs.get(&*snapshot, now.as_ref(), &*self.hosts);
        }
        let bytes = match at_pos(&*snapshot, keys::active_at(), at)? {
            Some(row) => row.bytes,
            None => self.packs_by_order(&*snapshot, at)?,
        };
        let catalog = catalogs::read(&*snapshot, &bytes, &*self.hosts).map_err(|error| {
            not_replayable(format!(
                "the rules of position {at} no longer load: {}",
                error.message
            ))
        })?;
        let catalog = Arc::new(catalog);
        keep(&self.past.catalogs, at, &catalog);
        Ok(catalog)
    }

    /// The list of packs from the order of their rules, for files of builds that kept no more: packs
    /// without rules are missing, and the fields of administrators are those of today.
    fn packs_by_order(&self, snapshot: &dyn Snapshot, at: Pos) -> Result<Vec<u8>> {
        let order = self.rule_order_at(at)?;
        if order.is_empty() {
            return Err(not_replayable(format!(
                "the rules of position {at} are not known any more"
            )));
        }
        let pack = |name: &RuleName| {
            let pack = name.rule.split('/').next().unwrap_or_default();
            (pack.to_owned(), name.revision)
        };
        let packs: BTreeSet<(String, [u8; 32])> = order.iter().map(pack).collect();
        let now = snapshot.get(Table::Packs, &keys::active_packs())?;
        let now = now.map(|row| ActivePacks::decode(&row.bytes));
        let active = ActivePacks {
            packs: packs.into_iter().collect(),
            local: now.transpose()?.unwrap_or_default().local,
            ..ActivePacks::default()
        };
        active.encode()
    }

    /// The total order of the rules while the list of active packs had this version.
    pub(in crate::desk) fn rule_order_at(&self, at: Pos) -> Result<Vec<RuleName>> {
        let snapshot = self.store.snapshot(None)?;
        let row = at_pos(&*snapshot, keys::rule_order(), at)?;
        let order = row.map(|row| codec::decode(&row.bytes)).transpose()?;
        Ok(order.unwrap_or_default())
    }

    /// The agents, teams and levels that rules chose from while they had this version.
    pub(in crate::desk) fn service_at(&self, at: Pos) -> Result<Arc<Service>> {
        if at == Pos::ZERO {
            return Ok(Arc::new(Service::default()));
        }
        if let Some(service) = kept(&self.past.services, at) {
            return Ok(service);
        }
        let snapshot = self.store.snapshot(None)?;
        let stamp = crate::desk::service::stamp();
        let now = snapshot.get(Table::Meta, &stamp)?;
        if now.is_some_and(|row| row.version == at) {
            return self.services.get(&*snapshot, at);
        }
        let known = self.known_then(&*snapshot, at)?;
        let records = |kind| {
            let ids = known.iter().filter(|(k, _)| *k == kind);
            let then = ids.map(|(kind, id)| self.record_at(*kind, *id, at));
            let mut records: Vec<Arc<Record>> = Vec::new();
            for record in then {
                records.extend(record?.map(Arc::new));
            }
            Ok(records)
        };
        let service = Arc::new(Service::of(records, Vec::new())?);
        keep(&self.past.services, at, &service);
        Ok(service)
    }

    /// Every agent, team and level that may have been there at a position: those of today, and those
    /// that a marked change was about.
    fn known_then(&self, snapshot: &dyn Snapshot, at: Pos) -> Result<BTreeSet<(Kind, Id)>> {
        let mut known = BTreeSet::new();
        for kind in CHOSEN_FROM {
            let (from, to) = keys::records(kind);
            let rows = snapshot.range(Table::Records, &from, &to, false, MOST)?;
            let ids = rows.iter().filter_map(|(key, _)| keys::id_at_end(key));
            known.extend(ids.map(|id| (kind, id)));
        }
        let from = keys::service_at();
        let marks = snapshot.range(Table::Meta, &from, &keys::after(&from), false, MAX_MARKS)?;
        // What came later may have been deleted since, but was not there then.
        for (_, row) in marks.iter().filter(|(_, row)| row.version <= at) {
            let entry = self.journal_at(row.version)?;
            let changes = entry.into_iter().flat_map(|entry| entry.changes);
            let changes = changes.filter(|c| CHOSEN_FROM.contains(&c.kind));
            known.extend(changes.map(|c| (c.kind, c.id)));
        }
        Ok(known)
    }
}

/// The row that a batch wrote under a key that ends with its position.
fn at_pos(snapshot: &dyn Snapshot, mut key: Vec<u8>, at: Pos) -> Result<Option<Versioned>> {
    key.extend(at.0.to_be_bytes());
    Ok(snapshot.get(Table::Packs, &key)?)
}
