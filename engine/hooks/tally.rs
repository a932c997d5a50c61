//! What the calls of a rule came to since it was loaded: advice for people, never read by a decision.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Usage;

/// Counts the calls of one rule.
#[derive(Debug, Default)]
pub struct Tally {
    calls: AtomicU64,
    failures: AtomicU64,
    most_used: AtomicU64,
    budget: AtomicU64,
}

/// A [`Tally`] at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tallied {
    /// Calls.
    pub calls: u64,
    /// Calls that failed.
    pub failures: u64,
    /// What the dearest call used of its budget.
    pub most_used: u64,
    /// The budget of one call; 0 before the first.
    pub budget: u64,
}

impl Tally {
    /// Counts a call.
    pub fn count(&self, usage: Usage, failed: bool) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.failures
            .fetch_add(u64::from(failed), Ordering::Relaxed);
        self.most_used.fetch_max(usage.used, Ordering::Relaxed);
        self.budget.store(usage.budget, Ordering::Relaxed);
    }

    /// The counts so far.
    #[must_use]
    pub fn read(&self) -> Tallied {
        Tallied {
            calls: self.calls.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            most_used: self.most_used.load(Ordering::Relaxed),
            budget: self.budget.load(Ordering::Relaxed),
        }
    }
}
