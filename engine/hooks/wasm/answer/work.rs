//! Decisions about packs, configuration, intake, processes and contracts.

use rust_decimal::Decimal;

use super::{Answer, MAX_DECIDED, none_extra};
use crate::domain::Value;
use crate::hooks::intake::{MAX_KEYS, MAX_MATCHES, MAX_WEIGHT};
use crate::hooks::wasm::bindings::guest::{
    config_guard, contract_consume, intake_match, intake_route, pack_lifecycle, process_step,
};
use crate::hooks::wasm::bindings::types::Value as WitValue;
use crate::hooks::wasm::effects::{effects, kind};
use crate::hooks::wasm::fault::Fault;
use crate::hooks::wasm::values::{from_wit, id, list, list_up_to, short, some_text, text};
use crate::hooks::{
    AssignChoice, ConsumeChoice, Decision, MatchMode, NewParty, OverLimit, PartyKey, PartyKeys,
    Refusal, RouteChoice, Spot, StageChoice,
};

macro_rules! bare_refusals {
    ($given:expr, $module:ident) => {
        list_up_to(MAX_DECIDED, "refusals", $given, |r: $module::Refusal| {
            Ok(Refusal {
                code: text(r.code)?,
                message: text(r.message)?,
                field: None,
                spot: Spot::default(),
            })
        })
    };
}

pub(in crate::hooks::wasm) fn pack_lifecycle(d: pack_lifecycle::Decision) -> Answer {
    none_extra(&d.extra)?;
    Ok(Decision {
        refusals: bare_refusals!(d.refusals, pack_lifecycle)?,
        effects: effects(d.effects)?,
        ..Decision::default()
    })
}

pub(in crate::hooks::wasm) fn config_guard(d: config_guard::Decision) -> Answer {
    none_extra(&d.extra)?;
    Ok(Decision {
        refusals: bare_refusals!(d.refusals, config_guard)?,
        ..Decision::default()
    })
}

pub(in crate::hooks::wasm) fn intake_match(d: intake_match::Decision) -> Answer {
    none_extra(&d.extra)?;
    let choice = |c: intake_match::Choice| {
        if let Some(limit) = c.limit
            && !(1..=MAX_MATCHES).contains(&limit)
        {
            return Err(Fault::broken(format!(
                "asks for {limit} parties; a search finds 1 to {MAX_MATCHES}"
            )));
        }
        Ok(PartyKeys {
            keys: list_up_to(MAX_KEYS, "keys", c.keys, key)?,
            instead: c.instead,
            all_must_match: c.all_must_match,
            limit: c.limit,
            spot: Spot::default(),
        })
    };
    Ok(Decision {
        keys: d.choice.map(choice).transpose()?,
        ..Decision::default()
    })
}

fn key(key: intake_match::Key) -> Result<PartyKey, Fault> {
    let Some(mode) = MatchMode::named(&key.mode) else {
        return Err(Fault::broken(format!(
            "compares a key in the way `{}`, which this engine does not know",
            short(&key.mode)
        )));
    };
    if !(1..=MAX_WEIGHT).contains(&key.weight) {
        return Err(Fault::broken(format!(
            "gives a key the weight {}; a weight is from 1 to {MAX_WEIGHT}",
            key.weight
        )));
    }
    Ok(PartyKey {
        kind: kind(&key.kind)?,
        field: text(key.field)?,
        value: text(key.value)?,
        mode,
        weight: key.weight,
    })
}

pub(in crate::hooks::wasm) fn intake_route(d: intake_route::Decision) -> Answer {
    none_extra(&d.extra)?;
    let mut parties: Vec<NewParty> = Vec::new();
    for party in d.parties {
        let kind = kind(&party.kind)?;
        if parties.iter().any(|other| other.kind == kind) {
            return Err(Fault::broken(format!(
                "gives values for two new parties of kind {}",
                kind.name()
            )));
        }
        parties.push(NewParty {
            kind,
            values: pairs(party.values)?,
            spot: Spot::default(),
        });
    }
    Ok(Decision {
        route: d.route.map(route).transpose()?,
        parties,
        refusals: refusals!(d.refusals, intake_route)?,
        effects: effects(d.effects)?,
        ..Decision::default()
    })
}

fn route(route: intake_route::Route) -> Result<RouteChoice, Fault> {
    use intake_route::Route;
    let spot = Spot::default();
    Ok(match route {
        Route::Create(new) => RouteChoice::Create {
            kind: kind(&new.kind)?,
            type_code: some_text(new.type_code)?,
            values: pairs(new.values)?,
            spot,
        },
        Route::Attach(to) => RouteChoice::Attach {
            kind: kind(&to.kind)?,
            id: id(&to.id)?,
            spot,
        },
        Route::Decline(reason) => RouteChoice::Decline {
            reason: text(reason)?,
            spot,
        },
        Route::Other((name, _)) => {
            return Err(Fault::broken(format!(
                "routes an appeal in the way `{}`, which this engine does not know",
                short(&name)
            )));
        }
    })
}

fn pairs(values: Vec<(String, WitValue)>) -> Result<Vec<(String, Value)>, Fault> {
    list(values, |(name, value)| Ok((text(name)?, from_wit(value)?)))
}

pub(in crate::hooks::wasm) fn process_step(d: process_step::Decision) -> Answer {
    none_extra(&d.extra)?;
    let mut decision = Decision {
        refusals: refusals!(d.refusals, process_step)?,
        effects: effects(d.effects)?,
        ..Decision::default()
    };
    let Some(step) = d.step else {
        return Ok(decision);
    };
    let reason = text(step.reason)?;
    if let Some(performer) = step.performer {
        decision.assign = Some(AssignChoice {
            agent: some_text(performer.agent)?,
            team: some_text(performer.team)?,
            reason: reason.clone(),
            spot: Spot::default(),
        });
    }
    if step.stage.is_some() || step.status.is_some() {
        decision.stage = Some(StageChoice {
            stage: some_text(step.stage)?,
            status: some_text(step.status)?,
            reason,
            spot: Spot::default(),
        });
    }
    Ok(decision)
}

pub(in crate::hooks::wasm) fn contract_consume(d: contract_consume::Decision) -> Answer {
    none_extra(&d.extra)?;
    let choice = |c: contract_consume::Choice| {
        Ok(ConsumeChoice {
            amount: c.amount.map(|a| amount(&a)).transpose()?,
            over_limit: c.over_limit.map(|o| over_limit(&o)).transpose()?,
            reason: text(c.reason)?,
            spot: Spot::default(),
        })
    };
    Ok(Decision {
        consume: d.choice.map(choice).transpose()?,
        effects: effects(d.effects)?,
        ..Decision::default()
    })
}

fn amount(given: &str) -> Result<Decimal, Fault> {
    match given.parse::<Decimal>() {
        Ok(amount) if amount >= Decimal::ZERO => Ok(amount),
        Ok(_) => Err(Fault::broken(format!(
            "uses {} of a contract; a ticket uses 0 or more",
            short(given)
        ))),
        Err(_) => Err(Fault::broken(format!(
            "`{}` is not a decimal number",
            short(given)
        ))),
    }
}

fn over_limit(name: &str) -> Result<OverLimit, Fault> {
    OverLimit::named(name).ok_or_else(|| {
        Fault::broken(format!(
            "treats a use beyond the limit in the way `{}`, which this engine does not know",
            short(name)
        ))
    })
}
