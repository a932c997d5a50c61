//! A step of a process that is asked for.

use crate::domain::Value;

/// A step of a process. Where `stage` is given, the record must be at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProcessStep {
    /// Begin a process.
    Start {
        /// Its code, with or without the pack; none: the only one for the record.
        process: Option<String>,
    },
    /// Complete the work of the stage.
    Complete {
        /// The stage that is completed.
        stage: Option<String>,
        /// The stage to go to, when several ways are open or the process is over.
        to: Option<String>,
        /// What came of it, in words.
        result: String,
    },
    /// Answer the question of the stage.
    Decide {
        /// The stage that asks.
        stage: Option<String>,
        /// Code of the answer.
        answer: String,
        /// Why, in words.
        result: String,
    },
    /// Give the record to somebody else; the stage stays.
    Redirect {
        /// The stage that it is at.
        stage: Option<String>,
        /// Agent, by id or code.
        agent: Option<String>,
        /// Team, by id or code.
        team: Option<String>,
        /// Why, in words.
        reason: String,
    },
}

impl ProcessStep {
    /// The name used in the API and the journal.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Start { .. } => "start",
            Self::Complete { .. } => "complete",
            Self::Decide { .. } => "decide",
            Self::Redirect { .. } => "redirect",
        }
    }

    /// The stage that the record must be at.
    #[must_use]
    pub fn stage(&self) -> Option<&str> {
        match self {
            Self::Start { .. } => None,
            Self::Complete { stage, .. }
            | Self::Decide { stage, .. }
            | Self::Redirect { stage, .. } => stage.as_deref(),
        }
    }

    /// What the journal keeps of it.
    pub(in crate::desk) fn arguments(&self) -> Vec<(String, Value)> {
        let step = [("step", Some(self.name().to_owned()))];
        let more = match self {
            Self::Start { process } => [("process", process.clone()), ("result", None)],
            Self::Complete { to, result, .. } => [("to", to.clone()), ("result", said(result))],
            Self::Decide { answer, result, .. } => {
                [("answer", said(answer)), ("result", said(result))]
            }
            Self::Redirect { reason, .. } => [("to", None), ("reason", said(reason))],
        };
        let all = step.into_iter().chain(more);
        all.filter_map(|(name, text)| {
            // What is too long is refused before anything is written.
            let text: String = text?.chars().take(2_000).collect();
            Some((name.to_owned(), Value::Text(text)))
        })
        .collect()
    }
}

fn said(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
