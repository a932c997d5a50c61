//! Methods of `c` that refuse and that ask the engine to act. Each notes the place of its call.

use rhai::{Dynamic, Engine, Map, NativeCallContext};

use super::context::Context;
use super::convert::kind_of;
use super::methods::{act, json, kind, permit, spot, value, weight, who, words};
use super::time::{At, Span};
use super::{Answer, refuse};
use crate::domain::entry::Visibility;
use crate::domain::{Id, Instant, Value};
use crate::hooks::{Because, Effect, Refusal};

pub(super) fn register(engine: &mut Engine) {
    refusals(engine);
    fields(engine);
    entries(engine);
    records(engine);
    timers(engine);
    messages(engine);
    processes(engine);
}

fn refusals(engine: &mut Engine) {
    fn deny(
        ctx: &NativeCallContext<'_>,
        c: &Context,
        name: &str,
        field: Option<&str>,
        (code, text): (&str, &Dynamic),
    ) -> Answer<()> {
        permit(c, name)?;
        let refusal = Refusal {
            code: code.to_owned(),
            message: words(c, text)?,
            field: field.map(str::to_owned),
            spot: spot(ctx),
        };
        c.build(|b| b.refuse(c.limits(), refusal))
    }
    engine
        .register_fn(
            "deny",
            |ctx: NativeCallContext<'_>, c: &mut Context, code: &str, text: Dynamic| {
                deny(&ctx, c, "deny", None, (code, &text))
            },
        )
        .register_fn(
            "deny_field",
            |ctx: NativeCallContext<'_>,
             c: &mut Context,
             field: &str,
             code: &str,
             text: Dynamic| { deny(&ctx, c, "deny_field", Some(field), (code, &text)) },
        )
        .register_fn(
            "because",
            |ctx: NativeCallContext<'_>, c: &mut Context, code: &str, text: Dynamic| {
                let reason = Because {
                    code: code.to_owned(),
                    text: words(c, &text)?,
                    spot: spot(&ctx),
                };
                c.build(|b| b.because(c.limits(), reason))
            },
        );
}

fn fields(engine: &mut Engine) {
    engine
        .register_fn(
            "set",
            |ctx: NativeCallContext<'_>, c: &mut Context, field: &str, given: Dynamic| {
                let value = value(c, field, &given)?;
                // A value has the limits of its field; here only its size counts.
                let bytes = value.as_ref().map_or(0, weight);
                c.build(|b| b.add(c.limits(), bytes))?;
                let effect = Effect::Set {
                    field: field.to_owned(),
                    value,
                };
                act(&ctx, c, "set", &[field], effect)
            },
        )
        .register_fn(
            "unset",
            |ctx: NativeCallContext<'_>, c: &mut Context, field: &str| {
                let effect = Effect::Set {
                    field: field.to_owned(),
                    value: None,
                };
                act(&ctx, c, "unset", &[field], effect)
            },
        );
}

fn entries(engine: &mut Engine) {
    fn comment(
        ctx: &NativeCallContext<'_>,
        c: &Context,
        name: &str,
        visibility: Visibility,
        text: &Dynamic,
    ) -> Answer<()> {
        let text = words(c, text)?;
        let effect = Effect::Comment {
            visibility,
            text: text.clone(),
        };
        act(ctx, c, name, &[&text], effect)
    }
    engine
        .register_fn(
            "comment",
            |ctx: NativeCallContext<'_>, c: &mut Context, text: Dynamic| {
                comment(&ctx, c, "comment", Visibility::Public, &text)
            },
        )
        .register_fn(
            "comment_internal",
            |ctx: NativeCallContext<'_>, c: &mut Context, text: Dynamic| {
                comment(&ctx, c, "comment_internal", Visibility::Internal, &text)
            },
        )
        .register_fn(
            "tag",
            |ctx: NativeCallContext<'_>, c: &mut Context, label: &str| {
                act(&ctx, c, "tag", &[label], Effect::Tag(label.to_owned()))
            },
        )
        .register_fn(
            "untag",
            |ctx: NativeCallContext<'_>, c: &mut Context, label: &str| {
                act(&ctx, c, "untag", &[label], Effect::Untag(label.to_owned()))
            },
        );
}

fn records(engine: &mut Engine) {
    engine
        .register_fn(
            "transition",
            |ctx: NativeCallContext<'_>, c: &mut Context, to: &str| {
                act(
                    &ctx,
                    c,
                    "transition",
                    &[to],
                    Effect::Transition { to: to.to_owned() },
                )
            },
        )
        .register_fn(
            "assign",
            |ctx: NativeCallContext<'_>, c: &mut Context, agent: Dynamic| {
                let agent = who(&agent, "an agent")?;
                let effect = Effect::Assign {
                    agent: Some(agent.clone()),
                    team: None,
                };
                act(&ctx, c, "assign", &[&agent], effect)
            },
        )
        .register_fn(
            "assign_team",
            |ctx: NativeCallContext<'_>, c: &mut Context, team: Dynamic| {
                let team = who(&team, "a team")?;
                let effect = Effect::Assign {
                    agent: None,
                    team: Some(team.clone()),
                };
                act(&ctx, c, "assign_team", &[&team], effect)
            },
        )
        .register_fn("create", create)
        .register_fn(
            "create",
            |ctx: NativeCallContext<'_>,
             c: &mut Context,
             kind: &str,
             type_code: Dynamic,
             fields: Map| { create(ctx, c, kind, type_code, fields, "") },
        )
        .register_fn(
            "link",
            |ctx: NativeCallContext<'_>,
             c: &mut Context,
             relation: &str,
             to_kind: &str,
             to: Dynamic| {
                let Ok(to) = who(&to, "a record")?.parse::<Id>() else {
                    return refuse("`link` takes the id of the other record");
                };
                let effect = Effect::Link {
                    relation: relation.to_owned(),
                    kind: kind(to_kind)?,
                    to,
                };
                act(&ctx, c, "link", &[relation], effect)
            },
        );
}

fn create(
    ctx: NativeCallContext<'_>,
    c: &mut Context,
    of: &str,
    type_code: Dynamic,
    fields: Map,
    relation: &str,
) -> Answer<()> {
    permit(c, "create")?;
    let type_code = match type_code.as_immutable_string_ref() {
        Ok(code) => Some(code.to_string()),
        Err(_) if type_code.is_unit() => None,
        Err(_) => return refuse("the type of a new record is a code, or `()` for none"),
    };
    let effect = Effect::Create {
        kind: kind(of)?,
        type_code,
        fields: fields_of(c, &fields)?,
        relation: relation.to_owned(),
    };
    act(&ctx, c, "create", &[relation], effect)
}

/// The values of a map by field; those that are `()` are left out.
pub(super) fn fields_of(c: &Context, map: &Map) -> Answer<Vec<(String, Value)>> {
    let mut values = Vec::with_capacity(map.len());
    let mut bytes = 0;
    for (name, given) in map {
        if let Some(v) = value(c, name, given)? {
            bytes += name.len() + weight(&v);
            values.push((name.to_string(), v));
        }
    }
    c.build(|b| b.add(c.limits(), bytes))?;
    Ok(values)
}

fn timers(engine: &mut Engine) {
    fn due(c: &Context, given: &Dynamic) -> Answer<Instant> {
        if let Some(at) = given.read_lock::<At>() {
            return Ok(at.0);
        }
        if let Some(after) = given.read_lock::<Span>() {
            let by = chrono::TimeDelta::try_seconds(after.0);
            let at = by.and_then(|by| c.call().now.checked_add_signed(by));
            return at.map_or_else(|| refuse("the timer is beyond the calendar"), Ok);
        }
        refuse(format!(
            "a timer is due at an instant or after a duration such as `hours(2)`, not at {}",
            kind_of(given)
        ))
    }
    fn schedule(
        ctx: &NativeCallContext<'_>,
        c: &Context,
        name: &str,
        at: &Dynamic,
        data: &Dynamic,
    ) -> Answer<()> {
        let data = json(c, data)?;
        let effect = Effect::Schedule {
            name: name.to_owned(),
            at: due(c, at)?,
            data: data.clone(),
        };
        act(ctx, c, "schedule", &[name, &data], effect)
    }
    engine
        .register_fn(
            "schedule",
            |ctx: NativeCallContext<'_>,
             c: &mut Context,
             name: &str,
             at: Dynamic,
             data: Dynamic| { schedule(&ctx, c, name, &at, &data) },
        )
        .register_fn(
            "schedule",
            |ctx: NativeCallContext<'_>, c: &mut Context, name: &str, at: Dynamic| {
                schedule(&ctx, c, name, &at, &Dynamic::UNIT)
            },
        )
        .register_fn(
            "unschedule",
            |ctx: NativeCallContext<'_>, c: &mut Context, name: &str| {
                let effect = Effect::Unschedule {
                    name: name.to_owned(),
                };
                act(&ctx, c, "unschedule", &[name], effect)
            },
        );
}

fn messages(engine: &mut Engine) {
    engine
        .register_fn(
            "notify",
            |ctx: NativeCallContext<'_>,
             c: &mut Context,
             to: &str,
             channel: &str,
             subject: Dynamic,
             text: Dynamic| {
                let (subject, text) = (words(c, &subject)?, words(c, &text)?);
                let effect = Effect::Notify {
                    to: to.to_owned(),
                    channel: channel.to_owned(),
                    subject: subject.clone(),
                    text: text.clone(),
                };
                act(&ctx, c, "notify", &[to, &subject, &text], effect)
            },
        )
        .register_fn(
            "webhook",
            |ctx: NativeCallContext<'_>, c: &mut Context, name: &str, data: Dynamic| {
                let body = json(c, &data)?;
                let effect = Effect::Webhook {
                    name: name.to_owned(),
                    body: body.clone(),
                };
                act(&ctx, c, "webhook", &[name, &body], effect)
            },
        );
}

/// Steps of the process and tasks of the plan: what the contract carries as a name and data.
fn processes(engine: &mut Engine) {
    fn custom(
        ctx: &NativeCallContext<'_>,
        c: &Context,
        (name, kind): (&str, &str),
        data: Map,
    ) -> Answer<()> {
        let data = json(c, &Dynamic::from_map(data))?;
        let effect = Effect::Custom {
            kind: kind.to_owned(),
            data: data.clone(),
        };
        act(ctx, c, name, &[&data], effect)
    }
    fn step(
        ctx: &NativeCallContext<'_>,
        c: &Context,
        name: &str,
        step: &'static str,
        mut data: Map,
    ) -> Answer<()> {
        data.insert("step".into(), step.into());
        custom(ctx, c, (name, "process"), data)
    }
    fn named(key: &str, value: &str) -> Map {
        Map::from([(key.into(), value.to_owned().into())])
    }
    engine
        .register_fn(
            "start_process",
            |ctx: NativeCallContext<'_>, c: &mut Context, process: &str| {
                step(&ctx, c, "start_process", "start", named("process", process))
            },
        )
        .register_fn(
            "complete_stage",
            |ctx: NativeCallContext<'_>, c: &mut Context, result: Dynamic| {
                let result = words(c, &result)?;
                let data = named("result", &result);
                step(&ctx, c, "complete_stage", "complete", data)
            },
        )
        .register_fn(
            "go_to_stage",
            |ctx: NativeCallContext<'_>, c: &mut Context, stage: &str, result: Dynamic| {
                let mut data = named("to", stage);
                data.insert("result".into(), words(c, &result)?.into());
                step(&ctx, c, "go_to_stage", "complete", data)
            },
        )
        .register_fn(
            "decide_stage",
            |ctx: NativeCallContext<'_>, c: &mut Context, answer: &str, result: Dynamic| {
                let mut data = named("answer", answer);
                data.insert("result".into(), words(c, &result)?.into());
                step(&ctx, c, "decide_stage", "decide", data)
            },
        )
        .register_fn(
            "plan",
            |ctx: NativeCallContext<'_>, c: &mut Context, task: Map| {
                custom(&ctx, c, ("plan", "plan"), task)
            },
        )
        .register_fn(
            "end_task",
            |ctx: NativeCallContext<'_>,
             c: &mut Context,
             key: &str,
             state: &str,
             result: Dynamic| {
                let mut data = named("auto_key", key);
                data.insert("end".into(), state.to_owned().into());
                if !result.is_unit() {
                    data.insert("result".into(), words(c, &result)?.into());
                }
                custom(&ctx, c, ("end_task", "plan"), data)
            },
        );
}
