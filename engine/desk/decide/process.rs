//! Processes: starting one, and the steps that are asked for. What a step does stands in `stage.rs`.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::steps::Wish;
use super::{Answer, Deciding, MAX_DEPTH};
use crate::desk::command::ProcessStep;
use crate::desk::journal::By;
use crate::desk::{Error, ErrorKind, Fault, Result};
use crate::domain::process::{EdgeDef, ProcessDef, StageDef, StageEvent, StageLog, fields};
use crate::domain::record::fields::STATUS;
use crate::domain::{Code, Id, Kind, Names, Record, Value};
use crate::hooks;

/// Where a record stands.
pub struct Standing {
    /// The process.
    pub process: Arc<ProcessDef>,
    /// Full code of the stage.
    pub stage: String,
    /// Whether the process is over.
    pub ended: bool,
}

impl Standing {
    /// The definition of the stage.
    pub fn stage(&self) -> Result<&StageDef> {
        let found = self.process.stages.iter().find(|s| s.code == self.stage);
        found.ok_or_else(|| Error::internal("a stage was lost"))
    }
}

impl Deciding<'_, '_> {
    /// A step that a person or program asks for, with the values it needs.
    pub(super) fn process_command(
        &mut self,
        (kind, id): (Kind, Id),
        step: &ProcessStep,
        asked: &Map<String, Json>,
    ) -> Result<Answer> {
        self.actor.require_agent("working on a process")?;
        self.actor.require_write(kind)?;
        self.foresee(kind, Some(id), asked)?;
        self.target(kind, id)?;
        self.input.arguments.extend(step.arguments());
        self.expected_stage(kind, id, step)?;
        self.allowed(kind, id, step)?;
        let mut asked = asked.clone();
        let type_code = self.type_of(kind, id);
        let plan = self.rows_among(kind, type_code.as_deref(), &mut asked)?;
        self.set_asked(kind, id, &asked)?;
        self.plan_rows_of_new(kind, id, &plan)?;
        self.step_process(kind, id, step, By::Asked)?;
        self.settle(&[(kind, id)])?;
        Ok(Answer::record(kind, id))
    }

    /// Takes a step, whoever wants it.
    pub(super) fn step_process(
        &mut self,
        kind: Kind,
        id: Id,
        step: &ProcessStep,
        by: By,
    ) -> Result<()> {
        if self.chain.len() >= MAX_DEPTH {
            let message = format!(
                "rules cause one another without end: {}",
                self.chain.join(" -> ")
            );
            return Err(conflict("chain_too_deep", message));
        }
        match step {
            ProcessStep::Start { process } => self.start(kind, id, process.as_deref(), by),
            ProcessStep::Complete { to, result, .. } => {
                let at = self.standing(kind, id)?;
                self.complete_stage(kind, id, &at, (to.as_deref(), result), by)
            }
            ProcessStep::Decide { answer, result, .. } => {
                let at = self.standing(kind, id)?;
                self.decide_stage(kind, id, &at, (answer, result), by)
            }
            ProcessStep::Redirect {
                agent,
                team,
                reason,
                ..
            } => {
                let at = self.standing(kind, id)?;
                self.redirect(kind, id, &at, (agent.as_deref(), team.as_deref()), by)?;
                let mark = self.mark(&at, StageEvent::Redirected, None, reason);
                self.log(kind, id, mark)
            }
        }
    }

    /// Where the record stands, or why it stands nowhere.
    pub(super) fn standing(&self, kind: Kind, id: Id) -> Result<Standing> {
        let record = self.draft.record(kind, id)?;
        if record.text(fields::PROCESS).is_none() {
            let message = "the record is in no process; start one first";
            return Err(conflict("no_process", message));
        }
        standing(&self.ground.catalog, record).ok_or_else(|| {
            let stage: String = record.text(fields::STAGE).unwrap_or_default().to_owned();
            let message = format!(
                "stage `{stage}` is no longer defined; start the process again at its beginning"
            );
            conflict("stage_unknown", message)
        })
    }

    /// Whoever names the stage that a step is about must mean the present one.
    fn expected_stage(&self, kind: Kind, id: Id, step: &ProcessStep) -> Result<()> {
        let Some(wanted) = step.stage() else {
            return Ok(());
        };
        let at = self.standing(kind, id)?;
        if at.stage == wanted || at.stage == qualified(&at.process, wanted) {
            return Ok(());
        }
        let wanted: String = wanted.chars().take(64).collect();
        let message = format!("the record is at stage `{}`, not at `{wanted}`", at.stage);
        Err(conflict("stage_changed", message))
    }

    /// Begins a process on a record that is in none. Each is gone through once.
    fn start(&mut self, kind: Kind, id: Id, name: Option<&str>, by: By) -> Result<()> {
        let process = self.startable(kind, id, name)?;
        let record = self.draft.record(kind, id)?;
        let at = standing(&self.ground.catalog, record);
        let lost = at.is_none() && record.text(fields::PROCESS).is_some();
        if at.as_ref().is_some_and(|at| !at.ended) {
            let message = "the record is in a process already";
            return Err(conflict("process_started", message));
        }
        if !lost && StageLog::of(record).knows(&process.code) {
            let message = format!("the record went through `{}` already", process.code);
            return Err(conflict("process_started", message));
        }
        let edge = EdgeDef {
            from: String::new(),
            to: process.initial.clone(),
            on: None,
            when: Vec::new(),
            status: None,
            names: Names::default(),
        };
        self.enter(kind, id, &process, &edge, Wish::default(), by)
    }

    /// The process that is meant, among those for records of the type.
    fn startable(&self, kind: Kind, id: Id, name: Option<&str>) -> Result<Arc<ProcessDef>> {
        let type_code = self.type_of(kind, id).unwrap_or_default();
        let open: Vec<&Arc<ProcessDef>> = self.ground.catalog.processes_of(&type_code).collect();
        let named = |p: &&&Arc<ProcessDef>| {
            name.is_none_or(|name| p.code == name || Code::from(p.code.as_str()).name() == name)
        };
        let found: Vec<&&Arc<ProcessDef>> = open.iter().filter(named).collect();
        if let [only] = found.as_slice() {
            return Ok(Arc::clone(only));
        }
        let codes: Vec<&str> = open.iter().map(|p| p.code.as_str()).collect();
        let message = match codes.as_slice() {
            [] => "no process is for records of this type".to_owned(),
            codes => format!("name one of the processes {}", codes.join(", ")),
        };
        Err(Error::field("process", "unknown_process", message))
    }

    /// Begins the process that records of the type are created with. Assignment and the effects of
    /// the first status come after it.
    pub(super) fn begin_process(&mut self, kind: Kind, id: Id) -> Result<()> {
        let Some(type_code) = self.type_of(kind, id) else {
            return Ok(());
        };
        let Some(process) = self.ground.catalog.process_begun(&type_code).cloned() else {
            return Ok(());
        };
        let first = process.stage(&process.initial).cloned();
        let first = first.ok_or_else(|| Error::internal("a process has no first stage"))?;
        let at = self.stand(kind, id, &process, &first)?;
        let mut wish = self.step_rules(kind, id, &at, hooks::StageEvent::Entered)?;
        let status = match wish.status.take() {
            Some((status, by)) => Some((status, by)),
            None => first.status.clone().map(|status| (status, By::Engine)),
        };
        if let Some((status, by)) = status {
            if self.status_code(kind, id, &status).is_none() {
                return Err(self.unknown_status(kind, id, &status));
            }
            let status = Some(Value::Text(status));
            self.draft.set(kind, id, STATUS, status, by);
        }
        self.perform(kind, id, &process, &first, &mut wish)?;
        self.step_effects(kind, id, wish)
    }

    /// Whether the status of a record follows from the stage of its process.
    pub(super) fn status_is_derived(&self, kind: Kind, id: Id) -> bool {
        let type_code = self.type_of(kind, id);
        let def = type_code.and_then(|code| self.ground.catalog.type_def(&code));
        def.is_some_and(|def| def.status_from_process)
    }

    /// A status that follows from the stage is changed by nobody else.
    pub(super) fn refuse_derived(&self, kind: Kind, id: Id) -> Result<()> {
        if !self.status_is_derived(kind, id) {
            return Ok(());
        }
        let text = "the status follows from the stage of the process; complete or decide the stage";
        Err(Error::refused(
            "status_is_derived",
            vec![Fault::field(STATUS, "status_is_derived", text)],
        ))
    }
}

/// Where a record stands, as far as the process and the stage are defined.
pub fn standing(catalog: &crate::packs::Catalog, record: &Record) -> Option<Standing> {
    let process = catalog.process(record.text(fields::PROCESS)?)?;
    let stage = record.text(fields::STAGE)?;
    process.stages.iter().find(|s| s.code == stage)?;
    Some(Standing {
        process: Arc::clone(process),
        stage: stage.to_owned(),
        ended: record.get(fields::PROCESS_ENDED_AT).is_some(),
    })
}

/// The full code of a stage named with or without its pack.
pub(super) fn qualified(process: &ProcessDef, stage: &str) -> String {
    let pack = Code::from(process.code.as_str());
    Code::qualify(pack.pack().unwrap_or_default(), stage).0
}

pub(super) fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

pub(super) fn conflict(code: &'static str, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Conflict, code, message)
}
