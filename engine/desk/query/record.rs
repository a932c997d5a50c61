//! One record, and its SLA clocks.

use std::sync::Arc;

use crate::desk::sight::Sight;
use crate::desk::{Actor, Desk, Error, RecordPage, Result, codec, keys, ledger, votes};
use crate::domain::sla::SlaClock;
use crate::domain::{Id, Kind, Record};
use crate::store::{Pos, Snapshot, Table};

impl Desk {
    /// A record as the asker may see it. A foreign one is answered like an absent one.
    ///
    /// # Errors
    /// When there is none, or the store fails.
    pub fn record(
        &self,
        actor: &Actor,
        kind: Kind,
        id: Id,
        at_least: Option<Pos>,
    ) -> Result<RecordPage> {
        let snapshot = self.store.snapshot(at_least)?;
        let ground = self.ground_for(snapshot, &[(kind, id)])?;
        let sight = Sight::new(&ground, actor);
        let mut page = read(&*ground.snapshot, &sight, kind, id)?;
        sight.mask(&mut page.record)?;
        Ok(page)
    }

    /// The SLA clocks of a ticket.
    ///
    /// # Errors
    /// When there is no such ticket, or the store fails.
    pub fn clocks(&self, actor: &Actor, id: Id) -> Result<Vec<SlaClock>> {
        let snapshot = self.store.snapshot(None)?;
        let ground = self.ground_for(Arc::clone(&snapshot), &[(Kind::Ticket, id)])?;
        let sight = Sight::new(&ground, actor);
        read(&*ground.snapshot, &sight, Kind::Ticket, id)?;
        let (from, to) = keys::owned(id);
        let rows = snapshot.range(Table::Clocks, &from, &to, false, 16)?;
        rows.iter()
            .map(|(_, row)| codec::decode(&row.bytes))
            .collect()
    }
}

/// Reads a record that the asker may know of.
pub fn read(
    snapshot: &dyn Snapshot,
    sight: &Sight<'_, '_>,
    kind: Kind,
    id: Id,
) -> Result<RecordPage> {
    let row = snapshot.get(Table::Records, &keys::record(kind, id))?;
    let row = row.ok_or_else(Error::not_found)?;
    let mut record: Record = codec::decode(&row.bytes)?;
    if !sight.sees(&record)? {
        return Err(Error::not_found());
    }
    ledger::add_pending(snapshot, std::iter::once(&mut record))?;
    votes::add_sums(snapshot, std::iter::once(&mut record))?;
    Ok(RecordPage {
        record,
        version: row.version,
    })
}

/// Reads several records in one trip; those gone or foreign are left out.
pub fn read_many(
    snapshot: &dyn Snapshot,
    sight: &Sight<'_, '_>,
    places: &[(Kind, Id)],
) -> Result<Vec<RecordPage>> {
    let wanted: Vec<_> = places
        .iter()
        .map(|(kind, id)| (Table::Records, keys::record(*kind, *id)))
        .collect();
    let mut pages = Vec::with_capacity(places.len());
    for row in snapshot.get_many(&wanted)?.into_iter().flatten() {
        let record: Record = codec::decode(&row.bytes)?;
        if sight.sees(&record)? {
            pages.push(RecordPage {
                record,
                version: row.version,
            });
        }
    }
    ledger::add_pending(snapshot, pages.iter_mut().map(|page| &mut page.record))?;
    votes::add_sums(snapshot, pages.iter_mut().map(|page| &mut page.record))?;
    for page in &mut pages {
        sight.mask(&mut page.record)?;
    }
    Ok(pages)
}
