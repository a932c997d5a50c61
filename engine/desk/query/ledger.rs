//! The ledger of a contract.

use crate::desk::sight::Sight;
use crate::desk::{Actor, Desk, EntryPage, Page, RecordPage, Result};
use crate::domain::{EntryBody, Id, Kind};

impl Desk {
    /// A contract with a page of its ledger, oldest row first. The page may be short and still have a
    /// next one, when comments and files lie in between.
    ///
    /// # Errors
    /// When the asker may not, there is no such contract, the cursor is foreign, or the store fails.
    pub fn ledger(
        &self,
        actor: &Actor,
        contract: Id,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(RecordPage, Page<EntryPage>)> {
        actor.require_agent("reading a ledger")?;
        let snapshot = self.store.snapshot(None)?;
        let (ground, _) = self.ground(snapshot, self.now(), None)?;
        let sight = Sight::new(&ground, actor);
        let mut page = super::record::read(&*ground.snapshot, &sight, Kind::Contract, contract)?;
        sight.mask(&mut page.record)?;
        let counted = |body: &EntryBody| matches!(body, EntryBody::Consumption(_));
        let rows = self.entries_where(actor, (Kind::Contract, contract), cursor, limit, counted)?;
        Ok((page, rows))
    }
}
