//! Conditions of lists, read by the definitions of the fields they name.

use crate::desk::sight::Sight;
use crate::desk::{Condition, Desk, Error, Fault, Result, lookup};
use crate::domain::{FieldDef, Id, Kind, Value, ValueType};
use crate::packs::Catalog;
use crate::store::Snapshot;

/// Most conditions.
const MAX_FILTERS: usize = 20;

/// Most values of a condition.
const MAX_VALUES: usize = 100;

/// The name by which lists filter by the category of the status.
pub const CATEGORY: &str = "category_of_status";

impl Desk {
    /// Fields of articles that nothing is filtered or sorted by.
    pub const VOTES: [&'static str; 2] = ["helpful_count", "not_helpful_count"];
}

/// A condition whose values are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// Full code of the field.
    pub field: String,
    /// Whether the store has an index of it.
    pub indexed: bool,
    /// What must hold.
    pub holds: Holds,
}

/// What must hold of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Holds {
    /// It has one of the values.
    In(Vec<Value>),
    /// It lies between two values.
    Between(Option<Value>, Option<Value>),
    /// It has a value, or has none.
    Present(bool),
}

/// Reads conditions by the fields' definitions. All faults are found together.
pub fn read_filters(
    snapshot: &dyn Snapshot,
    catalog: &Catalog,
    sight: &Sight<'_, '_>,
    kind: Kind,
    filters: &[(String, Condition)],
) -> Result<Vec<Filter>> {
    if filters.len() > MAX_FILTERS {
        return Err(Error::field(
            "filters",
            "too_many",
            format!("at most {MAX_FILTERS} filters"),
        ));
    }
    let mut read = Vec::new();
    let mut faults = Vec::new();
    for (name, condition) in filters {
        match read_filter(snapshot, catalog, sight, kind, name, condition)? {
            Ok(filter) => read.push(filter),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() {
        Ok(read)
    } else {
        Err(Error::invalid(faults))
    }
}

fn read_filter(
    snapshot: &dyn Snapshot,
    catalog: &Catalog,
    sight: &Sight<'_, '_>,
    kind: Kind,
    name: &str,
    condition: &Condition,
) -> Result<std::result::Result<Filter, Fault>> {
    let def = find_field(catalog, sight, kind, name)?;
    Ok(filter_of(snapshot, catalog, kind, name, condition, def))
}

fn filter_of(
    snapshot: &dyn Snapshot,
    catalog: &Catalog,
    kind: Kind,
    name: &str,
    condition: &Condition,
    def: Option<FieldDef>,
) -> std::result::Result<Filter, Fault> {
    let malformed = |message: String| Fault::field(name, "malformed", message);
    if name == CATEGORY || name == "status" || name == "type" {
        let Condition::In(names) = condition else {
            return Err(malformed("expected one or more codes".to_owned()));
        };
        let codes = if name == "type" {
            type_codes(catalog, kind, names)
        } else {
            status_codes(catalog, kind, names, name == CATEGORY)
        };
        let field = if name == "type" { "type" } else { "status" };
        let values = codes.into_iter().map(Value::Text).collect();
        return Ok(Filter {
            field: field.to_owned(),
            indexed: true,
            holds: Holds::In(values),
        });
    }
    let def = def.ok_or_else(|| {
        let known = catalog.fields(kind, None);
        let near = crate::packs::nearest(name, known.iter().map(|d| d.code.as_str()));
        let hint = near
            .map(|n| format!("; did you mean `{n}`?"))
            .unwrap_or_default();
        Fault::field(
            name,
            "unknown_field",
            format!("there is no such field{hint}"),
        )
    })?;
    let value = |text: &String| value_of(snapshot, &def, text).map_err(malformed);
    let holds = match condition {
        Condition::In(texts) if texts.is_empty() || texts.len() > MAX_VALUES => {
            return Err(malformed(format!("expected 1 to {MAX_VALUES} values")));
        }
        Condition::In(texts) => Holds::In(
            texts
                .iter()
                .map(value)
                .collect::<std::result::Result<_, _>>()?,
        ),
        Condition::Between(from, to) => Holds::Between(
            from.as_ref().map(value).transpose()?,
            to.as_ref().map(value).transpose()?,
        ),
        Condition::Present(present) => Holds::Present(*present),
        Condition::Within(codes) if codes.is_empty() || codes.len() > MAX_VALUES => {
            return Err(malformed(format!("expected 1 to {MAX_VALUES} categories")));
        }
        Condition::Within(codes) => {
            let tree = super::categories::tree(snapshot).map_err(|e| malformed(e.message))?;
            let mut all: Vec<String> = codes.iter().flat_map(|code| tree.within(code)).collect();
            all.sort_unstable();
            all.dedup();
            Holds::In(all.into_iter().map(Value::Text).collect())
        }
    };
    Ok(Filter {
        field: def.code.clone(),
        indexed: def.indexed,
        holds,
    })
}

/// The field of a kind by its full code or, when only one type has it, by its bare name. A field
/// that the asker may not see is no field: its values could be guessed by asking.
pub fn find_field(
    catalog: &Catalog,
    sight: &Sight<'_, '_>,
    kind: Kind,
    name: &str,
) -> Result<Option<FieldDef>> {
    // Votes are counted beside the record: neither the store nor the index knows how many.
    if kind == Kind::Article && Desk::VOTES.contains(&name) {
        return Ok(None);
    }
    match field_of_kind(catalog, kind, name) {
        Some(def) if !sight.hides(kind, &def)? => Ok(Some(def)),
        _ => Ok(None),
    }
}

fn field_of_kind(catalog: &Catalog, kind: Kind, name: &str) -> Option<FieldDef> {
    if let Some(def) = catalog.field(kind, None, name) {
        return Some(def.clone());
    }
    catalog
        .types(kind)
        .find_map(|t| catalog.field(kind, Some(&t.code), name).cloned())
}

fn value_of(
    snapshot: &dyn Snapshot,
    def: &FieldDef,
    text: &str,
) -> std::result::Result<Value, String> {
    use serde_json::Value as J;
    if let (Some(target), Err(_)) = (def.target, text.parse::<Id>()) {
        let found = lookup::by_unique(snapshot, target, &Value::from(text));
        let found = found.map_err(|e| e.message)?;
        return found
            .map(Value::Ref)
            .ok_or_else(|| format!("there is no {} with this code", target.name()));
    }
    let json = match def.value {
        ValueType::Int | ValueType::Duration => text.parse::<i64>().map_or(J::Null, J::from),
        ValueType::Bool => text.parse::<bool>().map_or(J::Null, J::from),
        ValueType::MultiEnum | ValueType::TextList | ValueType::RefList => {
            J::Array(vec![J::from(text)])
        }
        ValueType::Instant if text.len() == 10 => J::from(format!("{text}T00:00:00Z")),
        _ => J::from(text),
    };
    match def.read(&json)? {
        Some(Value::List(mut items)) => items.pop().ok_or_else(|| "expected a value".to_owned()),
        Some(value) => Ok(value),
        None => Err(format!("`{text}` is not a value of this field")),
    }
}

/// Full codes of types by full or bare names; an unknown one stays and matches nothing.
fn type_codes(catalog: &Catalog, kind: Kind, names: &[String]) -> Vec<String> {
    let mut codes = Vec::new();
    for name in names {
        let matching = catalog.types(kind).filter(|t| matches(&t.code, name));
        codes.extend(matching.map(|t| t.code.clone()));
    }
    if codes.is_empty() {
        names.to_vec()
    } else {
        codes
    }
}

/// Full codes of statuses by full or bare names, or by category.
fn status_codes(catalog: &Catalog, kind: Kind, names: &[String], by_category: bool) -> Vec<String> {
    let mut codes: Vec<String> = Vec::new();
    let types: Vec<Option<&str>> = std::iter::once(None)
        .chain(catalog.types(kind).map(|t| Some(t.code.as_str())))
        .collect();
    for workflow in types.into_iter().filter_map(|t| catalog.workflow(kind, t)) {
        for status in &workflow.statuses {
            let hit = names.iter().any(|name| {
                if by_category {
                    status.category.name() == name
                } else {
                    matches(&status.code, name)
                }
            });
            if hit && !codes.contains(&status.code) {
                codes.push(status.code.clone());
            }
        }
    }
    if codes.is_empty() {
        names.to_vec()
    } else {
        codes
    }
}

fn matches(code: &str, name: &str) -> bool {
    code == name || (!name.contains('/') && code.rsplit('/').next() == Some(name))
}
