//! How often pages that need no login are looked at: whoever tries many links waits, and the desk's
//! own people do not.

use std::time::Instant;

use parking_lot::Mutex;

/// Turns that come back with time.
pub struct Turns {
    most: f64,
    per_second: f64,
    left: Mutex<(f64, Instant)>,
}

impl Turns {
    /// At most so many at once, and so many a second in the long run.
    pub fn new(most: u32, per_second: u32) -> Self {
        Self {
            most: f64::from(most),
            per_second: f64::from(per_second),
            left: Mutex::new((f64::from(most), Instant::now())),
        }
    }

    /// Takes a turn; false when there is none left.
    pub fn take(&self) -> bool {
        self.take_at(Instant::now())
    }

    fn take_at(&self, now: Instant) -> bool {
        let mut left = self.left.lock();
        let passed = now.saturating_duration_since(left.1).as_secs_f64();
        *left = ((left.0 + passed * self.per_second).min(self.most), now);
        if left.0 < 1.0 {
            return false;
        }
        left.0 -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Turns;

    #[test]
    fn turns_run_out_and_come_back() {
        let turns = Turns::new(3, 2);
        let begun = Instant::now();
        let taken = (0..5).filter(|_| turns.take_at(begun)).count();
        assert_eq!(taken, 3);
        assert!(turns.take_at(begun + Duration::from_millis(600)));
        assert!(!turns.take_at(begun + Duration::from_millis(700)));
        let later = begun + Duration::from_secs(3_600);
        let taken = (0..5).filter(|_| turns.take_at(later)).count();
        assert_eq!(taken, 3);
    }
}
