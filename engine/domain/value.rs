//! Values of fields.

use std::cmp::Ordering;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Id, Instant};

/// A value of a field. An absent value is no value: there is no null.
///
/// The order of the variants is stored: new ones go to the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    /// Text.
    Text(String),
    /// Whole number.
    Int(i64),
    /// Yes or no.
    Bool(bool),
    /// Exact decimal number.
    Decimal(Decimal),
    /// Calendar date.
    Date(NaiveDate),
    /// Instant.
    #[serde(with = "chrono::serde::ts_microseconds")]
    Instant(Instant),
    /// Length of time in seconds.
    Duration(i64),
    /// Reference to a record or attachment.
    Ref(Id),
    /// Several values.
    List(Vec<Value>),
    /// JSON text of an open value that only its pack understands.
    Json(String),
}

impl Value {
    /// Text of a text value.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(s) = self {
            Some(s)
        } else {
            None
        }
    }

    /// Id of a reference.
    #[must_use]
    pub fn as_ref_id(&self) -> Option<Id> {
        if let Self::Ref(id) = self {
            Some(*id)
        } else {
            None
        }
    }

    /// The instant.
    #[must_use]
    pub fn as_instant(&self) -> Option<Instant> {
        if let Self::Instant(at) = self {
            Some(*at)
        } else {
            None
        }
    }

    /// The number.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        if let Self::Int(n) = self {
            Some(*n)
        } else {
            None
        }
    }

    /// The truth value.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(b) = self {
            Some(*b)
        } else {
            None
        }
    }

    /// Whether the value counts as filled in: empty text and empty lists do not.
    #[must_use]
    pub fn is_filled(&self) -> bool {
        match self {
            Self::Text(s) => !s.trim().is_empty(),
            Self::List(items) => !items.is_empty(),
            _ => true,
        }
    }

    /// The value as JSON: instants and dates as RFC 3339 text, decimals and ids as text, durations
    /// in seconds.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as J;
        match self {
            Self::Text(s) => J::String(s.clone()),
            Self::Int(n) | Self::Duration(n) => J::from(*n),
            Self::Bool(b) => J::Bool(*b),
            Self::Decimal(d) => J::String(d.to_string()),
            Self::Date(d) => J::String(d.to_string()),
            Self::Instant(at) => J::String(at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)),
            Self::Ref(id) => J::String(id.to_string()),
            Self::List(items) => J::Array(items.iter().map(Self::to_json).collect()),
            Self::Json(text) => serde_json::from_str(text).unwrap_or(J::Null),
        }
    }

    /// Appends the value to a key so that the keys' byte order is the values' order.
    pub fn write_key(&self, key: &mut Vec<u8>) {
        match self {
            Self::Text(s) => {
                key.push(1);
                // Long text is cut: an index key tells neighbours apart, the record holds the truth.
                let lower = s.to_lowercase();
                key.extend(lower.bytes().filter(|b| *b != 0).take(64));
                key.push(0);
            }
            Self::Int(n) | Self::Duration(n) => {
                key.push(2);
                key.extend(order_preserving(*n));
            }
            Self::Bool(b) => key.extend([3, u8::from(*b)]),
            Self::Decimal(d) => {
                key.push(4);
                let scaled = d.round_dp(6).normalize() * Decimal::from(1_000_000);
                let n = rust_decimal::prelude::ToPrimitive::to_i128(&scaled).unwrap_or(i128::MAX);
                key.extend((n ^ i128::MIN).to_be_bytes());
            }
            Self::Date(d) => {
                key.push(5);
                key.extend(order_preserving(i64::from(
                    chrono::Datelike::num_days_from_ce(d),
                )));
            }
            Self::Instant(at) => {
                key.push(6);
                key.extend(order_preserving(at.timestamp_micros()));
            }
            Self::Ref(id) => {
                key.push(7);
                key.extend(id.as_bytes());
            }
            Self::List(_) | Self::Json(_) => key.push(8),
        }
    }

    /// Order of two values of one type; values of different types keep the order of their types.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        let (mut a, mut b) = (Vec::new(), Vec::new());
        self.write_key(&mut a);
        other.write_key(&mut b);
        a.cmp(&b)
    }
}

/// Big-endian bytes whose unsigned order is the number's order.
fn order_preserving(n: i64) -> [u8; 8] {
    (n ^ i64::MIN).to_be_bytes()
}

impl From<&str> for Value {
    fn from(s: &str) -> Self {
        Self::Text(s.to_owned())
    }
}

impl From<String> for Value {
    fn from(s: String) -> Self {
        Self::Text(s)
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl From<Id> for Value {
    fn from(id: Id) -> Self {
        Self::Ref(id)
    }
}

impl From<Instant> for Value {
    fn from(at: Instant) -> Self {
        Self::Instant(at)
    }
}
