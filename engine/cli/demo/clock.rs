//! The demo's clock: real time plus an offset that never goes back.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{TimeDelta, TimeZone, Utc};

use crate::desk::{Clock, SystemClock};
use crate::domain::Instant;

/// Real time plus an offset.
#[derive(Debug)]
pub struct DemoClock {
    offset_micros: AtomicI64,
    last_micros: AtomicI64,
}

impl DemoClock {
    /// A clock that shows real time plus `offset`.
    #[must_use]
    pub fn with_offset(offset: TimeDelta) -> Self {
        Self {
            offset_micros: AtomicI64::new(offset.num_microseconds().unwrap_or(0)),
            last_micros: AtomicI64::new(i64::MIN),
        }
    }

    /// Raises the offset until the clock shows at least `at`; returns the offset.
    pub fn reach(&self, at: Instant) -> TimeDelta {
        let needed = at - SystemClock::machine_time();
        let needed = needed.num_microseconds().unwrap_or(0);
        let before = self.offset_micros.fetch_max(needed, Ordering::AcqRel);
        TimeDelta::microseconds(before.max(needed))
    }
}

impl Clock for DemoClock {
    fn now(&self) -> Instant {
        let micros = SystemClock::machine_time()
            .timestamp_micros()
            .saturating_add(self.offset_micros.load(Ordering::Acquire));
        let last = self.last_micros.fetch_max(micros, Ordering::AcqRel);
        Utc.timestamp_micros(micros.max(last))
            .single()
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::DemoClock;
    use crate::desk::Clock;

    #[test]
    fn the_offset_rises_and_never_falls() {
        let clock = DemoClock::with_offset(TimeDelta::zero());
        let later = clock.now() + TimeDelta::days(30);
        assert!(TimeDelta::days(29) < clock.reach(later));
        assert!(later <= clock.now());
        let earlier = later - TimeDelta::days(60);
        assert!(TimeDelta::days(29) < clock.reach(earlier));
        assert!(later <= clock.now());
    }
}
