//! `c.text` and `c.text_in`: words in a language, written beside the rule or in the pack's `locales/`.

use rhai::{Dynamic, Engine, Map};

use super::context::Context;
use super::convert::kind_of;
use super::fault::closest;
use super::time::Day;
use super::{Answer, overrun, refuse};
use crate::hooks::texts::{MAX_FILLED_BYTES, Unfilled};

pub(super) fn register(engine: &mut Engine) {
    engine
        .register_fn("text", |c: &mut Context, words: Dynamic| {
            text(c, &c.call().actor.locale, &words, &Map::new())
        })
        .register_fn("text", |c: &mut Context, words: Dynamic, values: Map| {
            text(c, &c.call().actor.locale, &words, &values)
        })
        .register_fn(
            "text_in",
            |c: &mut Context, locale: &str, words: Dynamic| text(c, locale, &words, &Map::new()),
        )
        .register_fn(
            "text_in",
            |c: &mut Context, locale: &str, words: Dynamic, values: Map| {
                text(c, locale, &words, &values)
            },
        );
}

/// The text of a key of the pack, or of a map by language. In a pack without strings a text is itself.
fn text(c: &Context, locale: &str, words: &Dynamic, values: &Map) -> Answer<String> {
    let texts = c.texts();
    let key = match words.as_immutable_string_ref() {
        Ok(key) if !texts.strings.is_empty() || !values.is_empty() => key.to_string(),
        _ if values.is_empty() => return c.words(locale, words),
        _ => return refuse("values go with the key of a string, not with texts by language"),
    };
    for (name, value) in values {
        if shown(value).is_none() {
            return refuse(format!(
                "`{name}` is {}; strings take texts, numbers and dates, so write it as a text first",
                kind_of(value)
            ));
        }
    }
    let value = |name: &str| values.get(name).and_then(shown);
    match texts.text(locale, &key, value) {
        Ok(text) => Ok(text),
        Err(Unfilled::Unknown) => {
            let near = closest(&key, texts.keys().into_iter());
            let near = near.map(|n| format!("; did you mean `{n}`?"));
            let key: String = key.chars().take(64).collect();
            refuse(format!(
                "the pack's `locales` have no string `{key}`{}",
                near.unwrap_or_default()
            ))
        }
        Err(Unfilled::Lacks(name)) => refuse(format!(
            "the string `{key}` needs a value for `{{{name}}}`: `c.text(\"{key}\", #{{{name}: …}})`"
        )),
        Err(Unfilled::TooLong) => overrun(format!(
            "made a text of more than {MAX_FILLED_BYTES} bytes out of the string `{key}`"
        )),
    }
}

/// A value as a string shows it.
fn shown(value: &Dynamic) -> Option<String> {
    if let Ok(text) = value.as_immutable_string_ref() {
        return Some(text.to_string());
    }
    if value.is_int() || value.is_decimal() || value.is_bool() || value.is_char() {
        return Some(value.to_string());
    }
    value.read_lock::<Day>().map(|day| day.0.to_string())
}
