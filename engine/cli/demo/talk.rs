//! What is said about a ticket: the dialogue, the article that helps, the customer's rating.

use serde_json::{Map, json};

use super::content::Speaker;
use super::plan::Planned;
use super::replay::Replay;
use crate::cli::failure::Outcome;
use crate::desk::{Actor, Command};
use crate::domain::entry::{Direction, Visibility};
use crate::domain::{Id, Kind, Record};

impl Replay<'_> {
    pub(super) fn say(
        &mut self,
        ticket: &Planned,
        record: &Record,
        by: Speaker,
        text: &str,
    ) -> Outcome<()> {
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
    pub(super) fn link_article(&mut self, ticket: &Planned, id: Id) -> Outcome<()> {
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
    pub(super) fn rate(&mut self, ticket: &Planned, id: Id) -> Outcome<()> {
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
}
