//! Documents say what is there: the list of decisions, the code map, the links.

use std::path::Path;

use crate::check;
use crate::tree::{names, read, texts};

#[test]
fn every_decision_is_listed() {
    let index = read("docs/decisions/README.md");
    let mut found = Vec::new();
    let mut numbers = Vec::new();
    for name in names("docs/decisions") {
        if name == "README.md" {
            continue;
        }
        if !index.contains(&format!("({name})")) {
            found.push(format!(
                "docs/decisions/README.md: `{name}` is not in the list"
            ));
        }
        let number: String = name.chars().take_while(char::is_ascii_digit).collect();
        if number.len() != 4 || numbers.contains(&number) {
            found.push(format!("docs/decisions/{name}: needs a number of its own"));
        }
        numbers.push(number);
    }
    check(found);
}

#[test]
fn the_code_map_names_every_room() {
    let map = read("ARCHITECTURE.md");
    let mut found = Vec::new();
    for room in rooms() {
        if !map.contains(&format!("`{room}/`")) {
            found.push(format!("ARCHITECTURE.md: the code map lacks `{room}/`"));
        }
    }
    // And the other way round: what the map names is there.
    for (at, line) in map.lines().enumerate() {
        for room in line
            .split('`')
            .filter(|w| w.starts_with("engine/") && !w.contains([' ', ':', '*']))
        {
            if !exists(room) {
                found.push(format!("ARCHITECTURE.md:{}: no `{room}`", at + 1));
            }
        }
    }
    check(found);
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut found = Vec::new();
    for text in texts() {
        // The demo's articles and the packs' templates have readers and links of their own.
        if text.extension() != "md" || text.is_in("demo/articles") {
            continue;
        }
        let folder = text.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (at, line) in text.lines() {
            for link in line.split("](").skip(1) {
                let target = link.split([')', '#', ' ']).next().unwrap_or_default();
                if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                    continue;
                }
                if !exists(&format!("{folder}/{target}")) {
                    found.push(format!("{}:{at}: no `{target}`", text.path));
                }
            }
        }
    }
    check(found);
}

#[test]
fn what_documents_quote_stands_in_its_file() {
    let mut found = Vec::new();
    let mut quoted = 0;
    for text in texts() {
        if text.extension() != "md" {
            continue;
        }
        let mut quote: Option<(usize, String, String)> = None;
        for (at, line) in text.lines() {
            let Some(info) = line.strip_prefix("```") else {
                if let Some((_, _, words)) = &mut quote {
                    words.push_str(line);
                    words.push('\n');
                }
                continue;
            };
            if let Some((from, path, words)) = quote.take() {
                quoted += 1;
                if !exists(&path) || !read(&path).contains(&words) {
                    found.push(format!("{}:{from}: `{path}` says otherwise", text.path));
                }
            }
            let path = info.split(' ').nth(1).unwrap_or_default();
            if path.starts_with("scripts/") {
                quote = Some((at, path.to_owned(), String::new()));
            }
        }
    }
    assert!(
        quoted >= 5,
        "the lessons of docs/scripts.md quote the packs"
    );
    check(found);
}

/// The folders of the engine, two deep.
fn rooms() -> Vec<String> {
    let mut rooms = Vec::new();
    for room in names("engine") {
        if Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("engine")
            .join(&room)
            .is_dir()
        {
            rooms.push(format!("engine/{room}"));
        }
    }
    rooms
}

fn exists(path: &str) -> bool {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(path.trim_start_matches('/'))
        .exists()
}
