//! In which manner a rule is attached, beside its place among others.

use crate::domain::Names;

/// What a rule's hook needs to know of it. All of it is empty for most rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manner {
    /// The action that it runs: `action.run`.
    pub action: Option<Action>,
    /// Fields of which one must have changed, as the pack names them; empty: any.
    pub fields: Vec<String>,
    /// How often it acts on a record.
    pub once: Option<Once>,
}

/// A named action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Name, without the pack.
    pub name: String,
    /// Names for people.
    pub names: Names,
    /// Whether customers may ask for it.
    pub portal: bool,
}

/// How often a rule acts on a record. A call that decides nothing does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Once {
    /// Once, for ever.
    Record,
    /// Once for a change and all that follows from it.
    Change,
    /// Once in so many seconds.
    Per(i64),
}
