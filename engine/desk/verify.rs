//! A full check of the store's invariants: records, indexes, guards, entries, clocks, timers and
//! journal say the same.

mod belongings;
mod deliveries;
mod families;
mod ledgers;
mod recurrences;

use std::collections::{BTreeMap, BTreeSet};

use super::{Desk, Result, changeset, codec, keys, rebuild};
use crate::domain::{Id, Kind, Record};
use crate::packs::Catalog;
use crate::store::{Key, MAX_RANGE_ROWS, Pos, Snapshot, Table};

/// What a check has seen, and what it found wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Journal entries played back.
    pub entries: u64,
    /// Records compared.
    pub records: u64,
    /// What is wrong, a sentence each; at most 100.
    pub faults: Vec<String>,
}

impl Desk {
    /// Plays the whole journal back and compares the result with every record, index row, guard,
    /// entry, clock and timer.
    /// Meant for tests and for `opora verify`: it reads everything and holds all records in memory.
    ///
    /// # Errors
    /// When the store fails.
    pub fn verify(&self) -> Result<Verified> {
        let snapshot = self.store.snapshot(None)?;
        let upto = snapshot.pos();
        let mut played: BTreeMap<(Kind, Id), (Option<Record>, Pos)> = BTreeMap::new();
        let mut belongings = belongings::Belongings::default();
        let entries = self.play_back(|pos, entry| {
            if pos <= upto {
                belongings.play(pos, entry);
                for change in &entry.changes {
                    let place = (change.kind, change.id);
                    let (record, version) = played.entry(place).or_insert((None, pos));
                    rebuild::apply(record, entry, change.kind, change.id);
                    *version = pos;
                }
            }
            Ok(())
        })?;
        let mut verified = Verified {
            entries,
            ..Verified::default()
        };
        let catalog = self.catalog()?;
        let mut rows: BTreeMap<Table, BTreeSet<Key>> = BTreeMap::new();
        rows.insert(Table::Index, BTreeSet::new());
        rows.insert(Table::Guards, BTreeSet::new());
        let mut allowed: BTreeSet<(Table, Key)> = BTreeSet::new();
        scan(&*snapshot, Table::Records, |key, bytes, version| {
            verified.records += 1;
            let record: Record = codec::decode(bytes)?;
            if *key != keys::record(record.kind, record.id) {
                verified
                    .faults
                    .push(format!("record {} lies under another key", record.id));
            }
            match played.remove(&(record.kind, record.id)) {
                Some((Some(played), at)) if played == record && at == version => {}
                Some((_, at)) => verified.faults.push(format!(
                    "record {} at {version} is not what the journal says at {at}",
                    record.id
                )),
                None => verified
                    .faults
                    .push(format!("record {} is not in the journal", record.id)),
            }
            for (table, keys_of) in KEPT {
                let (must, may) = bounds(&catalog, &record, keys_of);
                rows.entry(table).or_default().extend(must);
                allowed.extend(may.into_iter().map(|key| (table, key)));
            }
            Ok(())
        })?;
        let lost = played
            .into_iter()
            .filter(|(_, (record, _))| record.is_some());
        verified
            .faults
            .extend(lost.map(|((_, id), _)| format!("record {id} is lost")));
        for (table, mut wanted) in rows {
            scan(&*snapshot, table, |key, _, _| {
                let own = key.first() == Some(&0);
                let held = wanted.remove(key) || allowed.contains(&(table, key.clone()));
                if !own && !held {
                    verified
                        .faults
                        .push(format!("a row of {table:?} belongs to no record"));
                }
                Ok(())
            })?;
            verified.faults.extend(
                wanted
                    .iter()
                    .map(|_| format!("a row of {table:?} is missing")),
            );
        }
        belongings.check(&*snapshot, &mut verified.faults)?;
        deliveries::check(&*snapshot, &mut verified.faults)?;
        ledgers::check(&*snapshot, &mut verified.faults)?;
        families::check(&*snapshot, &mut verified.faults)?;
        recurrences::check(&*snapshot, &mut verified.faults)?;
        verified.faults.truncate(100);
        Ok(verified)
    }
}

type KeysOf = fn(&Catalog, Option<&Record>) -> BTreeSet<Key>;

/// What is kept about records beside them.
const KEPT: [(Table, KeysOf); 2] = [
    (Table::Index, changeset::index_keys),
    (Table::Guards, changeset::guard_keys),
];

/// The rows that a record must have, and those that it may have besides: while records move to a new
/// revision of their pack, either those of the rules before or of the rules after lie there.
fn bounds(catalog: &Catalog, record: &Record, keys: KeysOf) -> (BTreeSet<Key>, BTreeSet<Key>) {
    let Some(shift) = catalog.shift() else {
        return (keys(catalog, Some(record)), BTreeSet::new());
    };
    let before = keys(&shift.previous, Some(record));
    let after = keys(&shift.next, Some(record));
    let both = before.intersection(&after).cloned().collect();
    (both, before.union(&after).cloned().collect())
}

/// Reads a whole table page by page.
fn scan(
    snapshot: &dyn Snapshot,
    table: Table,
    mut each: impl FnMut(&Key, &[u8], Pos) -> Result<()>,
) -> Result<()> {
    let mut from = Vec::new();
    loop {
        let rows = snapshot.range(table, &from, &[u8::MAX; 80], false, MAX_RANGE_ROWS)?;
        for (key, row) in &rows {
            each(key, &row.bytes, row.version)?;
        }
        match rows.last() {
            Some((key, _)) if rows.len() == MAX_RANGE_ROWS => {
                from.clone_from(key);
                from.push(0);
            }
            Some(_) | None => return Ok(()),
        }
    }
}
