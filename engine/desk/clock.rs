//! The engine's time.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{TimeDelta, TimeZone, Utc};

use crate::domain::Instant;

/// Where `now` comes from.
pub trait Clock: Send + Sync {
    /// The engine's time; never goes back.
    fn now(&self) -> Instant;

    /// Whether it can be moved; real time cannot.
    fn is_movable(&self) -> bool {
        false
    }

    /// Moves forward to `at` and stands there until [`Clock::run_on`], when it can be moved.
    fn stand_at(&self, _at: Instant) {}

    /// Goes on from where it stands, as fast as real time.
    ///
    /// # Errors
    /// When where it is now cannot be kept for the next start.
    fn run_on(&self) -> std::result::Result<(), String> {
        Ok(())
    }
}

/// The machine's time plus an offset, which never goes back.
#[derive(Debug, Default)]
pub struct SystemClock {
    offset_micros: i64,
    last_micros: AtomicI64,
}

impl SystemClock {
    /// A clock that shows the machine's time plus `offset`.
    #[must_use]
    pub fn with_offset(offset: TimeDelta) -> Self {
        Self {
            offset_micros: offset.num_microseconds().unwrap_or(0),
            last_micros: AtomicI64::new(i64::MIN),
        }
    }

    /// The machine's time as it is.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the desk's clock")]
    pub fn machine_time() -> Instant {
        Utc::now()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        let micros = Self::machine_time()
            .timestamp_micros()
            .saturating_add(self.offset_micros);
        let last = self.last_micros.fetch_max(micros, Ordering::AcqRel);
        instant(micros.max(last))
    }
}

/// A clock that stands still until it is moved: for tests and for making the demo's history.
#[derive(Debug)]
pub struct VirtualClock(AtomicI64);

impl VirtualClock {
    /// A clock that shows `at`.
    #[must_use]
    pub fn at(at: Instant) -> Self {
        Self(AtomicI64::new(at.timestamp_micros()))
    }

    /// Moves forward to `at`; an earlier instant leaves the clock as it is.
    pub fn advance_to(&self, at: Instant) {
        self.0.fetch_max(at.timestamp_micros(), Ordering::AcqRel);
    }

    /// Moves forward.
    pub fn advance(&self, by: TimeDelta) {
        let micros = by.num_microseconds().unwrap_or(0).max(0);
        self.0.fetch_add(micros, Ordering::AcqRel);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Instant {
        instant(self.0.load(Ordering::Acquire))
    }

    fn is_movable(&self) -> bool {
        true
    }

    fn stand_at(&self, at: Instant) {
        self.advance_to(at);
    }
}

fn instant(micros: i64) -> Instant {
    Utc.timestamp_micros(micros).single().unwrap_or_default()
}
