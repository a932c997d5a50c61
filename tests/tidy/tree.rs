//! The files of the project, read from the checkout.

use std::fs;
use std::path::Path;

/// What is made and not written, and texts whose wording is somebody else's. A folder of build
/// output under another name is known by its tag.
const FOREIGN: [&str; 7] = [
    ".git",
    "Cargo.lock",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "node_modules",
    "opora-data",
    "target",
];
/// The file by which cargo marks its output.
const TAG: &str = "CACHEDIR.TAG";

/// A text file of the project.
pub struct Text {
    /// Path from the root, with `/`.
    pub path: String,
    /// Content.
    pub text: String,
}

impl Text {
    /// The name's last part after a dot.
    pub fn extension(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(_, end)| end)
    }

    /// Whether the file lies in a folder, or is the file.
    pub fn is_in(&self, folder: &str) -> bool {
        self.path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || folder.ends_with('/') || rest.starts_with('/'))
    }

    /// The lines with their numbers, from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.split('\n').enumerate().map(|(at, l)| (at + 1, l))
    }

    /// The lines without their comments.
    pub fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines()
            .map(|(at, line)| (at, line.split("//").next().unwrap_or(line)))
    }
}

/// Every text file of the project; what is not UTF-8 is not text.
pub fn texts() -> Vec<Text> {
    let mut texts = Vec::new();
    walk(Path::new(env!("CARGO_MANIFEST_DIR")), "", &mut texts);
    texts.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(texts.len() > 100, "the walk found {} files", texts.len());
    texts
}

/// The Rust files of the project.
pub fn sources() -> Vec<Text> {
    let mut texts = texts();
    texts.retain(|t| t.extension() == "rs");
    texts
}

/// One file by its path.
pub fn read(path: &str) -> String {
    let full = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(full).unwrap_or_else(|e| panic!("cannot read {path}: {e}"))
}

/// Names in a folder.
pub fn names(folder: &str) -> Vec<String> {
    let full = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(full).unwrap_or_else(|e| panic!("cannot read {folder}: {e}"));
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn walk(folder: &Path, prefix: &str, texts: &mut Vec<Text>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = format!("{prefix}{name}");
        if FOREIGN.contains(&name.as_str()) {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            if !entry.path().join(TAG).exists() {
                walk(&entry.path(), &format!("{path}/"), texts);
            }
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            texts.push(Text { path, text });
        }
    }
}
