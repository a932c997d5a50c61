//! Runs the planned history through the desk on a virtual clock, so that journal, clocks and
//! timers are true: nothing is written past the commands that anybody could have given.

use serde_json::{Value as Json, json};

use super::content::Ends;
use super::parties::Parties;
use super::plan::{Plan, Planned, Step, What};
use super::stories::Stories;
use crate::cli::failure::{Failure, Outcome};
use crate::desk::{Actor, Command, Desk, Error, Request, VirtualClock};
use crate::domain::record::fields;
use crate::domain::{Id, Instant, Kind, Record, StatusCategory};

/// Most timers fired at once.
const TIMERS_AT_ONCE: usize = 500;
/// Attempts at a command whose missing fields are filled in between.
pub(super) const ATTEMPTS: usize = 4;

/// What the history came to.
#[derive(Debug, Default)]
pub struct Told {
    /// Tickets registered.
    pub tickets: usize,
    /// Commands that the rules refused: a history has those, too.
    pub refused: usize,
    /// Surveys answered.
    pub rated: usize,
    /// Where stories were not as they say, in words.
    pub broken: Vec<String>,
}

/// On what the history is told.
#[derive(Clone, Copy)]
pub struct Stage<'a> {
    /// The desk.
    pub desk: &'a Desk,
    /// Its clock.
    pub clock: &'a VirtualClock,
    /// Who and what is there.
    pub parties: &'a Parties,
    /// Prefix of the addresses of surveys.
    pub survey_link: &'a str,
    /// When it ends.
    pub end: Instant,
}

/// Runs the history.
///
/// # Errors
/// When the desk fails; what rules refuse is part of the story.
pub fn replay(
    stage: Stage<'_>,
    plan: &Plan,
    stories: &mut Stories,
    each: &dyn Fn(),
) -> Outcome<Told> {
    let mut replay = Replay {
        desk: stage.desk,
        clock: stage.clock,
        parties: stage.parties,
        survey_link: stage.survey_link,
        ids: vec![None; plan.tickets.len()],
        told: Told::default(),
    };
    for step in &plan.steps {
        replay.stories(stories, step.at, each)?;
        replay.advance(step.at)?;
        replay.step(plan, step)?;
        each();
    }
    replay.stories(stories, stage.end, each)?;
    replay.visit_every_status(plan)?;
    Ok(replay.told)
}

/// A history under way.
pub(super) struct Replay<'a> {
    pub(super) desk: &'a Desk,
    pub(super) clock: &'a VirtualClock,
    pub(super) parties: &'a Parties,
    pub(super) survey_link: &'a str,
    pub(super) ids: Vec<Option<Id>>,
    pub(super) told: Told,
}

impl Replay<'_> {
    /// Tells what stories have until `to`.
    fn stories(&mut self, stories: &mut Stories, to: Instant, each: &dyn Fn()) -> Outcome<()> {
        while let Some(at) = stories.next_at().filter(|at| *at <= to) {
            self.advance(at)?;
            if let Err(why) = stories.tell() {
                self.told.broken.push(why);
            }
            each();
        }
        Ok(())
    }

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

    pub(super) fn create(&mut self, ticket: &Planned) -> Outcome<Option<Id>> {
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

    /// Runs a command; false when it was refused.
    pub(super) fn run(&mut self, actor: &Actor, command: &Command) -> Outcome<bool> {
        match self.desk.run(&Request::by(actor.clone()), command) {
            Ok(_) => Ok(true),
            Err(error) => self.refused(error).map(|()| false),
        }
    }

    pub(super) fn refused(&mut self, error: Error) -> Outcome<()> {
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

    pub(super) fn customer(&self, ticket: &Planned) -> Outcome<Actor> {
        Ok(Actor::Contact {
            contact: self.parties.id(Kind::Contact, &ticket.contact)?,
            account: self.parties.id(Kind::Account, &ticket.account)?,
        })
    }

    pub(super) fn dispatcher(&self, ticket: &Planned) -> Outcome<Actor> {
        let agent = Some(self.parties.id(Kind::Agent, &ticket.agent)?);
        Ok(Actor::Agent { agent })
    }

    /// Who is in charge, else who was cast.
    pub(super) fn worker(&self, ticket: &Planned, record: &Record) -> Outcome<Actor> {
        match record.reference(fields::ASSIGNEE) {
            Some(agent) => Ok(Actor::Agent { agent: Some(agent) }),
            None => self.dispatcher(ticket),
        }
    }
}
