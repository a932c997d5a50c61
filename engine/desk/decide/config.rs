//! Installing packs while the desk runs.

use std::sync::Arc;

use super::{Answer, Deciding, Happening, hex};
use crate::desk::active::{ActivePacks, PackEvent, PackState};
use crate::desk::command::PackChange;
use crate::desk::{Error, ErrorKind, Fault, Result, catalogs, codec, keys};
use crate::domain::{Kind, Value};
use crate::hooks::{LifecycleView, Phase};
use crate::packs::{
    self, Catalog, Given, GrantFault, Grants, Loaded, LocalFields, PackFault, PackFiles, bridge,
};
use crate::store::{Expect, Pos, Table};

/// What a row is expected to be, by the version it was read at.
pub const fn expected(version: Option<Pos>) -> Expect {
    match version {
        Some(pos) => Expect::Version(pos),
        None => Expect::Absent,
    }
}

impl Deciding<'_, '_> {
    /// Installs files under the name that they give themselves.
    pub(super) fn install_pack(&mut self, files: &PackFiles, given: &Given) -> Result<Answer> {
        self.actor.require_admin("installing a pack")?;
        self.refuse_moving()?;
        let loaded = packs::load(files, self.ground.hosts).map_err(faults)?;
        self.store_revision(&loaded.revision, files)?;
        self.install(&loaded, given, None)
    }

    /// Makes a revision the active one; records follow it.
    fn install(&mut self, loaded: &Loaded, given: &Given, what: Option<&str>) -> Result<Answer> {
        let catalog = Arc::clone(&self.ground.catalog);
        let old = catalog.pack(loaded.name());
        let grants = grants(loaded, old.map(|o| &*o.grants), given)?;
        let mut new = loaded.with_state(grants, old.is_some_and(|o| o.disabled));
        if let Some(old) = old {
            let (kept, lost) = new.keeping(&old.set);
            new = kept;
            let lost = lost.iter().map(|name| format!("option_gone:{name}"));
            self.draft.notes.extend(lost);
            let moves = packs::Moves::between(old, &new);
            new = new.after(old, &moves, self.allot.id(self.ground.now));
        }
        let new = Arc::new(new);
        let all = replaced(&catalog, &new);
        let moving = match old {
            Some(old) => self.follow(old, &new, &all)?,
            None => {
                // Values that an earlier installation left behind are found again.
                let next = Catalog::build(&all, catalog.local()).map_err(faults)?;
                self.reindex(next, new.name())?;
                None
            }
        };
        let local = match old {
            Some(old) => {
                super::shift::moved_local(catalog.local(), &packs::Moves::between(old, &new))
            }
            None => catalog.local().to_vec(),
        };
        let local = match moving {
            Some(_) => local,
            None => bridge::known(&local, &all),
        };
        self.activate(&all, &local, moving.as_ref())?;
        if what.is_none() {
            self.refuse_misnamed(new.name())?;
        }
        let phase = match old {
            Some(_) => Phase::Upgrade,
            None => Phase::Install,
        };
        self.comes(old, &new, phase);
        let usual = if old.is_some() {
            "upgraded"
        } else {
            "installed"
        };
        let is_same = |old: &&Arc<Loaded>| old.revision == new.revision && old.grants == new.grants;
        match old.filter(is_same).filter(|_| what.is_none()) {
            // Nothing became of the pack, so its history has nothing to tell.
            Some(_) => self.argue("pack", new.name()),
            None => self.log_pack(&new, what.unwrap_or(usual))?,
        }
        Ok(self.no_record())
    }

    /// Names in scripts are looked up when a pack is saved, not when one goes back to what ran
    /// before.
    fn refuse_misnamed(&self, pack: &str) -> Result<()> {
        let Some(next) = &self.next else {
            return Ok(());
        };
        let next = next.shift().map_or(next, |shift| &shift.next);
        let found = next.misnamed(pack);
        match found.faults.is_empty() {
            true => Ok(()),
            false => Err(faults(found.faults)),
        }
    }

    pub(super) fn remove_pack(&mut self, name: &str) -> Result<Answer> {
        self.actor.require_admin("removing a pack")?;
        self.refuse_moving()?;
        self.refuse_version()?;
        self.refuse_other_revision(name)?;
        let catalog = Arc::clone(&self.ground.catalog);
        let pack = catalog.pack(name).ok_or_else(Error::not_found)?;
        super::shift::refuse_reserved_gone(pack)?;
        self.guard_pack(Some(pack), None)?;
        self.goes(pack, Phase::Remove)?;
        for def in &pack.definitions.types {
            self.refuse_used(def.kind, "type", &def.code)?;
        }
        let rest: Vec<Arc<Loaded>> = catalog
            .packs()
            .iter()
            .filter(|p| p.name() != name)
            .cloned()
            .collect();
        let next = Catalog::build(&rest, catalog.local()).map_err(faults)?;
        self.reindex(next, name)?;
        self.activate(&rest, catalog.local(), None)?;
        self.log_pack(pack, "removed")?;
        Ok(self.no_record())
    }

    /// Any other change of a pack.
    pub(super) fn change_pack(&mut self, name: &str, change: &PackChange) -> Result<Answer> {
        self.actor.require_admin("changing a pack")?;
        match change {
            PackChange::Move => return self.move_pack(name),
            PackChange::SaveDraft { files } => return self.save_draft(name, files),
            PackChange::DropDraft => return self.drop_draft(name),
            _ => self.refuse_moving()?,
        }
        if !matches!(
            change,
            PackChange::Install { .. } | PackChange::ActivateDraft { .. }
        ) {
            self.refuse_version()?;
            self.refuse_other_revision(name)?;
        }
        let catalog = Arc::clone(&self.ground.catalog);
        if catalog.pack(name).is_some_and(|pack| change.is_done(pack)) {
            return Ok(self.no_record());
        }
        match change {
            PackChange::Install { files, grants } => {
                let own = packs::pack_name(files);
                if let Some(own) = own {
                    if !name.is_empty() && own != name {
                        return Err(other_pack(&own));
                    }
                    self.refuse_version()?;
                    self.refuse_other_revision(&own)?;
                }
                return self.install_pack(files, grants);
            }
            PackChange::ActivateDraft { grants } => {
                let files = self.take_draft(name)?;
                return self.install_pack(&files, grants);
            }
            PackChange::RollBack { to, grants } => {
                let files = self.revision_to(name, to.as_deref())?;
                let loaded = packs::load(&files, self.ground.hosts).map_err(faults)?;
                return self.install(&loaded, grants, Some("rolled_back"));
            }
            _ => {}
        }
        let pack = catalog.pack(name).ok_or_else(Error::not_found)?;
        let (next, what) = match change {
            PackChange::Disable => (pack.with_state((*pack.grants).clone(), true), "disabled"),
            PackChange::Enable => (pack.with_state((*pack.grants).clone(), false), "enabled"),
            PackChange::Grant { grants } => {
                let granted = match grants {
                    Given::Nothing => Given::Some(Vec::new()),
                    given => given.clone(),
                };
                let granted = self::grants(pack, None, &granted)?;
                // Rules that failed for want of it run again.
                let rules = pack.rules.iter().map(|rule| keys::suspension(&rule.id()));
                let rows = rules.map(|key| (Table::Meta, key));
                self.draft.rows.delete.extend(rows);
                (pack.with_state(granted, pack.disabled), "granted")
            }
            PackChange::SetOptions { values } => (self.with_options(pack, values)?, "options_set"),
            _ => return Err(Error::internal("a change of a pack was not made")),
        };
        let next = Arc::new(next);
        let wakes = matches!(change, PackChange::Enable);
        if !wakes {
            self.guard_pack(Some(pack), Some(&next))?;
        }
        if matches!(change, PackChange::Disable) {
            self.goes(pack, Phase::Disable)?;
        }
        self.activate(&replaced(&catalog, &next), catalog.local(), None)?;
        if wakes {
            self.comes(Some(pack), &next, Phase::Enable);
        }
        self.log_pack(&next, what)?;
        Ok(self.no_record())
    }

    /// What a pack that comes says is asked by the rules that it makes.
    fn comes(&mut self, old: Option<&Arc<Loaded>>, new: &Arc<Loaded>, phase: Phase) {
        self.happening = self.next.take().map(|catalog| Happening {
            catalog,
            old: old.cloned(),
            new: Arc::clone(new),
            phase,
        });
    }

    /// What a pack says that is put to rest or removed.
    fn goes(&mut self, pack: &Loaded, phase: Phase) -> Result<()> {
        self.lifecycle(
            pack.name(),
            LifecycleView {
                pack: pack.name().to_owned(),
                phase,
                from: Some(pack.manifest.version.clone()),
                to: (phase == Phase::Disable).then(|| pack.manifest.version.clone()),
                dry_run: false,
            },
            None,
        )
    }

    /// Packs change one after another: the next waits until all records have moved.
    pub(super) fn refuse_moving(&self) -> Result<()> {
        match self.ground.catalog.shift() {
            None => Ok(()),
            Some(shift) => Err(Error::new(
                ErrorKind::Busy,
                "pack_moving",
                format!(
                    "records are still moving to the new revision of pack `{}`; try again when \
                     they have",
                    shift.pack
                ),
            )),
        }
    }

    pub(super) fn argue(&mut self, name: &str, value: &str) {
        let argument = (name.to_owned(), Value::from(value));
        self.input.arguments.push(argument);
    }

    /// The answer of a command that is about no record.
    pub(super) fn no_record(&mut self) -> Answer {
        Answer {
            kind: None,
            id: self.allot.id(self.ground.now),
            entry: None,
        }
    }

    /// Notes what happened to a pack, in the journal and in its own history.
    pub(super) fn log_pack(&mut self, pack: &Loaded, what: &str) -> Result<()> {
        if !self.input.arguments.iter().any(|(name, _)| name == "pack") {
            self.argue("pack", pack.name());
        }
        self.argue("revision", &hex(&pack.revision));
        let event = PackEvent {
            revision: pack.revision,
            version: pack.manifest.version.clone(),
            at: self.ground.now,
            actor: self.actor.name(),
            what: what.to_owned(),
        };
        let key = keys::pack_log(pack.name());
        let row = codec::encode(&event)?;
        self.draft.rows.put_at_pos.push((Table::Packs, key, row));
        Ok(())
    }

    /// Writes the list of active packs; the rules they make together must fit. `moving` is the
    /// revision from which records have yet to move.
    pub(super) fn activate(
        &mut self,
        all: &[Arc<Loaded>],
        local: &[LocalFields],
        moving: Option<&Arc<Loaded>>,
    ) -> Result<()> {
        let next = Arc::new(bridge::assemble(all, local, moving).map_err(faults)?);
        let known = self.ground.catalog.warnings();
        for warning in next.warnings().iter().filter(|w| !known.contains(w)) {
            tracing::warn!("{warning}");
            self.draft.notes.push(format!("warning:{warning}"));
        }
        let state = |pack: &Arc<Loaded>| PackState {
            pack: pack.name().to_owned(),
            disabled: pack.disabled,
            grants: (*pack.grants).clone(),
            moving: moving
                .filter(|old| old.name() == pack.name())
                .map(|old| old.revision),
        };
        let active = ActivePacks {
            packs: all
                .iter()
                .map(|p| (p.name().to_owned(), p.revision))
                .collect(),
            local: next.local().to_vec(),
            states: all.iter().map(state).collect(),
            renamed: all
                .iter()
                .filter(|p| !p.renamed.is_empty())
                .map(|p| (p.name().to_owned(), p.renamed.to_vec()))
                .collect(),
            options: all
                .iter()
                .filter(|p| !p.set.is_empty())
                .map(|p| (p.name().to_owned(), (*p.set).clone()))
                .collect(),
        };
        let row = active.encode()?;
        self.ground.catalogs.prepare(&row, &next);
        self.next = Some(next);
        let order = codec::encode(&self.ground.catalogs.rule_names(&row))?;
        let rows = &mut self.draft.rows;
        let expect = expected(self.ground.catalog_version);
        rows.expect
            .push((Table::Packs, keys::active_packs(), expect));
        let at = (Table::Packs, keys::active_at(), row.clone());
        rows.put.push((Table::Packs, keys::active_packs(), row));
        rows.put_at_pos.push(at);
        rows.put_at_pos
            .push((Table::Packs, keys::rule_order(), order));
        Ok(())
    }

    /// A revision is stored once, under its hash. Its last piece is written last. Whether it was not
    /// there yet, and its number of pieces.
    pub(super) fn store_revision(
        &mut self,
        revision: &[u8; 32],
        files: &PackFiles,
    ) -> Result<(bool, u32)> {
        let chunks = files.to_chunks();
        let pieces = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
        let last = keys::pack_chunk(revision, pieces.saturating_sub(1));
        if self.draft.snapshot.get(Table::Packs, &last)?.is_some() {
            return Ok((false, pieces));
        }
        for (n, chunk) in (0..pieces).zip(chunks) {
            let key = keys::pack_chunk(revision, n);
            self.draft.rows.put.push((Table::Packs, key, chunk));
        }
        Ok((true, pieces))
    }

    /// The files of an earlier revision, by version or by the beginning of its hash; without either,
    /// of the last one that was another than now.
    fn revision_to(&self, name: &str, to: Option<&str>) -> Result<PackFiles> {
        let active = self.ground.catalog.pack(name).map(|p| p.revision);
        let snapshot = &*self.draft.snapshot;
        let found = catalogs::revision_named(snapshot, name, to, active)?;
        catalogs::revision_files(snapshot, &found)
    }

    fn refuse_used(&self, kind: Kind, field: &str, code: &str) -> Result<()> {
        let prefix = keys::index_prefix(kind, field, &Value::from(code));
        let rows =
            self.draft
                .snapshot
                .range(Table::Index, &prefix, &keys::after(&prefix), false, 1)?;
        if rows.is_empty() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Conflict,
            "in_use",
            format!(
                "{field} `{code}` is in use: disable the pack instead, and its records stay as they \
                 are"
            ),
        ))
    }
}

/// The error for files of another pack than the one that is named.
pub(super) fn other_pack(own: &str) -> Error {
    let own: String = own.chars().take(64).collect();
    let message = format!("the files are of pack `{own}`");
    Error::field("name", "other_pack", message)
}

/// The packs with one of them in another revision, or added.
fn replaced(catalog: &Catalog, new: &Arc<Loaded>) -> Vec<Arc<Loaded>> {
    let others = catalog.packs().iter().filter(|p| p.name() != new.name());
    others.cloned().chain([Arc::clone(new)]).collect()
}

/// What a pack may do from now on.
fn grants(pack: &Loaded, before: Option<&Grants>, given: &Given) -> Result<Grants> {
    let granted = pack.manifest.asks.granted(before, given);
    granted.map_err(|fault| match fault {
        GrantFault::Missing(names) => {
            let fault = |name: &String| {
                let message = "the pack asks for this; grant all that it asks for with `--grant \
                               all`, or some of it by name, over the API in `grants`";
                let mut fault = Fault::field(name, "grant_needed", message);
                fault.rule = None;
                fault
            };
            let mut error = Error::refused("grants_needed", names.iter().map(fault).collect());
            error.message = format!(
                "pack `{}` asks for {}: grant all of it with `--grant all`, or some of it by name",
                pack.name(),
                names.join(", ")
            );
            error
        }
        GrantFault::Unknown(name, near) => {
            let hint = near.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
            let message = if hint.is_empty() && !pack.manifest.asks.everything() {
                let asked: Vec<&str> = pack.manifest.asks.names().collect();
                format!(
                    "the pack does not ask for `{name}`: its pack.toml has to ask for it under \
                     `[capabilities]` first; it asks for {}",
                    asked.join(", ")
                )
            } else {
                format!("the pack does not ask for `{name}`{hint}")
            };
            Error::field("grants", "unknown_grant", message)
        }
    })
}

/// The faults of a pack as an error of the desk.
pub fn faults(found: Vec<PackFault>) -> Error {
    let faults = found.iter().map(|f| Fault {
        field: Some(f.file.clone()),
        code: "pack_fault".to_owned(),
        message: f.to_string(),
        rule: None,
    });
    let mut error = Error::invalid(faults.collect());
    error.code = "pack_invalid";
    error.message = found
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n");
    error
}
