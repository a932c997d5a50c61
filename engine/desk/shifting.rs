//! What a change of a pack means for the records: which use what goes, which move, and where a move
//! cannot be made.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{Result, changeset, codec, keys};
use crate::domain::{Id, Kind, Record, StatusDef, Value, record::fields};
use crate::packs::{Catalog, Shift, Subject};
use crate::store::{Key, Snapshot, Table};

/// Most records that move in one command.
pub const MOVED_AT_ONCE: usize = 400;
/// Most bytes of values of the records that move in one command: they stand in one journal entry.
pub const BYTES_AT_ONCE: usize = 200 * 1_024;
/// Rows read at once.
const PAGE: usize = 1_000;
/// Most different reasons told.
const MAX_MISFITS: usize = 20;

/// How records use what a change of a pack takes away.
#[derive(Debug, Default)]
pub struct Uses {
    /// Records that use a code without replacement.
    pub dropped: BTreeMap<(Subject, String), u64>,
    /// Records that move, by the old code and the new one.
    pub moved: BTreeMap<(Subject, String, String), u64>,
    /// Records that cannot move, by the reason.
    pub misfits: BTreeMap<String, u64>,
    /// Records that change or whose index rows do.
    pub affected: u64,
    /// The first of them.
    places: Vec<(Kind, Id)>,
    bytes: usize,
    /// Values that become unique, to find those that stand twice.
    guards: HashSet<Key>,
}

impl Uses {
    /// The records, when all of them fit into one command.
    pub fn at_once(&self) -> Option<&[(Kind, Id)]> {
        let fits = self.places.len() as u64 == self.affected && self.bytes <= BYTES_AT_ONCE;
        fits.then_some(self.places.as_slice())
    }

    /// Whether values become unique.
    pub fn makes_unique(&self) -> bool {
        !self.guards.is_empty()
    }

    fn misfit(&mut self, why: String) {
        if self.misfits.len() < MAX_MISFITS || self.misfits.contains_key(&why) {
            *self.misfits.entry(why).or_default() += 1;
        }
    }

    fn look(&mut self, shift: &Shift, record: &Record) {
        self.count(shift, record);
        let after = shift.moves.apply(record);
        self.check(shift, record, after.as_ref().unwrap_or(record));
        let (old, new) = (
            changeset::guard_keys(&shift.previous, Some(record)),
            changeset::guard_keys(&shift.next, Some(record)),
        );
        for key in new.difference(&old) {
            if !self.guards.insert(key.clone()) {
                self.misfit("shares a value with another record that shall be unique".to_owned());
            }
        }
        if affects(shift, record) {
            self.affected += 1;
            if self.places.len() < MOVED_AT_ONCE {
                self.places.push((record.kind, record.id));
                self.bytes += bytes_of(record);
            }
        }
    }

    /// Counts the codes of the record that go or move.
    fn count(&mut self, shift: &Shift, record: &Record) {
        let (moves, dropped) = (&shift.moves, &shift.moves.dropped);
        let mut see =
            |subject, code: &str, gone: &BTreeSet<String>, to: &BTreeMap<String, String>| {
                if gone.contains(code) {
                    *self.dropped.entry((subject, code.to_owned())).or_default() += 1;
                } else if let Some(new) = to.get(code) {
                    let key = (subject, code.to_owned(), new.clone());
                    *self.moved.entry(key).or_default() += 1;
                }
            };
        if let Some(code) = record.type_code() {
            see(Subject::Type, code, &dropped.types, &moves.types);
        }
        if let Some(code) = record.status() {
            see(Subject::Status, code, &dropped.statuses, &moves.statuses);
        }
        for (name, value) in record.fields.iter().filter(|(name, _)| name.contains('/')) {
            see(Subject::Field, name, &dropped.fields, &moves.fields);
            for code in texts(value) {
                let option = format!("{name}:{code}");
                see(Subject::Option, &option, &dropped.options, &moves.options);
            }
        }
    }

    /// Whether the record as it will be is one that the new rules know.
    fn check(&mut self, shift: &Shift, before: &Record, after: &Record) {
        let type_code = after.type_code();
        let lost = |code: &str, codes: &BTreeSet<String>| codes.contains(code);
        let dropped = &shift.moves.dropped;
        if type_code.is_some_and(|code| lost(code, &dropped.types)) {
            return;
        }
        if let (Some(flow), Some(status)) =
            (shift.next.workflow(after.kind, type_code), after.status())
            && flow.status(status).is_none()
            && !lost(status, &dropped.statuses)
        {
            self.misfit(format!(
                "is in status `{status}`, which workflow `{}` of type `{}` does not have",
                flow.code,
                type_code.unwrap_or_default()
            ));
        }
        for (old, new) in &shift.moves.fields {
            let Some(value) = before.get(old) else {
                continue;
            };
            if before.get(new).is_some_and(|other| other != value) {
                self.misfit(format!("has values in both `{old}` and `{new}`"));
            }
            let value = after.get(new).unwrap_or(value);
            match shift.next.field(after.kind, type_code, new) {
                None => self.misfit(format!("has `{old}`, but its type has no field `{new}`")),
                Some(def) => {
                    if let Err(why) = def.check(value) {
                        self.misfit(format!(
                            "has a value of `{old}` that `{new}` does not take: {why}"
                        ));
                    }
                }
            }
        }
    }
}

/// Reads every record that the change may touch; nothing when it touches none.
pub fn uses(snapshot: &dyn Snapshot, shift: &Shift) -> Result<Option<Uses>> {
    let kinds = kinds(shift);
    if kinds.is_empty() {
        return Ok(None);
    }
    let mut uses = Uses::default();
    for kind in kinds {
        let (mut from, to) = keys::records(kind);
        loop {
            let rows = snapshot.range(Table::Records, &from, &to, false, PAGE)?;
            for (_, row) in &rows {
                uses.look(shift, &codec::decode(&row.bytes)?);
            }
            match rows.last() {
                Some((key, _)) if rows.len() == PAGE => {
                    from.clone_from(key);
                    from.push(0);
                }
                _ => break,
            }
        }
    }
    Ok(Some(uses))
}

/// Where a walk over the records of a change has come to.
pub struct Walk {
    /// Records that it touches.
    pub places: Vec<(Kind, Id)>,
    /// Where to go on; none at the end.
    pub next: Option<Key>,
}

/// Walks on from a key until a command is full or enough was read.
pub fn walk(snapshot: &dyn Snapshot, shift: &Shift, from: Option<&[u8]>) -> Result<Walk> {
    let mut walk = Walk {
        places: Vec::new(),
        next: None,
    };
    let (mut bytes, mut read) = (0, 0);
    for kind in kinds(shift) {
        let (first, to) = keys::records(kind);
        let mut at = match from {
            Some(from) if from >= to.as_slice() => continue,
            Some(from) if from > first.as_slice() => from.to_vec(),
            _ => first,
        };
        loop {
            let rows = snapshot.range(Table::Records, &at, &to, false, PAGE)?;
            let whole = rows.len() < PAGE;
            for (key, row) in rows {
                let record: Record = codec::decode(&row.bytes)?;
                if affects(shift, &record) {
                    bytes += bytes_of(&record);
                    walk.places.push((record.kind, record.id));
                }
                at = key;
                at.push(0);
                read += 1;
                if walk.places.len() == MOVED_AT_ONCE || bytes > BYTES_AT_ONCE || read == 5 * PAGE {
                    walk.next = Some(at);
                    return Ok(walk);
                }
            }
            if whole {
                break;
            }
        }
    }
    Ok(walk)
}

/// Whether a record changes, or what is kept about it.
pub fn affects(shift: &Shift, record: &Record) -> bool {
    // A type that was not known before came with the new rules.
    let known = |code| shift.previous.type_def(code).is_some();
    if record.type_code().is_some_and(|code| !known(code)) {
        return false;
    }
    let record = Some(record);
    record.and_then(|r| shift.moves.apply(r)).is_some()
        || changeset::index_keys(&shift.previous, record)
            != changeset::index_keys(&shift.next, record)
        || changeset::guard_keys(&shift.previous, record)
            != changeset::guard_keys(&shift.next, record)
        || record.is_some_and(|r| {
            let (old, new) = (status(&shift.previous, r), status(&shift.next, r));
            old.zip(new).is_some_and(|(old, new)| means_other(old, new))
        })
}

/// The definition of the status that a record is in.
pub fn status<'c>(catalog: &'c Catalog, record: &Record) -> Option<&'c StatusDef> {
    let flow = catalog.workflow(record.kind, record.type_code())?;
    flow.status(record.text(fields::STATUS)?)
}

/// Whether clocks run otherwise in one status than in the other.
pub fn means_other(old: &StatusDef, new: &StatusDef) -> bool {
    old.category != new.category || old.pauses != new.pauses
}

/// The kinds whose records the change may touch.
fn kinds(shift: &Shift) -> Vec<Kind> {
    let (moves, dropped) = (&shift.moves, &shift.moves.dropped);
    let all = !moves.is_empty() || !dropped.is_empty();
    let touched = |kind: &Kind| {
        let types = shift.previous.types(*kind).map(|t| Some(t.code.as_str()));
        let mut types = types.chain([None]);
        if all {
            // Any kind whose records can have something of a pack.
            // Templates of recurrences name what tickets have.
            return *kind == Kind::Recurrence
                || types.any(|t| {
                    let defs = shift.previous.fields(*kind, t).iter();
                    t.is_some() || defs.into_iter().any(|f| f.code.contains('/'))
                });
        }
        types.any(|t| shape(&shift.previous, *kind, t) != shape(&shift.next, *kind, t))
    };
    Kind::ALL.into_iter().filter(touched).collect()
}

type Shape<'c> = (
    Vec<(&'c str, bool, bool)>,
    Vec<(&'c str, crate::domain::StatusCategory, &'c [String])>,
);

/// What index rows, guards and clocks of a type's records depend on.
fn shape<'c>(catalog: &'c Catalog, kind: Kind, type_code: Option<&str>) -> Shape<'c> {
    let defs = catalog.fields(kind, type_code).iter();
    let kept = defs.filter(|f| f.indexed || f.unique);
    let flow = catalog.workflow(kind, type_code);
    let mut kept: Vec<_> = kept
        .map(|f| (f.code.as_str(), f.indexed, f.unique))
        .collect();
    kept.sort_unstable();
    let statuses = flow.into_iter().flat_map(|w| &w.statuses);
    let statuses = statuses.map(|s| (s.code.as_str(), s.category, s.pauses.as_slice()));
    (kept, statuses.collect())
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let items = match value {
        Value::List(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    // Longer texts are no codes of options.
    items
        .iter()
        .filter_map(Value::as_text)
        .filter(|t| t.len() <= 200)
}

fn bytes_of(record: &Record) -> usize {
    let size = |value: &Value| match value {
        Value::Text(s) | Value::Json(s) => s.len(),
        Value::List(items) => items.len() * 40,
        _ => 16,
    };
    200 + 2 * record.fields.values().map(size).sum::<usize>()
}
