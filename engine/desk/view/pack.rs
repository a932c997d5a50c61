//! Packs, their drafts and events, and the state of their rules.

use std::collections::BTreeMap;

use crate::domain::{Instant, Kind, Value};
use crate::hooks::RecordView;
use crate::store::Pos;

/// A record as rules get it.
#[derive(Debug, Clone, PartialEq)]
pub struct CallRecords {
    /// The record.
    pub record: RecordView,
    /// Records beside it, by the names that rules read them by.
    pub related: BTreeMap<String, RecordView>,
}

/// An option of a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackOption {
    /// Name.
    pub name: String,
    /// Names for people, by locale.
    pub names: BTreeMap<String, String>,
    /// What its values are: `text`, `int`, `decimal`, `bool`, `date`, `instant` or `list`.
    pub kind: &'static str,
    /// Its value.
    pub value: Value,
    /// The value that the pack has for it.
    pub own: Value,
    /// Whether an administrator set it.
    pub is_set: bool,
}

/// An installed pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackView {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Names by locale.
    pub names: BTreeMap<String, String>,
    /// Hash of the revision, hexadecimal.
    pub revision: String,
    /// Rules: name and hook.
    pub rules: Vec<(String, String)>,
    /// Codes of its types.
    pub types: Vec<String>,
    /// Whether its rules rest and its types take no new records.
    pub disabled: bool,
    /// Whether records are still moving to this revision.
    pub moving: bool,
    /// What it asks to be allowed.
    pub asks: Vec<String>,
    /// What it may do.
    pub grants: Vec<String>,
    /// What may go wrong while its rules run.
    pub warnings: Vec<String>,
}

/// Something that happened to a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackEventView {
    /// Position; none for what an older build installed.
    pub pos: Option<Pos>,
    /// Hash of the revision that was active from then on, hexadecimal.
    pub revision: String,
    /// Its version.
    pub version: String,
    /// When; unknown for what an older build installed.
    pub at: Option<Instant>,
    /// Who.
    pub actor: Option<String>,
    /// `installed`, `upgraded`, `rolled_back`, `disabled`, `enabled`, `granted`, `moved`, `removed`.
    pub what: String,
}

/// The draft of a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackDraft {
    /// Its version: what `if_match` names.
    pub version: Pos,
    /// Hash of its files, hexadecimal.
    pub revision: String,
    /// When it was saved.
    pub at: Instant,
    /// Who saved it.
    pub actor: String,
    /// Hash of the revision that was active when it was begun, hexadecimal; none: nothing was, or
    /// an older build saved it.
    pub base: Option<String>,
    /// What was installed since it was begun, by whom and when; it is not activated over that
    /// unseen.
    pub outdated: Option<String>,
    /// The files.
    pub files: crate::packs::PackFiles,
}

/// What installing files would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackPlan {
    /// Name and version of the pack.
    pub pack: (String, String),
    /// What would be added, changed and removed, in words.
    pub changes: Vec<String>,
    /// How much would be left as it is, by what it is.
    pub left: Vec<String>,
    /// Which records would move, in words.
    pub moves: Vec<String>,
    /// What may go wrong while the rules run, in words.
    pub warnings: Vec<String>,
    /// Why it would be refused, in words.
    pub refusals: Vec<String>,
    /// What the pack asks for beyond what is harmless and granted already.
    pub asks: Vec<String>,
}

/// The state of the desk.
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// The store.
    pub store: crate::store::Health,
    /// Position the index has reached; none without search.
    pub indexed: Option<Pos>,
    /// Whether the index is being rebuilt.
    pub rebuilding: bool,
    /// How the model does that gives meaning to searches; none without one.
    pub embeddings: Option<EmbeddingsHealth>,
    /// Active packs.
    pub packs: usize,
    /// Active packs whose plugin is still being compiled: their rules fail as their hooks say.
    pub compiling: Vec<String>,
    /// Rules in force that failed since the start, or are suspended.
    pub failing_rules: Vec<crate::desk::FailingRule>,
}

/// How the model of meaning does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmbeddingsHealth {
    /// Articles that have a vector.
    pub made: usize,
    /// Articles whose vector is missing or of an older version.
    pub waiting: usize,
    /// Whether the model failed when it was asked last: words alone count then.
    pub failing: bool,
}

/// One step in the life of a command: a rule, or what the engine does itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookStep {
    /// Phase of a command.
    pub phase: &'static str,
    /// Hook of a rule.
    pub hook: Option<&'static str>,
    /// `pack/name` of a rule, or the name of an engine's step.
    pub name: String,
    /// What the engine does in the step.
    pub about: &'static str,
    /// The rule; none for the engine's steps.
    pub rule: Option<RuleState>,
}

/// A rule in force, and how it fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleState {
    /// Pack.
    pub pack: String,
    /// Version of the pack.
    pub version: String,
    /// Hash of the pack's revision, hexadecimal.
    pub revision: String,
    /// Place among the rules of its hook.
    pub priority: i32,
    /// `script`, `plugin`, `native`.
    pub nature: &'static str,
    /// Kind of record it runs on; none for those that are about none.
    pub kind: Option<Kind>,
    /// Types it runs on; empty: those of its own pack; `*`: every type.
    pub applies_to: Vec<String>,
    /// References it reads beyond its record.
    pub reads: Vec<String>,
    /// Whether it may replace a value that a person gave.
    pub overrides: bool,
    /// Whether a failure of it refuses the change.
    pub refuses_when_broken: bool,
    /// Whether it is suspended.
    pub suspended: bool,
    /// Whether it cannot run yet, because its plugin is still being compiled.
    pub compiling: bool,
    /// The last error since it ran well or was reset.
    pub last_error: Option<String>,
    /// What its last call came to, as in [`RuleRunView`]; none before the first.
    pub last_verdict: Option<&'static str>,
    /// Calls since its pack was loaded.
    pub calls: u64,
    /// Calls of these that failed.
    pub failures: u64,
    /// Operations or fuel that the dearest of these calls used.
    pub most_used: u64,
    /// Operations or fuel that a call may use; 0 before the first.
    pub budget: u64,
}
