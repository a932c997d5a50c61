//! Several packs at once: in which order they are installed, and whether they fit together.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::client::Peer;
use super::failure::{Failure, Outcome};
use super::pack_revisions;
use crate::packs::{self, BuiltIn, Catalog, Loaded, PackFiles, pack_name};

/// Deepest chain of required packs.
const MAX_DEPTH: usize = 20;

/// A pack that is to be installed.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Its folder, as it was given.
    pub folder: PathBuf,
    /// Its name; empty when it has none.
    pub name: String,
    /// Packs that it requires.
    pub requires: Vec<String>,
    /// Its files.
    pub files: PackFiles,
}

impl Candidate {
    /// The pack in a folder.
    pub fn new(folder: &Path, files: PackFiles) -> Self {
        // What is wrong with the manifest is told when the pack is loaded.
        let text = files.text("pack.toml").unwrap_or_default();
        let table: toml::Table = text.parse().unwrap_or_default();
        let requires = table.get("pack").and_then(|pack| pack.get("requires"));
        let requires = requires.and_then(toml::Value::as_array);
        let names = requires.into_iter().flatten().filter_map(|r| r.as_str());
        Self {
            folder: folder.to_owned(),
            name: pack_name(&files).unwrap_or_default(),
            requires: names.map(str::to_owned).collect(),
            files,
        }
    }
}

/// Packs after those that they require; else in the order in which they were given.
pub fn ordered(mut packs: Vec<Candidate>) -> Vec<Candidate> {
    let mut done: Vec<Candidate> = Vec::with_capacity(packs.len());
    while !packs.is_empty() {
        let waits = |pack: &Candidate| {
            let others = packs.iter().filter(|other| other.name != pack.name);
            let mut names = others.map(|other| &other.name);
            names.any(|name| pack.requires.contains(name))
        };
        // Packs that require each other stay as they are: loading them says so.
        let next = packs.iter().position(|pack| !waits(pack)).unwrap_or(0);
        done.push(packs.remove(next));
    }
    done
}

/// Loads the packs, with those that they require of the desk, and checks that they fit together.
///
/// # Errors
/// Everything that is wrong with any of them.
pub fn fit(peer: &Peer, candidates: &[Candidate], installed: &[String]) -> Outcome<Vec<Loaded>> {
    let hosts = BuiltIn::new(None).map_err(|fault| Failure::new(fault.to_string()))?;
    let mut wrong = Vec::new();
    let mut loaded = Vec::new();
    for (place, candidate) in candidates.iter().enumerate() {
        let mut before = candidates.iter().take(place);
        if let Some(twice) = before.find(|other| other.name == candidate.name) {
            wrong.push(format!(
                "`{}` and `{}` are both pack `{}`",
                twice.folder.display(),
                candidate.folder.display(),
                candidate.name
            ));
        }
        match packs::load(&candidate.files, &hosts) {
            Ok(pack) => loaded.push(pack),
            Err(faults) => {
                wrong.push(Failure::of_pack(&candidate.folder, &faults).to_string());
            }
        }
    }
    if !wrong.is_empty() {
        return Err(Failure::new(wrong.join("\n")));
    }
    let mut all: Vec<Arc<Loaded>> = Vec::new();
    for candidate in candidates {
        with_required(
            peer,
            &candidate.requires,
            (candidates, installed),
            &mut all,
            &hosts,
            0,
        )?;
    }
    all.extend(loaded.iter().cloned().map(Arc::new));
    let home = |name: &str| {
        let own = candidates.iter().find(|c| c.name == name);
        own.map(|c| c.folder.as_path())
    };
    let catalog = Catalog::build(&all, &[]).map_err(|faults| Failure::of_packs(home, &faults))?;
    let names = candidates.iter().map(|candidate| candidate.name.as_str());
    let misnamed: Vec<_> = names
        .flat_map(|name| catalog.misnamed(name).faults)
        .collect();
    match misnamed.as_slice() {
        [] => Ok(loaded),
        faults => Err(Failure::of_packs(home, faults)),
    }
}

/// Adds installed packs that are required, each after those that it requires itself.
fn with_required(
    peer: &Peer,
    requires: &[String],
    (candidates, installed): (&[Candidate], &[String]),
    all: &mut Vec<Arc<Loaded>>,
    hosts: &BuiltIn,
    depth: usize,
) -> Outcome<()> {
    for name in requires {
        let known = candidates.iter().any(|c| c.name == *name)
            || all.iter().any(|pack| pack.name() == name);
        if known || !installed.contains(name) || depth > MAX_DEPTH {
            continue;
        }
        let files = pack_revisions::files(peer, name, None)?;
        let pack = packs::load_installed(&files, hosts)
            .map_err(|faults| Failure::of_packs(|_| None, &faults))?;
        let further = pack.manifest.requires.clone();
        let given = (candidates, installed);
        with_required(peer, &further, given, all, hosts, depth + 1)?;
        all.push(Arc::new(pack));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Candidate, ordered};
    use crate::packs::PackFiles;

    fn pack(name: &str, requires: &[&str]) -> Candidate {
        let mut files = PackFiles::default();
        let text = format!("[pack]\nname = \"{name}\"\nrequires = {requires:?}\n");
        files.files.insert("pack.toml".to_owned(), text.into());
        Candidate::new(Path::new(name), files)
    }

    fn order(packs: Vec<Candidate>) -> Vec<String> {
        ordered(packs).into_iter().map(|p| p.name).collect()
    }

    #[test]
    fn packs_come_after_those_that_they_require() {
        let packs = vec![
            pack("a", &["b", "elsewhere"]),
            pack("d", &[]),
            pack("b", &["c"]),
            pack("c", &[]),
        ];
        assert_eq!(order(packs), ["d", "c", "b", "a"]);
        let circle = vec![pack("a", &["b"]), pack("b", &["a"])];
        assert_eq!(order(circle), ["a", "b"]);
    }
}
