//! Checks the processes of one pack: every stage can be reached, every way leads to an end, every
//! answer leads somewhere. What names types and fields is checked when the packs come together.

use std::collections::{BTreeSet, HashSet};

use super::check::{bare, names_fault};
use super::fault::Faults;
use super::manifest::Manifest;
use super::origin::Origin;
use super::source::short;
use crate::domain::process::{EdgeDef, ProcessDef, StageDef, StageKind};
use crate::domain::{Definitions, Value, code};

/// Most stages of a process.
pub const MAX_STAGES: usize = 100;
/// Most ways of a process.
pub const MAX_EDGES: usize = 1_000;
/// Most answers of a decision, and most fields that a stage names.
const MAX_ANSWERS: usize = 100;
/// Most passes that a process may permit.
const MAX_PASSES: u32 = 100;

/// Checks process `i` of qualified definitions.
pub(super) fn check(origin: &Origin, i: usize, process: &ProcessDef, faults: &mut Faults) {
    let mut checker = Checker {
        origin,
        i,
        process,
        faults,
    };
    if checker.sizes() && checker.stages() & checker.edges() {
        checker.ways();
    }
}

/// Checks that the options which stages name are there and hold codes.
pub(super) fn check_options(
    manifest: &Manifest,
    definitions: &Definitions,
    origin: &Origin,
    faults: &mut Faults,
) {
    for (i, process) in definitions.processes.iter().enumerate() {
        for (k, stage) in process.stages.iter().enumerate() {
            let performer = stage.performer.iter();
            let named = performer.flat_map(|p| [&p.team_option, &p.agent_option]);
            for name in named.flatten() {
                let spec = manifest.options.get(name);
                if spec.is_some_and(|spec| matches!(spec.value, Value::Text(_))) {
                    continue;
                }
                let message = match spec {
                    Some(_) => format!("option `{}` holds no text", short(name)),
                    None => format!("the pack has no option `{}`", short(name)),
                };
                let path = format!("process/{i}/stages/{k}/performer");
                let fault = origin.fault(&path, message);
                faults.push(fault.near(name, manifest.options.keys().map(String::as_str)));
            }
        }
    }
}

struct Checker<'a> {
    origin: &'a Origin,
    i: usize,
    process: &'a ProcessDef,
    faults: &'a mut Faults,
}

impl Checker<'_> {
    fn push(&mut self, path: &str, message: String, near: Option<&str>) {
        if self.faults.is_full() {
            return;
        }
        let fault = self
            .origin
            .fault(&format!("process/{}{path}", self.i), message);
        let known = self.process.stages.iter().map(|s| bare(&s.code));
        self.faults.push(match near {
            Some(word) => fault.near(word, known),
            None => fault,
        });
    }

    fn sizes(&mut self) -> bool {
        let before = self.faults.len();
        let process = self.process;
        for (path, what, count, limit) in [
            ("/stages", "stages", process.stages.len(), MAX_STAGES),
            ("/edges", "ways", process.edges.len(), MAX_EDGES),
        ] {
            if count > limit {
                let message = format!("{count} {what} are over the limit of {limit}");
                self.push(path, message, None);
            }
        }
        if process.max_passes == 0 || process.max_passes > MAX_PASSES {
            let message = format!("a stage may be entered 1 to {MAX_PASSES} times");
            self.push("/max_passes", message, None);
        }
        if process.types.is_empty() {
            let message = "a process needs types of records that go through it".to_owned();
            self.push("/types", message, None);
        }
        if let Some(message) = names_fault(&process.names) {
            self.push("/names", message, None);
        }
        self.faults.len() == before
    }

    /// Whether every stage is well formed by itself.
    fn stages(&mut self) -> bool {
        let before = self.faults.len();
        let process = self.process;
        if !process.stages.iter().any(|s| s.code == process.initial) {
            let name = bare(&process.initial);
            let message = format!("first stage `{}` is not one of the stages", short(name));
            self.push("/initial", message, Some(name));
        }
        for (k, stage) in process.stages.iter().enumerate() {
            let path = format!("/stages/{k}");
            if let Some(message) = names_fault(&stage.names) {
                self.push(&format!("{path}/names"), message, None);
            }
            self.answers(&path, stage);
            if stage.waits && stage.kind != StageKind::End {
                let message = "only an end `waits` to be completed; every other stage does anyway";
                self.push(&format!("{path}/waits"), message.to_owned(), None);
            }
            let lists = [("fields", &stage.fields), ("requires", &stage.requires)];
            for (key, list) in lists {
                if list.len() > MAX_ANSWERS {
                    let message = format!("more than {MAX_ANSWERS} fields");
                    self.push(&format!("{path}/{key}"), message, None);
                }
            }
        }
        self.faults.len() == before
    }

    fn answers(&mut self, path: &str, stage: &StageDef) {
        let decides = stage.kind == StageKind::Decision;
        let name = bare(&stage.code);
        if decides == stage.answers.is_empty() {
            let message = match decides {
                true => format!("decision `{name}` has no answers"),
                false => format!("stage `{name}` is no decision: take `answers` out"),
            };
            self.push(path, message, None);
        }
        if stage.answers.len() > MAX_ANSWERS {
            let message = format!("more than {MAX_ANSWERS} answers");
            self.push(&format!("{path}/answers"), message, None);
            return;
        }
        let mut seen = HashSet::new();
        for (a, answer) in stage.answers.iter().enumerate() {
            let path = format!("{path}/answers/{a}");
            if let Some(why) = code::fault(&answer.code) {
                let message = format!("code of answer `{}` {why}", short(&answer.code));
                self.push(&path, message, None);
            } else if !seen.insert(&answer.code) {
                self.push(
                    &path,
                    format!("answer `{}` stands twice", answer.code),
                    None,
                );
            }
            if let Some(message) = names_fault(&answer.names) {
                self.push(&format!("{path}/names"), message, None);
            }
        }
    }

    /// Whether every way begins and ends at a stage, and follows from an answer where one is needed.
    fn edges(&mut self) -> bool {
        let before = self.faults.len();
        let process = self.process;
        for (k, edge) in process.edges.iter().enumerate() {
            for (end, code) in [("from", &edge.from), ("to", &edge.to)] {
                if !process.stages.iter().any(|s| s.code == *code) {
                    let name = bare(code);
                    let message = format!("there is no stage `{}` in this process", short(name));
                    self.push(&format!("/edges/{k}/{end}"), message, Some(name));
                }
            }
            if let Some(stage) = process.stages.iter().find(|s| s.code == edge.from) {
                self.edge(k, edge, stage);
            }
        }
        self.faults.len() == before
    }

    fn edge(&mut self, k: usize, edge: &EdgeDef, from: &StageDef) {
        let name = bare(&from.code);
        let message = match (&edge.on, from.kind) {
            (None, StageKind::Decision) => {
                format!("a way out of decision `{name}` follows from an answer: name it in `on`")
            }
            (Some(answer), StageKind::Decision) if from.answer(answer).is_none() => {
                format!("decision `{name}` has no answer `{}`", short(answer))
            }
            (Some(_), StageKind::Task | StageKind::End) => {
                format!("stage `{name}` has no answers: take `on` out")
            }
            _ => String::new(),
        };
        if !message.is_empty() {
            self.push(&format!("/edges/{k}/on"), message, None);
        }
        for (t, test) in edge.when.iter().enumerate() {
            if test.is.is_none() && test.present.is_none() {
                let message = "a condition needs `is` or `present`".to_owned();
                self.push(&format!("/edges/{k}/when/{t}"), message, None);
            }
        }
    }

    /// Every stage is reached from the first one and reaches an end; no record gets stuck.
    fn ways(&mut self) {
        let process = self.process;
        let forward = reached([process.initial.as_str()].into(), |from| {
            process.ways(from).map(|e| e.to.as_str()).collect()
        });
        let ends = process.stages.iter().filter(|s| s.kind == StageKind::End);
        let backward = reached(ends.map(|s| s.code.as_str()).collect(), |to| {
            let into = process.edges.iter().filter(|e| e.to == to);
            into.map(|e| e.from.as_str()).collect()
        });
        for (k, stage) in process.stages.iter().enumerate() {
            let (name, path) = (bare(&stage.code), format!("/stages/{k}"));
            if !forward.contains(stage.code.as_str()) {
                let message = format!("no way leads from the first stage to stage `{name}`");
                self.push(&path, message, None);
            }
            if !backward.contains(stage.code.as_str()) {
                let message =
                    format!("from stage `{name}` no stage of kind end can be reached; add a way");
                self.push(&path, message, None);
            }
            let always = |answer: Option<&str>| {
                let mut ways = process.ways(&stage.code);
                ways.any(|e| e.on.as_deref() == answer && e.when.is_empty())
            };
            if stage.kind == StageKind::Task && !always(None) {
                let message = format!("stage `{name}` needs a way out without conditions");
                self.push(&path, message, None);
            }
            for (a, answer) in stage.answers.iter().enumerate() {
                if !always(Some(&answer.code)) {
                    let message = format!(
                        "answer `{}` of decision `{name}` needs a way out without conditions",
                        answer.code
                    );
                    self.push(&format!("{path}/answers/{a}"), message, None);
                }
            }
        }
    }
}

/// What is reached from somewhere by steps.
fn reached<'a>(
    mut found: BTreeSet<&'a str>,
    step: impl Fn(&'a str) -> Vec<&'a str>,
) -> BTreeSet<&'a str> {
    let mut next: Vec<&str> = found.iter().copied().collect();
    while let Some(from) = next.pop() {
        for to in step(from) {
            if found.insert(to) {
                next.push(to);
            }
        }
    }
    found
}
