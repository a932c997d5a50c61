//! What the tests of plugins share.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use opora::hooks::wasm::{Host, Limits, Plugin};
use opora::hooks::{Call, Failure, Hook, Outcome};

/// A file of the repository.
pub fn path(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The bytes of a file of the repository.
pub fn bytes(file: &str) -> Vec<u8> {
    std::fs::read(path(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// The bytes of a component of the repository; with `OPORA_COMPONENTS`, of the one of the same name
/// in that folder: a build from source must do what the shipped one does.
pub fn component(file: &str) -> Vec<u8> {
    let Some(folder) = std::env::var_os("OPORA_COMPONENTS") else {
        return bytes(file);
    };
    let name = Path::new(file).file_name().expect("a file");
    let built = Path::new(&folder).join(name);
    std::fs::read(&built).unwrap_or_else(|e| panic!("{}: {e}", built.display()))
}

/// One host with the limits of production for all tests.
pub fn host() -> &'static Host {
    static HOST: LazyLock<Host> =
        LazyLock::new(|| Host::new(Limits::default(), None).expect("a host"));
    &HOST
}

/// The conformance guest, compiled once.
pub fn guest() -> Arc<Plugin> {
    static GUEST: LazyLock<Arc<Plugin>> = LazyLock::new(|| {
        host()
            .load(
                "conformance",
                "0.1.0",
                &component("tests/hooks/conformance.wasm"),
            )
            .expect("the conformance guest loads")
    });
    Arc::clone(&GUEST)
}

/// A plugin that comes with the engine.
pub fn plugin(name: &str) -> Arc<Plugin> {
    let file = format!("plugins/{name}/{name}.wasm");
    host()
        .load(name, "0.1.0", &component(&file))
        .expect("it loads")
}

/// Calls a plugin.
pub fn ask(plugin: &Arc<Plugin>, hook: Hook, call: &Call) -> Result<Outcome, Failure> {
    plugin.runner(hook).expect("the hook").call(call)
}
