//! Whether a value is as a scenario says.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde_json::{Map, Value as Json};

/// The value of a field named with or without its namespace.
pub(super) fn field<'a>(fields: &'a Map<String, Json>, name: &str) -> Option<&'a Json> {
    fields.get(name).or_else(|| {
        let mut found = fields.iter().filter(|(full, _)| is_code(full, name));
        let first = found.next().map(|(_, value)| value);
        // A name that two packs use says nothing: the scenario must write it out.
        first.filter(|_| found.next().is_none())
    })
}

/// Whether a full code is what a name means: the same, or the same in some namespace.
pub(super) fn is_code(full: &str, name: &str) -> bool {
    full == name || full.rsplit_once('/').is_some_and(|(_, bare)| bare == name)
}

/// Whether a field's value is the expected one.
pub(super) fn same(name: &str, expected: &Json, got: &Json) -> bool {
    if expected == got {
        return true;
    }
    match (expected, got) {
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(name, a, b))
        }
        // Of a value with members, those that are said.
        (Json::Object(a), Json::Object(b)) => a
            .iter()
            .all(|(member, a)| b.get(member).is_some_and(|b| same(member, a, b))),
        (Json::String(a), Json::String(b)) => {
            (matches!(name, "status" | "type" | "stage" | "process") && is_code(b, a))
                || same_instant(a, b)
        }
        (Json::Number(_), Json::String(_)) | (Json::Number(_), Json::Number(_)) => {
            let decimal = |json: &Json| match json {
                Json::String(text) => Decimal::from_str(text).ok(),
                other => Decimal::from_str(&other.to_string()).ok(),
            };
            decimal(expected).is_some_and(|e| decimal(got) == Some(e))
        }
        _ => false,
    }
}

fn same_instant(a: &str, b: &str) -> bool {
    let read = |text: &str| chrono::DateTime::parse_from_rfc3339(text).ok();
    read(a).is_some_and(|a| read(b) == Some(a))
}

/// A value for a message.
pub(super) fn shown(value: Option<&Json>) -> String {
    let text = value.map_or_else(|| "nothing".to_owned(), |v| format!("`{v}`"));
    if text.chars().count() <= 300 {
        return text;
    }
    let start: String = text.chars().take(300).collect();
    format!("{start}…")
}
