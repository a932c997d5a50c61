//! The packs and plugins that come with the engine, as a desk installs them.

use std::path::Path;

use opora::packs::{PackFault, PackFiles};

use super::Fallible;

/// Packs of scripts; they define the types of the benches' tickets.
const SCRIPTS: [&str; 2] = ["scripts/support-1c", "scripts/complaints"];
/// Plugins; two of them run on every ticket.
const PLUGINS: [&str; 3] = ["plugins/satisfaction", "plugins/triage", "plugins/warranty"];

/// The packs with their rules and the plugins, or the packs' definitions alone.
///
/// # Errors
/// When a folder cannot be read.
pub fn shipped_packs(with_hooks: bool) -> Fallible<Vec<PackFiles>> {
    let plugins: &[&str] = if with_hooks { &PLUGINS } else { &[] };
    let mut all = Vec::new();
    for folder in SCRIPTS.iter().chain(plugins) {
        let mut files = shipped_pack(folder)?;
        if !with_hooks {
            drop_rules(&mut files)?;
        }
        all.push(files);
    }
    Ok(all)
}

/// The pack in a folder of the repository.
///
/// # Errors
/// Its faults.
pub fn shipped_pack(folder: &str) -> Fallible<PackFiles> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(folder);
    PackFiles::read_dir(&path).map_err(told)
}

/// A pack's faults in one line.
#[must_use]
pub fn told(faults: Vec<PackFault>) -> Box<dyn std::error::Error + Send + Sync> {
    let texts: Vec<String> = faults.iter().map(ToString::to_string).collect();
    texts.join("; ").into()
}

/// Leaves the definitions and options. The rules stand last in a manifest.
fn drop_rules(files: &mut PackFiles) -> Fallible<()> {
    let manifest = files.text("pack.toml").ok_or("a pack without pack.toml")?;
    let definitions = manifest.split("\n[[rule]]").next().unwrap_or_default();
    // Without rules there is nobody to read what only they know of.
    let lines = definitions
        .lines()
        .filter(|line| !line.starts_with("reads = "));
    let bytes = lines.collect::<Vec<_>>().join("\n").into_bytes();
    files.files.insert("pack.toml".to_owned(), bytes);
    files
        .files
        .retain(|path, _| !path.starts_with("rules/") && !path.starts_with("tests/"));
    Ok(())
}
