//! What belongs to records: entries as the journal added them, clocks as their tickets tell of them,
//! timers as their clocks and the journal know them.

use std::collections::{BTreeMap, BTreeSet};

use sha2::Digest;

use super::scan;
use crate::desk::journal::{JournalEntry, Purpose, StoredEntry, Timer, What};
use crate::desk::{Result, codec, keys};
use crate::domain::sla::{ClockState, SlaClock};
use crate::domain::{EntryBody, Id, Kind, Record, Value};
use crate::store::{Pos, Snapshot, Table};

/// Most pieces of an attachment's content.
const MAX_CHUNKS: usize = 1_000;

/// What the journal says of entries and timers.
#[derive(Default)]
pub struct Belongings {
    /// Entries by owner and id, with the position that added each.
    entries: BTreeMap<(Id, Id), Pos>,
    /// Timers that fired.
    fired: BTreeSet<Id>,
    /// Positions of the journal.
    positions: BTreeSet<Pos>,
}

impl Belongings {
    /// Takes in one change.
    pub fn play(&mut self, pos: Pos, entry: &JournalEntry) {
        self.positions.insert(pos);
        for added in &entry.entries {
            self.entries.insert((added.owner, added.entry), pos);
        }
        self.fired.extend(entry.cause.iter().map(|c| c.timer));
        let gone = entry.changes.iter().filter(|c| c.what == What::Deleted);
        for change in gone {
            let range = (change.id, Id::MIN)..;
            let of_it = self.entries.range(range).map(|(key, _)| *key);
            let of_it: Vec<_> = of_it.take_while(|(owner, _)| *owner == change.id).collect();
            for key in of_it {
                self.entries.remove(&key);
            }
        }
    }

    /// Compares with what is stored.
    ///
    /// # Errors
    /// When the store fails.
    pub fn check(mut self, snapshot: &dyn Snapshot, faults: &mut Vec<String>) -> Result<()> {
        self.check_entries(snapshot, faults)?;
        let mut due = self.check_clocks(snapshot, faults)?;
        self.check_timers(snapshot, &mut due, faults)?;
        let missing = due.into_keys();
        faults.extend(missing.map(|(owner, name)| format!("timer `{name}` of {owner} is lost")));
        Ok(())
    }

    fn check_entries(&mut self, snapshot: &dyn Snapshot, faults: &mut Vec<String>) -> Result<()> {
        scan(snapshot, Table::Entries, |key, bytes, version| {
            let Ok(stored) = codec::decode::<StoredEntry>(bytes) else {
                faults.push(format!("an entry at {version} cannot be read"));
                return Ok(());
            };
            let id = stored.entry.id;
            let owner = key.get(..16).and_then(Id::from_slice).unwrap_or(Id::MIN);
            if *key != keys::entry(owner, id) {
                faults.push(format!("entry {id} lies under another key"));
            }
            match self.entries.remove(&(owner, id)) {
                Some(pos) if pos == version => {}
                Some(pos) => faults.push(format!(
                    "entry {id} of {owner} at {version} is not what was added at {pos}"
                )),
                None => faults.push(format!("entry {id} of {owner} is not in the journal")),
            }
            if let EntryBody::Attachment { hash, size, .. } = &stored.entry.body
                && !is_whole(snapshot, hash, *size)?
            {
                faults.push(format!("the content of entry {id} of {owner} is damaged"));
            }
            Ok(())
        })?;
        let lost = self.entries.keys();
        faults.extend(lost.map(|(owner, id)| format!("entry {id} of {owner} is lost")));
        Ok(())
    }

    /// Each clock against its ticket. Gives the timers that clocks wait for.
    fn check_clocks(
        &self,
        snapshot: &dyn Snapshot,
        faults: &mut Vec<String>,
    ) -> Result<BTreeMap<(Id, String), crate::domain::Instant>> {
        let mut due = BTreeMap::new();
        scan(snapshot, Table::Clocks, |key, bytes, version| {
            let owner = key.get(..16).and_then(Id::from_slice).unwrap_or(Id::MIN);
            let Ok(clock) = codec::decode::<SlaClock>(bytes) else {
                faults.push(format!("a clock of {owner} cannot be read"));
                return Ok(());
            };
            let name = clock.clock.clone();
            let mut fault = |what: &str| faults.push(format!("clock `{name}` of {owner} {what}"));
            if *key != keys::clock(owner, &name) {
                fault("lies under another key");
            }
            if !self.positions.contains(&version) {
                fault(&format!(
                    "was changed at {version}, of which the journal knows nothing"
                ));
            }
            let row = snapshot.get(Table::Records, &keys::record(Kind::Ticket, owner))?;
            let Some(row) = row else {
                fault("belongs to no ticket");
                return Ok(());
            };
            let ticket: Record = codec::decode(&row.bytes)?;
            if !tells_the_same(&ticket, &clock) {
                fault("is not as its ticket says");
            }
            if let Some(at) = clock.next_tick_at() {
                due.insert((owner, format!("sla:{name}")), at);
            }
            Ok(())
        })?;
        Ok(due)
    }

    /// Each timer against its name, its owner, its clock and the journal.
    fn check_timers(
        &self,
        snapshot: &dyn Snapshot,
        due: &mut BTreeMap<(Id, String), crate::domain::Instant>,
        faults: &mut Vec<String>,
    ) -> Result<()> {
        let mut named = BTreeSet::new();
        scan(snapshot, Table::Timers, |key, bytes, version| {
            let Ok(timer) = codec::decode::<Timer>(bytes) else {
                faults.push(format!("a timer at {version} cannot be read"));
                return Ok(());
            };
            let (owner, name) = (timer.owner, timer.name.clone());
            let mut fault = |what: &str| faults.push(format!("timer `{name}` of {owner} {what}"));
            if *key != keys::timer(timer.due, timer.id) {
                fault("lies under another key");
            }
            // What follows from a change goes by no name, and finds out itself whether the record is
            // still there.
            let follows = matches!(timer.purpose, Purpose::Changed { .. });
            if !follows {
                let name_key = keys::timer_name(owner, &name);
                let row = snapshot.get(Table::TimerNames, &name_key)?;
                if row.is_none_or(|row| row.bytes != *key) {
                    fault("is not found by its name");
                }
                named.insert(name_key);
            }
            if !self.positions.contains(&version) {
                fault(&format!(
                    "was set at {version}, of which the journal knows nothing"
                ));
            }
            if self.fired.contains(&timer.id) {
                fault("fired and is still there");
            }
            let record = keys::record(timer.kind, owner);
            if !follows && snapshot.get(Table::Records, &record)?.is_none() {
                fault("belongs to no record");
            }
            if let Purpose::SlaDue { .. } = timer.purpose
                && due.remove(&(owner, name.clone())) != Some(timer.due)
            {
                fault("is not what its clock waits for");
            }
            Ok(())
        })?;
        scan(snapshot, Table::TimerNames, |key, _, _| {
            if !named.contains(key) {
                let owner = key.get(..16).and_then(Id::from_slice).unwrap_or(Id::MIN);
                faults.push(format!("a name of a timer of {owner} leads nowhere"));
            }
            Ok(())
        })
    }
}

/// Whether a ticket shows the due and the breach of its clock.
fn tells_the_same(ticket: &Record, clock: &SlaClock) -> bool {
    if clock.clock != "reaction" && clock.clock != "resolution" {
        return true;
    }
    let due = (clock.state != ClockState::Cancelled).then_some(clock.due_at);
    let shown = |what: &str| ticket.get(&format!("{}_{what}", clock.clock)).cloned();
    shown("due_at") == due.map(Value::Instant)
        && shown("breached_at") == clock.breached_at.map(Value::Instant)
}

fn is_whole(snapshot: &dyn Snapshot, hash: &[u8; 32], size: u64) -> Result<bool> {
    let (from, to) = (keys::blob_chunk(hash, 0), keys::blob_chunk(hash, u32::MAX));
    let rows = snapshot.range(Table::Blobs, &from, &to, false, MAX_CHUNKS)?;
    let mut digest = sha2::Sha256::new();
    let mut bytes = 0;
    for (_, row) in rows {
        bytes += row.bytes.len() as u64;
        digest.update(&row.bytes);
    }
    Ok(bytes == size && <[u8; 32]>::from(digest.finalize()) == *hash)
}
