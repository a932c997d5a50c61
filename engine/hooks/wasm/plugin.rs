//! A loaded plugin, and how its hooks are called.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use wasmtime::component::{Instance, InstancePre};
use wasmtime::{Error, Store};

use super::bindings::exports::opora::hooks as wit;
use super::contract::{LoadError, differs};
use super::fault::Fault;
use super::limits::Limits;
use super::state::State;
use super::{answer, input};
use crate::domain::Definitions;
use crate::hooks::{Call, Decision, Detail, Failure, FailureKind, Hook, Outcome, Runner, Usage};

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

/// What the compiler made of a plugin.
pub(super) struct Code {
    pre: InstancePre<State>,
    glue: Glue,
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

/// Where the functions of the exported interfaces are.
macro_rules! glue {
    ($($module:ident = $interface:literal),+ $(,)?) => {
        struct Glue {
            $($module: Option<wit::$module::GuestIndices>,)+
        }

        impl Glue {
            fn find(pre: &InstancePre<State>, exports: &BTreeSet<&str>) -> Result<Self, Error> {
                Ok(Self {
                    $($module: if exports.contains($interface) {
                        Some(wit::$module::GuestIndices::new(pre)?)
                    } else {
                        None
                    },)+
                })
            }

            /// Compares the types of every function with the contract's.
            fn check(&self, store: &mut Store<State>, instance: &Instance) -> Result<(), Error> {
                $(if let Some(indices) = &self.$module {
                    indices
                        .load(&mut *store, instance)
                        .map_err(|e| e.context(concat!("interface `", $interface, "`")))?;
                })+
                Ok(())
            }
        }
    };
}

glue! {
    define = "define",
    record_defaults = "record-defaults",
    form_rules = "form-rules",
    record_validate = "record-validate",
    transition_guard = "transition-guard",
    transition_effect = "transition-effect",
    assign_select = "assign-select",
    sla_select = "sla-select",
    survey_done = "survey-done",
    survey_reply = "survey-reply",
    schedule_fire = "schedule-fire",
}

/// Asks one interface, if the plugin has it: no interface is no opinion.
macro_rules! ask {
    ($code:ident, $store:ident, $module:ident, $function:ident, $input:expr) => {
        match &$code.glue.$module {
            None => Ok(Ok(Decision::default())),
            Some(indices) => {
                let instance = $code.pre.instantiate(&mut *$store)?;
                let guest = indices.load(&mut *$store, &instance)?;
                let decision = guest.$function(&mut *$store, &$input)?;
                Ok(answer::$module(decision))
            }
        }
    };
}

impl Code {
    /// Makes an instance once, within the budget of a call, and compares its types with the
    /// contract's.
    pub(super) fn new(
        plugin: &Plugin,
        component: &[u8],
        pre: InstancePre<State>,
    ) -> Result<Self, LoadError> {
        let label = plugin.label();
        let mut store =
            store(&pre, &plugin.limits).map_err(|e| LoadError::Host(format!("{e:#}")))?;
        let instance = pre.instantiate(&mut store);
        let instance = instance.map_err(|e| LoadError::Start {
            plugin: label.clone(),
            text: Fault::of(&e, store.data()).text,
        })?;
        let unlike = |e: Error| differs(&label, &e, component);
        let glue = Glue::find(&pre, &plugin.exports).map_err(unlike)?;
        glue.check(&mut store, &instance).map_err(unlike)?;
        Ok(Self { pre, glue })
    }
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
        let exports = |name: &str| self.exports.contains(name);
        match hook {
            Hook::Define => exports("define"),
            Hook::SurveyLogic => exports("survey-done") || exports("survey-reply"),
            // The interface has the name of its hook.
            other => exports(&other.name().replace('.', "-")),
        }
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
        let Some(indices) = &code.glue.define else {
            return Ok(None);
        };
        let (definitions, _) = self.run(Hook::Define, |store| {
            let instance = code.pre.instantiate(&mut *store)?;
            let guest = indices.load(&mut *store, &instance)?;
            let input = wit::define::Input {
                pack: self.name.to_string(),
                extra: Vec::new(),
            };
            let decision = guest.call_define(&mut *store, &input)?;
            Ok(answer::define(&decision))
        })?;
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
                let answer = Self::ask(code, hook, call, store);
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
            None => Err(fail(
                FailureKind::NotReady,
                "is still being compiled; try again in some seconds",
            )),
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
        let pre = &self.code(hook)?.pre;
        let mut store = store(pre, &self.limits).map_err(|e| broken(&e))?;
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

    fn ask(
        code: &Code,
        hook: Hook,
        call: &Call,
        store: &mut Store<State>,
    ) -> Result<Result<Decision, Fault>, Error> {
        match (hook, &call.detail) {
            (Hook::RecordDefaults, _) => {
                ask!(
                    code,
                    store,
                    record_defaults,
                    call_defaults,
                    input::record_defaults(call)
                )
            }
            (Hook::FormRules, _) => {
                ask!(code, store, form_rules, call_rules, input::form_rules(call))
            }
            (Hook::RecordValidate, _) => {
                ask!(
                    code,
                    store,
                    record_validate,
                    call_validate,
                    input::record_validate(call)
                )
            }
            (
                Hook::TransitionGuard,
                Detail::Transition {
                    from,
                    to,
                    to_category,
                },
            ) => {
                let input = input::transition_guard(call, from, to, to_category);
                ask!(code, store, transition_guard, call_guard, input)
            }
            (
                Hook::TransitionEffect,
                Detail::Transition {
                    from,
                    to,
                    to_category,
                },
            ) => {
                let input = input::transition_effect(call, from, to, to_category);
                ask!(code, store, transition_effect, call_entered, input)
            }
            (Hook::AssignSelect, Detail::Assign { agents, teams }) => {
                let input = input::assign_select(call, agents, teams);
                ask!(code, store, assign_select, call_select, input)
            }
            (Hook::SlaSelect, Detail::SlaSelect { levels }) => {
                ask!(
                    code,
                    store,
                    sla_select,
                    call_select,
                    input::sla_select(call, levels)
                )
            }
            (
                Hook::SurveyLogic,
                Detail::SurveyDone {
                    address,
                    asked_before,
                },
            ) => {
                let input = input::survey_done(call, address.as_deref(), *asked_before);
                ask!(code, store, survey_done, call_done, input)
            }
            (
                Hook::SurveyLogic,
                Detail::SurveyReply {
                    template,
                    score,
                    scale,
                    comment,
                    answers,
                },
            ) => {
                let input = input::survey_reply(call, template, *score, *scale, comment, answers);
                ask!(code, store, survey_reply, call_reply, input)
            }
            (Hook::ScheduleFire, Detail::Timer { name, data }) => {
                ask!(
                    code,
                    store,
                    schedule_fire,
                    call_fire,
                    input::schedule_fire(call, name, data)
                )
            }
            (hook, _) => Ok(Err(Fault::broken(format!(
                "the call has not the details of hook {hook}"
            )))),
        }
    }
}

/// A fresh store with the whole budget.
fn store(pre: &InstancePre<State>, limits: &Limits) -> Result<Store<State>, Error> {
    let mut store = Store::new(pre.engine(), State::new(limits));
    store.limiter(|state| state);
    store.set_fuel(limits.fuel)?;
    store.set_hostcall_fuel(limits.answer_bytes);
    Ok(store)
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

    fn call(&self, call: &Call) -> Result<Outcome, Failure> {
        self.plugin.measure(self.hook, call).outcome
    }
}
