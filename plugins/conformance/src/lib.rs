//! The conformance guest: the rules of `tests/hooks/README.md` as a plugin. The same rules stand in
//! `tests/hooks/conformance.rhai`, and the fixtures hold for both.

mod events;
mod questions;
mod searches;
mod trouble;
mod work;

use opora_sdk::assign_select::{self, AssignSelect};
use opora_sdk::form_rules::{self, FieldRule, FormRules};
use opora_sdk::record_defaults::{self, RecordDefaults};
use opora_sdk::record_validate::{self, RecordValidate};
use opora_sdk::schedule_fire::{self, ScheduleFire};
use opora_sdk::sla_select::{self, SlaSelect};
use opora_sdk::survey_done::{self, Ask, Survey, SurveyDone};
use opora_sdk::survey_reply::{self, SurveyReply};
use opora_sdk::transition_effect::{self, TransitionEffect};
use opora_sdk::transition_guard::{self, TransitionGuard};
use opora_sdk::{Context as _, Effect, Fields as _, NewRecord, Value, because};

/// The plugin.
pub struct Plugin;

opora_sdk::export!(
    Plugin: record_defaults, form_rules, record_validate, transition_guard, transition_effect,
    assign_select, sla_select, survey_done, survey_reply, schedule_fire, field_compute,
    interaction_event, sla_clock, sla_event, record_changed, action_run, notify_compose, access_filter,
    pack_lifecycle, config_guard, intake_match, intake_route, process_step, contract_consume,
    search_document, search_rank
);

const HOUR: i64 = 3_600_000_000;

impl RecordDefaults for Plugin {
    fn defaults(input: &record_defaults::Input) -> record_defaults::Decision {
        trouble::make(input);
        let mut decision = record_defaults::Decision::default();
        let title = input.text("title").unwrap_or_default();
        if title.contains("urgent") {
            because("urgent_word", title);
            decision = decision.with("priority", "high");
        }
        if let Some(account) = input.related("account") {
            let city = account.text("city").unwrap_or_default();
            decision = decision
                .with("city", city)
                .with("visits", input.int("visits").unwrap_or(0) + 1);
        }
        if input.text_option("unknown", "") == "value" {
            decision = decision.with("city", Value::Other(("shape".to_owned(), "{}".to_owned())));
        }
        decision
    }
}

impl FormRules for Plugin {
    fn rules(input: &form_rules::Input) -> form_rules::Decision {
        trouble::make(input);
        let mut decision = form_rules::Decision {
            extra: trouble::extra(input),
            ..form_rules::Decision::default()
        };
        if input.text("fault") == Some("broken") {
            decision = decision
                .with(
                    FieldRule::new("photo")
                        .required()
                        .advice("show the broken part"),
                )
                .with(FieldRule::new("outcome").options(&["repair", "replace"]));
        }
        if input.before.is_some() {
            decision = decision.with(FieldRule::new("serial").readonly());
        }
        if input.actor.role == "contact" {
            decision = decision.with(FieldRule::new("cost").hidden());
        }
        decision
    }
}

impl RecordValidate for Plugin {
    fn validate(input: &record_validate::Input) -> record_validate::Decision {
        trouble::make(input);
        let mut decision = record_validate::Decision {
            extra: trouble::extra(input),
            ..record_validate::Decision::allow()
        };
        let limit = input.int_option("limit", 100);
        if let Some(amount) = input.int("amount").filter(|a| *a > limit) {
            let message = format!("{amount} is over {limit}");
            decision = decision.and_refuse_field("amount", "over_limit", message);
        }
        let (first, last) = (input.int("first"), input.int("last"));
        if let (Some(first), Some(last)) = (first, last)
            && first > last
        {
            decision = decision.and_refuse("wrong_order", "the first is after the last");
        }
        decision
    }
}

impl TransitionGuard for Plugin {
    fn guard(input: &transition_guard::Input) -> transition_guard::Decision {
        trouble::make(input);
        let mut decision = transition_guard::Decision {
            extra: trouble::extra(input),
            ..transition_guard::Decision::allow()
        };
        if input.is_own(&input.entering, "closed") {
            if !input.is_filled("solution") {
                let message = "say how it was solved";
                decision = decision.and_refuse_field("solution", "no_solution", message);
            }
            if input.actor.role == "contact" {
                decision = decision.and_refuse("not_allowed", "only agents close");
            }
        }
        decision
    }
}

impl TransitionEffect for Plugin {
    fn entered(input: &transition_effect::Input) -> transition_effect::Decision {
        trouble::make(input);
        let mut decision = transition_effect::Decision {
            effects: trouble::effects(input),
            ..transition_effect::Decision::default()
        };
        if let Ok(bytes) = usize::try_from(input.int_option("huge", 0))
            && bytes > 0
        {
            decision = decision.and(Effect::comment("x".repeat(bytes)));
        }
        if input.is_own(&input.entering, "closed") {
            because("closed", &input.leaving);
            return closed(input, decision);
        }
        if input.is_own(&input.entering, "urgent") {
            return decision
                .and(Effect::transition("triaged"))
                .and(Effect::assign_team("first"))
                .and(Effect::untag("calm"))
                .and(Effect::clear("note"));
        }
        decision
    }
}

fn closed(
    input: &transition_effect::Input,
    decision: transition_effect::Decision,
) -> transition_effect::Decision {
    let mut decision = decision
        .and(Effect::set("closed_by", input.actor.role.as_str()))
        .and(Effect::tag("closed"))
        .and(Effect::comment("Your request is closed."))
        .and(Effect::note(format!("closed from {}", input.leaving)))
        .and(Effect::schedule(
            "ask",
            input.now + 48 * HOUR,
            "{\"round\":1}",
        ))
        .and(Effect::unschedule("remind"))
        .and(Effect::notify("contact", "mail", "Closed", "We are done."))
        .and(Effect::webhook("erp", "{\"state\":\"closed\"}"))
        .and(Effect::create(
            NewRecord::new("activity", "Call back").linked("follows"),
        ));
    if let Some(account) = input.related("account") {
        decision = decision.and(Effect::link("for", "account", &account.id));
    }
    decision
}

impl AssignSelect for Plugin {
    fn select(input: &assign_select::Input) -> assign_select::Decision {
        trouble::make(input);
        let skill = input.text("category").unwrap_or_default();
        let able = input
            .agents
            .iter()
            .filter(|a| a.skills.iter().any(|s| s == skill));
        if let Some(agent) = able.min_by_key(|a| a.load) {
            because("least_loaded", &agent.code);
            return assign_select::Decision::agent(&agent.id, skill);
        }
        if input.teams.iter().any(|t| t.code == "first") {
            return assign_select::Decision::team("first", "nobody has the skill");
        }
        assign_select::Decision {
            extra: trouble::extra(input),
            ..assign_select::Decision::default()
        }
    }
}

impl SlaSelect for Plugin {
    fn select(input: &sla_select::Input) -> sla_select::Decision {
        trouble::make(input);
        if input.text("priority") == Some("high") && input.levels.iter().any(|l| l.code == "gold") {
            return sla_select::Decision::level("gold", "high priority");
        }
        sla_select::Decision {
            extra: trouble::extra(input),
            ..sla_select::Decision::default()
        }
    }
}

impl SurveyDone for Plugin {
    fn done(input: &survey_done::Input) -> survey_done::Decision {
        trouble::make(input);
        if input.text("priority") == Some("low") {
            return survey_done::Decision::default();
        }
        if input.text_option("unknown", "") == "ask" {
            return survey_done::Decision {
                ask: Some(Ask::Other(("call".to_owned(), "{}".to_owned()))),
                ..survey_done::Decision::default()
            };
        }
        if input.address.is_none() {
            return survey_done::Decision::skip("no_address");
        }
        if input.asked_before > 0 {
            return survey_done::Decision::skip("asked_already").and(Effect::tag("asked_already"));
        }
        survey_done::Decision::send(Survey {
            template: "short".to_owned(),
            channel: "mail".to_owned(),
            delay_secs: 3_600,
            valid_secs: 604_800,
            scale: 5,
            subject: "How was it?".to_owned(),
            text: "Tell us: {link}".to_owned(),
        })
    }
}

impl SurveyReply for Plugin {
    fn reply(input: &survey_reply::Input) -> survey_reply::Decision {
        trouble::make(input);
        let scores: Vec<i64> = input.answers.iter().filter_map(|a| a.score).collect();
        let count = i64::try_from(scores.len()).unwrap_or(i64::MAX);
        if count > 0 {
            let mean = scores.iter().sum::<i64>() * 100 / count;
            let meaning = if mean >= 400 {
                "satisfied"
            } else {
                "dissatisfied"
            };
            return survey_reply::Decision::means(meaning, Some(mean));
        }
        let Some(score) = input.score else {
            return survey_reply::Decision::default();
        };
        if score * 2 > input.scale {
            return survey_reply::Decision::means("satisfied", None);
        }
        survey_reply::Decision::means("dissatisfied", None)
            .and(Effect::tag("dissatisfied"))
            .and(Effect::note(input.comment.as_str()))
    }
}

impl ScheduleFire for Plugin {
    fn fire(input: &schedule_fire::Input) -> schedule_fire::Decision {
        trouble::make(input);
        let decision = schedule_fire::Decision {
            effects: trouble::effects(input),
            ..schedule_fire::Decision::default()
        };
        match input.name.as_str() {
            "remind" => decision
                .and(Effect::notify("assignee", "mail", "Reminder", "It waits."))
                .and(Effect::schedule("remind", input.now + HOUR, &input.data)),
            "close" => decision.and(Effect::transition("closed")),
            _ => decision,
        }
    }
}
