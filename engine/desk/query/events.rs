//! The stream of committed changes.

use crate::desk::decide::Ground;
use crate::desk::journal::{JournalEntry, RecordChange};
use crate::desk::sight::Sight;
use crate::desk::{Actor, Desk, ErrorKind, Event, Result, codec};
use crate::domain::builtin::DRAFT;
use crate::domain::{Id, Kind, Value, record::fields};
use crate::store::{Pos, Table};

impl Desk {
    /// Committed changes after a position, in order, at most `max`. A customer is told of the
    /// records it may see only.
    ///
    /// # Errors
    /// When the store fails.
    pub fn events(&self, actor: &Actor, after: Pos, max: usize) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        let snapshot = self.store.snapshot(None)?;
        let (ground, _) = self.ground(snapshot, self.now(), None)?;
        let sight = Sight::new(&ground, actor);
        for row in self.store.journal(after, max.clamp(1, 1_000))? {
            if row.bytes.is_empty() {
                continue;
            }
            let entry: JournalEntry = codec::decode(&row.bytes)?;
            let mut event = event(row.pos, entry);
            if !sight.is_whole() {
                event.masked = true;
                mask_event(&ground, &sight, &mut event)?;
            }
            events.push(event);
        }
        Ok(events)
    }
}

/// Leaves of an event what the asker may know.
fn mask_event(ground: &Ground<'_>, sight: &Sight<'_, '_>, event: &mut Event) -> Result<()> {
    let snapshot = &*ground.snapshot;
    let mut shown = Vec::new();
    for (kind, id, fields) in std::mem::take(&mut event.records) {
        let page = match super::record::read(snapshot, sight, kind, id) {
            Ok(page) => page,
            Err(e) if e.kind == ErrorKind::NotFound => continue,
            Err(e) => return Err(e),
        };
        let mut kept = Vec::with_capacity(fields.len());
        for name in fields {
            let def = ground.catalog.field(kind, page.record.type_code(), &name);
            if let Some(def) = def
                && !sight.hides(kind, def)?
            {
                kept.push(name);
            }
        }
        shown.push((kind, id, kept));
    }
    let mut entries = Vec::new();
    for (kind, owner, entry) in std::mem::take(&mut event.entries) {
        let key = crate::desk::keys::entry(owner, entry);
        let Some(row) = snapshot.get(Table::Entries, &key)? else {
            continue;
        };
        let stored: crate::desk::journal::StoredEntry = codec::decode(&row.bytes)?;
        if shown.iter().any(|(_, id, _)| *id == owner)
            && super::entries::shows(sight.actor(), &stored.entry.body)
        {
            entries.push((kind, owner, entry));
        }
    }
    event
        .drafts
        .retain(|(_, inquiry)| shown.iter().any(|(_, id, _)| id == inquiry));
    // That something unseen happened, when and by whom, is not told either.
    shown.retain(|(_, id, fields)| {
        tells_something(fields) || entries.iter().any(|(_, owner, _)| owner == id)
    });
    event.records = shown;
    event.entries = entries;
    Ok(())
}

/// Whether changed fields tell more than that something happened.
fn tells_something(changed: &[String]) -> bool {
    changed.iter().any(|name| name != fields::UPDATED_AT)
}

/// The agent for whom a change opened the intake, and the inquiry.
fn opened(change: &RecordChange) -> Option<(Id, Id)> {
    let new = |name: &str| {
        let mut fields = change.fields.iter();
        fields
            .find(|f| f.field == name)
            .and_then(|f| f.new.as_ref())
    };
    let is_draft = change.kind == Kind::Inquiry && new("status") == Some(&Value::from(DRAFT));
    let agent = new("assignee").and_then(Value::as_ref_id);
    agent.filter(|_| is_draft).map(|agent| (agent, change.id))
}

fn event(pos: Pos, entry: JournalEntry) -> Event {
    let drafts = entry.changes.iter().filter_map(opened).collect();
    Event {
        pos,
        drafts,
        masked: false,
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
