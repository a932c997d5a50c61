//! What can be done to a clock: pause, resume, meet, cancel, reopen, change of level, tick.

use chrono::{DateTime, SubsecRound, Utc};

use super::super::working_time::worked_between;
use super::{
    CAUSE_MAX, CalendarVersions, ClockChange, ClockEnd, ClockState, Operation, SEGMENTS_MAX,
    Segment, SlaClock, SlaError, TARGET_SECS_MAX, Terms,
};

impl SlaClock {
    /// Stops counting. A paused clock stays as it is.
    ///
    /// # Errors
    /// [`SlaError::NotAllowed`] on an ended clock, and see [`SlaError`].
    pub fn pause(
        &mut self,
        calendars: &dyn CalendarVersions,
        at: DateTime<Utc>,
        cause: &str,
    ) -> Result<ClockChange, SlaError> {
        match self.state {
            ClockState::Running => self.turn(calendars, at, ClockState::Paused, cause),
            ClockState::Paused => Ok(self.unchanged()),
            ClockState::Met | ClockState::Cancelled => Err(self.refusal(Operation::Pause)),
        }
    }

    /// Counts again; the due moves by the working time waited. A running clock stays as it is.
    ///
    /// # Errors
    /// [`SlaError::NotAllowed`] on an ended clock, and see [`SlaError`].
    pub fn resume(
        &mut self,
        calendars: &dyn CalendarVersions,
        at: DateTime<Utc>,
        cause: &str,
    ) -> Result<ClockChange, SlaError> {
        match self.state {
            ClockState::Paused => self.turn(calendars, at, ClockState::Running, cause),
            ClockState::Running => Ok(self.unchanged()),
            ClockState::Met | ClockState::Cancelled => Err(self.refusal(Operation::Resume)),
        }
    }

    /// The promise is kept, in time or, when the due has passed, late: then the clock is both met
    /// and breached. Meeting a paused clock extends its due by the wait first. A met clock keeps
    /// its first meeting.
    ///
    /// # Errors
    /// [`SlaError::NotAllowed`] on a cancelled clock, and see [`SlaError`].
    pub fn meet(
        &mut self,
        calendars: &dyn CalendarVersions,
        at: DateTime<Utc>,
        cause: &str,
    ) -> Result<ClockChange, SlaError> {
        match self.state {
            ClockState::Running | ClockState::Paused => {
                self.turn(calendars, at, ClockState::Met, cause)
            }
            ClockState::Met => Ok(self.unchanged()),
            ClockState::Cancelled => Err(self.refusal(Operation::Meet)),
        }
    }

    /// The promise no longer holds. A breach before that stays. A cancelled clock stays as it is.
    ///
    /// # Errors
    /// [`SlaError::NotAllowed`] on a met clock, and see [`SlaError`].
    pub fn cancel(
        &mut self,
        calendars: &dyn CalendarVersions,
        at: DateTime<Utc>,
        cause: &str,
    ) -> Result<ClockChange, SlaError> {
        match self.state {
            ClockState::Running | ClockState::Paused => {
                self.turn(calendars, at, ClockState::Cancelled, cause)
            }
            ClockState::Cancelled => Ok(self.unchanged()),
            ClockState::Met => Err(self.refusal(Operation::Cancel)),
        }
    }

    /// Runs an ended clock again with the working time it had left; the time since its end is
    /// excluded like a wait. A running clock stays as it is.
    ///
    /// # Errors
    /// [`SlaError::NotAllowed`] on a paused clock, and see [`SlaError`].
    pub fn reopen(
        &mut self,
        calendars: &dyn CalendarVersions,
        at: DateTime<Utc>,
        cause: &str,
    ) -> Result<ClockChange, SlaError> {
        match self.state {
            ClockState::Met | ClockState::Cancelled => {
                self.turn(calendars, at, ClockState::Running, cause)
            }
            ClockState::Running => Ok(self.unchanged()),
            ClockState::Paused => Err(self.refusal(Operation::Reopen)),
        }
    }

    /// Promises something else from now on, keeping start and waits: the due becomes that of the
    /// new terms from the start, extended by the waits. `calendars` has the new calendar; when the
    /// code stays the same, what was counted keeps its versions, else all is recounted.
    ///
    /// # Errors
    /// [`SlaError::NotAllowed`] on an ended clock, and see [`SlaError`].
    pub fn change_level(
        &mut self,
        calendars: &dyn CalendarVersions,
        terms: Terms,
        at: DateTime<Utc>,
        cause: &str,
    ) -> Result<ClockChange, SlaError> {
        if self.end.is_some() {
            return Err(self.refusal(Operation::ChangeLevel));
        }
        let at = self.not_before_last(at);
        let mut next = self.clone();
        if self.state == ClockState::Running {
            next.note_breach(at);
        }
        if self.calendar_code != terms.calendar_code {
            for segment in &mut next.segments {
                segment.calendar_version = terms.calendar_version;
            }
        }
        next.level = terms.level;
        next.calendar_code = terms.calendar_code;
        next.calendar_version = terms.calendar_version;
        next.target_secs = terms.target_secs;
        let waited_secs = next.waiting(calendars, at)?;
        next.close(at);
        next.open(at, self.state == ClockState::Running, cause)?;
        next.due_at = next.due_at(calendars, at)?;
        if self.state == ClockState::Running {
            next.note_breach(at);
        }
        Ok(self.replace(next, waited_secs))
    }

    /// Promises `secs` working seconds more: the due moves by them. A span begins with the cause, so
    /// that the ledger tells why. A breach before that stays; another level promises by its own
    /// terms again.
    ///
    /// # Errors
    /// [`SlaError::NotAllowed`] on an ended clock, [`SlaError::TooLong`], and see [`SlaError`].
    pub fn extend(
        &mut self,
        calendars: &dyn CalendarVersions,
        secs: u64,
        at: DateTime<Utc>,
        cause: &str,
    ) -> Result<ClockChange, SlaError> {
        if self.end.is_some() {
            return Err(self.refusal(Operation::Extend));
        }
        if secs == 0 {
            return Ok(self.unchanged());
        }
        let at = self.not_before_last(at);
        let mut next = self.clone();
        if self.state == ClockState::Running {
            next.note_breach(at);
        }
        next.target_secs = self.target_secs.saturating_add(secs);
        if next.target_secs > TARGET_SECS_MAX {
            return Err(SlaError::TooLong {
                clock: self.clock.clone(),
            });
        }
        next.close(at);
        next.open(at, self.state == ClockState::Running, cause)?;
        next.due_at = next.due_at(calendars, at)?;
        Ok(self.replace(next, 0))
    }

    /// Marks a running clock as breached when its due has come, and tells whether it just was.
    /// To be called by a timer at [`SlaClock::next_tick_at`]; reads no calendar.
    pub fn tick(&mut self, at: DateTime<Utc>) -> bool {
        let breach = self.next_tick_at().filter(|due| *due <= at);
        if breach.is_some() {
            self.breached_at = breach;
        }
        breach.is_some()
    }

    /// When [`SlaClock::tick`] has something to do: the due of a running clock not yet breached.
    pub fn next_tick_at(&self) -> Option<DateTime<Utc>> {
        let awaited = self.state == ClockState::Running && self.breached_at.is_none();
        awaited.then_some(self.due_at)
    }

    fn turn(
        &mut self,
        calendars: &dyn CalendarVersions,
        at: DateTime<Utc>,
        to: ClockState,
        cause: &str,
    ) -> Result<ClockChange, SlaError> {
        let at = self.not_before_last(at);
        let mut next = self.clone();
        if self.state == ClockState::Running {
            next.note_breach(at);
        }
        if let Some(end) = next.end.take() {
            next.open(end.at, false, &end.cause)?;
        }
        let waited_secs = next.waiting(calendars, at)?;
        next.close(at);
        next.state = to;
        match to {
            ClockState::Running => next.open(at, true, cause)?,
            ClockState::Paused => next.open(at, false, cause)?,
            ClockState::Met | ClockState::Cancelled => {
                let cause = cause.chars().take(CAUSE_MAX).collect();
                next.end = Some(ClockEnd { at, cause });
            }
        }
        next.due_at = next.due_at(calendars, at)?;
        // After a wait the due may lie in the closed hours just waited through.
        if matches!(to, ClockState::Running | ClockState::Met) {
            next.note_breach(at);
        }
        Ok(self.replace(next, waited_secs))
    }

    /// Marks a breach when the due lies before `at`; being done at the due itself is in time.
    fn note_breach(&mut self, at: DateTime<Utc>) {
        if self.breached_at.is_none() && self.due_at < at {
            self.breached_at = Some(self.due_at);
        }
    }

    /// Working seconds of the open excluded segment up to `at`.
    fn waiting(
        &self,
        calendars: &dyn CalendarVersions,
        at: DateTime<Utc>,
    ) -> Result<u64, SlaError> {
        match self.segments.last() {
            Some(last) if !last.counted && last.to.is_none() => {
                let calendar = self.calendar(calendars, last.calendar_version)?;
                Ok(worked_between(calendar, last.from, at))
            }
            _ => Ok(0),
        }
    }

    pub(super) fn open(
        &mut self,
        from: DateTime<Utc>,
        counted: bool,
        cause: &str,
    ) -> Result<(), SlaError> {
        if self.segments.len() >= SEGMENTS_MAX {
            return Err(SlaError::Full {
                clock: self.clock.clone(),
            });
        }
        self.segments.push(Segment {
            from,
            to: None,
            counted,
            cause: cause.chars().take(CAUSE_MAX).collect(),
            calendar_version: self.calendar_version,
        });
        Ok(())
    }

    fn close(&mut self, at: DateTime<Utc>) {
        if let Some(last) = self.segments.last_mut() {
            last.to.get_or_insert(at);
        }
    }

    pub(super) fn not_before_last(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let last = self.segments.last();
        let boundary = last.map_or(self.started_at, |last| last.to.unwrap_or(last.from));
        at.trunc_subsecs(0).max(boundary)
    }

    fn replace(&mut self, next: Self, waited_secs: u64) -> ClockChange {
        let change = ClockChange {
            changed: true,
            breached: self.breached_at.is_none() && next.breached_at.is_some(),
            due_before: self.due_at,
            due_at: next.due_at,
            waited_secs,
        };
        *self = next;
        change
    }

    fn unchanged(&self) -> ClockChange {
        ClockChange {
            changed: false,
            breached: false,
            due_before: self.due_at,
            due_at: self.due_at,
            waited_secs: 0,
        }
    }

    fn refusal(&self, operation: Operation) -> SlaError {
        SlaError::NotAllowed {
            clock: self.clock.clone(),
            state: self.state,
            operation,
        }
    }
}
