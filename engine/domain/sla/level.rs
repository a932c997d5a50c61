//! Support levels: how fast a ticket has to be answered and solved, and by which calendar.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::super::Names;
use super::super::calendar::check::{check_code, check_names};
use super::super::calendar::{Calendar, FieldError};
use super::Terms;

/// Most targets of a level.
pub const TARGETS_MAX: usize = 20;
/// Most warnings of a target.
pub const WARNINGS_MAX: usize = 10;
/// Longest target, in working seconds: 366 days around the clock.
pub const TARGET_SECS_MAX: u64 = 366 * 86_400;

/// A set of targets and the calendar they are counted by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(expecting = "a support level: an object with `code`, `calendar` and `targets`")]
pub struct SupportLevel {
    /// The name rules use: `gold`.
    pub code: String,
    /// Names by locale.
    #[serde(default)]
    pub names: Names,
    /// Code of the calendar.
    pub calendar: String,
    /// The targets, at most one for each clock.
    pub targets: Vec<Target>,
    /// Position in lists, smallest first.
    #[serde(default)]
    pub order: i32,
}

/// How long one clock may run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(expecting = "a target: an object with `clock` and `duration_secs`")]
pub struct Target {
    /// Name of the clock: `reaction`, `resolution` or another.
    pub clock: String,
    /// Working seconds until due.
    pub duration_secs: u64,
    /// When to warn, in working seconds before due.
    #[serde(default)]
    pub warn_before_secs: Vec<u64>,
}

impl SupportLevel {
    /// The target of `clock`, if the level has one.
    pub fn target(&self, clock: &str) -> Option<&Target> {
        self.targets.iter().find(|target| target.clock == clock)
    }

    /// What a clock named `clock` promises under this level; nothing when the level has no target
    /// for it. `calendar` is the newest version of the level's calendar.
    pub fn terms(&self, clock: &str, calendar: &Calendar) -> Option<Terms> {
        self.target(clock).map(|target| Terms {
            level: self.code.clone(),
            calendar_code: calendar.code.clone(),
            calendar_version: calendar.version,
            target_secs: target.duration_secs,
        })
    }

    /// Everything that is wrong with the level; empty when it may be saved. Whether its calendar
    /// exists is for the caller to see.
    pub fn validate(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        check_code("code", &self.code, &mut errors);
        check_names(&self.names, &mut errors);
        check_code("calendar", &self.calendar, &mut errors);
        if self.targets.len() > TARGETS_MAX {
            errors.push(FieldError::new(
                "targets",
                format!("more than {TARGETS_MAX} targets; drop some"),
            ));
            return errors;
        }
        let mut clocks = BTreeSet::new();
        for (index, target) in self.targets.iter().enumerate() {
            let field = format!("targets[{index}]");
            target.check(&field, &mut errors);
            if !clocks.insert(target.clock.as_str()) {
                errors.push(FieldError::new(
                    format!("{field}.clock"),
                    format!("`{}` has a target already; drop one", target.clock),
                ));
            }
        }
        errors
    }
}

impl Target {
    fn check(&self, field: &str, errors: &mut Vec<FieldError>) {
        check_code(&format!("{field}.clock"), &self.clock, errors);
        let duration = self.duration_secs;
        if duration == 0 || duration > TARGET_SECS_MAX {
            errors.push(FieldError::new(
                format!("{field}.duration_secs"),
                format!("`{duration}` is not a target; write 1 to {TARGET_SECS_MAX} seconds"),
            ));
        }
        if self.warn_before_secs.len() > WARNINGS_MAX {
            errors.push(FieldError::new(
                format!("{field}.warn_before_secs"),
                format!("more than {WARNINGS_MAX} warnings; drop some"),
            ));
            return;
        }
        for (index, &before) in self.warn_before_secs.iter().enumerate() {
            if before == 0 || before >= duration {
                errors.push(FieldError::new(
                    format!("{field}.warn_before_secs[{index}]"),
                    format!("`{before}` is not between 0 and the duration of `{duration}` seconds"),
                ));
            }
        }
    }
}
