//! Stages of a process: how one is left, which way leads on, and what entering one brings along.

use std::sync::Arc;

use super::process::{Standing, conflict, qualified, short};
use super::steps::Wish;
use super::{Deciding, missing};
use crate::desk::journal::By;
use crate::desk::{Error, Result};
use crate::domain::process::{
    EdgeDef, ProcessDef, StageDef, StageEvent, StageKind, StageLog, StageMark, fields,
};
use crate::domain::{Id, Kind, Value};
use crate::hooks;

/// Longest result or reason of a step, in characters.
const MAX_RESULT_CHARS: usize = 2_000;
/// Most bytes of what a record keeps about its stages.
const MAX_LOG_BYTES: usize = 32 * 1_024;

impl Deciding<'_, '_> {
    pub(super) fn complete_stage(
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

    pub(super) fn decide_stage(
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
    pub(super) fn enter(
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
    pub(super) fn stand(
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

    pub(super) fn mark(
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

    pub(super) fn log(&mut self, kind: Kind, id: Id, mark: StageMark) -> Result<()> {
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
}
