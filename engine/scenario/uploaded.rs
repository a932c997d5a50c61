//! The scenarios of a pack whose files came over the API.

use super::pack::head;
use super::{PackReport, run_file};
use crate::packs::PackFiles;

/// Most scenarios that are run for one asking.
const MAX_SCENARIOS: usize = 100;

/// Runs every `tests/*.toml` of a pack. The packs that it requires are taken from `installed`, each
/// of which stands after those it requires.
#[must_use]
pub fn run_uploaded(files: &PackFiles, installed: &[PackFiles]) -> PackReport {
    let (pack, requires) = head(files);
    let mut needed: Vec<String> = requires;
    let mut packs: Vec<PackFiles> = Vec::new();
    for other in installed.iter().rev() {
        let (name, requires) = head(other);
        if name != pack && needed.contains(&name) {
            needed.extend(requires);
            packs.insert(0, other.clone());
        }
    }
    packs.push(files.clone());
    let mut report = PackReport {
        pack,
        ..PackReport::default()
    };
    for path in files.files.keys() {
        let name = path.strip_prefix("tests/");
        let scenario = name.filter(|n| n.ends_with(".toml") && !n.contains('/'));
        if let (Some(name), Some(text)) = (scenario, files.text(path)) {
            let result = match report.scenarios.len() {
                MAX_SCENARIOS.. => Err(format!(
                    "not run: {MAX_SCENARIOS} scenarios are run at once"
                )),
                _ => run_file(text, &packs),
            };
            report.scenarios.push((name.to_owned(), result));
        }
    }
    report
}
