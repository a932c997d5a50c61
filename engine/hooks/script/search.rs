//! Searches: what rules see of them, the texts they add and how they rank hits.

use rhai::{Dynamic, Engine, NativeCallContext};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::context::Context;
use super::convert::kind_of;
use super::methods::{permit, spot};
use super::time::Span;
use super::{Answer, refuse};
use crate::hooks::{Detail, IndexText, RankChoice, RankView, Spot};

/// Seconds of a day.
const DAY: i64 = 86_400;

pub(super) fn register(engine: &mut Engine) {
    asked(engine);
    texts(engine);
    by_value(engine);
    by_weight(engine);
}

fn asked(engine: &mut Engine) {
    fn of<'c>(c: &'c Context, member: &str) -> Answer<&'c RankView> {
        match &c.call().detail {
            Detail::Rank(of) => Ok(of),
            _ => c.elsewhere(member, "search.rank"),
        }
    }
    engine
        .register_get("kinds", |c: &mut Context| -> Answer<Dynamic> {
            let kinds = of(c, "kinds")?.kinds.iter();
            c.list("kinds", kinds.map(|kind| kind.name().into()))
        })
        .register_get("words", |c: &mut Context| -> Answer<Dynamic> {
            let words = of(c, "words")?.words.iter();
            c.list("words", words.map(|word| word.as_str().into()))
        })
        .register_get("channel", |c: &mut Context| -> Answer<&'static str> {
            Ok(of(c, "channel")?.channel.name())
        });
}

fn texts(engine: &mut Engine) {
    fn add(
        ctx: &NativeCallContext<'_>,
        c: &Context,
        (name, internal): (&str, bool),
        given: &Dynamic,
    ) -> Answer<()> {
        permit(c, name)?;
        // A field without a value says nothing.
        if given.is_unit() {
            return Ok(());
        }
        if let Ok(items) = given.as_array_ref() {
            let mut items = items.iter();
            return items.try_for_each(|item| add(ctx, c, (name, internal), item));
        }
        // Of texts by language, all: whoever searches types any of them.
        if let Ok(texts) = given.as_map_ref() {
            let mut texts = texts.values();
            return texts.try_for_each(|text| add(ctx, c, (name, internal), text));
        }
        let Ok(text) = given.as_immutable_string_ref() else {
            return refuse(format!(
                "`{name}` takes a text, texts by language or a list of texts, not {}",
                kind_of(given)
            ));
        };
        let text = IndexText {
            text: text.to_string(),
            internal,
            spot: spot(ctx),
        };
        c.build(|b| b.index_text(c.limits(), text))
    }
    engine
        .register_fn(
            "index_text",
            |ctx: NativeCallContext<'_>, c: &mut Context, text: Dynamic| {
                add(&ctx, c, ("index_text", false), &text)
            },
        )
        .register_fn(
            "index_internal",
            |ctx: NativeCallContext<'_>, c: &mut Context, text: Dynamic| {
                add(&ctx, c, ("index_internal", true), &text)
            },
        );
}

/// Changes the ranking, unless the hook has none or something is out of bounds.
fn rank(
    ctx: &NativeCallContext<'_>,
    c: &Context,
    name: &str,
    change: impl FnOnce(&mut RankChoice, Spot) -> Result<(), String>,
) -> Answer<()> {
    permit(c, name)?;
    let at = spot(ctx);
    c.build(|b| change(b.rank(), at).or_else(refuse))
}

fn by_value(engine: &mut Engine) {
    engine
        .register_fn(
            "rank_section",
            |ctx: NativeCallContext<'_>, c: &mut Context, section: &str, factor: Dynamic| {
                let factor = hundredths("a factor", &factor)?;
                rank(&ctx, c, "rank_section", |rank, at| {
                    rank.section(section, factor, at)
                })
            },
        )
        .register_fn(
            "rank_value",
            |ctx: NativeCallContext<'_>,
             c: &mut Context,
             field: &str,
             value: &str,
             factor: Dynamic| {
                let factor = hundredths("a factor", &factor)?;
                rank(&ctx, c, "rank_value", |rank, at| {
                    rank.value(field, value, factor, at)
                })
            },
        );
}

fn by_weight(engine: &mut Engine) {
    engine
        .register_fn(
            "rank_freshness",
            |ctx: NativeCallContext<'_>, c: &mut Context, half_life: Span, weight: Dynamic| {
                let weight = hundredths("a weight", &weight)?;
                if half_life.0 % DAY != 0 {
                    return refuse("a half-life is whole days, such as `days(30)`");
                }
                rank(&ctx, c, "rank_freshness", |rank, at| {
                    rank.freshness(half_life.0 / DAY, weight, at)
                })
            },
        )
        .register_fn(
            "rank_votes",
            |ctx: NativeCallContext<'_>, c: &mut Context, weight: Dynamic| {
                let weight = hundredths("a weight", &weight)?;
                rank(&ctx, c, "rank_votes", |rank, at| rank.votes(weight, at))
            },
        );
}

/// A number with at most two places behind the point.
fn hundredths(what: &str, given: &Dynamic) -> Answer<i64> {
    let number = given.as_int().map(Decimal::from);
    let Ok(number) = number.or_else(|_| given.as_decimal()) else {
        return refuse(format!(
            "{what} is a number such as `1.5`, not {}",
            kind_of(given)
        ));
    };
    let hundredths = number.checked_mul(Decimal::ONE_HUNDRED);
    let whole = hundredths.filter(|h| h.fract().is_zero());
    match whole.and_then(|h| h.to_i64()) {
        Some(whole) => Ok(whole),
        None => refuse(format!(
            "{what} has at most two places behind the point, `{number}` has more"
        )),
    }
}
