//! The host: one compiler and one set of limits for all plugins.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Cache, CacheConfig, Config, Enabled, Engine, PoolingAllocationConfig};

use super::bindings::log;
use super::code::Code;
use super::contract::{self, LoadError};
use super::earlier;
use super::limits::{Limits, MAX_COMPONENT_BYTES};
use super::plugin::Plugin;
use super::slots::{SLOTS, Slots};
use super::state::State;
use super::ticker::Ticker;

/// Stack that a guest may use. It lies on the calling thread, whose own is 2 MiB by default.
const STACK_BYTES: usize = 512 << 10;
/// Stack of a thread that compiles: the compiler walks deep trees.
const COMPILER_STACK_BYTES: usize = 8 << 20;

/// Loads plugins.
pub struct Host {
    compiler: Arc<Compiler>,
    limits: Limits,
}

/// Greatest component whose instances are made in slots, in bytes.
const MAX_SLOT_COMPONENT_BYTES: usize = 1 << 20;
/// Greatest memory of an instance that is made in a slot, in bytes.
const SLOT_BYTES: usize = 64 << 20;
/// Memory of a slot that stays with it from call to call, in bytes; what a call wrote is reset.
const KEPT_BYTES: usize = 1 << 20;

/// What turns components into code.
struct Compiler {
    /// For ordinary plugins: their instances are made in slots that are kept, since mapping memory
    /// anew costs more than most calls. Where the system does not give the room there is none.
    kept: Option<(Workshop, Arc<Slots>)>,
    /// For what does not fit into a slot: its instances are made from nothing each time.
    anew: Workshop,
    /// Turns the epochs of both.
    ticker: Arc<Ticker>,
}

/// A compiler's settings and what guests may import.
struct Workshop {
    engine: Engine,
    linker: Linker<State>,
}

impl Workshop {
    fn new(config: &Config) -> wasmtime::Result<Self> {
        let engine = Engine::new(config)?;
        let mut linker = Linker::new(&engine);
        log::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
        Ok(Self { engine, linker })
    }
}

/// One memory, one table and the few instances of a plugin that is compiled to WebAssembly; those of
/// interpreted languages have tens.
fn kept() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(SLOTS)
        .total_memories(SLOTS)
        .max_memories_per_component(1)
        .max_memory_size(SLOT_BYTES)
        .total_tables(SLOTS * 2)
        .max_tables_per_component(2)
        .total_core_instances(SLOTS * 8)
        .max_core_instances_per_component(8)
        .linear_memory_keep_resident(KEPT_BYTES)
        .table_keep_resident(KEPT_BYTES)
        .pagemap_scan(Enabled::Auto);
    pool
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
            // Fuel decides; now and then a call also looks how long it has run.
            .epoch_interruption(true)
            .max_wasm_stack(STACK_BYTES)
            .cranelift_nan_canonicalization(true)
            .wasm_relaxed_simd(false);
        if let Some(dir) = cache_dir {
            config.cache(Some(cache(dir)?));
        }
        let anew = Workshop::new(&config).map_err(failed)?;
        // Guards beyond memory would have to be set and taken away around every call: a system call
        // that stops all cores. Checks in the code cost less.
        config
            .allocation_strategy(kept())
            .memory_reservation(SLOT_BYTES as u64)
            .memory_guard_size(0)
            .signals_based_traps(false);
        let kept = Workshop::new(&config).ok();
        let kept = kept.map(|workshop| (workshop, Arc::default()));
        let kept_engine = kept.as_ref().map(|(w, _): &(Workshop, _)| w.engine.clone());
        let engines = kept_engine.into_iter().chain([anew.engine.clone()]);
        let ticker = Arc::new(Ticker::of(engines.collect()));
        Ok(Self {
            compiler: Arc::new(Compiler { kept, anew, ticker }),
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
        let compile = || {
            // Large ones carry an interpreter: it does not fit, and compiling it takes seconds.
            let is_small = component.len() <= MAX_SLOT_COMPONENT_BYTES
                && plugin.limits().memory_bytes <= SLOT_BYTES;
            if let Some((workshop, slots)) = self.kept.as_ref().filter(|_| is_small)
                && let Ok(code) = workshop.compile(plugin, component, Some(slots), &self.ticker)
            {
                return Ok(code);
            }
            self.anew.compile(plugin, component, None, &self.ticker)
        };
        catch_unwind(AssertUnwindSafe(compile)).unwrap_or_else(|_| Err(broke_down(&plugin.label())))
    }
}

impl Workshop {
    fn compile(
        &self,
        plugin: &Plugin,
        component: &[u8],
        slots: Option<&Arc<Slots>>,
        ticker: &Arc<Ticker>,
    ) -> Result<Code, LoadError> {
        let label = plugin.label();
        // Errors name what the plugin was built for, so they look at it as it is.
        let compiled = Component::new(&self.engine, earlier::read(component)).map_err(|e| {
            LoadError::Malformed {
                plugin: label.clone(),
                text: format!("{e:#}"),
            }
        })?;
        let pre = self
            .linker
            .instantiate_pre(&compiled)
            .map_err(|e| contract::differs(&label, &e, component))?;
        let ticker = Arc::clone(ticker);
        Code::new(&label, plugin, component, pre, slots.cloned(), ticker)
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
