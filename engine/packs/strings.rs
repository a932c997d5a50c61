//! `locales/`: the strings of a pack, a file for each language.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::fault::{Faults, PackFault};
use super::files::PackFiles;
use super::source::{Source, short};
use crate::domain::code;
use crate::hooks::texts::{Strings, placeholders};

/// The folder of a pack's strings.
const FOLDER: &str = "locales/";
/// Most strings of a language.
pub const MAX_STRINGS: usize = 2_000;
/// Longest string in bytes.
pub const MAX_STRING_BYTES: usize = 16 * 1024;
/// Most tables in one another.
const MAX_DEPTH: usize = 3;

/// A language as its file has it.
struct Locale {
    source: Source,
    strings: Strings,
    /// Where each key stands.
    places: BTreeMap<String, usize>,
}

/// Reads the strings of a pack by language. All languages have the same keys, and the same placeholders
/// under each.
pub(super) fn read(
    pack: &str,
    files: &PackFiles,
    faults: &mut Faults,
) -> BTreeMap<String, Strings> {
    let before = faults.len();
    let mut locales: BTreeMap<String, Locale> = BTreeMap::new();
    for path in files.files.keys() {
        let Some(name) = path.strip_prefix(FOLDER) else {
            continue;
        };
        let locale = name.strip_suffix(".toml").filter(|l| is_locale(l));
        let (Some(locale), Some(text)) = (locale, files.text(path)) else {
            let message = "is read by nothing; strings stand in locales/LANGUAGE.toml, such as \
                           locales/en.toml";
            faults.push(PackFault::of_file(pack, path, message));
            continue;
        };
        let source = Source::new(pack, path, text);
        let mut read = Locale {
            source: source.clone(),
            strings: Strings::new(),
            places: BTreeMap::new(),
        };
        let Some(tree) = source.tree(faults) else {
            continue;
        };
        read.table("", &tree, 0, faults);
        if read.strings.len() > MAX_STRINGS {
            let message = format!(
                "{} strings are over the limit of {MAX_STRINGS}",
                read.strings.len()
            );
            faults.push(source.at(0, message));
        }
        locales.insert(locale.to_owned(), read);
    }
    // What could not be read would be said to lack everything.
    if faults.len() == before {
        compare(&locales, faults);
    }
    locales
        .into_iter()
        .map(|(locale, read)| (locale, read.strings))
        .collect()
}

fn is_locale(name: &str) -> bool {
    (2..=16).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

impl Locale {
    fn table(&mut self, above: &str, table: &DeTable<'_>, depth: usize, faults: &mut Faults) {
        for (key, value) in table {
            if faults.is_full() {
                return;
            }
            let at = key.span().start;
            let word = key.get_ref();
            if let Some(why) = code::fault(word) {
                let message = format!("key `{}` {why}", short(word));
                faults.push(self.source.at(at, message));
                continue;
            }
            let key = match above {
                "" => word.to_string(),
                above => format!("{above}.{word}"),
            };
            match value.get_ref() {
                DeValue::String(text) if text.len() > MAX_STRING_BYTES => {
                    let message = format!(
                        "{} bytes are over the limit of {MAX_STRING_BYTES} for a string",
                        text.len()
                    );
                    faults.push(self.source.at(at, message));
                }
                DeValue::String(text) => {
                    self.strings.insert(key.clone(), text.to_string());
                    self.places.insert(key, at);
                }
                DeValue::Table(inner) if depth + 1 < MAX_DEPTH => {
                    self.table(&key, inner, depth + 1, faults);
                }
                DeValue::Table(_) => {
                    let message = format!("tables nest deeper than {MAX_DEPTH}");
                    faults.push(self.source.at(at, message));
                }
                other => {
                    let message = format!("string `{key}` must be text, not {}", other.type_str());
                    faults.push(self.source.at(at, message));
                }
            }
        }
    }
}

/// Reports the keys that a language lacks, and placeholders that differ: both would be met by those
/// alone who read that language.
fn compare(locales: &BTreeMap<String, Locale>, faults: &mut Faults) {
    let mut all: BTreeMap<&str, &Locale> = BTreeMap::new();
    for locale in locales.values() {
        for key in locale.strings.keys() {
            all.entry(key).or_insert(locale);
        }
    }
    for locale in locales.values() {
        for (key, first) in &all {
            if faults.is_full() {
                return;
            }
            let Some(text) = locale.strings.get(*key) else {
                let message = format!("lacks the string `{key}`, which {} has", first.source.file);
                let fault = PackFault::of_file(&locale.source.pack, &locale.source.file, message);
                // Its own name for it is one that no other language has.
                let only_here = locale.strings.keys().map(String::as_str).filter(|own| {
                    let others = locales.values().filter(|l| l.strings.contains_key(*own));
                    others.count() == 1
                });
                faults.push(fault.near(key, only_here));
                continue;
            };
            let other = first.strings.get(*key).map_or("", String::as_str);
            let (own, theirs) = (placeholders(text), placeholders(other));
            let strange = own.difference(&theirs).chain(theirs.difference(&own));
            if let Some(name) = strange.copied().next() {
                let message = format!(
                    "string `{key}` has `{{{name}}}` in one of {} and {}, and not in the other",
                    first.source.file, locale.source.file
                );
                let at = locale.places.get(*key).copied().unwrap_or(0);
                faults.push(
                    locale
                        .source
                        .at(at, message)
                        .near(name, theirs.iter().copied()),
                );
            }
        }
    }
}
