//! Processes: the stages that records of a type go through, and the ways between them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Names, Record, Value};

/// How often a stage may be entered when its process does not say.
pub const DEFAULT_MAX_PASSES: u32 = 20;

/// A process: its stages and the ways between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessDef {
    /// Code, `pack/name` once loaded.
    pub code: String,
    /// Names by locale.
    #[serde(default)]
    pub names: Names,
    /// Codes of the types whose records may go through it.
    pub types: Vec<String>,
    /// When it begins.
    #[serde(default)]
    pub start: Start,
    /// The first stage.
    pub initial: String,
    /// How often each stage may be entered.
    #[serde(default = "default_max_passes")]
    pub max_passes: u32,
    /// The stages, in the order they are shown.
    pub stages: Vec<StageDef>,
    /// The ways between them, the first that is open counts.
    #[serde(default)]
    pub edges: Vec<EdgeDef>,
}

/// When a process begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// When a person, program or rule asks for it.
    #[default]
    Asked,
    /// When a record of one of its types is created.
    Created,
}

/// What is done at a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageKind {
    /// Work, which is completed.
    Task,
    /// A question, which is answered.
    Decision,
    /// The end of the process.
    End,
}

impl StageKind {
    /// The name used in packs and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Decision => "decision",
            Self::End => "end",
        }
    }
}

/// Who may complete a stage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompletedBy {
    /// Every agent.
    #[default]
    Anyone,
    /// The agent in charge and the members of the team in charge.
    Team,
    /// The agent in charge; while there is none, the members of the team.
    Assignee,
}

impl CompletedBy {
    /// The name used in packs and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Team => "team",
            Self::Assignee => "assignee",
        }
    }
}

/// A stage of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageDef {
    /// Code, `pack/name` once loaded.
    pub code: String,
    /// Names by locale.
    #[serde(default)]
    pub names: Names,
    /// What is done there.
    pub kind: StageKind,
    /// Stages of one group belong together on a board.
    #[serde(default)]
    pub group: String,
    /// Status that records get on entering it; without one they keep theirs.
    #[serde(default)]
    pub status: Option<String>,
    /// Who gets the record on entering it; without one it stays with whom it is.
    #[serde(default)]
    pub performer: Option<PerformerDef>,
    /// Who may complete it.
    #[serde(default)]
    pub completed_by: CompletedBy,
    /// Fields that are filled in at this stage, for its form.
    #[serde(default)]
    pub fields: Vec<String>,
    /// Fields that must have a value before it is completed.
    #[serde(default)]
    pub requires: Vec<String>,
    /// Answers of a decision.
    #[serde(default)]
    pub answers: Vec<AnswerDef>,
    /// Whether an end is completed by somebody; else the process is over on entering it.
    #[serde(default)]
    pub waits: bool,
}

/// An answer of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerDef {
    /// Code.
    pub code: String,
    /// Names by locale.
    #[serde(default)]
    pub names: Names,
    /// Values that it sets, by field.
    #[serde(default)]
    pub set: BTreeMap<String, serde_json::Value>,
    /// Fields that must have a value for this answer, beside those of the stage.
    #[serde(default)]
    pub requires: Vec<String>,
}

/// Who gets a record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PerformerDef {
    /// Code of a team.
    pub team: Option<String>,
    /// Code of an agent.
    pub agent: Option<String>,
    /// Option of the pack that holds the code of a team.
    pub team_option: Option<String>,
    /// Option of the pack that holds the code of an agent.
    pub agent_option: Option<String>,
    /// Whether the rules on `assign.select` choose.
    pub by_rule: bool,
}

/// A way from a stage to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeDef {
    /// Stage that is left.
    pub from: String,
    /// Stage that is entered.
    pub to: String,
    /// Answer of a decision that leads this way.
    #[serde(default)]
    pub on: Option<String>,
    /// What must hold for the way to be open.
    #[serde(default)]
    pub when: Vec<EdgeTest>,
    /// Status that records get on this way, instead of the stage's.
    #[serde(default)]
    pub status: Option<String>,
    /// Names of the action by locale.
    #[serde(default)]
    pub names: Names,
}

/// A condition of a way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeTest {
    /// Field of the record.
    pub field: String,
    /// The value it must have.
    #[serde(default)]
    pub is: Option<serde_json::Value>,
    /// Whether it must have a value at all.
    #[serde(default)]
    pub present: Option<bool>,
}

impl EdgeTest {
    /// Whether it holds for a record.
    #[must_use]
    pub fn holds(&self, record: &Record) -> bool {
        let value = record.get(&self.field);
        let filled = value.is_some_and(Value::is_filled);
        let is = self.is.as_ref().is_none_or(|wanted| match value {
            Some(value) => value.to_json() == *wanted,
            None => wanted.is_null(),
        });
        is && self.present.is_none_or(|present| present == filled)
    }
}

impl ProcessDef {
    /// The stage with a full code, or with the name alone.
    #[must_use]
    pub fn stage(&self, code: &str) -> Option<&StageDef> {
        let exact = self.stages.iter().find(|s| s.code == code);
        exact.or_else(|| {
            let bare = |s: &&StageDef| s.code.split_once('/').is_some_and(|(_, n)| n == code);
            self.stages.iter().find(bare)
        })
    }

    /// The ways out of a stage.
    pub fn ways<'a>(&'a self, from: &'a str) -> impl Iterator<Item = &'a EdgeDef> + 'a {
        self.edges.iter().filter(move |e| e.from == from)
    }

    /// The way that a record takes out of a stage: the first one that is open, with the answer and to
    /// the stage that were named.
    #[must_use]
    pub fn way<'a>(
        &'a self,
        from: &'a str,
        answer: Option<&str>,
        to: Option<&str>,
        record: &Record,
    ) -> Option<&'a EdgeDef> {
        self.ways(from).find(|edge| {
            edge.on.as_deref() == answer
                && to.is_none_or(|to| edge.to == to)
                && edge.when.iter().all(|test| test.holds(record))
        })
    }
}

impl StageDef {
    /// The answer with a code.
    #[must_use]
    pub fn answer(&self, code: &str) -> Option<&AnswerDef> {
        self.answers.iter().find(|a| a.code == code)
    }
}

const fn default_max_passes() -> u32 {
    DEFAULT_MAX_PASSES
}

/// What happened at the stages of a record, in order; kept on the record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StageLog(pub Vec<StageMark>);

/// One thing that happened at a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageMark {
    /// Full code of the process.
    pub process: String,
    /// Full code of the stage.
    pub stage: String,
    /// When, RFC 3339.
    pub at: String,
    /// What happened.
    pub event: StageEvent,
    /// Answer of a decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// What came of it, in words; for a redirect, why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub result: String,
    /// Who did it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
}

/// What happened at a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageEvent {
    /// It was entered.
    Entered,
    /// Its work was completed.
    Completed,
    /// Its question was answered.
    Decided,
    /// It was given to somebody else.
    Redirected,
    /// The record was merged into another one: the process is over where it stands.
    Merged,
    /// The merge was undone: the process goes on.
    Unmerged,
}

impl StageLog {
    /// What a record keeps.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        match record.get(fields::PROCESS_LOG) {
            Some(Value::Json(text)) => serde_json::from_str(text).unwrap_or_default(),
            _ => Self::default(),
        }
    }

    /// The value that a record keeps.
    #[must_use]
    pub fn value(&self) -> Value {
        Value::Json(serde_json::to_string(self).unwrap_or_default())
    }

    /// How often a stage of a process was entered.
    #[must_use]
    pub fn passes(&self, process: &str, stage: &str) -> u32 {
        let entered = self.0.iter().filter(|mark| {
            mark.event == StageEvent::Entered && mark.stage == stage && mark.process == process
        });
        u32::try_from(entered.count()).unwrap_or(u32::MAX)
    }

    /// The answers given so far, by stage, in order.
    pub fn decisions(&self) -> impl Iterator<Item = (&str, &str)> {
        let decided = self.0.iter();
        decided.filter_map(|mark| Some((mark.stage.as_str(), mark.answer.as_deref()?)))
    }

    /// Whether a record went through a process or is in it.
    #[must_use]
    pub fn knows(&self, process: &str) -> bool {
        self.0.iter().any(|mark| mark.process == process)
    }
}

/// Names of the engine's fields that say where a record stands in its process.
pub mod fields {
    /// Full code of the process.
    pub const PROCESS: &str = "process";
    /// Full code of the stage.
    pub const STAGE: &str = "stage";
    /// When the stage was entered.
    pub const STAGE_ENTERED_AT: &str = "stage_entered_at";
    /// How often the stage was entered, this time included.
    pub const STAGE_PASS: &str = "stage_pass";
    /// When the process was over.
    pub const PROCESS_ENDED_AT: &str = "process_ended_at";
    /// What happened at the stages.
    pub const PROCESS_LOG: &str = "process_log";
}
