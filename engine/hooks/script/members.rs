//! What members of `c` answer.

use std::sync::Arc;

use rhai::{Array, Dynamic, Engine};

use super::context::Context;
use super::convert::json_to_script;
use super::fault::closest;
use super::time::At;
use super::views::{Actor, AgentItem, AnswerItem, Options, Related, TeamItem};
use super::{Answer, member, refuse};
use crate::hooks::Detail;

pub(super) fn register(engine: &mut Engine) {
    common(engine);
    questions(engine);
    transition_and_choices(engine);
    survey_and_timer(engine);
}

fn common(engine: &mut Engine) {
    engine
        .register_type_with_name::<Context>("Hook")
        .register_indexer_get(unknown)
        .register_get("record", |c: &mut Context| {
            let hook = c.call().hook;
            if hook.has_record() {
                return Ok(c.item(&c.call().record));
            }
            refuse(format!("{hook} is about no record: there is no `c.record`"))
        })
        .register_get("before", |c: &mut Context| {
            let before = c.call().before.as_ref();
            before.map_or(Dynamic::UNIT, |b| Dynamic::from(c.item(b)))
        })
        .register_get("is_new", |c: &mut Context| c.call().before.is_none())
        .register_get("related", |c: &mut Context| Related {
            pack: c.call().pack.clone(),
            records: c.call().related.clone(),
        })
        .register_get("options", |c: &mut Context| {
            Options(c.call().options.clone())
        })
        .register_get("now", |c: &mut Context| At(c.call().now))
        .register_get("actor", |c: &mut Context| Actor(c.call().actor.clone()))
        .register_get("locale", |c: &mut Context| c.call().actor.locale.clone())
        .register_get("hook", |c: &mut Context| c.call().hook.name())
        .register_get("pack", |c: &mut Context| c.call().pack.to_string());
}

fn unknown(_: &mut Context, name: &str) -> Answer<Dynamic> {
    if super::methods().iter().any(|m| m.name == name) {
        return refuse(format!(
            "`{name}` is called with parentheses: `c.{name}(…)`"
        ));
    }
    match closest(name, member::names()) {
        Some(near) => refuse(format!(
            "`c` has no member `{name}`; did you mean `{near}`?"
        )),
        None => refuse(format!(
            "`c` has no member `{name}`; fields of the record are read as `c.record.{name}`"
        )),
    }
}

fn questions(engine: &mut Engine) {
    engine
        .register_fn("asked", |c: &mut Context, field: &str| c.asked(field))
        .register_fn("changed", |c: &mut Context, field: &str| c.changed(field))
        .register_fn("option", |c: &mut Context, name: &str, default: Dynamic| {
            let value = c.call().options.get(name);
            value.map_or(default, super::convert::to_script)
        })
        .register_fn("code", |c: &mut Context, name: &str| c.full(name))
        .register_fn("type_is", |c: &mut Context, name: &str| {
            c.field_is("type", name)
        })
        .register_fn("status_is", |c: &mut Context, name: &str| {
            c.field_is("status", name)
        })
        .register_fn("stage_is", |c: &mut Context, name: &str| {
            c.field_is("stage", name)
        })
        .register_fn("from_is", |c: &mut Context, name: &str| -> Answer<bool> {
            let (from, ..) = c.transition("from_is")?;
            Ok(from == name || from == c.full(name))
        })
        .register_fn("to_is", |c: &mut Context, name: &str| -> Answer<bool> {
            let (_, to, _) = c.transition("to_is")?;
            Ok(to == name || to == c.full(name))
        });
}

fn transition_and_choices(engine: &mut Engine) {
    engine
        .register_get("from", |c: &mut Context| -> Answer<String> {
            Ok(c.transition("from")?.0.to_owned())
        })
        .register_get("to", |c: &mut Context| -> Answer<String> {
            Ok(c.transition("to")?.1.to_owned())
        })
        .register_get("to_category", |c: &mut Context| -> Answer<String> {
            Ok(c.transition("to_category")?.2.to_owned())
        })
        .register_get("agents", |c: &mut Context| {
            c.agents_where("agents", |_| true)
        })
        .register_fn("agents_with", |c: &mut Context, skill: &str| {
            c.agents_where("agents_with", |a| a.skills.iter().any(|s| s == skill))
        })
        .register_fn("agents_in", |c: &mut Context, team: &str| {
            c.agents_where("agents_in", |a| a.team_code == team)
        })
        .register_fn("least_loaded", least_loaded)
        .register_get("teams", |c: &mut Context| -> Answer<Dynamic> {
            let teams = c.teams("teams")?.iter();
            c.list(
                "teams",
                teams.map(|(code, id)| {
                    Dynamic::from(TeamItem {
                        code: code.as_str().into(),
                        id: *id,
                    })
                }),
            )
        })
        .register_fn("has_team", |c: &mut Context, code: &str| -> Answer<bool> {
            Ok(c.teams("has_team")?.iter().any(|(t, _)| t == code))
        })
        .register_get("levels", |c: &mut Context| c.level_items())
        .register_fn("has_level", |c: &mut Context, code: &str| -> Answer<bool> {
            Ok(c.levels("has_level")?.iter().any(|l| l.code == code))
        });
}

/// The agent with the fewest open tickets, the first among equals; `()` for an empty list.
fn least_loaded(_: &mut Context, agents: Array) -> Answer<Dynamic> {
    let mut best: Option<AgentItem> = None;
    for item in agents {
        let Some(agent) = item.try_cast::<AgentItem>() else {
            return refuse("`least_loaded` takes a list of agents such as `c.agents`");
        };
        let better = best.as_ref().is_none_or(|b| agent.0.load < b.0.load);
        if better {
            best = Some(agent);
        }
    }
    Ok(best.map_or(Dynamic::UNIT, Dynamic::from))
}

fn survey_and_timer(engine: &mut Engine) {
    engine
        .register_get("address", |c: &mut Context| match &c.call().detail {
            Detail::SurveyDone { address, .. } => Ok(address
                .as_ref()
                .map_or(Dynamic::UNIT, |a| a.as_str().into())),
            _ => c.elsewhere("address", "survey.logic of a record that is done"),
        })
        .register_get("asked_before", |c: &mut Context| match c.call().detail {
            Detail::SurveyDone { asked_before, .. } => Ok(asked_before),
            _ => c.elsewhere("asked_before", "survey.logic of a record that is done"),
        })
        .register_fn("is_reply", |c: &mut Context| {
            matches!(c.call().detail, Detail::SurveyReply { .. })
        })
        .register_get("timer", |c: &mut Context| match &c.call().detail {
            Detail::Timer { name, .. } => Ok(name.clone()),
            _ => c.elsewhere("timer", "schedule.fire"),
        })
        .register_get("data", |c: &mut Context| match &c.call().detail {
            Detail::Timer { data, .. } => Ok(json_to_script(data)),
            _ => c.elsewhere("data", "schedule.fire"),
        });
    reply(engine);
}

fn reply(engine: &mut Engine) {
    const REPLY: &str = "survey.logic of a reply";
    engine
        .register_get("template", |c: &mut Context| match &c.call().detail {
            Detail::SurveyReply { template, .. } => Ok(template.clone()),
            _ => c.elsewhere("template", REPLY),
        })
        .register_get("score", |c: &mut Context| match c.call().detail {
            Detail::SurveyReply { score, .. } => Ok(score.map_or(Dynamic::UNIT, Dynamic::from)),
            _ => c.elsewhere("score", REPLY),
        })
        .register_get("scale", |c: &mut Context| match c.call().detail {
            Detail::SurveyReply { scale, .. } => Ok(scale),
            _ => c.elsewhere("scale", REPLY),
        })
        .register_get("comment", |c: &mut Context| match &c.call().detail {
            Detail::SurveyReply { comment, .. } => Ok(comment.clone()),
            _ => c.elsewhere("comment", REPLY),
        })
        .register_get("answers", |c: &mut Context| match &c.call().detail {
            Detail::SurveyReply { answers, .. } => c.list(
                "answers",
                answers
                    .iter()
                    .map(|a| Dynamic::from(AnswerItem(Arc::new(a.clone())))),
            ),
            _ => c.elsewhere("answers", REPLY),
        })
        .register_fn("answer", |c: &mut Context, code: &str| {
            match &c.call().detail {
                Detail::SurveyReply { answers, .. } => Ok(answers
                    .iter()
                    .find(|a| a.question == code)
                    .map_or(Dynamic::UNIT, |a| {
                        Dynamic::from(AnswerItem(Arc::new(a.clone())))
                    })),
                _ => c.elsewhere("answer", REPLY),
            }
        });
}
