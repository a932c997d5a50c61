//! The host: one compiler and one set of limits for all plugins.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Cache, CacheConfig, Config, Engine};

use super::bindings::opora::hooks::log;
use super::contract::{self, LoadError};
use super::plugin::Plugin;
use super::state::State;

/// Greatest component that any plugin may be, in bytes; those of interpreted languages carry their
/// interpreter.
pub const MAX_COMPONENT_BYTES: usize = 32 << 20;

/// Stack that a guest may use. It lies on the calling thread, whose own is 2 MiB by default.
const STACK_BYTES: usize = 512 << 10;

/// Budgets of a call, and of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Fuel for one call, about one unit for an instruction.
    pub fuel: u64,
    /// Linear memory of one call in bytes.
    pub memory_bytes: usize,
    /// Greatest answer or log text in bytes.
    pub answer_bytes: usize,
    /// Greatest component in bytes, unless a plugin is allowed more.
    pub component_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel: 10_000_000,
            memory_bytes: 16 << 20,
            answer_bytes: 1 << 20,
            component_bytes: 1 << 20,
        }
    }
}

/// Loads plugins.
pub struct Host {
    engine: Engine,
    linker: Linker<State>,
    limits: Limits,
}

impl Host {
    /// A host with these limits. With a folder, compiled plugins are kept there and load again
    /// without compiling.
    ///
    /// # Errors
    /// When the machine is not supported or the folder cannot be made.
    pub fn new(limits: Limits, cache_dir: Option<&Path>) -> Result<Self, LoadError> {
        let failed = |e: wasmtime::Error| LoadError::Host(format!("{e:#}"));
        let mut config = Config::new();
        config
            .consume_fuel(true)
            .max_wasm_stack(STACK_BYTES)
            .cranelift_nan_canonicalization(true)
            .wasm_relaxed_simd(false);
        if let Some(dir) = cache_dir {
            config.cache(Some(cache(dir)?));
        }
        let engine = Engine::new(&config).map_err(failed)?;
        let mut linker = Linker::new(&engine);
        log::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state).map_err(failed)?;
        Ok(Self {
            engine,
            linker,
            limits,
        })
    }

    /// The limits.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// Checks and compiles a plugin: a component, or a core module that carries the contract's
    /// `component-type` section.
    ///
    /// # Errors
    /// When it is too large, malformed, imports what is not offered, was built for another contract,
    /// or has no hook.
    pub fn load(&self, name: &str, version: &str, bytes: &[u8]) -> Result<Arc<Plugin>, LoadError> {
        self.load_up_to(name, version, bytes, self.limits.component_bytes)
    }

    /// As [`Host::load`], with a greatest size of the plugin's own, up to [`MAX_COMPONENT_BYTES`].
    ///
    /// # Errors
    /// As [`Host::load`].
    pub fn load_up_to(
        &self,
        name: &str,
        version: &str,
        bytes: &[u8],
        max_bytes: usize,
    ) -> Result<Arc<Plugin>, LoadError> {
        let max_bytes = max_bytes.min(MAX_COMPONENT_BYTES);
        if bytes.len() > max_bytes {
            return Err(LoadError::TooLarge {
                plugin: format!("{name} {version}"),
                bytes: bytes.len(),
                max_bytes,
            });
        }
        // The compiler and the encoder promise not to panic on bad input; a plugin from outside must
        // not stop the engine if they break it.
        catch_unwind(AssertUnwindSafe(|| self.check(name, version, bytes))).unwrap_or_else(|_| {
            Err(LoadError::Malformed {
                plugin: format!("{name} {version}"),
                text: "the compiler broke down on it".to_owned(),
            })
        })
    }

    fn check(&self, name: &str, version: &str, bytes: &[u8]) -> Result<Arc<Plugin>, LoadError> {
        let plugin = format!("{name} {version}");
        let malformed = |text: String| LoadError::Malformed {
            plugin: plugin.clone(),
            text,
        };
        let component = contract::component(bytes).map_err(malformed)?;
        let compiled =
            Component::new(&self.engine, &*component).map_err(|e| malformed(format!("{e:#}")))?;
        let exports = contract::check(&plugin, &self.engine, &compiled)?;
        let pre = self
            .linker
            .instantiate_pre(&compiled)
            .map_err(|e| contract::differs(&plugin, &e))?;
        Plugin::new(name, version, &component, pre, exports, self.limits).map(Arc::new)
    }
}

fn cache(dir: &Path) -> Result<Cache, LoadError> {
    let failed = |e: &dyn std::fmt::Display| {
        LoadError::Host(format!(
            "cannot keep compiled plugins in `{}`: {e}",
            dir.display()
        ))
    };
    std::fs::create_dir_all(dir).map_err(|e| failed(&e))?;
    let dir = dir.canonicalize().map_err(|e| failed(&e))?;
    let mut config = CacheConfig::new();
    config.with_directory(dir);
    Cache::new(config).map_err(|e| failed(&e))
}
