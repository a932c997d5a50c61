//! Breakers: a rule that keeps failing is suspended, alone. A suspended guard keeps refusing, a
//! suspended effect is skipped; neither is run until an administrator resets it or installs another
//! revision. What is counted lives in memory: a restart gives a rule another chance.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;

use crate::domain::Id;
use crate::hooks::Rule;

/// Distinct records on which a rule must fail in a row before it is suspended.
const TRIP_AT: usize = 3;

/// The state of every rule that failed since the desk was opened.
#[derive(Default)]
pub struct Breakers(Mutex<BTreeMap<String, Breaker>>);

#[derive(Default, Clone)]
struct Breaker {
    /// Revision of the pack that failed; another one begins anew.
    revision: [u8; 32],
    /// Records on which it failed since it last ran well.
    records: BTreeSet<Id>,
    /// Failures since the desk was opened.
    failures: u64,
    /// The last message.
    message: String,
}

/// A rule that failed, as the health of the desk shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailingRule {
    /// `pack/name`.
    pub rule: String,
    /// How often it failed since the desk was opened.
    pub failures: u64,
    /// The last message.
    pub message: String,
    /// Whether it is suspended.
    pub suspended: bool,
}

impl Breakers {
    /// The last error of a rule that is suspended.
    pub fn suspended(&self, rule: &Rule) -> Option<String> {
        let all = self.0.lock();
        if all.is_empty() {
            return None;
        }
        let breaker = all.get(&rule.id())?;
        (breaker.revision == rule.revision && breaker.is_open()).then(|| breaker.message.clone())
    }

    /// A rule failed on a record.
    pub fn failed(&self, rule: &Rule, record: Id, message: &str) {
        let mut all = self.0.lock();
        let breaker = all.entry(rule.id()).or_default();
        if breaker.revision != rule.revision {
            *breaker = Breaker {
                revision: rule.revision,
                ..Breaker::default()
            };
        }
        breaker.failures += 1;
        message.clone_into(&mut breaker.message);
        if breaker.records.len() < TRIP_AT {
            breaker.records.insert(record);
        }
        if breaker.is_open() {
            tracing::error!(rule = %rule.id(), "rule is suspended after failing on several records");
        }
    }

    /// A rule ran well: its failures were not in a row.
    pub fn ran_well(&self, rule: &Rule) {
        let mut all = self.0.lock();
        if !all.is_empty()
            && let Some(breaker) = all.get_mut(&rule.id())
        {
            breaker.records.clear();
        }
    }

    /// Closes a rule's breaker. Whether there was one.
    pub fn reset(&self, rule: &str) -> bool {
        self.0.lock().remove(rule).is_some()
    }

    /// The rules that failed.
    pub fn list(&self) -> Vec<FailingRule> {
        let view = |(rule, b): (&String, &Breaker)| FailingRule {
            rule: rule.clone(),
            failures: b.failures,
            message: b.message.clone(),
            suspended: b.is_open(),
        };
        self.0.lock().iter().map(view).collect()
    }
}

impl Breaker {
    fn is_open(&self) -> bool {
        self.records.len() >= TRIP_AT
    }
}
