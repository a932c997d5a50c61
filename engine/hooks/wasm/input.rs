//! What plugins get.

use std::collections::BTreeMap;

use super::bindings::guest as wit;
use super::bindings::types::Value as WitValue;
use super::values::to_wit;
use crate::domain::{Id, Kind, Value};
use crate::hooks::{AgentView, Call, ClockView, EntryView, LevelView, NoticeView, SurveyAnswer};

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

/// Names of fields as the call's pack knows them.
pub(super) fn named(call: &Call, fields: &[String]) -> Vec<String> {
    let taken = |bare: &str| call.record.fields.contains_key(bare);
    let names = fields.iter().map(|name| own_name(&call.pack, name, taken));
    names.map(str::to_owned).collect()
}

fn options(call: &Call) -> Vec<(String, WitValue)> {
    call.options
        .iter()
        .map(|(name, value)| (name.clone(), to_wit(value)))
        .collect()
}

macro_rules! entry {
    ($module:ident, $entry:expr) => {
        wit::$module::Entry {
            id: $entry.id.to_string(),
            at: $entry.at.timestamp_micros(),
            form: $entry.form.to_owned(),
            author: $entry.author.clone(),
            channel: $entry.channel.clone(),
            direction: $entry.direction.to_owned(),
            visibility: $entry.visibility.to_owned(),
            subject: $entry.subject.clone(),
            text: $entry.text.clone(),
        }
    };
}

macro_rules! clock {
    ($module:ident, $clock:expr) => {
        wit::$module::Clock {
            name: $clock.clock.clone(),
            state: $clock.state.to_owned(),
            due_at: $clock.due_at.timestamp_micros(),
            breached: $clock.breached,
        }
    };
}

/// Makes the input of one hook: the common part, and the members that are its own.
macro_rules! input {
    ($module:ident ($($arg:ident: $ty:ty),*) { $($field:ident: $value:expr),* $(,)? }) => {
        pub(in crate::hooks::wasm) fn $module(call: &Call, $($arg: $ty),*) -> wit::$module::Input {
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
                asked: named(call, &call.asked),
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

mod work;
pub(super) use self::work::*;

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

input!(field_compute() {});
input!(interaction_event(recorded: &EntryView) {
    entry: entry!(interaction_event, recorded),
});
input!(sla_clock(event: &str, recorded: Option<&EntryView>, clocks: &[ClockView]) {
    event: event.to_owned(),
    entry: recorded.map(|e| entry!(sla_clock, e)),
    clocks: clocks.iter().map(|c| clock!(sla_clock, c)).collect(),
});
input!(sla_event(event: &str, passed: &ClockView) {
    event: event.to_owned(),
    clock: clock!(sla_event, passed),
});
input!(record_changed(command: &str, changes: Vec<String>) {
    command: command.to_owned(),
    changes: changes,
});
input!(action_run(name: &str, arguments: &str) {
    name: name.to_owned(),
    arguments: arguments.to_owned(),
});
input!(notify_compose(asked: &NoticeView) {
    notice: wit::notify_compose::Notice {
        source: asked.source.clone(),
        to: asked.to.clone(),
        address: asked.address.clone(),
        channel: asked.channel.clone(),
        locale: asked.locale.clone(),
        subject: asked.subject.clone(),
        text: asked.text.clone(),
    },
});
input!(access_filter(kind: Kind) {
    kind: kind.name().to_owned(),
});

fn agent(agent: &AgentView) -> wit::assign_select::Agent {
    wit::assign_select::Agent {
        id: agent.id.to_string(),
        code: agent.code.clone(),
        name: agent.name.to_string(),
        team: agent.team.map(|id| id.to_string()),
        team_code: agent.team_code.clone(),
        skills: agent.skills.clone(),
        load: agent.load,
    }
}
