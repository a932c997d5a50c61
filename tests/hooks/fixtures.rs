//! The format of the fixtures: a call as JSON and what is expected of it. `README.md` describes it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use opora::domain::{Id, Instant, Kind, Value};
use opora::hooks::{
    ActorView, AgentProfile, AgentView, Call, Detail, Hook, LevelView, RecordView, SurveyAnswer,
};
use serde::Deserialize;
use serde_json::Value as Json;

use super::expected::{Expect, RawExpect};

/// One fixture.
pub struct Fixture {
    /// `HOOK/name`.
    pub name: String,
    /// Hook.
    pub hook: Hook,
    /// The call.
    pub call: Call,
    /// What it must come to.
    pub expect: Expect,
    /// The one language it is for; both without.
    pub only: Option<String>,
}

/// Every fixture, in the order of hooks and names.
pub fn all() -> Vec<Fixture> {
    let mut found = Vec::new();
    for hook in Hook::ALL {
        let dir = super::support::path("tests/hooks/fixtures").join(hook.name());
        let Ok(files) = std::fs::read_dir(&dir) else {
            continue;
        };
        let mut paths: Vec<_> = files.map(|f| f.expect("a file").path()).collect();
        paths.sort();
        found.extend(paths.iter().map(|p| read(hook, p)));
    }
    found
}

fn read(hook: Hook, path: &Path) -> Fixture {
    let name = format!("{hook}/{}", path.file_stem().unwrap_or_default().display());
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{name}: {e}"));
    let raw: RawFixture = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert!(!raw.about.is_empty(), "{name}: says nothing about itself");
    Fixture {
        call: raw.call.read(hook),
        expect: raw.expect.read(&name),
        name,
        hook,
        only: raw.only,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFixture {
    about: String,
    #[serde(default)]
    only: Option<String>,
    #[serde(default)]
    call: RawCall,
    expect: RawExpect,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawCall {
    now: Option<Instant>,
    actor: Option<RawActor>,
    record: RawRecord,
    before: Option<RawRecord>,
    asked: Vec<String>,
    related: BTreeMap<String, RawRecord>,
    options: BTreeMap<String, Json>,
    detail: RawDetail,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawActor {
    role: String,
    #[serde(default)]
    id: Option<Id>,
    locale: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawRecord {
    id: Option<Id>,
    kind: Option<Kind>,
    category: Option<String>,
    fields: BTreeMap<String, Json>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum RawDetail {
    #[default]
    None,
    Transition {
        from: String,
        to: String,
        category: String,
    },
    Assign {
        agents: Vec<RawAgent>,
        teams: Vec<(String, Id)>,
    },
    Levels(Vec<(String, Id)>),
    Done {
        address: Option<String>,
        asked_before: i64,
    },
    Reply {
        template: String,
        score: Option<i64>,
        scale: i64,
        comment: String,
        answers: Vec<(String, Option<i64>, String)>,
    },
    Timer {
        name: String,
        data: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAgent {
    id: Id,
    code: String,
    #[serde(default)]
    team_code: String,
    #[serde(default)]
    skills: Vec<String>,
    #[serde(default)]
    load: i64,
}

impl RawCall {
    fn read(self, hook: Hook) -> Call {
        let actor = self.actor.map_or_else(
            || ActorView {
                role: "agent".to_owned(),
                id: None,
                locale: "en".to_owned(),
            },
            |a| ActorView {
                role: a.role,
                id: a.id,
                locale: a.locale,
            },
        );
        let related = self.related.into_iter();
        let options = self.options.iter();
        Call {
            hook,
            pack: "conformance".into(),
            now: self.now.unwrap_or_default(),
            actor,
            record: Arc::new(self.record.read()),
            before: self.before.map(|b| Arc::new(b.read())),
            asked: Arc::new(self.asked),
            related: Arc::new(related.map(|(k, r)| (k, Arc::new(r.read()))).collect()),
            options: Arc::new(options.map(|(k, v)| (k.clone(), value(v))).collect()),
            detail: self.detail.read(),
        }
    }
}

impl RawRecord {
    fn read(self) -> RecordView {
        let categories = ["new", "open", "waiting", "done", "cancelled"];
        RecordView {
            id: self.id.unwrap_or(Id::MIN),
            kind: self.kind.unwrap_or(Kind::Ticket),
            fields: self
                .fields
                .iter()
                .map(|(k, v)| (k.clone(), value(v)))
                .collect(),
            category: self.category.map(|c| category(&categories, &c)),
        }
    }
}

fn category(known: &[&'static str], name: &str) -> &'static str {
    let found = known.iter().find(|k| **k == name);
    found.unwrap_or_else(|| panic!("`{name}` is not a category"))
}

impl RawDetail {
    fn read(self) -> Detail {
        match self {
            Self::None => Detail::None,
            Self::Transition {
                from,
                to,
                category: name,
            } => Detail::Transition {
                from,
                to,
                to_category: category(&["new", "open", "waiting", "done", "cancelled"], &name),
            },
            Self::Assign { agents, teams } => Detail::Assign {
                agents: agents.into_iter().map(RawAgent::read).collect(),
                teams: teams.into(),
            },
            Self::Levels(levels) => Detail::SlaSelect {
                levels: levels
                    .into_iter()
                    .map(|(code, id)| LevelView { id, code })
                    .collect(),
            },
            Self::Done {
                address,
                asked_before,
            } => Detail::SurveyDone {
                address,
                asked_before,
            },
            Self::Reply {
                template,
                score,
                scale,
                comment,
                answers,
            } => Detail::SurveyReply {
                template,
                score,
                scale,
                comment,
                answers: answers
                    .into_iter()
                    .map(|(question, score, text)| SurveyAnswer {
                        question,
                        score,
                        text,
                    })
                    .collect(),
            },
            Self::Timer { name, data } => Detail::Timer { name, data },
        }
    }
}

impl RawAgent {
    fn read(self) -> AgentView {
        let profile = AgentProfile {
            id: self.id,
            name: self.code.clone(),
            code: self.code,
            team: None,
            team_code: self.team_code,
            skills: self.skills,
        };
        AgentView {
            profile: Arc::new(profile),
            load: self.load,
        }
    }
}

/// A value: JSON's own texts, whole numbers, truth values and lists; other types as an object with
/// the name of the type.
pub fn value(json: &Json) -> Value {
    if let Some(object) = json.as_object() {
        let (kind, inner) = object.iter().next().expect("a typed value");
        let text = || inner.as_str().expect("text");
        return match kind.as_str() {
            "decimal" => Value::Decimal(text().parse().expect("a decimal")),
            "date" => Value::Date(text().parse().expect("a date")),
            "instant" => Value::Instant(text().parse().expect("an instant")),
            "duration" => Value::Duration(inner.as_i64().expect("seconds")),
            "ref" => Value::Ref(text().parse().expect("an id")),
            "json" => Value::Json(text().to_owned()),
            other => panic!("`{other}` is not a type of value"),
        };
    }
    match json {
        Json::String(text) => Value::Text(text.clone()),
        Json::Number(number) => Value::Int(number.as_i64().expect("a whole number")),
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        _ => panic!("null is not a value"),
    }
}
