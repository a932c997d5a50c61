//! Drafts of packs: files that an administrator works on before they run.

use super::{Answer, Deciding};
use crate::desk::active::{ActivePacks, DraftBase, DraftRow, PackEvent};
use crate::desk::{Error, ErrorKind, Result, catalogs, codec, keys};
use crate::domain::code;
use crate::packs::{self, PackFiles};
use crate::store::{Pos, Table};

/// Most drafts of a desk.
const MAX_DRAFTS: usize = 100;
/// Most events of packs looked through for a revision.
const MAX_EVENTS: usize = 10_000;

impl Deciding<'_, '_> {
    /// Keeps files as the draft of a pack. They need not be a whole pack yet. The draft stands on the
    /// revision that was active when it was begun, until somebody who names the active one puts it on
    /// top of that.
    pub(super) fn save_draft(&mut self, name: &str, files: &PackFiles) -> Result<Answer> {
        if let Some(why) = code::fault(name) {
            return Err(Error::field("name", "malformed", format!("the name {why}")));
        }
        let wrong = files.check(name);
        if !wrong.is_empty() {
            return Err(super::pack_faults(wrong));
        }
        let active = self.ground.catalog.pack(name).map(|p| p.revision);
        let mut base = DraftBase::of(active);
        self.refuse_other_revision(name)?;
        if let Some((version, old)) = self.draft_of(name)? {
            self.refuse_unseen(&old)?;
            self.refuse_stale(version)?;
            self.drop_files(name, &old)?;
            if self.request.if_revision.is_none() {
                base = old.base;
            }
        } else {
            self.refuse_absent()?;
            let prefix = keys::pack_draft("");
            let snapshot = &self.draft.snapshot;
            let to = keys::after(&prefix);
            let drafts = snapshot.range(Table::Packs, &prefix, &to, false, MAX_DRAFTS)?;
            if drafts.len() == MAX_DRAFTS {
                let message = format!("there are {MAX_DRAFTS} drafts already: drop one");
                return Err(Error::new(ErrorKind::Limit, "too_many_drafts", message));
            }
        }
        let revision = files.hash();
        let (owns, pieces) = self.store_revision(&revision, files)?;
        // Pieces of the same files that were to go stay.
        let kept: Vec<_> = (0..pieces)
            .map(|n| keys::pack_chunk(&revision, n))
            .collect();
        let rows = &mut self.draft.rows;
        let before = rows.delete.len();
        rows.delete.retain(|(_, key)| !kept.contains(key));
        let row = DraftRow {
            revision,
            at: self.ground.now,
            actor: self.actor.name(),
            owns: owns || rows.delete.len() != before,
            pieces,
            base,
        };
        let row = row.encode()?;
        rows.put.push((Table::Packs, keys::pack_draft(name), row));
        self.argue("pack", name);
        self.argue("revision", &super::hex(&revision));
        Ok(self.no_record())
    }

    pub(super) fn drop_draft(&mut self, name: &str) -> Result<Answer> {
        let (version, row) = self.draft_of(name)?.ok_or_else(Error::not_found)?;
        self.refuse_stale(version)?;
        self.refuse_other_revision(name)?;
        self.drop_files(name, &row)?;
        self.draft
            .rows
            .delete
            .push((Table::Packs, keys::pack_draft(name)));
        self.argue("pack", name);
        Ok(self.no_record())
    }

    /// The files of a draft, which ends with this command. It takes the place of the revision that it
    /// was begun from, or of one that the asker names.
    pub(super) fn take_draft(&mut self, name: &str) -> Result<PackFiles> {
        let (version, row) = self.draft_of(name)?.ok_or_else(Error::not_found)?;
        self.refuse_stale(version)?;
        self.refuse_other_revision(name)?;
        let snapshot = &*self.draft.snapshot;
        let files = catalogs::revision_files(snapshot, &row.revision)?;
        let own = packs::pack_name(&files);
        if let Some(own) = own.filter(|own| own != name) {
            return Err(super::config::other_pack(&own));
        }
        if self.request.if_revision.is_none() {
            let active = self.ground.catalog.pack(name).map(|p| p.revision);
            if let Some(why) = super::pack_seen::outdated(snapshot, name, row.base, active)? {
                return Err(Error::new(ErrorKind::Conflict, "draft_outdated", why));
            }
        }
        self.draft
            .rows
            .delete
            .push((Table::Packs, keys::pack_draft(name)));
        Ok(files)
    }

    /// The draft, which must still be the same when this command is committed.
    fn draft_of(&mut self, name: &str) -> Result<Option<(Pos, DraftRow)>> {
        let key = keys::pack_draft(name);
        let row = self.draft.snapshot.get(Table::Packs, &key)?;
        let expect = super::config::expected(row.as_ref().map(|r| r.version));
        self.draft.rows.expect.push((Table::Packs, key, expect));
        row.map(|r| Ok((r.version, DraftRow::decode(&r.bytes)?)))
            .transpose()
    }

    /// Refuses to save over a draft without a word of having seen it.
    fn refuse_unseen(&self, old: &DraftRow) -> Result<()> {
        if self.request.if_match.is_some() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Conflict,
            "draft_exists",
            format!(
                "there is a draft already, saved by {} at {}: read it, and save over it with its \
                 version as `If-Match`",
                old.actor,
                old.at.to_rfc3339()
            ),
        ))
    }

    fn refuse_stale(&self, version: Pos) -> Result<()> {
        match self.request.if_match {
            Some(expected) if expected != version => Err(Error::new(
                ErrorKind::Stale,
                "stale_version",
                format!(
                    "the draft is at version {version}, not {expected}: somebody else saved it; \
                     read it again"
                ),
            )),
            _ => Ok(()),
        }
    }

    fn refuse_absent(&self) -> Result<()> {
        match self.request.if_match {
            Some(_) => Err(Error::new(
                ErrorKind::Stale,
                "stale_version",
                "the draft is gone: it was dropped or activated meanwhile",
            )),
            None => Ok(()),
        }
    }

    /// Removes the files that came with a draft, unless something else names them by now.
    fn drop_files(&mut self, name: &str, row: &DraftRow) -> Result<()> {
        if !row.owns || self.is_named(name, &row.revision)? {
            return Ok(());
        }
        let pieces = (0..row.pieces).map(|n| keys::pack_chunk(&row.revision, n));
        let rows = &mut self.draft.rows;
        rows.delete.extend(pieces.map(|key| (Table::Packs, key)));
        Ok(())
    }

    /// Whether a pack was ever installed with these files, or another draft has them.
    fn is_named(&self, name: &str, revision: &[u8; 32]) -> Result<bool> {
        let snapshot = &self.draft.snapshot;
        if let Some(row) = snapshot.get(Table::Packs, &keys::active_packs())? {
            let active = ActivePacks::decode(&row.bytes)?;
            if active.packs.iter().any(|(_, r)| r == revision) {
                return Ok(true);
            }
        }
        let events = b"h/".to_vec();
        let to = keys::after(&events);
        let events = snapshot.range(Table::Packs, &events, &to, false, MAX_EVENTS)?;
        if events.len() == MAX_EVENTS {
            return Ok(true);
        }
        for (_, row) in events {
            if codec::decode::<PackEvent>(&row.bytes)?.revision == *revision {
                return Ok(true);
            }
        }
        let drafts = keys::pack_draft("");
        let to = keys::after(&drafts);
        for (key, row) in snapshot.range(Table::Packs, &drafts, &to, false, MAX_DRAFTS)? {
            let draft = DraftRow::decode(&row.bytes)?;
            if key != keys::pack_draft(name) && draft.revision == *revision {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
