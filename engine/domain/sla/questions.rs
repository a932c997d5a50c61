//! What a clock can be asked: when it is due, what it has counted, what is left.

use std::collections::BTreeSet;

use chrono::{DateTime, SubsecRound, Utc};

use super::super::calendar::Calendar;
use super::super::working_time::{add_working, worked_between};
use super::{CalendarVersions, ClockState, SlaClock, SlaError};

/// Questions to a clock. `now` matters while it runs or is paused.
impl SlaClock {
    /// When the target is used up; provisional (as if resumed `now`) while paused.
    ///
    /// # Errors
    /// When a version of the calendar is missing, or the clock is never due.
    pub fn due_at(
        &self,
        calendars: &dyn CalendarVersions,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, SlaError> {
        self.reached_at(calendars, now, self.target_secs)
    }

    /// When to warn `before_secs` working seconds before the due; provisional while paused. The
    /// start, when that is more than the target.
    ///
    /// # Errors
    /// As [`SlaClock::due_at`].
    pub fn warn_at(
        &self,
        calendars: &dyn CalendarVersions,
        now: DateTime<Utc>,
        before_secs: u64,
    ) -> Result<DateTime<Utc>, SlaError> {
        self.reached_at(calendars, now, self.target_secs.saturating_sub(before_secs))
    }

    /// Working seconds counted against the target.
    ///
    /// # Errors
    /// When a version of the calendar is missing.
    pub fn elapsed_working(
        &self,
        calendars: &dyn CalendarVersions,
        now: DateTime<Utc>,
    ) -> Result<u64, SlaError> {
        self.total(calendars, now, true)
    }

    /// Working seconds excluded, by which the due is moved.
    ///
    /// # Errors
    /// When a version of the calendar is missing.
    pub fn waited_working(
        &self,
        calendars: &dyn CalendarVersions,
        now: DateTime<Utc>,
    ) -> Result<u64, SlaError> {
        self.total(calendars, now, false)
    }

    /// Working seconds left of the target; negative when it is overrun.
    ///
    /// # Errors
    /// When a version of the calendar is missing.
    pub fn remaining(
        &self,
        calendars: &dyn CalendarVersions,
        now: DateTime<Utc>,
    ) -> Result<i64, SlaError> {
        let elapsed = self.elapsed_working(calendars, now)?;
        let signed = |secs: u64| i64::try_from(secs).unwrap_or(i64::MAX);
        Ok(signed(self.target_secs).saturating_sub(signed(elapsed)))
    }

    /// Whether the clock has not ended and its due lies before `now`.
    ///
    /// # Errors
    /// As [`SlaClock::due_at`].
    pub fn is_overdue(
        &self,
        calendars: &dyn CalendarVersions,
        now: DateTime<Utc>,
    ) -> Result<bool, SlaError> {
        let now = now.trunc_subsecs(0);
        Ok(self.end.is_none() && self.due_at(calendars, now)? < now)
    }

    /// When the promise was kept, if it was.
    pub fn met_at(&self) -> Option<DateTime<Utc>> {
        let end = (self.state == ClockState::Met).then_some(self.end.as_ref());
        end.flatten().map(|end| end.at)
    }

    /// The versions of the calendar that the ledger is counted by: what a lookup has to have.
    pub fn calendar_versions(&self) -> BTreeSet<u32> {
        let past = self.segments.iter().map(|segment| segment.calendar_version);
        past.chain([self.calendar_version]).collect()
    }

    /// The earliest instant at which `counted_secs` have been counted: walks the segments until
    /// the working time in them covers that and all that is excluded.
    fn reached_at(
        &self,
        calendars: &dyn CalendarVersions,
        now: DateTime<Utc>,
        counted_secs: u64,
    ) -> Result<DateTime<Utc>, SlaError> {
        let excluded = self.total(calendars, now, false)?;
        let mut left = counted_secs.saturating_add(excluded);
        let mut after = self.started_at;
        for segment in &self.segments {
            let calendar = self.calendar(calendars, segment.calendar_version)?;
            let worked = match segment.to {
                Some(to) => worked_between(calendar, segment.from, to),
                None => u64::MAX,
            };
            if worked >= left {
                return Ok(add_working(calendar, segment.from, left)?);
            }
            left -= worked;
            after = segment.to.unwrap_or(after);
        }
        // An ended clock: as if its last calendar went on.
        let calendar = self.calendar(calendars, self.calendar_version)?;
        Ok(add_working(calendar, after, left)?)
    }

    fn total(
        &self,
        calendars: &dyn CalendarVersions,
        now: DateTime<Utc>,
        counted: bool,
    ) -> Result<u64, SlaError> {
        let until = self.counting_until(now);
        let mut secs = 0;
        for segment in self.segments.iter().filter(|s| s.counted == counted) {
            let calendar = self.calendar(calendars, segment.calendar_version)?;
            secs += worked_between(calendar, segment.from, segment.to.unwrap_or(until));
        }
        Ok(secs)
    }

    pub(super) fn counting_until(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        match &self.end {
            Some(end) => end.at,
            None => self.not_before_last(now),
        }
    }

    pub(super) fn calendar<'a>(
        &self,
        calendars: &'a dyn CalendarVersions,
        version: u32,
    ) -> Result<&'a Calendar, SlaError> {
        let found = calendars.find(&self.calendar_code, version);
        found.ok_or_else(|| SlaError::CalendarMissing {
            code: self.calendar_code.clone(),
            version,
        })
    }
}
