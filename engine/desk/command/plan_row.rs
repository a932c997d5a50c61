//! A row of a plan that is asked for.

use serde_json::{Map, Value as Json};

use crate::desk::{Error, Result};
use crate::domain::Id;

/// A row of a plan.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlanRow {
    /// The activity to change or remove; none: a new one.
    pub id: Option<Id>,
    /// Whether it is removed.
    pub remove: bool,
    /// Values by field.
    pub fields: Map<String, Json>,
}

impl PlanRow {
    /// Rows out of JSON: a list of objects with `id` and `remove` beside the values.
    ///
    /// # Errors
    /// When it is no such list.
    pub fn read_all(json: Json) -> Result<Vec<Self>> {
        let wrong = |message: &str| Error::field("plan", "malformed", message);
        let Json::Array(items) = json else {
            return Err(wrong("expected a list of rows"));
        };
        let mut rows = Vec::with_capacity(items.len().min(1_000));
        for item in items {
            let Json::Object(mut fields) = item else {
                return Err(wrong("expected a row as an object"));
            };
            let id = match fields.remove("id") {
                None | Some(Json::Null) => None,
                Some(id) => Some(
                    id.as_str()
                        .and_then(|id| id.parse().ok())
                        .ok_or_else(|| wrong("`id` of a row must be the id of an activity"))?,
                ),
            };
            let remove = match fields.remove("remove") {
                None | Some(Json::Null) => false,
                Some(remove) => remove
                    .as_bool()
                    .ok_or_else(|| wrong("`remove` of a row is true or false"))?,
            };
            if remove && id.is_none() {
                return Err(wrong("a row that is removed needs its `id`"));
            }
            rows.push(Self { id, remove, fields });
        }
        Ok(rows)
    }
}
