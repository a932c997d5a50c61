//! A TOML file of a pack: its tree with places, its items, and faults at their line and column.

use std::ops::Range;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::fault::{Faults, PackFault};

/// Most syntax faults reported from one file: later ones mostly follow from the first.
const MAX_SYNTAX_FAULTS: usize = 5;

/// A TOML text that faults can point into.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) pack: String,
    pub(super) file: String,
    pub(super) text: Arc<str>,
}

impl Source {
    pub(super) fn new(pack: &str, file: &str, text: &str) -> Self {
        Self {
            pack: pack.to_owned(),
            file: file.to_owned(),
            text: Arc::from(text),
        }
    }

    /// The tree of the file; syntax faults go to `faults`.
    pub(super) fn tree(&self, faults: &mut Faults) -> Option<DeTable<'_>> {
        let (tree, errors) = DeTable::parse_recoverable(&self.text);
        let found = !errors.is_empty();
        for error in errors.into_iter().take(MAX_SYNTAX_FAULTS) {
            let offset = error.span().map_or(0, |s| s.start);
            faults.push(self.at(offset, error.message()));
        }
        (!found).then(|| tree.into_inner())
    }

    /// A fault at a byte of the file.
    pub(super) fn at(&self, offset: usize, message: impl Into<String>) -> PackFault {
        PackFault::of_file(&self.pack, &self.file, message).at(&self.text, offset)
    }

    /// A fault at the value that `path` leads to (`type/3/workflow`), or at the nearest thing around
    /// it. A last part `#key` means the key and not its value.
    pub(super) fn fault(&self, path: &str, message: impl Into<String>) -> PackFault {
        // The tree is built again for each fault: there are few, and it borrows the text.
        match DeTable::parse(&self.text).ok().and_then(|t| find(&t, path)) {
            Some(offset) => self.at(offset, message),
            None => PackFault::of_file(&self.pack, &self.file, message),
        }
    }

    /// What serde found wrong with the part of the file at `around`.
    pub(super) fn error(&self, error: &toml::de::Error, around: Range<usize>) -> PackFault {
        let (message, suggestion) = reword(error.message());
        let mut fault = self.at(error.span().unwrap_or(around).start, message);
        fault.suggestion = suggestion;
        fault
    }

    /// Reads a part of the file as `T`.
    pub(super) fn read<T: DeserializeOwned>(
        &self,
        value: Spanned<DeValue<'_>>,
        faults: &mut Faults,
    ) -> Option<T> {
        let span = value.span();
        let mut rest = value.clone();
        let mut error = match T::deserialize(ValueDeserializer::from(value)) {
            Ok(read) => return Some(read),
            Err(error) => error,
        };
        // The reader stops at its first fault: without what is to blame it comes to the next one.
        loop {
            faults.push(self.error(&error, span.clone()));
            let is_word = error.message().starts_with("unknown ");
            let at = error.span().filter(|_| is_word && !faults.is_full())?;
            if !cut(&mut rest, at.start) {
                return None;
            }
            error = match T::deserialize(ValueDeserializer::from(rest.clone())) {
                Err(next) if !next.message().starts_with("missing ") => next,
                // What is missing now may be what was taken out.
                _ => return None,
            };
        }
    }

    /// The elements of the array `key` of `table`, which is taken out of it.
    pub(super) fn elements<'i>(
        &self,
        table: &mut DeTable<'i>,
        key: &str,
        faults: &mut Faults,
    ) -> Vec<Spanned<DeValue<'i>>> {
        let Some(value) = table.remove(key) else {
            return Vec::new();
        };
        let start = value.span().start;
        match value.into_inner() {
            DeValue::Array(items) => items.into_iter().collect(),
            other => {
                let message = format!(
                    "`{key}` must be a list, not {}; write `[[{key}]]`",
                    other.type_str()
                );
                faults.push(self.at(start, message));
                Vec::new()
            }
        }
    }

    /// Reports the keys that are left in a table from which the known ones were taken.
    pub(super) fn unknown_keys(&self, rest: &DeTable<'_>, known: &[&str], faults: &mut Faults) {
        for key in rest.keys().take(super::MAX_FAULTS) {
            let message = format!(
                "unknown key `{}`; the keys here are {}",
                short(key.get_ref()),
                known.join(", ")
            );
            faults.push(
                self.at(key.span().start, message)
                    .near(key.get_ref(), known.iter().copied()),
            );
        }
    }
}

/// Takes the key or value that begins at a byte out of a value; whether there was one.
fn cut(value: &mut Spanned<DeValue<'_>>, at: usize) -> bool {
    match value.get_mut() {
        DeValue::Table(table) => {
            for (_, inner) in table.iter_mut() {
                if cut(inner, at) {
                    return true;
                }
            }
            let found = table
                .iter()
                .find(|(key, value)| key.span().start == at || value.span().start == at)
                .map(|(key, _)| key.get_ref().to_string());
            found.is_some_and(|key| table.remove(key.as_str()).is_some())
        }
        DeValue::Array(items) => {
            for inner in items.iter_mut() {
                if cut(inner, at) {
                    return true;
                }
            }
            let all = items.len();
            let others = items.iter().filter(|item| item.span().start != at);
            *items = others.cloned().collect();
            items.len() < all
        }
        _ => false,
    }
}

/// The start of what `path` leads to.
fn find(tree: &Spanned<DeTable<'_>>, path: &str) -> Option<usize> {
    let mut table = Some(tree.get_ref());
    let mut value: Option<&Spanned<DeValue<'_>>> = None;
    let mut at = None;
    for step in path.split('/') {
        let next = if let Some(key) = step.strip_prefix('#') {
            return table
                .and_then(|t| t.get_key_value(key))
                .map(|(k, _)| k.span().start)
                .or(at);
        } else if let Some(t) = table {
            t.get(step)
        } else {
            let index: Option<usize> = step.parse().ok();
            let items = value.and_then(|v| v.get_ref().as_array());
            items.zip(index).and_then(|(items, i)| items.get(i))
        };
        let Some(next) = next else {
            break;
        };
        // A list of tables has the place of its first header, an element that of its own.
        at = Some(next.span().start);
        table = next.get_ref().as_table();
        value = Some(next);
    }
    at
}

/// The words of the reader of TOML in the words of a pack's author.
fn reword(message: &str) -> (String, Option<String>) {
    let message = message
        .replace("unknown field", "unknown key")
        .replace("missing field", "missing key")
        .replace("duplicate field", "double key");
    let unknown = message.starts_with("unknown key") || message.starts_with("unknown variant");
    let mut words = message.split('`').skip(1).step_by(2);
    let suggestion = words
        .next()
        .filter(|_| unknown)
        .and_then(|word| super::fault::nearest(word, words));
    (message, suggestion)
}

/// The beginning of a word that came from outside.
pub(super) fn short(word: &str) -> String {
    word.chars().take(64).collect()
}
