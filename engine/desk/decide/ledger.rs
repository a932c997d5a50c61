//! The ledger of a contract: rows that are counted, corrected by hand, and settled into `used`.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::{Answer, Deciding};
use crate::desk::journal::{By, StoredEntry};
use crate::desk::ledger::{self, Amount};
use crate::desk::{Actor, Error, Fault, Result, codec};
use crate::domain::contract::{self, ConsumptionEvent, OverLimit, Unit, decimal, fields as f};
use crate::domain::entry::Consumption;
use crate::domain::{Entry, EntryBody, Id, Kind, Value, record::fields};
use crate::store::{Expect, Table};

/// Longest reason of a correction in bytes.
const MAX_REASON: usize = 1_000;
/// The note of a contract that is used past its total.
pub const EXHAUSTED: &str = "contract.exhausted";

/// What is counted: a row of the ledger before it is written.
pub(super) struct Count {
    pub contract: Id,
    pub ticket: Option<Id>,
    pub event: ConsumptionEvent,
    pub by: Decimal,
    pub net: Decimal,
    pub reason: String,
    pub policy: OverLimit,
    pub rule: Option<(u16, String)>,
}

impl Deciding<'_, '_> {
    /// Reads a contract and what is counted on it in one trip, with what rules will want to read.
    pub(super) fn load_counted(&mut self, contract: Id, tickets: &[Id]) -> Result<()> {
        let mut places = vec![(Kind::Contract, contract)];
        for ticket in tickets {
            places.extend(self.declared(Kind::Ticket, *ticket));
        }
        self.draft.load_counted(&places, contract, tickets)
    }

    pub(super) fn net_of(&self, contract: Id, ticket: Id) -> Decimal {
        self.amounts(contract, ticket)
            .0
            .map_or(Decimal::ZERO, |a| a.1)
    }

    fn amounts(&self, contract: Id, cause: Id) -> (Amount, Amount) {
        let counted = self.draft.counted.get(&contract);
        let found = counted.and_then(|c| c.causes.get(&cause)).copied();
        found.unwrap_or_default()
    }

    /// What is used at this moment: what is in the contract and what waits to come into it.
    pub(super) fn used(&self, contract: Id) -> Decimal {
        let record = self.draft.peek(Kind::Contract, contract);
        let used = record.map_or(Decimal::ZERO, |r| decimal(r, f::USED));
        let counted = self.draft.counted.get(&contract);
        used + counted.map_or(Decimal::ZERO, |c| c.pending)
    }

    /// Puts a row into the ledger.
    pub(super) fn write_count(&mut self, count: Count) -> Result<()> {
        let contract = count.contract;
        let record = self.draft.record(Kind::Contract, contract)?;
        let (number, total) = (record.number(), contract::some_decimal(record, f::TOTAL));
        let used = self.used(contract) + count.by;
        let over = count.by > Decimal::ZERO && total.is_some_and(|total| used > total);
        if over && count.policy == OverLimit::Refuse {
            let (number, total) = (number.unwrap_or_default(), total.unwrap_or_default());
            let text = format!(
                "contract {number} has {total} units in all; with this it would have used {used}"
            );
            let fault = Fault::field(f::CONTRACT, "contract_exhausted", text);
            return Err(Error::refused("contract_exhausted", vec![fault]));
        }
        if over && count.policy == OverLimit::Warn {
            self.note_once(format!("{EXHAUSTED}:{contract}"));
        }
        self.anchor(contract);
        let in_turn = count.policy == OverLimit::Refuse || count.ticket.is_none();
        if in_turn {
            // Whoever must not go past the total waits its turn at the contract's own record.
            let used = decimal(self.draft.record(Kind::Contract, contract)?, f::USED) + count.by;
            let used = Some(Value::Decimal(used.normalize()));
            self.draft
                .set(Kind::Contract, contract, f::USED, used, By::Engine);
        }
        if let Some(ticket) = count.ticket {
            self.write_amounts(contract, ticket, &count, in_turn)?;
        }
        let (run, author) = match count.rule {
            Some((run, rule)) => (Some(run), format!("rule:{rule}")),
            None => (None, self.actor.name()),
        };
        let entry = Entry {
            id: self.allot.id(self.ground.now),
            at: self.ground.now,
            author,
            body: EntryBody::Consumption(Consumption {
                event: count.event,
                ticket: count.ticket,
                amount: count.by,
                net: count.net,
                reason: count.reason,
                over,
            }),
        };
        let kind = Kind::Contract;
        let stored = StoredEntry { kind, entry };
        self.draft.entries.push((stored, contract, run));
        Ok(())
    }

    /// The net amount of a ticket, and what of it is not yet in the contract.
    fn write_amounts(
        &mut self,
        contract: Id,
        ticket: Id,
        count: &Count,
        in_turn: bool,
    ) -> Result<()> {
        let (net, pending) = self.amounts(contract, ticket);
        let rows = &mut self.draft.rows;
        let key = ledger::net_key(contract, ticket);
        rows.expect
            .push((Table::Meta, key.clone(), ledger::expected(net.map(|n| n.0))));
        rows.put
            .push((Table::Meta, key, codec::encode(&count.net)?));
        if !in_turn {
            let waits = pending.map_or(Decimal::ZERO, |p| p.1) + count.by;
            let key = ledger::pending_key(contract, ticket);
            // It may come into the contract meanwhile; then this is decided again.
            rows.expect.push((
                Table::Meta,
                key.clone(),
                ledger::expected(pending.map(|p| p.0)),
            ));
            rows.put.push((Table::Meta, key, codec::encode(&waits)?));
            if let Some(counted) = self.draft.counted.get_mut(&contract) {
                counted.pending += count.by;
            }
            self.counted = true;
        }
        Ok(())
    }

    /// A contract with a ledger stays: its first row lays the anchor, all others expect it.
    fn anchor(&mut self, contract: Id) {
        let counted = self.draft.counted.entry(contract).or_default();
        if counted.anchored {
            return;
        }
        counted.anchored = true;
        let anchor = counted.anchor;
        let key = ledger::anchor_key(contract);
        let rows = &mut self.draft.rows;
        rows.expect
            .push((Table::Meta, key.clone(), ledger::expected(anchor)));
        if anchor.is_none() {
            rows.put.push((Table::Meta, key, Vec::new()));
        }
    }

    /// Corrects what is used by hand: by an amount, or to what it shall be.
    pub(super) fn correct_ledger(
        &mut self,
        contract: Id,
        (by, to): (Option<Decimal>, Option<Decimal>),
        reason: &str,
    ) -> Result<Answer> {
        self.actor.require_agent("correcting a ledger")?;
        self.actor.require_write(Kind::Contract)?;
        self.target(Kind::Contract, contract)?;
        self.draft.load_counted(&[], contract, &[])?;
        super::entries::short("reason", reason, MAX_REASON)?;
        if Unit::of(self.draft.record(Kind::Contract, contract)?).is_none() {
            let text = "the contract has no `unit`, so nothing is counted on it";
            return Err(Error::field(f::UNIT, "required", text));
        }
        let used = self.used(contract);
        let by = match (by, to) {
            (Some(by), None) => by,
            (None, Some(to)) => to - used,
            _ => {
                let text = "give `amount` or `used`, one of them";
                return Err(Error::field("amount", "required", text));
            }
        };
        let by = contract::rounded(by).filter(|by| !by.is_zero() && *by + used >= Decimal::ZERO);
        let by = by.ok_or_else(|| {
            let text = format!("is nothing, too much, or more than the {used} units that are used");
            Error::field("amount", "amount_out_of_bounds", text)
        })?;
        let asked = &mut self.input.arguments;
        asked.push(("amount".to_owned(), Value::Decimal(by)));
        asked.push(("reason".to_owned(), Value::from(reason)));
        self.write_count(Count {
            contract,
            ticket: None,
            event: ConsumptionEvent::Correction,
            by,
            net: Decimal::ZERO,
            reason: reason.to_owned(),
            policy: OverLimit::Warn,
            rule: None,
        })?;
        self.settle(&[(Kind::Contract, contract)])?;
        let entry = self
            .draft
            .entries
            .last()
            .map(|(stored, ..)| stored.entry.id);
        Ok(Answer {
            entry,
            ..Answer::record(Kind::Contract, contract)
        })
    }

    /// Moves pending rows into the contract's `used`: asked for by the engine.
    pub(super) fn settle_contract(&mut self, contract: Id) -> Result<Answer> {
        let Actor::System = self.actor else {
            return Err(Error::forbidden("only the engine settles a ledger"));
        };
        let place = (Kind::Contract, contract);
        self.input.target = Some(place);
        self.draft.load(&[place])?;
        let span = ledger::pending(contract);
        let snapshot = Arc::clone(&self.draft.snapshot);
        let rows = snapshot.range(span.table, &span.from, &span.to, false, span.limit)?;
        if rows.is_empty() {
            return Err(Error::not_found());
        }
        let sum = ledger::sum(&rows)?;
        for (key, row) in rows {
            let expect = (Table::Meta, key.clone(), Expect::Version(row.version));
            self.draft.rows.expect.push(expect);
            self.draft.rows.delete.push((Table::Meta, key));
        }
        let record = self.draft.record(place.0, place.1)?;
        let used = Some(Value::Decimal((decimal(record, f::USED) + sum).normalize()));
        let now = Some(Value::Instant(self.ground.now));
        self.draft.set(place.0, place.1, f::USED, used, By::Engine);
        self.draft
            .set(place.0, place.1, fields::UPDATED_AT, now, By::Engine);
        self.compute_all()?;
        self.check_contract(contract)?;
        Ok(Answer::record(place.0, place.1))
    }
}
