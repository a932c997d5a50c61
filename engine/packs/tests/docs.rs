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
    // Three files make a pack; five more show strings, templates and what it brings.
    assert_eq!(whole.len(), 8);
    let loaded = load(&whole).map_err(|faults| lines(&faults)).unwrap();
    assert_eq!(loaded.rules.len(), 3);
    assert_eq!(loaded.seeds.len(), 2);
    assert_eq!(added.len(), 13);
    for example in added {
        let mut files = whole.clone();
        let text = files.get_mut(&example.file).unwrap();
        text.push_str(&example.text);
        let more = load(&files).map_err(|faults| lines(&faults)).unwrap();
        assert_ne!(more.revision, loaded.revision);
    }
}

/// The rules of the whole pack are scripts that compile, and a misspelt function is told.
#[cfg(feature = "script")]
#[test]
fn the_scripts_compile() {
    let compile = |from: &str, to: &str| {
        let mut files = packs::PackFiles::default();
        for example in examples().into_iter().filter(|e| !e.is_added) {
            let text = example.text.replace(from, to);
            files.files.insert(example.file, text.into_bytes());
        }
        packs::load(&files, &packs::BuiltIn::new(None).unwrap()).map_err(|faults| lines(&faults))
    };
    assert_eq!(compile("", "").unwrap().rules.len(), 3);
    assert_eq!(
        compile("fn gold_first(c)", "fn gold_fist(c)").unwrap_err(),
        "pack.toml:16:1: `rules.rhai` has no function `gold_first`; did you mean `gold_fist`?"
    );
    let told = compile("fn gold_first(c)", "fn gold_first(c, d)").unwrap_err();
    assert!(told.starts_with("rules.rhai:7:"), "{told}");
    let told = compile("c.choose_level(", "c.choose_level((").unwrap_err();
    assert!(told.starts_with("rules.rhai:9:"), "{told}");
}

/// The rules of the whole pack decide what the page says.
#[cfg(feature = "script")]
#[test]
fn the_scripts_decide() {
    use std::sync::Arc;

    use crate::domain::{Id, Instant, Kind, Value};
    use crate::hooks::{ActorView, Call, Detail, LevelView, RecordView};

    let mut files = packs::PackFiles::default();
    for example in examples().into_iter().filter(|e| !e.is_added) {
        files.files.insert(example.file, example.text.into_bytes());
    }
    let loaded = packs::load(&files, &packs::BuiltIn::new(None).unwrap()).unwrap();
    let decide = |rule: usize, severity: &str| {
        let rule = &loaded.rules[rule];
        let record = RecordView {
            id: Id([1; 16]),
            kind: Kind::Ticket,
            fields: BTreeMap::from([("repair/severity".to_owned(), Value::from(severity))]),
            category: Some("new"),
        };
        let call = Call {
            hook: rule.hook,
            pack: rule.pack.clone(),
            now: Instant::UNIX_EPOCH,
            actor: ActorView {
                role: "agent".to_owned(),
                id: None,
                locale: "en".to_owned(),
            },
            record: Arc::new(record),
            before: None,
            asked: Arc::default(),
            related: Arc::default(),
            options: loaded.options.clone(),
            detail: match rule.hook {
                Hook::SlaSelect => Detail::SlaSelect {
                    levels: Arc::new([LevelView {
                        id: Id([2; 16]),
                        code: "gold".to_owned(),
                    }]),
                },
                _ => Detail::None,
            },
        };
        rule.runner.call(&call).unwrap().decision
    };
    assert!(decide(0, "minor").is_empty());
    let refusal = decide(0, "major").refusals.remove(0);
    assert_eq!(refusal.code, "words_needed");
    assert_eq!(refusal.field.as_deref(), Some("description"));
    assert!(decide(1, "minor").level.is_none());
    assert_eq!(decide(1, "major").level.unwrap().level, "gold");
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
            "| workflows, field sets, surveys, processes, reports, documents, workspaces | {} each |",
            packs::MAX_GROUPS
        ),
        format!(
            "| statuses and transitions of a workflow; stages and edges of a process | {}, {} |",
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
    // One row tells both.
    assert_eq!(packs::MAX_STAGES, packs::MAX_STATUSES);
    assert_eq!(packs::MAX_EDGES, packs::MAX_TRANSITIONS);
}
