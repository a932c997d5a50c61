//! The functions of `c`, the hooks that may call them, and what those that decide share.

use rhai::{Dynamic, NativeCallContext};

use super::context::Context;
use super::convert::{from_script, json_of, kind_of};
use super::fault::closest;
use super::views::{AgentItem, LevelItem, RecordItem, TeamItem};
use super::{Answer, refuse};
use crate::domain::{Kind, Value};
use crate::hooks::{Effect, Hook, Spot};

/// A function that scripts call on `c`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// Name.
    pub name: &'static str,
    /// Arguments, as documentation and error messages show them.
    pub arguments: &'static str,
    /// Hooks that may call it; none: every hook.
    pub hooks: &'static [Hook],
}

const REFUSE: &[Hook] = &[
    Hook::RecordValidate,
    Hook::TransitionGuard,
    Hook::ActionRun,
    Hook::PackLifecycle,
    Hook::ConfigGuard,
    Hook::IntakeRoute,
    Hook::ProcessStep,
];
/// Where no record is, no field is to blame.
const REFUSE_FIELD: &[Hook] = &[
    Hook::RecordValidate,
    Hook::TransitionGuard,
    Hook::ActionRun,
    Hook::IntakeRoute,
    Hook::ProcessStep,
];
const SET: &[Hook] = &[
    Hook::RecordDefaults,
    Hook::FieldCompute,
    Hook::TransitionEffect,
    Hook::ScheduleFire,
    Hook::SurveyLogic,
    Hook::InteractionEvent,
    Hook::SlaEvent,
    Hook::RecordChanged,
    Hook::ActionRun,
    Hook::IntakeRoute,
    Hook::ProcessStep,
    Hook::ContractConsume,
];
const ACT: &[Hook] = &[
    Hook::TransitionEffect,
    Hook::ScheduleFire,
    Hook::SurveyLogic,
    Hook::InteractionEvent,
    Hook::SlaEvent,
    Hook::RecordChanged,
    Hook::ActionRun,
    Hook::IntakeRoute,
    Hook::ProcessStep,
    Hook::ContractConsume,
];
/// A pack that is installed has no record to act on, but may bring some.
const CREATE: &[Hook] = &[
    Hook::TransitionEffect,
    Hook::ScheduleFire,
    Hook::SurveyLogic,
    Hook::InteractionEvent,
    Hook::SlaEvent,
    Hook::RecordChanged,
    Hook::ActionRun,
    Hook::IntakeRoute,
    Hook::ProcessStep,
    Hook::ContractConsume,
    Hook::PackLifecycle,
];
const MATCH: &[Hook] = &[Hook::IntakeMatch];
const ROUTE: &[Hook] = &[Hook::IntakeRoute];
const STEP: &[Hook] = &[Hook::ProcessStep];
const CONSUME: &[Hook] = &[Hook::ContractConsume];
const INDEX: &[Hook] = &[Hook::SearchDocument];
const RANK: &[Hook] = &[Hook::SearchRank];
const PERFORM: &[Hook] = &[Hook::AssignSelect, Hook::ProcessStep];
const CLOCK: &[Hook] = &[Hook::SlaClock];
const NOTICE: &[Hook] = &[Hook::NotifyCompose];
const ACCESS: &[Hook] = &[Hook::AccessFilter];
const ACTION: &[Hook] = &[Hook::ActionRun];
const FORM: &[Hook] = &[Hook::FormRules];
const ASSIGN: &[Hook] = &[Hook::AssignSelect];
const LEVEL: &[Hook] = &[Hook::SlaSelect];
const SURVEY: &[Hook] = &[Hook::SurveyLogic];
const ANY: &[Hook] = &[];

/// Every function of `c`.
#[must_use]
pub fn methods() -> &'static [Method] {
    const fn m(name: &'static str, arguments: &'static str, hooks: &'static [Hook]) -> Method {
        Method {
            name,
            arguments,
            hooks,
        }
    }
    const ALL: [Method; 94] = [
        m("deny", "code, text", REFUSE),
        m("deny_field", "field, code, text", REFUSE_FIELD),
        m("set", "field, value", SET),
        m("unset", "field", SET),
        m("transition", "status", ACT),
        m("assign", "agent", ACT),
        m("assign_team", "team", ACT),
        m("comment", "text", ACT),
        m("comment_internal", "text", ACT),
        m("create", "kind, type, #{field: value}, relation", CREATE),
        m("link", "relation, kind, id", ACT),
        m("tag", "label", ACT),
        m("untag", "label", ACT),
        m("schedule", "name, instant or duration, data", ACT),
        m("unschedule", "name", ACT),
        m("start_process", "process", ACT),
        m("complete_stage", "result", ACT),
        m("go_to_stage", "stage, result", ACT),
        m("decide_stage", "answer, result", ACT),
        m(
            "plan",
            "#{title, due_at, auto_key, supersede, checklist}",
            ACT,
        ),
        m("end_task", "key, state, result", ACT),
        m("notify", "to, channel, subject, text", ACT),
        m("webhook", "name, data", ACT),
        m("show", "field", FORM),
        m("hide", "field", FORM),
        m("require", "field", FORM),
        m("optional", "field", FORM),
        m("lock", "field", FORM),
        m("unlock", "field", FORM),
        m("offer", "field, [option]", FORM),
        m("advise", "field, text", FORM),
        m("choose_agent", "agent, reason", PERFORM),
        m("choose_team", "team, reason", PERFORM),
        m("choose_level", "level, reason", LEVEL),
        m(
            "ask",
            "#{template, channel, delay, valid, scale, subject, text}",
            SURVEY,
        ),
        m("skip", "reason", SURVEY),
        m("means", "code", SURVEY),
        m("means_weighted", "code, hundredths", SURVEY),
        m("clock_start", "clock", CLOCK),
        m("clock_pause", "clock", CLOCK),
        m("clock_resume", "clock", CLOCK),
        m("clock_meet", "clock", CLOCK),
        m("clock_cancel", "clock", CLOCK),
        m("clock_extend", "clock, duration", CLOCK),
        m("clock_of", "clock", CLOCK),
        m("compose", "#{to, channel, subject, text, html}", NOTICE),
        m("template", "name, #{name: value}", NOTICE),
        m("suppress", "reason", NOTICE),
        m("only", "condition", ACCESS),
        m("mask", "field", ACCESS),
        m("argument", "name, default", ACTION),
        m("result", "#{name: value}", ACTION),
        m("match_key", "#{kind, field, value, mode, weight}", MATCH),
        m("match_only", "", MATCH),
        m("match_all", "truth value", MATCH),
        m("match_limit", "number", MATCH),
        m("match_text", "field", MATCH),
        m("route_create", "kind, type, #{field: value}", ROUTE),
        m("route_attach", "record", ROUTE),
        m("route_decline", "reason", ROUTE),
        m("route_party", "kind, #{field: value}", ROUTE),
        m("next_stage", "stage, reason", STEP),
        m("next_status", "status, reason", STEP),
        m("consume_amount", "amount, reason", CONSUME),
        m("consume_over", "word, reason", CONSUME),
        m("index_text", "text", INDEX),
        m("index_internal", "text", INDEX),
        m("rank_section", "section, factor", RANK),
        m("rank_value", "field, value, factor", RANK),
        m("rank_freshness", "half-life, weight", RANK),
        m("rank_votes", "weight", RANK),
        m("differs", "name", &[Hook::ConfigGuard]),
        m("because", "code, text", ANY),
        m("asked", "field", ANY),
        m("changed", "field", ANY),
        m("option", "name, default", ANY),
        m("code", "name", ANY),
        m("type_is", "type", ANY),
        m("status_is", "status", ANY),
        m("stage_is", "stage", ANY),
        m(
            "from_is",
            "status",
            &[Hook::TransitionGuard, Hook::TransitionEffect],
        ),
        m(
            "to_is",
            "status",
            &[Hook::TransitionGuard, Hook::TransitionEffect],
        ),
        m("text", "key or words, #{name: value}", ANY),
        m("text_in", "locale, key or words, #{name: value}", ANY),
        m("agents_with", "skill", ASSIGN),
        m("agents_in", "team code", ASSIGN),
        m("least_loaded", "[agent]", ASSIGN),
        m("has_team", "team code", ASSIGN),
        m("has_level", "level code", LEVEL),
        m("is_reply", "", SURVEY),
        m("answer", "question", SURVEY),
        m("has", "field", ANY),
        m("has_skill", "skill", ASSIGN),
        m("format_in", "time zone, pattern", ANY),
    ];
    &ALL
}

/// Where the running function was called.
pub(super) fn spot(ctx: &NativeCallContext<'_>) -> Spot {
    let at = ctx.call_position();
    Spot {
        line: super::fault::number(at.line().unwrap_or(0)),
        column: super::fault::number(super::fault::column(at)),
    }
}

/// Refuses a method that the hook may not use.
pub(super) fn permit(c: &Context, name: &str) -> Answer<()> {
    let hook = c.call().hook;
    let allowed = methods().iter().find(|m| m.name == name).map(|m| m.hooks);
    match allowed {
        Some(hooks) if hooks.is_empty() || hooks.contains(&hook) => Ok(()),
        Some(hooks) => {
            let names: Vec<&str> = hooks.iter().map(|h| h.name()).collect();
            refuse(format!(
                "{hook} may not use `{name}`; it is for {}",
                names.join(", ")
            ))
        }
        None => refuse(format!("`{name}` is not a method of this engine")),
    }
}

/// Adds an effect whose texts are `texts`.
pub(super) fn act(
    ctx: &NativeCallContext<'_>,
    c: &Context,
    name: &str,
    texts: &[&str],
    effect: Effect,
) -> Answer<()> {
    permit(c, name)?;
    let at = spot(ctx);
    c.build(|b| {
        b.weigh(c.limits(), texts)?;
        b.effect(c.limits(), effect, at)
    })
}

/// Words in the language of the actor.
pub(super) fn words(c: &Context, given: &Dynamic) -> Answer<String> {
    c.words(&c.call().actor.locale, given)
}

pub(super) fn value(c: &Context, field: &str, given: &Dynamic) -> Answer<Option<Value>> {
    from_script(given, c.limits().data_depth)
        .or_else(|why| refuse(format!("value of `{field}`: {why}")))
}

pub(super) fn json(c: &Context, given: &Dynamic) -> Answer<String> {
    json_of(given, c.limits().data_depth).map_or_else(refuse, |j| Ok(j.to_string()))
}

pub(super) fn kind(name: &str) -> Answer<Kind> {
    Kind::named(name).map_or_else(
        || {
            let near = closest(name, Kind::ALL.into_iter().map(Kind::name));
            refuse(near.map_or_else(
                || format!("there is no kind of record `{name}`"),
                |n| format!("there is no kind of record `{name}`; did you mean `{n}`?"),
            ))
        },
        Ok,
    )
}

/// An agent, team, level or record: an object of the hook, or its id or code.
pub(super) fn who(given: &Dynamic, what: &str) -> Answer<String> {
    if let Ok(text) = given.as_immutable_string_ref() {
        return Ok(text.to_string());
    }
    if let Some(a) = given.read_lock::<AgentItem>() {
        return Ok(a.0.id.to_string());
    }
    if let Some(t) = given.read_lock::<TeamItem>() {
        return Ok(t.id.to_string());
    }
    if let Some(l) = given.read_lock::<LevelItem>() {
        return Ok(l.0.id.to_string());
    }
    if let Some(r) = given.read_lock::<RecordItem>() {
        return Ok(r.view.id.to_string());
    }
    refuse(format!(
        "expected {what} or its code, not {}",
        kind_of(given)
    ))
}

/// About how many bytes a value takes in a decision.
pub(super) fn weight(value: &Value) -> usize {
    match value {
        Value::Text(s) | Value::Json(s) => s.len(),
        Value::List(items) => items.iter().map(weight).sum(),
        _ => 16,
    }
}
