//! Effects that the contract with plugins carries as a name and data: steps of a process, tasks of a
//! plan.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Deciding;
use super::plan::{Task, TaskEnd};
use super::rules::Ruled;
use crate::desk::command::ProcessStep;
use crate::desk::journal::By;
use crate::desk::{Error, Result};
use crate::domain::{Id, Kind};

/// The step of a process that a rule asks for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields, tag = "step")]
enum Step {
    Start {
        process: Option<String>,
    },
    Complete {
        to: Option<String>,
        #[serde(default)]
        result: String,
    },
    Decide {
        answer: String,
        #[serde(default)]
        result: String,
    },
    Redirect {
        agent: Option<String>,
        team: Option<String>,
        #[serde(default)]
        result: String,
    },
}

/// What becomes of a plan; what has an `end` ends a task.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Plan {
    End(TaskEnd),
    Task(Task),
}

impl From<Step> for ProcessStep {
    fn from(step: Step) -> Self {
        let stage = None;
        match step {
            Step::Start { process } => Self::Start { process },
            Step::Complete { to, result } => Self::Complete { stage, to, result },
            Step::Decide { answer, result } => Self::Decide {
                stage,
                answer,
                result,
            },
            Step::Redirect {
                agent,
                team,
                result,
            } => Self::Redirect {
                stage,
                agent,
                team,
                reason: result,
            },
        }
    }
}

impl Deciding<'_, '_> {
    pub(super) fn apply_custom(
        &mut self,
        ruled: &Ruled,
        (name, data): (&str, &str),
        by: By,
        (kind, id): (Kind, Id),
    ) -> Result<()> {
        let pack = &*ruled.rule.pack;
        match name {
            "process" => {
                let step: Step = read(name, data)?;
                self.step_process(kind, id, &step.into(), by)
            }
            "plan" => match read(name, data)? {
                Plan::End(end) => self.end_task_by_rule((kind, id), pack, &end, by),
                Plan::Task(task) => self.task_by_rule((kind, id), pack, task, by),
            },
            name => Err(Error::field(
                "effect",
                "unknown_effect",
                format!("this build knows no effect `{name}`"),
            )),
        }
    }
}

fn read<T: DeserializeOwned>(name: &str, data: &str) -> Result<T> {
    serde_json::from_str(data).map_err(|e| {
        let message = format!("the data of effect `{name}` cannot be read: {e}");
        Error::field("effect", "malformed", message)
    })
}
