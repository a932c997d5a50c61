//! A loaded plugin, and how its hooks are called.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use wasmtime::{Error, Store};

use super::code::Code;
use super::contract::LoadError;
use super::fault::Fault;
use super::limits::Limits;
use super::state::State;
use crate::domain::Definitions;
use crate::hooks::{Call, Failure, FailureKind, Hook, Outcome, Runner, Usage};

/// A plugin. Calls share nothing but the code.
pub struct Plugin {
    name: Arc<str>,
    version: Arc<str>,
    hash: [u8; 32],
    exports: BTreeSet<&'static str>,
    limits: Limits,
    /// Empty until the compiler is done.
    code: OnceLock<Result<Code, LoadError>>,
}

/// What a call came to, and what it took.
#[derive(Debug)]
pub struct Measured {
    /// The decision or the failure, with the fuel used.
    pub outcome: Result<Outcome, Failure>,
    /// Linear memory the instance had at its end, in bytes.
    pub memory_bytes: usize,
    /// Time of the whole call, the making of the instance included.
    pub elapsed: Duration,
}

impl Plugin {
    pub(super) fn new(
        name: &str,
        version: &str,
        component: &[u8],
        exports: BTreeSet<&'static str>,
        limits: Limits,
    ) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            hash: Sha256::digest(component).into(),
            exports,
            limits,
            code: OnceLock::new(),
        }
    }

    /// Takes what the compiler made. Only the first one counts.
    pub(super) fn settle(&self, code: Result<Code, LoadError>) {
        let _ = self.code.set(code);
    }

    /// Name and version, as errors tell them.
    pub(super) fn label(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    /// Name, as given when it was loaded.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Version, as given when it was loaded.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// SHA-256 of the component.
    #[must_use]
    pub const fn hash(&self) -> [u8; 32] {
        self.hash
    }

    /// The hooks it implements, in the order of a command's phases.
    #[must_use]
    pub fn hooks(&self) -> Vec<Hook> {
        Hook::ALL.into_iter().filter(|h| self.has(*h)).collect()
    }

    /// The interfaces of the contract it exports.
    #[must_use]
    pub const fn interfaces(&self) -> &BTreeSet<&'static str> {
        &self.exports
    }

    /// The budgets of its calls.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// Whether it is compiled, or has failed to.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.code.get().is_some()
    }

    fn has(&self, hook: Hook) -> bool {
        let interfaces = hook.reference().interfaces;
        interfaces.iter().any(|i| self.exports.contains(i.name))
    }

    /// What the plugin defines, with unqualified codes; nothing when it does not implement
    /// `pack.define`. Waits for the compiler.
    ///
    /// # Errors
    /// When it breaks, goes over its budget, or its definitions cannot be read.
    pub fn define(&self) -> Result<Option<Definitions>, Failure> {
        if !self.has(Hook::Define) {
            return Ok(None);
        }
        self.code.wait();
        let code = self.code(Hook::Define)?;
        let asked = self.run(Hook::Define, |store| code.define(&self.name, store));
        let (definitions, _) = asked?;
        Ok(Some(definitions))
    }

    /// Calls one hook of this plugin; nothing when it does not implement it. `pack.define` is asked
    /// through [`Plugin::define`].
    #[must_use]
    pub fn runner(self: &Arc<Self>, hook: Hook) -> Option<Arc<dyn Runner>> {
        if hook == Hook::Define || !self.has(hook) {
            return None;
        }
        Some(Arc::new(PluginRunner {
            plugin: Arc::clone(self),
            hook,
        }))
    }

    /// Calls one hook and says what it took.
    #[must_use]
    pub fn measure(&self, hook: Hook, call: &Call) -> Measured {
        let began = Instant::now();
        let mut memory_bytes = 0;
        let asked = self.code(hook).and_then(|code| {
            self.run(hook, |store| {
                let answer = code.ask(hook, call, store);
                memory_bytes = store.data().memory_used();
                answer
            })
        });
        let elapsed = began.elapsed();
        let outcome = asked.map(|(mut decision, ended)| {
            decision.because = ended.state.because;
            Outcome {
                decision,
                usage: ended.usage,
            }
        });
        Measured {
            outcome,
            memory_bytes,
            elapsed,
        }
    }

    fn failure(&self, hook: Hook, kind: FailureKind, text: &str, usage: Usage) -> Failure {
        let message = format!("plugin {}, hook {hook}: {text}", self.label());
        Failure {
            kind,
            message,
            usage,
        }
    }

    fn code(&self, hook: Hook) -> Result<&Code, Failure> {
        let fail = |kind, text: &str| self.failure(hook, kind, text, Usage::default());
        match self.code.get() {
            Some(Ok(code)) => Ok(code),
            Some(Err(e)) => Err(fail(FailureKind::Broken, &e.to_string())),
            None => Err(fail(FailureKind::NotReady, crate::hooks::rule::NOT_READY)),
        }
    }

    /// Runs a call in a fresh store and says what it used.
    fn run<T>(
        &self,
        hook: Hook,
        call: impl FnOnce(&mut Store<State>) -> Result<Result<T, Fault>, Error>,
    ) -> Result<(T, Ended), Failure> {
        let failure = |fault: &Fault, usage| self.failure(hook, fault.kind, &fault.text, usage);
        let broken = |e: &Error| failure(&Fault::broken(format!("{e:#}")), Usage::default());
        let code = self.code(hook)?;
        let _room = code.room();
        let mut store = code.store(&self.limits).map_err(|e| broken(&e))?;
        let answer = call(&mut store);
        let left = store.get_fuel().map_err(|e| broken(&e))?;
        let usage = Usage {
            used: self.limits.fuel.saturating_sub(left),
            budget: self.limits.fuel,
        };
        match answer {
            Ok(Ok(answer)) => Ok((
                answer,
                Ended {
                    state: store.into_data(),
                    usage,
                },
            )),
            Ok(Err(fault)) => Err(failure(&fault, usage)),
            Err(e) => Err(failure(&Fault::of(&e, store.data()), usage)),
        }
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plugin({} {})", self.name, self.version)
    }
}

/// A call that ended well.
struct Ended {
    state: State,
    usage: Usage,
}

/// One hook of a plugin.
struct PluginRunner {
    plugin: Arc<Plugin>,
    hook: Hook,
}

impl Runner for PluginRunner {
    fn nature(&self) -> &'static str {
        "plugin"
    }

    fn is_compiling(&self) -> bool {
        !self.plugin.is_ready()
    }

    fn call(&self, call: &Call) -> Result<Outcome, Failure> {
        self.plugin.measure(self.hook, call).outcome
    }
}
