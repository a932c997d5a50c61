//! What a hook is given, as objects of a script: records, people, options, candidates.

use std::collections::BTreeMap;
use std::sync::Arc;

use rhai::{Dynamic, Engine};

use super::convert::to_script;
use super::fault::closest;
use super::{Answer, refuse};
use crate::domain::{Id, Value};
use crate::hooks::{ActorView, AgentView, LevelView, RecordView, SurveyAnswer};

/// A record: fields by name, `()` for those without a value.
#[derive(Debug, Clone)]
pub(super) struct RecordItem {
    pub(super) pack: Arc<str>,
    pub(super) view: Arc<RecordView>,
}

impl RecordItem {
    /// A field, or what every record has.
    pub(super) fn get(&self, name: &str) -> Dynamic {
        if let Some(value) = self.view.field(&self.pack, name) {
            return to_script(value);
        }
        match name {
            "id" => self.view.id.to_string().into(),
            "kind" => self.view.kind.name().into(),
            "status_category" => self.view.category.map_or(Dynamic::UNIT, Dynamic::from),
            // Organisations and people have a name where other records have a title.
            "name" => self.get_own("title"),
            _ => Dynamic::UNIT,
        }
    }

    fn get_own(&self, name: &str) -> Dynamic {
        let value = self.view.field(&self.pack, name);
        value.map_or(Dynamic::UNIT, to_script)
    }

    fn is_filled(&self, name: &str) -> bool {
        let value = self.view.field(&self.pack, name);
        value.is_some_and(Value::is_filled)
    }
}

/// Records that the rule reads beside its own, by the name of the reference.
#[derive(Debug, Clone)]
pub(super) struct Related {
    pub(super) pack: Arc<str>,
    pub(super) records: Arc<BTreeMap<String, Arc<RecordView>>>,
}

impl Related {
    fn get(&self, name: &str) -> Dynamic {
        self.records.get(name).map_or(Dynamic::UNIT, |view| {
            Dynamic::from(RecordItem {
                pack: self.pack.clone(),
                view: view.clone(),
            })
        })
    }
}

/// Options of the pack.
#[derive(Debug, Clone)]
pub(super) struct Options(pub(super) Arc<BTreeMap<String, Value>>);

impl Options {
    fn get(&self, name: &str) -> Answer<Dynamic> {
        if let Some(value) = self.0.get(name) {
            return Ok(to_script(value));
        }
        match closest(name, self.0.keys().map(String::as_str)) {
            Some(near) => refuse(format!(
                "the pack has no option `{name}`; did you mean `{near}`?"
            )),
            None => refuse(format!(
                "the pack has no option `{name}`; define it in pack.toml under [options.{name}]"
            )),
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Actor(pub(super) ActorView);

/// An agent who could be put in charge.
#[derive(Debug, Clone)]
pub(super) struct AgentItem(pub(super) AgentView);

/// A team that could be put in charge.
#[derive(Debug, Clone)]
pub(super) struct TeamItem {
    pub(super) code: Arc<str>,
    pub(super) id: Id,
}

/// A support level that could apply.
#[derive(Debug, Clone)]
pub(super) struct LevelItem(pub(super) Arc<LevelView>);

/// An answer of a survey.
#[derive(Debug, Clone)]
pub(super) struct AnswerItem(pub(super) Arc<SurveyAnswer>);

fn optional_id(id: Option<Id>) -> Dynamic {
    id.map_or(Dynamic::UNIT, |id| id.to_string().into())
}

pub(super) fn register(engine: &mut Engine) {
    records(engine);
    people(engine);
    candidates(engine);
}

fn records(engine: &mut Engine) {
    engine
        .register_type_with_name::<RecordItem>("Record")
        .register_indexer_get(|r: &mut RecordItem, name: &str| r.get(name))
        .register_fn("has", |r: &mut RecordItem, name: &str| r.is_filled(name))
        .register_fn("==", |a: RecordItem, b: RecordItem| a.view.id == b.view.id)
        .register_fn("!=", |a: RecordItem, b: RecordItem| a.view.id != b.view.id)
        .register_fn("to_string", |r: &mut RecordItem| r.view.id.to_string())
        .register_type_with_name::<Related>("Related")
        .register_indexer_get(|r: &mut Related, name: &str| r.get(name))
        .register_type_with_name::<Options>("Options")
        .register_indexer_get(|o: &mut Options, name: &str| o.get(name));
}

fn people(engine: &mut Engine) {
    engine
        .register_type_with_name::<Actor>("Actor")
        .register_get("role", |a: &mut Actor| a.0.role.clone())
        .register_get("id", |a: &mut Actor| optional_id(a.0.id))
        .register_get("locale", |a: &mut Actor| a.0.locale.clone());
}

fn candidates(engine: &mut Engine) {
    engine
        .register_type_with_name::<AgentItem>("Agent")
        .register_get("id", |a: &mut AgentItem| a.0.id.to_string())
        .register_get("code", |a: &mut AgentItem| a.0.code.clone())
        .register_get("name", |a: &mut AgentItem| a.0.name.to_string())
        .register_get("team", |a: &mut AgentItem| optional_id(a.0.team))
        .register_get("team_code", |a: &mut AgentItem| a.0.team_code.clone())
        .register_get("load", |a: &mut AgentItem| a.0.load)
        .register_get("skills", |a: &mut AgentItem| {
            let skills = a.0.skills.iter().map(|s| s.as_str().into());
            Dynamic::from_array(skills.collect())
        })
        .register_fn("has_skill", |a: &mut AgentItem, skill: &str| {
            a.0.skills.iter().any(|s| s == skill)
        })
        .register_type_with_name::<TeamItem>("Team")
        .register_get("code", |t: &mut TeamItem| t.code.to_string())
        .register_get("id", |t: &mut TeamItem| t.id.to_string())
        .register_type_with_name::<LevelItem>("SupportLevel")
        .register_get("code", |l: &mut LevelItem| l.0.code.clone())
        .register_get("id", |l: &mut LevelItem| l.0.id.to_string())
        .register_type_with_name::<AnswerItem>("Answer")
        .register_get("question", |a: &mut AnswerItem| a.0.question.clone())
        .register_get("text", |a: &mut AnswerItem| a.0.text.clone())
        .register_get("score", |a: &mut AnswerItem| {
            a.0.score.map_or(Dynamic::UNIT, Dynamic::from)
        });
}
