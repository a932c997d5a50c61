//! Warranty repairs: a ticket type with its fields, statuses and rules from one component.

pub mod rating;
pub mod term;

use opora_sdk::define::{self, Define};
use opora_sdk::record_defaults::{self, RecordDefaults};
use opora_sdk::transition_guard::{Decision, Input, TransitionGuard};
use opora_sdk::{Context as _, Date, Fields as _, Value, because};

/// The plugin.
pub struct Plugin;

opora_sdk::export!(Plugin: define, record_defaults, transition_guard, survey_done, survey_reply);

impl Define for Plugin {
    fn define(_: &define::Input) -> define::Decision {
        define::Decision::json(include_str!("definitions.json"))
    }
}

impl RecordDefaults for Plugin {
    fn defaults(input: &record_defaults::Input) -> record_defaults::Decision {
        let mut decision = record_defaults::Decision::default();
        if let Some(asset) = input.related("asset") {
            because("asset", asset.text("title").unwrap_or_default());
            if let Some(serial) = asset.text("serial").filter(|s| !s.trim().is_empty()) {
                decision = decision.with("serial", serial);
            }
            if let Some(sold) = asset.date("sold_on") {
                decision = decision.with("purchased_on", Value::Date(sold.to_owned()));
            }
        }
        if let Some(end) = term::end(input) {
            decision = decision.with("warranty_until", Value::Date(end.to_string()));
        }
        decision
    }
}

impl TransitionGuard for Plugin {
    fn guard(input: &Input) -> Decision {
        let enters = |status| input.is_own(&input.entering, status);
        if enters("refused") {
            refusal(input)
        } else if enters("repaired") || enters("replaced") {
            repair(input)
        } else {
            Decision::allow()
        }
    }
}

fn refusal(input: &Input) -> Decision {
    if input.is_filled("refusal_reason") {
        return Decision::allow();
    }
    let text = words(
        &input.actor.locale,
        "укажите причину отказа",
        "say why the claim is refused",
    );
    Decision::refuse_field("refusal_reason", "no_refusal_reason", text)
}

fn repair(input: &Input) -> Decision {
    if input.boolean("goodwill") == Some(true) {
        because("goodwill", "set on the claim");
        return Decision::allow();
    }
    let locale = &input.actor.locale;
    let Some(end) = term::end(input) else {
        let text = words(
            locale,
            "укажите дату покупки или отметьте добрую волю",
            "give the date of purchase, or set goodwill",
        );
        return Decision::refuse_field("purchased_on", "no_purchase_date", text);
    };
    // The last day of the warranty still counts.
    if Date::of_instant(input.now) <= end {
        because("in_warranty", &end.to_string());
        return Decision::allow();
    }
    let text = if locale.starts_with("ru") {
        format!("гарантия закончилась {end}; отметьте добрую волю или откажите")
    } else {
        format!("the warranty ended on {end}; set goodwill or refuse the claim")
    };
    Decision::refuse_field("goodwill", "out_of_warranty", text)
}

/// Russian or English, by the locale.
#[must_use]
pub fn words(locale: &str, ru: &'static str, en: &'static str) -> &'static str {
    if locale.starts_with("ru") { ru } else { en }
}

#[cfg(test)]
mod tests;
