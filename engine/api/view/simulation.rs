//! What came of trying a pack, as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::instant;
use crate::desk::{Actor, Desk, Difference, ErrorKind, Result, Shadow, Simulation};
use crate::domain::{Id, Kind};

/// What a changed pack would have decided otherwise.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Simulation)]
pub struct SimulationView {
    /// Pack.
    pack: String,
    /// Version of the changed pack.
    version: String,
    /// Hash of its revision.
    revision: String,
    /// Commands that were tried.
    commands: u64,
    /// Decisions that were made.
    decisions: u64,
    /// Commands whose decisions cannot be made again.
    not_replayable: u64,
    /// Decisions that failed.
    failed: u64,
    /// Commands for which something would have been decided otherwise.
    differing: u64,
    /// How often which field differs.
    by_field: BTreeMap<String, u64>,
    /// How often the decision of which rule differs.
    by_rule: BTreeMap<String, u64>,
    /// What differs, record by record.
    records: Vec<SimulatedView>,
    /// Differences that are counted and not told.
    untold: u64,
    /// Rules that cannot be tried, `pack/name on hook`: they are asked for reading, or about the packs
    /// themselves.
    not_tried: Vec<String>,
    /// Whether there is more to try: give `reached` as `after` to go on.
    cut: bool,
    /// The position up to which the journal was looked through.
    reached: u64,
    /// The last position that the journal had.
    last: u64,
}

/// A record about which something would have been decided otherwise.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SimulatedRecord)]
pub struct SimulatedView {
    /// Kind.
    kind: &'static str,
    /// Id.
    id: String,
    /// Number, when it has one and is still there.
    number: Option<i64>,
    /// Title, when it is still there.
    title: String,
    /// What differs, in the order of the journal.
    differences: Vec<DifferenceView>,
}

/// One thing that would have been decided otherwise.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Difference)]
pub struct DifferenceView {
    /// Position of the command.
    position: u64,
    /// When.
    at: String,
    /// `pack/name`.
    rule: String,
    /// Hook.
    hook: String,
    /// Field, or what else it is about.
    field: String,
    /// What was decided; null: nothing.
    recorded: Option<String>,
    /// What would have been decided; null: nothing.
    candidate: Option<String>,
}

/// A revision that runs beside the active one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Shadow)]
pub struct ShadowView {
    /// When it was started.
    started_at: String,
    /// Who started it.
    started_by: String,
    /// The position up to which it has followed.
    reached: u64,
    /// What it decided otherwise.
    found: SimulationView,
}

/// A shadow as JSON.
///
/// # Errors
/// When the store fails.
pub fn shadow(desk: &Desk, shadow: Shadow) -> Result<ShadowView> {
    let found = Simulation {
        reached: shadow.reached,
        last: shadow.reached,
        ..shadow.found
    };
    Ok(ShadowView {
        started_at: instant(shadow.started_at),
        started_by: shadow.by,
        reached: shadow.reached.0,
        found: simulation(desk, found)?,
    })
}

/// What came of trying a pack as JSON, with the numbers and titles of the records.
///
/// # Errors
/// When the store fails.
pub fn simulation(desk: &Desk, done: Simulation) -> Result<SimulationView> {
    Ok(SimulationView {
        records: records(desk, done.differences)?,
        pack: done.pack,
        version: done.version,
        revision: done.revision,
        commands: done.commands,
        decisions: done.decisions,
        not_replayable: done.not_replayable,
        failed: done.failed,
        differing: done.differing,
        by_field: done.by_field,
        by_rule: done.by_rule,
        untold: done.untold,
        not_tried: done
            .not_tried
            .into_iter()
            .map(|(rule, hook)| format!("{rule} on {hook}"))
            .collect(),
        cut: done.cut,
        reached: done.reached.0,
        last: done.last.0,
    })
}

/// Differences record by record, in the order in which records first differ.
///
/// # Errors
/// When the store fails.
fn records(desk: &Desk, differences: Vec<Difference>) -> Result<Vec<SimulatedView>> {
    let mut views: Vec<SimulatedView> = Vec::new();
    let mut places: BTreeMap<(Kind, Id), usize> = BTreeMap::new();
    for difference in differences {
        let place = (difference.kind, difference.id);
        let next = views.len();
        let at = *places.entry(place).or_insert(next);
        if at == next {
            let (number, title) = match desk.record(&Actor::System, place.0, place.1, None) {
                Ok(page) => (page.record.number(), page.record.title().to_owned()),
                Err(error) if error.kind == ErrorKind::NotFound => (None, String::new()),
                Err(error) => return Err(error),
            };
            views.push(SimulatedView {
                kind: place.0.name(),
                id: place.1.to_string(),
                number,
                title,
                differences: Vec::new(),
            });
        }
        if let Some(view) = views.get_mut(at) {
            view.differences.push(DifferenceView {
                position: difference.pos.0,
                at: instant(difference.at),
                rule: difference.rule,
                hook: difference.hook,
                field: difference.field,
                recorded: difference.recorded,
                candidate: difference.candidate,
            });
        }
    }
    Ok(views)
}
