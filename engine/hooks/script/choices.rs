//! Methods of `c` for forms, choices and surveys. Each notes the place of its call.

use rhai::{Array, Dynamic, Engine, Map, NativeCallContext};

use super::context::Context;
use super::convert::kind_of;
use super::fault::closest;
use super::methods::{permit, spot, who, words};
use super::time::Span;
use super::{Answer, refuse};
use crate::hooks::{AssignChoice, Detail, LevelChoice, SurveyAsk, SurveyOutcome};

/// How long a survey takes answers when the rule does not say: 14 days.
const VALID_SECS: i64 = 14 * 86_400;
/// Greatest scale of a survey.
const MAX_SCALE: i64 = 100;

pub(super) fn register(engine: &mut Engine) {
    form(engine);
    choices(engine);
    surveys(engine);
}

fn form(engine: &mut Engine) {
    type Change = fn(&mut crate::hooks::FieldRule);
    const SIMPLE: [(&str, Change); 6] = [
        ("show", |r| r.visible = Some(true)),
        ("hide", |r| r.visible = Some(false)),
        ("require", |r| r.required = Some(true)),
        ("optional", |r| r.required = Some(false)),
        ("lock", |r| r.readonly = Some(true)),
        ("unlock", |r| r.readonly = Some(false)),
    ];
    for (name, change) in SIMPLE {
        engine.register_fn(
            name,
            move |ctx: NativeCallContext<'_>, c: &mut Context, field: &str| {
                permit(c, name)?;
                let at = spot(&ctx);
                c.build(|b| b.field_rule(c.limits(), field, at, change))
            },
        );
    }
    engine
        .register_fn(
            "offer",
            |ctx: NativeCallContext<'_>, c: &mut Context, field: &str, options: Array| {
                permit(c, "offer")?;
                let codes: Result<Vec<String>, _> =
                    options.into_iter().map(Dynamic::into_string).collect();
                let Ok(codes) = codes else {
                    return refuse("`offer` takes a list of codes of options");
                };
                let at = spot(&ctx);
                c.build(|b| {
                    codes
                        .iter()
                        .try_for_each(|code| b.weigh(c.limits(), &[code.as_str()]))?;
                    b.field_rule(c.limits(), field, at, |r| r.options = Some(codes))
                })
            },
        )
        .register_fn(
            "advise",
            |ctx: NativeCallContext<'_>, c: &mut Context, field: &str, text: Dynamic| {
                permit(c, "advise")?;
                let text = words(c, &text)?;
                let at = spot(&ctx);
                c.build(|b| {
                    b.weigh(c.limits(), &[&text])?;
                    b.field_rule(c.limits(), field, at, |r| r.advice = Some(text))
                })
            },
        );
}

fn choices(engine: &mut Engine) {
    engine
        .register_fn(
            "choose_agent",
            |ctx: NativeCallContext<'_>, c: &mut Context, agent: Dynamic, reason: Dynamic| {
                let agent = who(&agent, "an agent")?;
                choose(&ctx, c, "choose_agent", &reason, |choice| {
                    choice.agent = Some(agent)
                })
            },
        )
        .register_fn(
            "choose_team",
            |ctx: NativeCallContext<'_>, c: &mut Context, team: Dynamic, reason: Dynamic| {
                let team = who(&team, "a team")?;
                choose(&ctx, c, "choose_team", &reason, |choice| {
                    choice.team = Some(team)
                })
            },
        )
        .register_fn(
            "choose_level",
            |ctx: NativeCallContext<'_>, c: &mut Context, level: Dynamic, reason: Dynamic| {
                permit(c, "choose_level")?;
                let choice = LevelChoice {
                    level: who(&level, "a support level")?,
                    reason: words(c, &reason)?,
                    spot: spot(&ctx),
                };
                c.build(|b| {
                    b.weigh(c.limits(), &[&choice.reason])?;
                    b.level(choice);
                    Ok(())
                })
            },
        );
}

/// Chooses an agent or a team; both may be chosen, the later choice of each kind stands.
fn choose(
    ctx: &NativeCallContext<'_>,
    c: &Context,
    name: &str,
    reason: &Dynamic,
    change: impl FnOnce(&mut AssignChoice),
) -> Answer<()> {
    permit(c, name)?;
    let (reason, at) = (words(c, reason)?, spot(ctx));
    c.build(|b| {
        b.weigh(c.limits(), &[&reason])?;
        let choice = b.assignment();
        change(choice);
        choice.reason = reason;
        choice.spot = at;
        Ok(())
    })
}

fn surveys(engine: &mut Engine) {
    engine
        .register_fn("ask", ask)
        .register_fn(
            "skip",
            |ctx: NativeCallContext<'_>, c: &mut Context, reason: &str| {
                done(c, "skip")?;
                let skip = SurveyAsk::Skip {
                    reason: reason.to_owned(),
                    spot: spot(&ctx),
                };
                c.build(|b| {
                    b.weigh(c.limits(), &[reason])?;
                    b.ask(skip);
                    Ok(())
                })
            },
        )
        .register_fn(
            "means",
            |ctx: NativeCallContext<'_>, c: &mut Context, code: &str| {
                means(&ctx, c, "means", code, None)
            },
        )
        .register_fn(
            "means_weighted",
            |ctx: NativeCallContext<'_>, c: &mut Context, code: &str, hundredths: i64| {
                means(&ctx, c, "means_weighted", code, Some(hundredths))
            },
        );
}

/// Asking for a rating belongs to a record that is done, not to the reply.
fn done(c: &Context, name: &str) -> Answer<()> {
    permit(c, name)?;
    if matches!(c.call().detail, Detail::SurveyDone { .. }) {
        return Ok(());
    }
    refuse(format!(
        "`{name}` is for a record that is done, not for the reply: look at `c.is_reply()`"
    ))
}

fn means(
    ctx: &NativeCallContext<'_>,
    c: &Context,
    name: &str,
    code: &str,
    weighted: Option<i64>,
) -> Answer<()> {
    permit(c, name)?;
    if !matches!(c.call().detail, Detail::SurveyReply { .. }) {
        return refuse(format!(
            "`{name}` is for the reply, not for a record that is done: look at `c.is_reply()`"
        ));
    }
    let outcome = SurveyOutcome {
        meaning: code.to_owned(),
        weighted,
        spot: spot(ctx),
    };
    c.build(|b| {
        b.weigh(c.limits(), &[code])?;
        b.outcome(outcome);
        Ok(())
    })
}

fn ask(ctx: NativeCallContext<'_>, c: &mut Context, how: Map) -> Answer<()> {
    const KEYS: [&str; 7] = [
        "template", "channel", "delay", "valid", "scale", "subject", "text",
    ];
    done(c, "ask")?;
    if let Some(key) = how.keys().find(|k| !KEYS.contains(&k.as_str())) {
        let near = closest(key, KEYS.into_iter()).map(|n| format!("; did you mean `{n}`?"));
        return refuse(format!(
            "`ask` knows no `{key}`{}",
            near.unwrap_or_default()
        ));
    }
    let said = |key: &str, default: &str| match how.get(key) {
        Some(given) => words(c, given),
        None => Ok(default.to_owned()),
    };
    let send = SurveyAsk::Send {
        template: said("template", "")?,
        channel: said("channel", "mail")?,
        delay_secs: secs(how.get("delay"), 0)?,
        valid_secs: secs(how.get("valid"), VALID_SECS)?,
        scale: scale(how.get("scale"))?,
        subject: said("subject", "")?,
        text: said("text", "")?,
        spot: spot(&ctx),
    };
    if let SurveyAsk::Send { subject, text, .. } = &send {
        if !text.contains("{link}") {
            return refuse("`ask` needs a `text` with `{link}`, which stands for the address");
        }
        c.build(|b| b.weigh(c.limits(), &[subject, text]))?;
    }
    c.build(|b| {
        b.ask(send);
        Ok(())
    })
}

fn secs(given: Option<&Dynamic>, default: i64) -> Answer<i64> {
    let Some(given) = given else {
        return Ok(default);
    };
    let secs = given.read_lock::<Span>().map(|s| s.0);
    match secs.or_else(|| given.as_int().ok()) {
        Some(n) if n >= 0 => Ok(n),
        _ => refuse(format!(
            "expected a duration such as `days(3)`, not {}",
            kind_of(given)
        )),
    }
}

fn scale(given: Option<&Dynamic>) -> Answer<i64> {
    match given.map(Dynamic::as_int) {
        None => Ok(5),
        Some(Ok(n)) if (2..=MAX_SCALE).contains(&n) => Ok(n),
        Some(_) => refuse(format!("a scale is a whole number from 2 to {MAX_SCALE}")),
    }
}
