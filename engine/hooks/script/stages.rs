//! Stages of processes and the use of contracts: what rules see, and what they decide.

use rhai::{Dynamic, Engine, NativeCallContext};
use rust_decimal::Decimal;

use super::context::Context;
use super::convert::kind_of;
use super::methods::{permit, spot, words};
use super::time::At;
use super::views::RecordItem;
use super::{Answer, refuse};
use crate::hooks::{ConsumeChoice, ConsumeView, Detail, OverLimit, StageChoice, StageView};

/// A decision of a stage before.
#[derive(Debug, Clone)]
struct DecidedItem(String, String);

pub(super) fn register(engine: &mut Engine) {
    stage(engine);
    next(engine);
    contract(engine);
    consume(engine);
}

fn stage_of<'c>(c: &'c Context, member: &str) -> Answer<&'c StageView> {
    match &c.call().detail {
        Detail::Stage(stage) => Ok(stage),
        _ => c.elsewhere(member, "process.step"),
    }
}

fn stage(engine: &mut Engine) {
    engine
        .register_type_with_name::<DecidedItem>("Decided")
        .register_get("stage", |d: &mut DecidedItem| d.0.clone())
        .register_get("answer", |d: &mut DecidedItem| d.1.clone())
        .register_get("process", |c: &mut Context| -> Answer<String> {
            Ok(stage_of(c, "process")?.process.clone())
        })
        .register_get("stage", |c: &mut Context| -> Answer<String> {
            Ok(stage_of(c, "stage")?.stage.clone())
        })
        .register_get("loops", |c: &mut Context| -> Answer<i64> {
            Ok(stage_of(c, "loops")?.loops)
        })
        .register_get("entered_at", |c: &mut Context| -> Answer<At> {
            Ok(At(stage_of(c, "entered_at")?.entered_at))
        })
        .register_get("outcome", |c: &mut Context| -> Answer<Dynamic> {
            let outcome = stage_of(c, "outcome")?.event.outcome();
            Ok(outcome.map_or(Dynamic::UNIT, Into::into))
        })
        .register_get("decided", |c: &mut Context| {
            let decided = stage_of(c, "decided")?.decided.iter();
            let items = decided.map(|(stage, answer)| DecidedItem(stage.clone(), answer.clone()));
            c.list("decisions", items.map(Dynamic::from))
        });
}

fn next(engine: &mut Engine) {
    fn choose(
        ctx: &NativeCallContext<'_>,
        c: &Context,
        name: &str,
        (given, reason): (&str, &Dynamic),
        change: impl FnOnce(&mut StageChoice, String),
    ) -> Answer<()> {
        permit(c, name)?;
        if given.trim().is_empty() {
            return refuse(format!("`{name}` needs a code"));
        }
        let (reason, at) = (words(c, reason)?, spot(ctx));
        c.build(|b| {
            b.weigh(c.limits(), &[given, &reason])?;
            let choice = b.stage();
            change(choice, given.to_owned());
            choice.reason = reason;
            choice.spot = at;
            Ok(())
        })
    }
    engine
        .register_fn(
            "next_stage",
            |ctx: NativeCallContext<'_>, c: &mut Context, stage: &str, reason: Dynamic| {
                choose(&ctx, c, "next_stage", (stage, &reason), |choice, given| {
                    choice.stage = Some(given);
                })
            },
        )
        .register_fn(
            "next_status",
            |ctx: NativeCallContext<'_>, c: &mut Context, status: &str, reason: Dynamic| {
                choose(
                    &ctx,
                    c,
                    "next_status",
                    (status, &reason),
                    |choice, given| {
                        choice.status = Some(given);
                    },
                )
            },
        );
}

fn consume_of<'c>(c: &'c Context, member: &str) -> Answer<&'c ConsumeView> {
    match &c.call().detail {
        Detail::Consume(consume) => Ok(consume),
        _ => c.elsewhere(member, "contract.consume"),
    }
}

fn contract(engine: &mut Engine) {
    engine
        .register_get("contract", |c: &mut Context| -> Answer<RecordItem> {
            Ok(c.item(&consume_of(c, "contract")?.contract))
        })
        .register_get("unit", |c: &mut Context| -> Answer<&'static str> {
            Ok(consume_of(c, "unit")?.unit.name())
        })
        .register_get("total", |c: &mut Context| -> Answer<Dynamic> {
            let total = consume_of(c, "total")?.total;
            Ok(total.map_or(Dynamic::UNIT, Dynamic::from_decimal))
        })
        .register_get("used", |c: &mut Context| -> Answer<Decimal> {
            Ok(consume_of(c, "used")?.used)
        })
        .register_get("counted", |c: &mut Context| -> Answer<Decimal> {
            Ok(consume_of(c, "counted")?.counted)
        });
}

fn consume(engine: &mut Engine) {
    fn choose(
        ctx: &NativeCallContext<'_>,
        c: &Context,
        name: &str,
        reason: &Dynamic,
        change: impl FnOnce(&mut ConsumeChoice),
    ) -> Answer<()> {
        permit(c, name)?;
        let (reason, at) = (words(c, reason)?, spot(ctx));
        c.build(|b| {
            b.weigh(c.limits(), &[&reason])?;
            let choice = b.consume();
            change(choice);
            choice.reason = reason;
            choice.spot = at;
            Ok(())
        })
    }
    engine
        .register_fn(
            "consume_amount",
            |ctx: NativeCallContext<'_>, c: &mut Context, amount: Dynamic, reason: Dynamic| {
                let given = amount.as_int().map(Decimal::from);
                match given.or_else(|_| amount.as_decimal()) {
                    Ok(given) if given >= Decimal::ZERO => {
                        choose(&ctx, c, "consume_amount", &reason, |choice| {
                            choice.amount = Some(given);
                        })
                    }
                    Ok(_) => refuse("a ticket uses 0 or more of a contract"),
                    Err(_) => refuse(format!(
                        "an amount is a number such as `1.5`, not {}",
                        kind_of(&amount)
                    )),
                }
            },
        )
        .register_fn(
            "consume_over",
            |ctx: NativeCallContext<'_>, c: &mut Context, what: &str, reason: Dynamic| {
                let Some(over) = OverLimit::named(what) else {
                    return refuse(format!(
                        "`{what}` is none of allow, warn and refuse, which become of a use beyond \
                         the limit"
                    ));
                };
                choose(&ctx, c, "consume_over", &reason, |choice| {
                    choice.over_limit = Some(over);
                })
            },
        );
}
