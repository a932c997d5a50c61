//! Journal entries: what happened, who asked, and which rule was behind it.

use serde::{Deserialize, Serialize};

use super::Actor;
use crate::domain::{Entry, Id, Instant, Kind, Value};
use crate::store::{OpId, Pos};

/// Stands for the list of active packs that the command itself wrote: its position is known only when
/// it is committed.
pub const OWN_CATALOG: Pos = Pos(u64::MAX);

/// One committed command. Contexts are not stored: what is here is enough to build them again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// The engine's time.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: Instant,
    /// Who asked.
    pub actor: Actor,
    /// Id of the request.
    pub request: String,
    /// What was asked for.
    pub input: Input,
    /// Version of the list of active packs, which fixes the rules and their order.
    pub catalog: Pos,
    /// Position of the snapshot that the decision was made on.
    pub base: Pos,
    /// Timer that caused it.
    pub cause: Option<Cause>,
    /// Records that the rules read, with their versions.
    pub reads: Vec<(Kind, Id, Pos)>,
    /// Rules that were called, in order.
    pub runs: Vec<RuleRun>,
    /// Records that changed.
    pub changes: Vec<RecordChange>,
    /// Entries that were added.
    pub entries: Vec<EntryAdded>,
    /// Remarks of the engine, such as `survey_skipped:no_address`.
    pub notes: Vec<String>,
    /// The first of the operations that were decided before this one and committed with it: see
    /// [`super::together`]. Kept behind the entry.
    #[serde(skip)]
    pub group: Option<OpId>,
}

impl JournalEntry {
    /// The entry as it stands at its position.
    #[must_use]
    pub fn at_pos(mut self, pos: Pos) -> Self {
        if self.catalog == OWN_CATALOG {
            self.catalog = pos;
        }
        self
    }
}

/// What was asked for, beside the values that [`RecordChange`] shows as asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Name of the command.
    pub command: String,
    /// Record it was about.
    pub target: Option<(Kind, Id)>,
    /// Arguments that are not field values.
    pub arguments: Vec<(String, Value)>,
    /// Fields that were asked for, in order.
    pub asked: Vec<String>,
}

/// What caused a command that nobody asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The timer.
    pub timer: Id,
    /// Its name.
    pub name: String,
    /// Position of the change that set it.
    pub set_at: Pos,
}

/// What a rule said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Nothing.
    NoOpinion,
    /// Something.
    Decided,
    /// No.
    Refused,
    /// It broke or went over its budget.
    Failed,
    /// It was not called: it had failed too often.
    Suspended,
}

impl Verdict {
    /// The name used in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoOpinion => "no_opinion",
            Self::Decided => "decided",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Suspended => "suspended",
        }
    }
}

/// One call of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleRun {
    /// Place in the total order of the rules.
    pub rule: u16,
    /// What it said.
    pub verdict: Verdict,
    /// Operations or fuel used.
    pub used: u64,
    /// First bytes of the SHA-256 of the decision.
    pub digest: [u8; 8],
    /// Reasons it gave, and its error.
    pub reasons: Vec<String>,
}

/// What happened to a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordChange {
    /// Kind.
    pub kind: Kind,
    /// Record.
    pub id: Id,
    /// Whether it came, stayed or went.
    pub what: What,
    /// Its fields that changed.
    pub fields: Vec<FieldChange>,
}

/// Whether a record came, stayed or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// It was created.
    Created,
    /// It was changed.
    Changed,
    /// It was deleted.
    Deleted,
}

/// One field's change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Field.
    pub field: String,
    /// Value before.
    pub old: Option<Value>,
    /// Value after.
    pub new: Option<Value>,
    /// Who set it.
    pub by: By,
}

/// Who set a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum By {
    /// Whoever asked for the command.
    Asked,
    /// The engine: numbers, times, defaults, SLA.
    Engine,
    /// A rule.
    Rule {
        /// Place in [`JournalEntry::runs`].
        run: u16,
        /// Line of the script, 0 for plugins.
        line: u32,
    },
}

/// An entry that was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryAdded {
    /// Kind of the owner.
    pub kind: Kind,
    /// Owner.
    pub owner: Id,
    /// The entry's id; its content is immutable and stands in its own row.
    pub entry: Id,
    /// Rule that added it: place in [`JournalEntry::runs`].
    pub run: Option<u16>,
}

/// A rule in the total order, as kept beside the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleName {
    /// `pack/name`.
    pub rule: String,
    /// Version of the pack.
    pub version: String,
    /// Hash of the pack's revision.
    pub revision: [u8; 32],
    /// Hook.
    pub hook: String,
}

/// An entry of a record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredEntry {
    /// Kind of the owner.
    pub kind: Kind,
    /// The entry.
    pub entry: Entry,
}

/// A timer as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// Identity.
    pub id: Id,
    /// When it is due.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub due: Instant,
    /// Kind of the owner.
    pub kind: Kind,
    /// Record it belongs to.
    pub owner: Id,
    /// Name, unique for its owner.
    pub name: String,
    /// What happens when it is due.
    pub purpose: Purpose,
}

/// What a timer is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// The hook `schedule.fire` of a pack.
    Rule {
        /// The pack.
        pack: String,
        /// Data, as JSON text.
        data: String,
    },
    /// An SLA clock's due time.
    SlaDue {
        /// The clock.
        clock: String,
    },
    /// A survey is sent.
    SurveySend {
        /// The survey.
        survey: Id,
    },
    /// A warning before an SLA clock's due time.
    SlaWarn {
        /// The clock.
        clock: String,
        /// Working seconds before the due.
        before_secs: u64,
    },
    /// What follows from the change that set the timer: the hook `record.changed`.
    Changed {
        /// Rules that led to the change.
        chain: Vec<String>,
        /// Rules that it wakes.
        wake: Vec<String>,
    },
    /// An activity is due: its performer is reminded.
    PlanDue,
    /// A recurrence occurs.
    Recur,
}
