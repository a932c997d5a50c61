//! Values as reports count them.

#[cfg(feature = "search")]
use chrono::{NaiveDate, TimeZone, Utc};

use crate::domain::tally::Cell;
use crate::domain::{FieldDef, Value, ValueType};

/// A record's value; of a list the first.
pub fn of_value(value: &Value) -> Option<Cell> {
    Some(match value {
        Value::Text(text) => Cell::Text(text.as_str().into()),
        Value::Int(n) | Value::Duration(n) => Cell::Int(*n),
        Value::Bool(b) => Cell::Int(i64::from(*b)),
        Value::Decimal(d) => Cell::Decimal(*d),
        Value::Date(d) => Cell::Day(*d),
        Value::Instant(at) => Cell::At(*at),
        Value::Ref(id) => Cell::Text(id.to_string().into()),
        Value::List(items) => return items.first().and_then(of_value),
        Value::Json(_) => return None,
    })
}

/// A value of a column of the search index, by its field's definition.
#[cfg(feature = "search")]
pub fn of_column(def: &FieldDef, value: &crate::search::ColumnValue) -> Option<Cell> {
    use crate::search::ColumnValue as C;
    match (def.value, value) {
        (ValueType::Instant, C::Int(millis)) => {
            Utc.timestamp_millis_opt(*millis).single().map(Cell::At)
        }
        (_, C::Int(n)) => Some(Cell::Int(*n)),
        (_, C::Float(f)) => {
            let read = rust_decimal::prelude::FromPrimitive::from_f64(*f);
            read.map(|d: rust_decimal::Decimal| Cell::Decimal(d.round_dp(6).normalize()))
        }
        (ValueType::Date, C::Text(text)) => NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()
            .map(Cell::Day),
        (_, C::Text(text)) => Some(Cell::Text(std::sync::Arc::clone(text))),
    }
}

/// Whether the index holds the folded text of a field, so that records must be asked for it.
pub fn is_folded(def: &FieldDef) -> bool {
    let text = matches!(
        def.value,
        ValueType::Text
            | ValueType::Enum
            | ValueType::MultiEnum
            | ValueType::TextList
            | ValueType::Any
    );
    text && def.code != "type" && def.code != "status"
}
