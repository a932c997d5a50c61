//! A catalog that stands while records move from one revision of a pack to another: every record is
//! known in it, moved or not.
//!
//! Types that go take no new records, statuses that go are left and not entered, and lists use no
//! index that is not yet, or no longer, whole.

use std::collections::HashSet;
use std::sync::Arc;

use super::catalog::{Catalog, LocalFields};
use super::fault::PackFault;
use super::load::Loaded;
use super::moves::Moves;
use crate::domain::{Definitions, FieldDef, Workflow};

/// A change of the rules in force that records follow.
#[derive(Debug)]
pub struct Shift {
    /// The pack that changes.
    pub pack: String,
    /// What held before.
    pub previous: Arc<Catalog>,
    /// What holds in the end.
    pub next: Arc<Catalog>,
    /// Where records move.
    pub moves: Moves,
    /// Whether records move in several commands, so that some have moved and some have not.
    pub staged: bool,
}

/// The catalog of packs, one of which may still be moving its records from an older revision.
///
/// # Errors
/// As [`Catalog::build`].
pub fn assemble(
    packs: &[Arc<Loaded>],
    local: &[LocalFields],
    moving: Option<&Arc<Loaded>>,
) -> Result<Catalog, Vec<PackFault>> {
    let next = Catalog::build(packs, &known(local, packs))?;
    let Some(old) = moving else {
        return Ok(next);
    };
    let Some(new) = packs.iter().find(|p| p.name() == old.name()) else {
        return Ok(next);
    };
    let swapped = |with: &Arc<Loaded>| -> Vec<Arc<Loaded>> {
        let swap = |p: &Arc<Loaded>| {
            let own = p.name() == with.name();
            Arc::clone(if own { with } else { p })
        };
        packs.iter().map(swap).collect()
    };
    let before = swapped(old);
    let previous = Catalog::build(&before, &known(local, &before))?;
    let moves = Moves::between(old, new);
    let both = swapped(&Arc::new(bridged(old, new, &moves)));
    let mut catalog = Catalog::build(&both, &known(local, &both))?;
    catalog.shift = Some(Arc::new(Shift {
        pack: old.name().to_owned(),
        previous: Arc::new(previous),
        next: Arc::new(next),
        moves,
        staged: true,
    }));
    Ok(catalog)
}

/// Fields of administrators, without the types that are not there.
pub fn known(local: &[LocalFields], packs: &[Arc<Loaded>]) -> Vec<LocalFields> {
    let types: HashSet<&str> = packs
        .iter()
        .flat_map(|p| p.definitions.types.iter().map(|t| t.code.as_str()))
        .collect();
    let mut local = local.to_vec();
    for entry in &mut local {
        entry.types.retain(|code| types.contains(code.as_str()));
    }
    local
}

/// The new revision, with what the old one has besides.
fn bridged(old: &Loaded, new: &Loaded, moves: &Moves) -> Loaded {
    let mut defs = new.definitions.clone();
    add_fields(&mut defs, &old.definitions, moves);
    add_workflows(&mut defs, &old.definitions);
    for gone in &old.definitions.types {
        if defs.types.iter().any(|t| t.code == gone.code) {
            continue;
        }
        let mut gone = gone.clone();
        gone.active = false;
        let heir = moves.types.get(&gone.code);
        let heir = new.definitions.types.iter().find(|t| Some(&t.code) == heir);
        // What a transition of the new workflow requires, the old records must be able to have.
        for set in heir.iter().flat_map(|t| &t.field_sets) {
            if !gone.field_sets.contains(set) {
                gone.field_sets.push(set.clone());
            }
        }
        defs.types.push(gone);
    }
    let surveys = old.definitions.surveys.iter();
    let more: Vec<_> = surveys
        .filter(|s| new.definitions.surveys.iter().all(|n| n.code != s.code))
        .cloned()
        .collect();
    defs.surveys.extend(more);
    let processes = old.definitions.processes.iter();
    let more: Vec<_> = processes
        .filter(|p| new.definitions.processes.iter().all(|n| n.code != p.code))
        .cloned()
        .collect();
    defs.processes.extend(more);
    // A report is about records, not in them: an old one goes at once.
    Loaded {
        definitions: defs,
        ..new.clone()
    }
}

fn add_fields(defs: &mut Definitions, old: &Definitions, moves: &Moves) {
    let all = || old.field_sets.iter().flat_map(|s| &s.fields);
    let renamed: HashSet<&String> = moves.fields.values().collect();
    let mut present: HashSet<String> = HashSet::new();
    for field in defs.field_sets.iter_mut().flat_map(|s| &mut s.fields) {
        present.insert(field.code.clone());
        match all().find(|f| f.code == field.code) {
            Some(before) => {
                field.indexed &= before.indexed;
                field.unique &= before.unique;
                let gone = before.options.iter();
                let gone = gone.filter(|o| field.options.iter().all(|n| n.code != o.code));
                let gone: Vec<_> = gone.cloned().collect();
                if !field.options.is_empty() {
                    field.options.extend(gone);
                }
            }
            None if renamed.contains(&field.code) => field.indexed = false,
            None => {}
        }
    }
    let closed = |field: &FieldDef| {
        let mut field = field.clone();
        field.required = false;
        field.default = None;
        field.indexed = false;
        field
    };
    for set in &old.field_sets {
        match defs.field_sets.iter_mut().find(|s| s.code == set.code) {
            Some(kept) => {
                let gone = set.fields.iter().filter(|f| !present.contains(&f.code));
                kept.fields.extend(gone.map(closed));
            }
            None => {
                let mut set = set.clone();
                set.fields = set.fields.iter().map(closed).collect();
                defs.field_sets.push(set);
            }
        }
    }
}

fn add_workflows(defs: &mut Definitions, old: &Definitions) {
    for flow in &old.workflows {
        match defs.workflows.iter_mut().find(|w| w.code == flow.code) {
            Some(kept) => add_statuses(kept, flow),
            None => defs.workflows.push(flow.clone()),
        }
    }
}

/// Statuses that go, and the ways out of them.
fn add_statuses(flow: &mut Workflow, old: &Workflow) {
    let gone = old
        .statuses
        .iter()
        .filter(|s| flow.status(&s.code).is_none());
    let gone: Vec<_> = gone.cloned().collect();
    for way in &old.transitions {
        let leaves = gone.iter().any(|s| s.code == way.from);
        if leaves && flow.status(&way.to).is_some() {
            let mut way = way.clone();
            way.requires.clear();
            flow.transitions.push(way);
        }
    }
    flow.statuses.extend(gone);
}
