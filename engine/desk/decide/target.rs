//! The record that a command is about.

use super::Deciding;
use crate::desk::{Error, ErrorKind, Result};
use crate::domain::{Id, Kind};

/// Commands about a ticket even when it was merged into another one.
const WITH_MERGED: [&str; 6] = [
    "unmerge",
    "unwatch",
    "delete",
    "tag_personally",
    "erase",
    "fire_timer",
];

impl Deciding<'_, '_> {
    /// Reads the record that a command changes.
    pub(super) fn target(&mut self, kind: Kind, id: Id) -> Result<()> {
        self.seen_target(kind, id)?;
        self.permit_change(kind, id)
    }

    /// Reads the record that a command is about, refuses a foreign one like an absent one, and checks
    /// the version that the asker expects.
    pub(super) fn seen_target(&mut self, kind: Kind, id: Id) -> Result<()> {
        let wanted: Vec<_> = self.person().into_iter().chain([(kind, id)]).collect();
        self.draft.load(&wanted)?;
        let record = self.draft.record(kind, id)?;
        if !self.sight.sees(record)? {
            return Err(Error::not_found());
        }
        self.settle_in(kind, id)?;
        if !WITH_MERGED.contains(&self.input.command.as_str()) {
            self.refuse_merged(kind, id)?;
        }
        let version = self.draft.records.get(&(kind, id)).and_then(|w| w.version);
        if let Some(expected) = self.request.if_match
            && version != Some(expected)
        {
            return Err(Error::new(
                ErrorKind::Stale,
                "stale_version",
                format!(
                    "the record is at version {}, not {expected}: read it again and repeat the change",
                    version.unwrap_or_default()
                ),
            ));
        }
        Ok(())
    }

    pub(super) fn type_of(&self, kind: Kind, id: Id) -> Option<String> {
        self.draft
            .peek(kind, id)
            .and_then(|r| r.type_code().map(str::to_owned))
    }
}
