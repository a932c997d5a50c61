//! The contract's types, generated from `wit/`. One world for each hook, so that a plugin exports
//! only what it implements; the shared types are generated once.

/// Types and functions that every hook shares.
pub mod base {
    wit_bindgen::generate!({
        path: "wit/1.0.0",
        world: "imports",
        additional_derives: [PartialEq],
    });
}

macro_rules! hook {
    ($module:ident, $world:literal, $export:literal) => {
        #[doc = concat!("Glue of `", $world, "`.")]
        pub mod $module {
            wit_bindgen::generate!({
                path: "wit/1.0.0",
                world: $world,
                with: {
                    "opora:hooks/types@1.0.0": crate::bindings::base::opora::hooks::types,
                    "opora:hooks/log@1.0.0": crate::bindings::base::opora::hooks::log,
                },
                pub_export_macro: true,
                export_macro_name: $export,
                additional_derives: [PartialEq],
            });
            pub use self::exports::opora::hooks::$module as interface;
        }
    };
}

hook!(define, "define-plugin", "export_define");
hook!(
    record_defaults,
    "record-defaults-plugin",
    "export_record_defaults"
);
hook!(form_rules, "form-rules-plugin", "export_form_rules");
hook!(
    record_validate,
    "record-validate-plugin",
    "export_record_validate"
);
hook!(
    transition_guard,
    "transition-guard-plugin",
    "export_transition_guard"
);
hook!(
    transition_effect,
    "transition-effect-plugin",
    "export_transition_effect"
);
hook!(
    assign_select,
    "assign-select-plugin",
    "export_assign_select"
);
hook!(sla_select, "sla-select-plugin", "export_sla_select");
hook!(survey_done, "survey-done-plugin", "export_survey_done");
hook!(survey_reply, "survey-reply-plugin", "export_survey_reply");
hook!(
    schedule_fire,
    "schedule-fire-plugin",
    "export_schedule_fire"
);
hook!(
    field_compute,
    "field-compute-plugin",
    "export_field_compute"
);
hook!(
    interaction_event,
    "interaction-event-plugin",
    "export_interaction_event"
);
hook!(sla_clock, "sla-clock-plugin", "export_sla_clock");
hook!(sla_event, "sla-event-plugin", "export_sla_event");
hook!(
    record_changed,
    "record-changed-plugin",
    "export_record_changed"
);
hook!(action_run, "action-run-plugin", "export_action_run");
hook!(
    notify_compose,
    "notify-compose-plugin",
    "export_notify_compose"
);
hook!(
    access_filter,
    "access-filter-plugin",
    "export_access_filter"
);
hook!(
    pack_lifecycle,
    "pack-lifecycle-plugin",
    "export_pack_lifecycle"
);
hook!(config_guard, "config-guard-plugin", "export_config_guard");
hook!(intake_match, "intake-match-plugin", "export_intake_match");
hook!(intake_route, "intake-route-plugin", "export_intake_route");
hook!(process_step, "process-step-plugin", "export_process_step");
hook!(
    contract_consume,
    "contract-consume-plugin",
    "export_contract_consume"
);
hook!(
    search_document,
    "search-document-plugin",
    "export_search_document"
);
hook!(search_rank, "search-rank-plugin", "export_search_rank");
