//! `opora pack options` and `opora pack set`: what administrators set without touching rules.

use serde_json::{Map, Value as Json, json};

use super::client::{Peer, encoded, items, text_of};
use super::failure::{Failure, Outcome};
use super::{out, pack_work};
use crate::api;
use crate::desk::PackChange;
use crate::packs::nearest;

/// Tells the options of a pack with their values.
pub fn list(peer: &Peer, name: &str) -> Outcome<()> {
    let options = read(peer, name)?;
    if options.is_empty() {
        return out::say(&format!("{name} has no options"));
    }
    options.iter().try_for_each(say)
}

/// Sets options, given as `NAME=VALUE`, and gives others back the values that the pack has for them.
pub fn set(peer: &Peer, name: &str, given: &[String], reset: &[String]) -> Outcome<()> {
    let known = read(peer, name)?;
    let mut values = Map::new();
    for text in given {
        let Some((option, value)) = text.split_once('=') else {
            return Err(Failure::new(format!(
                "`{text}` sets nothing; write OPTION=VALUE"
            )));
        };
        let known = find(&known, name, option)?;
        values.insert(option.to_owned(), value_of(known, value));
    }
    for option in reset {
        find(&known, name, option)?;
        values.insert(option.clone(), Json::Null);
    }
    match peer {
        Peer::Desk(desk) => {
            let values = values.clone();
            pack_work::run(desk, name, PackChange::SetOptions { values })?;
        }
        Peer::Server(client) => {
            let path = format!("/v1/packs/{}/options", encoded(name));
            client.patch(&path, &json!({ "options": values }))?;
        }
    }
    let now = read(peer, name)?;
    let changed = now
        .iter()
        .filter(|o| values.contains_key(text_of(o, "name")));
    changed.into_iter().try_for_each(say)
}

fn read(peer: &Peer, name: &str) -> Outcome<Vec<Json>> {
    match peer {
        Peer::Desk(desk) => {
            let views = api::pack_option_views(desk.pack_options(name)?);
            let views = views.iter().map(serde_json::to_value);
            let views: Result<Vec<Json>, _> = views.collect();
            views.map_err(|e| Failure::new(e.to_string()))
        }
        Peer::Server(client) => {
            let answer = client.get(&format!("/v1/packs/{}/options", encoded(name)))?;
            Ok(items(&answer, "items").to_vec())
        }
    }
}

fn find<'o>(known: &'o [Json], pack: &str, option: &str) -> Outcome<&'o Json> {
    let found = known.iter().find(|o| text_of(o, "name") == option);
    found.ok_or_else(|| {
        let names = known.iter().map(|o| text_of(o, "name"));
        let hint =
            nearest(option, names).map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
        Failure::new(format!("pack `{pack}` has no option `{option}`{hint}"))
    })
}

/// What was typed, as a value of the option; the desk says when it is none.
fn value_of(option: &Json, typed: &str) -> Json {
    match text_of(option, "type") {
        "text" => Json::from(typed),
        "list" if !typed.trim_start().starts_with('[') => {
            let first = items(option, "default").first();
            let are_texts = first.is_none_or(Json::is_string);
            let parts = typed.split(',').map(str::trim).filter(|p| !p.is_empty());
            let part = |part: &str| match are_texts {
                true => Json::from(part),
                false => read_as(part),
            };
            Json::Array(parts.map(part).collect())
        }
        _ => read_as(typed),
    }
}

/// A number or truth value as JSON has it; anything else is text, such as a date.
fn read_as(typed: &str) -> Json {
    serde_json::from_str(typed).unwrap_or_else(|_| Json::from(typed))
}

fn say(option: &Json) -> Outcome<()> {
    let json = |name: &str| option.get(name).unwrap_or(&Json::Null).to_string();
    let own = match option.get("set").and_then(Json::as_bool) {
        Some(true) => format!(" (set; the pack has {})", json("default")),
        _ => String::new(),
    };
    out::say(&format!(
        "{} = {}{own}",
        text_of(option, "name"),
        json("value")
    ))
}
