//! What a rule said in a decision, then or now.

use super::outline::{Point, outline};
use crate::desk::journal::{RuleRun, Verdict};
use crate::hooks::{Decision, Failure, Outcome};

/// What a rule said.
pub(super) enum Said {
    /// Nothing: no opinion, not called, or not there.
    Nothing,
    /// Something, by its digest.
    Digest([u8; 8]),
    /// Something.
    Decision(Box<Decision>),
    /// It failed.
    Failed(String),
}

impl Said {
    pub(super) fn of(result: std::result::Result<Outcome, Failure>) -> Self {
        match result {
            Ok(outcome) if outcome.decision.is_empty() => Self::Nothing,
            Ok(outcome) => Self::Decision(Box::new(outcome.decision)),
            Err(failure) => Self::Failed(failure.message),
        }
    }

    pub(super) fn recorded(run: &RuleRun) -> Self {
        match run.verdict {
            Verdict::NoOpinion | Verdict::Suspended => Self::Nothing,
            Verdict::Failed if run.digest == [0; 8] => {
                Self::Failed(run.reasons.first().cloned().unwrap_or_default())
            }
            _ if run.digest == [0; 8] => Self::Nothing,
            _ => Self::Digest(run.digest),
        }
    }

    pub(super) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nothing, Self::Nothing) | (Self::Failed(_), Self::Failed(_)) => true,
            (Self::Digest(then), Self::Decision(now)) => *then == now.digest(),
            _ => false,
        }
    }

    pub(super) fn points(&self) -> Vec<Point> {
        match self {
            Self::Decision(decision) => outline(decision),
            Self::Failed(why) => vec![Point {
                field: "failed".to_owned(),
                value: why.clone(),
                line: 0,
            }],
            Self::Nothing | Self::Digest(_) => Vec::new(),
        }
    }
}
