//! Runs the planned history through the desk on a virtual clock, so that journal, clocks and
//! timers are true: nothing is written past the commands that anybody could have given.

use std::collections::VecDeque;

use serde_json::{Map, Value as Json, json};

use super::content::{Ends, Speaker};
use super::course::course;
use super::parties::Parties;
use super::plan::{Plan, Planned, Step, What};
use crate::cli::failure::{Failure, Outcome};
use crate::desk::{Actor, Command, Desk, Error, ProcessStep, Request, VirtualClock};
use crate::domain::entry::{Direction, Visibility};
use crate::domain::record::fields;
use crate::domain::{FieldDef, Id, Instant, Kind, Record, StatusCategory, ValueType};
use crate::packs::Catalog;

/// Most timers fired at once.
const TIMERS_AT_ONCE: usize = 500;
/// Attempts at a command whose missing fields are filled in between.
const ATTEMPTS: usize = 4;

/// What the history came to.
#[derive(Debug, Default)]
pub struct Told {
    /// Tickets registered.
    pub tickets: usize,
    /// Commands that the rules refused: a history has those, too.
    pub refused: usize,
    /// Surveys answered.
    pub rated: usize,
}

/// Runs the history.
///
/// # Errors
/// When the desk fails; what rules refuse is part of the story.
pub fn replay(
    desk: &Desk,
    clock: &VirtualClock,
    parties: &Parties,
    plan: &Plan,
    survey_link: &str,
    each: &dyn Fn(),
) -> Outcome<Told> {
    let mut replay = Replay {
        desk,
        clock,
        parties,
        survey_link,
        ids: vec![None; plan.tickets.len()],
        told: Told::default(),
    };
    for step in &plan.steps {
        replay.advance(step.at)?;
        replay.step(plan, step)?;
        each();
    }
    replay.visit_every_status(plan)?;
    Ok(replay.told)
}

struct Replay<'a> {
    desk: &'a Desk,
    clock: &'a VirtualClock,
    parties: &'a Parties,
    survey_link: &'a str,
    ids: Vec<Option<Id>>,
    told: Told,
}

impl Replay<'_> {
    /// Moves the clock on; timers that come due on the way fire at their own time.
    fn advance(&self, to: Instant) -> Outcome<()> {
        while let Some(due) = self.desk.next_timer()?.filter(|due| *due <= to) {
            self.clock.advance_to(due);
            if self.desk.fire_due(TIMERS_AT_ONCE)? == 0 {
                break;
            }
        }
        self.clock.advance_to(to);
        Ok(())
    }

    fn step(&mut self, plan: &Plan, step: &Step) -> Outcome<()> {
        let Some(ticket) = plan.tickets.get(step.ticket) else {
            return Ok(());
        };
        if matches!(step.what, What::Create) {
            let id = self.create(ticket)?;
            if let Some(place) = self.ids.get_mut(step.ticket) {
                *place = id;
            }
            return Ok(());
        }
        let Some(id) = self.ids.get(step.ticket).copied().flatten() else {
            return Ok(());
        };
        let record = self
            .desk
            .record(&Actor::System, Kind::Ticket, id, None)?
            .record;
        match &step.what {
            What::Create => Ok(()),
            What::Assign if record.reference(fields::ASSIGNEE).is_some() => Ok(()),
            What::Assign => {
                let command = Command::Assign {
                    kind: Kind::Ticket,
                    id,
                    agent: Some(ticket.agent.clone()),
                    team: None,
                };
                self.run(&self.dispatcher(ticket)?, &command).map(|_| ())
            }
            What::Begin => self.go(ticket, &record, StatusCategory::Open, None),
            What::Say(by, text) => self.say(ticket, &record, *by, text),
            What::End => match ticket.scenario.ends {
                Ends::Done => {
                    self.link_article(ticket, id)?;
                    self.go(ticket, &record, StatusCategory::Done, None)
                }
                Ends::Waiting => self.go(ticket, &record, StatusCategory::Waiting, None),
                Ends::Cancelled => self.go(ticket, &record, StatusCategory::Cancelled, None),
                Ends::New | Ends::InProgress => Ok(()),
            },
            What::Rate => self.rate(ticket, id),
        }
    }

    fn create(&mut self, ticket: &Planned) -> Outcome<Option<Id>> {
        let catalog = self.desk.catalog()?;
        let scenario = &ticket.scenario;
        let full = format!("{}/{}", scenario.pack, scenario.type_name);
        let wanted = catalog.type_def(&full);
        let Some(def) = wanted.or_else(|| catalog.types(Kind::Ticket).find(|t| t.active)) else {
            return Ok(None);
        };
        let code = def.code.clone();
        let actor = if ticket.channel == "portal" {
            self.customer(ticket)?
        } else {
            self.dispatcher(ticket)?
        };
        let mut products = Vec::new();
        if !scenario.product.is_empty() {
            products.push(self.parties.id(Kind::Product, &scenario.product)?);
        }
        let mut assets = Vec::new();
        if let Some(asset) = &ticket.asset {
            assets.push(self.parties.id(Kind::Asset, asset)?);
        }
        let values = json!({
            "type": code, "title": ticket.title, "description": ticket.body,
            "priority": scenario.priority, "tags": scenario.tags, "channel": ticket.channel,
            "account": self.parties.id(Kind::Account, &ticket.account)?,
            "contact": self.parties.id(Kind::Contact, &ticket.contact)?,
            "products": products, "assets": assets,
        });
        let Json::Object(mut fields) = values else {
            return Ok(None);
        };
        for _ in 0..ATTEMPTS {
            let command = Command::Create {
                kind: Kind::Ticket,
                fields: fields.clone(),
            };
            match self.desk.run(&Request::by(actor.clone()), &command) {
                Ok(reply) => {
                    self.told.tickets += 1;
                    return Ok(Some(reply.id));
                }
                Err(error) => {
                    if !self.fill(&catalog, Some(&code), ticket, &error, &mut fields)? {
                        return self.refused(error).map(|()| None);
                    }
                }
            }
        }
        Ok(None)
    }

    /// Takes the shortest way of the workflow to a status of the category, or to `exact`.
    fn go(
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
    fn go_by_stages(
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

    fn transition(
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
    fn change(
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

    fn say(&mut self, ticket: &Planned, record: &Record, by: Speaker, text: &str) -> Outcome<()> {
        let (kind, id) = (Kind::Ticket, record.id);
        let is_portal = ticket.channel == "portal";
        let comment = |visibility| Command::Comment {
            kind,
            id,
            visibility,
            text: text.to_owned(),
        };
        let message = |direction| Command::Message {
            kind,
            id,
            channel: ticket.channel.to_owned(),
            direction,
            subject: ticket.title.clone(),
            text: text.to_owned(),
            external_id: None,
        };
        let worker = self.worker(ticket, record)?;
        let (actor, command) = match (by, is_portal) {
            (Speaker::Internal, _) => (worker, comment(Visibility::Internal)),
            (Speaker::Agent, true) => (worker, comment(Visibility::Public)),
            (Speaker::Agent, false) => (worker, message(Direction::Out)),
            (Speaker::Contact, true) => (self.customer(ticket)?, comment(Visibility::Public)),
            (Speaker::Contact, false) => (worker, message(Direction::In)),
        };
        self.run(&actor, &command).map(|_| ())
    }

    /// Links the article that holds the solution.
    fn link_article(&mut self, ticket: &Planned, id: Id) -> Outcome<()> {
        if ticket.scenario.article.is_empty() {
            return Ok(());
        }
        let command = Command::Link {
            kind: Kind::Ticket,
            id,
            relation: "article".to_owned(),
            to_kind: Kind::Article,
            to: self.parties.id(Kind::Article, &ticket.scenario.article)?,
        };
        self.run(&self.dispatcher(ticket)?, &command).map(|_| ())
    }

    /// Answers the survey by the link in the message that carried it.
    fn rate(&mut self, ticket: &Planned, id: Id) -> Outcome<()> {
        let sent = self.desk.outbox(&Actor::System, None, 200)?.items;
        let about = sent.iter().filter(|item| item.record == id);
        let token = about
            .filter_map(|item| item.text.split_once(self.survey_link))
            .map(|(_, rest)| {
                let is_part = |c: &char| c.is_ascii_alphanumeric() || *c == '-' || *c == '_';
                rest.chars().take_while(is_part).collect::<String>()
            })
            .next();
        let Some(token) = token else { return Ok(()) };
        let survey = self.desk.survey(&token)?;
        let score = ticket.scenario.score.map(|s| s.clamp(1, survey.scale));
        let mut answers = Map::new();
        for question in &survey.questions {
            let answer = if question.is_text {
                json!(ticket.scenario.score_comment)
            } else {
                json!(score)
            };
            answers.insert(question.code.clone(), answer);
        }
        let command = Command::AnswerSurvey {
            token,
            score,
            comment: ticket.scenario.score_comment.clone(),
            answers,
        };
        if self.run(&Actor::System, &command)? {
            self.told.rated += 1;
        }
        Ok(())
    }

    /// Takes an open ticket to each status that no ticket came to.
    fn visit_every_status(&mut self, plan: &Plan) -> Outcome<()> {
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

    /// Gives values to the fields that an error names as missing; false when there is none to give.
    fn fill(
        &self,
        catalog: &Catalog,
        type_code: Option<&str>,
        ticket: &Planned,
        error: &Error,
        values: &mut Map<String, Json>,
    ) -> Outcome<bool> {
        let mut filled = false;
        for fault in &error.faults {
            let Some(name) = &fault.field else { continue };
            let Some(def) = catalog.field(Kind::Ticket, type_code, name) else {
                continue;
            };
            let next = match values.get(&def.code) {
                None => self.value(def, ticket)?,
                Some(tried) => other_value(def, tried),
            };
            if let Some(value) = next {
                values.insert(def.code.clone(), value);
                filled = true;
            }
        }
        Ok(filled)
    }

    fn value(&self, def: &FieldDef, ticket: &Planned) -> Outcome<Option<Json>> {
        let text = if ticket.scenario.solution.is_empty() {
            &ticket.title
        } else {
            &ticket.scenario.solution
        };
        Ok(Some(match def.value {
            ValueType::Enum | ValueType::MultiEnum => {
                let Some(option) = def.options.first() else {
                    return Ok(None);
                };
                match def.value {
                    ValueType::Enum => json!(option.code),
                    _ => json!([option.code]),
                }
            }
            ValueType::Text | ValueType::LongText => json!(text),
            ValueType::TextList => json!([text]),
            ValueType::Int | ValueType::Decimal => json!(1),
            ValueType::Bool => json!(true),
            ValueType::Date => json!(self.desk.now().date_naive()),
            ValueType::Instant => json!(self.desk.now()),
            ValueType::Duration => json!(1_800),
            ValueType::Ref if def.target == Some(Kind::Agent) => {
                json!(self.parties.id(Kind::Agent, &ticket.agent)?)
            }
            ValueType::Ref if def.target == Some(Kind::Team) => {
                json!(self.parties.id(Kind::Team, "desk")?)
            }
            ValueType::Ref if def.target == Some(Kind::Contact) => {
                json!(self.parties.id(Kind::Contact, &ticket.contact)?)
            }
            ValueType::Ref | ValueType::RefList | ValueType::Any | ValueType::Json => {
                return Ok(None);
            }
        }))
    }

    /// Runs a command; false when it was refused.
    fn run(&mut self, actor: &Actor, command: &Command) -> Outcome<bool> {
        match self.desk.run(&Request::by(actor.clone()), command) {
            Ok(_) => Ok(true),
            Err(error) => self.refused(error).map(|()| false),
        }
    }

    fn refused(&mut self, error: Error) -> Outcome<()> {
        use crate::desk::ErrorKind as E;
        match error.kind {
            E::Conflict | E::Invalid | E::Forbidden | E::NotFound => {
                tracing::debug!(code = error.code, "refused: {}", error.message);
                self.told.refused += 1;
                Ok(())
            }
            _ => Err(Failure::from(error)),
        }
    }

    fn customer(&self, ticket: &Planned) -> Outcome<Actor> {
        Ok(Actor::Contact {
            contact: self.parties.id(Kind::Contact, &ticket.contact)?,
            account: self.parties.id(Kind::Account, &ticket.account)?,
        })
    }

    fn dispatcher(&self, ticket: &Planned) -> Outcome<Actor> {
        let agent = Some(self.parties.id(Kind::Agent, &ticket.agent)?);
        Ok(Actor::Agent { agent })
    }

    /// Who is in charge, else who was cast.
    fn worker(&self, ticket: &Planned, record: &Record) -> Outcome<Actor> {
        match record.reference(fields::ASSIGNEE) {
            Some(agent) => Ok(Actor::Agent { agent: Some(agent) }),
            None => self.dispatcher(ticket),
        }
    }
}

/// What to give after a value was not to a rule's liking.
fn other_value(def: &FieldDef, tried: &Json) -> Option<Json> {
    match (def.value, tried) {
        (ValueType::Bool, Json::Bool(true)) => Some(json!(false)),
        (ValueType::Enum, Json::String(code)) => {
            let mut left = def.options.iter().skip_while(|o| o.code != *code);
            left.nth(1).map(|o| json!(o.code))
        }
        _ => None,
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
