//! Changing what administrators set for the whole desk.

use serde_json::{Map, Value as Json};

use super::{Answer, Deciding, config};
use crate::desk::settings::{self, Settings};
use crate::desk::{Error, Result, codec};
use crate::domain::{Id, Kind, Value, article};
use crate::store::Table;

/// Longest setting in bytes.
const MAX_TEXT: usize = 100;

impl Deciding<'_, '_> {
    /// Changes the settings that are named; null takes one away, all others stay.
    pub(super) fn change_settings(&mut self, changes: &Map<String, Json>) -> Result<Answer> {
        self.actor.require_admin("changing the settings")?;
        let key = settings::settings_key();
        let row = self.draft.snapshot.get(Table::Meta, &key)?;
        let mut all: Settings = match &row {
            Some(row) => codec::decode(&row.bytes)?,
            None => Settings::default(),
        };
        for (name, value) in changes {
            match name.as_str() {
                "public_articles" => {
                    self.open_articles(value)?;
                    continue;
                }
                "language" => {
                    self.speak(value)?;
                    continue;
                }
                _ => {}
            }
            let text = match value {
                Json::Null => None,
                Json::String(text) => Some(text.clone()),
                _ => return Err(Error::field(name, "malformed", "expected text or null")),
            };
            if let Some(text) = &text {
                super::entries::short(name, text, MAX_TEXT)?;
            }
            match name.as_str() {
                "service_name" => all.service_name.clone_from(&text),
                "sender" => all.sender = address(text.clone())?,
                _ => {
                    let short: String = name.chars().take(64).collect();
                    let why = "there is no such setting; there are `service_name`, `sender`, \
                               `language` and `public_articles`";
                    return Err(Error::field(&short, "unknown_field", why));
                }
            }
            let value = Value::Text(text.unwrap_or_default());
            self.input.arguments.push((name.clone(), value));
        }
        let expect = config::expected(row.map(|row| row.version));
        let rows = &mut self.draft.rows;
        rows.expect.push((Table::Meta, key.clone(), expect));
        rows.put.push((Table::Meta, key, codec::encode(&all)?));
        Ok(Answer {
            kind: None,
            id: Id::MIN,
            entry: None,
        })
    }
}

impl Deciding<'_, '_> {
    /// Lets anybody read published articles, or nobody without a token.
    fn open_articles(&mut self, value: &Json) -> Result<()> {
        let open = match value {
            Json::Null => false,
            Json::Bool(open) => *open,
            _ => {
                let text = "expected true, false or null";
                return Err(Error::field("public_articles", "malformed", text));
            }
        };
        let key = settings::public_articles_key();
        let rows = &mut self.draft.rows;
        match open {
            true => rows.put.push((Table::Meta, key, Vec::new())),
            false => rows.delete.push((Table::Meta, key)),
        }
        let argument = ("public_articles".to_owned(), Value::Bool(open));
        self.input.arguments.push(argument);
        Ok(())
    }

    /// Changes the language of texts for which nobody's is known.
    fn speak(&mut self, value: &Json) -> Result<()> {
        let tag = match value {
            Json::Null => None,
            Json::String(tag) => Some(tag.as_str()),
            _ => {
                return Err(Error::field(
                    "language",
                    "malformed",
                    "expected text or null",
                ));
            }
        };
        if let Some(why) = tag.and_then(article::tag_fault) {
            return Err(Error::field("language", "malformed", why));
        }
        let key = settings::language_key();
        let rows = &mut self.draft.rows;
        match tag {
            Some(tag) => rows.put.push((Table::Meta, key, codec::encode(&tag)?)),
            None => rows.delete.push((Table::Meta, key)),
        }
        let argument = ("language".to_owned(), Value::from(tag.unwrap_or_default()));
        self.input.arguments.push(argument);
        // Decisions keep it with what rules choose from.
        self.touch_service(Kind::Agent);
        Ok(())
    }
}

/// A mail address, as far as it can be told without writing to it.
fn address(text: Option<String>) -> Result<Option<String>> {
    let wrong = |s: &String| s.matches('@').count() != 1 || s.contains(char::is_whitespace);
    if text.as_ref().is_some_and(wrong) {
        let text = "expected a mail address such as desk@example.org";
        return Err(Error::field("sender", "malformed", text));
    }
    Ok(text)
}
