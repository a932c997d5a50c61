//! A record as rules get it, for whoever tries a rule on it.

use std::collections::BTreeMap;

use crate::desk::{Actor, CallRecords, Desk, ErrorKind, Result, decide};
use crate::domain::{Id, Kind};

impl Desk {
    /// A record as rules get it, and what stands beside it under the names that rules of `pack` read
    /// it by. Nothing is withheld: what a pack was granted is for the pack.
    ///
    /// # Errors
    /// When the asker is no administrator, there is no such record, or the store fails.
    pub fn call_records(
        &self,
        actor: &Actor,
        place: (Kind, Id),
        pack: &str,
        beside: &[String],
    ) -> Result<CallRecords> {
        actor.require_admin("looking at records as rules get them")?;
        let record = self.record(actor, place.0, place.1, None)?.record;
        let catalog = self.catalog()?;
        let mut related = BTreeMap::new();
        for name in beside {
            let Some((kind, id)) = decide::named_by(&catalog, &record, pack, name) else {
                continue;
            };
            match self.record(actor, kind, id, None) {
                Ok(page) => {
                    related.insert(name.clone(), decide::view_by(&catalog, &page.record));
                }
                // It was deleted; rules do without it as well.
                Err(error) if error.kind == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(CallRecords {
            record: decide::view_by(&catalog, &record),
            related,
        })
    }
}
