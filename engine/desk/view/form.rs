//! What may be filled in, and which actions are open.

use crate::domain::{FieldDef, Names, StatusDef, Value};

/// What a form may show and do.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// The fields, in order.
    pub fields: Vec<FormField>,
    /// Changes of status out of the present one.
    pub actions: Vec<FormAction>,
    /// Named actions that rules offer to the asker.
    pub named_actions: Vec<NamedAction>,
}

/// A named action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedAction {
    /// Name.
    pub name: String,
    /// Pack of its rule.
    pub pack: String,
    /// Names for people.
    pub names: Names,
}

/// A field of a form.
#[derive(Debug, Clone, PartialEq)]
pub struct FormField {
    /// Definition.
    pub def: FieldDef,
    /// Value.
    pub value: Option<Value>,
    /// Whether it is shown.
    pub visible: bool,
    /// Whether a value is needed.
    pub required: bool,
    /// Whether it may not be changed.
    pub readonly: bool,
    /// Options offered, when fewer than the definition's.
    pub options: Option<Vec<String>>,
    /// Advice of rules.
    pub advice: Vec<String>,
}

/// A change of status on a form.
#[derive(Debug, Clone, PartialEq)]
pub struct FormAction {
    /// Status it leads to.
    pub to: StatusDef,
    /// Whether it is open now.
    pub open: bool,
    /// Why not.
    pub why_not: Vec<crate::desk::Fault>,
    /// Fields that must have a value.
    pub requires: Vec<String>,
}
