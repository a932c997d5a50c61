//! The tickets that are one ticket together.

use std::collections::BTreeSet;

use super::{Result, codec, keys};
use crate::domain::family::{MAX_MERGED, merged_from};
use crate::domain::{Id, Kind, Record};
use crate::store::{Snapshot, Table};

/// The tickets that were merged into a ticket, and those merged into them, generation by generation.
///
/// # Errors
/// When the store fails.
pub fn sources(snapshot: &dyn Snapshot, ticket: &Record) -> Result<Vec<Record>> {
    let mut seen = BTreeSet::from([ticket.id]);
    let mut found: Vec<Record> = Vec::new();
    let mut next = merged_from(ticket);
    while !next.is_empty() && found.len() < MAX_MERGED {
        next.retain(|id| seen.insert(*id));
        next.truncate(MAX_MERGED - found.len());
        let wanted: Vec<_> = next.iter().map(row).collect();
        next = Vec::new();
        for row in snapshot.get_many(&wanted)?.into_iter().flatten() {
            let record: Record = codec::decode(&row.bytes)?;
            next.extend(merged_from(&record));
            found.push(record);
        }
    }
    Ok(found)
}

fn row(id: &Id) -> (Table, Vec<u8>) {
    (Table::Records, keys::record(Kind::Ticket, *id))
}
