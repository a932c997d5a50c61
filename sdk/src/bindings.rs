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
