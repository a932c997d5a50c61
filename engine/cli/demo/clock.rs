//! The demo's clock: real time plus an offset that never falls. It can be moved, and the offset is
//! kept in the demo's folder.

use std::path::PathBuf;

use chrono::TimeDelta;
use parking_lot::Mutex;

use super::mark::{self, State};
use crate::desk::{Clock, SystemClock};
use crate::domain::Instant;

/// Real time plus an offset.
#[derive(Debug)]
pub struct DemoClock {
    hand: Mutex<Hand>,
    mark: PathBuf,
}

#[derive(Debug)]
struct Hand {
    offset: TimeDelta,
    /// The latest time shown.
    last: Instant,
    /// Where it stands, while it is being moved.
    stands: Option<Instant>,
}

impl DemoClock {
    /// A clock that shows real time plus `offset` and keeps its offset in the file `mark`.
    #[must_use]
    pub fn with_offset(offset: TimeDelta, mark: PathBuf) -> Self {
        let hand = Hand {
            offset,
            last: Instant::default(),
            stands: None,
        };
        Self {
            hand: Mutex::new(hand),
            mark,
        }
    }

    /// Raises the offset until the clock shows at least `at`; returns the offset.
    pub fn reach(&self, at: Instant) -> TimeDelta {
        let mut hand = self.hand.lock();
        hand.reach(at);
        hand.offset
    }
}

impl Hand {
    fn reach(&mut self, at: Instant) {
        self.offset = self.offset.max(at - SystemClock::machine_time());
    }
}

impl Clock for DemoClock {
    fn now(&self) -> Instant {
        let mut hand = self.hand.lock();
        let shown = hand.stands.unwrap_or_else(|| {
            let now = SystemClock::machine_time();
            now.checked_add_signed(hand.offset).unwrap_or(now)
        });
        hand.last = hand.last.max(shown);
        hand.last
    }

    fn is_movable(&self) -> bool {
        true
    }

    fn stand_at(&self, at: Instant) {
        let mut hand = self.hand.lock();
        hand.stands = Some(at.max(hand.last));
    }

    fn run_on(&self) -> Result<(), String> {
        let offset = {
            let mut hand = self.hand.lock();
            if let Some(at) = hand.stands.take() {
                hand.reach(at);
            }
            hand.offset
        };
        mark::write(&self.mark, State::Ready, offset).map_err(|e| e.to_string())
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::DemoClock;
    use crate::cli::demo::mark;
    use crate::desk::Clock;

    fn clock() -> (tempfile::TempDir, DemoClock) {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("demo.json");
        (folder, DemoClock::with_offset(TimeDelta::zero(), mark))
    }

    #[test]
    fn the_offset_rises_and_never_falls() {
        let (_folder, clock) = clock();
        let later = clock.now() + TimeDelta::days(30);
        assert!(TimeDelta::days(29) < clock.reach(later));
        assert!(later <= clock.now());
        let earlier = later - TimeDelta::days(60);
        assert!(TimeDelta::days(29) < clock.reach(earlier));
        assert!(later <= clock.now());
    }

    #[test]
    fn it_stands_while_it_is_moved_and_keeps_where_it_came_to() {
        let (folder, clock) = clock();
        let due = clock.now() + TimeDelta::days(2);
        clock.stand_at(due);
        assert_eq!((clock.now(), clock.now()), (due, due));
        clock.stand_at(due - TimeDelta::days(1));
        assert_eq!(clock.now(), due);
        clock.run_on().unwrap();
        assert!(due <= clock.now());
        let kept = mark::read(&folder.path().join("demo.json")).unwrap();
        let offset = kept.unwrap().offset_seconds;
        assert!(2 * 86_400 - 60 < offset, "{offset}");
    }
}
