//! What happened: an entry that was recorded, fields that changed, an action that was asked for.

use std::sync::Arc;

use rhai::{Dynamic, Engine, Map, NativeCallContext};

use super::context::Context;
use super::convert::json_to_script;
use super::methods::{json, permit};
use super::time::At;
use crate::hooks::{Detail, EntryView};

/// A comment or message.
#[derive(Debug, Clone)]
struct EntryItem(Arc<EntryView>);

pub(super) fn register(engine: &mut Engine) {
    entries(engine);
    happened(engine);
    actions(engine);
}

fn entries(engine: &mut Engine) {
    engine
        .register_type_with_name::<EntryItem>("Entry")
        .register_get("id", |e: &mut EntryItem| e.0.id.to_string())
        .register_get("at", |e: &mut EntryItem| At(e.0.at))
        .register_get("form", |e: &mut EntryItem| e.0.form)
        .register_get("author", |e: &mut EntryItem| e.0.author.clone())
        .register_get("channel", |e: &mut EntryItem| e.0.channel.clone())
        .register_get("direction", |e: &mut EntryItem| e.0.direction)
        .register_get("visibility", |e: &mut EntryItem| e.0.visibility)
        .register_get("subject", |e: &mut EntryItem| e.0.subject.clone())
        .register_get("text", |e: &mut EntryItem| e.0.text.clone())
        .register_get("entry", |c: &mut Context| match &c.call().detail {
            Detail::Interaction { entry } => Ok(Dynamic::from(EntryItem(Arc::clone(entry)))),
            Detail::Clocks { entry, .. } => Ok(entry
                .as_ref()
                .map_or(Dynamic::UNIT, |e| Dynamic::from(EntryItem(Arc::clone(e))))),
            _ => c.elsewhere("entry", "interaction.event and sla.clock"),
        });
}

fn happened(engine: &mut Engine) {
    engine
        .register_get("event", |c: &mut Context| match &c.call().detail {
            Detail::Clocks { event, .. } | Detail::SlaEvent { event, .. } => Ok(*event),
            Detail::Stage(stage) => Ok(stage.event.name()),
            Detail::Consume(consume) => Ok(consume.event.name()),
            _ => c.elsewhere(
                "event",
                "sla.clock, sla.event, process.step and contract.consume",
            ),
        })
        .register_get("changes", |c: &mut Context| match &c.call().detail {
            Detail::Changed { fields, .. } => {
                c.list("changes", fields.iter().map(|f| f.as_str().into()))
            }
            _ => c.elsewhere("changes", "record.changed"),
        })
        .register_get("command", |c: &mut Context| match &c.call().detail {
            Detail::Changed { command, .. } => Ok(command.clone()),
            _ => c.elsewhere("command", "record.changed"),
        });
}

fn actions(engine: &mut Engine) {
    engine
        .register_get("action", |c: &mut Context| match &c.call().detail {
            Detail::Action { name, .. } => Ok(name.clone()),
            _ => c.elsewhere("action", "action.run"),
        })
        .register_get("arguments", |c: &mut Context| match &c.call().detail {
            Detail::Action { arguments, .. } => Ok(json_to_script(arguments)),
            _ => c.elsewhere("arguments", "action.run"),
        })
        .register_fn(
            "argument",
            |c: &mut Context, name: &str, default: Dynamic| {
                permit(c, "argument")?;
                let Detail::Action { arguments, .. } = &c.call().detail else {
                    return c.elsewhere("argument", "action.run");
                };
                let given = json_to_script(arguments).try_cast::<Map>();
                let given = given.and_then(|mut m| m.remove(name));
                Ok(given.filter(|g| !g.is_unit()).unwrap_or(default))
            },
        )
        .register_fn(
            "result",
            |_: NativeCallContext<'_>, c: &mut Context, data: Map| {
                permit(c, "result")?;
                let text = json(c, &Dynamic::from_map(data))?;
                c.build(|b| {
                    b.weigh(c.limits(), &[&text])?;
                    b.result(text);
                    Ok(())
                })
            },
        );
}
