//! `opora pack check`: everything that installing would find, without a desk.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::failure::{Failure, Outcome};
use super::{out, pack};
use crate::packs::{self, BuiltIn, Catalog, Loaded};

/// Deepest chain of required packs.
const MAX_DEPTH: usize = 20;

/// Checks folders. All faults of all of them are told.
pub fn check(folders: &[PathBuf]) -> Outcome<()> {
    let hosts = BuiltIn::new(None).map_err(|fault| Failure::new(fault.to_string()))?;
    let mut wrong = Vec::new();
    for folder in folders {
        match check_one(folder, &hosts) {
            Ok(lines) => lines.iter().try_for_each(|line| out::say(line))?,
            Err(failure) => wrong.push(failure.to_string()),
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::new(wrong.join("\n")))
}

fn check_one(folder: &Path, hosts: &BuiltIn) -> Outcome<Vec<String>> {
    let mut found = Vec::new();
    with_required(folder, hosts, &mut found, &mut Vec::new())?;
    let all: Vec<Arc<Loaded>> = found.iter().map(|(_, pack)| Arc::clone(pack)).collect();
    let Some(pack) = all.last().cloned() else {
        return Err(Failure::new("there is nothing to check"));
    };
    let home = |name: &str| {
        let own = found.iter().find(|(_, pack)| pack.name() == name);
        own.map(|(folder, _)| folder.as_path())
    };
    let catalog = Catalog::build(&all, &[]).map_err(|faults| Failure::of_packs(home, &faults))?;
    let misnamed = catalog.misnamed(pack.name()).faults;
    if !misnamed.is_empty() {
        return Err(Failure::of_packs(home, &misnamed));
    }
    let asks: Vec<&str> = pack.manifest.asks.beyond_harmless();
    let asks = match asks.is_empty() {
        true => String::new(),
        false => format!("; asks for {}", asks.join(", ")),
    };
    let (name, version) = (pack.name(), &pack.manifest.version);
    let (types, rules) = (pack.definitions.types.len(), pack.rules.len());
    let fit = format!("{name} {version} is fit: {types} types, {rules} rules{asks}");
    let warnings = catalog.told_of(name).into_iter();
    let warnings = warnings.map(|warning| format!("warning: {warning}"));
    Ok(std::iter::once(fit).chain(warnings).collect())
}

/// A pack after all that it requires, each once; `around` are those that led to it. Required packs
/// that do not lie beside it are told by the catalog as missing.
fn with_required(
    folder: &Path,
    hosts: &BuiltIn,
    all: &mut Vec<(PathBuf, Arc<Loaded>)>,
    around: &mut Vec<String>,
) -> Outcome<()> {
    let files = pack::files(folder)?;
    let loaded = packs::load(&files, hosts).map_err(|faults| Failure::of_pack(folder, &faults))?;
    let beside = beside(folder);
    around.push(loaded.name().to_owned());
    for name in &loaded.manifest.requires {
        let there = beside.as_ref().map(|b| b.join(name));
        // That packs require each other is told by the catalog.
        let known = all.iter().any(|(_, p)| p.name() == name) || around.contains(name);
        if let Some(there) = there.filter(|t| t.join("pack.toml").is_file())
            && !known
            && around.len() < MAX_DEPTH
        {
            with_required(&there, hosts, all, around)?;
        }
    }
    around.pop();
    if all.iter().all(|(_, p)| p.name() != loaded.name()) {
        all.push((folder.to_owned(), Arc::new(loaded)));
    }
    Ok(())
}

/// The folder around a pack's, as it was given where that says it.
fn beside(folder: &Path) -> Option<PathBuf> {
    let named = folder.file_name().and(folder.parent());
    match named {
        Some(parent) => Some(parent.to_owned()),
        None => folder.canonicalize().ok()?.parent().map(Path::to_owned),
    }
}
