//! Options of a pack: settings that administrators change without touching its rules.

use std::str::FromStr;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;
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
