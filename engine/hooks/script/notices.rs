//! A message about to be queued: what a rule sees of it, and what it makes of it.

use std::sync::Arc;

use rhai::{Dynamic, Engine, Map, NativeCallContext};

use super::context::Context;
use super::convert::kind_of;
use super::fault::closest;
use super::methods::{json, permit, spot};
use super::{Answer, refuse};
use crate::hooks::{Detail, NoticeChoice, NoticeView, TemplateChoice};

/// A message about to be queued.
#[derive(Debug, Clone)]
struct NoticeItem(Arc<NoticeView>);

pub(super) fn register(engine: &mut Engine) {
    engine
        .register_type_with_name::<NoticeItem>("Notice")
        .register_get("source", |n: &mut NoticeItem| n.0.source.clone())
        .register_get("to", |n: &mut NoticeItem| n.0.to.clone())
        .register_get("address", |n: &mut NoticeItem| {
            let address = n.0.address.as_deref();
            address.map_or(Dynamic::UNIT, Into::into)
        })
        .register_get("channel", |n: &mut NoticeItem| n.0.channel.clone())
        .register_get("locale", |n: &mut NoticeItem| n.0.locale.clone())
        .register_get("subject", |n: &mut NoticeItem| n.0.subject.clone())
        .register_get("text", |n: &mut NoticeItem| n.0.text.clone());
    engine
        .register_get("notice", |c: &mut Context| match &c.call().detail {
            Detail::Notice { notice } => Ok(NoticeItem(Arc::clone(notice))),
            _ => c.elsewhere("notice", "notify.compose"),
        })
        .register_fn("compose", compose)
        .register_fn(
            "template",
            |ctx: NativeCallContext<'_>, c: &mut Context, name: &str| {
                template(&ctx, c, name, &Dynamic::from_map(Map::new()))
            },
        )
        .register_fn(
            "template",
            |ctx: NativeCallContext<'_>, c: &mut Context, name: &str, values: Map| {
                template(&ctx, c, name, &Dynamic::from_map(values))
            },
        )
        .register_fn(
            "suppress",
            |ctx: NativeCallContext<'_>, c: &mut Context, reason: &str| {
                permit(c, "suppress")?;
                if reason.trim().is_empty() {
                    return refuse("`suppress` needs the code of a reason such as \"vip_only\"");
                }
                let choice = NoticeChoice::Suppress {
                    reason: reason.to_owned(),
                    spot: spot(&ctx),
                };
                c.build(|b| {
                    b.weigh(c.limits(), &[reason])?;
                    b.notice(choice);
                    Ok(())
                })
            },
        );
}

fn compose(ctx: NativeCallContext<'_>, c: &mut Context, how: Map) -> Answer<()> {
    const KEYS: [&str; 5] = ["to", "channel", "subject", "text", "html"];
    permit(c, "compose")?;
    if let Some(key) = how.keys().find(|k| !KEYS.contains(&k.as_str())) {
        let near = closest(key, KEYS.into_iter()).map(|n| format!("; did you mean `{n}`?"));
        return refuse(format!(
            "`compose` knows no `{key}`{}",
            near.unwrap_or_default()
        ));
    }
    let Detail::Notice { notice } = &c.call().detail else {
        return c.elsewhere("compose", "notify.compose");
    };
    // The recipient reads it, not whoever acts.
    let words = |key: &str| {
        let given = how.get(key);
        given.map(|g| c.words(&notice.locale, g)).transpose()
    };
    let to = how.get("to").map(recipients).transpose()?;
    let (channel, subject, text) = (words("channel")?, words("subject")?, words("text")?);
    let html = words("html")?;
    c.build(|b| {
        for part in [&channel, &subject, &text, &html].into_iter().flatten() {
            b.weigh(c.limits(), &[part])?;
        }
        for part in to.iter().flatten() {
            b.weigh(c.limits(), &[part])?;
        }
        let template = b.template();
        b.notice(NoticeChoice::Compose {
            to,
            channel,
            subject,
            text,
            html,
            template,
            spot: spot(&ctx),
        });
        Ok(())
    })
}

/// The message as a template of the pack says it, in the language of its recipient.
fn template(ctx: &NativeCallContext<'_>, c: &Context, name: &str, values: &Dynamic) -> Answer<()> {
    permit(c, "template")?;
    let values = json(c, values)?;
    c.build(|b| {
        b.weigh(c.limits(), &[name])?;
        b.add(c.limits(), values.len())?;
        let name = name.to_owned();
        b.name_template(TemplateChoice { name, values }, spot(ctx));
        Ok(())
    })
}

fn recipients(given: &Dynamic) -> Answer<Vec<String>> {
    if let Ok(one) = given.as_immutable_string_ref() {
        return Ok(vec![one.to_string()]);
    }
    if let Ok(items) = given.as_array_ref() {
        let texts = items.iter().map(|i| {
            let text = i.as_immutable_string_ref();
            text.map(|t| t.to_string())
        });
        if let Ok(texts) = texts.collect::<Result<Vec<_>, _>>() {
            return Ok(texts);
        }
    }
    refuse(format!(
        "`to` is a recipient or a list of them, not {}",
        kind_of(given)
    ))
}
