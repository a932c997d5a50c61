//! Performers of stages: who is put in charge of a record, and who may complete its stage.

use std::sync::Arc;

use super::Deciding;
use super::process::{Standing, conflict};
use super::steps::Wish;
use crate::desk::command::ProcessStep;
use crate::desk::journal::By;
use crate::desk::service::Service;
use crate::desk::{Actor, Error, ErrorKind, Result};
use crate::domain::process::{CompletedBy, ProcessDef, StageDef};
use crate::domain::record::fields::{ASSIGNEE, TEAM};
use crate::domain::{Code, Id, Kind, Record};

impl Deciding<'_, '_> {
    /// Whether whoever asks may take the step at the present stage.
    pub(super) fn allowed(&self, kind: Kind, id: Id, step: &ProcessStep) -> Result<()> {
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

    /// Puts the performer of a stage in charge, unless whoever asked named somebody.
    pub(super) fn perform(
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
            let before = self.draft.record(kind, id)?.reference(TEAM);
            self.choose_assignee(kind, id)?;
            if self.draft.record(kind, id)?.reference(TEAM) != before {
                self.without_foreign(kind, id, By::Engine)?;
            }
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
        match agent {
            Some(_) => Ok(()),
            None => self.without_foreign(kind, id, by),
        }
    }

    /// Leaves nobody in charge of a team's record who is of another team.
    fn without_foreign(&mut self, kind: Kind, id: Id, by: By) -> Result<()> {
        let record = self.draft.record(kind, id)?;
        let (assignee, team) = (record.reference(ASSIGNEE), record.reference(TEAM));
        if assignee.is_some_and(|a| team_of(&self.ground.service, a) != team) {
            self.draft.set(kind, id, ASSIGNEE, None, by);
        }
        Ok(())
    }

    pub(super) fn redirect(
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
}

/// Whether an actor may complete the stage that a record is at. Administrators, the engine and rules
/// always may.
pub fn may_complete(service: &Service, actor: &Actor, stage: &StageDef, record: &Record) -> bool {
    let agent = match actor {
        Actor::System | Actor::Admin { .. } | Actor::Rule { .. } => return true,
        Actor::Contact { .. } | Actor::Visitor => return false,
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
