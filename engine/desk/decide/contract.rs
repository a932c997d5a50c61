//! What holds of contracts: their total, what a ticket takes over from one, and that a ledger keeps its
//! contract.

use super::Deciding;
use super::ledger::EXHAUSTED;
use crate::desk::journal::By;
use crate::desk::ledger;
use crate::desk::{Error, ErrorKind, Result};
use crate::domain::contract::{self, decimal, fields as f};
use crate::domain::{Id, Kind, Record, Value, record::fields};
use crate::store::{Expect, Table};

impl Deciding<'_, '_> {
    /// Reads ahead what closing or opening a ticket of a contract takes.
    pub(super) fn foresee_contract(&mut self, kind: Kind, id: Id) -> Result<()> {
        let record = self.draft.peek(kind, id).filter(|_| kind == Kind::Ticket);
        match record.and_then(|r| r.reference(f::CONTRACT)) {
            Some(contract) => self.load_counted(contract, &[id]),
            None => Ok(()),
        }
    }

    /// What must hold of a contract, and whether it is exhausted.
    pub(super) fn check_contract(&mut self, id: Id) -> Result<()> {
        let kind = Kind::Contract;
        let record = self.draft.record(kind, id)?;
        let (total, used) = (
            contract::some_decimal(record, f::TOTAL),
            decimal(record, f::USED),
        );
        if total.is_some_and(|t| contract::rounded(t).is_none() || t.is_sign_negative()) {
            let text = format!("must lie between 0 and {}", contract::AMOUNT_MAX);
            return Err(Error::field(f::TOTAL, "malformed", text));
        }
        let over = total.is_some_and(|total| used > total);
        let since = record.get(f::EXHAUSTED_AT).is_some();
        let work = self.draft.records.get(&(kind, id));
        let unit = |r: &Record| r.text(f::UNIT).map(str::to_owned);
        let before = work.and_then(|w| w.before.as_deref());
        let changed = before.is_some_and(|b| unit(b) != unit(record));
        if changed {
            self.draft.load_counted(&[], id, &[])?;
            if self
                .draft
                .counted
                .get(&id)
                .is_some_and(|c| c.anchor.is_some())
            {
                let text = "what was counted was counted in this unit; make another contract";
                return Err(Error::field(f::UNIT, "readonly", text));
            }
        }
        if over != since {
            let at = over.then_some(Value::Instant(self.ground.now));
            self.draft.set(kind, id, f::EXHAUSTED_AT, at, By::Engine);
            if over {
                self.note_once(format!("{EXHAUSTED}:{id}"));
            }
        }
        Ok(())
    }

    /// A contract with a ledger is kept: what was counted is history.
    pub(super) fn refuse_counted(&mut self, contract: Id) -> Result<()> {
        self.draft.load_counted(&[], contract, &[])?;
        if self
            .draft
            .counted
            .get(&contract)
            .is_some_and(|c| c.anchor.is_some())
        {
            return Err(Error::new(
                ErrorKind::Conflict,
                "in_use",
                "the contract has a ledger and stays; give it an end instead",
            ));
        }
        let key = ledger::anchor_key(contract);
        self.draft
            .rows
            .expect
            .push((Table::Meta, key, Expect::Absent));
        Ok(())
    }

    /// A ticket that is made from a contract is its client's.
    pub(super) fn inherit_from_contract(&mut self, kind: Kind, id: Id) -> Result<()> {
        let record = self.draft.record(kind, id)?;
        let Some(contract) = record
            .reference(f::CONTRACT)
            .filter(|_| kind == Kind::Ticket)
        else {
            return Ok(());
        };
        self.draft.load(&[(Kind::Contract, contract)])?;
        for name in [fields::ACCOUNT, fields::CONTACT] {
            let held = self.draft.record(kind, id)?.get(name).is_some();
            let source = self.draft.peek(Kind::Contract, contract);
            let value = source.and_then(|c| c.get(name)).cloned();
            if !held && value.is_some() && !self.draft.was_asked(kind, id, name) {
                self.draft.set(kind, id, name, value, By::Engine);
            }
        }
        Ok(())
    }
}
