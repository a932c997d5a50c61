//! Service contracts: what is counted against them, and how much a ticket counts.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::{Instant, Record, Value, working_time};

/// Names of the fields of a contract and of the tickets that are counted against it.
pub mod fields {
    /// What is counted.
    pub const UNIT: &str = "unit";
    /// Units that were agreed on.
    pub const TOTAL: &str = "total";
    /// Units that were counted.
    pub const USED: &str = "used";
    /// What happens past the total.
    pub const OVER_LIMIT: &str = "over_limit";
    /// Since when more is used than was agreed on.
    pub const EXHAUSTED_AT: &str = "exhausted_at";
    /// The contract of a ticket.
    pub const CONTRACT: &str = "contract";
    /// Hours of work that went into a ticket.
    pub const EFFORT_HOURS: &str = "effort_hours";
}

/// Digits after the point that are kept of an amount.
pub const SCALE: u32 = 6;
/// Largest amount.
pub const AMOUNT_MAX: i64 = 1_000_000_000;

/// What is counted against a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Hours of work.
    Hours,
    /// Days of the contract's calendar.
    Days,
    /// Tickets.
    Events,
}

impl Unit {
    /// What is counted against a contract; none: nothing is.
    #[must_use]
    pub fn of(contract: &Record) -> Option<Self> {
        match contract.text(fields::UNIT)? {
            "hours" => Some(Self::Hours),
            "days" => Some(Self::Days),
            "events" => Some(Self::Events),
            _ => None,
        }
    }

    /// Name in the API and for rules.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hours => "hours",
            Self::Days => "days",
            Self::Events => "events",
        }
    }

    /// What a closed ticket counts unless a rule says otherwise: its effort, the working days from
    /// its making to its closing, or one. Without a calendar every day is a working day.
    #[must_use]
    pub fn usual(self, ticket: &Record, calendar: Option<&Calendar>, now: Instant) -> Decimal {
        match self {
            Self::Hours => decimal(ticket, fields::EFFORT_HOURS),
            Self::Events => Decimal::ONE,
            Self::Days => {
                let from = ticket.instant(super::record::fields::CREATED_AT);
                let to = ticket.instant(super::record::fields::CLOSED_AT);
                let (from, to) = (from.unwrap_or(now), to.unwrap_or(now));
                let days = match calendar {
                    Some(calendar) => working_time::working_days(calendar, from, to),
                    None => {
                        working_time::working_days(&Calendar::around_the_clock("all"), from, to)
                    }
                };
                Decimal::from(days)
            }
        }
    }
}

/// What happens when more is used than was agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OverLimit {
    /// Nothing.
    Allow,
    /// It is told as an event.
    #[default]
    Warn,
    /// The change is refused.
    Refuse,
}

impl OverLimit {
    /// The policy with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "allow" => Some(Self::Allow),
            "warn" => Some(Self::Warn),
            "refuse" => Some(Self::Refuse),
            _ => None,
        }
    }

    /// What a contract says.
    #[must_use]
    pub fn of(contract: &Record) -> Self {
        let said = contract.text(fields::OVER_LIMIT);
        said.and_then(Self::named).unwrap_or_default()
    }
}

/// Why something was counted. The order of the variants is stored: new ones go to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConsumptionEvent {
    /// The ticket was closed, or linked when it was.
    Closed,
    /// It was opened again.
    Reopened,
    /// The effort on a closed ticket changed.
    Effort,
    /// The ticket was linked to another contract or to none, or went.
    Unlinked,
    /// Somebody corrected the ledger by hand.
    Correction,
}

impl ConsumptionEvent {
    /// Name in the API and for rules.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::Effort => "effort",
            Self::Unlinked => "unlinked",
            Self::Correction => "correction",
        }
    }
}

/// A decimal of a record; zero without one.
#[must_use]
pub fn decimal(record: &Record, field: &str) -> Decimal {
    some_decimal(record, field).unwrap_or_default()
}

/// A decimal of a record.
#[must_use]
pub fn some_decimal(record: &Record, field: &str) -> Option<Decimal> {
    match record.get(field) {
        Some(Value::Decimal(d)) => Some(*d),
        _ => None,
    }
}

/// An amount as it is counted: within bounds, without digits that nobody needs.
#[must_use]
pub fn rounded(amount: Decimal) -> Option<Decimal> {
    let amount = amount.round_dp(SCALE).normalize();
    (amount.abs() <= Decimal::from(AMOUNT_MAX)).then_some(amount)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::fields::{CLOSED_AT, CREATED_AT};
    use crate::domain::{Id, Kind};
    use chrono::Weekday::{Fri, Mon, Thu, Tue, Wed};

    fn ticket(from: &str, to: &str) -> Record {
        let at = |text: &str| Value::Instant(text.parse().unwrap());
        let mut ticket = Record::new(Id::MIN, Kind::Ticket);
        ticket.put(CREATED_AT, Some(at(from)));
        ticket.put(CLOSED_AT, Some(at(to)));
        ticket
    }

    #[test]
    fn days_are_those_on_which_the_calendar_works() {
        let hours = crate::domain::calendar::Hours {
            from: 540,
            to: 1080,
        };
        let week = [Mon, Tue, Wed, Thu, Fri];
        let calendar = Calendar::weekly("days", chrono_tz::Europe::Moscow, &week, &[hours]);
        let days = |from, to| {
            let ticket = ticket(from, to);
            Unit::Days.usual(&ticket, Some(&calendar), Instant::UNIX_EPOCH)
        };
        // A Friday afternoon to a Tuesday morning in Moscow: Friday, Monday, Tuesday.
        let long = days("2026-03-06T12:00:00Z", "2026-03-10T07:00:00Z");
        assert_eq!(long, Decimal::from(3));
        assert_eq!(
            days("2026-03-02T07:00:00Z", "2026-03-02T08:00:00Z"),
            Decimal::ONE
        );
        // A Saturday is no day of this calendar.
        assert_eq!(
            days("2026-03-07T07:00:00Z", "2026-03-07T08:00:00Z"),
            Decimal::ZERO
        );
    }

    #[test]
    fn amounts_lose_digits_that_nobody_needs() {
        let d = |text: &str| text.parse::<Decimal>().unwrap();
        assert_eq!(rounded(d("3.10")), Some(d("3.1")));
        assert_eq!(rounded(d("0.1234567")), Some(d("0.123457")));
        assert_eq!(rounded(d("1000000001")), None);
    }
}
