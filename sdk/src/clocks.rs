//! Clocks of a ticket: what the clocks shall do, and empty ones for unit tests.

use crate::sla_clock::{Act, Decision, Step};

impl Decision {
    fn step(mut self, clock: &str, act: Act) -> Self {
        self.steps.push(Step {
            clock: clock.to_owned(),
            act,
        });
        self
    }

    /// Lets a clock run: begun anew by the level's terms, or run on after it ended.
    #[must_use]
    pub fn start(self, clock: &str) -> Self {
        self.step(clock, Act::Start)
    }

    /// Lets a clock stand still.
    #[must_use]
    pub fn pause(self, clock: &str) -> Self {
        self.step(clock, Act::Pause)
    }

    /// Lets a clock run on.
    #[must_use]
    pub fn resume(self, clock: &str) -> Self {
        self.step(clock, Act::Resume)
    }

    /// Ends a clock well: what was promised is done.
    #[must_use]
    pub fn meet(self, clock: &str) -> Self {
        self.step(clock, Act::Meet)
    }

    /// Ends a clock without a verdict.
    #[must_use]
    pub fn cancel(self, clock: &str) -> Self {
        self.step(clock, Act::Cancel)
    }

    /// Makes a clock due later by so many seconds of working time.
    #[must_use]
    pub fn extend(self, clock: &str, secs: i64) -> Self {
        self.step(clock, Act::Extend(secs))
    }
}

macro_rules! clock {
    ($module:ident) => {
        impl Default for crate::$module::Clock {
            /// A running reaction clock due at the beginning of 1970, for unit tests.
            fn default() -> Self {
                Self {
                    name: "reaction".to_owned(),
                    state: "running".to_owned(),
                    due_at: 0,
                    breached: false,
                }
            }
        }
    };
}

clock!(sla_clock);
clock!(sla_event);
