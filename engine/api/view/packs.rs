//! Packs as JSON: what is installed, what happened, drafts and what is wrong with them.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::instant;
use crate::desk::{PackEventView, PackPlan, PackView};
use crate::packs::{FileDiff, PackDiff, PackFault};

/// An installed pack.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Pack)]
pub struct InstalledView {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Names by locale.
    pub names: BTreeMap<String, String>,
    /// Hash of the revision, hexadecimal.
    pub revision: String,
    /// Rules with their hooks.
    pub rules: Vec<PackRuleView>,
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

/// A rule of a pack.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PackRule)]
pub struct PackRuleView {
    /// Name.
    pub name: String,
    /// Hook.
    pub hook: String,
}

/// A pack as JSON.
#[must_use]
pub fn pack(pack: PackView) -> InstalledView {
    let rules = pack.rules.into_iter();
    InstalledView {
        name: pack.name,
        version: pack.version,
        names: pack.names,
        revision: pack.revision,
        rules: rules
            .map(|(name, hook)| PackRuleView { name, hook })
            .collect(),
        types: pack.types,
        disabled: pack.disabled,
        moving: pack.moving,
        asks: pack.asks,
        grants: pack.grants,
        warnings: pack.warnings,
    }
}

/// Something that happened to a pack.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PackEvent)]
pub struct EventView {
    /// Position of the journal.
    position: Option<u64>,
    /// Hash of the revision that was active from then on, hexadecimal.
    revision: String,
    /// Its version.
    version: String,
    /// When.
    at: Option<String>,
    /// Who.
    actor: Option<String>,
    /// `installed`, `upgraded`, `rolled_back`, `disabled`, `enabled`, `granted`, `moved` or
    /// `removed`.
    what: String,
}

/// An event as JSON.
#[must_use]
pub fn event(event: PackEventView) -> EventView {
    EventView {
        position: event.pos.map(|pos| pos.0),
        revision: event.revision,
        version: event.version,
        at: event.at.map(instant),
        actor: event.actor,
        what: event.what,
    }
}

/// What installing files would do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PackPlan)]
pub struct PlanView {
    /// All of it, a line each.
    changes: Vec<String>,
    /// What would be left as it is.
    left: Vec<String>,
    /// Which records would move.
    moves: Vec<String>,
    /// What may go wrong while its rules run.
    warnings: Vec<String>,
    /// Why it would be refused.
    refusals: Vec<String>,
    /// What the pack asks for beyond what is harmless and granted already.
    asks: Vec<String>,
}

/// A plan as JSON.
#[must_use]
pub fn plan(plan: PackPlan) -> PlanView {
    PlanView {
        changes: plan.changes,
        left: plan.left,
        moves: plan.moves,
        warnings: plan.warnings,
        refusals: plan.refusals,
        asks: plan.asks,
    }
}

/// Something that is wrong with a file of a pack.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PackFault)]
pub struct FaultView {
    /// File inside the pack.
    file: String,
    /// Line, from 1; none when it is about the file as a whole.
    line: Option<u32>,
    /// Column in characters, from 1.
    column: Option<u32>,
    /// What is wrong and what to do.
    message: String,
    /// The word that was probably meant.
    suggestion: Option<String>,
    /// The line itself.
    source: Option<String>,
}

/// What a check found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PackCheck)]
pub struct CheckView {
    /// Whether it could be installed, once what it asks for is granted.
    pub ok: bool,
    /// What is wrong.
    pub faults: Vec<FaultView>,
    /// What installing it would do, when nothing is wrong.
    pub plan: Option<PlanView>,
    /// What was installed since the draft was begun, by whom and when: it is not activated over
    /// that until somebody says to have seen it.
    pub outdated: Option<String>,
}

/// A fault as JSON.
#[must_use]
pub fn fault(fault: PackFault) -> FaultView {
    let number = |n: u32| (n > 0).then_some(n);
    FaultView {
        line: number(fault.line),
        column: number(fault.column),
        file: fault.file,
        message: fault.message,
        suggestion: fault.suggestion,
        source: fault.source_line.map(String::from),
    }
}

/// What differs between two revisions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PackDiff)]
pub struct DiffView {
    /// What is defined otherwise, in words.
    changes: Vec<String>,
    /// Files that differ.
    files: Vec<FileDiffView>,
}

/// What differs in a file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PackFileDiff)]
pub struct FileDiffView {
    /// Path inside the pack.
    path: String,
    /// `added`, `removed` or `changed`.
    what: &'static str,
    /// Lines with `+`, `-` or a blank before them; `@ N` before each group.
    lines: Vec<String>,
}

/// A difference as JSON.
#[must_use]
pub fn diff(diff: PackDiff) -> DiffView {
    let file = |file: FileDiff| FileDiffView {
        path: file.path,
        what: file.what,
        lines: file.lines,
    };
    DiffView {
        changes: diff.changes,
        files: diff.files.into_iter().map(file).collect(),
    }
}
