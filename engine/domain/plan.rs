//! Plans: the activities of a record, what each asks for and what came of it.

use serde::{Deserialize, Serialize};

use super::{Id, Kind, Record, Value};

/// Most items of a check-list.
pub const MAX_ITEMS: usize = 100;
/// Longest text of an item, in characters.
const MAX_ITEM_CHARS: usize = 500;
/// Longest code of an item and of an automatic activity, in bytes.
pub const MAX_KEY_BYTES: usize = 96;

/// Names of the engine's fields of an activity.
pub mod fields {
    /// The ticket whose plan it is in.
    pub const TICKET: &str = "ticket";
    /// The lead whose plan it is in.
    pub const LEAD: &str = "lead";
    /// What became of it.
    pub const STATE: &str = "state";
    /// When it is planned.
    pub const PLANNED_AT: &str = "planned_at";
    /// When it must be done.
    pub const DUE_AT: &str = "due_at";
    /// What came of it.
    pub const RESULT: &str = "result";
    /// The items to tick off.
    pub const CHECKLIST: &str = "checklist";
    /// What an automatic activity is for: there is one open one of it at a record.
    pub const AUTO_KEY: &str = "auto_key";
}

/// States of an activity.
pub mod states {
    /// To be done.
    pub const OPEN: &str = "open";
    /// Done.
    pub const DONE: &str = "done";
    /// Given up.
    pub const CANCELLED: &str = "cancelled";
    /// Another one took its place.
    pub const SUPERSEDED: &str = "superseded";
}

/// The field by which an activity belongs to a record of a kind; none: such records have no plan.
#[must_use]
pub const fn owner_field(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Ticket => Some(fields::TICKET),
        Kind::Lead => Some(fields::LEAD),
        _ => None,
    }
}

/// The record whose plan an activity is in.
#[must_use]
pub fn owner(activity: &Record) -> Option<(Kind, Id)> {
    let of = |kind: Kind| Some((kind, activity.reference(owner_field(kind)?)?));
    of(Kind::Ticket).or_else(|| of(Kind::Lead))
}

/// Whether an activity is still to be done.
#[must_use]
pub fn is_open(activity: &Record) -> bool {
    activity
        .text(fields::STATE)
        .is_none_or(|state| state == states::OPEN)
}

/// What is unique among the open automatic activities of a record.
#[must_use]
pub fn guard(activity: &Record) -> Option<Value> {
    let key = activity.text(fields::AUTO_KEY)?;
    let owner = owner(activity)?.1;
    is_open(activity).then(|| guard_of(owner, key))
}

/// As [`guard`], of a key at a record.
#[must_use]
pub fn guard_of(owner: Id, key: &str) -> Value {
    Value::Text(format!("{owner}/{key}"))
}

/// An item of a check-list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Code, for rules that look for it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// What is to be done.
    pub text: String,
    /// Whether it is done.
    #[serde(default)]
    pub done: bool,
}

/// What is wrong with a check-list.
#[must_use]
pub fn checklist_fault(value: &Value) -> Option<String> {
    let Value::Json(text) = value else {
        return Some("expected a list of items".to_owned());
    };
    let items: Vec<Item> = match serde_json::from_str(text) {
        Ok(items) => items,
        Err(e) => {
            return Some(format!(
                "expected a list of items such as {{\"text\": \"call\", \"done\": false}}: {e}"
            ));
        }
    };
    if items.len() > MAX_ITEMS {
        return Some(format!(
            "{} items are over the limit of {MAX_ITEMS}",
            items.len()
        ));
    }
    let bad = |item: &Item| {
        let chars = item.text.trim().chars().count();
        chars == 0 || chars > MAX_ITEM_CHARS || item.code.len() > MAX_KEY_BYTES
    };
    items.iter().any(bad).then(|| {
        format!(
            "an item needs a text of 1 to {MAX_ITEM_CHARS} characters and a code of at most \
             {MAX_KEY_BYTES} bytes"
        )
    })
}
