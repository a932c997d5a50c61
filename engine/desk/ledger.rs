//! The ledger of contracts: rows beside the records, so that many tickets of one contract can be
//! closed at once.
//!
//! A ticket's net amount on a contract is a row of its own. What was counted and is not yet in the
//! contract's `used` is a pending row, keyed by its cause. Closing a ticket inserts rows and touches
//! no contract; the engine moves pending rows into `used` afterwards, many at a time. So `used` plus
//! the pending rows is exact at every position, and that is what readers are shown.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{Command, Desk, ErrorKind, Request, Result, codec, keys};
use crate::desk::Actor;
use crate::domain::contract::{self, fields};
use crate::domain::{Id, Kind, Record, Value};
use crate::store::{Expect, Key, MAX_RANGE_ROWS, Pos, Row, Snapshot, Span, Table, Versioned};

/// Most pending rows that one command moves into a contract.
pub const MAX_SETTLED: usize = 2_000;

/// The net amount of a ticket on a contract.
pub fn net_key(contract: Id, ticket: Id) -> Key {
    key(b"ledger/n/", &[contract, ticket])
}

/// What is counted and not yet in `used`, by its cause: a ticket.
pub fn pending_key(contract: Id, cause: Id) -> Key {
    key(b"ledger/p/", &[contract, cause])
}

/// Stands as long as a contract has a ledger: such a contract is not deleted.
pub fn anchor_key(contract: Id) -> Key {
    key(b"ledger/a/", &[contract])
}

/// The keys of all net amounts: from, to.
pub fn nets() -> (Key, Key) {
    let from = b"ledger/n/".to_vec();
    let to = keys::after(&from);
    (from, to)
}

fn key(prefix: &[u8], ids: &[Id]) -> Key {
    let mut key = prefix.to_vec();
    for id in ids {
        key.extend(id.as_bytes());
    }
    key
}

/// The contract and the cause at the end of a net amount's or pending row's key.
pub fn contract_and_cause(key: &[u8]) -> Option<(Id, Id)> {
    let rest = key.len().checked_sub(32).and_then(|at| key.get(at..))?;
    let (contract, cause) = rest.split_at_checked(16)?;
    Some((Id::from_slice(contract)?, Id::from_slice(cause)?))
}

/// The pending rows of a contract.
pub fn pending(contract: Id) -> Span {
    span(key(b"ledger/p/", &[contract]), MAX_SETTLED)
}

/// The pending rows of all contracts.
pub fn all_pending() -> Span {
    span(b"ledger/p/".to_vec(), MAX_RANGE_ROWS)
}

fn span(from: Key, limit: usize) -> Span {
    Span {
        table: Table::Meta,
        to: keys::after(&from),
        from,
        limit,
    }
}

/// A row as far as it was read: its version and amount; none: there is none.
pub type Amount = Option<(Pos, Decimal)>;

/// What is counted on a contract, as a command knows it.
#[derive(Debug, Clone, Default)]
pub struct Counted {
    /// Whether the contract has a ledger: the version of its anchor.
    pub anchor: Option<Pos>,
    /// Whether this command lays the anchor.
    pub anchored: bool,
    /// What is not yet in `used`.
    pub pending: Decimal,
    /// Net amount and pending row by ticket.
    pub causes: BTreeMap<Id, (Amount, Amount)>,
}

impl Counted {
    /// Whether the rows of a ticket were read.
    pub fn knows(&self, cause: Id) -> bool {
        self.causes.contains_key(&cause)
    }

    /// Takes in rows that were read as [`wanted`] says.
    pub fn take_in(
        &mut self,
        causes: &[Id],
        rows: Vec<Option<Versioned>>,
        spans: Vec<Vec<Row>>,
    ) -> Result<()> {
        let mut rows = rows.into_iter();
        self.anchor = rows.next().flatten().map(|row| row.version);
        for cause in causes {
            let net = amount(rows.next().flatten())?;
            let pending = amount(rows.next().flatten())?;
            self.causes.insert(*cause, (net, pending));
        }
        self.pending = sum(spans.iter().flatten())?;
        Ok(())
    }
}

/// What must be read to count tickets on a contract.
pub fn wanted(contract: Id, causes: &[Id], asked: &mut Vec<(Table, Key)>) -> Vec<Span> {
    asked.push((Table::Meta, anchor_key(contract)));
    for cause in causes {
        asked.push((Table::Meta, net_key(contract, *cause)));
        asked.push((Table::Meta, pending_key(contract, *cause)));
    }
    vec![pending(contract)]
}

fn amount(row: Option<Versioned>) -> Result<Amount> {
    row.map(|row| Ok((row.version, codec::decode(&row.bytes)?)))
        .transpose()
}

/// The sum of rows.
pub fn sum<'r>(rows: impl IntoIterator<Item = &'r Row>) -> Result<Decimal> {
    let mut sum = Decimal::ZERO;
    for (_, row) in rows {
        sum += codec::decode::<Decimal>(&row.bytes)?;
    }
    Ok(sum)
}

/// What a command expects of a row that it read.
pub const fn expected(version: Option<Pos>) -> Expect {
    match version {
        Some(pos) => Expect::Version(pos),
        None => Expect::Absent,
    }
}

/// Shows contracts with what is not yet in their `used`.
pub fn add_pending<'r>(
    snapshot: &dyn Snapshot,
    records: impl IntoIterator<Item = &'r mut Record>,
) -> Result<()> {
    let contracts = records.into_iter().filter(|r| r.kind == Kind::Contract);
    let mut contracts = contracts.peekable();
    if contracts.peek().is_none() {
        return Ok(());
    }
    let span = all_pending();
    let rows = snapshot.range(span.table, &span.from, &span.to, false, span.limit)?;
    let mut sums: BTreeMap<Id, Decimal> = BTreeMap::new();
    for (key, row) in &rows {
        if let Some((contract, _)) = contract_and_cause(key) {
            *sums.entry(contract).or_default() += codec::decode::<Decimal>(&row.bytes)?;
        }
    }
    for record in contracts {
        if let Some(more) = sums.get(&record.id) {
            let used = contract::decimal(record, fields::USED) + more;
            record.put(fields::USED, Some(Value::Decimal(used.normalize())));
        }
    }
    Ok(())
}

impl Desk {
    /// Moves what was counted into the `used` of its contracts. Returns how many contracts changed.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) fn settle_contracts(&self, rows: &[Row]) -> Result<usize> {
        let of_row = |(key, _): &Row| contract_and_cause(key).map(|(contract, _)| contract);
        let mut contracts: Vec<Id> = rows.iter().filter_map(of_row).collect();
        contracts.dedup();
        let mut settled = 0;
        for contract in contracts {
            let command = Command::SettleContract { contract };
            match self.run(&Request::by(Actor::System), &command) {
                Ok(_) => settled += 1,
                // Others work on it: its rows wait for the next time.
                Err(e) if e.kind == ErrorKind::Busy => {}
                Err(e) => return Err(e),
            }
        }
        Ok(settled)
    }
}
