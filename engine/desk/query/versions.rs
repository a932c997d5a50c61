//! The versions of an article: each change of it is one, at its position in the journal.

use std::sync::Arc;

use super::record;
use crate::desk::rebuild::{self, Base};
use crate::desk::sight::Sight;
use crate::desk::{Actor, Desk, Error, Page, RecordPage, Result, Version, decide};
use crate::domain::record::fields;
use crate::domain::{Id, Kind};
use crate::store::Pos;

impl Desk {
    /// The versions of an article, oldest first: changes of its fields, without comments and files.
    /// A page may be short and still have a next one.
    ///
    /// # Errors
    /// When the asker may not, there is no such article, the cursor is foreign, or the store fails.
    pub fn versions(
        &self,
        actor: &Actor,
        id: Id,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Version>> {
        actor.require_agent("reading versions")?;
        let page = self.history(actor, Kind::Article, id, cursor, limit)?;
        let versions = page.items.into_iter().filter_map(|item| {
            let names = item.changes.into_iter().map(|change| change.field);
            let fields: Vec<String> = names.filter(|name| name != fields::UPDATED_AT).collect();
            (!fields.is_empty()).then_some(Version {
                pos: item.pos,
                at: item.at,
                actor: item.actor,
                command: item.command,
                fields,
            })
        });
        Ok(Page {
            items: versions.collect(),
            next: page.next,
        })
    }

    /// An article as it was in one of its versions. Whoever may not see it now does not see what it
    /// was.
    ///
    /// # Errors
    /// When the asker may not, there is no such article, it has no such version, or the store fails.
    pub fn article_at(&self, actor: &Actor, id: Id, at: Pos) -> Result<RecordPage> {
        actor.require_agent("reading versions")?;
        let snapshot = self.store.snapshot(None)?;
        let (ground, _) = self.ground(Arc::clone(&snapshot), self.now(), None)?;
        let sight = Sight::new(&ground, actor);
        record::read(&*snapshot, &sight, Kind::Article, id)?;
        let found =
            rebuild::record_then(&*snapshot, &*self.store, (Kind::Article, id), &Base::at(at))?;
        let found = found.filter(|(version, _)| *version == at);
        let (version, mut record) = found.ok_or_else(|| decide::no_version("at", at))?;
        // Rules of access may go by values that it had then.
        if !sight.sees(&record)? {
            return Err(Error::not_found());
        }
        sight.mask(&mut record)?;
        Ok(RecordPage { record, version })
    }
}
