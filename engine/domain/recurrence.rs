//! Recurrences: when something is made again and again, by a rule of RFC 5545 in the local time of a
//! calendar. The rule is expanded in local time, and each local time is then looked up in the zone, so
//! that nine in the morning stays nine in the morning when clocks change.

use std::collections::BTreeSet;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;
use rrule::{Frequency, RRule, RRuleSet, RRuleSetIter, Unvalidated};

use super::Instant;
use super::calendar::Calendar;

#[cfg(test)]
mod tests;

/// Longest text of a rule, in bytes.
pub const RULE_MAX: usize = 500;
/// Most times of day that a rule may name.
pub const TIMES_MAX: usize = 24;
/// Most occurrences that are expanded from the first date on.
pub const STEPS_MAX: usize = 20_000;
/// How far a day moves to become a working day, in days.
const MOVE_DAYS_MAX: u32 = 400;
/// Clocks jump by a day at most; what comes later than this cannot come before.
const JUMP_HOURS_MAX: i64 = 26;

/// Names of the engine's fields of a recurrence.
pub mod fields {
    /// Rule of RFC 5545, without its start.
    pub const RULE: &str = "rule";
    /// First date.
    pub const STARTS_ON: &str = "starts_on";
    /// Local time of day, `09:00`.
    pub const TIME: &str = "time";
    /// Last date.
    pub const ENDS_ON: &str = "ends_on";
    /// Calendar whose zone and working days count.
    pub const CALENDAR: &str = "calendar";
    /// What happens on days that are no working days.
    pub const DAYS: &str = "days";
    /// What happens with occurrences that were missed.
    pub const MISSED: &str = "missed";
    /// Values of the ticket.
    pub const TEMPLATE: &str = "template";
    /// Whether anything is made.
    pub const ACTIVE: &str = "active";
    /// The next occurrence.
    pub const NEXT_AT: &str = "next_at";
    /// The last occurrence that was dealt with.
    pub const LAST_AT: &str = "last_at";
    /// How many tickets were made.
    pub const MADE: &str = "made";
    /// The last ticket.
    pub const LAST_TICKET: &str = "last_ticket";
    /// Why the last occurrence made no ticket.
    pub const LAST_ERROR: &str = "last_error";
    /// Of a ticket: the recurrence that made it.
    pub const RECURRENCE: &str = "recurrence";
    /// Of a ticket: the occurrence that it was made for.
    pub const OCCURRENCE_AT: &str = "occurrence_at";

    /// What the times of occurrences follow from.
    pub const SCHEDULE: [&str; 7] = [RULE, STARTS_ON, TIME, ENDS_ON, CALENDAR, DAYS, ACTIVE];
}

/// What happens on days that are no working days of the calendar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Days {
    /// Every day counts.
    #[default]
    Any,
    /// Nothing is made.
    Skip,
    /// It is made on the next working day.
    NextWorking,
}

impl Days {
    /// The one with this code.
    #[must_use]
    pub fn named(code: &str) -> Option<Self> {
        match code {
            "any" => Some(Self::Any),
            "skip" => Some(Self::Skip),
            "next_working" => Some(Self::NextWorking),
            _ => None,
        }
    }
}

/// What is wrong with a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleError {
    /// The field.
    pub field: &'static str,
    /// What is wrong and what to write, in words.
    pub message: String,
}

impl ScheduleError {
    fn new(field: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { field, message }
    }
}

/// When a recurrence occurs.
#[derive(Debug, Clone)]
pub struct Schedule {
    rule: RRuleSet,
    ends_on: Option<NaiveDate>,
    days: Days,
}

impl Schedule {
    /// Reads a rule that begins at a local time.
    ///
    /// # Errors
    /// When the rule cannot be read, or asks for more than is expanded.
    pub fn read(
        rule: &str,
        start: NaiveDateTime,
        ends_on: Option<NaiveDate>,
        days: Days,
    ) -> Result<Self, ScheduleError> {
        let wrong = |message: String| ScheduleError::new(fields::RULE, message);
        if rule.len() > RULE_MAX || !rule.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(wrong(format!(
                "a rule is at most {RULE_MAX} letters, digits and signs without blanks, such as \
                 `FREQ=WEEKLY;BYDAY=MO`"
            )));
        }
        if rule.to_ascii_uppercase().contains("UNTIL=") {
            return Err(wrong(
                "the last date stands in `ends_on`: leave `UNTIL` out".to_owned(),
            ));
        }
        let read: RRule<Unvalidated> = rule
            .parse()
            .map_err(|e| wrong(format!("the rule cannot be read: {e}")))?;
        check_parts(&read).map_err(wrong)?;
        if ends_on.is_some_and(|last| last < start.date()) {
            return Err(ScheduleError::new(
                fields::ENDS_ON,
                "the last date is before the first",
            ));
        }
        let start = rrule::Tz::UTC.from_utc_datetime(&start);
        let rule = read
            .build(start)
            .map_err(|e| wrong(format!("the rule cannot be used: {e}")))?
            .limit();
        Ok(Self {
            rule,
            ends_on,
            days,
        })
    }

    /// The occurrences by a calendar, in order.
    #[must_use]
    pub fn occurrences<'s>(&'s self, calendar: &'s Calendar) -> Occurrences<'s> {
        Occurrences {
            schedule: self,
            calendar,
            rule: self.rule.into_iter(),
            steps: 0,
            ahead: None,
            over: false,
            found: false,
            pending: BTreeSet::new(),
        }
    }

    /// At most `most` occurrences at an instant or later.
    ///
    /// # Errors
    /// When there are too many before them.
    pub fn from(
        &self,
        calendar: &Calendar,
        from: Instant,
        most: usize,
    ) -> Result<Vec<Instant>, ScheduleError> {
        let late = |at: &Result<Instant, _>| !matches!(at, Ok(at) if *at < from);
        self.occurrences(calendar).filter(late).take(most).collect()
    }

    /// The day that a date counts as; none: nothing is made.
    fn day(&self, calendar: &Calendar, date: NaiveDate) -> Option<NaiveDate> {
        let last = self.ends_on.unwrap_or(NaiveDate::MAX);
        let day = match self.days {
            Days::Any => Some(date),
            Days::Skip => Some(date).filter(|day| is_working(calendar, *day)),
            Days::NextWorking => {
                let mut days = date.iter_days().take(MOVE_DAYS_MAX as usize);
                days.find(|day| is_working(calendar, *day))
            }
        };
        day.filter(|day| *day <= last)
    }
}

/// The occurrences of a schedule.
#[derive(Debug)]
pub struct Occurrences<'s> {
    schedule: &'s Schedule,
    calendar: &'s Calendar,
    rule: RRuleSetIter,
    steps: usize,
    /// Local time that the rule has reached.
    ahead: Option<NaiveDateTime>,
    over: bool,
    /// Whether any day counted so far.
    found: bool,
    /// Days that move and clocks that jump change the order: what was found and not given yet.
    pending: BTreeSet<Instant>,
}

impl Occurrences<'_> {
    /// Takes a step of the rule.
    fn step(&mut self) -> Result<(), ScheduleError> {
        let last = self.schedule.ends_on.unwrap_or(NaiveDate::MAX);
        let next = self.rule.next().map(|at| at.naive_utc());
        let Some(local) = next.filter(|at| at.date() <= last) else {
            self.over = true;
            return Ok(());
        };
        self.steps += 1;
        if self.steps > STEPS_MAX {
            self.over = true;
            if !self.found {
                return Err(ScheduleError::new(
                    fields::DAYS,
                    format!(
                        "of {STEPS_MAX} occurrences none falls on a working day of the calendar, so \
                         all would be skipped: choose another rule or calendar, or let `days` be \
                         `next_working` or `any`"
                    ),
                ));
            }
            return Err(ScheduleError::new(
                fields::STARTS_ON,
                format!(
                    "more than {STEPS_MAX} occurrences lie behind the first date: move it forward"
                ),
            ));
        }
        self.ahead = Some(local);
        if let Some(day) = self.schedule.day(self.calendar, local.date()) {
            let at = instant_at(day.and_time(local.time()), self.calendar.time_zone);
            self.found |= at.is_some();
            self.pending.extend(at);
        }
        Ok(())
    }

    /// Whether nothing that is found later can come before.
    fn is_settled(&self, first: Instant) -> bool {
        let reached = self.ahead.map(|local| local.and_utc());
        let sure = first + TimeDelta::hours(2 * JUMP_HOURS_MAX);
        self.over || reached.is_some_and(|reached| sure < reached)
    }
}

impl Iterator for Occurrences<'_> {
    type Item = Result<Instant, ScheduleError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(first) = self.pending.first().copied()
                && self.is_settled(first)
            {
                self.pending.pop_first();
                return Some(Ok(first));
            }
            if self.over {
                return None;
            }
            if let Err(error) = self.step() {
                self.pending.clear();
                return Some(Err(error));
            }
        }
    }
}

/// Parts of a rule that are no days and times of day.
fn check_parts(rule: &RRule<Unvalidated>) -> Result<(), String> {
    let fast = [Frequency::Hourly, Frequency::Minutely, Frequency::Secondly];
    if fast.contains(&rule.get_freq()) {
        return Err(
            "a rule repeats daily or more seldom; several times a day are `BYHOUR=9,15`".to_owned(),
        );
    }
    if !rule.get_by_second().is_empty() {
        return Err("a rule names hours and minutes: leave `BYSECOND` out".to_owned());
    }
    if rule.get_interval() == 0 {
        return Err("`INTERVAL` is at least 1".to_owned());
    }
    let times = rule.get_by_hour().len().max(1) * rule.get_by_minute().len().max(1);
    if times > TIMES_MAX {
        return Err(format!(
            "{times} times of day are over the limit of {TIMES_MAX}"
        ));
    }
    Ok(())
}

/// The local time of day that a text names.
///
/// # Errors
/// When it is no time of day.
pub fn time_of(text: &str) -> Result<NaiveTime, ScheduleError> {
    NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| {
        let short: String = text.chars().take(32).collect();
        ScheduleError::new(
            fields::TIME,
            format!("`{short}` is no time of day; write `09:00`"),
        )
    })
}

/// Whether the calendar has working hours on a local day.
#[must_use]
pub fn is_working(calendar: &Calendar, day: NaiveDate) -> bool {
    use chrono::Datelike;
    match calendar.exceptions.get(&day) {
        Some(exception) => !exception.intervals.is_empty(),
        None => calendar.weekly.iter().any(|w| w.weekday == day.weekday()),
    }
}

/// The instant of a local time, as RFC 5545 has it: of a time that comes twice the first one, and a
/// time that clocks skip by the offset before they were put forward. None: beyond the years there are.
#[must_use]
pub fn instant_at(local: NaiveDateTime, zone: Tz) -> Option<Instant> {
    if let Some(at) = zone.from_local_datetime(&local).earliest() {
        return Some(at.to_utc());
    }
    let back = (1..=JUMP_HOURS_MAX * 4).map(|quarters| local - TimeDelta::minutes(15 * quarters));
    let mut before = back.filter_map(|at| zone.from_local_datetime(&at).latest());
    let offset = before.next()?.offset().fix();
    offset
        .from_local_datetime(&local)
        .earliest()
        .map(|at| at.to_utc())
}
