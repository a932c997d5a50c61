//! A loaded plugin, and how its hooks are called.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use wasmtime::component::{Instance, InstancePre};
use wasmtime::{Error, Store};

use super::bindings::exports::opora::hooks as wit;
use super::contract::{LoadError, differs};
use super::fault::Fault;
use super::host::Limits;
use super::state::State;
use super::{answer, input};
use crate::domain::Definitions;
use crate::hooks::{Call, Decision, Detail, Failure, Hook, Outcome, Runner, Usage};

/// A compiled plugin. Calls share nothing but the code.
pub struct Plugin {
    name: Arc<str>,
    version: Arc<str>,
    hash: [u8; 32],
    pre: InstancePre<State>,
    glue: Glue,
    limits: Limits,
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
    ($self:ident, $store:ident, $module:ident, $function:ident, $input:expr) => {
        match &$self.glue.$module {
            None => Ok(Ok(Decision::default())),
            Some(indices) => {
                let instance = $self.pre.instantiate(&mut *$store)?;
                let guest = indices.load(&mut *$store, &instance)?;
                let decision = guest.$function(&mut *$store, &$input)?;
                Ok(answer::$module(decision))
            }
        }
    };
}

impl Plugin {
    pub(super) fn new(
        name: &str,
        version: &str,
        component: &[u8],
        pre: InstancePre<State>,
        exports: BTreeSet<&'static str>,
        limits: Limits,
    ) -> Result<Self, LoadError> {
        let label = format!("{name} {version}");
        let mut store = store(&pre, &limits).map_err(|e| LoadError::Host(format!("{e:#}")))?;
        let instance = pre.instantiate(&mut store);
        let instance = instance.map_err(|e| LoadError::Start {
            plugin: label.clone(),
            text: Fault::of(&e, store.data()).text,
        })?;
        let unlike = |e: Error| differs(&label, &e);
        let glue = Glue::find(&pre, &exports).map_err(unlike)?;
        glue.check(&mut store, &instance).map_err(unlike)?;
        Ok(Self {
            name: name.into(),
            version: version.into(),
            hash: Sha256::digest(component).into(),
            pre,
            glue,
            limits,
        })
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

    fn has(&self, hook: Hook) -> bool {
        let glue = &self.glue;
        match hook {
            Hook::Define => glue.define.is_some(),
            Hook::RecordDefaults => glue.record_defaults.is_some(),
            Hook::FormRules => glue.form_rules.is_some(),
            Hook::RecordValidate => glue.record_validate.is_some(),
            Hook::TransitionGuard => glue.transition_guard.is_some(),
            Hook::TransitionEffect => glue.transition_effect.is_some(),
            Hook::AssignSelect => glue.assign_select.is_some(),
            Hook::SlaSelect => glue.sla_select.is_some(),
            Hook::SurveyLogic => glue.survey_done.is_some() || glue.survey_reply.is_some(),
            Hook::ScheduleFire => glue.schedule_fire.is_some(),
            Hook::FieldCompute
            | Hook::InteractionEvent
            | Hook::SlaClock
            | Hook::SlaEvent
            | Hook::RecordChanged
            | Hook::ActionRun
            | Hook::NotifyCompose
            | Hook::AccessFilter => false,
        }
    }

    /// What the plugin defines, with unqualified codes; nothing when it does not implement
    /// `pack.define`.
    ///
    /// # Errors
    /// When it breaks, goes over its budget, or its definitions cannot be read.
    pub fn define(&self) -> Result<Option<Definitions>, Failure> {
        let Some(indices) = &self.glue.define else {
            return Ok(None);
        };
        let (definitions, _) = self.run(Hook::Define, |store| {
            let instance = self.pre.instantiate(&mut *store)?;
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

    /// Runs a call in a fresh store and says what it used.
    fn run<T>(
        &self,
        hook: Hook,
        call: impl FnOnce(&mut Store<State>) -> Result<Result<T, Fault>, Error>,
    ) -> Result<(T, Ended), Failure> {
        let failure = |fault: Fault, usage: Usage| Failure {
            kind: fault.kind,
            message: format!(
                "plugin {} {}, hook {hook}: {}",
                self.name, self.version, fault.text
            ),
            usage,
        };
        let broken = |e: &Error| failure(Fault::broken(format!("{e:#}")), Usage::default());
        let mut store = store(&self.pre, &self.limits).map_err(|e| broken(&e))?;
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
            Ok(Err(fault)) => Err(failure(fault, usage)),
            Err(e) => Err(failure(Fault::of(&e, store.data()), usage)),
        }
    }

    fn ask(
        &self,
        hook: Hook,
        call: &Call,
        store: &mut Store<State>,
    ) -> Result<Result<Decision, Fault>, Error> {
        match (hook, &call.detail) {
            (Hook::RecordDefaults, _) => {
                ask!(
                    self,
                    store,
                    record_defaults,
                    call_defaults,
                    input::record_defaults(call)
                )
            }
            (Hook::FormRules, _) => {
                ask!(self, store, form_rules, call_rules, input::form_rules(call))
            }
            (Hook::RecordValidate, _) => {
                ask!(
                    self,
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
                ask!(self, store, transition_guard, call_guard, input)
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
                ask!(self, store, transition_effect, call_entered, input)
            }
            (Hook::AssignSelect, Detail::Assign { agents, teams }) => {
                let input = input::assign_select(call, agents, teams);
                ask!(self, store, assign_select, call_select, input)
            }
            (Hook::SlaSelect, Detail::SlaSelect { levels }) => {
                ask!(
                    self,
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
                ask!(self, store, survey_done, call_done, input)
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
                ask!(self, store, survey_reply, call_reply, input)
            }
            (Hook::ScheduleFire, Detail::Timer { name, data }) => {
                ask!(
                    self,
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
    fn call(&self, call: &Call) -> Result<Outcome, Failure> {
        let (mut decision, ended) = self
            .plugin
            .run(self.hook, |store| self.plugin.ask(self.hook, call, store))?;
        decision.because = ended.state.because;
        Ok(Outcome {
            decision,
            usage: ended.usage,
        })
    }
}
