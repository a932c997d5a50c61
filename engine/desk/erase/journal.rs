//! Entries of the journal without a person: shape, links and counts stay, and a note says so.

use super::{Person, is_personal};
use crate::desk::journal::{JournalEntry, RecordChange};
use crate::domain::erasing::{ERASED, IMPERSONAL, Marks, wiped};
use crate::domain::{Kind, Value};
use crate::packs::Catalog;

/// The note of an entry from which something was erased.
pub const ERASED_NOTE: &str = "erased";

/// The entry without the person; none when it tells nothing of it, and its decisions did not stand on
/// what is erased.
pub(super) fn redacted(
    person: &Person,
    catalog: &Catalog,
    mut entry: JournalEntry,
    stored: &[u8],
) -> Option<JournalEntry> {
    let told = person
        .marks
        .texts()
        .iter()
        .any(|mark| contains(stored, mark.as_bytes()));
    let mut changed = told;
    for change in &mut entry.changes {
        changed |= redact_change(person, catalog, change);
    }
    // A decision that saw the person is not made again from what is left.
    let own = |kind, id| person.own.contains(&(kind, id));
    let stood_on = entry.reads.iter().any(|(kind, id, _)| own(*kind, *id))
        || entry.changes.iter().any(|c| own(c.kind, c.id))
        || entry.entries.iter().any(|e| own(e.kind, e.owner))
        || entry.input.target.is_some_and(|(kind, id)| own(kind, id));
    if !changed && !stood_on {
        return None;
    }
    let done = entry.notes.iter().any(|note| note == ERASED_NOTE);
    clean_rest(&person.marks, &mut entry);
    if done && !changed {
        return None;
    }
    if !done {
        entry.notes.push(ERASED_NOTE.to_owned());
    }
    Some(entry)
}

fn redact_change(person: &Person, catalog: &Catalog, change: &mut RecordChange) -> bool {
    let is_contact = change.id == person.place.1;
    let own = person.own.contains(&(change.kind, change.id));
    let mut changed = false;
    for field in &mut change.fields {
        let name = field.field.as_str();
        let wipes = match is_contact {
            true => !IMPERSONAL.contains(&name),
            false => own && is_personal(catalog, change.kind, name),
        };
        for slot in [&mut field.old, &mut field.new] {
            let Some(value) = slot else { continue };
            let next = match wipes && is_text(value, is_personal(catalog, change.kind, name)) {
                true => Some(wiped(value)).filter(|next| next != value),
                false => person.marks.clean_value(value),
            };
            if let Some(next) = next {
                *slot = Some(next);
                changed = true;
            }
        }
    }
    changed
}

/// Numbers and dates of a contact say nothing by themselves, unless they are marked as personal.
fn is_text(value: &Value, personal: bool) -> bool {
    personal || matches!(value, Value::Text(_) | Value::Json(_) | Value::List(_))
}

fn clean_rest(marks: &Marks, entry: &mut JournalEntry) {
    for (_, value) in &mut entry.input.arguments {
        if let Some(clean) = marks.clean_value(value) {
            *value = clean;
        }
    }
    let reasons = entry.runs.iter_mut().flat_map(|run| &mut run.reasons);
    for text in reasons.chain(&mut entry.notes) {
        if let Some(clean) = marks.clean(text) {
            *text = clean;
        }
    }
    if marks.clean(&entry.request).is_some() {
        entry.request = ERASED.to_owned();
    }
}

fn contains(bytes: &[u8], mark: &[u8]) -> bool {
    bytes
        .windows(mark.len().max(1))
        .any(|window| window == mark)
}

/// Whether a record of a kind may be somebody's.
pub(super) const fn is_kept_apart(kind: Kind) -> bool {
    matches!(kind, Kind::Calendar | Kind::SupportLevel)
}
