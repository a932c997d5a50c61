//! Checks the definitions of one pack against themselves. What names other packs is checked when the
//! packs come together in a catalog.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::fault::Faults;
use super::flow;
use super::origin::Origin;
use super::qualify::qualify;
use super::reports;
use super::source::short;
use super::stages;
use super::taken;
use super::workspaces;
use crate::domain::definitions::{FieldSet, SurveyDef};
use crate::domain::field::OptionDef;
use crate::domain::{Code, Definitions, FieldDef, Kind, Names, ValueType, builtin, code};

/// Most types of a pack.
pub const MAX_TYPES: usize = 200;
/// Most fields of a pack.
pub const MAX_FIELDS: usize = 2_000;
/// Most workflows, field sets, surveys, processes and reports of a pack, each.
pub const MAX_GROUPS: usize = 500;
/// Most options of a field.
pub const MAX_FIELD_OPTIONS: usize = 500;
/// Most questions of a survey.
pub const MAX_QUESTIONS: usize = 50;
/// Longest name for people, in characters.
pub const MAX_NAME_CHARS: usize = 300;
/// Longest code of an option in bytes.
const MAX_OPTION_BYTES: usize = 96;

/// Checks the definitions and puts them into the namespace of their pack.
pub(super) fn check(origin: &Origin, defs: &mut Definitions, faults: &mut Faults) {
    let mut own = Faults::default();
    let mut checker = Checker {
        origin,
        faults: &mut own,
    };
    checker.limits(defs);
    checker.codes(defs);
    // Faulty codes and sizes would only be told again by what refers to them.
    if own.is_empty() {
        qualify(&origin.pack, defs);
        let mut checker = Checker {
            origin,
            faults: &mut own,
        };
        checker.types(defs);
        checker.fields(defs);
        for (i, workflow) in defs.workflows.iter().enumerate() {
            flow::check(origin, i, workflow, defs, checker.faults);
        }
        for (i, survey) in defs.surveys.iter().enumerate() {
            checker.survey(i, survey);
        }
        for (i, process) in defs.processes.iter().enumerate() {
            stages::check(origin, i, process, checker.faults);
        }
        for (i, report) in defs.reports.iter().enumerate() {
            reports::check(origin, i, report, checker.faults);
        }
        for (i, document) in defs.documents.iter().enumerate() {
            checker.names(&format!("document/{i}"), &document.names);
        }
        for (i, workspace) in defs.workspaces.iter().enumerate() {
            workspaces::check(origin, i, workspace, checker.faults);
        }
        taken::check(origin, defs, checker.faults);
    }
    faults.extend(own.into_vec());
}

/// The part of a code that its own pack's author writes.
pub(super) fn bare(code: &str) -> &str {
    code.split_once('/').map_or(code, |(_, name)| name)
}

struct Checker<'a> {
    origin: &'a Origin,
    faults: &'a mut Faults,
}

impl Checker<'_> {
    fn push(&mut self, path: &str, message: impl Into<String>) {
        // Finding the place costs more than the check: not for faults nobody will see.
        if !self.faults.is_full() {
            self.faults.push(self.origin.fault(path, message));
        }
    }

    fn limits(&mut self, defs: &Definitions) {
        let fields = defs.field_sets.iter().map(|s| s.fields.len()).sum();
        for (key, what, count, limit) in [
            ("type", "types", defs.types.len(), MAX_TYPES),
            ("field_set", "fields", fields, MAX_FIELDS),
            ("field_set", "field sets", defs.field_sets.len(), MAX_GROUPS),
            ("workflow", "workflows", defs.workflows.len(), MAX_GROUPS),
            ("survey", "surveys", defs.surveys.len(), MAX_GROUPS),
            ("process", "processes", defs.processes.len(), MAX_GROUPS),
            ("report", "reports", defs.reports.len(), MAX_GROUPS),
            ("document", "documents", defs.documents.len(), MAX_GROUPS),
            ("workspace", "workspaces", defs.workspaces.len(), MAX_GROUPS),
            (
                "taken",
                "words for what is taken",
                defs.taken.len(),
                MAX_GROUPS,
            ),
        ] {
            if count > limit {
                self.push(key, format!("{count} {what} are over the limit of {limit}"));
            }
        }
    }

    /// Codes are well formed, of this pack, and stand once.
    fn codes(&mut self, defs: &Definitions) {
        let types = defs.types.iter().map(|t| t.code.as_str());
        self.code_list("type", "type", types);
        let workflows = defs.workflows.iter().map(|w| w.code.as_str());
        self.code_list("workflow", "workflow", workflows);
        let sets = defs.field_sets.iter().map(|s| s.code.as_str());
        self.code_list("field_set", "field set", sets);
        let surveys = defs.surveys.iter().map(|s| s.code.as_str());
        self.code_list("survey", "survey", surveys);
        let reports = defs.reports.iter().map(|r| r.code.as_str());
        self.code_list("report", "report", reports);
        for (i, workflow) in defs.workflows.iter().enumerate() {
            let statuses = workflow.statuses.iter().map(|s| s.code.as_str());
            self.code_list(&format!("workflow/{i}/statuses"), "status", statuses);
        }
        let processes = defs.processes.iter().map(|p| p.code.as_str());
        self.code_list("process", "process", processes);
        let documents = defs.documents.iter().map(|d| d.code.as_str());
        self.code_list("document", "document", documents);
        let workspaces = defs.workspaces.iter().map(|w| w.code.as_str());
        self.code_list("workspace", "workspace", workspaces);
        for (i, process) in defs.processes.iter().enumerate() {
            let stages = process.stages.iter().map(|s| s.code.as_str());
            self.code_list(&format!("process/{i}/stages"), "stage", stages);
        }
        let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
        for (i, set) in defs.field_sets.iter().enumerate() {
            for (k, field) in set.fields.iter().enumerate() {
                let path = format!("field_set/{i}/fields/{k}/code");
                self.code(&path, "field", &field.code);
                if let Some(other) = seen.insert(bare(&field.code), &set.code) {
                    let message = format!(
                        "field `{}` stands twice, first in field set `{}`; fields are unique in a pack",
                        bare(&field.code),
                        bare(other)
                    );
                    self.push(&path, message);
                }
            }
        }
    }

    fn code_list<'c>(&mut self, path: &str, what: &str, codes: impl Iterator<Item = &'c str>) {
        let mut seen = HashSet::new();
        for (i, code) in codes.enumerate() {
            let path = format!("{path}/{i}/code");
            self.code(&path, what, code);
            if !seen.insert(bare(code)) {
                self.push(
                    &path,
                    format!("{what} `{}` stands twice", short(bare(code))),
                );
            }
        }
    }

    fn code(&mut self, path: &str, what: &str, code: &str) {
        let name = match code.split_once('/') {
            Some((pack, name)) if pack == self.origin.pack => name,
            Some((pack, _)) => {
                let message = format!(
                    "{what} `{}` is in the namespace of pack `{}`; a pack defines only its own",
                    short(code),
                    short(pack)
                );
                self.push(path, message);
                return;
            }
            None => code,
        };
        if let Some(why) = code::fault(name) {
            self.push(path, format!("code of {what} `{}` {why}", short(name)));
        }
    }

    fn types(&mut self, defs: &Definitions) {
        for (i, t) in defs.types.iter().enumerate() {
            self.names(&format!("type/{i}"), &t.names);
            if builtin::field(t.kind, "type").is_none() {
                let message = format!(
                    "records of kind `{}` have no types; give a field set `kind = \"{}\"` instead",
                    t.kind.name(),
                    t.kind.name()
                );
                self.push(&format!("type/{i}/kind"), message);
            }
            let workflows: Vec<&str> = defs.workflows.iter().map(|w| w.code.as_str()).collect();
            self.own(
                &format!("type/{i}/workflow"),
                "workflow",
                &t.workflow,
                &workflows,
            );
            let sets: Vec<&str> = defs.field_sets.iter().map(|s| s.code.as_str()).collect();
            for (k, set) in t.field_sets.iter().enumerate() {
                let path = format!("type/{i}/field_sets/{k}");
                self.own(&path, "field set", set, &sets);
                let other = defs.field_sets.iter().find(|s| s.code == *set);
                if let Some(kind) = other.and_then(|s| s.kind)
                    && kind != t.kind
                {
                    let message = format!(
                        "field set `{}` is for every {}, but the type is a {}",
                        bare(set),
                        kind.name(),
                        t.kind.name()
                    );
                    self.push(&path, message);
                }
            }
        }
    }

    /// Checks a reference when it points into this pack.
    fn own(&mut self, path: &str, what: &str, code: &str, known: &[&str]) {
        if Code::from(code).pack() != Some(self.origin.pack.as_str()) || known.contains(&code) {
            return;
        }
        if self.faults.is_full() {
            return;
        }
        let message = format!("there is no {what} `{}` in this pack", short(bare(code)));
        let fault = self.origin.fault(path, message);
        self.faults
            .push(fault.near(code, known.iter().map(|c| bare(c))));
    }

    fn fields(&mut self, defs: &Definitions) {
        for (i, set) in defs.field_sets.iter().enumerate() {
            self.names(&format!("field_set/{i}"), &set.names);
            let kinds = kinds_of(defs, set);
            for (k, field) in set.fields.iter().enumerate() {
                let path = format!("field_set/{i}/fields/{k}");
                let name = bare(&field.code);
                if let Some(kind) = kinds
                    .iter()
                    .find(|kind| builtin::field(**kind, name).is_some())
                {
                    let message = format!(
                        "field `{name}` has the name of the engine's own field of a {}; choose \
                         another name",
                        kind.name()
                    );
                    self.push(&format!("{path}/code"), message);
                }
                for fault in field_faults(field) {
                    self.push(&format!("{path}/{}", fault.0), fault.1);
                }
                self.names(&path, &field.names);
                self.default(&path, field);
            }
        }
    }

    fn default(&mut self, path: &str, field: &FieldDef) {
        let Some(text) = &field.default else {
            return;
        };
        let read = serde_json::from_str(text)
            .map_err(|_| format!("expected a value, got `{}`", short(text)))
            .and_then(|json: serde_json::Value| field.read(&json));
        let message = match read {
            Ok(Some(_)) => return,
            Ok(None) => "expected a value; leave `default` out for none".to_owned(),
            Err(message) => message,
        };
        if self.faults.is_full() {
            return;
        }
        let message = format!("default of field `{}`: {message}", bare(&field.code));
        let fault = self.origin.fault(&format!("{path}/default"), message);
        let options = field.options.iter().map(|o| o.code.as_str());
        self.faults
            .push(fault.near(text.trim_matches('"'), options));
    }

    fn survey(&mut self, i: usize, survey: &SurveyDef) {
        self.names(&format!("survey/{i}"), &survey.names);
        if survey.questions.len() > MAX_QUESTIONS {
            let message = format!(
                "{} questions are over the limit of {MAX_QUESTIONS}",
                survey.questions.len()
            );
            self.push(&format!("survey/{i}/questions"), message);
        }
        let mut seen = BTreeSet::new();
        for (k, question) in survey.questions.iter().enumerate().take(MAX_QUESTIONS) {
            let path = format!("survey/{i}/questions/{k}");
            if let Some(why) = code::fault(&question.code) {
                let message = format!("code of question `{}` {why}", short(&question.code));
                self.push(&format!("{path}/code"), message);
            }
            if !seen.insert(&question.code) {
                let message = format!("question `{}` stands twice", question.code);
                self.push(&format!("{path}/code"), message);
            }
            self.names(&path, &question.names);
        }
    }

    fn names(&mut self, path: &str, names: &Names) {
        if let Some(message) = names_fault(names) {
            self.push(&format!("{path}/names"), message);
        }
    }
}

/// The kinds whose records have the fields of a set, as far as its own pack says.
fn kinds_of(defs: &Definitions, set: &FieldSet) -> Vec<Kind> {
    let typed = defs
        .types
        .iter()
        .filter(|t| t.field_sets.contains(&set.code))
        .map(|t| t.kind);
    set.kind.into_iter().chain(typed).collect()
}

/// What is wrong with names for people.
pub(super) fn names_fault(names: &Names) -> Option<String> {
    names.0.iter().find_map(|(locale, name)| {
        let known = (2..=16).contains(&locale.len())
            && locale
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !known {
            return Some(format!(
                "`{}` is not a language; write codes such as en and ru",
                short(locale)
            ));
        }
        let chars = name.chars().count();
        (name.trim().is_empty() || chars > MAX_NAME_CHARS)
            .then(|| format!("a name must have 1 to {MAX_NAME_CHARS} characters, this has {chars}"))
    })
}

/// What is wrong with a field apart from its code and default: the key, and the fault.
pub(super) fn field_faults(field: &FieldDef) -> Vec<(String, String)> {
    use ValueType as V;
    let mut faults = Vec::new();
    let name = bare(&field.code);
    let is_ref = matches!(field.value, V::Ref | V::RefList);
    if is_ref && field.target.is_none() {
        let message = format!("field `{name}` refers to records: name their kind in `target`");
        faults.push(("value".to_owned(), message));
    }
    if !is_ref && field.target.is_some() {
        let message = format!("field `{name}` is no reference: take `target` out");
        faults.push(("target".to_owned(), message));
    }
    let is_enum = matches!(field.value, V::Enum | V::MultiEnum);
    if !is_enum && !field.options.is_empty() {
        let message =
            format!("field `{name}` has options: write value = \"enum\" or \"multi_enum\"");
        faults.push(("value".to_owned(), message));
    }
    if field.unique && matches!(field.value, V::LongText | V::Json | V::Any) {
        let message =
            format!("field `{name}` cannot be unique: its values are too long to compare");
        faults.push(("unique".to_owned(), message));
    }
    if field.options.len() > MAX_FIELD_OPTIONS {
        let message = format!(
            "{} options are over the limit of {MAX_FIELD_OPTIONS}",
            field.options.len()
        );
        faults.push(("options".to_owned(), message));
        return faults;
    }
    faults.extend(option_faults(&field.options));
    faults
}

fn option_faults(options: &[OptionDef]) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    let mut seen = HashSet::new();
    for (i, option) in options.iter().enumerate() {
        let code = &option.code;
        let bad = code.trim().is_empty()
            || code.len() > MAX_OPTION_BYTES
            || code.chars().any(char::is_control);
        if bad {
            let message = format!(
                "the code of an option must have 1 to {MAX_OPTION_BYTES} bytes of text, not `{}`",
                short(&code.escape_debug().to_string())
            );
            faults.push((format!("options/{i}/code"), message));
        } else if !seen.insert(code) {
            let message = format!("option `{code}` stands twice");
            faults.push((format!("options/{i}/code"), message));
        }
        if let Some(message) = names_fault(&option.names) {
            faults.push((format!("options/{i}/names"), message));
        }
    }
    faults
}
