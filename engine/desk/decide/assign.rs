//! Putting somebody in charge.

use std::sync::Arc;

use super::{Answer, Deciding};
use crate::desk::journal::By;
use crate::desk::{Error, Result};
use crate::domain::{Id, Kind, Value, record::fields};
use crate::hooks::{AgentView, Detail, Hook};

impl Deciding<'_, '_> {
    pub(super) fn assign_command(
        &mut self,
        kind: Kind,
        id: Id,
        agent: Option<&str>,
        team: Option<&str>,
    ) -> Result<Answer> {
        self.actor.require_agent("assigning")?;
        self.actor.require_write(kind)?;
        self.target(kind, id)?;
        if agent.is_none() && team.is_none() {
            self.choose_assignee(kind, id)?;
        } else {
            self.assign(kind, id, agent, team, By::Asked)?;
        }
        self.settle(&[(kind, id)])?;
        Ok(Answer::record(kind, id))
    }

    /// Sets agent and team by id or code. An agent brings the team along when none is named.
    pub(super) fn assign(
        &mut self,
        kind: Kind,
        id: Id,
        agent: Option<&str>,
        team: Option<&str>,
        by: By,
    ) -> Result<()> {
        let service = Arc::clone(&self.ground.service);
        let unknown = |field: &str, name: &str| {
            let short: String = name.chars().take(64).collect();
            Error::field(
                field,
                "unknown_record",
                format!(
                    "there is no {} `{short}` who is active and present",
                    field_noun(field)
                ),
            )
        };
        let mut team_id = match team {
            Some(name) => Some(
                service
                    .team(name)
                    .ok_or_else(|| unknown(fields::TEAM, name))?,
            ),
            None => None,
        };
        if let Some(name) = agent {
            let found = service
                .agent(name)
                .ok_or_else(|| unknown(fields::ASSIGNEE, name))?;
            let value = Some(Value::Ref(found.id));
            self.draft.set(kind, id, fields::ASSIGNEE, value, by);
            team_id = team_id.or(found.team);
        }
        if let Some(team) = team_id {
            self.draft
                .set(kind, id, fields::TEAM, Some(Value::Ref(team)), by);
        }
        Ok(())
    }

    /// Asks the rules when a new ticket or lead has nobody in charge.
    pub(super) fn assign_if_needed(&mut self, kind: Kind, id: Id) -> Result<()> {
        let record = self.draft.record(kind, id)?;
        if record.get(fields::ASSIGNEE).is_some() || record.get(fields::TEAM).is_some() {
            return Ok(());
        }
        self.choose_assignee(kind, id)
    }

    /// `assign.select`: the first rule that chooses decides.
    pub(super) fn choose_assignee(&mut self, kind: Kind, id: Id) -> Result<()> {
        let rules = self.due_rules(Hook::AssignSelect, kind, id);
        if rules.is_empty() {
            return Ok(());
        }
        let loads = self.ground.loads;
        let with_load = |a: &AgentView| AgentView {
            load: loads.of(a.id),
            profile: Arc::clone(&a.profile),
            name: Arc::clone(&a.name),
        };
        let detail = Detail::Assign {
            agents: self.ground.service.agents.iter().map(with_load).collect(),
            teams: Arc::clone(&self.ground.service.teams),
        };
        for rule in rules {
            let Ok(Some(ruled)) = self.call_rule(&rule, kind, id, &detail)? else {
                continue;
            };
            let Some(choice) = &ruled.decision.assign else {
                continue;
            };
            let by = ruled.by(choice.spot);
            let chosen = self.assign(
                kind,
                id,
                choice.agent.as_deref(),
                choice.team.as_deref(),
                by,
            );
            match chosen {
                Ok(()) => return Ok(()),
                // Whom a rule chose may have left: the next rule has its say.
                Err(error) => self.retract(&ruled, id, &error.message),
            }
        }
        Ok(())
    }
}

fn field_noun(field: &str) -> &'static str {
    if field == fields::TEAM {
        "team"
    } else {
        "agent"
    }
}
