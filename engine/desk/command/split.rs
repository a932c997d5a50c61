//! What goes from a ticket to another one when it is split.

use crate::domain::Id;

/// How a ticket is split.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Split {
    /// Comments, messages and files.
    pub entries: Vec<Id>,
    /// Whether they move, so that a link stands in their place, or are copied.
    pub moves: bool,
    /// The ticket that gets them; none: a new one.
    pub into: Option<Id>,
}
