//! Tickets that belong together say the same of each other.

use std::collections::BTreeMap;

use super::scan;
use crate::desk::{Result, codec, keys};
use crate::domain::family::{as_child, fields, merged_from};
use crate::domain::{Id, Kind, Record, Value};
use crate::store::{Snapshot, Table};

/// Compares the numbers of parts with the parts, and merged tickets with what they were merged into.
///
/// # Errors
/// When the store fails.
pub fn check(snapshot: &dyn Snapshot, faults: &mut Vec<String>) -> Result<()> {
    let mut parts: BTreeMap<Id, (i64, i64)> = BTreeMap::new();
    let mut told: BTreeMap<Id, (i64, i64)> = BTreeMap::new();
    let mut into: BTreeMap<Id, Id> = BTreeMap::new();
    let mut from: BTreeMap<Id, Id> = BTreeMap::new();
    let (first, last) = keys::records(Kind::Ticket);
    scan(snapshot, Table::Records, |key, bytes, _| {
        if *key < first || last <= *key {
            return Ok(());
        }
        let ticket: Record = codec::decode(bytes)?;
        if let Some((parent, open)) = as_child(Some(&ticket)) {
            let sums = parts.entry(parent).or_default();
            sums.0 += 1;
            sums.1 += i64::from(open);
        }
        let count = |name: &str| ticket.get(name).and_then(Value::as_int).unwrap_or(0);
        let counts = (count(fields::CHILDREN), count(fields::CHILDREN_OPEN));
        if counts != (0, 0) {
            told.insert(ticket.id, counts);
        }
        into.extend(
            ticket
                .reference(fields::MERGED_INTO)
                .map(|to| (ticket.id, to)),
        );
        from.extend(merged_from(&ticket).into_iter().map(|one| (one, ticket.id)));
        Ok(())
    })?;
    for (parent, counts) in &parts {
        if told.remove(parent) != Some(*counts) {
            faults.push(format!("the parts of ticket {parent} are miscounted"));
        }
    }
    let lost = told.keys();
    faults.extend(lost.map(|id| format!("ticket {id} counts parts that there are not")));
    if into != from {
        faults.push("merged tickets and those they were merged into differ".to_owned());
    }
    Ok(())
}
