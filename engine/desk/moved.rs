//! Entries that went to another ticket: a link stands where they stood, under the same id.

use super::journal::StoredEntry;
use super::{Result, codec, keys};
use crate::domain::entry::EntryBody;
use crate::domain::{Id, Kind};
use crate::store::{Snapshot, Table};

/// Meaning of the link that takes the place of an entry.
pub const MOVED: &str = "moved_to";
/// Most moves that are followed.
const MAX_MOVES: usize = 8;

/// Where an entry of a record stands now.
///
/// # Errors
/// When the store fails.
pub fn place_of(snapshot: &dyn Snapshot, owner: (Kind, Id), entry: Id) -> Result<(Kind, Id)> {
    let mut place = owner;
    for _ in 0..MAX_MOVES {
        let row = snapshot.get(Table::Entries, &keys::entry(place.1, entry))?;
        let stored = row.map(|row| codec::decode::<StoredEntry>(&row.bytes));
        match stored.transpose()?.map(|stored| stored.entry.body) {
            Some(EntryBody::Link { relation, kind, to }) if relation == MOVED => {
                place = (kind, to);
            }
            _ => break,
        }
    }
    Ok(place)
}
