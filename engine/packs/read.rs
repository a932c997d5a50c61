//! `definitions.toml`: reading types, workflows, field sets, surveys, processes, reports, documents and
//! workspaces.

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Faults;
use super::source::Source;
use crate::domain::definitions::{FieldSet, QuestionDef, SurveyDef, TakenDef, TypeDef};
use crate::domain::document::DocumentDef;
use crate::domain::process::{EdgeDef, ProcessDef, StageDef};
use crate::domain::report::{DimensionDef, MeasureDef, ReportDef};
use crate::domain::workflow::{StatusDef, TransitionDef};
use crate::domain::workspace::{WorkspaceDef, WorkspaceEntry};
use crate::domain::{Definitions, FieldDef, Workflow};

/// The file of a pack's definitions.
pub(super) const FILE: &str = "definitions.toml";

/// Reads the definitions. Every faulty item is reported, not the first alone; nothing comes back
/// when an item could not be read.
pub(super) fn read(source: &Source, faults: &mut Faults) -> Option<Definitions> {
    let mut root = source.tree(faults)?;
    let mut reader = Reader {
        source,
        faults,
        whole: true,
    };
    let types = reader.items::<TypeDef>(&mut root, "type", |_, _| ());
    let workflows = reader.items::<Workflow>(&mut root, "workflow", |reader, table| {
        reader.parts::<StatusDef>(table, "statuses");
        reader.parts::<TransitionDef>(table, "transitions");
    });
    let field_sets = reader.items::<FieldSet>(&mut root, "field_set", |reader, table| {
        reader.json_defaults(table);
        reader.parts::<FieldDef>(table, "fields");
    });
    let surveys = reader.items::<SurveyDef>(&mut root, "survey", |reader, table| {
        reader.parts::<QuestionDef>(table, "questions");
    });
    let processes = reader.items::<ProcessDef>(&mut root, "process", |reader, table| {
        reader.parts::<StageDef>(table, "stages");
        reader.parts::<EdgeDef>(table, "edges");
    });
    let reports = reader.items::<ReportDef>(&mut root, "report", |reader, table| {
        reader.parts::<DimensionDef>(table, "dimensions");
        reader.parts::<MeasureDef>(table, "measures");
    });
    let documents = reader.items::<DocumentDef>(&mut root, "document", |_, _| ());
    let workspaces = reader.items::<WorkspaceDef>(&mut root, "workspace", |reader, table| {
        reader.parts::<WorkspaceEntry>(table, "entries");
    });
    let taken = reader.items::<TakenDef>(&mut root, "taken", |_, _| ());
    let whole = reader.whole;
    let keys = [
        "type",
        "workflow",
        "field_set",
        "survey",
        "process",
        "report",
        "document",
        "workspace",
        "taken",
    ];
    source.unknown_keys(&root, &keys, faults);
    whole.then_some(Definitions {
        types,
        workflows,
        field_sets,
        surveys,
        processes,
        reports,
        documents,
        workspaces,
        taken,
    })
}

struct Reader<'a> {
    source: &'a Source,
    faults: &'a mut Faults,
    /// Whether everything could be read so far.
    whole: bool,
}

impl Reader<'_> {
    /// Reads the items of `[[key]]`, after `prepare` has looked at each one's parts.
    fn items<T: DeserializeOwned>(
        &mut self,
        root: &mut DeTable<'_>,
        key: &str,
        prepare: impl Fn(&mut Self, &mut DeTable<'_>),
    ) -> Vec<T> {
        let mut read = Vec::new();
        for mut item in self.source.elements(root, key, self.faults) {
            if self.faults.is_full() {
                break;
            }
            if let DeValue::Table(table) = item.get_mut() {
                prepare(self, table);
            }
            match self.source.read::<T>(item, self.faults) {
                Some(item) => read.push(item),
                None => self.whole = false,
            }
        }
        read
    }

    /// Tries each part of the list `key` on its own. A list with a faulty part is replaced by an
    /// empty one, so that the item around it is read and tells of its own faults.
    fn parts<T: DeserializeOwned>(&mut self, table: &mut DeTable<'_>, key: &str) {
        let Some(value) = table.get_mut(key) else {
            return;
        };
        let span = value.span();
        let DeValue::Array(items) = value.get_ref() else {
            return;
        };
        let mut good = true;
        for item in items.iter() {
            // Finding a line takes time in the length of the file: not for faults nobody will see.
            if self.faults.is_full() {
                break;
            }
            good &= self.source.read::<T>(item.clone(), self.faults).is_some();
        }
        if !good {
            self.whole = false;
            *value = Spanned::new(span, DeValue::Array(toml::de::DeArray::default()));
        }
    }

    /// Defaults are JSON text once read; in the file they are plain values of TOML as well.
    fn json_defaults(&mut self, table: &mut DeTable<'_>) {
        let Some(DeValue::Array(fields)) = table.get_mut("fields").map(Spanned::get_mut) else {
            return;
        };
        for field in fields.iter_mut() {
            if self.faults.is_full() {
                break;
            }
            let DeValue::Table(field) = field.get_mut() else {
                continue;
            };
            let Some(default) = field.get_mut("default") else {
                continue;
            };
            if default.get_ref().is_str() {
                continue;
            }
            let read: Option<toml::Value> = self.source.read(default.clone(), self.faults);
            let Some(json) = read.and_then(|value| json(&value)) else {
                self.whole = false;
                let message = "a default must be a value that JSON has";
                self.faults
                    .push(self.source.at(default.span().start, message));
                field.remove("default");
                continue;
            };
            let text = DeValue::String(json.to_string().into());
            *default = Spanned::new(default.span(), text);
        }
    }
}

/// A TOML value as JSON; nothing for numbers that JSON does not have.
fn json(value: &toml::Value) -> Option<serde_json::Value> {
    use serde_json::Value as J;
    Some(match value {
        toml::Value::String(s) => J::String(s.clone()),
        toml::Value::Integer(n) => J::from(*n),
        toml::Value::Float(f) => J::Number(serde_json::Number::from_f64(*f)?),
        toml::Value::Boolean(b) => J::Bool(*b),
        toml::Value::Datetime(at) => J::String(at.to_string()),
        toml::Value::Array(items) => J::Array(items.iter().map(json).collect::<Option<_>>()?),
        toml::Value::Table(table) => J::Object(
            table
                .iter()
                .map(|(key, value)| json(value).map(|v| (key.clone(), v)))
                .collect::<Option<_>>()?,
        ),
    })
}
