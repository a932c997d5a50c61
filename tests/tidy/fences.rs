//! Who may know whom: crates that belong to one room, and rooms that look one way.

use crate::check;
use crate::tree::{Text, names, sources};

/// A crate's name and the places that may say it.
const CRATES: [(&str, &[&str]); 17] = [
    ("redb::", &["engine/store", "tests/store", "benches"]),
    ("rhai::", &["engine/hooks/script"]),
    ("minijinja::", &["engine/packs"]),
    ("wasmtime::", &["engine/hooks/wasm"]),
    ("tantivy::", &["engine/search", "benches"]),
    (
        "axum::",
        &["engine/api", "engine/cli", "tests/http", "benches"],
    ),
    ("clap::", &["engine/cli"]),
    ("lettre::", &["engine/delivery"]),
    (
        "mail_parser::",
        &["engine/delivery", "tests/it", "tests/process"],
    ),
    ("rmcp::", &["engine/api/mcp"]),
    ("ammonia::", &["engine/text"]),
    ("html5ever::", &["engine/text"]),
    ("pulldown_cmark::", &["engine/text"]),
    ("similar::", &["engine/text"]),
    ("lopdf::", &["engine/text"]),
    ("miniz_oxide::", &["engine/text"]),
    ("quick_xml::", &["engine/text"]),
];

/// A room of the engine and the rooms it may know beside itself. `desk` knows no front end, and
/// nobody but the front ends knows `cli`.
const ROOMS: [(&str, &[&str]); 12] = [
    ("domain", &[]),
    ("store", &[]),
    ("search", &[]),
    ("embeddings", &["search", "store"]),
    ("text", &[]),
    ("hooks", &["domain"]),
    ("packs", &["domain", "hooks"]),
    (
        "desk",
        &[
            "domain",
            "embeddings",
            "hooks",
            "packs",
            "search",
            "store",
            "text",
        ],
    ),
    (
        "api",
        &[
            "delivery", "desk", "domain", "hooks", "packs", "scenario", "store", "text",
        ],
    ),
    ("delivery", &["desk", "domain", "store", "text"]),
    ("scenario", &["desk", "domain", "hooks", "packs", "store"]),
    (
        "cli",
        &[
            "api",
            "delivery",
            "desk",
            "domain",
            "embeddings",
            "hooks",
            "packs",
            "scenario",
            "search",
            "store",
            "text",
        ],
    ),
];

#[test]
fn a_foreign_crate_is_known_in_its_own_room_only() {
    let mut found = Vec::new();
    for source in rust_of_the_host() {
        for (name, allowed) in CRATES {
            if allowed.iter().any(|room| source.is_in(room)) {
                continue;
            }
            for (at, line) in source.code_lines() {
                if mentions(line, name) {
                    let rooms = allowed.join(", ");
                    found.push(format!("{}:{at}: `{name}` belongs to {rooms}", source.path));
                }
            }
        }
    }
    check(found);
}

#[test]
fn rooms_look_one_way() {
    let mut found = Vec::new();
    for room in names("engine") {
        if room.ends_with(".rs") {
            continue;
        }
        let Some((_, known)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            found.push(format!("engine/{room}: say in tests/tidy whom it may know"));
            continue;
        };
        for source in rust_of_the_host() {
            if source.is_in(&format!("engine/{room}")) {
                found.extend(strangers(&source, &room, known));
            }
        }
    }
    check(found);
}

/// Guests and their templates are other programs; this file has to name what it looks for.
fn rust_of_the_host() -> Vec<Text> {
    let mut all = sources();
    all.retain(|s| !s.is_in("plugins") && !s.is_in("sdk") && !s.is_in("tests/tidy"));
    all
}

/// Uses of rooms that a room may not know.
fn strangers(source: &Text, room: &str, known: &[&str]) -> Vec<String> {
    let code: Vec<&str> = source.code_lines().map(|(_, line)| line).collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let line = code[..at].matches('\n').count() + 1;
        for used in first_names(&code[at + "crate::".len()..]) {
            let is_room = ROOMS.iter().any(|(name, _)| *name == used);
            if is_room && used != room && !known.contains(&used) {
                found.push(format!(
                    "{}:{line}: engine/{room} may not know engine/{used}",
                    source.path
                ));
            }
        }
    }
    found
}

/// The first names of a path, several when it begins with braces.
fn first_names(path: &str) -> Vec<&str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let Some(group) = path.strip_prefix('{') else {
        return path.split(|c| !is_name(c)).take(1).collect();
    };
    let mut names = Vec::new();
    let mut depth = 0;
    let mut is_first = true;
    let mut rest = group;
    while let Some(c) = rest.chars().next() {
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        if end > 0 {
            if depth == 0 && is_first {
                names.push(&rest[..end]);
            }
            is_first = false;
            rest = &rest[end..];
            continue;
        }
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => is_first = true,
            _ => {}
        }
        rest = &rest[c.len_utf8()..];
    }
    names
}

/// Whether the word stands in the line as a path of its own.
fn mentions(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

#[test]
fn the_search_for_words_finds_words() {
    assert!(mentions("use redb::Database;", "redb::"));
    assert!(mentions("fn f(db: &redb::Database)", "redb::"));
    assert!(!mentions("use my_redb::Database;", "redb::"));
}

#[test]
fn groups_of_paths_are_taken_apart() {
    assert_eq!(first_names("desk::Desk;"), ["desk"]);
    assert_eq!(
        first_names("{desk::{Actor, api}, store,\n  domain::Id};"),
        ["desk", "store", "domain"]
    );
}
