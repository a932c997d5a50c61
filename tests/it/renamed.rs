//! The engine knows no code of a pack: every scenario of the packs also holds after each type, status,
//! stage, field and option that they define got a name nobody ever saw.

use std::collections::{BTreeMap, BTreeSet};

use opora::packs::PackFiles;
use opora::scenario::run_file;

use crate::corpus::{Case, all, of_the_packs};

/// Keys of tables whose texts are words of the engine or names of records, also where a pack has the
/// same word.
const ENGINE_KEYS: [&str; 24] = [
    "answer",
    "assign",
    "attach",
    "by",
    "category",
    "channel",
    "comment",
    "delete",
    "direction",
    "effects",
    "hook",
    "kind",
    "link",
    "message",
    "name",
    "reads",
    "record",
    "run",
    "script",
    "transition",
    "update",
    "value",
    "visibility",
    "work",
];
/// What rules read beside their record by names of the engine.
const ENGINE_READS: [&str; 7] = opora::packs::READS;
/// What a word of the engine is compared with in a script.
const ENGINE_MEMBERS: [&str; 6] = [
    "category",
    ".channel",
    ".direction",
    ".kind",
    ".role",
    ".visibility",
];

/// Old code to new one.
struct Names {
    all: BTreeMap<String, String>,
    fields: BTreeSet<String>,
}

impl Names {
    /// New names for all that the packs define.
    fn of(packs: &[PackFiles], seed: u64) -> Self {
        let mut names = Self {
            all: BTreeMap::new(),
            fields: BTreeSet::new(),
        };
        for pack in packs {
            let files = pack.files.keys().filter(|path| path.ends_with(".toml"));
            for path in files.filter(|path| !path.starts_with("tests/")) {
                let tree: toml::Table = pack.text(path).unwrap().parse().unwrap();
                for list in ["type", "workflow", "field_set", "process"] {
                    let found = tree.get(list).and_then(toml::Value::as_array);
                    for value in found.into_iter().flatten() {
                        names.collect(value, list, seed);
                    }
                }
            }
        }
        names
    }

    fn collect(&mut self, value: &toml::Value, under: &str, seed: u64) {
        match value {
            toml::Value::Array(items) => {
                for item in items {
                    self.collect(item, under, seed);
                }
            }
            toml::Value::Table(table) => {
                if let Some(code) = table.get("code").and_then(toml::Value::as_str) {
                    let name = unseen(code, seed);
                    self.all.insert(code.to_owned(), name);
                    if under == "fields" {
                        self.fields.insert(code.to_owned());
                    }
                }
                for (key, inner) in table {
                    self.collect(inner, key, seed);
                }
            }
            _ => {}
        }
    }

    /// The pack with its new names, its scenarios too.
    fn pack(&self, pack: &PackFiles) -> PackFiles {
        let mut renamed = pack.clone();
        for (path, bytes) in &mut renamed.files {
            let Ok(text) = std::str::from_utf8(bytes) else {
                continue;
            };
            let text = match path.rsplit_once('.').map(|(_, end)| end) {
                Some("rhai") => self.script(text),
                Some("toml") => self.table(text),
                _ => continue,
            };
            *bytes = text.into_bytes();
        }
        renamed
    }

    /// A text of TOML, line by line: values and inner keys that are codes.
    fn table(&self, text: &str) -> String {
        let mut key = String::new();
        let mut out = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            if line.trim_start().starts_with('#') || line.starts_with('[') {
                out.push_str(line);
                continue;
            }
            let mut quoted = false;
            for (word, is_word) in words(line) {
                let opens = quoted && out.ends_with(['"', ':']);
                let rest = &line[offset(line, word) + word.len()..];
                let is_key = !quoted && rest.trim_start().starts_with('=');
                let is_head = is_key && out.ends_with('\n');
                if is_word && is_key {
                    word.clone_into(&mut key);
                }
                // A reference of the pack that rules look into: `reads = ["guilty_worker.team"]`.
                let own_read = key == "reads" && !ENGINE_READS.contains(&word);
                let engine = ENGINE_KEYS.contains(&key.as_str()) && !own_read;
                let ends = rest.starts_with('"') || (own_read && rest.starts_with('.'));
                let renamed = match self.all.get(word) {
                    Some(new) if is_key && !is_head => Some(new),
                    Some(new) if opens && ends && !engine => Some(new),
                    _ => None,
                };
                out.push_str(renamed.map_or(word, String::as_str));
                if !is_word && word.matches('"').count() % 2 == 1 {
                    quoted = !quoted;
                }
            }
        }
        out
    }

    /// A script: texts that are codes, members and keys of maps that are fields.
    fn script(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            let code = line.find("//").unwrap_or(line.len());
            for (word, is_word) in words(&line[..code]) {
                let rest = &line[offset(line, word) + word.len()..];
                let renamed = self.all.get(word).filter(|_| is_word).filter(|_| {
                    let field = self.fields.contains(word);
                    let member = out.ends_with('.') && !out.ends_with("options.");
                    let key = rest.starts_with(':') && !out.ends_with('"');
                    let text = out.ends_with('"') && rest.starts_with('"');
                    (field && (member || key)) || (text && !compared_with_the_engine(&out))
                });
                out.push_str(renamed.map_or(word, String::as_str));
            }
            out.push_str(&line[code..]);
        }
        out
    }
}

/// Whether the text that begins here is compared with a member of the engine's own words.
fn compared_with_the_engine(before: &str) -> bool {
    let before = before.trim_end_matches(['"', ' ', '=', '!']);
    ENGINE_MEMBERS.iter().any(|member| before.ends_with(member))
}

/// Where a piece of a line begins.
fn offset(line: &str, piece: &str) -> usize {
    piece.as_ptr() as usize - line.as_ptr() as usize
}

/// A line cut into words and what stands between them.
fn words(line: &str) -> Vec<(&str, bool)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let word = is_word(first);
        let end = rest.find(|c| is_word(c) != word).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        pieces.push((piece, word));
        rest = after;
    }
    pieces
}

/// A code nobody ever saw, the same one for the same code and seed.
fn unseen(code: &str, seed: u64) -> String {
    let mut hash = seed ^ 0xcbf2_9ce4_8422_2325;
    for byte in code.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    format!("x{hash:016x}")
}

#[test]
fn scenarios_hold_whatever_a_pack_calls_its_things() {
    let drawn = std::env::var("OPORA_SEED").ok();
    let seed = drawn.and_then(|seed| seed.parse().ok()).unwrap_or(1);
    all(&of_the_packs(), |case: &Case| {
        let names = Names::of(&case.packs, seed);
        let packs: Vec<PackFiles> = case.packs.iter().map(|p| names.pack(p)).collect();
        match run_file(&names.table(&case.text), &packs)? {
            report if report.is_ok() => Ok(()),
            report => Err(format!("with OPORA_SEED={seed}: {report}")),
        }
    });
}

#[test]
fn words_of_the_engine_keep_their_names() {
    let names = Names {
        all: [("done", "x1"), ("cause", "x2")]
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .into(),
        fields: ["cause".to_owned()].into(),
    };
    let table =
        "to = \"done\"\n{ code = \"done\", category = \"done\", cause = \"a done thing\" }\n";
    let renamed = "to = \"x1\"\n{ code = \"x1\", category = \"done\", x2 = \"a done thing\" }\n";
    assert_eq!(names.table(table), renamed);
    let script = "if c.to == \"done\" && c.category == \"done\" { set(#{ cause: c.cause }, done()); } // done\n";
    let renamed =
        "if c.to == \"x1\" && c.category == \"done\" { set(#{ x2: c.x2 }, done()); } // done\n";
    assert_eq!(names.script(script), renamed);
}
