//! The fixtures of this folder. `README.md` describes their format, which the engine reads.

use std::path::Path;

use opora::hooks::fixture;
use opora::hooks::{Call, Hook};

/// One fixture.
pub struct Fixture {
    /// `HOOK/name`.
    pub name: String,
    /// Hook.
    pub hook: Hook,
    /// The call.
    pub call: Call,
    /// The one language it is for; both without.
    pub only: Option<String>,
    /// What it must come to.
    pub inner: fixture::Fixture,
}

/// Every fixture, in the order of hooks and names.
pub fn all() -> Vec<Fixture> {
    let mut found = Vec::new();
    for hook in Hook::ALL {
        let dir = super::support::path("tests/hooks/fixtures").join(hook.name());
        let Ok(files) = std::fs::read_dir(&dir) else {
            continue;
        };
        let mut paths: Vec<_> = files.map(|f| f.expect("a file").path()).collect();
        paths.sort();
        found.extend(paths.iter().map(|p| read(hook, p)));
    }
    found
}

fn read(hook: Hook, path: &Path) -> Fixture {
    let name = format!("{hook}/{}", path.file_stem().unwrap_or_default().display());
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{name}: {e}"));
    let read = fixture::Fixture::read(&text, hook, "conformance");
    let inner = read.unwrap_or_else(|e| panic!("{name}: {e}"));
    assert!(!inner.about.is_empty(), "{name}: says nothing about itself");
    Fixture {
        call: inner.call.clone(),
        only: inner.only.clone(),
        name,
        hook,
        inner,
    }
}
