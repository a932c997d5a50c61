//! How tickets belong together: those merged into another one, and the parts of a larger one.

use super::{Id, Kind, Record, Value};

/// Most tickets that are one ticket together.
pub const MAX_MERGED: usize = 50;
/// How far parents have parents.
pub const MAX_GENERATIONS: usize = 10;

/// Names of the engine's fields.
pub mod fields {
    /// The ticket that this one was merged into.
    pub const MERGED_INTO: &str = "merged_into";
    /// When that was.
    pub const MERGED_AT: &str = "merged_at";
    /// What the merge changed, so that it can be undone.
    pub const MERGE: &str = "merge";
    /// The tickets that were merged into this one.
    pub const MERGED_FROM: &str = "merged_from";
    /// The ticket that this one is a part of.
    pub const PARENT: &str = "parent";
    /// How many tickets are parts of this one.
    pub const CHILDREN: &str = "children";
    /// How many of them are not closed.
    pub const CHILDREN_OPEN: &str = "children_open";
}

/// The tickets merged into a ticket, without those merged into them.
#[must_use]
pub fn merged_from(ticket: &Record) -> Vec<Id> {
    match ticket.get(fields::MERGED_FROM) {
        Some(Value::List(items)) => items.iter().filter_map(Value::as_ref_id).collect(),
        _ => Vec::new(),
    }
}

/// What counts in the numbers of a parent: the parent, and whether the ticket is open.
#[must_use]
pub fn as_child(ticket: Option<&Record>) -> Option<(Id, bool)> {
    let ticket = ticket.filter(|t| t.kind == Kind::Ticket)?;
    let open = ticket.get(super::record::fields::CLOSED_AT).is_none();
    Some((ticket.reference(fields::PARENT)?, open))
}
