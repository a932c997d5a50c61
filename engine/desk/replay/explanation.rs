//! An explanation: what was asked, and for each change what was behind it.

use super::outline::Point;
use super::run::ReadValue;
use crate::domain::sla::LedgerView;
use crate::domain::{Id, Instant, Kind, Value};
use crate::hooks::Place;
use crate::hooks::when::shown;
use crate::store::Pos;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhyQuery {
    /// Kind of the record.
    pub kind: Kind,
    /// The record.
    pub id: Id,
    /// Only what bears on this field.
    pub field: Option<String>,
    /// Most changes of the record that are looked at, 1 to 200.
    pub limit: usize,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// Why a record is as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Why {
    /// The changes, oldest first.
    pub items: Vec<WhyItem>,
    /// The due times, each with its ledger; on the first page only.
    pub clocks: Vec<WhyClock>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// One change in the life of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct WhyItem {
    /// Position.
    pub pos: Pos,
    /// When.
    pub at: Instant,
    /// Who asked.
    pub actor: String,
    /// Command.
    pub command: String,
    /// Id of the request.
    pub request: String,
    /// What led to it, nearest first; the last is a person, a program or the engine itself, or a
    /// timer when what set it is gone.
    pub causes: Vec<CauseLink>,
    /// Fields that changed.
    pub changes: Vec<WhyChange>,
    /// Rules that were called.
    pub rules: Vec<WhyRule>,
    /// Rules that were due and not called.
    pub silent: Vec<WhyNot>,
    /// Remarks of the engine.
    pub notes: Vec<String>,
    /// Why parts of the answer are missing.
    pub gap: Option<String>,
}

/// A link of a chain of causes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CauseLink {
    /// `rule`, `timer`, `command`, `actor`, `left_out`.
    pub what: &'static str,
    /// Its name.
    pub name: String,
    /// Position at which it happened.
    pub pos: Pos,
    /// When.
    pub at: Instant,
    /// How many changes this link stands for, of `left_out`.
    pub count: Option<usize>,
}

/// A field that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhyChange {
    /// Field.
    pub field: String,
    /// Value before.
    pub old: Option<Value>,
    /// Value after.
    pub new: Option<Value>,
    /// `asked`, `engine` or `rule`.
    pub by: &'static str,
    /// The rule: its place in [`WhyItem::rules`].
    pub rule: Option<usize>,
    /// Line of the rule that set it.
    pub line: u32,
}

/// A rule that was called.
#[derive(Debug, Clone, PartialEq)]
pub struct WhyRule {
    /// `pack/name`.
    pub rule: String,
    /// Version of the pack.
    pub version: String,
    /// Hash of its revision, hexadecimal.
    pub revision: String,
    /// Hook.
    pub hook: String,
    /// Where its code stands.
    pub place: Option<Place>,
    /// Kind and id of the record it was about.
    pub record: Option<(Kind, Id)>,
    /// What it said.
    pub verdict: &'static str,
    /// Operations or fuel used.
    pub used: u64,
    /// Operations or fuel it may use; none when it cannot be told any more.
    pub budget: Option<u64>,
    /// Reasons it gave, and its error.
    pub reasons: Vec<String>,
    /// Fields that it declares it may set; none: it declares nothing, or is gone.
    pub writes: Option<Vec<String>>,
    /// What it decided, field by field.
    pub decided: Vec<Point>,
    /// Values it read.
    pub read: Vec<ReadValue>,
    /// The rule whose effect led to it: its place in [`WhyItem::rules`].
    pub caused_by: Option<usize>,
    /// Whether making the decision again gave the same; none when it could not be made.
    pub same: Option<bool>,
}

/// A rule that was due and not called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhyNot {
    /// `pack/name`.
    pub rule: String,
    /// Version of the pack.
    pub version: String,
    /// Hash of its revision, hexadecimal.
    pub revision: String,
    /// Hook.
    pub hook: String,
    /// Line of the rule in `pack.toml`.
    pub line: u32,
    /// Kind and id of the record.
    pub record: (Kind, Id),
    /// Fields that it declares it may set; none: it declares nothing.
    pub writes: Option<Vec<String>>,
    /// Why it kept silent.
    pub silence: Silence,
}

/// Why a rule kept silent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Silence {
    /// A condition did not hold.
    Condition {
        /// Its name.
        name: String,
        /// What it looks at.
        subject: String,
        /// Its operator.
        operator: &'static str,
        /// What it compares with.
        wanted: Vec<Value>,
        /// What was there.
        value: Option<Value>,
        /// Whether the pack was not granted to see what was there; the condition saw nothing then.
        withheld: bool,
        /// Line of `pack.toml`.
        line: u32,
    },
    /// An earlier rule had decided already.
    Decided {
        /// That rule.
        by: String,
    },
    /// A rule is not woken by its own effect.
    OwnEffect,
}

impl Silence {
    /// The reason in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Condition {
                name,
                subject,
                operator,
                wanted,
                value,
                withheld,
                ..
            } => {
                let wanted: Vec<String> = wanted.iter().map(|v| shown(Some(v))).collect();
                let condition = match wanted.is_empty() {
                    true => format!("{subject} {operator}"),
                    false => format!("{subject} {operator} {}", wanted.join(", ")),
                };
                let name = match *name == condition {
                    true => format!("`{name}`"),
                    false => format!("`{name}` ({condition})"),
                };
                let told = match withheld {
                    true => "withheld: the pack was not granted to see it".to_owned(),
                    false => format!("= {}", shown(value.as_ref())),
                };
                format!("condition {name} was false: {subject} {told}")
            }
            Self::Decided { by } => format!("{by} had decided already"),
            Self::OwnEffect => "a rule is not woken by its own effect".to_owned(),
        }
    }
}

/// A due time and what it is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct WhyClock {
    /// Field of the record that shows the due time, if one does.
    pub field: Option<String>,
    /// The ledger.
    pub ledger: LedgerView,
}
