//! A scenario that proves a row must fail when the rules that the row needs are switched off: else it
//! proves nothing. The rows and their hooks stand in `docs/requirements.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;

use opora::packs::PackFiles;
use opora::scenario::run_file;

use crate::corpus::{Case, all, of_the_packs};

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
    let named = |name: &str| hooks.iter().any(|h| h == name);
    let cut = named("process.step") && without_processes(&mut changed);
    let cut = (named("report.define") && without_reports(&mut changed)) || cut;
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

/// Takes the reports out of a pack: they are data, and no rule makes them.
fn without_reports(pack: &mut PackFiles) -> bool {
    let text = pack.text("definitions.toml").unwrap_or_default();
    let mut tree: toml::Table = text.parse().unwrap();
    let had = tree.remove("report").is_some();
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
