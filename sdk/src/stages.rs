//! Decisions about stages of processes and the use of contracts.

use crate::contract_consume::{self, Choice};
use crate::process_step::{self, Refusal, Step};
use crate::values::{Assignment, Effect};

impl Default for process_step::Decision {
    /// No opinion: the declared way.
    fn default() -> Self {
        Self {
            step: None,
            refusals: Vec::new(),
            effects: Vec::new(),
            extra: Vec::new(),
        }
    }
}

impl process_step::Decision {
    fn choose(mut self, reason: &str, change: impl FnOnce(&mut Step)) -> Self {
        let step = self.step.get_or_insert_with(|| Step {
            stage: None,
            status: None,
            performer: None,
            reason: String::new(),
        });
        change(step);
        reason.clone_into(&mut step.reason);
        self
    }

    /// Goes on to a stage that the process has an edge to.
    #[must_use]
    pub fn next_stage(self, stage: &str, reason: &str) -> Self {
        self.choose(reason, |step| step.stage = Some(stage.to_owned()))
    }

    /// Enters a status.
    #[must_use]
    pub fn next_status(self, status: &str, reason: &str) -> Self {
        self.choose(reason, |step| step.status = Some(status.to_owned()))
    }

    /// Has the next stage performed by an agent, by id or code.
    #[must_use]
    pub fn by_agent(self, agent: &str, reason: &str) -> Self {
        self.choose(reason, |step| {
            step.performer = Some(Assignment {
                agent: Some(agent.to_owned()),
                team: None,
            });
        })
    }

    /// Has the next stage performed by a team, by id or code.
    #[must_use]
    pub fn by_team(self, team: &str, reason: &str) -> Self {
        self.choose(reason, |step| {
            step.performer = Some(Assignment {
                agent: None,
                team: Some(team.to_owned()),
            });
        })
    }

    /// Adds a reason to refuse, and the field that is to blame if one is.
    #[must_use]
    pub fn and_refuse(
        mut self,
        field: Option<&str>,
        code: &str,
        message: impl Into<String>,
    ) -> Self {
        self.refusals.push(Refusal {
            code: code.to_owned(),
            message: message.into(),
            field: field.map(str::to_owned),
        });
        self
    }

    /// Adds an effect.
    #[must_use]
    pub fn and(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }
}

impl Default for contract_consume::Decision {
    /// No opinion: the contract's own terms.
    fn default() -> Self {
        Self {
            choice: None,
            effects: Vec::new(),
            extra: Vec::new(),
        }
    }
}

impl contract_consume::Decision {
    fn choose(mut self, reason: &str, change: impl FnOnce(&mut Choice)) -> Self {
        let choice = self.choice.get_or_insert_with(|| Choice {
            amount: None,
            over_limit: None,
            reason: String::new(),
        });
        change(choice);
        reason.clone_into(&mut choice.reason);
        self
    }

    /// The new net amount of the ticket: a decimal number as text, not less than 0.
    #[must_use]
    pub fn amount(self, amount: impl Into<String>, reason: &str) -> Self {
        self.choose(reason, |choice| choice.amount = Some(amount.into()))
    }

    /// What becomes of a use beyond what the contract holds: `allow`, `warn`, `refuse`.
    #[must_use]
    pub fn over_limit(self, what: &str, reason: &str) -> Self {
        self.choose(reason, |choice| choice.over_limit = Some(what.to_owned()))
    }

    /// Adds an effect.
    #[must_use]
    pub fn and(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }
}
