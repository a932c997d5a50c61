//! What plugins get.

use std::collections::BTreeMap;

use super::bindings::exports::opora::hooks as wit;
use super::bindings::opora::hooks::types::Value as WitValue;
use super::values::to_wit;
use crate::domain::{Id, Value};
use crate::hooks::{AgentView, Call, LevelView, SurveyAnswer};

/// The name by which rules of `pack` know a field. A field of the pack whose bare name belongs to
/// the engine as well keeps its full name.
fn own_name<'a>(pack: &str, name: &'a str, taken: impl Fn(&str) -> bool) -> &'a str {
    name.strip_prefix(pack)
        .and_then(|rest| rest.strip_prefix('/'))
        .filter(|bare| !taken(bare))
        .unwrap_or(name)
}

fn fields(pack: &str, fields: &BTreeMap<String, Value>) -> Vec<(String, WitValue)> {
    fields
        .iter()
        .map(|(name, value)| {
            let name = own_name(pack, name, |bare| fields.contains_key(bare));
            (name.to_owned(), to_wit(value))
        })
        .collect()
}

fn asked(call: &Call) -> Vec<String> {
    call.asked
        .iter()
        .map(|name| {
            own_name(&call.pack, name, |bare| {
                call.record.fields.contains_key(bare)
            })
        })
        .map(str::to_owned)
        .collect()
}

fn options(call: &Call) -> Vec<(String, WitValue)> {
    call.options
        .iter()
        .map(|(name, value)| (name.clone(), to_wit(value)))
        .collect()
}

/// Makes the input of one hook: the common part, and the members that are its own.
macro_rules! input {
    ($module:ident ($($arg:ident: $ty:ty),*) { $($field:ident: $value:expr),* $(,)? }) => {
        pub(super) fn $module(call: &Call, $($arg: $ty),*) -> wit::$module::Input {
            let view = |record: &crate::hooks::RecordView| wit::$module::View {
                id: record.id.to_string(),
                kind: record.kind.name().to_owned(),
                category: record.category.map(str::to_owned),
                fields: fields(&call.pack, &record.fields),
            };
            wit::$module::Input {
                pack: call.pack.to_string(),
                now: call.now.timestamp_micros(),
                actor: wit::$module::Actor {
                    role: call.actor.role.clone(),
                    id: call.actor.id.map(|id| id.to_string()),
                    locale: call.actor.locale.clone(),
                },
                subject: view(&call.record),
                before: call.before.as_deref().map(view),
                asked: asked(call),
                related: call
                    .related
                    .iter()
                    .map(|(name, record)| (name.clone(), view(record)))
                    .collect(),
                options: options(call),
                $($field: $value,)*
                extra: Vec::new(),
            }
        }
    };
}

input!(record_defaults() {});
input!(form_rules() {});
input!(record_validate() {});
input!(transition_guard(from: &str, to: &str, category: &str) {
    leaving: from.to_owned(),
    entering: to.to_owned(),
    category: category.to_owned(),
});
input!(transition_effect(from: &str, to: &str, category: &str) {
    leaving: from.to_owned(),
    entering: to.to_owned(),
    category: category.to_owned(),
});
input!(assign_select(agents: &[AgentView], teams: &[(String, Id)]) {
    agents: agents.iter().map(agent).collect(),
    teams: teams
        .iter()
        .map(|(code, id)| wit::assign_select::Team {
            code: code.clone(),
            id: id.to_string(),
        })
        .collect(),
});
input!(sla_select(levels: &[LevelView]) {
    levels: levels
        .iter()
        .map(|level| wit::sla_select::Level {
            id: level.id.to_string(),
            code: level.code.clone(),
        })
        .collect(),
});
input!(survey_done(address: Option<&str>, asked_before: i64) {
    address: address.map(str::to_owned),
    asked_before: asked_before,
});
input!(survey_reply(
    template: &str,
    score: Option<i64>,
    scale: i64,
    comment: &str,
    answers: &[SurveyAnswer]
) {
    template: template.to_owned(),
    score: score,
    scale: scale,
    comment: comment.to_owned(),
    answers: answers
        .iter()
        .map(|answer| wit::survey_reply::Answer {
            question: answer.question.clone(),
            score: answer.score,
            text: answer.text.clone(),
        })
        .collect(),
});
input!(schedule_fire(name: &str, data: &str) {
    name: name.to_owned(),
    data: data.to_owned(),
});

fn agent(agent: &AgentView) -> wit::assign_select::Agent {
    wit::assign_select::Agent {
        id: agent.id.to_string(),
        code: agent.code.clone(),
        name: agent.name.clone(),
        team: agent.team.map(|id| id.to_string()),
        team_code: agent.team_code.clone(),
        skills: agent.skills.clone(),
        load: agent.load,
    }
}
