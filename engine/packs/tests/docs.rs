//! Every example of `docs/packs.md` loads, and what it says of limits and words is so.

use std::collections::BTreeMap;

use super::kit::{lines, pack};
use crate::hooks::Hook;
use crate::packs::{self, Loaded, PackFault, files, rule_spec};

const PAGE: &str = include_str!("../../../docs/packs.md");

/// An example: its file, whether it is added to the whole pack, and its text.
struct Example {
    file: String,
    is_added: bool,
    text: String,
}

/// The fences whose first line names a file: ```` ```toml pack.toml + ````.
fn examples() -> Vec<Example> {
    let mut all: Vec<Example> = Vec::new();
    let mut open = false;
    for line in PAGE.lines() {
        match line.strip_prefix("```") {
            Some(_) if open => open = false,
            Some(info) => {
                let mut words = info.split(' ').skip(1);
                let Some(file) = words.next() else { continue };
                open = true;
                all.push(Example {
                    file: file.to_owned(),
                    is_added: words.next() == Some("+"),
                    text: String::new(),
                });
            }
            None if open => {
                let example = all.last_mut().unwrap();
                example.text.push_str(line);
                example.text.push('\n');
            }
            None => {}
        }
    }
    all
}

fn load(files: &BTreeMap<String, String>) -> Result<Loaded, Vec<PackFault>> {
    let texts: Vec<(&str, &str)> = files
        .iter()
        .map(|(f, t)| (f.as_str(), t.as_str()))
        .collect();
    pack(&texts)
}

#[test]
fn every_example_loads() {
    let mut whole = BTreeMap::new();
    let (added, first): (Vec<Example>, Vec<Example>) =
        examples().into_iter().partition(|e| e.is_added);
    for example in first {
        whole.insert(example.file, example.text);
    }
    assert_eq!(whole.len(), 3);
    let loaded = load(&whole).map_err(|faults| lines(&faults)).unwrap();
    assert_eq!(loaded.rules.len(), 2);
    assert_eq!(added.len(), 6);
    for example in added {
        let mut files = whole.clone();
        let text = files.get_mut(&example.file).unwrap();
        text.push_str(&example.text);
        let more = load(&files).map_err(|faults| lines(&faults)).unwrap();
        assert_ne!(more.revision, loaded.revision);
    }
}

#[test]
fn the_fault_that_is_shown_is_what_the_engine_says() {
    let mut whole: BTreeMap<String, String> = examples()
        .into_iter()
        .filter(|e| !e.is_added)
        .map(|e| (e.file, e.text))
        .collect();
    let text = whole.get_mut("definitions.toml").unwrap();
    *text = text.replace("workflow = \"repair\"", "workflow = \"repiar\"");
    let told = lines(&load(&whole).unwrap_err());
    assert!(PAGE.contains(&told), "{told}");
}

#[test]
fn words_and_figures_are_those_of_the_engine() {
    for hook in Hook::ALL {
        assert!(PAGE.contains(&format!("`{hook}`")), "{hook}");
    }
    for read in rule_spec::READS {
        assert!(PAGE.contains(&format!("`{read}`")), "{read}");
    }
    assert!(PAGE.contains(&format!("`\"{}\"`", packs::CONTRACT)));
    let thousands = |n: usize| {
        if n < 1_000 {
            n.to_string()
        } else {
            format!("{},{:03}", n / 1_000, n % 1_000)
        }
    };
    for row in [
        format!(
            "| files, and bytes of a pack | {}, {} MiB |",
            files::MAX_FILES,
            files::MAX_PACK_BYTES >> 20
        ),
        format!(
            "| bytes of a text file | {} MiB |",
            files::MAX_TEXT_BYTES >> 20
        ),
        format!(
            "| rules, options of a pack, required packs | {}, {}, {} |",
            rule_spec::MAX_RULES,
            packs::manifest::MAX_OPTIONS,
            packs::manifest::MAX_REQUIRES
        ),
        format!(
            "| types, fields | {}, {} |",
            packs::MAX_TYPES,
            thousands(packs::MAX_FIELDS)
        ),
        format!(
            "| workflows, field sets, surveys | {} each |",
            packs::MAX_GROUPS
        ),
        format!(
            "| statuses and transitions of a workflow | {}, {} |",
            packs::MAX_STATUSES,
            thousands(packs::MAX_TRANSITIONS)
        ),
        format!(
            "| options of a field, questions of a survey | {}, {} |",
            packs::MAX_FIELD_OPTIONS,
            packs::MAX_QUESTIONS
        ),
        format!("| characters of a name | {} |", packs::MAX_NAME_CHARS),
        format!("| faults told at once | {} |", packs::MAX_FAULTS),
    ] {
        assert!(PAGE.contains(&row), "{row}");
    }
}
