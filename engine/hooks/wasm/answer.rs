//! Decisions that plugins return.

use super::bindings::exports::opora::hooks::{
    assign_select, define, form_rules, record_defaults, record_validate, schedule_fire, sla_select,
    survey_done, survey_reply, transition_effect, transition_guard,
};
use super::bindings::opora::hooks::types::Value as WitValue;
use super::effects::effects;
use super::fault::Fault;
use super::values::{from_wit, list, list_up_to, short, some_text, text};
use crate::domain::Definitions;
use crate::hooks::{
    AssignChoice, Decision, Effect, FieldRule, LevelChoice, Refusal, Spot, SurveyAsk, SurveyOutcome,
};

/// Most refusals of one decision.
const MAX_REFUSALS: usize = 64;

type Answer = Result<Decision, Fault>;

/// Refuses what only a later engine understands: it may change what the rest means.
fn none_extra(extra: &[(String, WitValue)]) -> Result<(), Fault> {
    extra.first().map_or(Ok(()), |(name, _)| {
        Err(Fault::broken(format!(
            "returned `{}` in `extra`, which this engine does not know",
            short(name)
        )))
    })
}

pub(super) fn define(d: &define::Decision) -> Result<Definitions, Fault> {
    none_extra(&d.extra)?;
    serde_json::from_str(&d.definitions)
        .map_err(|e| Fault::broken(format!("its definitions cannot be read: {e}")))
}

pub(super) fn record_defaults(d: record_defaults::Decision) -> Answer {
    none_extra(&d.extra)?;
    let set = |(field, value)| {
        let effect = Effect::Set {
            field: text(field)?,
            value: Some(from_wit(value)?),
        };
        Ok((effect, Spot::default()))
    };
    Ok(Decision {
        effects: list(d.values, set)?,
        ..Decision::default()
    })
}

pub(super) fn form_rules(d: form_rules::Decision) -> Answer {
    none_extra(&d.extra)?;
    let rule = |rule: form_rules::FieldRule| {
        Ok(FieldRule {
            field: text(rule.field)?,
            visible: rule.visible,
            required: rule.required,
            readonly: rule.readonly,
            options: rule.options.map(|o| list(o, text)).transpose()?,
            advice: some_text(rule.advice)?,
            spot: Spot::default(),
        })
    };
    Ok(Decision {
        form: list(d.fields, rule)?,
        ..Decision::default()
    })
}

macro_rules! refusals {
    ($module:ident) => {
        pub(super) fn $module(d: $module::Decision) -> Answer {
            none_extra(&d.extra)?;
            let refusal = |r: $module::Refusal| {
                Ok(Refusal {
                    code: text(r.code)?,
                    message: text(r.message)?,
                    field: some_text(r.field)?,
                    spot: Spot::default(),
                })
            };
            Ok(Decision {
                refusals: list_up_to(MAX_REFUSALS, "refusals", d.refusals, refusal)?,
                ..Decision::default()
            })
        }
    };
}

refusals!(record_validate);
refusals!(transition_guard);

macro_rules! actions {
    ($module:ident) => {
        pub(super) fn $module(d: $module::Decision) -> Answer {
            none_extra(&d.extra)?;
            Ok(Decision {
                effects: effects(d.effects)?,
                ..Decision::default()
            })
        }
    };
}

actions!(transition_effect);
actions!(schedule_fire);

pub(super) fn assign_select(d: assign_select::Decision) -> Answer {
    none_extra(&d.extra)?;
    let choice = |c: assign_select::Choice| {
        Ok(AssignChoice {
            agent: some_text(c.agent)?,
            team: some_text(c.team)?,
            reason: text(c.reason)?,
            spot: Spot::default(),
        })
    };
    Ok(Decision {
        assign: d.choice.map(choice).transpose()?,
        ..Decision::default()
    })
}

pub(super) fn sla_select(d: sla_select::Decision) -> Answer {
    none_extra(&d.extra)?;
    let choice = |c: sla_select::Choice| {
        Ok(LevelChoice {
            level: text(c.level)?,
            reason: text(c.reason)?,
            spot: Spot::default(),
        })
    };
    Ok(Decision {
        level: d.choice.map(choice).transpose()?,
        ..Decision::default()
    })
}

pub(super) fn survey_done(d: survey_done::Decision) -> Answer {
    none_extra(&d.extra)?;
    Ok(Decision {
        ask: d.ask.map(ask).transpose()?,
        effects: effects(d.effects)?,
        ..Decision::default()
    })
}

fn ask(ask: survey_done::Ask) -> Result<SurveyAsk, Fault> {
    match ask {
        survey_done::Ask::Skip(reason) => Ok(SurveyAsk::Skip {
            reason: text(reason)?,
            spot: Spot::default(),
        }),
        survey_done::Ask::Send(survey) => Ok(SurveyAsk::Send {
            template: text(survey.template)?,
            channel: text(survey.channel)?,
            delay_secs: survey.delay_secs,
            valid_secs: survey.valid_secs,
            scale: survey.scale,
            subject: text(survey.subject)?,
            text: text(survey.text)?,
            spot: Spot::default(),
        }),
        survey_done::Ask::Other((name, _)) => Err(Fault::broken(format!(
            "asks in the way `{}`, which this engine does not know",
            short(&name)
        ))),
    }
}

pub(super) fn survey_reply(d: survey_reply::Decision) -> Answer {
    none_extra(&d.extra)?;
    let outcome = |o: survey_reply::Outcome| {
        Ok(SurveyOutcome {
            meaning: text(o.meaning)?,
            weighted: o.weighted,
            spot: Spot::default(),
        })
    };
    Ok(Decision {
        outcome: d.outcome.map(outcome).transpose()?,
        effects: effects(d.effects)?,
        ..Decision::default()
    })
}
