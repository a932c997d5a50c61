//! The stream of committed changes.

use crate::desk::journal::JournalEntry;
use crate::desk::{Actor, Desk, Event, Result, codec};
use crate::store::{Pos, Table};

impl Desk {
    /// Committed changes after a position, in order, at most `max`. A customer is told of the
    /// records it may see only.
    ///
    /// # Errors
    /// When the store fails.
    pub fn events(&self, actor: &Actor, after: Pos, max: usize) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        for row in self.store.journal(after, max.clamp(1, 1_000))? {
            if row.bytes.is_empty() {
                continue;
            }
            let entry: JournalEntry = codec::decode(&row.bytes)?;
            let mut event = event(row.pos, entry);
            if !actor.sees_internal() {
                self.mask_event(actor, &mut event)?;
            }
            events.push(event);
        }
        Ok(events)
    }

    /// Leaves of an event what a customer may know.
    fn mask_event(&self, actor: &Actor, event: &mut Event) -> Result<()> {
        let snapshot = self.store.snapshot(None)?;
        let catalog = self.catalog()?;
        let mut shown = Vec::new();
        for (kind, id, mut fields) in std::mem::take(&mut event.records) {
            let Ok(page) = super::record::read(&*snapshot, actor, kind, id) else {
                continue;
            };
            fields.retain(|name| {
                let def = catalog.field(kind, page.record.type_code(), name);
                def.is_some_and(|d| !d.internal)
            });
            shown.push((kind, id, fields));
        }
        let mut entries = Vec::new();
        for (kind, owner, entry) in std::mem::take(&mut event.entries) {
            let key = crate::desk::keys::entry(owner, entry);
            let Some(row) = snapshot.get(Table::Entries, &key)? else {
                continue;
            };
            let stored: crate::desk::journal::StoredEntry = codec::decode(&row.bytes)?;
            if shown.iter().any(|(_, id, _)| *id == owner)
                && super::entries::shows(actor, &stored.entry.body)
            {
                entries.push((kind, owner, entry));
            }
        }
        event.records = shown;
        event.entries = entries;
        Ok(())
    }
}

fn event(pos: Pos, entry: JournalEntry) -> Event {
    Event {
        pos,
        at: entry.at,
        command: entry.input.command,
        actor: entry.actor.name(),
        records: entry
            .changes
            .into_iter()
            .map(|c| {
                (
                    c.kind,
                    c.id,
                    c.fields.into_iter().map(|f| f.field).collect(),
                )
            })
            .collect(),
        entries: entry
            .entries
            .into_iter()
            .map(|e| (e.kind, e.owner, e.entry))
            .collect(),
    }
}
