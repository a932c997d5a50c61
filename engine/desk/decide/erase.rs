//! A step of erasing a person: values and texts give way to their shape. No rule is asked: what the law
//! demands is not for packs to change.

use super::{Answer, Deciding};
use crate::desk::erase::EraseStep;
use crate::desk::journal::{By, StoredEntry};
use crate::desk::{Result, codec, keys};
use crate::domain::erasing::{ERASED, IMPERSONAL, wiped};
use crate::domain::record::fields::{TITLE, UPDATED_AT};
use crate::domain::{Id, Kind, Value};
use crate::store::{Expect, Table};

/// When a person was erased.
const ERASED_AT: &str = "erased_at";

impl Deciding<'_, '_> {
    pub(super) fn erase_step(&mut self, person: (Kind, Id), step: &EraseStep) -> Result<Answer> {
        self.actor.require_admin("erasing a person")?;
        self.draft.load(&step.records)?;
        for place in &step.records {
            self.erase_values(*place, step);
        }
        self.erase_entries(person, step)?;
        for (table, key, version, next) in &step.rows {
            let rows = &mut self.draft.rows;
            rows.expect
                .push((*table, key.clone(), Expect::Version(*version)));
            match next {
                Some(bytes) => rows.put.push((*table, key.clone(), bytes.clone())),
                None => rows.delete.push((*table, key.clone())),
            }
        }
        if step.last {
            self.erase_own(person)?;
        }
        Ok(Answer::record(person.0, person.1))
    }

    /// Personal values of the person's records, and what tells of it in any other.
    fn erase_values(&mut self, (kind, id): (Kind, Id), step: &EraseStep) {
        let Some(record) = self.draft.peek(kind, id).cloned() else {
            return;
        };
        let own = step.own.contains(&(kind, id));
        let catalog = std::sync::Arc::clone(&self.ground.catalog);
        for (name, value) in &record.fields {
            let def = catalog.field(kind, record.type_code(), name);
            let personal = own && def.is_some_and(|def| def.personal_data);
            let text = matches!(value, Value::Text(_));
            let next = match personal {
                // A text keeps its place; what else was personal is gone.
                true => Some(text.then(|| wiped(value))),
                false => step.marks.clean_value(value).map(Some),
            };
            // Two records may not both have what takes the place of a unique value.
            let unique = def.is_some_and(|def| def.unique);
            if let Some(next) = next {
                let next = next.filter(|_| !unique);
                self.draft.set(kind, id, name, next, By::Engine);
                self.touch_service(kind);
            }
        }
    }

    /// Entries are written anew under their ids, and the journal says that they were.
    fn erase_entries(&mut self, person: (Kind, Id), step: &EraseStep) -> Result<()> {
        let wanted: Vec<_> = step
            .entries
            .iter()
            .map(|(_, owner, entry)| (Table::Entries, keys::entry(*owner, *entry)))
            .collect();
        let rows = self.draft.snapshot.get_many(&wanted)?;
        let owners: Vec<_> = step.entries.iter().map(|(k, o, _)| (*k, *o)).collect();
        self.draft.load(&owners)?;
        for ((kind, owner, _), row) in step.entries.iter().zip(rows) {
            let Some(row) = row else { continue };
            let stored: StoredEntry = codec::decode(&row.bytes)?;
            if let Some(next) = step.redact(person, (*kind, *owner), &stored) {
                self.draft.entries.push((next, *owner, None));
            }
        }
        Ok(())
    }

    /// The person's own record: what is left is that there was one.
    fn erase_own(&mut self, place: (Kind, Id)) -> Result<()> {
        self.draft.load(&[place])?;
        let record = self.draft.record(place.0, place.1)?.clone();
        let catalog = std::sync::Arc::clone(&self.ground.catalog);
        for (name, value) in &record.fields {
            let personal = catalog
                .field(place.0, record.type_code(), name)
                .is_some_and(|def| def.personal_data);
            let text = matches!(value, Value::Text(_) | Value::Json(_) | Value::List(_));
            let refs = matches!(value, Value::List(items) if items.iter().all(|i| i.as_ref_id().is_some()));
            let keeps = IMPERSONAL.contains(&name.as_str()) || refs;
            if name != TITLE && !keeps && (personal || text) {
                self.draft.set(place.0, place.1, name, None, By::Engine);
            }
        }
        let title = Some(Value::from(ERASED));
        self.draft.set(place.0, place.1, TITLE, title, By::Engine);
        // Whoever is gone comes in no more, and gets no work.
        for name in ["portal", "active"] {
            if record.get(name).is_some() {
                let closed = Some(Value::Bool(false));
                self.draft.set(place.0, place.1, name, closed, By::Engine);
            }
        }
        self.touch_service(place.0);
        if record.get(ERASED_AT).is_none() {
            let now = Some(Value::Instant(self.ground.now));
            for name in [ERASED_AT, UPDATED_AT] {
                self.draft
                    .set(place.0, place.1, name, now.clone(), By::Engine);
            }
        }
        Ok(())
    }
}
