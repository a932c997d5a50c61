//! The hooks: a module each with its types, and the trait a plugin implements.

macro_rules! hook {
    ($module:ident, $trait:ident, $function:ident, $about:literal, $($type:ident),+) => {
        #[doc = $about]
        pub mod $module {
            pub use crate::bindings::$module::interface::{$($type),+};

            #[doc = $about]
            pub trait $trait {
                /// Decides. Equal inputs must give equal decisions.
                fn $function(input: &Input) -> Decision;
            }
        }
    };
}

hook!(
    define,
    Define,
    define,
    "Says what the pack defines, when it is loaded.",
    Decision,
    Input
);
hook!(
    record_defaults,
    RecordDefaults,
    defaults,
    "Gives a new record values for fields that have none.",
    Actor,
    Decision,
    Input,
    View
);
hook!(
    form_rules,
    FormRules,
    rules,
    "Says how the form treats fields, when it is asked for and again on every write.",
    Actor,
    Decision,
    FieldRule,
    Input,
    View
);
hook!(
    record_validate,
    RecordValidate,
    validate,
    "Checks a change before it is committed.",
    Actor,
    Decision,
    Input,
    Refusal,
    View
);
hook!(
    transition_guard,
    TransitionGuard,
    guard,
    "Checks a change of status.",
    Actor,
    Decision,
    Input,
    Refusal,
    View
);
hook!(
    transition_effect,
    TransitionEffect,
    entered,
    "Says what follows from a change of status.",
    Actor,
    Decision,
    Input,
    View
);
hook!(
    assign_select,
    AssignSelect,
    select,
    "Says who shall be in charge.",
    Actor,
    Agent,
    Choice,
    Decision,
    Input,
    Team,
    View
);
hook!(
    sla_select,
    SlaSelect,
    select,
    "Says which support level applies.",
    Actor,
    Choice,
    Decision,
    Input,
    Level,
    View
);
hook!(
    survey_done,
    SurveyDone,
    done,
    "Says whether and how to ask for a rating, when a record is done.",
    Actor,
    Ask,
    Decision,
    Input,
    Survey,
    View
);
hook!(
    survey_reply,
    SurveyReply,
    reply,
    "Says what an answered survey means and what follows.",
    Actor,
    Answer,
    Decision,
    Input,
    Outcome,
    View
);
hook!(
    schedule_fire,
    ScheduleFire,
    fire,
    "Says what follows when a timer of the pack comes due.",
    Actor,
    Decision,
    Input,
    View
);
hook!(
    field_compute,
    FieldCompute,
    compute,
    "Derives values of fields from others, on every write.",
    Actor,
    Decision,
    Input,
    View
);
hook!(
    interaction_event,
    InteractionEvent,
    recorded,
    "Says what follows from a comment or message.",
    Actor,
    Decision,
    Entry,
    Input,
    View
);
hook!(
    sla_clock,
    SlaClock,
    follow,
    "Says what the clocks do when something happened.",
    Act,
    Actor,
    Clock,
    Decision,
    Entry,
    Input,
    Step,
    View
);
hook!(
    sla_event,
    SlaEvent,
    happened,
    "Says what follows when a clock is about to pass or passed its due time.",
    Actor,
    Clock,
    Decision,
    Input,
    View
);
hook!(
    record_changed,
    RecordChanged,
    changed,
    "Says what follows from a change that was committed.",
    Actor,
    Decision,
    Input,
    View
);
hook!(
    action_run,
    ActionRun,
    run,
    "Runs a named action.",
    Actor,
    Decision,
    Input,
    Refusal,
    View
);
hook!(
    notify_compose,
    NotifyCompose,
    compose,
    "Says what becomes of a message about to be queued.",
    Actor,
    Choice,
    Decision,
    Input,
    Message,
    Notice,
    View
);
hook!(
    access_filter,
    AccessFilter,
    filter,
    "Says which records and fields a principal may see.",
    Actor,
    Choice,
    Decision,
    Input,
    Node,
    Range,
    Set,
    View
);
hook!(
    pack_lifecycle,
    PackLifecycle,
    happens,
    "Says whether something may happen to the pack, and what it brings.",
    Actor,
    Decision,
    Input,
    Refusal
);
hook!(
    config_guard,
    ConfigGuard,
    guard,
    "Checks a change of the configuration.",
    Actor,
    Change,
    Decision,
    Input,
    Refusal
);
hook!(
    intake_match,
    IntakeMatch,
    keys,
    "Says by which keys parties are searched for.",
    Actor,
    AskedText,
    Choice,
    Decision,
    Input,
    Key,
    View
);
hook!(
    intake_route,
    IntakeRoute,
    accept,
    "Says what becomes of an appeal.",
    Actor,
    Creation,
    Decision,
    Input,
    NewParty,
    Party,
    Refusal,
    Route,
    Target,
    View,
    Wanted
);
hook!(
    process_step,
    ProcessStep,
    follow,
    "Says where a process goes on.",
    Actor,
    Decided,
    Decision,
    Input,
    Refusal,
    Step,
    View
);
hook!(
    contract_consume,
    ContractConsume,
    consume,
    "Says what a ticket uses of a contract.",
    Actor,
    Choice,
    Decision,
    Input,
    View
);
hook!(
    search_document,
    SearchDocument,
    texts,
    "Says by which texts a record is found as well.",
    Actor,
    Decision,
    IndexText,
    Input,
    View
);
hook!(
    search_rank,
    SearchRank,
    weigh,
    "Says how the hits of a search are ranked.",
    Actor,
    Decision,
    Freshness,
    Input,
    SectionBoost,
    ValueBoost
);
