//! The plan of a record: its activities in the order they are to be done.

use crate::desk::{Actor, Condition, Desk, Error, ErrorKind, ListQuery, RecordPage, Result};
use crate::domain::plan::{self, fields};
use crate::domain::{Id, Kind};
use crate::store::Pos;

impl Desk {
    /// The activities of a record, by planned or due time, then as they were made; at most 200.
    ///
    /// # Errors
    /// When there is no such record for the asker, or the store fails.
    pub fn plan(
        &self,
        actor: &Actor,
        kind: Kind,
        id: Id,
        at_least: Option<Pos>,
    ) -> Result<Vec<RecordPage>> {
        actor.require_agent("looking at a plan")?;
        self.record(actor, kind, id, at_least)?;
        let Some(field) = plan::owner_field(kind) else {
            let message = format!("a {} has no plan", kind.name());
            return Err(Error::new(ErrorKind::Conflict, "no_plan", message));
        };
        let query = ListQuery {
            filters: vec![(field.to_owned(), Condition::In(vec![id.to_string()]))],
            at_least,
            ..ListQuery::newest(Kind::Activity, super::MAX_LIMIT)
        };
        let mut rows = self.list(actor, &query)?.items;
        rows.sort_by_key(|row| {
            let at = |name| row.record.instant(name);
            let first = at(fields::PLANNED_AT).or_else(|| at(fields::DUE_AT));
            // Without a time: last.
            (first.is_none(), first, row.record.id)
        });
        Ok(rows)
    }
}
