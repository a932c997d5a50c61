//! The engine knows no word of a pack: no code and no label that a pack in `scripts/` defines stands
//! as a string literal in `engine/`, but for words that are the engine's own.

use std::collections::BTreeSet;

use crate::check;
use crate::tree::{Text, sources, texts};

/// Codes of packs that are words of the engine too, and what the engine means by them.
const OWN: [(&str, &str); 18] = [
    ("cause", "a member of an explanation"),
    ("content", "the bytes of a file, in a scenario"),
    ("declined", "a status of inquiries"),
    ("documents", "what packs define, to make records from"),
    ("done", "a category of statuses"),
    ("error", "a level of the log"),
    ("goods", "a kind of product"),
    ("high", "a priority"),
    ("loops", "how often a stage of a process was entered"),
    ("low", "a priority"),
    ("question", "a part of a survey"),
    ("reopened", "an event of a contract's ledger"),
    ("result", "a part of an action's answer"),
    (
        "satisfaction",
        "the field that a survey's outcome is kept in",
    ),
    ("service", "a kind of product"),
    ("source", "a member of what a rule sees of a message"),
    ("version", "a member of records and packs"),
    ("waiting", "a category of statuses"),
];
/// Labels of packs that the engine uses as well.
const OWN_LABELS: [(&str, &str); 11] = [
    ("Calendar", "a field of contracts"),
    ("High", "a priority"),
    ("Low", "a priority"),
    ("Priority", "a field of tickets"),
    ("Service", "a kind of product"),
    ("Source document", "a field of records"),
    ("Высокий", "a priority"),
    ("Календарь", "a field of contracts"),
    ("Низкий", "a priority"),
    ("Оборудование", "the kind of record"),
    ("Приоритет", "a field of tickets"),
];
/// Members of what a rule may see or say that packs use as codes.
const MEMBERS: [&str; 1] = ["skill"];
/// Files that hold the text of a pack: what `opora pack new` writes.
const PACK_TEXTS: [&str; 1] = ["engine/cli/pack_new.rs"];

/// What stands in quotes behind `key = ` anywhere in a text.
fn values<'a>(text: &'a str, key: &'a str) -> impl Iterator<Item = &'a str> {
    let assigned = format!("{key} = \"");
    let starts: Vec<usize> = text
        .match_indices(&assigned)
        .filter(|(at, _)| !text[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
        .map(|(at, found)| at + found.len())
        .collect();
    starts
        .into_iter()
        .filter_map(move |at| text[at..].split('"').next())
}

/// Codes and labels of the packs.
fn of_the_packs() -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut codes, mut labels) = (BTreeSet::new(), BTreeSet::new());
    for text in texts() {
        if text.extension() != "toml" || !text.is_in("scripts") || text.path.contains("/tests/") {
            continue;
        }
        codes.extend(values(&text.text, "code").map(str::to_owned));
        for language in ["ru", "en"] {
            labels.extend(values(&text.text, language).map(str::to_owned));
        }
        let options = text.text.split("\n[options.").skip(1);
        codes.extend(options.filter_map(|o| Some(o.split_once(']')?.0.to_owned())));
    }
    (codes, labels)
}

/// The string literals of a line of code.
fn literals(line: &str) -> Vec<&str> {
    line.split('"').skip(1).step_by(2).collect()
}

/// The lines of a source before its tests.
fn lines(source: &Text) -> impl Iterator<Item = (usize, &str)> {
    source
        .code_lines()
        .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
}

#[test]
fn the_engine_holds_no_word_of_a_pack() {
    let (codes, labels) = of_the_packs();
    assert!(
        codes.len() > 50 && labels.len() > 100,
        "{} codes and {} labels were found in scripts/",
        codes.len(),
        labels.len()
    );
    let own = |word: &str| OWN.iter().any(|(w, _)| *w == word) || MEMBERS.contains(&word);
    let own_label = |word: &str| OWN_LABELS.iter().any(|(w, _)| *w == word);
    let mut found = Vec::new();
    for source in sources() {
        let is_pack = PACK_TEXTS.iter().any(|path| source.is_in(path));
        if !source.is_in("engine") || source.path.contains("/tests") || is_pack {
            continue;
        }
        for (at, line) in lines(&source) {
            for word in literals(line) {
                let code = codes.contains(word) && !own(word);
                if code || (labels.contains(word) && !own_label(word)) {
                    found.push(format!(
                        "{}:{at}: `{word}` is defined by a pack: say it there, or name in \
                         tests/tidy/vocabulary.rs what the engine means by it",
                        source.path
                    ));
                }
            }
        }
    }
    check(found);
}

#[test]
fn words_of_a_definition_are_found() {
    let text = "[[type]]\ncode = \"claim\"\nnames = { ru = \"Претензия\", en = \"Claim\" }\nbarcode = \"x\"\n";
    assert_eq!(values(text, "code").collect::<Vec<_>>(), ["claim"]);
    assert_eq!(values(text, "ru").collect::<Vec<_>>(), ["Претензия"]);
    assert_eq!(literals(r#"let a = ["x", "y"];"#), ["x", "y"]);
}
