//! Incoming appeals: what rules see of a search and of an appeal, and what they make of them.

use std::sync::Arc;

use rhai::{Dynamic, Engine, Map, NativeCallContext};

use super::context::Context;
use super::convert::kind_of;
use super::effects::fields_of;
use super::fault::closest;
use super::methods::{kind, permit, spot, who, words};
use super::packs::map;
use super::views::RecordItem;
use super::{Answer, refuse};
use crate::domain::{Id, Kind};
use crate::hooks::intake::{MAX_KEYS, MAX_MATCHES, MAX_WEIGHT};
use crate::hooks::{
    Detail, FoundParty, MatchMode, MatchView, NewParty, PartyKey, PartyKeys, RouteChoice,
    RouteView, Spot, Wanted,
};

/// Weight of a key when the rule does not say.
const USUAL_WEIGHT: i64 = 50;

/// A search for a party.
#[derive(Debug, Clone)]
struct SearchItem(Arc<MatchView>);

/// One text of a search.
#[derive(Debug, Clone)]
struct AskedItem(String, String);

/// What whoever accepts an appeal asked for.
#[derive(Debug, Clone)]
struct WantedItem(Wanted);

/// A party that was found.
#[derive(Debug, Clone)]
struct PartyItem {
    record: RecordItem,
    party: FoundParty,
}

pub(super) fn register(engine: &mut Engine) {
    search(engine);
    keys(engine);
    appeal(engine);
    routes(engine);
}

fn search_of<'c>(c: &'c Context, member: &str) -> Answer<&'c Arc<MatchView>> {
    match &c.call().detail {
        Detail::Match(asked) => Ok(asked),
        _ => c.elsewhere(member, "intake.match"),
    }
}

fn search(engine: &mut Engine) {
    engine
        .register_type_with_name::<AskedItem>("SearchedText")
        .register_get("field", |a: &mut AskedItem| a.0.clone())
        .register_get("text", |a: &mut AskedItem| a.1.clone())
        .register_type_with_name::<SearchItem>("Search")
        .register_get("mode", |s: &mut SearchItem| s.0.mode.name())
        .register_get("all_must_match", |s: &mut SearchItem| s.0.all_must_match)
        .register_get("channel", |s: &mut SearchItem| {
            let channel = s.0.channel.as_deref();
            channel.map_or(Dynamic::UNIT, Into::into)
        })
        .register_get("asked", |s: &mut SearchItem| {
            let asked = s.0.asked.iter();
            let asked = asked.map(|(field, text)| AskedItem(field.clone(), text.clone()));
            Dynamic::from_array(asked.map(Dynamic::from).collect())
        })
        .register_get("search", |c: &mut Context| -> Answer<SearchItem> {
            Ok(SearchItem(Arc::clone(search_of(c, "search")?)))
        })
        .register_fn(
            "match_text",
            |c: &mut Context, field: &str| -> Answer<Dynamic> {
                permit(c, "match_text")?;
                let full = c.full(field);
                let mut asked = search_of(c, "match_text")?.asked.iter();
                let found = asked.find(|(name, _)| name == field || *name == full);
                Ok(found.map_or(Dynamic::UNIT, |(_, text)| text.as_str().into()))
            },
        );
}

fn keys(engine: &mut Engine) {
    engine
        .register_fn("match_key", match_key)
        .register_fn(
            "match_only",
            |ctx: NativeCallContext<'_>, c: &mut Context| {
                decide(&ctx, c, "match_only", |keys| keys.instead = true)
            },
        )
        .register_fn(
            "match_all",
            |ctx: NativeCallContext<'_>, c: &mut Context, all: bool| {
                decide(&ctx, c, "match_all", |keys| {
                    keys.all_must_match = Some(all);
                })
            },
        )
        .register_fn(
            "match_limit",
            |ctx: NativeCallContext<'_>, c: &mut Context, limit: i64| {
                if !(1..=MAX_MATCHES).contains(&limit) {
                    return refuse(format!("a search finds 1 to {MAX_MATCHES} parties"));
                }
                decide(&ctx, c, "match_limit", |keys| keys.limit = Some(limit))
            },
        );
}

fn decide(
    ctx: &NativeCallContext<'_>,
    c: &Context,
    name: &str,
    change: impl FnOnce(&mut PartyKeys),
) -> Answer<()> {
    permit(c, name)?;
    let at = spot(ctx);
    c.build(|b| {
        change(b.keys(at));
        Ok(())
    })
}

fn match_key(ctx: NativeCallContext<'_>, c: &mut Context, how: Map) -> Answer<()> {
    const KEYS: [&str; 5] = ["kind", "field", "value", "mode", "weight"];
    permit(c, "match_key")?;
    if let Some(key) = how.keys().find(|k| !KEYS.contains(&k.as_str())) {
        let near = closest(key, KEYS.into_iter()).map(|n| format!("; did you mean `{n}`?"));
        return refuse(format!(
            "`match_key` knows no `{key}`{}",
            near.unwrap_or_default()
        ));
    }
    let text = |key: &str| match how.get(key) {
        Some(given) => given.as_immutable_string_ref().map_or_else(
            |_| {
                refuse(format!(
                    "`{key}` of a key is a text, not {}",
                    kind_of(given)
                ))
            },
            |text| Ok(Some(text.to_string())),
        ),
        None => Ok(None),
    };
    let needed = |key: &str| match text(key)? {
        Some(text) if !text.trim().is_empty() => Ok(text),
        _ => refuse(format!("`match_key` needs `{key}`")),
    };
    let mode = match text("mode")? {
        None => MatchMode::Exact,
        Some(name) => match MatchMode::named(&name) {
            Some(mode) => mode,
            None => {
                return refuse(format!(
                    "`{name}` is no mode; there are exact, prefix and part"
                ));
            }
        },
    };
    let weight = match how.get("weight").map(Dynamic::as_int) {
        None => USUAL_WEIGHT,
        Some(Ok(weight)) if (1..=MAX_WEIGHT).contains(&weight) => weight,
        Some(_) => {
            return refuse(format!("a weight is a whole number from 1 to {MAX_WEIGHT}"));
        }
    };
    let key = PartyKey {
        kind: kind(&needed("kind")?)?,
        field: needed("field")?,
        value: needed("value")?,
        mode,
        weight,
    };
    let at = spot(&ctx);
    c.build(|b| {
        b.weigh(c.limits(), &[&key.field, &key.value])?;
        let keys = &mut b.keys(at).keys;
        if keys.len() >= MAX_KEYS {
            return refuse(format!("made more than {MAX_KEYS} keys"));
        }
        keys.push(key);
        Ok(())
    })
}

fn route_of<'c>(c: &'c Context, member: &str) -> Answer<&'c RouteView> {
    match &c.call().detail {
        Detail::Route(route) => Ok(route),
        _ => c.elsewhere(member, "intake.route"),
    }
}

fn appeal(engine: &mut Engine) {
    engine
        .register_type_with_name::<WantedItem>("Wanted")
        .register_get("kind", |w: &mut WantedItem| {
            w.0.kind.map_or(Dynamic::UNIT, |kind| kind.name().into())
        })
        .register_get("type", |w: &mut WantedItem| {
            let code = w.0.type_code.as_deref();
            code.map_or(Dynamic::UNIT, Into::into)
        })
        .register_get("record", |w: &mut WantedItem| {
            let record = w.0.record;
            record.map_or(Dynamic::UNIT, |(_, id)| id.to_string().into())
        })
        .register_get("values", |w: &mut WantedItem| map(&w.0.values))
        .register_type_with_name::<PartyItem>("Party")
        .register_get("record", |p: &mut PartyItem| p.record.clone())
        .register_get("kind", |p: &mut PartyItem| p.party.view.kind.name())
        .register_get("id", |p: &mut PartyItem| p.party.view.id.to_string())
        .register_get("score", |p: &mut PartyItem| p.party.score)
        .register_get("reasons", |p: &mut PartyItem| {
            let reasons = p.party.reasons.iter().map(|r| r.as_str().into());
            Dynamic::from_array(reasons.collect())
        });
    engine
        .register_get("automatic", |c: &mut Context| -> Answer<bool> {
            Ok(route_of(c, "automatic")?.automatic)
        })
        .register_get("wanted", |c: &mut Context| -> Answer<WantedItem> {
            Ok(WantedItem(route_of(c, "wanted")?.wanted.clone()))
        })
        .register_get("found", |c: &mut Context| {
            let found = route_of(c, "found")?.found.iter();
            let found = found.map(|party| PartyItem {
                record: c.item(&party.view),
                party: party.clone(),
            });
            c.list("parties", found.map(Dynamic::from))
        })
        .register_get("open", |c: &mut Context| {
            let open = route_of(c, "open")?.open.iter();
            c.list("open records", open.map(|v| Dynamic::from(c.item(v))))
        });
}

fn routes(engine: &mut Engine) {
    engine
        .register_fn("route_create", route_create)
        .register_fn(
            "route_attach",
            |ctx: NativeCallContext<'_>, c: &mut Context, to: RecordItem| {
                attach(&ctx, c, to.view.kind, to.view.id)
            },
        )
        .register_fn(
            "route_attach",
            |ctx: NativeCallContext<'_>, c: &mut Context, of: &str, id: Dynamic| {
                let Ok(id) = who(&id, "a record")?.parse::<Id>() else {
                    return refuse("`route_attach` takes a record, or its kind and id");
                };
                attach(&ctx, c, kind(of)?, id)
            },
        )
        .register_fn(
            "route_decline",
            |ctx: NativeCallContext<'_>, c: &mut Context, reason: &str| {
                if reason.trim().is_empty() {
                    return refuse("`route_decline` needs the code of a reason such as \"spam\"");
                }
                let choice = RouteChoice::Decline {
                    reason: reason.to_owned(),
                    spot: spot(&ctx),
                };
                route(c, "route_decline", &[reason], choice)
            },
        )
        .register_fn("route_party", route_party);
}

fn route(c: &Context, name: &str, texts: &[&str], choice: RouteChoice) -> Answer<()> {
    permit(c, name)?;
    c.build(|b| {
        b.weigh(c.limits(), texts)?;
        b.route(choice);
        Ok(())
    })
}

fn attach(ctx: &NativeCallContext<'_>, c: &Context, kind: Kind, id: Id) -> Answer<()> {
    let spot = spot(ctx);
    route(
        c,
        "route_attach",
        &[],
        RouteChoice::Attach { kind, id, spot },
    )
}

fn route_create(
    ctx: NativeCallContext<'_>,
    c: &mut Context,
    of: &str,
    type_code: Dynamic,
    values: Map,
) -> Answer<()> {
    let type_code = match type_code.is_unit() {
        true => None,
        false => Some(words(c, &type_code)?),
    };
    let choice = RouteChoice::Create {
        kind: kind(of)?,
        type_code,
        values: fields_of(c, &values)?,
        spot: spot(&ctx),
    };
    route(c, "route_create", &[], choice)
}

fn route_party(ctx: NativeCallContext<'_>, c: &mut Context, of: &str, values: Map) -> Answer<()> {
    permit(c, "route_party")?;
    let party = NewParty {
        kind: kind(of)?,
        values: fields_of(c, &values)?,
        spot: spot(&ctx),
    };
    c.build(|b| {
        b.party(party);
        Ok(())
    })
}

impl PartyKeys {
    /// Keys beside the engine's own, as a rule begins them.
    pub(super) fn begun(spot: Spot) -> Self {
        Self {
            spot,
            ..Self::default()
        }
    }
}
