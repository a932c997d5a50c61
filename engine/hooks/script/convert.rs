//! Values of fields and JSON as scripts see them, and back.

use std::str::FromStr;

use rhai::{Dynamic, Map};
use rust_decimal::Decimal;

use super::time::{At, Day, Span};
use super::views::RecordItem;
use crate::domain::Value;

/// A value for a script: references are id texts, an absent value is `()`.
pub(super) fn to_script(value: &Value) -> Dynamic {
    match value {
        Value::Text(s) => s.as_str().into(),
        Value::Int(n) => (*n).into(),
        Value::Bool(b) => (*b).into(),
        Value::Decimal(d) => Dynamic::from_decimal(*d),
        Value::Date(d) => Dynamic::from(Day(*d)),
        Value::Instant(at) => Dynamic::from(At(*at)),
        Value::Duration(secs) => Dynamic::from(Span(*secs)),
        Value::Ref(id) => id.to_string().into(),
        Value::List(items) => Dynamic::from_array(items.iter().map(to_script).collect()),
        Value::Json(text) => json_to_script(text),
    }
}

/// A value that a script gives; `()` is no value. `depth` bounds lists and maps in one another.
pub(super) fn from_script(value: &Dynamic, depth: usize) -> Result<Option<Value>, String> {
    if value.is_unit() {
        return Ok(None);
    }
    let known = scalar(value);
    if known.is_some() {
        return Ok(known);
    }
    if let Ok(items) = value.as_array_ref() {
        let Some(deeper) = depth.checked_sub(1) else {
            return Err("the value has too many lists in one another".to_owned());
        };
        let mut list = Vec::with_capacity(items.len());
        for item in items.iter() {
            match from_script(item, deeper)? {
                Some(v) => list.push(v),
                None => return Err("a list may not hold `()`".to_owned()),
            }
        }
        return Ok(Some(Value::List(list)));
    }
    if value.is_map() {
        return Ok(Some(Value::Json(json_of(value, depth)?.to_string())));
    }
    Err(format!("{} is not a value of a field", kind_of(value)))
}

fn scalar(value: &Dynamic) -> Option<Value> {
    if let Ok(s) = value.as_immutable_string_ref() {
        return Some(Value::Text(s.to_string()));
    }
    if let Ok(n) = value.as_int() {
        return Some(Value::Int(n));
    }
    if let Ok(b) = value.as_bool() {
        return Some(Value::Bool(b));
    }
    if let Ok(d) = value.as_decimal() {
        return Some(Value::Decimal(d));
    }
    if let Ok(c) = value.as_char() {
        return Some(Value::Text(c.to_string()));
    }
    if let Some(at) = value.read_lock::<At>() {
        return Some(Value::Instant(at.0));
    }
    if let Some(day) = value.read_lock::<Day>() {
        return Some(Value::Date(day.0));
    }
    if let Some(span) = value.read_lock::<Span>() {
        return Some(Value::Duration(span.0));
    }
    value
        .read_lock::<RecordItem>()
        .map(|r| Value::Ref(r.view.id))
}

/// JSON text for a script: objects are maps, fractions are decimals. Text that is no JSON is `()`.
pub(super) fn json_to_script(text: &str) -> Dynamic {
    serde_json::from_str(text).map_or(Dynamic::UNIT, |json| json_value(&json))
}

fn json_value(json: &serde_json::Value) -> Dynamic {
    use serde_json::Value as J;
    match json {
        J::Null => Dynamic::UNIT,
        J::Bool(b) => (*b).into(),
        J::String(s) => s.as_str().into(),
        J::Number(n) => n.as_i64().map_or_else(
            || {
                let text = n.to_string();
                Decimal::from_str(&text)
                    .or_else(|_| Decimal::from_scientific(&text))
                    .map_or(Dynamic::UNIT, Dynamic::from_decimal)
            },
            Dynamic::from,
        ),
        J::Array(items) => Dynamic::from_array(items.iter().map(json_value).collect()),
        J::Object(entries) => {
            let map: Map = entries
                .iter()
                .map(|(k, v)| (k.as_str().into(), json_value(v)))
                .collect();
            Dynamic::from_map(map)
        }
    }
}

/// A script's value as JSON. `depth` bounds lists and maps in one another.
pub(super) fn json_of(value: &Dynamic, depth: usize) -> Result<serde_json::Value, String> {
    use serde_json::Value as J;
    if value.is_unit() {
        return Ok(J::Null);
    }
    if let Some(v) = scalar(value) {
        return Ok(v.to_json());
    }
    let Some(deeper) = depth.checked_sub(1) else {
        return Err("the data has too many lists and maps in one another".to_owned());
    };
    if let Ok(items) = value.as_array_ref() {
        return items.iter().map(|i| json_of(i, deeper)).collect();
    }
    if let Ok(map) = value.as_map_ref() {
        let entries: Result<serde_json::Map<String, J>, String> = map
            .iter()
            .map(|(k, v)| json_of(v, deeper).map(|v| (k.to_string(), v)))
            .collect();
        return entries.map(J::Object);
    }
    Err(format!("{} cannot be handed over as data", kind_of(value)))
}

/// What a value is, for messages.
pub(super) fn kind_of(value: &Dynamic) -> &'static str {
    if value.is_unit() {
        "`()`"
    } else if value.is_string() {
        "a text"
    } else if value.is_int() {
        "a whole number"
    } else if value.is_bool() {
        "a truth value"
    } else if value.is_decimal() {
        "a decimal number"
    } else if value.is_array() {
        "a list"
    } else if value.is_map() {
        "a map"
    } else if value.is_fnptr() {
        "a function"
    } else if value.is::<At>() {
        "an instant"
    } else if value.is::<Day>() {
        "a date"
    } else if value.is::<Span>() {
        "a length of time"
    } else {
        "an object"
    }
}
