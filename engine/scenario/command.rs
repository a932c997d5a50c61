//! From a step of a scenario to a command.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Map, Value as Json};

use super::driver::Driver;
use super::file::Step;
use super::known::{self, Known, asked};
use crate::desk::{Actor, Command, PlanRow, ProcessStep, Split};
use crate::domain::entry::{Direction, Visibility};
use crate::domain::{Id, Kind};

/// The records that a scenario knows by name, and the words that its packs know.
#[derive(Debug, Default)]
pub(super) struct Names {
    records: BTreeMap<String, (Kind, Id)>,
    /// Words of the packs.
    pub known: Known,
}

impl Names {
    pub fn give(&mut self, name: &str, kind: Kind, id: Id) {
        self.records.insert(name.to_owned(), (kind, id));
    }

    pub fn get(&self, name: &str) -> Result<(Kind, Id), String> {
        let name = name.strip_prefix('@').unwrap_or(name);
        let found = self.records.get(name).copied();
        found.ok_or_else(|| format!("nothing is called `{name}` here{}", self.hint(name)))
    }

    /// What was probably meant by a name that no record has.
    pub fn hint(&self, name: &str) -> String {
        if self.records.contains_key(name) {
            return String::new();
        }
        let known = self.records.keys().map(String::as_str);
        asked(crate::packs::nearest(name, known))
    }

    /// What a record is called here, or its id.
    pub fn of(&self, id: Id) -> String {
        let found = self.records.iter().find(|(_, (_, own))| *own == id);
        found.map_or_else(|| id.to_string(), |(name, _)| name.clone())
    }

    /// A value as the scenario would write it: `@name` for ids.
    pub fn named(&self, json: &Json) -> Json {
        match json {
            Json::String(text) => {
                let known = |id: &Id| self.records.values().any(|(_, own)| own == id);
                match text.parse().ok().filter(known) {
                    Some(id) => Json::String(format!("@{}", self.of(id))),
                    None => json.clone(),
                }
            }
            Json::Array(all) => all.iter().map(|one| self.named(one)).collect(),
            Json::Object(all) => {
                let pairs = all.iter().map(|(key, one)| (key.clone(), self.named(one)));
                Json::Object(pairs.collect())
            }
            other => other.clone(),
        }
    }

    /// Who did something, as the scenario would name them.
    pub fn named_actor(&self, actor: &str) -> String {
        let id = actor.rsplit_once(':').and_then(|(_, id)| id.parse().ok());
        let known = |id: &Id| self.records.values().any(|(_, own)| own == id);
        id.filter(known)
            .map_or_else(|| actor.to_owned(), |id| self.of(id))
    }

    /// A value of TOML as JSON, with ids for `@name`.
    pub fn json(&self, value: &toml::Value) -> Result<Json, String> {
        Ok(match value {
            toml::Value::String(text) => match text.strip_prefix('@') {
                Some(name) if !name.is_empty() => Json::String(self.get(name)?.1.to_string()),
                _ => Json::String(text.clone()),
            },
            toml::Value::Integer(n) => Json::from(*n),
            toml::Value::Float(n) => Json::from(*n),
            toml::Value::Boolean(b) => Json::Bool(*b),
            toml::Value::Datetime(at) => Json::String(at.to_string()),
            toml::Value::Array(items) => {
                let items: Result<Vec<Json>, String> =
                    items.iter().map(|item| self.json(item)).collect();
                Json::Array(items?)
            }
            toml::Value::Table(table) => Json::Object(self.object(table)?),
        })
    }

    pub fn object(&self, table: &toml::Table) -> Result<Map<String, Json>, String> {
        let pair = |(key, value): (&String, &toml::Value)| Ok((key.clone(), self.json(value)?));
        table.iter().map(pair).collect()
    }

    /// Who `by` means.
    pub fn actor(&self, by: Option<&str>, driver: &mut dyn Driver) -> Result<Actor, String> {
        let name = match by {
            None | Some("admin") => return Ok(Actor::Admin { agent: None }),
            Some("system") => return Ok(Actor::System),
            Some(name) => name,
        };
        let (kind, id) = self.get(name)?;
        match kind {
            Kind::Agent => Ok(Actor::Agent { agent: Some(id) }),
            Kind::Contact => {
                let fields = driver.record(&Actor::System, kind, id)?.unwrap_or_default();
                let account = fields.get("account").and_then(Json::as_str);
                let account = account.and_then(|a| a.parse().ok());
                let account = account.ok_or_else(|| format!("`{name}` belongs to no account"))?;
                Ok(Actor::Contact {
                    contact: id,
                    account,
                })
            }
            _ => Err(format!("`{name}` is neither an agent nor a contact")),
        }
    }
}

impl Names {
    /// How the journal calls somebody: by a name of the scenario, or as it stands there.
    pub fn actor_name(&self, name: &str, driver: &mut dyn Driver) -> Result<String, String> {
        match name.contains(':') {
            true => Ok(name.to_owned()),
            false => Ok(self.actor(Some(name), driver)?.name()),
        }
    }
}

/// The command of a step; none when it only waits.
pub(super) fn command(
    step: &Step,
    names: &Names,
    driver: &mut dyn Driver,
) -> Result<Option<Command>, String> {
    let verbs: [(&str, &Option<String>); 30] = [
        ("create", &step.create),
        ("update", &step.update),
        ("delete", &step.delete),
        ("transition", &step.transition),
        ("assign", &step.assign),
        ("comment", &step.comment),
        ("message", &step.message),
        ("attach", &step.attach),
        ("link", &step.link),
        ("answer", &step.answer),
        ("run", &step.run),
        ("correct", &step.correct),
        ("start", &step.start),
        ("complete", &step.complete),
        ("decide", &step.decide),
        ("redirect", &step.redirect),
        ("plan", &step.plan),
        ("duplicate", &step.duplicate),
        ("merge", &step.merge),
        ("article", &step.article),
        ("watch", &step.watch),
        ("unwatch", &step.unwatch),
        ("unmerge", &step.unmerge),
        ("split", &step.split),
        ("receive", &step.receive),
        ("intake", &step.intake),
        ("accept", &step.accept),
        ("decline", &step.decline),
        ("register", &step.register),
        ("convert", &step.convert),
    ];
    let mut asked = verbs
        .iter()
        .filter_map(|(verb, on)| Some((*verb, on.as_deref()?)));
    let Some((verb, on)) = asked.next() else {
        return Ok(None);
    };
    if let Some((other, _)) = asked.next() {
        return Err(format!(
            "a step has one command, not `{verb}` and `{other}`"
        ));
    }
    build(step, names, driver, (verb, on)).map(Some)
}

fn build(
    step: &Step,
    names: &Names,
    driver: &mut dyn Driver,
    (verb, on): (&str, &str),
) -> Result<Command, String> {
    let mut fields = names.object(&step.fields)?;
    fields.extend(step.unset.iter().map(|name| (name.clone(), Json::Null)));
    if verb == "create" {
        let kind = known::kind(on)?;
        return Ok(Command::Create { kind, fields });
    }
    if let Some(command) = super::intake::command(step, names, (verb, on), &fields)? {
        return Ok(command);
    }
    let (kind, id) = names.get(on)?;
    Ok(match verb {
        "update" => Command::Update { kind, id, fields },
        "delete" => Command::Delete { kind, id },
        "duplicate" => Command::Duplicate { kind, id, fields },
        "merge" => Command::Merge {
            id,
            into: names.get(&needed(step.to.as_ref(), "to")?)?.1,
            across_parties: step.across,
            reason: step.text.clone().unwrap_or_default(),
        },
        "article" => Command::MakeArticle { ticket: id, fields },
        "watch" | "unwatch" => Command::Watch {
            kind,
            id,
            who: match &step.to {
                Some(name) => Some(names.get(name).map(|(kind, id)| (kind, id.to_string()))?),
                None => None,
            },
            on: verb == "watch",
        },
        "unmerge" => Command::Unmerge {
            id,
            reason: step.text.clone().unwrap_or_default(),
        },
        "split" => Command::Split {
            id,
            how: Split {
                entries: chosen(step, driver, (kind, id))?,
                moves: step.moves,
                into: match &step.to {
                    Some(name) => Some(names.get(name)?.1),
                    None => None,
                },
            },
            fields,
        },
        "transition" => Command::Transition {
            kind,
            id,
            to: needed(step.to.as_ref(), "to")?,
            fields,
        },
        "assign" => Command::Assign {
            kind,
            id,
            agent: step.agent.as_deref().map(|a| id_or_code(names, a)),
            team: step.team.as_deref().map(|t| id_or_code(names, t)),
        },
        "link" => {
            let (to_kind, to) = names.get(&needed(step.to.as_ref(), "to")?)?;
            Command::Link {
                kind,
                id,
                relation: needed(step.relation.as_ref(), "relation")?,
                to_kind,
                to,
            }
        }
        "run" => Command::RunAction {
            kind,
            id,
            action: needed(step.action.as_ref(), "action")?,
            arguments: names.object(&step.arguments)?,
        },
        "correct" => Command::CorrectLedger {
            contract: id,
            amount: decimal(step.amount.as_ref(), "amount")?,
            used: decimal(step.used.as_ref(), "used")?,
            reason: needed(step.text.as_ref(), "text")?,
        },
        "start" | "complete" | "decide" | "redirect" => Command::Process {
            kind,
            id,
            step: process_step(step, names, verb)?,
            fields,
        },
        "plan" => {
            let rows: Result<Vec<Json>, String> = step
                .rows
                .iter()
                .map(|row| Ok(Json::Object(names.object(row)?)))
                .collect();
            let rows = PlanRow::read_all(Json::Array(rows?)).map_err(|e| e.to_string())?;
            Command::Plan { kind, id, rows }
        }
        "answer" => Command::AnswerSurvey {
            token: token(step, driver, id)?,
            score: step.score,
            comment: step.text.clone().unwrap_or_default(),
            answers: names.object(&step.answers)?,
        },
        _ => entry(step, (verb, kind, id))?,
    })
}

/// The entries of a record that `saying` finds.
fn chosen(step: &Step, driver: &mut dyn Driver, (kind, id): (Kind, Id)) -> Result<Vec<Id>, String> {
    let all = driver.entries(&Actor::System, kind, id)?;
    let mut found = Vec::new();
    for piece in &step.saying {
        let one = all.iter().find(|entry| entry.text.contains(piece.as_str()));
        let one = one.ok_or_else(|| format!("nothing on the record says `{piece}`"))?;
        found.extend(one.id);
    }
    Ok(found)
}

/// A step of a process: `answer` stands in `to` of a decision, the words in `text`.
fn process_step(step: &Step, names: &Names, verb: &str) -> Result<ProcessStep, String> {
    let (stage, result) = (step.stage.clone(), step.text.clone().unwrap_or_default());
    Ok(match verb {
        "start" => ProcessStep::Start {
            process: step.process.clone(),
        },
        "complete" => ProcessStep::Complete {
            stage,
            to: step.to.clone(),
            result,
        },
        "decide" => ProcessStep::Decide {
            stage,
            answer: needed(step.to.as_ref(), "to")?,
            result,
        },
        _ => ProcessStep::Redirect {
            stage,
            agent: step.agent.as_deref().map(|a| id_or_code(names, a)),
            team: step.team.as_deref().map(|t| id_or_code(names, t)),
            reason: result,
        },
    })
}

fn entry(step: &Step, (verb, kind, id): (&str, Kind, Id)) -> Result<Command, String> {
    let text = needed(step.text.as_ref(), "text")?;
    Ok(match verb {
        "comment" => Command::Comment {
            kind,
            id,
            visibility: visibility(step)?,
            text,
        },
        "message" => Command::Message {
            kind,
            id,
            channel: step.channel.clone().unwrap_or_else(|| "mail".to_owned()),
            direction: match step.direction.as_deref() {
                Some("in") => Direction::In,
                Some("out") => Direction::Out,
                _ => return Err("a message needs `direction`, \"in\" or \"out\"".to_owned()),
            },
            subject: step.subject.clone().unwrap_or_default(),
            text,
            external_id: step.external_id.clone(),
        },
        _ => Command::Attach {
            kind,
            id,
            name: step.file.clone().unwrap_or_else(|| "note.txt".to_owned()),
            media_type: "text/plain".to_owned(),
            content: text.into_bytes(),
            visibility: visibility(step)?,
        },
    })
}

pub(super) fn needed(given: Option<&String>, key: &str) -> Result<String, String> {
    given
        .cloned()
        .ok_or_else(|| format!("this command needs `{key}`"))
}

/// An exact number as TOML has it: text, a whole number or one with a point.
fn decimal(given: Option<&toml::Value>, key: &str) -> Result<Option<Decimal>, String> {
    let text = match given {
        None => return Ok(None),
        Some(toml::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let read = text.parse().map(Some);
    read.map_err(|_| format!("`{key}` is `{text}`, which is no decimal number"))
}

fn visibility(step: &Step) -> Result<Visibility, String> {
    match step.visibility.as_deref() {
        None | Some("public") => Ok(Visibility::Public),
        Some("internal") => Ok(Visibility::Internal),
        Some(other) => Err(format!(
            "`visibility` is \"public\" or \"internal\", not \"{other}\""
        )),
    }
}

pub(super) fn id_or_code(names: &Names, name: &str) -> String {
    names
        .get(name)
        .map_or_else(|_| name.to_owned(), |(_, id)| id.to_string())
}

/// The secret of a survey that was sent about a record.
fn token(step: &Step, driver: &mut dyn Driver, record: Id) -> Result<String, String> {
    let sent: Vec<String> = driver
        .outbox()?
        .into_iter()
        .filter(|m| m.record == Some(record))
        .filter_map(|m| m.survey_token)
        .collect();
    let found = match step.survey {
        Some(nth) => sent.get(nth.saturating_sub(1)),
        None => sent.last(),
    };
    found.cloned().ok_or_else(|| {
        format!(
            "{} surveys about this record wait to leave; `answer` needs one more",
            sent.len()
        )
    })
}
