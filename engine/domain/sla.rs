//! SLA clocks: what was promised for a ticket, and the ledger of the time that counts against it.
//!
//! A clock's segments lie end to end from its start. A running one has an open counted segment, a
//! paused one an open excluded segment, a met or cancelled one none. The due follows from them:
//!
//! > due = the earliest instant at which the working time since the start
//! > reaches the target plus the working time excluded so far.
//!
//! So a wait moves the due by the *working* time waited. While paused the due is provisional: it
//! moves on with `now`. Each segment is counted by the calendar version it names, so a new version
//! of a calendar leaves the past alone. A change to a level with *another* calendar recounts all
//! of it: the due becomes that of a ticket which had the level from the start, with the same waits.
//!
//! Rules common to all operations:
//! - asking for the state a clock is already in changes nothing and is no error;
//! - `at` before the latest segment boundary is taken as that boundary, because nodes' clocks
//!   differ a little and a ledger never runs backwards;
//! - a running clock whose due has passed is marked as breached first. A breach is never taken back;
//! - after an error the clock is as it was.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::working_time::NeverDue;
pub use ledger::{LedgerRow, LedgerView, SpecialDay};
pub use level::{Share, SupportLevel, TARGET_SECS_MAX, Target};

mod ledger;
mod level;
mod operations;
mod questions;
#[cfg(test)]
mod tests;

/// Most segments of one clock.
pub const SEGMENTS_MAX: usize = 4_096;
/// Characters kept of a cause.
pub const CAUSE_MAX: usize = 200;

/// What a clock promises. See [`SupportLevel::terms`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Code of the level.
    pub level: String,
    /// Code of the calendar.
    pub calendar_code: String,
    /// Version of the calendar.
    pub calendar_version: u32,
    /// Working seconds until due.
    pub target_secs: u64,
}

/// Whether a clock runs, waits or has ended. *Breached* is a fact beside it, not a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockState {
    /// Working time counts.
    Running,
    /// The customer or somebody else is waited for.
    Paused,
    /// What was promised is done, in time or late.
    Met,
    /// The promise no longer holds.
    Cancelled,
}

/// A span of a clock's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// First second.
    pub from: DateTime<Utc>,
    /// Second after the last one; none while it goes on.
    pub to: Option<DateTime<Utc>>,
    /// Whether its working time counts against the target.
    pub counted: bool,
    /// Why it began.
    pub cause: String,
    /// Version of the calendar it is counted by.
    pub calendar_version: u32,
}

/// How a clock ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockEnd {
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub cause: String,
}

/// A promise about one ticket, and the ledger of its keeping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlaClock {
    /// Name of the clock: `reaction`, `resolution` or another.
    pub clock: String,
    /// Code of the level that promised.
    pub level: String,
    /// Code of the calendar; all segments are counted by versions of it.
    pub calendar_code: String,
    /// Version of the calendar for what comes next.
    pub calendar_version: u32,
    /// Working seconds promised.
    pub target_secs: u64,
    /// When the clock started.
    pub started_at: DateTime<Utc>,
    /// Whether it runs.
    pub state: ClockState,
    /// The due that passed unmet, once one has.
    pub breached_at: Option<DateTime<Utc>>,
    /// The due as of the last operation; [`SlaClock::due_at`] tells it for a paused clock.
    pub due_at: DateTime<Utc>,
    /// The ledger: spans end to end from `started_at`.
    pub segments: Vec<Segment>,
    /// How it ended, when it has.
    pub end: Option<ClockEnd>,
}

/// What an operation did, for the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockChange {
    /// Whether anything changed.
    pub changed: bool,
    /// Whether the clock was found breached by this operation.
    pub breached: bool,
    /// The stored due before it.
    pub due_before: DateTime<Utc>,
    /// The stored due after it.
    pub due_at: DateTime<Utc>,
    /// Working seconds of the excluded span that it ended: what the due was extended by.
    pub waited_secs: u64,
}

/// What can be asked of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Stop counting for a while.
    Pause,
    /// Count again.
    Resume,
    /// The promise is kept.
    Meet,
    /// The promise no longer holds.
    Cancel,
    /// Run again after an end.
    Reopen,
    /// Promise something else.
    ChangeLevel,
    /// Promise the same with more time.
    Extend,
}

/// Why an operation on a clock, or a question to it, failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlaError {
    /// The state does not allow the operation.
    #[error("clock `{clock}` is {state} and cannot be {operation}; {}", operation.way_out())]
    NotAllowed {
        /// Name of the clock.
        clock: String,
        /// Its state.
        state: ClockState,
        /// What was asked.
        operation: Operation,
    },
    /// The lookup does not have a version that the ledger names.
    #[error("calendar `{code}` version {version} is missing; the ledger needs it to count")]
    CalendarMissing {
        /// Code of the calendar.
        code: String,
        /// Version of the calendar.
        version: u32,
    },
    /// There is too little working time ahead.
    #[error(transparent)]
    NeverDue(#[from] NeverDue),
    /// More was promised than a target may be.
    #[error(
        "clock `{clock}` would promise more than {TARGET_SECS_MAX} working seconds; extend it by less"
    )]
    TooLong {
        /// Name of the clock.
        clock: String,
    },
    /// The ledger is full.
    #[error("clock `{clock}` has {SEGMENTS_MAX} segments already; cancel it and start another")]
    Full {
        /// Name of the clock.
        clock: String,
    },
}

/// Where a clock finds the versions of its calendar: a calendar, a few, or a store of them.
pub trait CalendarVersions {
    /// Version `version` of calendar `code`.
    fn find(&self, code: &str, version: u32) -> Option<&Calendar>;
}

impl CalendarVersions for Calendar {
    fn find(&self, code: &str, version: u32) -> Option<&Calendar> {
        (self.code == code && self.version == version).then_some(self)
    }
}

impl<T: CalendarVersions> CalendarVersions for Arc<T> {
    fn find(&self, code: &str, version: u32) -> Option<&Calendar> {
        self.as_ref().find(code, version)
    }
}

impl<T: CalendarVersions> CalendarVersions for Vec<T> {
    fn find(&self, code: &str, version: u32) -> Option<&Calendar> {
        self.iter().find_map(|some| some.find(code, version))
    }
}

impl fmt::Display for ClockState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Met => "met",
            Self::Cancelled => "cancelled",
        })
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pause => "paused",
            Self::Resume => "resumed",
            Self::Meet => "met",
            Self::Cancel => "cancelled",
            Self::Reopen => "reopened",
            Self::ChangeLevel => "given another level",
            Self::Extend => "extended",
        })
    }
}

impl Operation {
    fn way_out(self) -> &'static str {
        match self {
            Self::Reopen => "resume it",
            _ => "reopen it first",
        }
    }
}

impl SlaError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAllowed { .. } => "sla_operation_not_allowed",
            Self::CalendarMissing { .. } => "sla_calendar_missing",
            Self::NeverDue(_) => "sla_never_due",
            Self::TooLong { .. } => "sla_too_long",
            Self::Full { .. } => "sla_ledger_full",
        }
    }
}

impl SlaClock {
    /// Starts a clock at `at`.
    ///
    /// # Errors
    /// When the calendar is missing or has too little working time ahead.
    pub fn start(
        clock: impl Into<String>,
        terms: Terms,
        calendars: &dyn CalendarVersions,
        at: DateTime<Utc>,
        cause: &str,
    ) -> Result<Self, SlaError> {
        let at = at.trunc_subsecs(0);
        let mut started = Self {
            clock: clock.into(),
            level: terms.level,
            calendar_code: terms.calendar_code,
            calendar_version: terms.calendar_version,
            target_secs: terms.target_secs,
            started_at: at,
            state: ClockState::Running,
            breached_at: None,
            due_at: at,
            segments: Vec::new(),
            end: None,
        };
        started.open(at, true, cause)?;
        started.due_at = started.due_at(calendars, at)?;
        Ok(started)
    }
}
