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
    /// When to warn, in shares of the time that the clock has: `80%`.
    #[serde(default)]
    pub warn_at: Vec<Share>,
}

/// A share of a clock's time, from 1 to 99 percent, written `80%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Share(u8);

impl Share {
    /// Working seconds that are left of a target when so much of it is used.
    pub const fn left_of(self, target_secs: u64) -> u64 {
        target_secs - target_secs.saturating_mul(self.0 as u64) / 100
    }
}

impl TryFrom<String> for Share {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let number = text.trim().strip_suffix('%').map(str::trim);
        match number.and_then(|number| number.parse().ok()) {
            Some(percent @ 1..=99) => Ok(Self(percent)),
            _ => Err(format!(
                "`{text}` is not a share of the clock's time; write `1%` to `99%`"
            )),
        }
    }
}

impl From<Share> for String {
    fn from(share: Share) -> Self {
        format!("{}%", share.0)
    }
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
    /// Working seconds before the due at which to warn, for a clock that has so many.
    pub fn warnings(&self, target_secs: u64) -> Vec<u64> {
        let shares = self.warn_at.iter().map(|share| share.left_of(target_secs));
        let all = self.warn_before_secs.iter().copied().chain(shares);
        let mut warnings = Vec::with_capacity(self.warn_before_secs.len() + self.warn_at.len());
        for before in all {
            // Where both say the same, it is one warning.
            if !warnings.contains(&before) {
                warnings.push(before);
            }
        }
        warnings
    }

    fn check(&self, field: &str, errors: &mut Vec<FieldError>) {
        check_code(&format!("{field}.clock"), &self.clock, errors);
        let duration = self.duration_secs;
        if duration == 0 || duration > TARGET_SECS_MAX {
            errors.push(FieldError::new(
                format!("{field}.duration_secs"),
                format!("`{duration}` is not a target; write 1 to {TARGET_SECS_MAX} seconds"),
            ));
        }
        if self.warn_before_secs.len() + self.warn_at.len() > WARNINGS_MAX {
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
