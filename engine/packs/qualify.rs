//! Puts a pack's definitions into its namespace.

use crate::domain::workspace::{Listed, WorkspaceEntry};
use crate::domain::{Code, Definitions, FieldDef, Kind, builtin, record::fields};

/// Gives every code and reference of the definitions its namespace, and defaults their JSON form.
pub(super) fn qualify(pack: &str, defs: &mut Definitions) {
    let full = |code: &mut String| *code = Code::qualify(pack, code).0;
    for t in &mut defs.types {
        full(&mut t.code);
        full(&mut t.workflow);
        t.field_sets.iter_mut().for_each(full);
    }
    for set in &mut defs.field_sets {
        full(&mut set.code);
        for field in &mut set.fields {
            full(&mut field.code);
            json_default(field);
        }
    }
    for survey in &mut defs.surveys {
        full(&mut survey.code);
    }
    for i in 0..defs.documents.len() {
        qualify_document(pack, defs, i);
    }
    for i in 0..defs.processes.len() {
        qualify_process(pack, defs, i);
    }
    for report in &mut defs.reports {
        full(&mut report.code);
        report.types.iter_mut().for_each(full);
    }
    for workspace in &mut defs.workspaces {
        full(&mut workspace.code);
        for entry in &mut workspace.entries {
            qualify_entry(pack, entry);
        }
    }
    for taken in &mut defs.taken {
        full(&mut taken.field);
    }
    for i in 0..defs.workflows.len() {
        let kinds = kinds_of(pack, defs, i);
        let Some(flow) = defs.workflows.get_mut(i) else {
            continue;
        };
        full(&mut flow.code);
        full(&mut flow.initial);
        if !flow.merged.is_empty() {
            full(&mut flow.merged);
        }
        for status in &mut flow.statuses {
            full(&mut status.code);
        }
        for t in &mut flow.transitions {
            if t.from != "*" {
                full(&mut t.from);
            }
            full(&mut t.to);
            for field in &mut t.requires {
                if !kinds.iter().any(|k| builtin::field(*k, field).is_some()) {
                    full(field);
                }
            }
        }
    }
}

/// Types, statuses and fields that an entry of a workspace names.
fn qualify_entry(pack: &str, entry: &mut WorkspaceEntry) {
    let Listed::Records(kind) = entry.list else {
        return;
    };
    let holds = std::mem::take(&mut entry.holds);
    let named = holds.into_iter().map(|(name, value)| {
        let is_code = [fields::TYPE, fields::STATUS].contains(&name.as_str());
        let value = match is_code {
            true => Code::qualify(pack, &value).0,
            false => value,
        };
        match builtin::field(kind, &name) {
            Some(_) => (name, value),
            None => (Code::qualify(pack, &name).0, value),
        }
    });
    entry.holds = named.collect();
}

fn qualify_document(pack: &str, defs: &mut Definitions, i: usize) {
    let full = |code: &mut String| *code = Code::qualify(pack, code).0;
    let Some(document) = defs.documents.get_mut(i) else {
        return;
    };
    full(&mut document.code);
    document.types.iter_mut().for_each(full);
    let of = |t: &&crate::domain::definitions::TypeDef| document.types.contains(&t.code);
    let kinds: Vec<Kind> = defs.types.iter().filter(of).map(|t| t.kind).collect();
    let field = |mut name: String| {
        if !kinds.iter().any(|k| builtin::field(*k, &name).is_some()) {
            full(&mut name);
        }
        name
    };
    let set = std::mem::take(&mut document.set);
    document.set = set.into_iter().map(|(n, v)| (field(n), v)).collect();
    let map = std::mem::take(&mut document.map);
    document.map = map.into_iter().map(|(n, v)| (field(n), v)).collect();
}

fn qualify_process(pack: &str, defs: &mut Definitions, i: usize) {
    let full = |code: &mut String| *code = Code::qualify(pack, code).0;
    let Some(process) = defs.processes.get_mut(i) else {
        return;
    };
    process.types.iter_mut().for_each(full);
    let types = defs
        .types
        .iter()
        .filter(|t| process.types.contains(&t.code));
    let mut kinds: Vec<Kind> = types.map(|t| t.kind).filter(has_types).collect();
    if kinds.is_empty() {
        kinds = Kind::ALL.into_iter().filter(has_types).collect();
    }
    let field = |code: &mut String| {
        if !kinds.iter().any(|k| builtin::field(*k, code).is_some()) {
            full(code);
        }
    };
    full(&mut process.code);
    full(&mut process.initial);
    for stage in &mut process.stages {
        full(&mut stage.code);
        stage.status.iter_mut().for_each(full);
        stage.fields.iter_mut().for_each(field);
        stage.requires.iter_mut().for_each(field);
        for answer in &mut stage.answers {
            answer.requires.iter_mut().for_each(field);
            let set = std::mem::take(&mut answer.set);
            answer.set = set
                .into_iter()
                .map(|(mut name, value)| {
                    field(&mut name);
                    (name, value)
                })
                .collect();
        }
    }
    for edge in &mut process.edges {
        full(&mut edge.from);
        full(&mut edge.to);
        edge.status.iter_mut().for_each(full);
        edge.when.iter_mut().for_each(|test| field(&mut test.field));
    }
}

fn has_types(kind: &Kind) -> bool {
    builtin::field(*kind, "type").is_some()
}

/// The kinds of the records that have a workflow: those of the pack's types with it, or every kind
/// with statuses while only other packs' types have it.
fn kinds_of(pack: &str, defs: &Definitions, workflow: usize) -> Vec<Kind> {
    let code = defs.workflows.get(workflow).map(|w| w.code.as_str());
    let code = Code::qualify(pack, code.unwrap_or_default());
    let named: Vec<Kind> = defs
        .types
        .iter()
        .filter(|t| t.workflow == code.0)
        .map(|t| t.kind)
        .filter(has_types)
        .collect();
    if named.is_empty() {
        return Kind::ALL.into_iter().filter(has_types).collect();
    }
    named
}

/// A default that is no JSON text of the field's type, but a text of that type, becomes JSON.
fn json_default(field: &mut FieldDef) {
    let Some(text) = &field.default else {
        return;
    };
    let read = |json: &serde_json::Value| matches!(field.read(json), Ok(Some(_)));
    let is_json = serde_json::from_str(text).is_ok_and(|json| read(&json));
    let plain = serde_json::Value::String(text.clone());
    if !is_json && read(&plain) {
        field.default = Some(plain.to_string());
    }
}
