//! Breakers: a rule that keeps failing is suspended, alone. A suspended guard keeps refusing, a
//! suspended effect is skipped; neither is run until an administrator resets it or installs another
//! revision. Failures are counted in memory; a suspension is a row of its own and a journal entry,
//! so that a restart does not end it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::{Answer, Deciding};
use crate::desk::{Error, Result, codec, keys};
use crate::domain::{Id, Instant, Value};
use crate::hooks::Rule;
use crate::store::{Snapshot, Table};

/// Distinct records on which a rule must fail in a row before it is suspended.
const TRIP_AT: usize = 3;
/// Failures in a row before it is suspended, on however few records: what one caller repeats may be
/// that record's fault, what it repeats this often is a load.
const TRIP_ON_FEW: u64 = 20;
/// Longest message that is kept, in characters.
const MAX_MESSAGE_CHARS: usize = 1_000;
/// Most suspensions that are read back.
const MAX_SUSPENDED: usize = 2_000;

/// The state of every rule that failed since the desk was opened, or is suspended.
#[derive(Default)]
pub struct Breakers {
    all: Mutex<BTreeMap<String, Breaker>>,
    /// Whether a breaker opened whose row is not written yet.
    unsaved: AtomicBool,
}

#[derive(Default, Clone)]
struct Breaker {
    /// Revision of the pack that failed; another one begins anew.
    revision: [u8; 32],
    /// Records on which it failed since it last ran well.
    records: BTreeSet<Id>,
    /// Failures since it last ran well.
    in_a_row: u64,
    /// Failures since the desk was opened.
    failures: u64,
    /// The last message.
    message: String,
    /// Suspended, whatever was counted.
    open: bool,
    /// Whether the store knows of the suspension.
    saved: bool,
}

/// The failures in a row that a call which seemed to run well ended.
#[derive(Debug, Default, Clone)]
pub struct Row {
    records: BTreeSet<Id>,
    in_a_row: u64,
}

/// A suspended rule as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// `pack/name`.
    pub rule: String,
    /// Revision of the pack that failed.
    pub revision: [u8; 32],
    /// When.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: Instant,
    /// The last error.
    pub message: String,
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
    /// Hash of the pack's revision that failed.
    pub revision: [u8; 32],
}

impl Breakers {
    /// The last error of a rule that is suspended.
    pub fn suspended(&self, rule: &Rule) -> Option<String> {
        let all = self.all.lock();
        if all.is_empty() {
            return None;
        }
        let breaker = all.get(&rule.id())?;
        (breaker.revision == rule.revision && breaker.open).then(|| breaker.message.clone())
    }

    /// A rule failed on a record.
    pub fn failed(&self, rule: &Rule, record: Id, message: &str) {
        let mut all = self.all.lock();
        let breaker = all.entry(rule.id()).or_default();
        if breaker.revision != rule.revision {
            *breaker = Breaker {
                revision: rule.revision,
                ..Breaker::default()
            };
        }
        breaker.failures += 1;
        breaker.in_a_row += 1;
        breaker.message = message.chars().take(MAX_MESSAGE_CHARS).collect();
        if breaker.records.len() < TRIP_AT {
            breaker.records.insert(record);
        }
        let trips = TRIP_AT <= breaker.records.len() || TRIP_ON_FEW <= breaker.in_a_row;
        if trips && !breaker.open {
            breaker.open = true;
            self.unsaved.store(true, Ordering::Release);
            tracing::error!(
                rule = %rule.id(),
                records = breaker.records.len(),
                failures = breaker.in_a_row,
                "rule is suspended after failing again and again"
            );
        }
    }

    /// A rule ran well: its failures were not in a row. Gives what was counted until then.
    pub fn ran_well(&self, rule: &Rule) -> Row {
        let mut all = self.all.lock();
        if all.is_empty() {
            return Row::default();
        }
        let breaker = all.get_mut(&rule.id());
        breaker.map_or_else(Row::default, |breaker| Row {
            records: std::mem::take(&mut breaker.records),
            in_a_row: std::mem::take(&mut breaker.in_a_row),
        })
    }

    /// A rule that seemed to run well asked for what cannot be done: its failures are in a row still.
    pub fn failed_after(&self, rule: &Rule, record: Id, message: &str, row: &Row) {
        if let Some(breaker) = self.all.lock().get_mut(&rule.id())
            && breaker.revision == rule.revision
        {
            let known = breaker.records.len();
            let more = row.records.iter().take(TRIP_AT.saturating_sub(known));
            breaker.records.extend(more);
            breaker.in_a_row += row.in_a_row;
        }
        self.failed(rule, record, message);
    }

    /// Closes a rule's breaker. Whether there was one.
    pub fn reset(&self, rule: &str) -> bool {
        self.all.lock().remove(rule).is_some()
    }

    /// Whether something is known of a rule.
    pub fn knows(&self, rule: &str) -> bool {
        self.all.lock().contains_key(rule)
    }

    /// Closes the breakers of a pack's rules.
    pub fn forget(&self, pack: &str) {
        let own = |rule: &str| rule.split_once('/').is_some_and(|(p, _)| p == pack);
        self.all.lock().retain(|rule, _| !own(rule));
    }

    /// The rules that failed.
    pub fn list(&self) -> Vec<FailingRule> {
        let view = |(rule, b): (&String, &Breaker)| FailingRule {
            rule: rule.clone(),
            failures: b.failures,
            message: b.message.clone(),
            suspended: b.open,
            revision: b.revision,
        };
        self.all.lock().iter().map(view).collect()
    }

    /// The suspensions that the store does not know of yet; each is given once.
    pub fn take_unsaved(&self, now: Instant) -> Vec<Suspension> {
        if !self.unsaved.swap(false, Ordering::AcqRel) {
            return Vec::new();
        }
        let mut all = self.all.lock();
        let new = all.iter_mut().filter(|(_, b)| b.open && !b.saved);
        let take = |(rule, b): (&String, &mut Breaker)| {
            b.saved = true;
            Suspension {
                rule: rule.clone(),
                revision: b.revision,
                at: now,
                message: b.message.clone(),
            }
        };
        new.map(take).collect()
    }

    /// A suspension could not be stored: the next command tries again.
    pub fn not_saved(&self, rule: &str) {
        if let Some(breaker) = self.all.lock().get_mut(rule) {
            breaker.saved = false;
            self.unsaved.store(true, Ordering::Release);
        }
    }

    /// Reads back what was suspended when the desk was closed.
    ///
    /// # Errors
    /// When the store fails.
    pub fn restore(&self, snapshot: &dyn Snapshot) -> Result<()> {
        let prefix = keys::suspensions();
        let to = keys::after(&prefix);
        let mut all = self.all.lock();
        for (_, row) in snapshot.range(Table::Meta, &prefix, &to, false, MAX_SUSPENDED)? {
            let kept: Suspension = codec::decode(&row.bytes)?;
            let breaker = Breaker {
                revision: kept.revision,
                message: kept.message,
                open: true,
                saved: true,
                ..Breaker::default()
            };
            all.insert(kept.rule, breaker);
        }
        Ok(())
    }
}

impl Deciding<'_, '_> {
    /// Keeps a suspension.
    pub(super) fn suspend_rule(&mut self, kept: &Suspension) -> Result<Answer> {
        self.actor.require_admin("suspending a rule")?;
        let arguments = &mut self.input.arguments;
        arguments.push(("rule".to_owned(), Value::from(kept.rule.as_str())));
        arguments.push(("error".to_owned(), Value::from(kept.message.as_str())));
        let key = keys::suspension(&kept.rule);
        let row = codec::encode(kept)?;
        self.draft.rows.put.push((Table::Meta, key, row));
        self.draft
            .notes
            .push(format!("rule_suspended:{}", kept.rule));
        Ok(self.about_rule())
    }

    /// Ends a suspension, or forgets failures that were counted.
    pub(super) fn reset_rule(&mut self, rule: &str) -> Result<Answer> {
        self.actor.require_admin("resetting a rule")?;
        let key = keys::suspension(rule);
        let row = self.draft.snapshot.get(Table::Meta, &key)?;
        if row.is_none() && !self.ground.breakers.knows(rule) {
            return Err(Error::new(
                crate::desk::ErrorKind::NotFound,
                "not_found",
                "no such rule has failed",
            ));
        }
        let arguments = &mut self.input.arguments;
        arguments.push(("rule".to_owned(), Value::from(rule)));
        self.draft.rows.delete.push((Table::Meta, key));
        self.draft.notes.push(format!("rule_reset:{rule}"));
        Ok(self.about_rule())
    }

    fn about_rule(&mut self) -> Answer {
        Answer {
            kind: None,
            id: self.allot.id(self.ground.now),
            entry: None,
        }
    }
}
