//! The ledgers of contracts: their rows, the net amounts and what is used say the same.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::scan;
use crate::desk::journal::StoredEntry;
use crate::desk::{Result, codec, keys, ledger};
use crate::domain::contract::{decimal, fields};
use crate::domain::{EntryBody, Id, Kind, Record};
use crate::store::{MAX_RANGE_ROWS, Snapshot, Table};

/// Compares every contract with the sum of its ledger.
///
/// # Errors
/// When the store fails.
pub fn check(snapshot: &dyn Snapshot, faults: &mut Vec<String>) -> Result<()> {
    let mut sums: BTreeMap<Id, Decimal> = BTreeMap::new();
    let mut nets: BTreeMap<(Id, Id), Decimal> = BTreeMap::new();
    let mut anchored = BTreeSet::new();
    scan(snapshot, Table::Entries, |key, bytes, _| {
        let contract = key.get(..16).and_then(Id::from_slice).unwrap_or(Id::MIN);
        let stored = codec::decode::<StoredEntry>(bytes);
        if let Ok(StoredEntry { entry, .. }) = stored
            && let EntryBody::Consumption(row) = entry.body
        {
            anchored.insert(contract);
            *sums.entry(contract).or_default() += row.amount;
            if let Some(ticket) = row.ticket {
                *nets.entry((contract, ticket)).or_default() += row.amount;
            }
        }
        Ok(())
    })?;
    let (mut from, to) = ledger::nets();
    loop {
        let rows = snapshot.range(Table::Meta, &from, &to, false, MAX_RANGE_ROWS)?;
        for (key, row) in &rows {
            let amount: Decimal = codec::decode(&row.bytes)?;
            let place = ledger::contract_and_cause(key).unwrap_or((Id::MIN, Id::MIN));
            if nets.remove(&place).unwrap_or_default() != amount {
                let (contract, ticket) = place;
                faults.push(format!(
                    "ticket {ticket} is miscounted on contract {contract}"
                ));
            }
        }
        match rows.last() {
            Some((key, _)) if rows.len() == MAX_RANGE_ROWS => {
                from.clone_from(key);
                from.push(0);
            }
            _ => break,
        }
    }
    let lost = nets.keys();
    faults.extend(lost.map(|(c, t)| format!("the amount of ticket {t} on contract {c} is lost")));
    check_used(snapshot, &mut sums, faults)?;
    for contract in anchored {
        if snapshot
            .get(Table::Meta, &ledger::anchor_key(contract))?
            .is_none()
        {
            faults.push(format!("the ledger of contract {contract} has no anchor"));
        }
    }
    Ok(())
}

fn check_used(
    snapshot: &dyn Snapshot,
    sums: &mut BTreeMap<Id, Decimal>,
    faults: &mut Vec<String>,
) -> Result<()> {
    let (from, to) = keys::records(Kind::Contract);
    scan(snapshot, Table::Records, |key, bytes, _| {
        if *key < from || to <= *key {
            return Ok(());
        }
        let mut record: Record = codec::decode(bytes)?;
        ledger::add_pending(snapshot, std::iter::once(&mut record))?;
        let (used, sum) = (decimal(&record, fields::USED), sums.remove(&record.id));
        if used != sum.unwrap_or_default() {
            faults.push(format!(
                "what is used of contract {} is not its ledger",
                record.id
            ));
        }
        Ok(())
    })?;
    let lost = sums.keys();
    faults.extend(lost.map(|id| format!("contract {id} is gone and its ledger stays")));
    Ok(())
}
