//! Packs with a real plugin.

#![cfg(feature = "wasm")]

use std::path::Path;

use super::kit::lines;
use crate::hooks::Hook;
use crate::packs::{BuiltIn, CEILING, Catalog, PackFiles, load};

fn satisfaction() -> PackFiles {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/satisfaction");
    PackFiles::read_dir(&dir)
        .map_err(|faults| lines(&faults))
        .unwrap()
}

#[test]
fn a_folder_with_a_plugin_loads_into_a_catalog() {
    let files = satisfaction();
    let sources = files.files.keys().filter(|p| p.starts_with("src/"));
    assert_eq!(sources.count(), 0);
    let loaded = load(&files, &BuiltIn::new(None).unwrap())
        .map_err(|faults| lines(&faults))
        .unwrap();
    assert!(!loaded.rules.is_empty());
    let catalog = Catalog::build(&[loaded.into()], &[]).unwrap();
    assert!(!catalog.rules(Hook::SurveyLogic).is_empty());
}

#[test]
fn what_is_no_component_is_told_with_its_file() {
    let mut files = satisfaction();
    let path = files.files.keys().find(|p| p.ends_with(".wasm")).unwrap();
    let path = path.clone();
    files.files.insert(path.clone(), b"\0asm rubbish".to_vec());
    let faults = load(&files, &BuiltIn::new(None).unwrap()).unwrap_err();
    assert_eq!(faults.len(), 1, "{}", lines(&faults));
    assert_eq!(faults[0].file, path);
    assert!(
        faults[0].message.contains("not a valid component"),
        "{}",
        faults[0]
    );
}

/// The plugin's pack with an end to its manifest.
fn with_limits(text: &str) -> Result<crate::packs::Loaded, String> {
    let mut files = satisfaction();
    let manifest = files.text("pack.toml").unwrap().to_owned() + text;
    files
        .files
        .insert("pack.toml".to_owned(), manifest.into_bytes());
    load(&files, &BuiltIn::new(None).unwrap()).map_err(|faults| lines(&faults))
}

#[test]
fn a_plugin_may_ask_for_more_within_a_ceiling() {
    let asked = "[limits]\nplugin_bytes = \"24 MiB\"\nplugin_memory = 33554432\nplugin_fuel = 5\n";
    let fault = with_limits(asked).unwrap_err();
    assert!(fault.contains("used up its fuel"), "{fault}");
    let fault = with_limits("[limits]\nplugin_bytes = \"2 KiB\"\n").unwrap_err();
    assert!(fault.contains("the limit is 2048"), "{fault}");
    let fault = with_limits("[limits]\nplugin_memory = \"64 KiB\"\n").unwrap_err();
    assert!(
        fault.contains("wanted more than its 64 KiB of memory"),
        "{fault}"
    );
    let cases = [
        (
            "plugin_memory = \"1024 MiB\"",
            "1073741824 is over the ceiling of 67108864 for any plugin",
        ),
        ("plugin_bytes = -1", "`-1` is no amount"),
        ("plugin_fuel = \"lots\"", "`lots` is no amount"),
        ("plugin_steam = 1", "plugin_steam"),
    ];
    for (line, says) in cases {
        let fault = with_limits(&format!("[limits]\n{line}\n")).unwrap_err();
        assert!(
            fault.contains("pack.toml:") && fault.contains(says),
            "{fault}"
        );
    }
    let more = "[limits]\nplugin_bytes = \"24 MiB\"\nplugin_memory = \"64 MiB\"\nplugin_fuel = 100000000\n";
    let limits = with_limits(more).unwrap().manifest.limits;
    assert_eq!(limits.memory, Some(64 << 20));
    assert_eq!(limits.fuel, Some(100_000_000));
}

#[test]
fn budgets_are_those_that_the_page_tells() {
    let page = include_str!("../../../docs/packs.md");
    let usual = crate::hooks::wasm::Limits::default();
    let mib = |n: usize| format!("{} MiB", n >> 20);
    let most = |n: Option<u64>| format!("{} MiB", n.unwrap() >> 20);
    let plain = |n: u64| {
        let digits = n.to_string();
        let groups: Vec<&str> = (0..digits.len().div_ceil(3))
            .rev()
            .map(|g| &digits[digits.len().saturating_sub(3 * (g + 1))..digits.len() - 3 * g])
            .collect();
        groups.join(",")
    };
    let row = |what: &str, usual: String, most: String| {
        let row = format!("| {what}: usual, and what it may ask for | {usual}, {most} |");
        assert!(page.contains(&row), "{row}");
    };
    row(
        "bytes of a plugin",
        mib(usual.component_bytes),
        most(CEILING.bytes),
    );
    row(
        "memory of a plugin's call",
        mib(usual.memory_bytes),
        most(CEILING.memory),
    );
    row(
        "fuel of a plugin's call",
        plain(usual.fuel),
        plain(CEILING.fuel.unwrap()),
    );
}
