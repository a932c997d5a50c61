//! The names that a script gives as they stand: fields, options, statuses. What they mean is looked up
//! before the script runs.

use std::collections::BTreeSet;

use super::Hook;
use crate::domain::Kind;

/// A name in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// What is named.
    pub what: Mention,
    /// The name.
    pub name: String,
    /// Functions of rules that come here.
    pub rules: BTreeSet<String>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The line itself.
    pub source_line: Box<str>,
}

/// What a name in a script means.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mention {
    /// A method or member of the hook, with the hooks that have it; none: every hook.
    Method(&'static [Hook]),
    /// A field of the record that is read.
    Read,
    /// A field that may have changed.
    Changed,
    /// A field that the command may have set.
    Asked,
    /// A record beside the rule's own.
    Beside,
    /// A field of a record beside the rule's own, of this name.
    ReadBeside(String),
    /// A field that is set; whether to a value that is not known before the script runs.
    Set(bool),
    /// What a rule writes by another method than `set`, as the engine's own field.
    Written,
    /// A field of the form.
    Form,
    /// A field that is to blame for a refusal.
    Blamed,
    /// A field on which access depends.
    Condition,
    /// A field that is not shown.
    Mask,
    /// An option of a choice field of the record; whether it is only compared with.
    Choice(String, bool),
    /// An option of a choice field of a record that access depends on.
    ConditionChoice(String),
    /// A field of a record of a kind, and of a type when one is named, that the rule makes.
    FieldOf(Kind, Option<String>),
    /// An option of a choice field of such a record.
    ChoiceOf(Kind, Option<String>, String),
    /// An option of the pack.
    PackOption,
    /// A type; of a kind, where a record of it is made.
    Type(Option<Kind>),
    /// A status; whether it is entered.
    Status(bool),
    /// A stage of a process.
    Stage,
    /// A process.
    Process,
}
