//! Every scenario: those of the packs in `scripts/`, and those of the engine in `tests/scenarios`.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use opora::packs::PackFiles;
use opora::scenario::{run_file, run_pack};

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

/// Runs `work` on every item, two at a time, and fails with all that went wrong.
fn all<T: Sync>(items: &[T], work: impl Fn(&T) -> Vec<String> + Sync) {
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    failures.lock().unwrap().extend(work(item));
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

#[test]
fn scenarios_of_the_engine() {
    let dir = root().join("tests/scenarios");
    let packs: Vec<PackFiles> = folders(&dir.join("packs"))
        .iter()
        .map(|pack| PackFiles::read_dir(pack).unwrap())
        .filter(runs_here)
        .collect();
    let mut files: Vec<PathBuf> = folders(&dir)
        .iter()
        .filter(|folder| !folder.ends_with("packs"))
        .flat_map(|folder| std::fs::read_dir(folder).unwrap().flatten())
        .map(|entry| entry.path())
        .collect();
    files.sort();
    assert!(!files.is_empty());
    all(&files, |file| {
        let name = file.strip_prefix(root()).unwrap().display();
        let text = std::fs::read_to_string(file).unwrap();
        match run_file(&text, &packs) {
            Ok(report) if report.is_ok() => Vec::new(),
            Ok(report) => vec![format!("{name}: {report}")],
            // Without scripts the packs that have some are not there.
            Err(why) if cfg!(not(feature = "script")) && why.contains("no pack") => Vec::new(),
            Err(why) => vec![format!("{name}: {why}")],
        }
    });
}

#[test]
fn scenarios_of_the_packs() {
    let mut packs = folders(&root().join("scripts"));
    packs.retain(|dir| dir.join("pack.toml").is_file());
    packs.retain(|dir| PackFiles::read_dir(dir).is_ok_and(|files| runs_here(&files)));
    all(&packs, |dir| {
        let name = dir.strip_prefix(root()).unwrap().display();
        let report = match run_pack(dir) {
            Ok(report) => report,
            Err(why) => return vec![format!("{name}: {why}")],
        };
        if report.scenarios.is_empty() {
            return vec![format!("{name}: has no scenario in tests/")];
        }
        let failed = report
            .scenarios
            .iter()
            .filter_map(|(file, result)| match result {
                Ok(report) if report.is_ok() => None,
                Ok(report) => Some(format!("{name}/tests/{file}: {report}")),
                Err(why) => Some(format!("{name}/tests/{file}: {why}")),
            });
        failed.collect()
    });
}
