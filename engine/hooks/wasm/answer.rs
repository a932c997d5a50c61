//! Decisions that plugins return.

use super::bindings::guest::{
    access_filter, action_run, assign_select, define, field_compute, form_rules, interaction_event,
    record_changed, record_defaults, record_validate, schedule_fire, sla_clock, sla_event,
    sla_select, survey_done, survey_reply, transition_effect, transition_guard,
};
use super::bindings::types::{FieldChange, Value as WitValue};
use super::condition::conditions;
use super::effects::effects;
use super::fault::Fault;
use super::values::{from_wit, list, list_up_to, short, some_text, text};
use crate::domain::Definitions;
use crate::hooks::{
    AccessChoice, AssignChoice, ClockAct, ClockStep, Decision, Effect, FieldRule, LevelChoice,
    Refusal, Spot, SurveyAsk, SurveyOutcome,
};

/// Most refusals, and most steps of clocks, of one decision.
const MAX_DECIDED: usize = 64;

type Answer = Result<Decision, Fault>;

/// Refuses what only a later engine understands: it may change what the rest means.
fn none_extra(extra: &[(String, WitValue)]) -> Result<(), Fault> {
    extra.first().map_or(Ok(()), |(name, _)| Err(unknown(name)))
}

fn unknown(name: &str) -> Fault {
    Fault::broken(format!(
        "returned `{}` in `extra`, which this engine does not know",
        short(name)
    ))
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
    ($given:expr, $module:ident) => {
        list_up_to(MAX_DECIDED, "refusals", $given, |r: $module::Refusal| {
            Ok(Refusal {
                code: text(r.code)?,
                message: text(r.message)?,
                field: some_text(r.field)?,
                spot: Spot::default(),
            })
        })
    };
    ($module:ident) => {
        pub(super) fn $module(d: $module::Decision) -> Answer {
            none_extra(&d.extra)?;
            Ok(Decision {
                refusals: refusals!(d.refusals, $module)?,
                ..Decision::default()
            })
        }
    };
}

mod notice;
mod search;
mod work;
pub(super) use self::{notice::*, search::*, work::*};

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
actions!(interaction_event);
actions!(sla_event);
actions!(record_changed);

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

pub(super) fn field_compute(d: field_compute::Decision) -> Answer {
    none_extra(&d.extra)?;
    let set = |change: FieldChange| {
        let effect = Effect::Set {
            field: text(change.field)?,
            value: change.value.map(from_wit).transpose()?,
        };
        Ok((effect, Spot::default()))
    };
    Ok(Decision {
        effects: list(d.values, set)?,
        ..Decision::default()
    })
}

pub(super) fn sla_clock(d: sla_clock::Decision) -> Answer {
    none_extra(&d.extra)?;
    let step = |step: sla_clock::Step| {
        Ok(ClockStep {
            clock: text(step.clock)?,
            act: act(step.act)?,
            spot: Spot::default(),
        })
    };
    Ok(Decision {
        clocks: list_up_to(MAX_DECIDED, "steps of clocks", d.steps, step)?,
        ..Decision::default()
    })
}

fn act(act: sla_clock::Act) -> Result<ClockAct, Fault> {
    use sla_clock::Act;
    Ok(match act {
        Act::Start => ClockAct::Start,
        Act::Pause => ClockAct::Pause,
        Act::Resume => ClockAct::Resume,
        Act::Meet => ClockAct::Meet,
        Act::Cancel => ClockAct::Cancel,
        Act::Extend(secs) if secs > 0 => ClockAct::Extend(secs),
        Act::Extend(secs) => {
            return Err(Fault::broken(format!(
                "extends a clock by {secs} seconds; a clock is extended by one second or more"
            )));
        }
        Act::Other((name, _)) => {
            return Err(Fault::broken(format!(
                "lets a clock do `{}`, which this engine does not know",
                short(&name)
            )));
        }
    })
}

pub(super) fn action_run(d: action_run::Decision) -> Answer {
    none_extra(&d.extra)?;
    Ok(Decision {
        refusals: refusals!(d.refusals, action_run)?,
        effects: effects(d.effects)?,
        result: d.result.map(object).transpose()?,
        ..Decision::default()
    })
}

/// JSON text of an object, within the limit of texts. The text is kept as it is.
fn object(json: String) -> Result<String, Fault> {
    let json = text(json)?;
    match serde_json::from_str::<serde_json::Value>(&json) {
        Ok(serde_json::Value::Object(_)) => Ok(json),
        Ok(_) => Err(Fault::broken(
            "returned a result that is JSON, but not an object",
        )),
        Err(e) => Err(Fault::broken(format!(
            "returned a result that is not JSON: {e}"
        ))),
    }
}

pub(super) fn access_filter(d: access_filter::Decision) -> Answer {
    none_extra(&d.extra)?;
    let choice = |c: access_filter::Choice| {
        Ok(AccessChoice {
            only: conditions(c.only)?,
            masked: list(c.masked, text)?,
            spot: Spot::default(),
        })
    };
    Ok(Decision {
        access: d.choice.map(choice).transpose()?,
        ..Decision::default()
    })
}
