//! Parts of a larger ticket: the parent knows how many there are and how many are open, so that rules
//! see it like any other field.

use std::collections::BTreeMap;

use super::Deciding;
use crate::desk::journal::By;
use crate::desk::{Error, Result};
use crate::domain::family::{MAX_GENERATIONS, as_child, fields};
use crate::domain::{Id, Kind, Value};

const TICKET: Kind = Kind::Ticket;

impl Deciding<'_, '_> {
    /// Counts the parts anew where this command made, moved, closed or deleted one.
    pub(super) fn count_children(&mut self) -> Result<()> {
        let mut change: BTreeMap<Id, (i64, i64)> = BTreeMap::new();
        let mut moved = Vec::new();
        let works = self.draft.records.iter();
        for ((_, id), work) in works.filter(|(place, w)| place.0 == TICKET && w.is_changed()) {
            let before = match self.draft.parts.get(id) {
                Some(counted) => *counted,
                None => as_child(work.before.as_deref()),
            };
            let after = as_child(work.now.as_deref());
            if before == after {
                continue;
            }
            for (child, by) in [(before, -1), (after, 1)] {
                if let Some((parent, open)) = child {
                    let sums = change.entry(parent).or_default();
                    sums.0 += by;
                    sums.1 += if open { by } else { 0 };
                }
            }
            moved.push((*id, after));
        }
        let parents: Vec<_> = change.keys().map(|id| (TICKET, *id)).collect();
        self.draft.load(&parents)?;
        for (id, after) in moved {
            if let Some((parent, _)) = after {
                self.check_ancestors(id, parent)?;
            }
            self.draft.parts.insert(id, after);
        }
        for (parent, (all, open)) in change {
            self.add_to(parent, fields::CHILDREN, all);
            self.add_to(parent, fields::CHILDREN_OPEN, open);
        }
        Ok(())
    }

    fn add_to(&mut self, parent: Id, field: &str, by: i64) {
        let Some(record) = self.draft.peek(TICKET, parent) else {
            return;
        };
        let count = record.get(field).and_then(Value::as_int).unwrap_or(0) + by;
        self.draft.set(
            TICKET,
            parent,
            field,
            Some(Value::Int(count.max(0))),
            By::Engine,
        );
    }

    /// A ticket is no part of itself, however far up.
    fn check_ancestors(&mut self, id: Id, parent: Id) -> Result<()> {
        let mut above = Some(parent);
        for _ in 0..MAX_GENERATIONS {
            let Some(next) = above else { return Ok(()) };
            if next == id {
                let text = "a ticket is no part of itself or of its own parts";
                return Err(Error::field(fields::PARENT, "circle", text));
            }
            self.draft.load(&[(TICKET, next)])?;
            above = self
                .draft
                .peek(TICKET, next)
                .and_then(|record| record.reference(fields::PARENT));
        }
        let text = format!("parts have parts over more than {MAX_GENERATIONS} levels");
        Err(Error::field(fields::PARENT, "too_deep", text))
    }
}
