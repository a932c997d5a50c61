//! Every dependency has a sentence of reason.

use crate::check;
use crate::tree::{Text, texts};

/// A line of a manifest that names a dependency.
struct Dependency<'a> {
    line: usize,
    name: &'a str,
    has_reason: bool,
}

#[test]
fn every_dependency_has_a_reason() {
    let mut manifests = texts();
    manifests.retain(|t| t.path.rsplit('/').next() == Some("Cargo.toml"));
    check(unreasoned(&manifests));
}

/// Dependencies without a reason, in their manifest or in the root's.
fn unreasoned(manifests: &[Text]) -> Vec<String> {
    let root = manifests.iter().find(|m| m.path == "Cargo.toml");
    let mut of_root = root.map(dependencies).unwrap_or_default();
    of_root.retain(|dependency| dependency.has_reason);
    let known: Vec<&str> = of_root.iter().map(|dependency| dependency.name).collect();
    let mut found = Vec::new();
    for manifest in manifests {
        for dependency in dependencies(manifest) {
            if !dependency.has_reason && !known.contains(&dependency.name) {
                let Dependency { line, name, .. } = dependency;
                found.push(format!(
                    "{}:{line}: say why `{name}` is needed",
                    manifest.path
                ));
            }
        }
    }
    found
}

/// The dependencies; a reason stands on the line or right above it.
fn dependencies(manifest: &Text) -> Vec<Dependency<'_>> {
    let mut found = Vec::new();
    let mut in_dependencies = false;
    let mut is_explained = false;
    for (at, line) in manifest.lines() {
        if line.starts_with('[') {
            in_dependencies = line.trim_end().ends_with("dependencies]");
        } else if in_dependencies && line.contains('=') && !line.starts_with([' ', '#', ']']) {
            // The project's own crates, and those whose reason stands in their workspace's manifest.
            let is_own = line.contains("path =") || line.contains("workspace = true");
            let end = line.find([' ', '=', '.']).unwrap_or(line.len());
            found.push(Dependency {
                line: at,
                name: &line[..end],
                has_reason: is_explained || is_own || line.contains(" # "),
            });
        }
        is_explained = line.starts_with('#');
    }
    found
}

#[test]
fn a_dependency_without_a_reason_is_found() {
    let manifest = |path: &str, text: &str| Text {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    let root = manifest(
        "Cargo.toml",
        "[dependencies]\na = \"1\"\nb = \"1\" # because\n[dev-dependencies]\n# because\nc = \"1\"\n[lib]\nd = 1\n",
    );
    let other = manifest(
        "benches/Cargo.toml",
        "[dependencies]\nb = \"1\"\ne = { version = \"1\" }\n",
    );
    let found = unreasoned(&[root, other]);
    assert_eq!(
        found,
        [
            "Cargo.toml:2: say why `a` is needed",
            "benches/Cargo.toml:3: say why `e` is needed"
        ]
    );
}
