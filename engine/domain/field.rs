//! Definitions of fields, and reading values by them.

use std::str::FromStr;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Id, Instant, Kind, Names, Value};

/// Longest text of a `text` field in characters.
pub const MAX_TEXT_CHARS: usize = 1_000;
/// Longest text of a `long_text` field in characters; fits in a stored value with its record.
pub const MAX_LONG_TEXT_CHARS: usize = 20_000;
/// Most values in a list field.
pub const MAX_LIST_VALUES: usize = 200;

/// The type of a field's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueType {
    /// One line of text.
    Text,
    /// Text of several lines.
    LongText,
    /// Whole number.
    Int,
    /// Exact decimal number.
    Decimal,
    /// Yes or no.
    Bool,
    /// Calendar date, `2026-03-02`.
    Date,
    /// Instant, RFC 3339.
    Instant,
    /// Length of time in seconds.
    Duration,
    /// One of the field's options.
    Enum,
    /// Several of the field's options.
    MultiEnum,
    /// Several texts.
    TextList,
    /// Reference to a record of the field's `target` kind.
    Ref,
    /// Several references.
    RefList,
    /// Any of text, number, truth value, date, instant; the value keeps its own type.
    Any,
    /// An open JSON value.
    Json,
}

/// One option of an enumeration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionDef {
    /// Stored code.
    pub code: String,
    /// Names by locale.
    #[serde(default)]
    pub names: Names,
}

/// The definition of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldDef {
    /// Code: bare for the engine's own fields, `pack/name` for a pack's.
    pub code: String,
    /// Names by locale.
    #[serde(default)]
    pub names: Names,
    /// Type of the values.
    pub value: ValueType,
    /// Kind that a reference points at.
    #[serde(default)]
    pub target: Option<Kind>,
    /// Options of an enumeration.
    #[serde(default)]
    pub options: Vec<OptionDef>,
    /// Whether a record must always have a value.
    #[serde(default)]
    pub required: bool,
    /// Whether only the engine and rules may set it.
    #[serde(default)]
    pub readonly: bool,
    /// Value given to a new record that has none, as JSON text of the field's type.
    #[serde(default)]
    pub default: Option<String>,
    /// Whether two records of a kind may not share a value.
    #[serde(default)]
    pub unique: bool,
    /// Whether lists can filter by it from the store.
    #[serde(default)]
    pub indexed: bool,
    /// Whether the value tells about a person.
    #[serde(default)]
    pub personal_data: bool,
    /// Whether a portal contact may see it.
    #[serde(default)]
    pub internal: bool,
    /// Whether the field is no longer offered; values stay readable.
    #[serde(default)]
    pub retired: bool,
    /// Heading under which a form shows it.
    #[serde(default)]
    pub section: String,
    /// Place on the form.
    #[serde(default)]
    pub order: i32,
}

impl FieldDef {
    /// A plain optional field.
    #[must_use]
    pub fn new(code: &str, value: ValueType) -> Self {
        Self {
            code: code.to_owned(),
            names: Names::default(),
            value,
            target: None,
            options: Vec::new(),
            required: false,
            readonly: false,
            default: None,
            unique: false,
            indexed: false,
            personal_data: false,
            internal: false,
            retired: false,
            section: String::new(),
            order: 0,
        }
    }

    /// Reads a JSON value as a value of this field. `null` is `Ok(None)`: no value.
    ///
    /// # Errors
    /// A sentence that says what was expected, without the field's name.
    pub fn read(&self, json: &serde_json::Value) -> Result<Option<Value>, String> {
        if json.is_null() {
            return Ok(None);
        }
        let value = match self.value {
            ValueType::Text => Value::Text(text(json, MAX_TEXT_CHARS)?.to_owned()),
            ValueType::LongText => Value::Text(text(json, MAX_LONG_TEXT_CHARS)?.to_owned()),
            ValueType::Int => Value::Int(int(json)?),
            ValueType::Duration => Value::Duration(int(json)?),
            ValueType::Decimal => Value::Decimal(decimal(json)?),
            ValueType::Bool => Value::Bool(
                json.as_bool()
                    .ok_or_else(|| expected("true or false", json))?,
            ),
            ValueType::Date => Value::Date(date(json)?),
            ValueType::Instant => Value::Instant(instant(json)?),
            ValueType::Enum => Value::Text(self.option(json)?),
            ValueType::MultiEnum => list(json, |item| self.option(item).map(Value::Text))?,
            ValueType::TextList => list(json, |item| text(item, MAX_TEXT_CHARS).map(Value::from))?,
            ValueType::Ref => Value::Ref(id(json)?),
            ValueType::RefList => list(json, |item| id(item).map(Value::Ref))?,
            ValueType::Any => any(json)?,
            ValueType::Json => open(json)?,
        };
        Ok(Some(value))
    }

    /// Whether a typed value, as a rule sets it, is a value of this field.
    ///
    /// # Errors
    /// As [`FieldDef::read`].
    pub fn check(&self, value: &Value) -> Result<Value, String> {
        match (self.value, value) {
            (ValueType::Any, v) => Ok(v.clone()),
            (ValueType::Instant, Value::Instant(_))
            | (ValueType::Date, Value::Date(_))
            | (ValueType::Ref, Value::Ref(_))
            | (ValueType::Decimal, Value::Decimal(_))
            | (ValueType::Duration, Value::Duration(_))
            | (ValueType::Json, Value::Json(_)) => Ok(value.clone()),
            (_, v) => self
                .read(&v.to_json())?
                .ok_or_else(|| "expected a value".to_owned()),
        }
    }

    fn option(&self, json: &serde_json::Value) -> Result<String, String> {
        let code = json
            .as_str()
            .ok_or_else(|| expected("the code of an option", json))?;
        // A field without options takes any code: its options are records or come from elsewhere.
        if self.options.is_empty() || self.options.iter().any(|o| o.code == code) {
            return text(json, MAX_TEXT_CHARS).map(str::to_owned);
        }
        let codes: Vec<&str> = self.options.iter().map(|o| o.code.as_str()).collect();
        Err(format!(
            "`{}` is not an option; the options are {}",
            short(code),
            codes.join(", ")
        ))
    }
}

fn short(s: &str) -> String {
    s.chars().take(64).collect()
}

fn expected(what: &str, got: &serde_json::Value) -> String {
    format!("expected {what}, got `{}`", short(&got.to_string()))
}

fn text(json: &serde_json::Value, max_chars: usize) -> Result<&str, String> {
    let s = json.as_str().ok_or_else(|| expected("text", json))?;
    let chars = s.chars().count();
    if chars > max_chars {
        return Err(format!(
            "text of {chars} characters is over the limit of {max_chars}"
        ));
    }
    if s.contains('\0') {
        return Err("text may not hold the character U+0000".to_owned());
    }
    Ok(s)
}

fn int(json: &serde_json::Value) -> Result<i64, String> {
    json.as_i64()
        .ok_or_else(|| expected("a whole number", json))
}

fn decimal(json: &serde_json::Value) -> Result<Decimal, String> {
    let text = match json {
        serde_json::Value::String(s) => s.clone(),
        serde_json::Value::Number(n) => n.to_string(),
        _ => return Err(expected("a decimal number", json)),
    };
    Decimal::from_str(&text).map_err(|_| expected("a decimal number", json))
}

fn date(json: &serde_json::Value) -> Result<NaiveDate, String> {
    json.as_str()
        .and_then(|s| NaiveDate::parse_from_str(s, "%Y-%m-%d").ok())
        .ok_or_else(|| expected("a date such as 2026-03-02", json))
}

fn instant(json: &serde_json::Value) -> Result<Instant, String> {
    json.as_str()
        .and_then(|s| chrono::DateTime::parse_from_rfc3339(s).ok())
        .map(|at| at.with_timezone(&chrono::Utc))
        .ok_or_else(|| expected("an instant such as 2026-03-02T09:00:00Z", json))
}

fn id(json: &serde_json::Value) -> Result<Id, String> {
    json.as_str()
        .and_then(|s| s.parse().ok())
        .ok_or_else(|| expected("an id", json))
}

fn list(
    json: &serde_json::Value,
    mut item: impl FnMut(&serde_json::Value) -> Result<Value, String>,
) -> Result<Value, String> {
    let items = json.as_array().ok_or_else(|| expected("a list", json))?;
    if items.len() > MAX_LIST_VALUES {
        return Err(format!(
            "{} values are over the limit of {MAX_LIST_VALUES}",
            items.len()
        ));
    }
    let mut values: Vec<Value> = Vec::with_capacity(items.len());
    for i in items {
        let value = item(i)?;
        if !values.contains(&value) {
            values.push(value);
        }
    }
    Ok(Value::List(values))
}

fn any(json: &serde_json::Value) -> Result<Value, String> {
    match json {
        serde_json::Value::Bool(b) => Ok(Value::Bool(*b)),
        serde_json::Value::Number(n) => n
            .as_i64()
            .map_or_else(|| decimal(json).map(Value::Decimal), |n| Ok(Value::Int(n))),
        serde_json::Value::String(_) => date(json)
            .map(Value::Date)
            .or_else(|_| instant(json).map(Value::Instant))
            .or_else(|_| text(json, MAX_LONG_TEXT_CHARS).map(Value::from)),
        _ => Err(expected(
            "text, a number, a truth value, a date or an instant",
            json,
        )),
    }
}

fn open(json: &serde_json::Value) -> Result<Value, String> {
    let text = json.to_string();
    if text.len() > MAX_LONG_TEXT_CHARS {
        return Err(format!("{} bytes of JSON are over the limit", text.len()));
    }
    Ok(Value::Json(text))
}
