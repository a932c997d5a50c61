//! Counting tickets against their contracts: one net amount for each ticket.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::Deciding;
use super::ledger::Count;
use super::rules::view_of;
use crate::desk::{Error, Result};
use crate::domain::calendar::Calendar;
use crate::domain::contract::{self, ConsumptionEvent, OverLimit, Unit, fields as f};
use crate::domain::{Id, Kind, Record, StatusCategory, Value, record::fields};
use crate::hooks::{ConsumeEvent, ConsumeUnit, ConsumeView, Detail, Hook};

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
}

/// Whether a ticket is or was on a contract.
fn on_contract(work: &crate::desk::draft::Work) -> bool {
    let held = |r: &Option<Arc<Record>>| r.as_ref().is_some_and(|r| r.get(f::CONTRACT).is_some());
    held(&work.before) || held(&work.now)
}
