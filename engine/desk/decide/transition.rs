//! Changes of status: by the workflow, past the guards, with their effects.

use serde_json::{Map, Value as Json};

use super::effects::with_hint;
use super::{Answer, Deciding, MAX_DEPTH};
use crate::desk::journal::By;
use crate::desk::{Error, ErrorKind, Fault, Result};
use crate::domain::{Code, Id, Kind, Record, StatusCategory, Value, record::fields};
use crate::hooks::{Detail, Hook};
use crate::packs::nearest;

impl Deciding<'_, '_> {
    pub(super) fn transition_command(
        &mut self,
        kind: Kind,
        id: Id,
        to: &str,
        asked: &Map<String, Json>,
    ) -> Result<Answer> {
        self.actor.require_agent("changing the status")?;
        self.actor.require_write(kind)?;
        self.foresee(kind, Some(id), asked)?;
        self.target(kind, id)?;
        self.set_asked(kind, id, asked)?;
        self.foresee_contract(kind, id)?;
        self.transition_to_named(kind, id, to)?;
        self.settle(&[(kind, id)])?;
        Ok(Answer::record(kind, id))
    }

    /// A transition that was asked for, to a status named with or without its namespace.
    pub(super) fn transition_to_named(&mut self, kind: Kind, id: Id, to: &str) -> Result<()> {
        self.actor.require_agent("changing the status")?;
        let full = self
            .status_code(kind, id, to)
            .ok_or_else(|| self.unknown_status(kind, id, to))?;
        self.input
            .arguments
            .push(("to".to_owned(), Value::Text(full.clone())));
        if self.draft.record(kind, id)?.status() == Some(full.as_str()) {
            return Ok(());
        }
        self.refuse_derived(kind, id)?;
        self.transition(kind, id, &full, By::Asked)
    }

    /// The full code of a status of the record's workflow.
    pub(super) fn status_code(&self, kind: Kind, id: Id, name: &str) -> Option<String> {
        let record = self.draft.peek(kind, id)?;
        let workflow = self.ground.catalog.workflow(kind, record.type_code())?;
        let exact = workflow.status(name).map(|s| s.code.clone());
        exact.or_else(|| {
            let pack = workflow.code.split_once('/').map(|(pack, _)| pack)?;
            workflow
                .status(Code::qualify(pack, name).as_str())
                .map(|s| s.code.clone())
        })
    }

    pub(super) fn unknown_status(&self, kind: Kind, id: Id, name: &str) -> Error {
        let short: String = name.chars().take(64).collect();
        let record = self.draft.peek(kind, id);
        let workflow = record.and_then(|r| self.ground.catalog.workflow(kind, r.type_code()));
        let Some(workflow) = workflow else {
            return Error::field(fields::STATUS, "no_workflow", "such records have no status");
        };
        let known: Vec<&str> = workflow.statuses.iter().map(|s| s.code.as_str()).collect();
        Error::field(
            fields::STATUS,
            "unknown_status",
            with_hint(
                format!(
                    "there is no status `{short}`; the statuses are {}",
                    known.join(", ")
                ),
                nearest(&short, known.iter().copied()),
            ),
        )
    }

    /// Enters a status: workflow, required fields, guards, the change itself, its effects.
    pub(super) fn transition(&mut self, kind: Kind, id: Id, to: &str, by: By) -> Result<()> {
        self.change_status((kind, id), to, by, false)
    }

    /// Enters the status that follows from a stage. The way is the process's; what the workflow
    /// demands of the same way is demanded here, too.
    pub(super) fn transition_by_process(
        &mut self,
        kind: Kind,
        id: Id,
        to: &str,
        by: By,
    ) -> Result<()> {
        self.change_status((kind, id), to, by, true)
    }

    fn change_status(
        &mut self,
        (kind, id): (Kind, Id),
        to: &str,
        by: By,
        by_process: bool,
    ) -> Result<()> {
        if self.chain.len() >= MAX_DEPTH {
            let chain = self.chain.join(" -> ");
            return Err(Error::new(
                ErrorKind::Conflict,
                "chain_too_deep",
                format!("rules cause one another without end: {chain}"),
            ));
        }
        let from = self
            .draft
            .record(kind, id)?
            .status()
            .unwrap_or_default()
            .to_owned();
        if from == to {
            return Ok(());
        }
        // What is required and what guards look at may be computed.
        self.compute(kind, id)?;
        self.permitted((kind, id), &from, to, by_process)?;
        let detail = self.detail(kind, id, &from, to);
        let faults = self.refusals(Hook::TransitionGuard, kind, id, &detail)?;
        if !faults.is_empty() {
            return Err(Error::refused("transition_refused", faults));
        }
        self.draft
            .set(kind, id, fields::STATUS, Some(Value::from(to)), by);
        self.entered(kind, id, &from, to)
    }

    /// Whether the workflow permits the change and the fields it requires have values.
    fn permitted(
        &self,
        (kind, id): (Kind, Id),
        from: &str,
        to: &str,
        by_process: bool,
    ) -> Result<()> {
        let record = self.draft.record(kind, id)?;
        let catalog = &self.ground.catalog;
        let workflow = catalog
            .workflow(kind, record.type_code())
            .ok_or_else(|| self.unknown_status(kind, id, to))?;
        let Some(way) = workflow.transition(from, to) else {
            if by_process {
                return Ok(());
            }
            let open: Vec<&str> = workflow.targets(from).map(|s| s.code.as_str()).collect();
            return Err(Error::refused(
                "transition_not_allowed",
                vec![Fault::field(
                    fields::STATUS,
                    "transition_not_allowed",
                    format!(
                        "from `{from}` the workflow leads to {}, not to `{to}`",
                        list(&open)
                    ),
                )],
            ));
        };
        let missing = missing(record, &way.requires);
        if missing.is_empty() {
            Ok(())
        } else {
            Err(Error::refused("fields_required", missing))
        }
    }

    /// What hooks learn of a change of status.
    pub(super) fn detail(&self, kind: Kind, id: Id, from: &str, to: &str) -> Detail {
        Detail::Transition {
            from: from.to_owned(),
            to: to.to_owned(),
            to_category: self.category(kind, id, to).map_or("", StatusCategory::name),
        }
    }

    pub(super) fn category(&self, kind: Kind, id: Id, status: &str) -> Option<StatusCategory> {
        let record = self.draft.peek(kind, id)?;
        let workflow = self.ground.catalog.workflow(kind, record.type_code())?;
        workflow.status(status).map(|s| s.category)
    }

    /// What follows from entering a status, in the same transaction.
    pub(super) fn entered(&mut self, kind: Kind, id: Id, from: &str, to: &str) -> Result<()> {
        let category = self.category(kind, id, to);
        let was = self.category(kind, id, from);
        let closed = category.is_some_and(StatusCategory::is_closed);
        let at = if closed {
            Some(Value::Instant(self.ground.now))
        } else {
            None
        };
        if closed != was.is_some_and(StatusCategory::is_closed) {
            self.draft.set(kind, id, fields::CLOSED_AT, at, By::Engine);
        }
        self.clocks_follow_status(kind, id, to)?;
        if kind == Kind::Ticket && !from.is_empty() {
            self.clock_rules(id, "status", None)?;
        }
        let detail = self.detail(kind, id, from, to);
        self.rules_with_effects(Hook::TransitionEffect, kind, id, &detail)?;
        let still_there = self
            .draft
            .peek(kind, id)
            .is_some_and(|r| r.status() == Some(to));
        if category == Some(StatusCategory::Done) && still_there && kind == Kind::Ticket {
            self.survey_when_done(kind, id)?;
        }
        Ok(())
    }
}

/// Faults for required fields without a value.
pub fn missing(record: &Record, requires: &[String]) -> Vec<Fault> {
    requires
        .iter()
        .filter(|name| !record.get(name).is_some_and(Value::is_filled))
        .map(|name| {
            Fault::field(
                name,
                "required",
                "a value is needed for this change of status",
            )
        })
        .collect()
}

fn list(codes: &[&str]) -> String {
    if codes.is_empty() {
        "nowhere".to_owned()
    } else {
        codes.join(", ")
    }
}
