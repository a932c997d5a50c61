//! What an upgrade of a pack changes, before it is installed.

use std::collections::BTreeMap;

use super::load::Loaded;

/// What kind of thing a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A type of record.
    Type,
    /// A workflow's way: initial status and transitions.
    Workflow,
    /// A status; its code.
    Status,
    /// A set of fields.
    FieldSet,
    /// A field.
    Field,
    /// An option of a field: `pack/field:option`.
    Option,
    /// A survey.
    Survey,
    /// A process: its ways.
    Process,
    /// A stage of a process; its code.
    Stage,
    /// A report.
    Report,
    /// A kind of document that records are made from.
    Document,
    /// A workspace.
    Workspace,
    /// How it is told that a unique value is taken; its field.
    Taken,
    /// A rule: `pack/rule`.
    Rule,
    /// An option of the pack: `pack/option`.
    Setting,
}

impl Subject {
    /// The name used in the API and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Workflow => "workflow",
            Self::Status => "status",
            Self::FieldSet => "field_set",
            Self::Field => "field",
            Self::Option => "option",
            Self::Survey => "survey",
            Self::Process => "process",
            Self::Stage => "stage",
            Self::Report => "report",
            Self::Document => "document",
            Self::Workspace => "workspace",
            Self::Taken => "taken",
            Self::Rule => "rule",
            Self::Setting => "setting",
        }
    }
}

/// What happens to the thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Changed {
    /// It is new.
    Added,
    /// It stays and is defined otherwise.
    Altered,
    /// It is no longer defined.
    Removed,
}

impl Changed {
    /// The name used in the API and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Altered => "changed",
            Self::Removed => "removed",
        }
    }
}

/// One difference between two revisions of a pack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// What kind of thing.
    pub subject: Subject,
    /// Its full code.
    pub code: String,
    /// What happens to it.
    pub changed: Changed,
    /// The code that takes the place of a removed one, when the new revision names it.
    pub replacement: Option<String>,
}

impl Change {
    /// Whether records that use the code would lose it: the desk refuses such an upgrade while any
    /// does.
    #[must_use]
    pub fn drops(&self) -> bool {
        let kept = matches!(
            self.subject,
            Subject::Type | Subject::Status | Subject::Field | Subject::Option
        );
        kept && self.changed == Changed::Removed && self.replacement.is_none()
    }
}

/// What is added, changed and removed from one revision of a pack to another, by subject and code.
#[must_use]
pub fn changes(old: &Loaded, new: &Loaded) -> Vec<Change> {
    let before = things(old);
    let after = things(new);
    let mut all = Vec::new();
    for ((subject, code), text) in &after {
        let changed = match before.get(&(*subject, code.clone())) {
            None => Changed::Added,
            Some(other) if other != text => Changed::Altered,
            Some(_) => continue,
        };
        all.push(Change {
            subject: *subject,
            code: code.clone(),
            changed,
            replacement: None,
        });
    }
    for (subject, code) in before.keys() {
        if !after.contains_key(&(*subject, code.clone())) {
            let replaced = &new.manifest.replaced;
            let codes = match subject {
                Subject::Type => Some(&replaced.types),
                Subject::Status => Some(&replaced.statuses),
                Subject::Field => Some(&replaced.fields),
                Subject::Option => Some(&replaced.options),
                _ => None,
            };
            all.push(Change {
                subject: *subject,
                code: code.clone(),
                changed: Changed::Removed,
                replacement: codes.and_then(|c| c.get(code)).cloned(),
            });
        }
    }
    all.sort();
    all
}

/// What a pack defines, by subject and code.
#[must_use]
pub fn subjects(pack: &Loaded) -> Vec<(Subject, String)> {
    things(pack).into_keys().collect()
}

/// Everything a pack defines, with a text that differs when the definition does.
fn things(pack: &Loaded) -> BTreeMap<(Subject, String), String> {
    let mut all = BTreeMap::new();
    let defs = &pack.definitions;
    for t in &defs.types {
        all.insert((Subject::Type, t.code.clone()), format!("{t:?}"));
    }
    for flow in &defs.workflows {
        let ends = (&flow.initial, &flow.merged);
        let ways = format!("{ends:?} {:?} {:?}", flow.transitions, order(flow));
        all.insert((Subject::Workflow, flow.code.clone()), ways);
        for status in &flow.statuses {
            // Two workflows may share a status: it is gone when neither has it.
            let text: &mut String = all
                .entry((Subject::Status, status.code.clone()))
                .or_default();
            text.push_str(&format!("{}: {status:?}\n", flow.code));
        }
    }
    for set in &defs.field_sets {
        let codes: Vec<&String> = set.fields.iter().map(|f| &f.code).collect();
        let text = format!("{:?} {:?} {codes:?}", set.names, set.kind);
        all.insert((Subject::FieldSet, set.code.clone()), text);
        for field in &set.fields {
            let mut plain = field.clone();
            for option in std::mem::take(&mut plain.options) {
                let code = format!("{}:{}", field.code, option.code);
                all.insert((Subject::Option, code), format!("{:?}", option.names));
            }
            all.insert((Subject::Field, field.code.clone()), format!("{plain:?}"));
        }
    }
    for survey in &defs.surveys {
        all.insert(
            (Subject::Survey, survey.code.clone()),
            format!("{survey:?}"),
        );
    }
    for process in &defs.processes {
        let mut plain = process.clone();
        for stage in std::mem::take(&mut plain.stages) {
            let text: &mut String = all.entry((Subject::Stage, stage.code.clone())).or_default();
            text.push_str(&format!("{}: {stage:?}\n", process.code));
        }
        all.insert(
            (Subject::Process, process.code.clone()),
            format!("{plain:?}"),
        );
    }
    for report in &defs.reports {
        let place = (Subject::Report, report.code.clone());
        all.insert(place, format!("{report:?}"));
    }
    for document in &defs.documents {
        let text = format!("{document:?}");
        all.insert((Subject::Document, document.code.clone()), text);
    }
    for workspace in &defs.workspaces {
        let text = format!("{workspace:?}");
        all.insert((Subject::Workspace, workspace.code.clone()), text);
    }
    for taken in &defs.taken {
        let text = format!("{taken:?}");
        all.insert((Subject::Taken, taken.field.clone()), text);
    }
    let name = pack.name();
    for spec in &pack.manifest.rules {
        let mut spec = spec.clone();
        spec.place = 0;
        let runs = spec.script.as_ref().or(pack.manifest.plugin.as_ref());
        let code = runs.and_then(|path| pack.code.get(path));
        let text = format!("{spec:?} {code:?}");
        all.insert((Subject::Rule, format!("{name}/{}", spec.name)), text);
    }
    for (option, spec) in &pack.manifest.options {
        all.insert(
            (Subject::Setting, format!("{name}/{option}")),
            format!("{spec:?}"),
        );
    }
    all
}

fn order(flow: &crate::domain::Workflow) -> Vec<&str> {
    flow.statuses.iter().map(|s| s.code.as_str()).collect()
}
