//! Moving the clock of a desk that does not run on real time: what comes due on the way happens at
//! its own instant, one timer after another, as if the time had been lived through.

use std::time::Duration;

use chrono::TimeDelta;

use super::journal::{Purpose, Timer};
use super::timers::Fired;
use super::{Actor, Desk, Error, ErrorKind, Result};
use crate::domain::{Id, Instant, Kind, span};

/// Most timers that are told of by name.
const MOST_TOLD: usize = 200;
/// Timers fired before the next look at the clock.
const TIMERS_AT_ONCE: usize = 100;

/// How far to move the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advance {
    /// By a length of time.
    By(TimeDelta),
    /// To an instant.
    To(Instant),
}

/// Where moving the clock led.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advanced {
    /// The desk's time now.
    pub now: Instant,
    /// Where the clock was to go.
    pub to: Instant,
    /// Whether it is there. If not, the time for one call was over: ask again with the same `to`.
    pub reached: bool,
    /// How many timers ran.
    pub fired: usize,
    /// The timers, in the order they ran; the first 200.
    pub timers: Vec<DueTimer>,
}

/// A timer that came due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueTimer {
    /// When it was due.
    pub due: Instant,
    /// Kind of the record it belonged to.
    pub kind: Kind,
    /// The record.
    pub record: Id,
    /// Its name.
    pub name: String,
    /// What it was for: `rule`, `sla_due`, `sla_warning`, `survey`, `follow_up` or `activity_due`.
    pub purpose: &'static str,
    /// Why what it was to do was refused.
    pub refused: Option<String>,
}

impl Desk {
    /// Moves the clock forward. Timers that come due on the way run in order, each at its instant; so
    /// does what follows from them. At most a year at once and no longer than `budget`: what is left
    /// then is gone on with by asking again.
    ///
    /// # Errors
    /// When the asker is no administrator, the clock shows real time, or it would go back or further
    /// than a year.
    pub fn advance(&self, actor: &Actor, by: Advance, budget: Duration) -> Result<Advanced> {
        if !matches!(actor, Actor::Admin { .. } | Actor::System) {
            return Err(Error::forbidden("this is for administrators"));
        }
        // Nobody else fires timers meanwhile: they would run later than they are due.
        let _turn = self.firing.lock();
        if !self.clock.is_movable() {
            return Err(Error::new(
                ErrorKind::Conflict,
                "clock_is_real",
                "this desk runs on real time, which nobody moves; the clock of `opora demo` can be moved",
            ));
        }
        let to = target(self.now(), by)?;
        let mut walk = Walk::default();
        let walked = self.walk(to, budget, &mut walk);
        let kept = self.clock.run_on();
        // The timer thread may be asleep until what was far away before.
        self.wake_timers();
        let reached = walked?;
        kept.map_err(|e| Error::internal(format!("where the clock is cannot be kept: {e}")))?;
        Ok(Advanced {
            now: self.now(),
            to,
            reached,
            fired: walk.fired,
            timers: walk.timers,
        })
    }

    /// Whether [`Desk::advance`] can move the clock at all.
    #[must_use]
    pub fn can_advance(&self) -> bool {
        self.clock.is_movable()
    }

    /// Goes from due time to due time; true when it came to the end.
    fn walk(&self, to: Instant, budget: Duration, walk: &mut Walk) -> Result<bool> {
        let begun = std::time::Instant::now();
        while let Some(due) = self.next_timer()?.filter(|due| *due <= to) {
            if budget <= begun.elapsed() {
                return Ok(false);
            }
            self.clock.stand_at(due);
            if self.fire_now_due(TIMERS_AT_ONCE, &mut |fired| walk.add(fired))? == 0 {
                break;
            }
        }
        self.clock.stand_at(to);
        self.fire_now_due(TIMERS_AT_ONCE, &mut |fired| walk.add(fired))?;
        Ok(true)
    }
}

/// What ran on the way.
#[derive(Default)]
struct Walk {
    fired: usize,
    timers: Vec<DueTimer>,
}

impl Walk {
    fn add(&mut self, fired: Fired) {
        self.fired += 1;
        if self.timers.len() < MOST_TOLD {
            self.timers.push(told(fired));
        }
    }
}

fn told(Fired { timer, refused }: Fired) -> DueTimer {
    let Timer {
        due,
        kind,
        owner,
        name,
        purpose,
        ..
    } = timer;
    let purpose = match purpose {
        Purpose::Rule { .. } => "rule",
        Purpose::SlaDue { .. } => "sla_due",
        Purpose::SlaWarn { .. } => "sla_warning",
        Purpose::SurveySend { .. } => "survey",
        Purpose::Changed { .. } => "follow_up",
        Purpose::PlanDue => "activity_due",
        Purpose::Recur => "recurrence",
    };
    DueTimer {
        due,
        kind,
        record: owner,
        name,
        purpose,
        refused,
    }
}

fn target(now: Instant, by: Advance) -> Result<Instant> {
    let (field, far) = match by {
        Advance::By(_) => ("advance", "is over the limit of 366 days for one call"),
        Advance::To(_) => ("to", "lies more than 366 days ahead; go there in steps"),
    };
    let too_far = || Error::field(field, "too_far", far);
    let to = match by {
        Advance::By(by) => now.checked_add_signed(by).ok_or_else(too_far)?,
        Advance::To(to) => to,
    };
    if to < now {
        let now = now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let why = format!("the clock never goes back; it is {now} now");
        return Err(Error::field(field, "clock_goes_back", why));
    }
    if TimeDelta::seconds(span::MAX_SECS) < to - now {
        return Err(too_far());
    }
    Ok(to)
}
