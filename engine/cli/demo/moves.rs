//! Taking a ticket from status to status, by the ways that its workflow or process has.

use std::collections::VecDeque;

use serde_json::{Map, Value as Json, json};

use super::course::course;
use super::plan::{Plan, Planned};
use super::replay::{ATTEMPTS, Replay};
use crate::cli::failure::Outcome;
use crate::desk::{Actor, Command, ProcessStep, Request};
use crate::domain::record::fields;
use crate::domain::{Id, Kind, Record, StatusCategory};
use crate::packs::Catalog;

impl Replay<'_> {
    /// Takes the shortest way of the workflow to a status of the category, or to `exact`.
    pub(super) fn go(
        &mut self,
        ticket: &Planned,
        record: &Record,
        category: StatusCategory,
        exact: Option<&str>,
    ) -> Outcome<()> {
        let catalog = self.desk.catalog()?;
        let def = record.type_code().and_then(|code| catalog.type_def(code));
        if def.is_some_and(|def| def.status_from_process) {
            let is_bad = ticket.scenario.score.is_some_and(|s| s <= 2);
            let way = course(&catalog, record, category, exact, is_bad);
            return self.go_by_stages(&catalog, ticket, record.id, way.unwrap_or_default());
        }
        let Some(way) = way(&catalog, record, category, exact, ticket) else {
            return Ok(());
        };
        for status in way {
            if !self.transition(&catalog, ticket, record, &status)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Takes steps of a process, each by whoever is in charge then.
    pub(super) fn go_by_stages(
        &mut self,
        catalog: &Catalog,
        ticket: &Planned,
        id: Id,
        way: Vec<(ProcessStep, String)>,
    ) -> Outcome<()> {
        for (step, status) in way {
            let page = self.desk.record(&Actor::System, Kind::Ticket, id, None)?;
            let command = |fields| Command::Process {
                kind: Kind::Ticket,
                id,
                step: step.clone(),
                fields,
            };
            if !self.change(catalog, ticket, &page.record, &status, &command)? {
                return Ok(());
            }
        }
        Ok(())
    }

    pub(super) fn transition(
        &mut self,
        catalog: &Catalog,
        ticket: &Planned,
        record: &Record,
        to: &str,
    ) -> Outcome<bool> {
        let command = |fields| Command::Transition {
            kind: Kind::Ticket,
            id: record.id,
            to: to.to_owned(),
            fields,
        };
        self.change(catalog, ticket, record, to, &command)
    }

    /// Brings a record to a status, with the values that it turns out to need.
    pub(super) fn change(
        &mut self,
        catalog: &Catalog,
        ticket: &Planned,
        record: &Record,
        to: &str,
        command: &dyn Fn(Map<String, Json>) -> Command,
    ) -> Outcome<bool> {
        let mut fields = Map::new();
        let workflow = catalog.workflow(Kind::Ticket, record.type_code());
        let closes = workflow
            .and_then(|w| w.status(to))
            .is_some_and(|s| s.category.is_closed());
        if closes && !ticket.scenario.solution.is_empty() {
            fields.insert("solution".to_owned(), json!(ticket.scenario.solution));
        }
        let actor = self.worker(ticket, record)?;
        for _ in 0..ATTEMPTS {
            let command = command(fields.clone());
            match self.desk.run(&Request::by(actor.clone()), &command) {
                Ok(_) => return Ok(true),
                Err(error) => {
                    let type_code = record.type_code();
                    if !self.fill(catalog, type_code, ticket, &error, &mut fields)? {
                        tracing::debug!(scenario = %ticket.scenario.code, to, "no way on");
                        self.refused(error)?;
                        return Ok(false);
                    }
                }
            }
        }
        Ok(false)
    }

    /// Takes an open ticket to each status that no ticket came to.
    pub(super) fn visit_every_status(&mut self, plan: &Plan) -> Outcome<()> {
        let catalog = self.desk.catalog()?;
        let mut tickets = Vec::new();
        for (id, planned) in self.ids.iter().zip(&plan.tickets) {
            if let Some(id) = id {
                let page = self.desk.record(&Actor::System, Kind::Ticket, *id, None)?;
                tickets.push((page.record, planned));
            }
        }
        for def in catalog.types(Kind::Ticket) {
            let Some(workflow) = catalog.workflow(Kind::Ticket, Some(&def.code)) else {
                continue;
            };
            let is_own =
                |p: &&Planned| format!("{}/{}", p.scenario.pack, p.scenario.type_name) == def.code;
            let Some(sample) = plan.tickets.iter().find(is_own) else {
                continue;
            };
            for status in &workflow.statuses {
                let code = status.code.as_str();
                if tickets.iter().any(|(r, _)| r.status() == Some(code)) {
                    continue;
                }
                let fits = |r: &Record| {
                    r.type_code() == Some(&def.code) && r.get(fields::CLOSED_AT).is_none()
                };
                let place = tickets.iter().position(|(r, _)| fits(r));
                if code == workflow.initial {
                    self.create(sample)?;
                } else if let Some(place) = place {
                    let (record, planned) = tickets.swap_remove(place);
                    self.go(planned, &record, StatusCategory::Open, Some(code))?;
                }
            }
        }
        Ok(())
    }
}

/// The statuses on the shortest way from a record's status to what is wanted. Where several ends
/// are as near, a bad score leads to the last of them. A category that the workflow lacks is
/// replaced by done.
fn way(
    catalog: &Catalog,
    record: &Record,
    category: StatusCategory,
    exact: Option<&str>,
    ticket: &Planned,
) -> Option<Vec<String>> {
    let workflow = catalog.workflow(Kind::Ticket, record.type_code())?;
    let known = workflow.statuses.iter().any(|s| s.category == category);
    let category = match category {
        StatusCategory::Cancelled if !known => StatusCategory::Done,
        other => other,
    };
    let from = record.status()?;
    let is_bad = ticket.scenario.score.is_some_and(|s| s <= 2);
    let is_end = |code: &str| match exact {
        Some(exact) => code == exact,
        None => workflow
            .status(code)
            .is_some_and(|s| s.category == category),
    };
    if is_end(from) {
        return Some(Vec::new());
    }
    let mut ways: VecDeque<Vec<&str>> = VecDeque::from([vec![from]]);
    let mut seen = vec![from];
    let mut found: Option<Vec<&str>> = None;
    while let Some(way) = ways.pop_front() {
        if found.as_ref().is_some_and(|f| f.len() <= way.len()) {
            break;
        }
        for next in workflow.targets(way.last().copied()?) {
            let longer: Vec<&str> = way.iter().copied().chain([next.code.as_str()]).collect();
            if is_end(&next.code) && (found.is_none() || is_bad) {
                found = Some(longer);
            } else if !seen.contains(&next.code.as_str()) {
                seen.push(&next.code);
                ways.push_back(longer);
            }
        }
    }
    found.map(|way| way.into_iter().skip(1).map(str::to_owned).collect())
}
