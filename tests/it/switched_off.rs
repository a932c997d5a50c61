//! A scenario that proves a row must fail when the rules that the row needs are switched off: else it
//! proves nothing. The rows and their hooks stand in `docs/requirements.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;

use opora::packs::PackFiles;
use opora::scenario::run_file;

use crate::corpus::{Case, all, of_the_packs};

/// Rows that hold without a rule of the hooks they name, and why.
const NEEDS_NO_RULE: [(&str, &str); 10] = [
    (
        "S4.4",
        "reports are data, and who may read them is the engine's to say",
    ),
    (
        "S4.14",
        "the title is kept in a unique field that a computed value fills",
    ),
    ("S4.26", "duplicating is a command of the engine"),
    (
        "S4.59a",
        "the status and audience of articles are the engine's",
    ),
    (
        "S2.24",
        "whoever an application names is taken over, nobody is chosen",
    ),
    ("S1.37", "which statuses pause is said in the definitions"),
    (
        "S1.50",
        "clocks wait and go on with the status, whatever rules say",
    ),
    (
        "S5.35",
        "that nothing is compulsory is shown by the absence of rules",
    ),
    ("S5.42", "the engine reminds of what stands in a plan"),
    (
        "S5.51",
        "that the status follows from the stage is said in the definitions",
    ),
];

/// The hooks of each row.
fn hooks() -> BTreeMap<String, Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/requirements.md");
    let text = std::fs::read_to_string(path).unwrap();
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| S")?.strip_suffix('|')?.split(" | ");
        let id = format!("S{}", cells.next()?.trim());
        let hooks = cells.last()?.split_whitespace().map(str::to_owned);
        Some((id, hooks.collect()))
    };
    text.lines().filter_map(row).collect()
}

/// The rows that a scenario says it proves.
fn rows(case: &Case) -> Vec<String> {
    let tree: toml::Table = case.text.parse().unwrap();
    let rows = tree.get("rows").and_then(toml::Value::as_array);
    let rows = rows.into_iter().flatten().filter_map(toml::Value::as_str);
    rows.map(str::to_owned).collect()
}

/// The pack without its rules of these hooks, if it has any.
fn without(pack: &PackFiles, hooks: &[String]) -> Option<PackFiles> {
    let mut tree: toml::Table = pack.text("pack.toml")?.parse().unwrap();
    let rules = tree.get_mut("rule")?.as_array_mut()?;
    let before = rules.len();
    let is_one_of = |rule: &toml::Value| {
        let hook = rule.get("hook").and_then(toml::Value::as_str);
        hook.is_some_and(|hook| hooks.iter().any(|h| h == hook))
    };
    rules.retain(|rule| !is_one_of(rule));
    let mut changed = pack.clone();
    let cut = hooks.iter().any(|h| h == "process.step") && without_processes(&mut changed);
    if rules.len() == before && !cut {
        return None;
    }
    let text = toml::to_string(&tree).unwrap().into_bytes();
    changed.files.insert("pack.toml".to_owned(), text);
    Some(changed)
}

/// Takes the processes out of a pack: what their stages do is said in the definitions. The statuses
/// then follow from nothing.
fn without_processes(pack: &mut PackFiles) -> bool {
    let text = pack.text("definitions.toml").unwrap_or_default();
    let mut tree: toml::Table = text.parse().unwrap();
    let had = tree.remove("process").is_some();
    for of_type in tree
        .get_mut("type")
        .and_then(|t| t.as_array_mut())
        .into_iter()
        .flatten()
    {
        of_type
            .as_table_mut()
            .unwrap()
            .remove("status_from_process");
    }
    let text = toml::to_string(&tree).unwrap().into_bytes();
    pack.files.insert("definitions.toml".to_owned(), text);
    had
}

#[test]
fn scenarios_fail_without_the_rules_that_their_rows_need() {
    let hooks = hooks();
    assert!(hooks.len() > 200, "{} rows were read", hooks.len());
    let (green, tried) = (Mutex::new(BTreeSet::new()), Mutex::new(0));
    all(&of_the_packs(), |case| {
        let own = case.packs.len() - 1;
        for row in rows(case) {
            let Some(needed) = hooks.get(&row) else {
                continue;
            };
            if NEEDS_NO_RULE.iter().any(|(free, _)| *free == row) {
                continue;
            }
            let Some(cut) = without(&case.packs[own], needed) else {
                continue;
            };
            let mut packs = (*case.packs).clone();
            packs[own] = cut;
            *tried.lock().unwrap() += 1;
            if run_file(&case.text, &packs).is_ok_and(|report| report.is_ok()) {
                green.lock().unwrap().insert(format!(
                    "{}: proves {row} also without {}",
                    case.name,
                    needed.join(", ")
                ));
            }
        }
        Ok(())
    });
    let (green, tried) = (green.into_inner().unwrap(), tried.into_inner().unwrap());
    assert!(tried >= 15, "only {tried} were tried");
    let green: Vec<String> = green.into_iter().collect();
    assert!(
        green.is_empty(),
        "{} of {tried} scenarios prove nothing\n{}",
        green.len(),
        green.join("\n")
    );
}
