//! `process.step`: what rules say when a stage is entered, decided or completed.

use std::sync::Arc;

use super::Deciding;
use super::process::Standing;
use super::rules::Ruled;
use crate::desk::journal::By;
use crate::desk::{Error, Result};
use crate::domain::process::{StageLog, fields};
use crate::domain::{Code, Id, Kind, Value};
use crate::hooks::{AssignChoice, Detail, Hook, StageEvent, StageView};

/// What rules want of a step: the first one that says something of a thing has the say.
#[derive(Default)]
pub(super) struct Wish {
    /// Full code of the stage that follows.
    pub next: Option<String>,
    /// Status that the record enters, and who says so.
    pub status: Option<(String, By)>,
    /// Who performs what follows, and who says so.
    pub performer: Option<(AssignChoice, By)>,
    /// Rules whose effects are still to be applied.
    ruled: Vec<Ruled>,
}

impl Deciding<'_, '_> {
    /// Asks the rules about a stage. On a decision or result their refusals come back together.
    pub(super) fn step_rules(
        &mut self,
        kind: Kind,
        id: Id,
        at: &Standing,
        event: StageEvent,
    ) -> Result<Wish> {
        let detail = self.stage_detail(kind, id, at, event)?;
        self.scene(Hook::ProcessStep, kind, id, &detail);
        let mut faults = Vec::new();
        let mut wish = Wish::default();
        for rule in self.due_rules(Hook::ProcessStep, kind, id) {
            match self.call_rule(&rule, kind, id, &detail)? {
                Ok(Some(ruled)) => {
                    let type_code = self.type_of(kind, id);
                    for refusal in &ruled.decision.refusals {
                        faults.push(self.refusal(&rule, kind, type_code.as_deref(), refusal));
                    }
                    self.wishes(kind, id, &mut wish, &ruled);
                    wish.ruled.push(ruled);
                }
                Ok(None) => {}
                Err(fault) => faults.push(fault),
            }
        }
        // Nobody can be told no when a stage was entered already.
        let is_entry = matches!(&detail, Detail::Stage(view) if view.event == StageEvent::Entered);
        if faults.is_empty() || is_entry {
            return Ok(wish);
        }
        Err(Error::refused("step_refused", faults))
    }

    fn stage_detail(&self, kind: Kind, id: Id, at: &Standing, event: StageEvent) -> Result<Detail> {
        let record = self.draft.record(kind, id)?;
        let pass = record.get(fields::STAGE_PASS).and_then(Value::as_int);
        let log = StageLog::of(record);
        let decided = log.decisions();
        Ok(Detail::Stage(Arc::new(StageView {
            process: at.process.code.clone(),
            stage: at.stage.clone(),
            loops: pass.unwrap_or(1) - 1,
            entered_at: record
                .instant(fields::STAGE_ENTERED_AT)
                .unwrap_or(self.ground.now),
            decided: decided.map(|(s, a)| (s.to_owned(), a.to_owned())).collect(),
            event,
        })))
    }

    fn wishes(&self, kind: Kind, id: Id, wish: &mut Wish, ruled: &Ruled) {
        let pack = &*ruled.rule.pack;
        if let Some(choice) = &ruled.decision.stage {
            let by = ruled.by(choice.spot);
            let full = |code: &String| Code::qualify(pack, code).0;
            wish.next = wish.next.take().or_else(|| choice.stage.as_ref().map(full));
            let status = choice.status.as_ref();
            let status = status.map(|s| self.status_code(kind, id, s).unwrap_or_else(|| full(s)));
            wish.status = wish.status.take().or_else(|| Some((status?, by)));
        }
        if let Some(choice) = &ruled.decision.assign
            && wish.performer.is_none()
        {
            wish.performer = Some((choice.clone(), ruled.by(choice.spot)));
        }
    }

    /// Applies the effects of the rules that were asked, once the record stands where it stands.
    pub(super) fn step_effects(&mut self, kind: Kind, id: Id, wish: Wish) -> Result<()> {
        for ruled in wish.ruled {
            self.apply_effects(&ruled, kind, id)?;
        }
        Ok(())
    }
}
