//! The schedule that the fields of a recurrence describe.

use chrono::NaiveDateTime;

use super::{Error, Result};
use crate::domain::calendar::Calendar;
use crate::domain::recurrence::{Days, Schedule, ScheduleError, fields, time_of};
use crate::domain::{Instant, Record, Value};

/// An occurrence, for people to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence {
    /// When.
    pub at: Instant,
    /// What the clock of the calendar's zone shows then.
    pub local: NaiveDateTime,
}

impl Occurrence {
    /// As the calendar's zone has it.
    pub fn by(calendar: &Calendar, at: Instant) -> Self {
        let local = at.with_timezone(&calendar.time_zone).naive_local();
        Self { at, local }
    }
}

/// The schedule of a recurrence; none while a field that it needs has no value.
///
/// # Errors
/// When its fields make no schedule.
pub fn schedule_of(record: &Record) -> Result<Option<Schedule>> {
    let date = |name: &str| match record.get(name) {
        Some(Value::Date(day)) => Some(*day),
        _ => None,
    };
    let (Some(rule), Some(first)) = (record.text(fields::RULE), date(fields::STARTS_ON)) else {
        return Ok(None);
    };
    let time = time_of(record.text(fields::TIME).unwrap_or("09:00")).map_err(fault)?;
    let days = record.text(fields::DAYS).and_then(Days::named);
    let schedule = Schedule::read(
        rule,
        first.and_time(time),
        date(fields::ENDS_ON),
        days.unwrap_or_default(),
    );
    schedule.map(Some).map_err(fault)
}

/// From when on occurrences count: those before now, and those dealt with, do not.
pub fn open_from(record: &Record, now: Instant) -> Instant {
    let last = record.instant(fields::LAST_AT);
    last.map_or(now, |last| {
        now.max(last + chrono::TimeDelta::microseconds(1))
    })
}

/// What is wrong with a schedule, as a fault of its field.
pub fn fault(error: ScheduleError) -> Error {
    Error::field(error.field, "invalid_schedule", error.message)
}
