//! What rules about the stages of a process get and may return: `process.step`.

use serde::{Deserialize, Serialize};

use super::Spot;
use crate::domain::Instant;

/// A record at a stage of its process. The journal keeps it as it is: a member is never added or
/// changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageView {
    /// Full code of the process.
    pub process: String,
    /// Code of the stage.
    pub stage: String,
    /// How often the stage was entered before.
    pub loops: i64,
    /// When the stage was entered.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub entered_at: Instant,
    /// Decisions so far: the stage and the answer, in their order.
    pub decided: Vec<(String, String)>,
    /// What happened.
    pub event: StageEvent,
}

/// What happened to a stage. The order of the cases is stored: new ones go to the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StageEvent {
    /// It was entered.
    Entered,
    /// Somebody decided.
    Decided(String),
    /// What was to be done is done.
    Completed(String),
}

impl StageEvent {
    /// The name used in scripts, plugins and the journal.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Entered => "entered",
            Self::Decided(_) => "decided",
            Self::Completed(_) => "completed",
        }
    }

    /// The answer or the result.
    #[must_use]
    pub fn outcome(&self) -> Option<&str> {
        match self {
            Self::Entered => None,
            Self::Decided(outcome) | Self::Completed(outcome) => Some(outcome),
        }
    }
}

/// Where a process goes on. Who performs the next stage stands in `assign` of the decision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageChoice {
    /// Stage that follows, one that the process has an edge to; none: the declared one.
    pub stage: Option<String>,
    /// Status that the record enters; unqualified names resolve to the rule's pack.
    pub status: Option<String>,
    /// Why, for the journal.
    pub reason: String,
    /// Where the script decided it.
    pub spot: Spot,
}
