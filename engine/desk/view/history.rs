//! What was changed, and by which rules.

use crate::domain::{Id, Instant, Kind, Value};
use crate::store::Pos;

/// One change in a record's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryItem {
    /// Position.
    pub pos: Pos,
    /// When.
    pub at: Instant,
    /// Who: `agent:ID`, `rule:PACK/NAME`, …
    pub actor: String,
    /// Name of the command.
    pub command: String,
    /// Request id.
    pub request: String,
    /// Timer or command that caused it.
    pub cause: Option<String>,
    /// Field changes of the record.
    pub changes: Vec<FieldChangeView>,
    /// Entries added.
    pub entries: Vec<Id>,
    /// Rules that were called.
    pub rules: Vec<RuleRunView>,
    /// Records that rules read beyond this one, each with the version they saw.
    pub reads: Vec<(Kind, Id, Pos)>,
    /// Notes such as `survey_skipped:no_address`.
    pub notes: Vec<String>,
}

/// One field change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChangeView {
    /// Field.
    pub field: String,
    /// Value before.
    pub old: Option<Value>,
    /// Value after.
    pub new: Option<Value>,
    /// `asked`, `engine`, or the rule with its line: `pack/name:12`.
    pub by: String,
}

/// One call of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRunView {
    /// `pack/name`.
    pub rule: String,
    /// Version of the pack.
    pub version: String,
    /// Hash of the pack's revision, hexadecimal.
    pub revision: String,
    /// Hook.
    pub hook: String,
    /// `no_opinion`, `decided`, `refused`, `failed`, `suspended`.
    pub verdict: String,
    /// Operations or fuel used.
    pub used: u64,
    /// Reasons the rule gave, and its error.
    pub reasons: Vec<String>,
}
