//! What the compiler made of a plugin, and how its functions are called.

use std::collections::BTreeSet;
use std::sync::Arc;

use wasmtime::component::{Instance, InstancePre};
use wasmtime::{Error, Store, UpdateDeadline};

use super::bindings::guest as wit;
use super::contract::{LoadError, differs};
use super::fault::Fault;
use super::limits::Limits;
use super::plugin::Plugin;
use super::slots::{Slots, Taken};
use super::state::State;
use super::ticker::{Running, Ticker};
use super::{answer, input};
use crate::domain::Definitions;
use crate::hooks::{Call, Decision, Detail, Hook};

/// What a call gives: an error of the host, or the plugin's answer, understood or not.
type Asked<T> = Result<Result<T, Fault>, Error>;

/// What the compiler made of a plugin.
pub(super) struct Code {
    pre: InstancePre<State>,
    glue: Glue,
    /// The slots its instances are made in; none: each is made from nothing.
    slots: Option<Arc<Slots>>,
    ticker: Arc<Ticker>,
}

/// What a call has while it runs.
pub(super) struct Room<'a> {
    _slot: Option<Taken<'a>>,
    _running: Running<'a>,
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
    field_compute = "field-compute",
    interaction_event = "interaction-event",
    sla_clock = "sla-clock",
    sla_event = "sla-event",
    record_changed = "record-changed",
    action_run = "action-run",
    notify_compose = "notify-compose",
    access_filter = "access-filter",
    pack_lifecycle = "pack-lifecycle",
    config_guard = "config-guard",
    intake_match = "intake-match",
    intake_route = "intake-route",
    process_step = "process-step",
    contract_consume = "contract-consume",
    search_document = "search-document",
    search_rank = "search-rank",
}

/// Asks one interface, if the plugin has it: no interface is no opinion.
macro_rules! ask {
    ($code:ident, $store:ident, $module:ident.$function:ident($($input:expr),*)) => {
        match &$code.glue.$module {
            None => Ok(Ok(Decision::default())),
            Some(indices) => {
                let instance = $code.pre.instantiate(&mut *$store)?;
                let guest = indices.load(&mut *$store, &instance)?;
                let input = input::$module($($input),*);
                let decision = guest.$function(&mut *$store, &input)?;
                Ok(answer::$module(decision))
            }
        }
    };
}

impl Code {
    /// Makes an instance once, within the budget of a call, and compares its types with the
    /// contract's.
    pub(super) fn new(
        label: &str,
        plugin: &Plugin,
        component: &[u8],
        pre: InstancePre<State>,
        slots: Option<Arc<Slots>>,
        ticker: Arc<Ticker>,
    ) -> Result<Self, LoadError> {
        let _slot = slots.as_ref().map(|slots| slots.take());
        let running = ticker.begin();
        let mut store =
            fresh(&pre, &plugin.limits()).map_err(|e| LoadError::Host(format!("{e:#}")))?;
        let instance = pre.instantiate(&mut store);
        let instance = instance.map_err(|e| LoadError::Start {
            plugin: label.to_owned(),
            text: Fault::of(&e, store.data()).text,
        })?;
        let unlike = |e: Error| differs(label, &e, component);
        let glue = Glue::find(&pre, plugin.interfaces()).map_err(unlike)?;
        glue.check(&mut store, &instance).map_err(unlike)?;
        drop(running);
        Ok(Self {
            pre,
            glue,
            slots: slots.clone(),
            ticker,
        })
    }

    /// Waits for the room that an instance is made in, and has the clock run.
    pub(super) fn room(&self) -> Room<'_> {
        Room {
            _slot: self.slots.as_ref().map(|slots| slots.take()),
            _running: self.ticker.begin(),
        }
    }

    /// A fresh store with the whole budget.
    pub(super) fn store(&self, limits: &Limits) -> Result<Store<State>, Error> {
        fresh(&self.pre, limits)
    }

    /// Asks what the plugin defines; nothing when it has no such interface.
    pub(super) fn define(&self, pack: &str, store: &mut Store<State>) -> Asked<Definitions> {
        let Some(indices) = &self.glue.define else {
            return Ok(Ok(Definitions::default()));
        };
        let instance = self.pre.instantiate(&mut *store)?;
        let guest = indices.load(&mut *store, &instance)?;
        let input = wit::define::Input {
            pack: pack.to_owned(),
            extra: Vec::new(),
        };
        let decision = guest.call_define(&mut *store, &input)?;
        Ok(answer::define(&decision))
    }

    /// Asks for a decision.
    pub(super) fn ask(&self, hook: Hook, c: &Call, store: &mut Store<State>) -> Asked<Decision> {
        match (hook, &c.detail) {
            (Hook::RecordDefaults, _) => ask!(self, store, record_defaults.call_defaults(c)),
            (Hook::FormRules, _) => ask!(self, store, form_rules.call_rules(c)),
            (Hook::RecordValidate, _) => ask!(self, store, record_validate.call_validate(c)),
            (Hook::FieldCompute, _) => ask!(self, store, field_compute.call_compute(c)),
            (Hook::AssignSelect, Detail::Assign { agents, teams }) => {
                ask!(self, store, assign_select.call_select(c, agents, teams))
            }
            (Hook::SlaSelect, Detail::SlaSelect { levels }) => {
                ask!(self, store, sla_select.call_select(c, levels))
            }
            (Hook::NotifyCompose, Detail::Notice { notice }) => {
                ask!(self, store, notify_compose.call_compose(c, notice))
            }
            (Hook::AccessFilter, Detail::Access { kind }) => {
                ask!(self, store, access_filter.call_filter(c, *kind))
            }
            (Hook::SurveyLogic, _) => self.ask_survey(c, store),
            _ => self.ask_event(hook, c, store),
        }
    }

    fn ask_survey(&self, c: &Call, store: &mut Store<State>) -> Asked<Decision> {
        match &c.detail {
            Detail::SurveyDone {
                address,
                asked_before,
            } => {
                let address = address.as_deref();
                ask!(
                    self,
                    store,
                    survey_done.call_done(c, address, *asked_before)
                )
            }
            Detail::SurveyReply {
                template,
                score,
                scale,
                comment,
                answers,
            } => ask!(
                self,
                store,
                survey_reply.call_reply(c, template, *score, *scale, comment, answers)
            ),
            _ => Ok(Err(without_details(Hook::SurveyLogic))),
        }
    }

    /// Asks what follows from something that happened.
    fn ask_event(&self, hook: Hook, c: &Call, store: &mut Store<State>) -> Asked<Decision> {
        match (hook, &c.detail) {
            (
                Hook::TransitionGuard,
                Detail::Transition {
                    from,
                    to,
                    to_category: category,
                },
            ) => ask!(
                self,
                store,
                transition_guard.call_guard(c, from, to, category)
            ),
            (
                Hook::TransitionEffect,
                Detail::Transition {
                    from,
                    to,
                    to_category: category,
                },
            ) => ask!(
                self,
                store,
                transition_effect.call_entered(c, from, to, category)
            ),
            (Hook::ScheduleFire, Detail::Timer { name, data }) => {
                ask!(self, store, schedule_fire.call_fire(c, name, data))
            }
            (Hook::InteractionEvent, Detail::Interaction { entry }) => {
                ask!(self, store, interaction_event.call_recorded(c, entry))
            }
            (
                Hook::SlaClock,
                Detail::Clocks {
                    event,
                    entry,
                    clocks,
                },
            ) => {
                let entry = entry.as_deref();
                ask!(self, store, sla_clock.call_follow(c, event, entry, clocks))
            }
            (Hook::SlaEvent, Detail::SlaEvent { event, clock }) => {
                ask!(self, store, sla_event.call_happened(c, event, clock))
            }
            (Hook::RecordChanged, Detail::Changed { command, fields }) => {
                let changes = input::named(c, fields);
                ask!(
                    self,
                    store,
                    record_changed.call_changed(c, command, changes)
                )
            }
            (Hook::ActionRun, Detail::Action { name, arguments }) => {
                ask!(self, store, action_run.call_run(c, name, arguments))
            }
            _ => self.ask_work(hook, c, store),
        }
    }

    /// Asks about packs, configuration, intake, processes, contracts and searches.
    fn ask_work(&self, hook: Hook, c: &Call, store: &mut Store<State>) -> Asked<Decision> {
        match (hook, &c.detail) {
            (Hook::PackLifecycle, Detail::Lifecycle(of)) => {
                ask!(self, store, pack_lifecycle.call_happens(c, of))
            }
            (Hook::ConfigGuard, Detail::Config(of)) => {
                ask!(self, store, config_guard.call_guard(c, of))
            }
            (Hook::IntakeMatch, Detail::Match(of)) => {
                ask!(self, store, intake_match.call_keys(c, of))
            }
            (Hook::IntakeRoute, Detail::Route(of)) => {
                let pack = &c.pack;
                ask!(self, store, intake_route.call_accept(c, pack, of))
            }
            (Hook::ProcessStep, Detail::Stage(of)) => {
                ask!(self, store, process_step.call_follow(c, of))
            }
            (Hook::ContractConsume, Detail::Consume(of)) => {
                let pack = &c.pack;
                ask!(self, store, contract_consume.call_consume(c, pack, of))
            }
            (Hook::SearchDocument, _) => ask!(self, store, search_document.call_texts(c)),
            (Hook::SearchRank, Detail::Rank(of)) => {
                ask!(self, store, search_rank.call_weigh(c, of))
            }
            (hook, _) => Ok(Err(without_details(hook))),
        }
    }
}

fn without_details(hook: Hook) -> Fault {
    Fault::broken(format!("the call has not the details of hook {hook}"))
}

/// A fresh store with the whole budget.
fn fresh(pre: &InstancePre<State>, limits: &Limits) -> Result<Store<State>, Error> {
    let mut store = Store::new(pre.engine(), State::new(limits));
    store.limiter(|state| state);
    store.set_fuel(limits.fuel)?;
    store.set_hostcall_fuel(limits.answer_bytes);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|mut store| {
        store.data_mut().look()?;
        Ok(UpdateDeadline::Continue(1))
    });
    Ok(store)
}
