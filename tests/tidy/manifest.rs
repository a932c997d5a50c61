//! Every dependency has a sentence of reason.

use crate::check;
use crate::tree::{Text, texts};

#[test]
fn every_dependency_has_a_reason() {
    let mut found = Vec::new();
    for manifest in texts() {
        if manifest.path.ends_with("Cargo.toml") {
            found.extend(unreasoned(&manifest));
        }
    }
    check(found);
}

/// Lines of dependencies without a comment, on the line or right above it.
fn unreasoned(manifest: &Text) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_dependencies = false;
    let mut has_reason = false;
    for (at, line) in manifest.lines() {
        if line.starts_with('[') {
            in_dependencies = line.trim_end().ends_with("dependencies]");
        } else if in_dependencies && line.contains('=') && !line.starts_with([' ', '#', ']']) {
            // The project's own crates, and those whose reason stands in the workspace's manifest.
            let is_own = line.contains("path =") || line.contains("workspace = true");
            if !has_reason && !is_own && !line.contains(" # ") {
                found.push(format!(
                    "{}:{at}: say why this dependency is needed",
                    manifest.path
                ));
            }
        }
        has_reason = line.starts_with('#');
    }
    found
}

#[test]
fn a_dependency_without_a_reason_is_found() {
    let manifest = |text: &str| Text {
        path: "Cargo.toml".to_owned(),
        text: text.to_owned(),
    };
    let bad = manifest("[dependencies]\na = \"1\"\nb = \"1\" # because\n");
    assert_eq!(unreasoned(&bad).len(), 1);
    let good = manifest("[dev-dependencies]\n# because\na = \"1\"\n[lib]\npath = \"x\"\n");
    assert_eq!(unreasoned(&good).len(), 0);
}
