//! The plugins that come with the engine, as components.

use std::fmt::Write as _;
use std::path::Path;

use opora::hooks::Hook;
use sha2::{Digest, Sha256};

use super::support::{bytes, path, plugin};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn files(dir: &Path, found: &mut Vec<String>) {
    let root = path("");
    if dir.is_file() {
        let name = dir.strip_prefix(&root).expect("inside").display();
        found.push(name.to_string());
        return;
    }
    for entry in std::fs::read_dir(dir).expect("a folder") {
        files(&entry.expect("an entry").path(), found);
    }
}

/// The hash that `plugins/build.sh` records: over the hashes and names of everything a component is
/// made of.
fn sources(name: &str) -> String {
    let mut all = Vec::new();
    let parts = [
        "sdk/Cargo.toml".to_owned(),
        "sdk/src".to_owned(),
        "sdk/wit".to_owned(),
        "plugins/Cargo.toml".to_owned(),
        "plugins/Cargo.lock".to_owned(),
        format!("plugins/{name}/Cargo.toml"),
        format!("plugins/{name}/src"),
    ];
    for part in parts {
        files(&path(&part), &mut all);
    }
    all.sort();
    let list = all.iter().fold(String::new(), |mut text, file| {
        let _ = writeln!(text, "{}  {file}", hex(&Sha256::digest(bytes(file))));
        text
    });
    hex(&Sha256::digest(list))
}

#[test]
fn plugins_are_fresh() {
    for (name, component) in [
        ("conformance", "tests/hooks/conformance.wasm"),
        ("satisfaction", "plugins/satisfaction/satisfaction.wasm"),
    ] {
        let recorded = String::from_utf8(bytes(&format!("{component}.sources"))).expect("text");
        let now = format!(
            "sources {}\ncomponent {}\n",
            sources(name),
            hex(&Sha256::digest(bytes(component)))
        );
        assert_eq!(recorded, now, "{name}: run plugins/build.sh");
    }
}

#[test]
fn each_implements_its_hooks() {
    let cases = [("satisfaction", [Hook::Define, Hook::SurveyLogic])];
    for (name, hooks) in cases {
        assert_eq!(plugin(name).hooks(), hooks, "{name}");
    }
}

#[test]
fn definitions_are_sound() {
    for name in ["satisfaction"] {
        let defined = plugin(name)
            .define()
            .expect("it defines")
            .expect("something");
        for workflow in &defined.workflows {
            assert_eq!(workflow.faults(), Vec::<String>::new(), "{name}");
        }
        for survey in &defined.surveys {
            assert!(!survey.questions.is_empty(), "{name}");
        }
    }
}
