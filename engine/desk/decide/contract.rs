//! Counting tickets against their contracts: one net amount for each ticket, kept as rows of a
//! ledger.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::rules::view_of;
use super::{Answer, Deciding};
use crate::desk::journal::{By, StoredEntry};
use crate::desk::ledger::{self, Amount};
use crate::desk::{Actor, Error, ErrorKind, Fault, Result, codec};
use crate::domain::calendar::Calendar;
use crate::domain::contract::{self, ConsumptionEvent, OverLimit, Unit, decimal, fields as f};
use crate::domain::entry::Consumption;
use crate::domain::{Entry, EntryBody, Id, Kind, Record, StatusCategory, Value, record::fields};
use crate::hooks::{ConsumeEvent, ConsumeUnit, ConsumeView, Detail, Hook};
use crate::store::{Expect, Table};

/// Longest reason of a correction in bytes.
const MAX_REASON: usize = 1_000;
/// The note of a contract that is used past its total.
pub const EXHAUSTED: &str = "contract.exhausted";

/// What is counted: a row of the ledger before it is written.
struct Count {
    contract: Id,
    ticket: Option<Id>,
    event: ConsumptionEvent,
    by: Decimal,
    net: Decimal,
    reason: String,
    policy: OverLimit,
    rule: Option<(u16, String)>,
}

/// What a rule says of an amount.
#[derive(Default)]
struct Said {
    amount: Option<Decimal>,
    policy: Option<OverLimit>,
    reason: String,
    /// The rule that said so, and its run.
    rule: Option<(u16, String)>,
}

impl Deciding<'_, '_> {
    /// Counts every ticket whose closing, effort or contract changed in this command.
    pub(super) fn consume(&mut self) -> Result<()> {
        let tickets = self.draft.records.iter().filter(|((kind, _), work)| {
            *kind == Kind::Ticket && work.is_changed() && on_contract(work)
        });
        let ids: Vec<Id> = tickets.map(|((_, id), _)| *id).collect();
        for id in ids {
            self.consume_ticket(id)?;
        }
        Ok(())
    }

    fn consume_ticket(&mut self, id: Id) -> Result<()> {
        let Some(work) = self.draft.records.get(&(Kind::Ticket, id)) else {
            return Ok(());
        };
        let (before, now) = (work.before.clone(), work.now.clone());
        let (before, now) = (before.as_deref(), now.as_deref());
        let of = |r: Option<&Record>| r.and_then(|r| r.reference(f::CONTRACT));
        let closed = |r: Option<&Record>| r.is_some_and(|r| r.get(fields::CLOSED_AT).is_some());
        let (was, is) = (of(before), of(now));
        if let Some(old) = was.filter(|_| was != is) {
            self.count_ticket(old, id, ConsumptionEvent::Unlinked)?;
        }
        let Some(contract) = is else { return Ok(()) };
        let effort = |r: Option<&Record>| r.and_then(|r| r.get(f::EFFORT_HOURS)).cloned();
        let event = match (was == is && closed(before), closed(now)) {
            (false, true) => ConsumptionEvent::Closed,
            (true, false) => ConsumptionEvent::Reopened,
            (true, true) if effort(before) != effort(now) => ConsumptionEvent::Effort,
            _ => return Ok(()),
        };
        self.count_ticket(contract, id, event)
    }

    fn count_ticket(&mut self, contract: Id, ticket: Id, event: ConsumptionEvent) -> Result<()> {
        self.load_counted(contract, &[ticket])?;
        let Some(record) = self.draft.peek(Kind::Contract, contract) else {
            return Ok(());
        };
        let Some(unit) = Unit::of(record) else {
            return Ok(());
        };
        let declared = OverLimit::of(record);
        let counted = self.net_of(contract, ticket);
        let usual = self.usual_amount(contract, ticket, unit, event)?;
        let said = self.consume_rules((contract, ticket), (event, unit))?;
        let net = said.amount.unwrap_or(usual);
        let net = contract::rounded(net).filter(|n| !n.is_sign_negative() || n.is_zero());
        let net = net.ok_or_else(|| {
            let most = contract::AMOUNT_MAX;
            let text = format!("a ticket counts from 0 to {most} units on its contract");
            Error::field(f::EFFORT_HOURS, "amount_out_of_bounds", text)
        })?;
        if net == counted {
            return Ok(());
        }
        self.write_count(Count {
            contract,
            ticket: Some(ticket),
            event,
            by: (net - counted).normalize(),
            net,
            reason: said.reason,
            policy: said.policy.unwrap_or(declared),
            rule: said.rule,
        })
    }

    /// `contract.consume`: what the rules say of the amount and of the limit; the last word counts.
    /// A ticket that goes is no longer there to be asked about.
    fn consume_rules(
        &mut self,
        (contract, ticket): (Id, Id),
        (event, unit): (ConsumptionEvent, Unit),
    ) -> Result<Said> {
        let mut said = Said::default();
        let place = (Kind::Contract, contract);
        let ground = self.ground;
        let (used, counted) = (self.used(contract), self.net_of(contract, ticket));
        let known = self.draft.peek(Kind::Ticket, ticket).is_some();
        let work = self.draft.records.get_mut(&place).filter(|_| known);
        let Some(work) = work else { return Ok(said) };
        let version = work.version;
        let view = work.view_before(|record| view_of(ground, record));
        let names = ConsumeEvent::named(event.name()).zip(ConsumeUnit::named(unit.name()));
        let (Some(contract), Some((event, unit))) = (view, names) else {
            return Ok(said);
        };
        let total = match contract.fields.get(f::TOTAL) {
            Some(Value::Decimal(total)) => Some(*total),
            _ => None,
        };
        let detail = Detail::Consume(Arc::new(ConsumeView {
            event,
            contract,
            unit,
            total,
            used,
            counted,
        }));
        self.draft
            .reads
            .extend(version.map(|version| (place, version)));
        self.scene(Hook::ContractConsume, Kind::Ticket, ticket, &detail);
        for rule in self.due_rules(Hook::ContractConsume, Kind::Ticket, ticket) {
            let Ok(Some(ruled)) = self.call_rule(&rule, Kind::Ticket, ticket, &detail)? else {
                continue;
            };
            self.apply_effects(&ruled, Kind::Ticket, ticket)?;
            let Some(choice) = &ruled.decision.consume else {
                continue;
            };
            let policy = choice.over_limit.and_then(|o| OverLimit::named(o.name()));
            said.amount = choice.amount.or(said.amount);
            said.policy = policy.or(said.policy);
            if !choice.reason.is_empty() {
                said.reason.clone_from(&choice.reason);
            }
            said.rule = Some((ruled.run, ruled.rule.id()));
        }
        Ok(said)
    }

    /// Reads a contract and what is counted on it in one trip, with what rules will want to read.
    fn load_counted(&mut self, contract: Id, tickets: &[Id]) -> Result<()> {
        let mut places = vec![(Kind::Contract, contract)];
        for ticket in tickets {
            places.extend(self.declared(Kind::Ticket, *ticket));
        }
        self.draft.load_counted(&places, contract, tickets)
    }

    /// Reads ahead what closing or opening a ticket of a contract takes.
    pub(super) fn foresee_contract(&mut self, kind: Kind, id: Id) -> Result<()> {
        let record = self.draft.peek(kind, id).filter(|_| kind == Kind::Ticket);
        match record.and_then(|r| r.reference(f::CONTRACT)) {
            Some(contract) => self.load_counted(contract, &[id]),
            None => Ok(()),
        }
    }

    fn net_of(&self, contract: Id, ticket: Id) -> Decimal {
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
    fn used(&self, contract: Id) -> Decimal {
        let record = self.draft.peek(Kind::Contract, contract);
        let used = record.map_or(Decimal::ZERO, |r| decimal(r, f::USED));
        let counted = self.draft.counted.get(&contract);
        used + counted.map_or(Decimal::ZERO, |c| c.pending)
    }

    /// What a ticket counts by its contract's unit. An open ticket and one that was given up count
    /// nothing.
    fn usual_amount(
        &mut self,
        contract: Id,
        ticket: Id,
        unit: Unit,
        event: ConsumptionEvent,
    ) -> Result<Decimal> {
        let counts = matches!(event, ConsumptionEvent::Closed | ConsumptionEvent::Effort);
        let Some(record) = self.draft.peek(Kind::Ticket, ticket).filter(|_| counts) else {
            return Ok(Decimal::ZERO);
        };
        let status = record.status().unwrap_or_default();
        if self.category(Kind::Ticket, ticket, status) == Some(StatusCategory::Cancelled) {
            return Ok(Decimal::ZERO);
        }
        let calendar = match unit {
            Unit::Days => self.contract_calendar(contract)?,
            Unit::Hours | Unit::Events => None,
        };
        let record = self.draft.record(Kind::Ticket, ticket)?;
        Ok(unit.usual(record, calendar.as_ref(), self.ground.now))
    }

    /// The calendar that a contract names, or that of its support level.
    fn contract_calendar(&mut self, contract: Id) -> Result<Option<Calendar>> {
        let record = self.draft.record(Kind::Contract, contract)?;
        let (own, level) = (
            record.reference("calendar"),
            record.reference(fields::SUPPORT_LEVEL),
        );
        let service = Arc::clone(&self.ground.service);
        if let Some(own) = own {
            self.draft.load(&[(Kind::Calendar, own)])?;
            let code = self
                .draft
                .peek(Kind::Calendar, own)
                .and_then(|r| r.text("code"));
            return Ok(code.and_then(|code| service.calendar(code)).cloned());
        }
        let level = level.and_then(|id| service.levels.iter().find(|(l, _)| *l == id));
        Ok(level
            .and_then(|(_, level)| service.calendar(&level.calendar))
            .cloned())
    }

    /// Puts a row into the ledger.
    fn write_count(&mut self, count: Count) -> Result<()> {
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

/// Whether a ticket is or was on a contract.
fn on_contract(work: &crate::desk::draft::Work) -> bool {
    let held = |r: &Option<Arc<Record>>| r.as_ref().is_some_and(|r| r.get(f::CONTRACT).is_some());
    held(&work.before) || held(&work.now)
}
