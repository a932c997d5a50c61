//! Packs with a real plugin.

#![cfg(feature = "wasm")]

use std::path::Path;

use super::kit::lines;
use crate::hooks::Hook;
use crate::packs::{BuiltIn, Catalog, PackFiles, load};

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
