//! Brings the processes and documents of all packs together: the types they name must be there, with
//! the statuses that stages map to and the fields.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::catalog::TypeEntry;
use super::check::bare;
use super::fault::Faults;
use super::load::Loaded;
use super::source::short;
use crate::domain::document::DocumentDef;
use crate::domain::process::{ProcessDef, Start};

/// The processes by code; what does not fit is reported.
pub(super) fn collect(
    packs: &[Arc<Loaded>],
    types: &[TypeEntry],
    faults: &mut Faults,
) -> BTreeMap<String, Arc<ProcessDef>> {
    let mut all = BTreeMap::new();
    let mut begun: BTreeMap<&str, &str> = BTreeMap::new();
    for pack in packs {
        for (i, process) in pack.definitions.processes.iter().enumerate() {
            let mut checker = Checker {
                pack,
                i,
                process,
                faults: &mut *faults,
            };
            for (k, code) in process.types.iter().enumerate() {
                let Some(entry) = types.iter().find(|t| t.def.code == *code) else {
                    let known = types.iter().map(|t| t.def.code.as_str());
                    let message = format!("there is no type `{}`", short(bare(code)));
                    checker.push(&format!("/types/{k}"), message, code, known);
                    continue;
                };
                checker.statuses(entry);
                checker.fields(entry);
                if process.start != Start::Created {
                    continue;
                }
                if let Some(other) = begun.insert(code, &process.code) {
                    let message = format!(
                        "records of type `{}` begin with process `{other}` already",
                        bare(code)
                    );
                    checker.push(&format!("/types/{k}"), message, "", []);
                }
            }
            all.insert(process.code.clone(), Arc::new(process.clone()));
        }
        for (i, t) in pack.definitions.types.iter().enumerate() {
            let by = packs.iter().flat_map(|p| &p.definitions.processes);
            let mut by = by.filter(|p| p.start == Start::Created && p.types.contains(&t.code));
            if t.status_from_process && by.next().is_none() {
                let message = format!(
                    "the status of type `{}` follows from a process, but none begins when a record \
                     is created; write one with `start = \"created\"`",
                    bare(&t.code)
                );
                let path = format!("type/{i}/status_from_process");
                faults.push(pack.origin.fault(&path, message));
            }
        }
    }
    all
}

/// The kinds of documents by code; what does not fit is reported.
pub(super) fn documents(
    packs: &[Arc<Loaded>],
    types: &[TypeEntry],
    faults: &mut Faults,
) -> BTreeMap<String, DocumentDef> {
    let mut all = BTreeMap::new();
    for pack in packs {
        for (i, document) in pack.definitions.documents.iter().enumerate() {
            for (k, code) in document.types.iter().enumerate() {
                let Some(entry) = types.iter().find(|t| t.def.code == *code) else {
                    let message = format!("there is no type `{}`", short(bare(code)));
                    let path = format!("document/{i}/types/{k}");
                    let known = types.iter().map(|t| t.def.code.as_str());
                    faults.push(pack.origin.fault(&path, message).near(code, known));
                    continue;
                };
                for name in document.set.keys().chain(document.map.keys()) {
                    let field = entry.table.resolve(None, name);
                    let said = field.zip(document.set.get(name));
                    let message = match (field, said.map(|(def, json)| def.read(json))) {
                        (None, _) => format!(
                            "records of type `{code}` have no field `{}`",
                            short(bare(name))
                        ),
                        (_, Some(Err(message))) => format!("field `{}`: {message}", bare(name)),
                        _ => continue,
                    };
                    let known = entry.table.fields.iter().map(|f| f.code.as_str());
                    let fault = pack.origin.fault(&format!("document/{i}"), message);
                    faults.push(if field.is_none() {
                        fault.near(name, known)
                    } else {
                        fault
                    });
                }
            }
            all.insert(document.code.clone(), document.clone());
        }
    }
    all
}

struct Checker<'a> {
    pack: &'a Loaded,
    i: usize,
    process: &'a ProcessDef,
    faults: &'a mut Faults,
}

impl Checker<'_> {
    fn push<'k>(
        &mut self,
        path: &str,
        message: String,
        word: &str,
        known: impl IntoIterator<Item = &'k str>,
    ) {
        if self.faults.is_full() {
            return;
        }
        let path = format!("process/{}{path}", self.i);
        let fault = self.pack.origin.fault(&path, message);
        self.faults.push(fault.near(word, known));
    }

    fn statuses(&mut self, entry: &TypeEntry) {
        let process = self.process;
        let stages = process.stages.iter().enumerate();
        let stages = stages.map(|(k, s)| (format!("/stages/{k}/status"), &s.status));
        let edges = process.edges.iter().enumerate();
        let edges = edges.map(|(k, e)| (format!("/edges/{k}/status"), &e.status));
        for (path, status) in stages.chain(edges) {
            let Some(code) = status else { continue };
            if entry.workflow.status(code).is_none() {
                let known = entry.workflow.statuses.iter().map(|s| s.code.as_str());
                let message = format!(
                    "the workflow of type `{}` has no status `{}`",
                    entry.def.code,
                    short(bare(code))
                );
                self.push(&path, message, code, known);
            }
        }
    }

    fn fields(&mut self, entry: &TypeEntry) {
        let process = self.process;
        let mut named: Vec<(String, &String)> = Vec::new();
        for (k, stage) in process.stages.iter().enumerate() {
            let all = stage.fields.iter().chain(&stage.requires);
            named.extend(all.map(|f| (format!("/stages/{k}"), f)));
            for (a, answer) in stage.answers.iter().enumerate() {
                let path = format!("/stages/{k}/answers/{a}");
                let all = answer.requires.iter().chain(answer.set.keys());
                named.extend(all.map(|f| (path.clone(), f)));
            }
        }
        for (k, edge) in process.edges.iter().enumerate() {
            let tests = edge.when.iter().map(|t| &t.field);
            named.extend(tests.map(|f| (format!("/edges/{k}/when"), f)));
        }
        for (path, field) in named {
            if entry.table.resolve(None, field).is_none() {
                let known = entry.table.fields.iter().map(|f| f.code.as_str());
                let message = format!(
                    "records of type `{}` have no field `{}`",
                    entry.def.code,
                    short(bare(field))
                );
                self.push(&path, message, field, known);
            }
        }
        self.values(entry);
    }

    /// What answers set, the fields must be able to hold.
    fn values(&mut self, entry: &TypeEntry) {
        for (k, stage) in self.process.stages.iter().enumerate() {
            for (a, answer) in stage.answers.iter().enumerate() {
                for (name, value) in &answer.set {
                    let Some(def) = entry.table.resolve(None, name) else {
                        continue;
                    };
                    if let Err(message) = def.read(value) {
                        let path = format!("/stages/{k}/answers/{a}/set");
                        let message = format!("field `{}`: {message}", bare(name));
                        let word = value.as_str().unwrap_or_default().to_owned();
                        let known = def.options.iter().map(|o| o.code.as_str());
                        self.push(&path, message, &word, known);
                    }
                }
            }
        }
    }
}
