//! What the calls of a rule came to since it was loaded: advice for people, never read by a decision.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

use super::{Outcome, Usage};

/// A call that used more than this part of its budget was slow: ordinary ones use a hundredth. Time
/// would tell less: on a machine that is full an honest call takes long, too.
const SLOW_PART: u64 = 4;
/// Calls that are taken for slow after a slow one.
const SLOW_FOR: u32 = 32;

/// What a call may come to, by the names of the journal; nothing before the first call.
const VERDICTS: [&str; 5] = ["", "no_opinion", "decided", "refused", "failed"];

/// Counts the calls of one rule.
#[derive(Debug, Default)]
pub struct Tally {
    calls: AtomicU64,
    failures: AtomicU64,
    most_used: AtomicU64,
    budget: AtomicU64,
    /// Place of the last verdict among [`VERDICTS`].
    last: AtomicU8,
    /// Calls that are still taken for slow.
    slow: AtomicU32,
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
    /// What the last call came to; none before the first.
    pub last_verdict: Option<&'static str>,
}

impl Tally {
    /// Counts a call that gave a decision.
    pub fn answered(&self, outcome: &Outcome) {
        let decision = &outcome.decision;
        let verdict = match (decision.is_empty(), decision.refusals.is_empty()) {
            (true, _) => 1,
            (false, true) => 2,
            (false, false) => 3,
        };
        self.count(outcome.usage, false, verdict);
    }

    /// Counts a call that failed.
    pub fn failed(&self, usage: Usage) {
        self.count(usage, true, 4);
    }

    /// What the last call asked for could not be done: it failed after all. It is counted as a call
    /// already.
    pub fn retracted(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        self.last.store(4, Ordering::Relaxed);
        self.slow.store(SLOW_FOR, Ordering::Relaxed);
    }

    /// A call runs long: whoever calls the rule next is to know at once.
    pub fn runs_long(&self) {
        self.slow.store(SLOW_FOR, Ordering::Relaxed);
    }

    fn count(&self, usage: Usage, failed: bool, verdict: u8) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.failures
            .fetch_add(u64::from(failed), Ordering::Relaxed);
        self.most_used.fetch_max(usage.used, Ordering::Relaxed);
        self.budget.store(usage.budget, Ordering::Relaxed);
        self.last.store(verdict, Ordering::Relaxed);
        // What failed may have been stopped by the clock, whatever it used.
        if failed || usage.budget < usage.used.saturating_mul(SLOW_PART) {
            self.slow.store(SLOW_FOR, Ordering::Relaxed);
        } else if self.is_slow() {
            // Two at once may count one call: it is about right.
            let left = self.slow.load(Ordering::Relaxed).saturating_sub(1);
            self.slow.store(left, Ordering::Relaxed);
        }
    }

    /// Whether the rule was slow of late.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        self.slow.load(Ordering::Relaxed) > 0
    }

    /// The counts so far.
    #[must_use]
    pub fn read(&self) -> Tallied {
        Tallied {
            calls: self.calls.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            most_used: self.most_used.load(Ordering::Relaxed),
            budget: self.budget.load(Ordering::Relaxed),
            last_verdict: VERDICTS
                .get(usize::from(self.last.load(Ordering::Relaxed)))
                .copied()
                .filter(|name| !name.is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(used: u64) -> Outcome {
        let usage = Usage { used, budget: 100 };
        Outcome {
            usage,
            ..Outcome::default()
        }
    }

    #[test]
    fn a_call_that_asked_for_what_cannot_be_done_is_one_call_and_one_failure() {
        let tally = Tally::default();
        tally.answered(&used(25));
        tally.retracted();
        let counts = tally.read();
        assert_eq!((counts.calls, counts.failures), (1, 1));
        assert_eq!(counts.last_verdict, Some("failed"));
    }

    #[test]
    fn a_rule_is_slow_for_a_while_after_a_call_that_used_much_or_failed() {
        let tally = Tally::default();
        tally.answered(&used(25));
        assert!(!tally.is_slow());
        tally.answered(&used(26));
        for _ in 0..SLOW_FOR {
            assert!(tally.is_slow());
            tally.answered(&used(1));
        }
        assert!(!tally.is_slow());
        tally.failed(Usage {
            used: 0,
            budget: 100,
        });
        assert!(tally.is_slow());
    }
}
