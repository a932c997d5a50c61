//! Values between the engine and the contract.

use chrono::{DateTime, NaiveDate};

use super::bindings::types::Value as Wit;
use super::fault::Fault;
use crate::domain::{Id, Instant, Value};

/// Longest text a plugin may return in bytes.
const MAX_TEXT_BYTES: usize = 64 << 10;
/// Most values in a list that a plugin may return.
const MAX_LIST: usize = 256;

/// A value as plugins see it.
pub(super) fn to_wit(value: &Value) -> Wit {
    match value {
        Value::Text(text) => Wit::Text(text.clone()),
        Value::Int(number) => Wit::Int(*number),
        Value::Bool(truth) => Wit::Boolean(*truth),
        Value::Decimal(number) => Wit::Decimal(number.to_string()),
        Value::Date(date) => Wit::Date(date.to_string()),
        Value::Instant(at) => Wit::Instant(at.timestamp_micros()),
        Value::Duration(secs) => Wit::Duration(*secs),
        Value::Ref(id) => Wit::Reference(id.to_string()),
        Value::Json(text) => Wit::Json(text.clone()),
        Value::List(items) => list_to_wit(value, items),
    }
}

fn list_to_wit(value: &Value, items: &[Value]) -> Wit {
    let texts: Option<Vec<String>> = items
        .iter()
        .map(|v| v.as_text().map(str::to_owned))
        .collect();
    if let Some(texts) = texts {
        return Wit::Texts(texts);
    }
    let ids: Option<Vec<String>> = items
        .iter()
        .map(|v| v.as_ref_id().map(|id| id.to_string()))
        .collect();
    ids.map_or_else(
        || Wit::Other(("list".to_owned(), value.to_json().to_string())),
        Wit::References,
    )
}

/// A value that a plugin returned.
pub(super) fn from_wit(value: Wit) -> Result<Value, Fault> {
    Ok(match value {
        Wit::Text(s) => Value::Text(text(s)?),
        Wit::Int(number) => Value::Int(number),
        Wit::Boolean(truth) => Value::Bool(truth),
        Wit::Decimal(s) => Value::Decimal(
            s.parse()
                .map_err(|_| Fault::broken(format!("`{}` is not a decimal number", short(&s))))?,
        ),
        Wit::Date(s) => Value::Date(
            NaiveDate::parse_from_str(&s, "%Y-%m-%d")
                .map_err(|_| Fault::broken(format!("`{}` is not a date", short(&s))))?,
        ),
        Wit::Instant(micros) => Value::Instant(instant(micros)?),
        Wit::Duration(secs) => Value::Duration(secs),
        Wit::Reference(s) => Value::Ref(id(&s)?),
        Wit::Texts(items) => Value::List(list(items, |s| text(s).map(Value::Text))?),
        Wit::References(items) => Value::List(list(items, |s| id(&s).map(Value::Ref))?),
        Wit::Json(s) => Value::Json(text(s)?),
        Wit::Other((name, _)) => {
            return Err(Fault::broken(format!(
                "returned a value of type `{}`, which this engine does not know",
                short(&name)
            )));
        }
    })
}

/// A text within the limit.
pub(super) fn text(s: String) -> Result<String, Fault> {
    if s.len() > MAX_TEXT_BYTES {
        return Err(Fault::over(format!(
            "returned a text of {} bytes, the limit is {MAX_TEXT_BYTES}",
            s.len()
        )));
    }
    Ok(s)
}

/// A text within the limit, if there is one.
pub(super) fn some_text(s: Option<String>) -> Result<Option<String>, Fault> {
    s.map(text).transpose()
}

/// A list within the general limit.
pub(super) fn list<A, B>(
    items: Vec<A>,
    each: impl FnMut(A) -> Result<B, Fault>,
) -> Result<Vec<B>, Fault> {
    list_up_to(MAX_LIST, "values", items, each)
}

/// A list within a limit.
pub(super) fn list_up_to<A, B>(
    max: usize,
    what: &str,
    items: Vec<A>,
    each: impl FnMut(A) -> Result<B, Fault>,
) -> Result<Vec<B>, Fault> {
    if items.len() > max {
        return Err(Fault::over(format!(
            "returned {} {what}, the limit is {max}",
            items.len()
        )));
    }
    items.into_iter().map(each).collect()
}

/// An id.
pub(super) fn id(s: &str) -> Result<Id, Fault> {
    s.parse()
        .map_err(|_| Fault::broken(format!("`{}` is not an id", short(s))))
}

/// An instant of microseconds since 1970.
pub(super) fn instant(micros: i64) -> Result<Instant, Fault> {
    DateTime::from_timestamp_micros(micros)
        .ok_or_else(|| Fault::broken(format!("{micros} microseconds is not an instant")))
}

/// The beginning of a text, for messages.
pub(super) fn short(s: &str) -> String {
    s.chars().take(64).collect()
}
