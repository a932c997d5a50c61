//! Finding records by unique values.

use super::{Result, keys};
use crate::domain::{Id, Kind, Value};
use crate::store::{Key, Snapshot, Table};

/// The guards of a value in `code` and in `external_id`.
pub fn guards(kind: Kind, code: &str) -> [Key; 2] {
    let value = Value::from(code);
    ["code", "external_id"].map(|field| keys::guard(kind, field, &value))
}

/// The record of a kind that holds a unique value in `code` or `external_id`.
///
/// # Errors
/// When the store fails.
pub fn by_unique(snapshot: &dyn Snapshot, kind: Kind, value: &Value) -> Result<Option<Id>> {
    let wanted: Vec<_> = ["code", "external_id"]
        .into_iter()
        .map(|field| (Table::Guards, keys::guard(kind, field, value)))
        .collect();
    let rows = snapshot.get_many(&wanted)?;
    Ok(rows
        .into_iter()
        .flatten()
        .find_map(|row| Id::from_slice(&row.bytes)))
}
