//! A changed pack, tried on recorded commands: what it would have decided otherwise.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::judge::Judge;
use super::moment::{Moment, Records};
use super::run::Recorded;
use crate::desk::decide::pack_faults;
use crate::desk::permits::Permits;
use crate::desk::{Desk, Result};
use crate::domain::{Id, Instant, Kind};
use crate::packs::{self, Catalog, Loaded, PackFiles};
use crate::store::Pos;

/// One thing that would have been decided otherwise.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Difference {
    /// Position of the command.
    pub pos: Pos,
    /// When.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: Instant,
    /// Kind of the record.
    pub kind: Kind,
    /// The record.
    pub id: Id,
    /// `pack/name` of the rule, as the candidate has it, or had it before.
    pub rule: String,
    /// Hook.
    pub hook: String,
    /// Field, or what else it is about.
    pub field: String,
    /// What was decided; none: nothing.
    pub recorded: Option<String>,
    /// What would have been decided; none: nothing.
    pub candidate: Option<String>,
}

/// What came of trying one command.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// Decisions that were made.
    pub decisions: u64,
    /// Those by rules that failed.
    pub failed: u64,
    /// Microseconds that the rules took.
    pub rule_micros: u64,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// A pack that is not active.
pub(super) struct Candidate {
    /// The pack.
    pub pack: Arc<Loaded>,
    /// It together with the other packs of a time, by the version of the list of active packs.
    combined: Mutex<BTreeMap<Pos, Arc<Catalog>>>,
}

impl Candidate {
    /// Reads a pack and checks that it fits the other active ones.
    pub(super) fn load(desk: &Desk, files: &PackFiles) -> Result<Self> {
        let pack = packs::load(files, &*desk.hosts).map_err(pack_faults)?;
        let candidate = Self {
            pack: Arc::new(pack),
            combined: Mutex::default(),
        };
        candidate.beside(&*desk.catalog()?)?;
        Ok(candidate)
    }

    /// The candidate together with the other packs of a catalog.
    fn beside(&self, catalog: &Catalog) -> Result<Catalog> {
        let others = catalog.packs().iter();
        let others = others.filter(|p| p.name() != self.pack.name()).cloned();
        // What administrators had set holds for the candidate, too.
        let own = match catalog.pack(self.pack.name()) {
            Some(old) if !old.set.is_empty() => Arc::new(self.pack.keeping(&old.set).0),
            _ => Arc::clone(&self.pack),
        };
        let all: Vec<Arc<Loaded>> = others.chain([own]).collect();
        Catalog::build(&all, catalog.local()).map_err(pack_faults)
    }

    fn combined(&self, recorded: &Recorded) -> Result<Arc<Catalog>> {
        let at = recorded.entry.catalog;
        if let Some(catalog) = self.combined.lock().get(&at) {
            return Ok(Arc::clone(catalog));
        }
        // Packs of another time may not fit the candidate: its rules are tried all the same.
        let catalog = match self.beside(&recorded.footing.catalog) {
            Ok(catalog) => catalog,
            Err(_) => Catalog::build(&[Arc::clone(&self.pack)], &[]).unwrap_or_default(),
        };
        let catalog = Arc::new(catalog);
        self.combined.lock().insert(at, Arc::clone(&catalog));
        Ok(catalog)
    }

    /// Tries the candidate on a recorded command.
    /// Rules that run long need permits of their pack, as everywhere.
    pub(super) fn judge(
        &self,
        recorded: &Recorded,
        records: &mut dyn Records,
        permits: &Permits,
    ) -> Result<Judged> {
        let trace = recorded.traced()?;
        let next = self.combined(recorded)?;
        let footing = &recorded.footing;
        let mut judge = Judge {
            candidate: self,
            permits,
            recorded,
            trace,
            next: &next,
            moment: Moment::new(
                &recorded.entry,
                trace,
                &footing.catalog,
                &footing.service,
                records,
            ),
            judged: Judged::default(),
            rule_time: std::time::Duration::ZERO,
        };
        for (n, scene) in trace.scenes.iter().enumerate() {
            judge.scene(u16::try_from(n).unwrap_or(u16::MAX), scene)?;
        }
        let mut judged = judge.judged;
        judged.rule_micros = u64::try_from(judge.rule_time.as_micros()).unwrap_or(u64::MAX);
        Ok(judged)
    }
}
