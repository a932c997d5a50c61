//! What an administrator asks about packs: what installing would do, what happened, files, drafts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::active::{ActivePacks, DraftBase, DraftRow};
use super::allot::Allotment;
use super::shifting::{self, Uses};
use super::view::{PackDraft, PackEventView, PackPlan};
use super::{
    Actor, Command, Desk, Error, PackChange, Request, Result, catalogs, decide, keys, lookup,
};
use crate::domain::Value;
use crate::hooks::Phase;
use crate::packs::{self, Change, Loaded, PackFault, PackFiles};
use crate::store::{Snapshot, Table};

/// Most events of a pack that are listed.
pub const MAX_EVENTS: usize = 200;

impl Desk {
    /// What installing a pack would add, change, move and remove, a line each; nothing is changed.
    ///
    /// # Errors
    /// The faults of the pack.
    pub fn dry_run_pack(&self, files: &PackFiles) -> Result<Vec<String>> {
        let plan = self.plan_pack(files)?;
        let named = |what: &str, lines: &[String]| -> Vec<String> {
            lines.iter().map(|line| format!("{what} {line}")).collect()
        };
        let mut lines = plan.changes.clone();
        lines.extend(named("left as it is:", &plan.left));
        lines.extend(named("moves", &plan.moves));
        lines.extend(named("asks for", &plan.asks));
        lines.extend(named("warning:", &plan.warnings));
        lines.extend(named("refused:", &plan.refusals));
        Ok(lines)
    }

    /// What installing files would do; nothing is changed.
    ///
    /// # Errors
    /// The faults of the pack.
    pub fn plan_pack(&self, files: &PackFiles) -> Result<PackPlan> {
        let new = self.check_pack(files)?;
        let snapshot = self.store.snapshot(None)?;
        let catalog = self.catalog()?;
        let old = catalog.pack(new.name());
        let mut plan = PackPlan {
            pack: (new.name().to_owned(), new.manifest.version.clone()),
            ..PackPlan::default()
        };
        let had = old.map(|o| &*o.grants);
        if let Err(packs::GrantFault::Missing(names)) =
            new.manifest.asks.granted(had, &packs::Given::Nothing)
        {
            plan.asks = names;
        }
        // It is tried with what administrators have set.
        let (new, lost) = match old {
            Some(old) => new.keeping(&old.set),
            None => (new, Vec::new()),
        };
        let new = Arc::new(new);
        let others = catalog.packs().iter().filter(|p| p.name() != new.name());
        let all: Vec<Arc<Loaded>> = others.cloned().chain([Arc::clone(&new)]).collect();
        let Some(old) = old else {
            let next = packs::Catalog::build(&all, catalog.local());
            let next = next.map_err(decide::pack_faults)?;
            plan.warnings = named_right(&next, new.name())?;
            plan.changes = all_new(&new);
            plan.changes.extend(brought(&*snapshot, None, &new)?);
            plan.refusals = self.would_refuse(
                snapshot,
                &decide::Happening {
                    catalog: Arc::new(next),
                    old: None,
                    new,
                    phase: Phase::Install,
                },
            )?;
            return Ok(plan);
        };
        let changes = packs::changes(old, &new);
        plan.changes = changes.iter().map(words).collect();
        plan.changes.extend(brought(&*snapshot, Some(old), &new)?);
        plan.left = left(old, &changes);
        let shift = decide::shift_to(&catalog, old, &new, &all)?;
        plan.warnings = named_right(&shift.next, new.name())?;
        let set = |name: &String| old.set.get(name).map(Value::to_json).unwrap_or_default();
        let lost = lost.iter().map(|name| {
            let set = set(name);
            format!("option `{name}`, which was set to {set}, is gone or of another type")
        });
        plan.warnings.extend(lost);
        if let Err(error) = decide::refuse_reserved(old, &new, &shift.moves) {
            plan.refusals.push(error.message);
        }
        if let Some(uses) = shifting::uses(&*snapshot, &shift)? {
            plan.moves = moves(&uses);
            let refusals = decide::refusals(&uses).into_iter();
            plan.refusals.extend(refusals.map(|f| match f.field {
                Some(code) => format!("`{code}`: {}", f.message),
                None => f.message,
            }));
        }
        plan.refusals.extend(self.would_refuse(
            snapshot,
            &decide::Happening {
                catalog: Arc::clone(&shift.next),
                old: Some(Arc::clone(old)),
                new,
                phase: Phase::Upgrade,
            },
        )?);
        Ok(plan)
    }

    /// What rules would refuse if a pack came now.
    fn would_refuse(
        &self,
        snapshot: Arc<dyn Snapshot>,
        happening: &decide::Happening,
    ) -> Result<Vec<String>> {
        let (ground, _) = self.ground(snapshot, self.clock.now(), None)?;
        let mut allot = Allotment::new(&self.ids, &*self.store);
        let request = Request::by(Actor::System);
        let faults = decide::try_happening(&ground, &request, &mut allot, happening)?;
        let words = faults.into_iter().map(|fault| match fault.rule {
            Some(rule) => format!("{} ({rule})", fault.message),
            None => fault.message,
        });
        Ok(words.collect())
    }

    /// Reads and compiles files as installing would, without the other packs.
    ///
    /// # Errors
    /// The faults of the pack.
    pub fn check_pack(&self, files: &PackFiles) -> Result<Loaded> {
        packs::load(files, &*self.hosts).map_err(decide::pack_faults)
    }

    /// Everything that is wrong with files, with the other packs beside them.
    ///
    /// # Errors
    /// When the store fails.
    pub fn pack_faults(&self, files: &PackFiles) -> Result<Vec<PackFault>> {
        let new = match packs::load(files, &*self.hosts) {
            Ok(new) => new,
            Err(faults) => return Ok(faults),
        };
        let catalog = self.catalog()?;
        let others = catalog.packs().iter().filter(|p| p.name() != new.name());
        let mut all: Vec<Arc<Loaded>> = others.cloned().collect();
        let local = catalog.local();
        let local = match catalog.pack(new.name()) {
            Some(old) => decide::moved_local(local, &packs::Moves::between(old, &new)),
            None => local.to_vec(),
        };
        let name = new.name().to_owned();
        all.push(Arc::new(new));
        let together = packs::Catalog::build(&all, &packs::bridge::known(&local, &all));
        Ok(match together {
            Ok(catalog) => catalog.misnamed(&name).faults,
            Err(faults) => faults,
        })
    }

    /// What may go wrong while the rules of an active pack run.
    ///
    /// # Errors
    /// When the store fails.
    pub fn pack_warnings(&self, name: &str) -> Result<Vec<String>> {
        let catalog = self.catalog()?;
        let catalog = catalog.shift().map_or(&catalog, |shift| &shift.next);
        Ok(catalog.told_of(name))
    }

    /// What happened to a pack, newest first; at most [`MAX_EVENTS`].
    ///
    /// # Errors
    /// When nobody ever installed a pack of this name.
    pub fn pack_events(&self, name: &str) -> Result<Vec<PackEventView>> {
        let snapshot = self.store.snapshot(None)?;
        let events = catalogs::events(&*snapshot, name, MAX_EVENTS)?;
        let mut views: Vec<PackEventView> = events
            .into_iter()
            .map(|(pos, event)| PackEventView {
                pos: Some(pos),
                revision: decide::hex(&event.revision),
                version: event.version,
                at: Some(event.at),
                actor: Some(event.actor),
                what: event.what,
            })
            .collect();
        if views.is_empty() {
            // Installed by a build that kept no history.
            let catalog = self.catalog()?;
            let pack = catalog.pack(name).ok_or_else(Error::not_found)?;
            views.push(PackEventView {
                pos: None,
                revision: decide::hex(&pack.revision),
                version: pack.manifest.version.clone(),
                at: None,
                actor: None,
                what: "installed".to_owned(),
            });
        }
        Ok(views)
    }

    /// The files of a revision of a pack, by version or the beginning of its hash; without either,
    /// of the active one.
    ///
    /// # Errors
    /// When there is no such revision.
    pub fn pack_files(&self, name: &str, revision: Option<&str>) -> Result<PackFiles> {
        let snapshot = self.store.snapshot(None)?;
        let catalog = self.catalog()?;
        let active = catalog.pack(name).map(|p| p.revision);
        let found = match (revision, active) {
            (None, Some(active)) => active,
            (None, None) => return Err(Error::not_found()),
            (to, active) => catalogs::revision_named(&*snapshot, name, to, active)?,
        };
        catalogs::revision_files(&*snapshot, &found)
    }

    /// The draft of a pack.
    ///
    /// # Errors
    /// When there is none.
    pub fn pack_draft(&self, name: &str) -> Result<PackDraft> {
        let snapshot = self.store.snapshot(None)?;
        let row = snapshot.get(Table::Packs, &keys::pack_draft(name))?;
        let row = row.ok_or_else(Error::not_found)?;
        let draft = DraftRow::decode(&row.bytes)?;
        let active = snapshot.get(Table::Packs, &keys::active_packs())?;
        let active = match active {
            Some(row) => ActivePacks::decode(&row.bytes)?.revision(name),
            None => None,
        };
        let base = match draft.base {
            DraftBase::Revision(base) => Some(decide::hex(&base)),
            DraftBase::Unknown | DraftBase::Nothing => None,
        };
        Ok(PackDraft {
            base,
            outdated: decide::outdated(&*snapshot, name, draft.base, active)?,
            version: row.version,
            revision: decide::hex(&draft.revision),
            at: draft.at,
            actor: draft.actor,
            files: catalogs::revision_files(&*snapshot, &draft.revision)?,
        })
    }

    /// The differences between two sets of files of a pack: definitions in words, as far as both can
    /// be read, and texts line by line.
    #[must_use]
    pub fn diff_packs(&self, old: &PackFiles, new: &PackFiles) -> packs::PackDiff {
        let mut diff = packs::diff(old, new);
        let loaded = (
            packs::load(old, &*self.hosts),
            packs::load(new, &*self.hosts),
        );
        if let (Ok(old), Ok(new)) = loaded {
            diff.changes = packs::changes(&old, &new).iter().map(words).collect();
        }
        diff
    }

    /// Moves records to new revisions of packs, at most `max` commands. Whether some are left. A desk
    /// that was stopped on the way goes on where it stood.
    ///
    /// # Errors
    /// When the store fails.
    pub fn move_records(&self, max: usize) -> Result<bool> {
        for _ in 0..max {
            let catalog = self.catalog()?;
            let Some(shift) = catalog.shift() else {
                return Ok(false);
            };
            let command = Command::ChangePack {
                name: shift.pack.clone(),
                change: PackChange::Move,
            };
            match self.run(&Request::by(Actor::System), &command) {
                // Somebody else moved the last ones meanwhile.
                Err(e) if e.code == "not_found" => {}
                done => {
                    done?;
                }
            }
        }
        Ok(self.catalog()?.shift().is_some())
    }
}

/// What may go wrong while the rules of a pack run; refused when its scripts name what is not there.
fn named_right(next: &packs::Catalog, pack: &str) -> Result<Vec<String>> {
    let found = next.misnamed(pack);
    if found.faults.is_empty() {
        return Ok(next.told_of(pack));
    }
    Err(decide::pack_faults(found.faults))
}

/// A change in words.
fn words(change: &Change) -> String {
    let to = change.replacement.as_ref();
    let to = to.map_or(String::new(), |to| format!(", replaced by {to}"));
    let (changed, subject) = (change.changed.name(), change.subject.name());
    format!("{changed} {subject} {}{to}", change.code)
}

fn all_new(new: &Loaded) -> Vec<String> {
    let defs = &new.definitions;
    let types = defs.types.iter().map(|t| format!("added type {}", t.code));
    let sets = defs.field_sets.iter().flat_map(|s| &s.fields);
    let fields = sets.map(|f| format!("added field {}", f.code));
    let rules = new
        .rules
        .iter()
        .map(|r| format!("added rule {} on {}", r.name, r.hook));
    types.chain(fields).chain(rules).collect()
}

/// The records that a pack would bring.
fn brought(snapshot: &dyn Snapshot, old: Option<&Loaded>, new: &Loaded) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for seed in &*new.seeds {
        let known =
            |s: &packs::seed::Seed| s.kind == seed.kind && s.external_id == seed.external_id;
        let id = Value::from(seed.external_id.as_str());
        if old.is_some_and(|old| old.seeds.iter().any(known))
            || lookup::by_unique(snapshot, seed.kind, &id)?.is_some()
        {
            continue;
        }
        lines.push(format!(
            "added record {} {}",
            seed.kind.name(),
            seed.external_id
        ));
    }
    Ok(lines)
}

/// How much of the old revision stays as it is, by what it is.
fn left(old: &Loaded, changes: &[Change]) -> Vec<String> {
    let gone = |change: &&Change| change.changed != packs::Changed::Added;
    let touched: Vec<&Change> = changes.iter().filter(gone).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (subject, code) in packs::subjects(old) {
        if !touched
            .iter()
            .any(|c| c.subject == subject && c.code == code)
        {
            *counts.entry(subject.name()).or_default() += 1;
        }
    }
    counts
        .iter()
        .map(|(what, n)| format!("{n} {what}"))
        .collect()
}

fn moves(uses: &Uses) -> Vec<String> {
    let line = |((subject, old, new), count): (&(packs::Subject, String, String), &u64)| {
        let records = decide::in_records(*count);
        format!("{records} from {} {old} to {new}", subject.name())
    };
    uses.moved.iter().map(line).collect()
}
