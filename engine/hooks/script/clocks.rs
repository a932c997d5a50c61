//! Clocks of a ticket: what a rule sees of them, and the steps it orders.

use std::sync::Arc;

use rhai::{Dynamic, Engine, NativeCallContext};

use super::context::Context;
use super::convert::kind_of;
use super::methods::{permit, spot};
use super::time::{At, Span};
use super::{Answer, refuse};
use crate::hooks::{ClockAct, ClockStep, ClockView, Detail};

/// A clock.
#[derive(Debug, Clone)]
struct ClockItem(Arc<ClockView>);

pub(super) fn register(engine: &mut Engine) {
    engine
        .register_type_with_name::<ClockItem>("Clock")
        .register_get("name", |k: &mut ClockItem| k.0.clock.clone())
        .register_get("state", |k: &mut ClockItem| k.0.state)
        .register_get("due_at", |k: &mut ClockItem| At(k.0.due_at))
        .register_get("breached", |k: &mut ClockItem| k.0.breached);
    engine
        .register_get("clock", |c: &mut Context| match &c.call().detail {
            Detail::SlaEvent { clock, .. } => Ok(item(clock)),
            _ => c.elsewhere("clock", "sla.event"),
        })
        .register_get("clocks", |c: &mut Context| {
            c.list("clocks", clocks(c, "clocks")?.iter().map(item))
        })
        .register_fn("clock_of", |c: &mut Context, name: &str| {
            let found = clocks(c, "clock_of")?.iter().find(|k| k.clock == name);
            Ok::<_, Box<rhai::EvalAltResult>>(found.map_or(Dynamic::UNIT, item))
        });
    steps(engine);
}

fn item(clock: &ClockView) -> Dynamic {
    Dynamic::from(ClockItem(Arc::new(clock.clone())))
}

fn clocks<'c>(c: &'c Context, member: &str) -> Answer<&'c [ClockView]> {
    match &c.call().detail {
        Detail::Clocks { clocks, .. } => Ok(clocks),
        _ => c.elsewhere(member, "sla.clock"),
    }
}

fn steps(engine: &mut Engine) {
    const PLAIN: [(&str, ClockAct); 5] = [
        ("clock_start", ClockAct::Start),
        ("clock_pause", ClockAct::Pause),
        ("clock_resume", ClockAct::Resume),
        ("clock_meet", ClockAct::Meet),
        ("clock_cancel", ClockAct::Cancel),
    ];
    for (name, act) in PLAIN {
        engine.register_fn(
            name,
            move |ctx: NativeCallContext<'_>, c: &mut Context, clock: &str| {
                step(&ctx, c, name, clock, act)
            },
        );
    }
    engine.register_fn(
        "clock_extend",
        |ctx: NativeCallContext<'_>, c: &mut Context, clock: &str, by: Dynamic| {
            let secs = by.read_lock::<Span>().map(|s| s.0);
            match secs {
                Some(secs) if secs > 0 => {
                    step(&ctx, c, "clock_extend", clock, ClockAct::Extend(secs))
                }
                _ => refuse(format!(
                    "a clock is extended by a length of time such as `hours(2)`, not {}",
                    kind_of(&by)
                )),
            }
        },
    );
}

fn step(
    ctx: &NativeCallContext<'_>,
    c: &Context,
    name: &str,
    clock: &str,
    act: ClockAct,
) -> Answer<()> {
    permit(c, name)?;
    let step = ClockStep {
        clock: clock.to_owned(),
        act,
        spot: spot(ctx),
    };
    c.build(|b| b.clock(c.limits(), step))
}
