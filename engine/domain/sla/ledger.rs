//! The ledger of a clock for people: every counted and excluded span, adding up to the due.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::super::working_time::worked_between;
use super::{CalendarVersions, ClockState, SlaClock, SlaError};

/// Most days listed in [`LedgerView::special_days`]; the first ones are kept.
pub const SPECIAL_DAYS_MAX: usize = 100;

/// What a clock has counted and why it is due when it is.
///
/// `counted_secs + remaining_secs = target_secs`, and the working time from `started_at` to
/// `due_at` is `target_secs + excluded_secs`, each span by its own calendar version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerView {
    /// Name of the clock.
    pub clock: String,
    /// Code of the level.
    pub level: String,
    /// Code of the calendar.
    pub calendar_code: String,
    /// The state at `as_of`.
    pub state: ClockState,
    /// When the clock started.
    pub started_at: DateTime<Utc>,
    /// Up to when the view counts: the instant asked for, or the end of the clock.
    pub as_of: DateTime<Utc>,
    /// The spans in order, without gaps between them.
    pub rows: Vec<LedgerRow>,
    /// Working seconds counted against the target.
    pub counted_secs: u64,
    /// Working seconds left out, by which the due moved.
    pub excluded_secs: u64,
    /// Working seconds promised.
    pub target_secs: u64,
    /// Working seconds left; negative when overdue.
    pub remaining_secs: i64,
    /// When the target is used up; provisional while paused.
    pub due_at: DateTime<Utc>,
    /// When the clock was breached, if ever.
    pub breached_at: Option<DateTime<Utc>>,
    /// The exceptional days of the calendar between start and due (or `as_of`, when later).
    pub special_days: Vec<SpecialDay>,
}

/// One span of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// First second.
    pub from: DateTime<Utc>,
    /// Second after the last one; for a span that goes on, the instant of the view.
    pub to: DateTime<Utc>,
    /// Whether the span goes on.
    pub open: bool,
    /// Whether it counts against the target.
    pub counted: bool,
    /// Why the span began.
    pub cause: String,
    /// Version of the calendar it is counted by.
    pub calendar_version: u32,
    /// Working seconds within it.
    pub working_secs: u64,
}

/// An exceptional day that bears on a due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecialDay {
    /// The local date.
    pub on: NaiveDate,
    /// What the calendar calls it.
    pub name: String,
    /// Version of the calendar that has it.
    pub calendar_version: u32,
}

impl SlaClock {
    /// The ledger as it stands at `now`.
    ///
    /// # Errors
    /// When a version of the calendar is missing, or the clock is never due.
    pub fn explain(
        &self,
        calendars: &dyn CalendarVersions,
        now: DateTime<Utc>,
    ) -> Result<LedgerView, SlaError> {
        let as_of = self.counting_until(now);
        let due_at = self.due_at(calendars, now)?;
        let mut rows = Vec::with_capacity(self.segments.len());
        let mut special_days = Vec::new();
        for segment in &self.segments {
            let calendar = self.calendar(calendars, segment.calendar_version)?;
            let to = segment.to.unwrap_or(as_of).max(segment.from);
            let shown_to = segment.to.unwrap_or_else(|| as_of.max(due_at));
            for (on, day) in calendar.exceptions_between(segment.from, shown_to) {
                let day = SpecialDay {
                    on,
                    name: day.name.clone(),
                    calendar_version: segment.calendar_version,
                };
                // Neighbouring spans share the day on which one ends and the next begins.
                if special_days.len() < SPECIAL_DAYS_MAX && special_days.last() != Some(&day) {
                    special_days.push(day);
                }
            }
            rows.push(LedgerRow {
                from: segment.from,
                to,
                open: segment.to.is_none(),
                counted: segment.counted,
                cause: segment.cause.clone(),
                calendar_version: segment.calendar_version,
                working_secs: worked_between(calendar, segment.from, to),
            });
        }
        let total = |counted: bool| {
            let rows = rows.iter().filter(|row| row.counted == counted);
            rows.map(|row| row.working_secs).sum::<u64>()
        };
        Ok(LedgerView {
            clock: self.clock.clone(),
            level: self.level.clone(),
            calendar_code: self.calendar_code.clone(),
            state: self.state,
            started_at: self.started_at,
            as_of,
            counted_secs: total(true),
            excluded_secs: total(false),
            target_secs: self.target_secs,
            remaining_secs: self.remaining(calendars, now)?,
            due_at,
            breached_at: self.breached_at,
            rows,
            special_days,
        })
    }
}
