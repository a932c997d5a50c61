//! What a pack defines, as data: types, workflows, fields.

use serde::{Deserialize, Serialize};

use super::document::DocumentDef;
use super::report::ReportDef;
use super::workspace::WorkspaceDef;
use super::{FieldDef, Kind, Names, ProcessDef, Workflow};

/// A type of record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypeDef {
    /// Code, `pack/name` once loaded.
    pub code: String,
    /// Names by locale.
    #[serde(default)]
    pub names: Names,
    /// Kind of the records.
    #[serde(default = "ticket")]
    pub kind: Kind,
    /// Icon shown on cards.
    #[serde(default)]
    pub icon: String,
    /// Code of the workflow.
    pub workflow: String,
    /// Codes of the field sets whose fields its records have.
    #[serde(default)]
    pub field_sets: Vec<String>,
    /// Whether it can be neither renamed nor removed.
    #[serde(default)]
    pub reserved: bool,
    /// Whether new records of it can be made.
    #[serde(default = "yes")]
    pub active: bool,
    /// Whether the status follows from the stage of a process and is changed in no other way.
    #[serde(default)]
    pub status_from_process: bool,
}

/// Fields that go together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldSet {
    /// Code, `pack/name` once loaded.
    pub code: String,
    /// Names by locale.
    #[serde(default)]
    pub names: Names,
    /// Kind whose every record has the fields; without it, types name the set.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// The fields.
    #[serde(default)]
    pub fields: Vec<FieldDef>,
}

/// A survey: what a customer is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SurveyDef {
    /// Code, `pack/name` once loaded.
    pub code: String,
    /// Names by locale.
    #[serde(default)]
    pub names: Names,
    /// The questions; none means one overall score.
    #[serde(default)]
    pub questions: Vec<QuestionDef>,
}

/// One question of a survey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuestionDef {
    /// Code.
    pub code: String,
    /// The question by locale.
    #[serde(default)]
    pub names: Names,
    /// Whether the answer is text and not a score.
    #[serde(default)]
    pub is_text: bool,
}

/// How it is told that a value of a unique field is taken: in the pack's own words, and about the field
/// that a person filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakenDef {
    /// The unique field, `pack/name` once loaded.
    pub field: String,
    /// Code of the fault.
    pub code: String,
    /// Field that is to blame; the unique one when not said.
    #[serde(default)]
    pub blames: Option<String>,
    /// The words by locale.
    #[serde(default)]
    pub names: Names,
}

/// Everything a pack defines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Definitions {
    /// Types.
    #[serde(rename = "type")]
    pub types: Vec<TypeDef>,
    /// Workflows.
    #[serde(rename = "workflow")]
    pub workflows: Vec<Workflow>,
    /// Field sets.
    #[serde(rename = "field_set")]
    pub field_sets: Vec<FieldSet>,
    /// Surveys.
    #[serde(rename = "survey")]
    pub surveys: Vec<SurveyDef>,
    /// Processes.
    #[serde(rename = "process")]
    pub processes: Vec<ProcessDef>,
    /// Reports.
    #[serde(rename = "report")]
    pub reports: Vec<ReportDef>,
    /// Kinds of documents that records are made from.
    #[serde(rename = "document")]
    pub documents: Vec<DocumentDef>,
    /// Workspaces.
    #[serde(rename = "workspace")]
    pub workspaces: Vec<WorkspaceDef>,
    /// How it is told that a unique value is taken.
    #[serde(rename = "taken")]
    pub taken: Vec<TakenDef>,
}

fn ticket() -> Kind {
    Kind::Ticket
}

fn yes() -> bool {
    true
}
