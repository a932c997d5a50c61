//! Options of a pack: settings that administrators change without touching its rules.

use std::str::FromStr;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value as Json;
use toml::Spanned;
use toml::de::DeValue;

use super::fault::Faults;
use super::source::Source;
use crate::domain::field::{MAX_LIST_VALUES, MAX_LONG_TEXT_CHARS};
use crate::domain::{Names, Value};

/// An option of a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionSpec {
    /// Value until an administrator sets another of the same type.
    pub value: Value,
    /// Names by locale.
    pub names: Names,
}

impl OptionSpec {
    /// What its values are: `text`, `int`, `decimal`, `bool`, `date`, `instant` or `list`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        kind(&self.value)
    }

    /// Reads a value that an administrator gives it.
    ///
    /// # Errors
    /// When it is of another type than the pack's own value, or too long.
    pub fn read(&self, given: &Json) -> Result<Value, String> {
        like(&self.value, given)
    }
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Int(_) | Value::Duration(_) => "int",
        Value::Bool(_) => "bool",
        Value::Decimal(_) => "decimal",
        Value::Date(_) => "date",
        Value::Instant(_) => "instant",
        Value::List(_) => "list",
        Value::Text(_) | Value::Ref(_) | Value::Json(_) => "text",
    }
}

/// A value of the type of another one.
fn like(own: &Value, given: &Json) -> Result<Value, String> {
    let text = given.as_str();
    let read = match own {
        Value::Text(_) => match text {
            Some(text) if text.chars().count() > MAX_LONG_TEXT_CHARS => {
                return Err(format!(
                    "is over the limit of {MAX_LONG_TEXT_CHARS} characters"
                ));
            }
            text => text.map(Value::from),
        },
        Value::Int(_) => given.as_i64().map(Value::Int),
        Value::Bool(_) => given.as_bool().map(Value::Bool),
        Value::Decimal(_) => {
            let number = given.is_number().then(|| given.to_string());
            let number = number.or(text.map(str::to_owned));
            number.and_then(|n| n.parse().ok()).map(Value::Decimal)
        }
        Value::Date(_) => text.and_then(|t| t.parse().ok()).map(Value::Date),
        Value::Instant(_) => {
            let at = text.and_then(|t| chrono::DateTime::parse_from_rfc3339(t).ok());
            at.map(|at| Value::Instant(at.to_utc()))
        }
        Value::List(items) => match given.as_array() {
            Some(given) if given.len() > MAX_LIST_VALUES => {
                return Err(format!("is over the limit of {MAX_LIST_VALUES} values"));
            }
            // What an empty list is for is not known: texts, as most are.
            Some(given) => {
                let texts = Value::from("");
                let first = items.first().unwrap_or(&texts);
                let items = given.iter().map(|item| like(first, item));
                Some(Value::List(items.collect::<Result<_, _>>()?))
            }
            None => None,
        },
        _ => None,
    };
    read.ok_or_else(|| {
        let shown: String = own.to_json().to_string().chars().take(60).collect();
        format!("must be of type {}, such as {shown}", kind(own))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOption {
    value: toml::Value,
    #[serde(default)]
    names: Names,
}

pub(super) fn read_option(
    source: &Source,
    item: Spanned<DeValue<'_>>,
    faults: &mut Faults,
) -> Option<OptionSpec> {
    let start = item.span().start;
    let raw: RawOption = source.read(item, faults)?;
    match value(&raw.value) {
        Ok(value) => Some(OptionSpec {
            value,
            names: raw.names,
        }),
        Err(message) => {
            faults.push(source.at(start, message));
            None
        }
    }
}

/// A TOML value as a value of the engine.
pub(super) fn value(toml: &toml::Value) -> Result<Value, String> {
    Ok(match toml {
        toml::Value::String(s) if s.chars().count() > MAX_LONG_TEXT_CHARS => {
            return Err(format!(
                "text over the limit of {MAX_LONG_TEXT_CHARS} characters"
            ));
        }
        toml::Value::String(s) => Value::Text(s.clone()),
        toml::Value::Integer(n) => Value::Int(*n),
        toml::Value::Boolean(b) => Value::Bool(*b),
        toml::Value::Float(f) => Decimal::from_str(&f.to_string())
            .map(Value::Decimal)
            .map_err(|_| format!("`{f}` is not a decimal number"))?,
        toml::Value::Datetime(at) => datetime(at)?,
        toml::Value::Array(items) if items.len() > MAX_LIST_VALUES => {
            return Err(format!("a list over the limit of {MAX_LIST_VALUES} values"));
        }
        toml::Value::Array(items) => {
            Value::List(items.iter().map(value).collect::<Result<_, _>>()?)
        }
        toml::Value::Table(_) => {
            return Err(
                "a value is text, a number, true or false, a date, an instant or a list".to_owned(),
            );
        }
    })
}

fn datetime(at: &toml::value::Datetime) -> Result<Value, String> {
    let text = at.to_string();
    if let Ok(date) = NaiveDate::parse_from_str(&text, "%Y-%m-%d") {
        return Ok(Value::Date(date));
    }
    chrono::DateTime::parse_from_rfc3339(&text)
        .map(|at| Value::Instant(at.with_timezone(&chrono::Utc)))
        .map_err(|_| {
            format!(
                "`{text}` has no offset; write a date or an instant such as 2026-03-02T09:00:00Z"
            )
        })
}
