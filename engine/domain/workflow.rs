//! Statuses, their categories, and the transitions between them.

use serde::{Deserialize, Serialize};

use super::Names;

/// What a status means to the engine, which knows nobody's status names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusCategory {
    /// Registered, not begun.
    New,
    /// Being worked on.
    Open,
    /// Waiting for somebody outside.
    Waiting,
    /// Finished.
    Done,
    /// Given up.
    Cancelled,
}

impl StatusCategory {
    /// Every category.
    pub const ALL: [Self; 5] = [
        Self::New,
        Self::Open,
        Self::Waiting,
        Self::Done,
        Self::Cancelled,
    ];

    /// The name used in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Open => "open",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more is expected to happen.
    #[must_use]
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled)
    }
}

/// A status of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusDef {
    /// Code, `pack/name` once loaded.
    pub code: String,
    /// Names by locale.
    #[serde(default)]
    pub names: Names,
    /// What it means to the engine.
    pub category: StatusCategory,
    /// SLA clocks that stand still in this status.
    #[serde(default)]
    pub pauses: Vec<String>,
}

/// A permitted change of status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransitionDef {
    /// Status that is left; `*` for any.
    pub from: String,
    /// Status that is entered.
    pub to: String,
    /// Names of the action by locale.
    #[serde(default)]
    pub names: Names,
    /// Fields that must have a value.
    #[serde(default)]
    pub requires: Vec<String>,
}

/// Statuses and the ways between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
    /// Code, `pack/name` once loaded.
    pub code: String,
    /// Status of a new record.
    pub initial: String,
    /// Status of a record that was merged into another one; empty: the first one of category
    /// cancelled, else the first of category done.
    #[serde(default)]
    pub merged: String,
    /// The statuses, in the order they are shown.
    pub statuses: Vec<StatusDef>,
    /// The permitted changes.
    #[serde(default)]
    pub transitions: Vec<TransitionDef>,
}

impl Workflow {
    /// The status with this code.
    #[must_use]
    pub fn status(&self, code: &str) -> Option<&StatusDef> {
        self.statuses.iter().find(|s| s.code == code)
    }

    /// The status of a record that was merged into another one.
    #[must_use]
    pub fn merged(&self) -> Option<&StatusDef> {
        let of = |category| self.statuses.iter().find(|s| s.category == category);
        let first = || of(StatusCategory::Cancelled).or_else(|| of(StatusCategory::Done));
        self.status(&self.merged).or_else(first)
    }

    /// The definition of the change from one status to another, if it is permitted.
    #[must_use]
    pub fn transition(&self, from: &str, to: &str) -> Option<&TransitionDef> {
        self.transitions
            .iter()
            .find(|t| t.from == from && t.to == to)
            .or_else(|| {
                self.transitions
                    .iter()
                    .find(|t| t.from == "*" && t.to == to && from != to)
            })
    }

    /// Statuses that may be entered from `from`, in the order they are shown.
    pub fn targets<'a>(&'a self, from: &'a str) -> impl Iterator<Item = &'a StatusDef> + 'a {
        self.statuses
            .iter()
            .filter(move |s| self.transition(from, &s.code).is_some())
    }

    /// What is wrong with the workflow: unknown or double statuses, an initial status that does not
    /// exist, statuses from which no closed one can be reached.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.status(&self.initial).is_none() {
            faults.push(format!(
                "initial status `{}` is not one of the statuses",
                self.initial
            ));
        }
        for (i, s) in self.statuses.iter().enumerate() {
            if self
                .statuses
                .iter()
                .take(i)
                .any(|other| other.code == s.code)
            {
                faults.push(format!("status `{}` stands twice", s.code));
            }
        }
        for t in &self.transitions {
            for code in [&t.from, &t.to] {
                if code != "*" && self.status(code).is_none() {
                    faults.push(format!("transition names unknown status `{code}`"));
                }
            }
        }
        let stuck = self.statuses.iter().filter(|s| !self.reaches_end(&s.code));
        faults.extend(stuck.map(|s| {
            format!(
                "from status `{}` no status of category done or cancelled can be reached",
                s.code
            )
        }));
        faults
    }

    fn reaches_end(&self, from: &str) -> bool {
        let mut seen = vec![from];
        let mut next = 0;
        while let Some(code) = seen.get(next).copied() {
            if self.status(code).is_some_and(|s| s.category.is_closed()) {
                return true;
            }
            seen.extend(
                self.targets(code)
                    .map(|s| s.code.as_str())
                    .filter(|c| !seen.contains(c))
                    .collect::<Vec<_>>(),
            );
            next += 1;
        }
        false
    }
}
