//! Processes: a record goes from stage to stage, and its status and whoever is in charge follow in the
//! same transaction.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::steps::Wish;
use super::{Answer, Deciding, MAX_DEPTH, missing};
use crate::desk::command::ProcessStep;
use crate::desk::journal::By;
use crate::desk::service::Service;
use crate::desk::{Actor, Error, ErrorKind, Fault, Result};
use crate::domain::process::{
    CompletedBy, EdgeDef, ProcessDef, StageDef, StageEvent, StageKind, StageLog, StageMark, fields,
};
use crate::domain::record::fields::{ASSIGNEE, STATUS, TEAM};
use crate::domain::{Code, Id, Kind, Names, Record, Value};
use crate::hooks;

/// Longest result or reason of a step, in characters.
const MAX_RESULT_CHARS: usize = 2_000;
/// Most bytes of what a record keeps about its stages.
const MAX_LOG_BYTES: usize = 32 * 1_024;

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
    fn standing(&self, kind: Kind, id: Id) -> Result<Standing> {
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

    /// Whether whoever asks may take the step at the present stage.
    fn allowed(&self, kind: Kind, id: Id, step: &ProcessStep) -> Result<()> {
        if !matches!(
            step,
            ProcessStep::Complete { .. } | ProcessStep::Decide { .. }
        ) {
            return Ok(());
        }
        let at = self.standing(kind, id)?;
        let record = self.draft.record(kind, id)?;
        let stage = at.stage()?;
        if may_complete(&self.ground.service, &self.actor, stage, record) {
            return Ok(());
        }
        let who = match stage.completed_by {
            CompletedBy::Assignee => "whoever is in charge",
            CompletedBy::Anyone | CompletedBy::Team => "the team in charge",
        };
        Err(Error::new(
            ErrorKind::Forbidden,
            "not_performer",
            format!("stage `{}` is for {who} to complete", at.stage),
        ))
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

    fn complete_stage(
        &mut self,
        kind: Kind,
        id: Id,
        at: &Standing,
        (to, result): (Option<&str>, &str),
        by: By,
    ) -> Result<()> {
        let stage = at.stage()?.clone();
        if stage.kind == StageKind::Decision {
            let codes: Vec<&str> = stage.answers.iter().map(|a| a.code.as_str()).collect();
            let message = format!("stage `{}` asks for one of {}", at.stage, codes.join(", "));
            return Err(conflict("answer_needed", message));
        }
        let to = to.map(|to| qualified(&at.process, to));
        if stage.kind == StageKind::End && to.is_none() {
            if at.ended {
                return Err(conflict("process_ended", "the process is over"));
            }
            self.ready(kind, id, &stage, None)?;
            let event = hooks::StageEvent::Completed(result.to_owned());
            let wish = self.step_rules(kind, id, at, event)?;
            let mark = self.mark(at, StageEvent::Completed, None, result);
            self.log(kind, id, mark)?;
            self.end(kind, id);
            return self.step_effects(kind, id, wish);
        }
        self.ready(kind, id, &stage, None)?;
        let event = hooks::StageEvent::Completed(result.to_owned());
        let wish = self.step_rules(kind, id, at, event)?;
        let edge = match &wish.next {
            Some(next) => self.wished_edge(at, next)?,
            None => self.edge(kind, id, at, (None, to.as_deref()))?,
        };
        let mark = self.mark(at, StageEvent::Completed, None, result);
        self.log(kind, id, mark)?;
        self.enter(kind, id, &at.process, &edge, wish, by)
    }

    /// The way to a stage that a rule names: one that the process has.
    fn wished_edge(&self, at: &Standing, next: &str) -> Result<EdgeDef> {
        let way = at.process.ways(&at.stage).find(|e| e.to == next);
        way.cloned().ok_or_else(|| {
            let message = format!(
                "a rule leads from stage `{}` to `{}`, where the process has no way",
                at.stage,
                short(next)
            );
            conflict("no_way", message)
        })
    }

    fn decide_stage(
        &mut self,
        kind: Kind,
        id: Id,
        at: &Standing,
        (answer, result): (&str, &str),
        by: By,
    ) -> Result<()> {
        let stage = at.stage()?.clone();
        if stage.kind != StageKind::Decision {
            let message = format!("stage `{}` asks nothing; complete it", at.stage);
            return Err(conflict("no_decision", message));
        }
        let Some(def) = stage.answer(answer) else {
            let codes: Vec<&str> = stage.answers.iter().map(|a| a.code.as_str()).collect();
            let short: String = answer.chars().take(64).collect();
            let message = format!(
                "there is no answer `{short}`; the answers are {}",
                codes.join(", ")
            );
            return Err(Error::field("answer", "unknown_answer", message));
        };
        let catalog = Arc::clone(&self.ground.catalog);
        let type_code = self.type_of(kind, id);
        for (name, value) in &def.set {
            // Both were checked when the packs came together.
            if let Some(field) = catalog.field(kind, type_code.as_deref(), name)
                && let Ok(value) = field.read(value)
            {
                self.draft.set(kind, id, name, value, by);
            }
        }
        self.ready(kind, id, &stage, Some(&def.requires))?;
        let event = hooks::StageEvent::Decided(answer.to_owned());
        let wish = self.step_rules(kind, id, at, event)?;
        let edge = match &wish.next {
            Some(next) => self.wished_edge(at, next)?,
            None => self.edge(kind, id, at, (Some(answer), None))?,
        };
        let mark = self.mark(at, StageEvent::Decided, Some(answer), result);
        self.log(kind, id, mark)?;
        self.enter(kind, id, &at.process, &edge, wish, by)
    }

    /// Whether the fields have values that the stage needs before it is left.
    fn ready(
        &mut self,
        kind: Kind,
        id: Id,
        stage: &StageDef,
        more: Option<&Vec<String>>,
    ) -> Result<()> {
        self.compute(kind, id)?;
        let needed: Vec<String> = stage
            .requires
            .iter()
            .chain(more.into_iter().flatten())
            .cloned()
            .collect();
        let faults = missing(self.draft.record(kind, id)?, &needed);
        match faults.is_empty() {
            true => Ok(()),
            false => Err(Error::refused("fields_required", faults)),
        }
    }

    /// The way out of the present stage.
    fn edge(
        &self,
        kind: Kind,
        id: Id,
        at: &Standing,
        (answer, to): (Option<&str>, Option<&str>),
    ) -> Result<EdgeDef> {
        let record = self.draft.record(kind, id)?;
        let way = at.process.way(&at.stage, answer, to, record);
        way.cloned().ok_or_else(|| {
            let open: Vec<&str> = at.process.ways(&at.stage).map(|e| e.to.as_str()).collect();
            let message = format!(
                "no way is open from stage `{}`{}; its ways lead to {}",
                at.stage,
                to.map_or(String::new(), |to| format!(" to `{}`", short(to))),
                match open.is_empty() {
                    true => "nowhere".to_owned(),
                    false => open.join(", "),
                }
            );
            conflict("no_way", message)
        })
    }

    /// Enters a stage: who is in charge and the status follow. What rules said of the stage that was
    /// left goes before what the process says, and what they say of this one before that.
    fn enter(
        &mut self,
        kind: Kind,
        id: Id,
        process: &Arc<ProcessDef>,
        edge: &EdgeDef,
        mut left: Wish,
        by: By,
    ) -> Result<()> {
        let stage = process.stages.iter().find(|s| s.code == edge.to).cloned();
        let stage = stage.ok_or_else(|| Error::internal("a way leads to no stage"))?;
        let at = self.stand(kind, id, process, &stage)?;
        let mut wish = self.step_rules(kind, id, &at, hooks::StageEvent::Entered)?;
        wish.performer = wish.performer.take().or_else(|| left.performer.take());
        self.perform(kind, id, process, &stage, &mut wish)?;
        let declared = edge.status.clone().or_else(|| stage.status.clone());
        let status = wish.status.take().or_else(|| left.status.take());
        let status = status.or_else(|| declared.map(|status| (status, by)));
        if let Some((status, by)) = status {
            if self.status_code(kind, id, &status).is_none() {
                return Err(self.unknown_status(kind, id, &status));
            }
            self.transition_by_process(kind, id, &status, by)?;
        }
        let next = wish.next.take();
        self.step_effects(kind, id, left)?;
        self.step_effects(kind, id, wish)?;
        let stays = self.draft.record(kind, id)?.text(fields::STAGE) == Some(at.stage.as_str());
        let Some(next) = next.filter(|_| stays) else {
            return Ok(());
        };
        // A rule passes the stage at once.
        let edge = self.wished_edge(&at, &next)?;
        let mark = self.mark(&at, StageEvent::Completed, None, "");
        self.log(kind, id, mark)?;
        self.enter(kind, id, process, &edge, Wish::default(), by)
    }

    /// Puts the record at a stage.
    fn stand(
        &mut self,
        kind: Kind,
        id: Id,
        process: &Arc<ProcessDef>,
        stage: &StageDef,
    ) -> Result<Standing> {
        let log = StageLog::of(self.draft.record(kind, id)?);
        let pass = log.passes(&process.code, &stage.code).saturating_add(1);
        if pass > process.max_passes {
            let message = format!(
                "stage `{}` was entered {} times, which is as often as the process permits",
                stage.code, process.max_passes
            );
            return Err(conflict("loop_limit", message));
        }
        let values = [
            (fields::PROCESS, Some(Value::Text(process.code.clone()))),
            (fields::STAGE, Some(Value::Text(stage.code.clone()))),
            (fields::STAGE_ENTERED_AT, Some(self.ground.now.into())),
            (fields::STAGE_PASS, Some(Value::Int(pass.into()))),
            (fields::PROCESS_ENDED_AT, None),
        ];
        for (field, value) in values {
            self.draft.set(kind, id, field, value, By::Engine);
        }
        let at = Standing {
            process: Arc::clone(process),
            stage: stage.code.clone(),
            ended: false,
        };
        let mark = self.mark(&at, StageEvent::Entered, None, "");
        self.log(kind, id, mark)?;
        if stage.kind == StageKind::End && !stage.waits {
            self.end(kind, id);
        }
        Ok(at)
    }

    fn end(&mut self, kind: Kind, id: Id) {
        let now = Some(self.ground.now.into());
        self.draft
            .set(kind, id, fields::PROCESS_ENDED_AT, now, By::Engine);
    }

    /// Puts the performer of a stage in charge, unless whoever asked named somebody.
    fn perform(
        &mut self,
        kind: Kind,
        id: Id,
        process: &ProcessDef,
        stage: &StageDef,
        wish: &mut Wish,
    ) -> Result<()> {
        if let Some((choice, by)) = wish.performer.take() {
            let who = (choice.agent.as_deref(), choice.team.as_deref());
            return self.give(kind, id, who, by);
        }
        let Some(performer) = &stage.performer else {
            return Ok(());
        };
        if [ASSIGNEE, TEAM]
            .iter()
            .any(|f| self.draft.was_asked(kind, id, f))
        {
            return Ok(());
        }
        let pack = Code::from(process.code.as_str());
        let options = pack.pack().and_then(|p| self.ground.catalog.options(p));
        let option = |name: &Option<String>| {
            let value = options?.get(name.as_ref()?)?;
            value.as_text().map(str::to_owned)
        };
        let team = performer
            .team
            .clone()
            .or_else(|| option(&performer.team_option));
        let agent = performer
            .agent
            .clone()
            .or_else(|| option(&performer.agent_option));
        let service = Arc::clone(&self.ground.service);
        // Teams and agents are codes of the desk's own: those that do not exist are passed over.
        let (team, lost_team) = known(team, |name| service.team(name).is_some());
        let (agent, lost_agent) = known(agent, |name| service.agent(name).is_some());
        for lost in [lost_team, lost_agent].into_iter().flatten() {
            self.note_once(format!("performer_unknown:{lost}:{}", stage.code));
        }
        if team.is_some() || agent.is_some() {
            self.give(kind, id, (agent.as_deref(), team.as_deref()), By::Engine)?;
        }
        if performer.by_rule {
            self.choose_assignee(kind, id)?;
        }
        Ok(())
    }

    /// Puts somebody in charge. An agent of another team does not stay in charge of a team's record.
    fn give(
        &mut self,
        kind: Kind,
        id: Id,
        (agent, team): (Option<&str>, Option<&str>),
        by: By,
    ) -> Result<()> {
        self.assign(kind, id, agent, team, by)?;
        let record = self.draft.record(kind, id)?;
        let (assignee, team) = (record.reference(ASSIGNEE), record.reference(TEAM));
        if agent.is_none() && assignee.is_some_and(|a| team_of(&self.ground.service, a) != team) {
            self.draft.set(kind, id, ASSIGNEE, None, by);
        }
        Ok(())
    }

    fn redirect(
        &mut self,
        kind: Kind,
        id: Id,
        at: &Standing,
        (agent, team): (Option<&str>, Option<&str>),
        by: By,
    ) -> Result<()> {
        if at.ended {
            return Err(conflict("process_ended", "the process is over"));
        }
        if agent.is_none() && team.is_none() {
            let message = "name the agent or the team who gets the record";
            return Err(Error::field("agent", "required", message));
        }
        self.give(kind, id, (agent, team), by)
    }

    fn mark(
        &self,
        at: &Standing,
        event: StageEvent,
        answer: Option<&str>,
        result: &str,
    ) -> StageMark {
        let by = match self.chain.last() {
            Some(rule) => format!("rule:{rule}"),
            None => self.actor.name(),
        };
        let at_time = Value::from(self.ground.now).to_json();
        StageMark {
            process: at.process.code.clone(),
            stage: at.stage.clone(),
            at: at_time.as_str().unwrap_or_default().to_owned(),
            event,
            answer: answer.map(str::to_owned),
            result: result.to_owned(),
            by,
        }
    }

    fn log(&mut self, kind: Kind, id: Id, mark: StageMark) -> Result<()> {
        if mark.result.chars().count() > MAX_RESULT_CHARS {
            let message = format!("longer than {MAX_RESULT_CHARS} characters");
            return Err(Error::field("result", "too_long", message));
        }
        let mut log = StageLog::of(self.draft.record(kind, id)?);
        log.0.push(mark);
        let value = log.value();
        if matches!(&value, Value::Json(text) if text.len() > MAX_LOG_BYTES) {
            let message = "the record went through more stages than can be kept";
            return Err(conflict("process_too_long", message));
        }
        self.draft
            .set(kind, id, fields::PROCESS_LOG, Some(value), By::Engine);
        Ok(())
    }

    /// A status that follows from the stage is changed by nobody else.
    pub(super) fn refuse_derived(&self, kind: Kind, id: Id) -> Result<()> {
        let type_code = self.type_of(kind, id);
        let def = type_code.and_then(|code| self.ground.catalog.type_def(&code));
        if !def.is_some_and(|def| def.status_from_process) {
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

/// Whether an actor may complete the stage that a record is at. Administrators, the engine and rules
/// always may.
pub fn may_complete(service: &Service, actor: &Actor, stage: &StageDef, record: &Record) -> bool {
    let agent = match actor {
        Actor::System | Actor::Admin { .. } | Actor::Rule { .. } => return true,
        Actor::Contact { .. } => return false,
        Actor::Agent { agent } => *agent,
    };
    let (assignee, team) = (record.reference(ASSIGNEE), record.reference(TEAM));
    let member = || team.is_some() && agent.and_then(|a| team_of(service, a)) == team;
    let in_charge = agent.is_some() && assignee == agent;
    match stage.completed_by {
        CompletedBy::Anyone => true,
        CompletedBy::Team => in_charge || member(),
        CompletedBy::Assignee => in_charge || (assignee.is_none() && member()),
    }
}

fn team_of(service: &Service, agent: Id) -> Option<Id> {
    let (_, record) = service.record((Kind::Agent, agent))?;
    record.reference(TEAM)
}

/// A name that is known, or else the name that is not.
fn known(
    name: Option<String>,
    is_known: impl Fn(&str) -> bool,
) -> (Option<String>, Option<String>) {
    match name {
        Some(name) if is_known(&name) => (Some(name), None),
        lost => (None, lost),
    }
}

/// The full code of a stage named with or without its pack.
fn qualified(process: &ProcessDef, stage: &str) -> String {
    let pack = Code::from(process.code.as_str());
    Code::qualify(pack.pack().unwrap_or_default(), stage).0
}

fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

fn conflict(code: &'static str, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Conflict, code, message)
}
