//! Which scenario proves which row of `docs/requirements.md`: `docs/coverage.md` says it and is made
//! here. `UPDATE=1 cargo test --test tidy coverage` writes it anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::check;
use crate::tree::{Text, read, texts};

/// The page that is made.
const FILE: &str = "docs/coverage.md";

/// A row of the requirements.
struct Row {
    id: String,
    asked: String,
}

/// A part of the requirements: its heading and rows.
struct Part {
    heading: String,
    rows: Vec<Row>,
}

fn parts() -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for line in read("docs/requirements.md").lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            parts.push(Part {
                heading: heading.to_owned(),
                rows: Vec::new(),
            });
        }
        let mut cells = line.trim_matches('|').split(" | ").map(str::trim);
        let id = cells.next().unwrap_or_default();
        if is_row(id)
            && let (Some(part), Some(asked)) = (parts.last_mut(), cells.next())
        {
            part.rows.push(Row {
                id: id.to_owned(),
                asked: asked.to_owned(),
            });
        }
    }
    parts
}

/// `S1.13`, `S4.59a`: a part, a dot, a number.
fn is_row(word: &str) -> bool {
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    word.strip_prefix('S')
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(part, number)| {
            part.len() == 1 && digit(part.chars().next()) && digit(number.chars().next())
        })
}

/// The rows that a text says it proves, each with where.
fn claims(text: &Text) -> Vec<(String, String)> {
    if text.extension() == "toml" {
        let rest = text.text.split_once("\nrows = [").map(|(_, rest)| rest);
        let list = rest.and_then(|rest| rest.split(']').next());
        let rows = list.into_iter().flat_map(|list| list.split('"'));
        return rows
            .filter(|word| is_row(word))
            .map(|row| (row.to_owned(), text.path.clone()))
            .collect();
    }
    let mut found = Vec::new();
    let mut rows: Vec<String> = Vec::new();
    for (_, line) in text.lines() {
        if let Some(list) = line.trim().strip_prefix("// rows:") {
            rows.extend(
                list.split([',', ' '])
                    .filter(|w| is_row(w))
                    .map(str::to_owned),
            );
        } else if let Some((_, rest)) = line.split_once("fn ") {
            let name = rest.split('(').next().unwrap_or_default();
            for row in rows.drain(..) {
                found.push((row, format!("{} ({name})", text.path)));
            }
        }
    }
    found
}

fn is_proof(text: &Text) -> bool {
    let scenario = text.extension() == "toml"
        && (text.is_in("tests/scenarios")
            || (text.is_in("scripts") && text.path.contains("/tests/")));
    scenario || (text.extension() == "rs" && text.is_in("tests") && !text.is_in("tests/tidy"))
}

/// Proofs by row.
fn proofs() -> BTreeMap<String, Vec<String>> {
    let mut proofs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for text in texts().iter().filter(|text| is_proof(text)) {
        for (row, place) in claims(text) {
            proofs.entry(row).or_default().push(place);
        }
    }
    proofs
}

fn page(parts: &[Part], proofs: &BTreeMap<String, Vec<String>>) -> String {
    let all = parts.iter().map(|part| part.rows.len()).sum::<usize>();
    let proven = |part: &Part| {
        part.rows
            .iter()
            .filter(|r| proofs.contains_key(&r.id))
            .count()
    };
    let done = parts.iter().map(proven).sum::<usize>();
    let mut page = format!(
        "# Coverage\n\n\
         Which scenarios and tests prove which row of [requirements.md](requirements.md). Written by the \
         test `coverage` of `tests/tidy` from what scenarios say they prove; run it with `UPDATE=1`.\n\n\
         {done} of {all} rows have a proof.\n"
    );
    for part in parts {
        let (done, all) = (proven(part), part.rows.len());
        let _ = write!(page, "\n## {}\n\n{done} of {all}.\n\n", part.heading);
        page.push_str("| row | proven by |\n|---|---|\n");
        let (have, lack): (Vec<&Row>, Vec<&Row>) = part
            .rows
            .iter()
            .partition(|row| proofs.contains_key(&row.id));
        for row in have {
            let places: Vec<String> = proofs[&row.id].iter().map(|p| format!("`{p}`")).collect();
            let _ = writeln!(page, "| {} | {} |", row.id, places.join(", "));
        }
        if !lack.is_empty() {
            page.push_str("\nWithout a proof:\n\n");
        }
        for row in lack {
            let _ = writeln!(page, "- {} {}", row.id, row.asked);
        }
    }
    page
}

#[test]
fn coverage_says_which_scenario_proves_which_row() {
    let (parts, proofs) = (parts(), proofs());
    let known = |id: &str| parts.iter().flat_map(|p| &p.rows).any(|row| row.id == id);
    let unknown = proofs.iter().filter(|(id, _)| !known(id));
    check(
        unknown
            .map(|(id, places)| format!("{}: row {id} is not in docs/requirements.md", places[0]))
            .collect(),
    );
    let page = page(&parts, &proofs);
    if std::env::var_os("UPDATE").is_some() {
        let full = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
        std::fs::write(full, &page).unwrap();
    }
    assert!(
        page == read(FILE),
        "{FILE} is stale: run `UPDATE=1 cargo test --test tidy coverage`"
    );
}

#[test]
fn every_row_is_there_once() {
    let parts = parts();
    let mut ids: Vec<&str> = parts
        .iter()
        .flat_map(|p| &p.rows)
        .map(|r| r.id.as_str())
        .collect();
    assert_eq!(ids.len(), 271);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 271);
}

#[test]
fn rows_are_told_from_other_words() {
    for row in ["S1.1", "S4.59a", "S5.69"] {
        assert!(is_row(row), "{row}");
    }
    for other in [
        "record.changed",
        "S12.1",
        "S.1",
        "once",
        "S1",
        "Sx.1",
        "S1.x",
    ] {
        assert!(!is_row(other), "{other}");
    }
}
