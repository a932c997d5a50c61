//! What takes the place of codes that earlier versions of a pack defined.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::check::bare;
use super::fault::Faults;
use super::origin::Origin;
use super::source::short;
use crate::domain::{Code, Definitions};

/// Codes that an earlier version defined and their replacements. Types, statuses and fields are full
/// codes, options are `field:option` with the field's full code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Replaced {
    /// Types.
    #[serde(rename = "type")]
    pub types: BTreeMap<String, String>,
    /// Statuses.
    #[serde(rename = "status")]
    pub statuses: BTreeMap<String, String>,
    /// Fields.
    #[serde(rename = "field")]
    pub fields: BTreeMap<String, String>,
    /// Options of fields.
    #[serde(rename = "option")]
    pub options: BTreeMap<String, String>,
    /// Surveys.
    #[serde(rename = "survey")]
    pub surveys: BTreeMap<String, String>,
    /// Timers that rules set, by the names that rules give them.
    #[serde(rename = "timer")]
    pub timers: BTreeMap<String, String>,
}

impl Replaced {
    /// The codes in the namespace of a pack.
    pub(super) fn qualified(self, pack: &str) -> Self {
        let full = |code: String| Code::qualify(pack, &code).0;
        let all = |codes: BTreeMap<String, String>| -> BTreeMap<String, String> {
            codes.into_iter().map(|(a, b)| (full(a), full(b))).collect()
        };
        // The replacement of an option is an option of the same field unless it names another.
        let options = self.options.into_iter().map(|(old, new)| {
            let old = full(old);
            let new = match (old.split_once(':'), new.contains(':')) {
                (Some((field, _)), false) => format!("{field}:{new}"),
                _ => full(new),
            };
            (old, new)
        });
        Self {
            options: options.collect(),
            surveys: all(self.surveys),
            timers: self.timers,
            types: all(self.types),
            statuses: all(self.statuses),
            fields: all(self.fields),
        }
    }

    /// Checks the names of timers, which stand nowhere but in rules.
    fn check_timers(&self, origin: &Origin, faults: &mut Faults) {
        for (old, new) in &self.timers {
            let place = format!("replaced/timer/{}", short(old));
            let (old, name) = (short(old), short(new));
            let message = if new.is_empty() || 64 < new.len() {
                format!("`{name}` is no name of a timer: 1 to 64 bytes")
            } else if self.timers.contains_key(new) {
                format!("timer `{old}` is replaced by `{name}`, which is replaced itself")
            } else {
                continue;
            };
            faults.push(origin.manifest.fault(&place, message));
        }
    }

    /// Checks that replaced codes are gone and their replacements there.
    pub(super) fn check(&self, definitions: &Definitions, origin: &Origin, faults: &mut Faults) {
        self.check_timers(origin, faults);
        let types: Vec<String> = definitions.types.iter().map(|t| t.code.clone()).collect();
        let flows = definitions.workflows.iter();
        let statuses: Vec<String> = flows
            .flat_map(|w| w.statuses.iter().map(|s| s.code.clone()))
            .collect();
        let fields = || definitions.field_sets.iter().flat_map(|s| &s.fields);
        let codes: Vec<String> = fields().map(|f| f.code.clone()).collect();
        let options: Vec<String> = fields()
            .flat_map(|f| f.options.iter().map(|o| format!("{}:{}", f.code, o.code)))
            .collect();
        let surveys = definitions.surveys.iter();
        let surveys: Vec<String> = surveys.map(|s| s.code.clone()).collect();
        for (what, pairs, known) in [
            ("type", &self.types, &types),
            ("status", &self.statuses, &statuses),
            ("field", &self.fields, &codes),
            ("option", &self.options, &options),
            ("survey", &self.surveys, &surveys),
        ] {
            for (old, new) in pairs {
                let (old_name, new_name) = (short(bare(old)), short(bare(new)));
                let place = format!("replaced/{what}/{old_name}");
                if known.contains(old) {
                    let message =
                        format!("{what} `{old_name}` is replaced, yet the pack defines it");
                    faults.push(origin.manifest.fault(&place, message));
                }
                if !known.contains(new) {
                    let message = format!(
                        "{what} `{old_name}` is replaced by `{new_name}`, which does not exist"
                    );
                    let known = known.iter().map(|k| bare(k));
                    faults.push(
                        origin
                            .manifest
                            .fault(&place, message)
                            .near(&new_name, known),
                    );
                }
            }
        }
    }
}
