//! Recurrences and the timers that they wait for say the same.

use crate::desk::journal::{Purpose, Timer};
use crate::desk::{Result, codec, keys};
use crate::domain::recurrence::fields;
use crate::domain::{Id, Kind, Record};
use crate::store::{Snapshot, Table};

use super::scan;

/// Compares when each recurrence is due next with its timer.
///
/// # Errors
/// When the store fails.
pub fn check(snapshot: &dyn Snapshot, faults: &mut Vec<String>) -> Result<()> {
    let mut waiting = std::collections::BTreeMap::new();
    scan(snapshot, Table::Timers, |_, bytes, _| {
        let timer = codec::decode::<Timer>(bytes).ok();
        if let Some(timer) = timer.filter(|t| t.purpose == Purpose::Recur) {
            waiting.insert(timer.owner, timer.due);
        }
        Ok(())
    })?;
    let (from, to) = keys::records(Kind::Recurrence);
    scan(snapshot, Table::Records, |key, bytes, _| {
        if *key < from || to <= *key {
            return Ok(());
        }
        let record: Record = codec::decode(bytes)?;
        if waiting.remove(&record.id) != record.instant(fields::NEXT_AT) {
            faults.push(format!("recurrence {} is not due when it says", record.id));
        }
        Ok(())
    })?;
    let lost: Vec<&Id> = waiting.keys().collect();
    faults.extend(
        lost.iter()
            .map(|id| format!("a timer waits for no recurrence {id}")),
    );
    Ok(())
}
