//! The macro that makes a type the plugin.

/// Exports the hooks that a type implements:
///
/// ```ignore
/// opora_sdk::export!(Plugin: transition_guard, survey_reply);
/// ```
///
/// Only the hooks named here become exports of the component; the engine looks for each by name.
#[macro_export]
macro_rules! export {
    ($plugin:ident: $($hook:ident),+ $(,)?) => {
        $($crate::export_hook!($plugin $hook);)+
    };
}

/// One hook of [`export!`].
#[doc(hidden)]
#[macro_export]
macro_rules! export_hook {
    ($plugin:ident define) => {
        $crate::export_glue!($plugin define Define define export_define);
    };
    ($plugin:ident record_defaults) => {
        $crate::export_glue!($plugin record_defaults RecordDefaults defaults export_record_defaults);
    };
    ($plugin:ident form_rules) => {
        $crate::export_glue!($plugin form_rules FormRules rules export_form_rules);
    };
    ($plugin:ident record_validate) => {
        $crate::export_glue!($plugin record_validate RecordValidate validate export_record_validate);
    };
    ($plugin:ident transition_guard) => {
        $crate::export_glue!($plugin transition_guard TransitionGuard guard export_transition_guard);
    };
    ($plugin:ident transition_effect) => {
        $crate::export_glue!($plugin transition_effect TransitionEffect entered export_transition_effect);
    };
    ($plugin:ident assign_select) => {
        $crate::export_glue!($plugin assign_select AssignSelect select export_assign_select);
    };
    ($plugin:ident sla_select) => {
        $crate::export_glue!($plugin sla_select SlaSelect select export_sla_select);
    };
    ($plugin:ident survey_done) => {
        $crate::export_glue!($plugin survey_done SurveyDone done export_survey_done);
    };
    ($plugin:ident survey_reply) => {
        $crate::export_glue!($plugin survey_reply SurveyReply reply export_survey_reply);
    };
    ($plugin:ident schedule_fire) => {
        $crate::export_glue!($plugin schedule_fire ScheduleFire fire export_schedule_fire);
    };
    ($plugin:ident field_compute) => {
        $crate::export_glue!($plugin field_compute FieldCompute compute export_field_compute);
    };
    ($plugin:ident interaction_event) => {
        $crate::export_glue!($plugin interaction_event InteractionEvent recorded export_interaction_event);
    };
    ($plugin:ident sla_clock) => {
        $crate::export_glue!($plugin sla_clock SlaClock follow export_sla_clock);
    };
    ($plugin:ident sla_event) => {
        $crate::export_glue!($plugin sla_event SlaEvent happened export_sla_event);
    };
    ($plugin:ident record_changed) => {
        $crate::export_glue!($plugin record_changed RecordChanged changed export_record_changed);
    };
    ($plugin:ident action_run) => {
        $crate::export_glue!($plugin action_run ActionRun run export_action_run);
    };
    ($plugin:ident notify_compose) => {
        $crate::export_glue!($plugin notify_compose NotifyCompose compose export_notify_compose);
    };
    ($plugin:ident access_filter) => {
        $crate::export_glue!($plugin access_filter AccessFilter filter export_access_filter);
    };
    ($plugin:ident pack_lifecycle) => {
        $crate::export_glue!($plugin pack_lifecycle PackLifecycle happens export_pack_lifecycle);
    };
    ($plugin:ident config_guard) => {
        $crate::export_glue!($plugin config_guard ConfigGuard guard export_config_guard);
    };
    ($plugin:ident intake_match) => {
        $crate::export_glue!($plugin intake_match IntakeMatch keys export_intake_match);
    };
    ($plugin:ident intake_route) => {
        $crate::export_glue!($plugin intake_route IntakeRoute accept export_intake_route);
    };
    ($plugin:ident process_step) => {
        $crate::export_glue!($plugin process_step ProcessStep follow export_process_step);
    };
    ($plugin:ident contract_consume) => {
        $crate::export_glue!($plugin contract_consume ContractConsume consume export_contract_consume);
    };
    ($plugin:ident search_document) => {
        $crate::export_glue!($plugin search_document SearchDocument texts export_search_document);
    };
    ($plugin:ident search_rank) => {
        $crate::export_glue!($plugin search_rank SearchRank weigh export_search_rank);
    };
}

/// The glue of one hook: catch panics, then ask the plugin.
#[doc(hidden)]
#[macro_export]
macro_rules! export_glue {
    ($plugin:ident $module:ident $trait:ident $function:ident $export:ident) => {
        const _: fn(&$crate::$module::Input) -> $crate::$module::Decision =
            <$plugin as $crate::$module::$trait>::$function;

        // The names of the exports are none for a native linker.
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::bindings::$module::interface as glue;

            struct Glue;

            impl glue::Guest for Glue {
                fn $function(input: glue::Input) -> glue::Decision {
                    $crate::log::report_panics();
                    <$plugin as $crate::$module::$trait>::$function(&input)
                }
            }

    $crate::bindings::$module::$export!(Glue with_types_in $crate::bindings::$module);
        };
    };
}
