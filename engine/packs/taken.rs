//! Checks what packs tell when a value of a unique field is taken.

use super::check::{bare, names_fault};
use super::fault::Faults;
use super::origin::Origin;
use super::source::short;
use crate::domain::{Definitions, code};

/// It is about a unique field of the pack, once for each.
pub(super) fn check(origin: &Origin, defs: &Definitions, faults: &mut Faults) {
    let all = defs.field_sets.iter().flat_map(|s| &s.fields);
    let unique: Vec<&str> = all.filter(|f| f.unique).map(|f| f.code.as_str()).collect();
    for (i, taken) in defs.taken.iter().enumerate() {
        let mut push = |key: &str, message: String| {
            faults.push(origin.fault(&format!("taken/{i}/{key}"), message));
        };
        if let Some(message) = names_fault(&taken.names) {
            push("names", message);
        }
        if let Some(why) = code::fault(&taken.code) {
            push("code", format!("`{}` {why}", short(&taken.code)));
        }
        let field = short(bare(&taken.field));
        let mut before = defs.taken.iter().take(i);
        if !unique.contains(&taken.field.as_str()) {
            push(
                "field",
                format!("`{field}` is no unique field of this pack"),
            );
        } else if before.any(|t| t.field == taken.field) {
            push("field", format!("`{field}` stands twice"));
        }
    }
}
