//! Texts of a pack's own files: strings by language and key, and the names of its templates.

use std::collections::{BTreeMap, BTreeSet};

/// Language that stands in for one that a pack does not have.
const FALLBACK: &str = "en";
/// Longest text that comes of a string and its values, in bytes.
pub const MAX_FILLED_BYTES: usize = 64 * 1024;

/// Strings of one language by key.
pub type Strings = BTreeMap<String, String>;

/// What `locales/` and `templates/` of a pack hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    /// Strings by language.
    pub strings: BTreeMap<String, Strings>,
    /// Names of templates.
    pub templates: BTreeSet<String>,
}

/// Why there is no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfilled {
    /// No language has the key.
    Unknown,
    /// The string has a placeholder that no value was given for.
    Lacks(String),
    /// It would be over [`MAX_FILLED_BYTES`].
    TooLong,
}

impl Texts {
    /// Every key of every language.
    #[must_use]
    pub fn keys(&self) -> BTreeSet<&str> {
        let keys = self.strings.values().flat_map(BTreeMap::keys);
        keys.map(String::as_str).collect()
    }

    /// The string of a key in a language, else in English, else in any.
    #[must_use]
    pub fn find(&self, locale: &str, key: &str) -> Option<&str> {
        let of = |locale: &str| self.strings.get(locale).and_then(|all| all.get(key));
        let any = || self.strings.values().find_map(|all| all.get(key));
        of(locale)
            .or_else(|| of(FALLBACK))
            .or_else(any)
            .map(String::as_str)
    }

    /// The string of a key with its placeholders filled in.
    ///
    /// # Errors
    /// When there is no such string, a value is missing, or the text would be too long.
    pub fn text(
        &self,
        locale: &str,
        key: &str,
        value: impl Fn(&str) -> Option<String>,
    ) -> Result<String, Unfilled> {
        let string = self.find(locale, key).ok_or(Unfilled::Unknown)?;
        let mut text = String::with_capacity(string.len());
        let mut rest = string;
        while let Some((before, name, after)) = placeholder(rest) {
            let value = value(name).ok_or_else(|| Unfilled::Lacks(name.to_owned()))?;
            text.push_str(before);
            text.push_str(&value);
            if text.len() > MAX_FILLED_BYTES {
                return Err(Unfilled::TooLong);
            }
            rest = after;
        }
        text.push_str(rest);
        Ok(text)
    }
}

/// The first `{name}` of a string: what stands before it, the name, and what follows. Other braces are
/// text.
#[must_use]
pub fn placeholder(text: &str) -> Option<(&str, &str, &str)> {
    for (at, _) in text.match_indices('{') {
        let (before, rest) = text.split_at(at);
        let (name, after) = rest.get(1..).and_then(|r| r.split_once('}'))?;
        let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if is_name && name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Some((before, name, after));
        }
    }
    None
}

/// The names of all placeholders of a string.
#[must_use]
pub fn placeholders(mut text: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    while let Some((_, name, after)) = placeholder(text) {
        names.insert(name);
        text = after;
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> Texts {
        let of = |text: &str| Strings::from([("greeting".to_owned(), text.to_owned())]);
        Texts {
            strings: BTreeMap::from([
                ("en".to_owned(), of("Hello {name}, {} {a b} {name}!")),
                ("ru".to_owned(), of("Здравствуйте, {name}!")),
            ]),
            ..Texts::default()
        }
    }

    #[test]
    fn a_string_is_found_in_the_language_or_in_english() {
        let texts = texts();
        let name = |_: &str| Some("Анна".to_owned());
        assert_eq!(
            texts.text("ru", "greeting", name),
            Ok("Здравствуйте, Анна!".to_owned())
        );
        assert_eq!(
            texts.text("de", "greeting", name),
            Ok("Hello Анна, {} {a b} Анна!".to_owned())
        );
        assert_eq!(texts.text("ru", "bye", name), Err(Unfilled::Unknown));
    }

    #[test]
    fn a_placeholder_without_a_value_and_a_bomb_of_values_are_told() {
        let texts = texts();
        let lacks = Err(Unfilled::Lacks("name".to_owned()));
        assert_eq!(texts.text("ru", "greeting", |_| None), lacks);
        let much = |_: &str| Some("x".repeat(MAX_FILLED_BYTES));
        assert_eq!(texts.text("ru", "greeting", much), Err(Unfilled::TooLong));
    }
}
