//! Every scenario there is: those of the engine in `tests/scenarios`, those of the packs in
//! `scripts/`. Whoever runs scenarios takes them from here.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use opora::packs::PackFiles;
use opora::scenario::PackScenarios;

/// A scenario and what it may install.
pub struct Case {
    /// File, from the root of the project.
    pub name: String,
    pub text: String,
    pub packs: Arc<Vec<PackFiles>>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(of).into_iter().flatten().flatten();
    let mut dirs: Vec<PathBuf> = entries.map(|e| e.path()).filter(|p| p.is_dir()).collect();
    dirs.sort();
    dirs
}

fn runs_here(files: &PackFiles) -> bool {
    let has = |ending: &str| files.files.keys().any(|path| path.ends_with(ending));
    (cfg!(feature = "script") || !has(".rhai")) && (cfg!(feature = "wasm") || !has(".wasm"))
}

/// The scenarios of the engine.
pub fn of_the_engine() -> Vec<Case> {
    let dir = root().join("tests/scenarios");
    let packs: Vec<PackFiles> = folders(&dir.join("packs"))
        .iter()
        .map(|pack| PackFiles::read_dir(pack).unwrap())
        .filter(runs_here)
        .collect();
    let packs = Arc::new(packs);
    let mut files: Vec<PathBuf> = folders(&dir)
        .iter()
        .filter(|folder| !folder.ends_with("packs"))
        .flat_map(|folder| std::fs::read_dir(folder).unwrap().flatten())
        .map(|entry| entry.path())
        .collect();
    files.sort();
    let case = |file: &PathBuf| Case {
        name: file
            .strip_prefix(root())
            .unwrap()
            .to_string_lossy()
            .into_owned(),
        text: std::fs::read_to_string(file).unwrap(),
        packs: Arc::clone(&packs),
    };
    let cases: Vec<Case> = files.iter().map(case).collect();
    assert!(!cases.is_empty());
    cases
}

/// The scenarios of the packs: each pack has some.
pub fn of_the_packs() -> Vec<Case> {
    let mut dirs = folders(&root().join("scripts"));
    dirs.retain(|dir| dir.join("pack.toml").is_file());
    dirs.retain(|dir| PackFiles::read_dir(dir).is_ok_and(|files| runs_here(&files)));
    let mut cases = Vec::new();
    for dir in dirs {
        let name = dir.strip_prefix(root()).unwrap().display().to_string();
        let read = PackScenarios::read(&dir).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert!(!read.files.is_empty(), "{name}: has no scenario in tests/");
        let packs = Arc::new(read.packs);
        cases.extend(read.files.into_iter().map(|(file, text)| Case {
            name: format!("{name}/tests/{file}"),
            text,
            packs: Arc::clone(&packs),
        }));
    }
    cases
}

/// Whether a scenario needs the search index.
fn searches(case: &Case) -> bool {
    case.text.contains("\nsearch = true\n")
}

/// Runs every case, two at a time, and fails with all that went wrong.
pub fn all(cases: &[Case], run: impl Fn(&Case) -> Result<(), String> + Sync) {
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    // Whoever works on one scenario does not wait for the others.
    let part = std::env::var("OPORA_SCENARIO").unwrap_or_default();
    let cases: Vec<&Case> = cases.iter().filter(|c| c.name.contains(&part)).collect();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match run(case) {
                        Ok(()) => {}
                        // Without an index nothing is sorted.
                        Err(_) if cfg!(not(feature = "search")) && searches(case) => {}
                        // Without scripts the packs that have some are not there.
                        Err(why) if cfg!(not(feature = "script")) && why.contains("no pack") => {}
                        Err(why) => failures
                            .lock()
                            .unwrap()
                            .push(format!("{}: {why}", case.name)),
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(
        failures.is_empty(),
        "{} scenarios failed\n{}",
        failures.len(),
        failures.join("\n")
    );
}
