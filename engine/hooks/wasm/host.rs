//! The host: one compiler and one set of limits for all plugins.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Cache, CacheConfig, Config, Engine};

use super::bindings::log;
use super::code::Code;
use super::contract::{self, LoadError};
use super::limits::{Limits, MAX_COMPONENT_BYTES};
use super::plugin::Plugin;
use super::state::State;

/// Stack that a guest may use. It lies on the calling thread, whose own is 2 MiB by default.
const STACK_BYTES: usize = 512 << 10;
/// Stack of a thread that compiles: the compiler walks deep trees.
const COMPILER_STACK_BYTES: usize = 8 << 20;

/// Loads plugins.
pub struct Host {
    compiler: Arc<Compiler>,
    limits: Limits,
}

/// What turns components into code.
struct Compiler {
    engine: Engine,
    linker: Linker<State>,
}

/// When a plugin is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compiling {
    /// Before loading returns.
    #[default]
    Now,
    /// On a thread of its own; until it ends, calls fail with
    /// [`crate::hooks::FailureKind::NotReady`].
    Behind,
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
            compiler: Arc::new(Compiler { engine, linker }),
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
        self.load_within(name, version, bytes, self.limits, Compiling::Now)
    }

    /// As [`Host::load`], with budgets of the plugin's own; its size is at most
    /// [`MAX_COMPONENT_BYTES`] all the same. What can be told without compiling is told at once.
    ///
    /// # Errors
    /// As [`Host::load`].
    pub fn load_within(
        &self,
        name: &str,
        version: &str,
        bytes: &[u8],
        limits: Limits,
        compiling: Compiling,
    ) -> Result<Arc<Plugin>, LoadError> {
        let max_bytes = limits.component_bytes.min(MAX_COMPONENT_BYTES);
        let label = format!("{name} {version}");
        if bytes.len() > max_bytes {
            return Err(LoadError::TooLarge {
                plugin: label,
                bytes: bytes.len(),
                max_bytes,
            });
        }
        // The encoder promises not to panic on bad input; a plugin from outside must not stop the
        // engine if it breaks its promise. So for the compiler below.
        let check = || {
            let component = contract::component(bytes).map_err(|text| LoadError::Malformed {
                plugin: label.clone(),
                text,
            })?;
            let exports = contract::check(&label, &component)?;
            Ok((component, exports))
        };
        let checked = catch_unwind(AssertUnwindSafe(check));
        let (component, exports) = checked.unwrap_or_else(|_| Err(broke_down(&label)))?;
        let plugin = Arc::new(Plugin::new(name, version, &component, exports, limits));
        match compiling {
            Compiling::Now => {
                plugin.settle(Ok(self.compiler.apart(&plugin, &component)?));
            }
            Compiling::Behind => self.behind(&plugin, component.into_owned())?,
        }
        Ok(plugin)
    }

    /// Compiles on a thread of its own.
    fn behind(&self, plugin: &Arc<Plugin>, component: Vec<u8>) -> Result<(), LoadError> {
        let (compiler, plugin) = (Arc::clone(&self.compiler), Arc::clone(plugin));
        let thread = std::thread::Builder::new()
            .name("opora-compiler".to_owned())
            .stack_size(COMPILER_STACK_BYTES);
        let work = move || {
            let began = std::time::Instant::now();
            let code = compiler.compile(&plugin, &component);
            match &code {
                Ok(_) => {
                    let seconds = began.elapsed().as_secs_f64();
                    tracing::info!(plugin = plugin.name(), seconds, "plugin is ready");
                }
                Err(e) => tracing::error!(plugin = plugin.name(), "{e}"),
            }
            plugin.settle(code);
        };
        let spawned = thread.spawn(work);
        spawned
            .map(drop)
            .map_err(|e| LoadError::Host(e.to_string()))
    }
}

impl Compiler {
    /// Compiles on a thread of its own and waits for it: the caller's stack may be too small for the
    /// trees of an interpreter.
    fn apart(&self, plugin: &Plugin, component: &[u8]) -> Result<Code, LoadError> {
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new()
                .name("opora-compiler".to_owned())
                .stack_size(COMPILER_STACK_BYTES);
            let spawned = thread
                .spawn_scoped(scope, || self.compile(plugin, component))
                .map_err(|e| LoadError::Host(e.to_string()))?;
            let joined = spawned.join();
            joined.unwrap_or_else(|_| Err(broke_down(&plugin.label())))
        })
    }

    fn compile(&self, plugin: &Plugin, component: &[u8]) -> Result<Code, LoadError> {
        let label = plugin.label();
        let compile = || {
            let compiled =
                Component::new(&self.engine, component).map_err(|e| LoadError::Malformed {
                    plugin: label.clone(),
                    text: format!("{e:#}"),
                })?;
            let pre = self
                .linker
                .instantiate_pre(&compiled)
                .map_err(|e| contract::differs(&label, &e, component))?;
            Code::new(
                &label,
                plugin.interfaces(),
                &plugin.limits(),
                component,
                pre,
            )
        };
        catch_unwind(AssertUnwindSafe(compile)).unwrap_or_else(|_| Err(broke_down(&label)))
    }
}

fn broke_down(plugin: &str) -> LoadError {
    LoadError::Malformed {
        plugin: plugin.to_owned(),
        text: "the compiler broke down on it".to_owned(),
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
