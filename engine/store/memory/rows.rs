//! Rows with the versions that open snapshots still see.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use crate::store::{Key, Pos, Row, Table, Versioned};

/// All tables.
#[derive(Debug, Default)]
pub(super) struct Rows {
    tables: BTreeMap<Table, BTreeMap<Key, Vec<Version>>>,
    /// Rows that have something to prune once nobody reads before the position.
    stale: VecDeque<(u64, Table, Key)>,
    live_bytes: u64,
}

/// One version of a row, oldest first in its list; `None` says that it was deleted.
#[derive(Debug)]
struct Version {
    pos: u64,
    bytes: Option<Vec<u8>>,
}

impl Rows {
    /// Bytes of the newest versions, keys and positions included.
    pub(super) fn live_bytes(&self) -> u64 {
        self.live_bytes
    }

    /// Position of the newest version of a row.
    pub(super) fn version(&self, table: Table, key: &[u8]) -> Option<u64> {
        let newest = self.tables.get(&table)?.get(key)?.last()?;
        newest.bytes.as_ref().map(|_| newest.pos)
    }

    /// Adds a version. Positions never fall, and `pos` is visible to no open snapshot.
    pub(super) fn write(&mut self, pos: u64, table: Table, key: Key, bytes: Option<Vec<u8>>) {
        let added = bytes.as_ref().map_or(0, |bytes| row_bytes(&key, bytes));
        let rows = self.tables.entry(table).or_default();
        let Some(versions) = rows.get_mut(&key) else {
            if bytes.is_some() {
                rows.insert(key, vec![Version { pos, bytes }]);
                self.live_bytes += added;
            }
            return;
        };
        if let Some(newest) = versions.last_mut() {
            let removed = newest
                .bytes
                .as_ref()
                .map_or(0, |bytes| row_bytes(&key, bytes));
            self.live_bytes = (self.live_bytes + added).saturating_sub(removed);
            if newest.pos == pos {
                // The same batch wrote the row before, and nobody has seen that.
                newest.bytes = bytes;
                return;
            }
        }
        versions.push(Version { pos, bytes });
        self.stale.push_back((pos, table, key));
    }

    /// The row as of a position.
    pub(super) fn get(&self, pos: u64, table: Table, key: &[u8]) -> Option<Versioned> {
        visible(self.tables.get(&table)?.get(key)?, pos)
    }

    /// Rows of a range as of a position.
    pub(super) fn range(
        &self,
        pos: u64,
        table: Table,
        from: &[u8],
        to: &[u8],
        reverse: bool,
        limit: usize,
    ) -> Vec<Row> {
        let Some(rows) = self.tables.get(&table) else {
            return Vec::new();
        };
        // A map panics on a range whose end lies before its start.
        if from >= to {
            return Vec::new();
        }
        let range = rows.range::<[u8], _>((Bound::Included(from), Bound::Excluded(to)));
        let row = |(key, versions): (&Key, &Vec<Version>)| {
            visible(versions, pos).map(|found| (key.clone(), found))
        };
        if reverse {
            range.rev().filter_map(row).take(limit).collect()
        } else {
            range.filter_map(row).take(limit).collect()
        }
    }

    /// Drops the versions that no snapshot at `oldest` or later can see.
    pub(super) fn prune(&mut self, oldest: u64) {
        while self.stale.front().is_some_and(|(pos, ..)| *pos <= oldest) {
            let Some((_, table, key)) = self.stale.pop_front() else {
                return;
            };
            let Some(rows) = self.tables.get_mut(&table) else {
                continue;
            };
            let Some(versions) = rows.get_mut(&key) else {
                continue;
            };
            let seen = versions.partition_point(|version| version.pos <= oldest);
            versions.drain(..seen.saturating_sub(1));
            let gone =
                versions.len() == 1 && versions.iter().all(|version| version.bytes.is_none());
            if gone {
                rows.remove(&key);
            }
        }
    }
}

fn visible(versions: &[Version], pos: u64) -> Option<Versioned> {
    let version = versions.iter().rev().find(|version| version.pos <= pos)?;
    version.bytes.as_ref().map(|bytes| Versioned {
        version: Pos(version.pos),
        bytes: bytes.clone(),
    })
}

fn row_bytes(key: &[u8], bytes: &[u8]) -> u64 {
    (key.len() + size_of::<u64>() + bytes.len()) as u64
}
