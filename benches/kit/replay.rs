//! Batches of the same bytes as the engine's, under fresh keys: what the store alone can do.

use std::collections::BTreeMap;

use opora::desk::{Clock, IdSource, SystemClock};
use opora::store::{Batch, Expect, Key, Table};

const ID: usize = 16;
const HASH: usize = 32;

/// Makes batches out of recorded ones.
pub struct Replay {
    recorded: Vec<Batch>,
    ids: IdSource,
    clock: SystemClock,
}

impl Replay {
    /// Replays these batches, in turns.
    #[must_use]
    pub fn new(recorded: Vec<Batch>) -> Self {
        Self {
            recorded,
            ids: IdSource::random(),
            clock: SystemClock::default(),
        }
    }

    /// The `turn`th batch, with new ids for the rows it made, of the same length everywhere.
    #[must_use]
    pub fn batch(&self, turn: usize) -> Batch {
        let at = turn.checked_rem(self.recorded.len()).unwrap_or(0);
        let Some(recorded) = self.recorded.get(at) else {
            return Batch::default();
        };
        let mut fresh = BTreeMap::new();
        for (table, key, expect) in &recorded.expect {
            if let (Table::Records, Expect::Absent, Some(id)) = (table, expect, last(key)) {
                fresh.insert(id, self.id());
            }
        }
        for (table, key, _) in &recorded.put {
            let own_id = matches!(table, Table::Entries | Table::Timers | Table::Outbox);
            if let (true, Some(id)) = (own_id, last(key)) {
                fresh.insert(id, self.id());
            }
        }
        let mut batch = recorded.clone();
        batch.op = self.id();
        for (table, key, _) in &mut batch.expect {
            rename(*table, key, &fresh);
        }
        for (table, key, value) in batch.put.iter_mut().chain(&mut batch.put_at_pos) {
            rename(*table, key, &fresh);
            replace(value, &fresh);
        }
        replace(&mut batch.journal, &fresh);
        batch
    }

    fn id(&self) -> [u8; ID] {
        self.ids.next(self.clock.now()).0
    }
}

fn last(key: &[u8]) -> Option<[u8; ID]> {
    key.last_chunk().copied()
}

/// Gives a key its new ids. A guard ends with the hash of a value, such as the number of a ticket:
/// the new one is of another value.
fn rename(table: Table, key: &mut Key, fresh: &BTreeMap<[u8; ID], [u8; ID]>) {
    if table != Table::Guards {
        return replace(key, fresh);
    }
    let Some(hash) = key.last_chunk_mut::<HASH>() else {
        return;
    };
    if let Some(id) = fresh.values().next() {
        hash.iter_mut().zip(id).for_each(|(to, from)| *to ^= from);
    }
}

fn replace(bytes: &mut [u8], fresh: &BTreeMap<[u8; ID], [u8; ID]>) {
    let mut at = 0;
    while let Some(place) = bytes.get_mut(at..at + ID) {
        let found = <[u8; ID]>::try_from(&*place).ok();
        match found.and_then(|id| fresh.get(&id)) {
            Some(id) => {
                place.copy_from_slice(id);
                at += ID;
            }
            None => at += 1,
        }
    }
}
