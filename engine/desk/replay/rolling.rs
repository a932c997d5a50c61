//! Records as a walk along the journal finds them: read once, then moved on change by change.

use std::collections::HashMap;
use std::sync::Arc;

use super::moment::Records;
use super::not_replayable;
use crate::desk::journal::{JournalEntry, What};
use crate::desk::rebuild::Base;
use crate::desk::trace::Trace;
use crate::desk::{Desk, Result};
use crate::domain::{Entry, Id, Kind, Record, Value, builtin};
use crate::packs::READS;
use crate::store::Pos;

/// Most records that are kept at a time.
const MAX_KEPT: usize = 100_000;

/// A record, none when it is not there, and the position of its last change or look.
type Held = (Pos, Option<Arc<Record>>);

/// Records at the present position of a walk along the journal.
pub(super) struct Rolling<'d> {
    desk: &'d Desk,
    kept: HashMap<(Kind, Id), Held>,
}

/// The records that one command may look at, as they were.
pub(super) type Then = Vec<((Kind, Id), Option<Arc<Record>>)>;

impl<'d> Rolling<'d> {
    /// A walk that begins anywhere.
    pub(super) fn new(desk: &'d Desk) -> Self {
        Self {
            desk,
            kept: HashMap::new(),
        }
    }

    /// The records that a command was about, and those they referred to, before it.
    pub(super) fn then(
        &mut self,
        entry: &JournalEntry,
        trace: &Trace,
        base: &Base,
    ) -> Result<Then> {
        let changed = entry.changes.iter().map(|c| (c.kind, c.id));
        let mut then: Then = Vec::new();
        for place in changed.chain(trace.places.iter().copied()) {
            let record = self.at(place, entry, base)?;
            then.push((place, record));
        }
        let mut related = Vec::new();
        for (_, record) in &then {
            record.iter().for_each(|r| references(r, &mut related));
        }
        for change in &entry.changes {
            for field in &change.fields {
                let values = field.new.iter();
                values.for_each(|v| reference(change.kind, &field.field, v, &mut related));
            }
        }
        for place in related {
            if !then.iter().any(|(known, _)| *known == place) {
                let record = self.at(place, entry, base)?;
                then.push((place, record));
            }
        }
        Ok(then)
    }

    fn at(
        &mut self,
        place: (Kind, Id),
        entry: &JournalEntry,
        base: &Base,
    ) -> Result<Option<Arc<Record>>> {
        let made = |c: &crate::desk::journal::RecordChange| {
            (c.kind, c.id) == place && c.what == What::Created
        };
        if entry.changes.iter().any(made) {
            return Ok(None);
        }
        match self.kept.get(&place) {
            Some((at, record)) if base.holds(*at) => Ok(record.clone()),
            // Somebody changed it between the decision and its commit.
            Some(_) => {
                let record = self.desk.record_on(place.0, place.1, base)?;
                Ok(record.map(Arc::new))
            }
            None => {
                let record = self.desk.record_on(place.0, place.1, base)?;
                let record = record.map(Arc::new);
                self.kept.insert(place, (base.last(), record.clone()));
                Ok(record)
            }
        }
    }

    /// Moves on behind an entry.
    pub(super) fn pass(&mut self, pos: Pos, entry: &JournalEntry) {
        if self.kept.len() > MAX_KEPT {
            self.kept.clear();
        }
        for change in &entry.changes {
            let place = (change.kind, change.id);
            let known = match (self.kept.get_mut(&place), change.what) {
                (Some(known), _) => known,
                (None, What::Created) => self.kept.entry(place).or_insert((pos, None)),
                (None, _) => continue,
            };
            known.0 = pos;
            if change.what == What::Deleted {
                known.1 = None;
                continue;
            }
            let record = known
                .1
                .get_or_insert_with(|| Arc::new(Record::new(change.id, change.kind)));
            let record = Arc::make_mut(record);
            for field in &change.fields {
                record.put(&field.field, field.new.clone());
            }
        }
    }
}

/// The records that rules may ask for beside this one.
fn references(record: &Record, found: &mut Vec<(Kind, Id)>) {
    for name in READS {
        for name in [name.to_owned(), format!("{name}s")] {
            if let Some(value) = record.get(&name) {
                reference(record.kind, &name, value, found);
            }
        }
    }
}

fn reference(kind: Kind, field: &str, value: &Value, found: &mut Vec<(Kind, Id)>) {
    if !READS.contains(&field) && !READS.contains(&field.trim_end_matches('s')) {
        return;
    }
    let Some(target) = builtin::field(kind, field).and_then(|def| def.target) else {
        return;
    };
    match value {
        Value::Ref(id) => found.push((target, *id)),
        // Of a list a rule sees the first.
        Value::List(items) => found.extend(
            items
                .iter()
                .filter_map(Value::as_ref_id)
                .map(|id| (target, id))
                .take(1),
        ),
        _ => {}
    }
}

/// The records of one command, handed to whoever judges it.
pub(super) struct Handed<'d> {
    pub desk: &'d Desk,
    pub base: Base,
    pub then: Then,
}

impl Records for Handed<'_> {
    fn before(&mut self, kind: Kind, id: Id) -> Result<Option<Arc<Record>>> {
        let found = self.then.iter().find(|(place, _)| *place == (kind, id));
        match found {
            Some((_, record)) => Ok(record.clone()),
            None => Ok(self.desk.record_on(kind, id, &self.base)?.map(Arc::new)),
        }
    }

    fn entry(&mut self, owner: Id, entry: Id) -> Result<Option<Entry>> {
        let kept = self.desk.kept_entry(owner, entry)?;
        if kept.is_none() {
            return Err(not_replayable(
                "a comment or message it saw is gone".to_owned(),
            ));
        }
        Ok(kept)
    }

    fn journal(&mut self, pos: Pos) -> Result<Option<JournalEntry>> {
        self.desk.journal_at(pos)
    }
}
