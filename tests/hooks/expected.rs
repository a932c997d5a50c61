//! The expected half of a fixture: a decision or a failure as JSON.

use opora::domain::entry::Visibility;
use opora::domain::{Id, Instant, Kind};
use opora::hooks::{
    AssignChoice, Because, Decision, Effect, FailureKind, FieldRule, LevelChoice, Refusal, Spot,
    SurveyAsk, SurveyOutcome,
};
use serde::Deserialize;
use serde_json::Value as Json;

use super::fixtures::value;

/// What a call must come to.
pub enum Expect {
    /// A decision, positions left out.
    Decision(Box<Decision>),
    /// A failure whose message holds the text.
    Failure(FailureKind, String),
}

/// A decision without positions: a plugin has none.
pub fn without_spots(mut decision: Decision) -> Decision {
    let none = Spot::default();
    decision.refusals.iter_mut().for_each(|r| r.spot = none);
    decision.effects.iter_mut().for_each(|(_, s)| *s = none);
    decision.form.iter_mut().for_each(|f| f.spot = none);
    decision.because.iter_mut().for_each(|b| b.spot = none);
    decision.assign.iter_mut().for_each(|c| c.spot = none);
    decision.level.iter_mut().for_each(|c| c.spot = none);
    decision.outcome.iter_mut().for_each(|o| o.spot = none);
    if let Some(SurveyAsk::Skip { spot, .. } | SurveyAsk::Send { spot, .. }) = &mut decision.ask {
        *spot = none;
    }
    decision
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum RawExpect {
    Decision(Box<RawDecision>),
    Failure { kind: String, says: String },
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct RawDecision {
    refusals: Vec<(String, String, Option<String>)>,
    effects: Vec<RawEffect>,
    form: Vec<RawFieldRule>,
    assign: Option<RawAssign>,
    level: Option<(String, String)>,
    ask: Option<RawAsk>,
    outcome: Option<(String, Option<i64>)>,
    because: Vec<(String, String)>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawFieldRule {
    field: String,
    visible: Option<bool>,
    required: Option<bool>,
    readonly: Option<bool>,
    options: Option<Vec<String>>,
    advice: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawAssign {
    agent: Option<String>,
    team: Option<String>,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum RawAsk {
    Skip(String),
    Send {
        template: String,
        channel: String,
        delay_secs: i64,
        valid_secs: i64,
        scale: i64,
        subject: String,
        text: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum RawEffect {
    Set(String, Json),
    Transition(String),
    AssignAgent(String),
    AssignTeam(String),
    Comment(String),
    Note(String),
    Create {
        kind: Kind,
        #[serde(default)]
        r#type: Option<String>,
        fields: Vec<(String, Json)>,
        #[serde(default)]
        relation: String,
    },
    Link(String, Kind, Id),
    Tag(String),
    Untag(String),
    Schedule(String, Instant, String),
    Unschedule(String),
    Notify(String, String, String, String),
    Webhook(String, String),
    Custom(String, String),
}

impl RawExpect {
    pub fn read(self, name: &str) -> Expect {
        match self {
            Self::Decision(d) => Expect::Decision(Box::new(d.read())),
            Self::Failure { kind, says } => Expect::Failure(
                match kind.as_str() {
                    "over_budget" => FailureKind::OverBudget,
                    "broken" => FailureKind::Broken,
                    other => panic!("{name}: `{other}` is not a kind of failure"),
                },
                says,
            ),
        }
    }
}

impl RawDecision {
    fn read(self) -> Decision {
        let spot = Spot::default();
        Decision {
            refusals: self
                .refusals
                .into_iter()
                .map(|(code, message, field)| Refusal {
                    code,
                    message,
                    field,
                    spot,
                })
                .collect(),
            effects: self.effects.into_iter().map(|e| (e.read(), spot)).collect(),
            form: self.form.into_iter().map(RawFieldRule::read).collect(),
            assign: self.assign.map(|a| AssignChoice {
                agent: a.agent,
                team: a.team,
                reason: a.reason,
                spot,
            }),
            level: self.level.map(|(level, reason)| LevelChoice {
                level,
                reason,
                spot,
            }),
            ask: self.ask.map(RawAsk::read),
            outcome: self.outcome.map(|(meaning, weighted)| SurveyOutcome {
                meaning,
                weighted,
                spot,
            }),
            because: self
                .because
                .into_iter()
                .map(|(code, text)| Because { code, text, spot })
                .collect(),
            ..Decision::default()
        }
    }
}

impl RawFieldRule {
    fn read(self) -> FieldRule {
        FieldRule {
            field: self.field,
            visible: self.visible,
            required: self.required,
            readonly: self.readonly,
            options: self.options,
            advice: self.advice,
            spot: Spot::default(),
        }
    }
}

impl RawAsk {
    fn read(self) -> SurveyAsk {
        let spot = Spot::default();
        match self {
            Self::Skip(reason) => SurveyAsk::Skip { reason, spot },
            Self::Send {
                template,
                channel,
                delay_secs,
                valid_secs,
                scale,
                subject,
                text,
            } => SurveyAsk::Send {
                template,
                channel,
                delay_secs,
                valid_secs,
                scale,
                subject,
                text,
                spot,
            },
        }
    }
}

impl RawEffect {
    fn read(self) -> Effect {
        let comment = |visibility, text| Effect::Comment { visibility, text };
        match self {
            Self::Set(field, v) => Effect::Set {
                field,
                value: (!v.is_null()).then(|| value(&v)),
            },
            Self::Transition(to) => Effect::Transition { to },
            Self::AssignAgent(agent) => Effect::Assign {
                agent: Some(agent),
                team: None,
            },
            Self::AssignTeam(team) => Effect::Assign {
                agent: None,
                team: Some(team),
            },
            Self::Comment(text) => comment(Visibility::Public, text),
            Self::Note(text) => comment(Visibility::Internal, text),
            Self::Create {
                kind,
                r#type,
                fields,
                relation,
            } => Effect::Create {
                kind,
                type_code: r#type,
                fields: fields.iter().map(|(k, v)| (k.clone(), value(v))).collect(),
                relation,
            },
            Self::Link(relation, kind, to) => Effect::Link { relation, kind, to },
            Self::Tag(label) => Effect::Tag(label),
            Self::Untag(label) => Effect::Untag(label),
            Self::Schedule(name, at, data) => Effect::Schedule { name, at, data },
            Self::Unschedule(name) => Effect::Unschedule { name },
            Self::Notify(to, channel, subject, text) => Effect::Notify {
                to,
                channel,
                subject,
                text,
            },
            Self::Webhook(name, body) => Effect::Webhook { name, body },
            Self::Custom(kind, data) => Effect::Custom { kind, data },
        }
    }
}
