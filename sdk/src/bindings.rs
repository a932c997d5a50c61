//! The contract's types, generated from `wit/`. One world for each hook, so that a plugin exports
//! only what it implements; the shared types are generated once.

/// Types and functions that every hook shares.
pub mod base {
    wit_bindgen::generate!({
        path: "wit/0.1.0",
        world: "imports",
        additional_derives: [PartialEq],
    });
}

macro_rules! hook {
    ($module:ident, $world:literal, $export:literal) => {
        #[doc = concat!("Glue of `", $world, "`.")]
        pub mod $module {
            wit_bindgen::generate!({
                path: "wit/0.1.0",
                world: $world,
                with: {
                    "opora:hooks/types@0.1.0": crate::bindings::base::opora::hooks::types,
                    "opora:hooks/log@0.1.0": crate::bindings::base::opora::hooks::log,
                },
                pub_export_macro: true,
                export_macro_name: $export,
                additional_derives: [PartialEq],
            });
            pub use self::exports::opora::hooks::$module as interface;
        }
    };
}

/// As `hook`, for what later versions added.
macro_rules! later {
    ($package:ident [$($path:literal),+] $module:ident, $world:literal, $export:literal) => {
        #[doc = concat!("Glue of `", $world, "`.")]
        pub mod $module {
            wit_bindgen::generate!({
                path: [$($path),+],
                world: $world,
                with: {
                    "opora:hooks/types@0.1.0": crate::bindings::base::opora::hooks::types,
                    "opora:hooks/log@0.1.0": crate::bindings::base::opora::hooks::log,
                },
                pub_export_macro: true,
                export_macro_name: $export,
                additional_derives: [PartialEq],
            });
            pub use self::exports::opora::$package::$module as interface;
        }
    };
}

macro_rules! hook_0_2 {
    ($module:ident, $world:literal, $export:literal) => {
        later!(hooks0_2_0 ["wit/0.1.0", "wit/0.2.0"] $module, $world, $export);
    };
}

macro_rules! hook_0_3 {
    ($module:ident, $world:literal, $export:literal) => {
        later!(hooks0_3_0 ["wit/0.1.0", "wit/0.2.0", "wit/0.3.0"] $module, $world, $export);
    };
}

macro_rules! hook_0_4 {
    ($module:ident, $world:literal, $export:literal) => {
        later!(hooks0_4_0 ["wit/0.1.0", "wit/0.2.0", "wit/0.3.0", "wit/0.4.0"]
            $module, $world, $export);
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

hook_0_2!(
    field_compute,
    "opora:hooks/field-compute-plugin@0.2.0",
    "export_field_compute"
);
hook_0_2!(
    interaction_event,
    "opora:hooks/interaction-event-plugin@0.2.0",
    "export_interaction_event"
);
hook_0_2!(
    sla_clock,
    "opora:hooks/sla-clock-plugin@0.2.0",
    "export_sla_clock"
);
hook_0_2!(
    sla_event,
    "opora:hooks/sla-event-plugin@0.2.0",
    "export_sla_event"
);
hook_0_2!(
    record_changed,
    "opora:hooks/record-changed-plugin@0.2.0",
    "export_record_changed"
);
hook_0_2!(
    action_run,
    "opora:hooks/action-run-plugin@0.2.0",
    "export_action_run"
);
hook_0_2!(
    notify_compose,
    "opora:hooks/notify-compose-plugin@0.2.0",
    "export_notify_compose"
);
hook_0_2!(
    access_filter,
    "opora:hooks/access-filter-plugin@0.2.0",
    "export_access_filter"
);
hook_0_3!(
    pack_lifecycle,
    "opora:hooks/pack-lifecycle-plugin@0.3.0",
    "export_pack_lifecycle"
);
hook_0_3!(
    config_guard,
    "opora:hooks/config-guard-plugin@0.3.0",
    "export_config_guard"
);
hook_0_3!(
    intake_match,
    "opora:hooks/intake-match-plugin@0.3.0",
    "export_intake_match"
);
hook_0_3!(
    intake_route,
    "opora:hooks/intake-route-plugin@0.3.0",
    "export_intake_route"
);
hook_0_3!(
    process_step,
    "opora:hooks/process-step-plugin@0.3.0",
    "export_process_step"
);
hook_0_3!(
    contract_consume,
    "opora:hooks/contract-consume-plugin@0.3.0",
    "export_contract_consume"
);
hook_0_4!(
    search_document,
    "opora:hooks/search-document-plugin@0.4.0",
    "export_search_document"
);
hook_0_4!(
    search_rank,
    "opora:hooks/search-rank-plugin@0.4.0",
    "export_search_rank"
);
