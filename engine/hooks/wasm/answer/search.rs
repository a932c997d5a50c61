//! Decisions about searches.

use super::{Answer, none_extra};
use crate::hooks::search::{MAX_TEXTS, MAX_VALUES};
use crate::hooks::wasm::bindings::guest::{search_document, search_rank};
use crate::hooks::wasm::fault::Fault;
use crate::hooks::wasm::values::{list_up_to, text};
use crate::hooks::{Decision, IndexText, RankChoice, RankSection, Spot};

pub(in crate::hooks::wasm) fn search_document(d: search_document::Decision) -> Answer {
    none_extra(&d.extra)?;
    let mut decision = Decision::default();
    list_up_to(MAX_TEXTS, "texts for the index", d.texts, |given| {
        let added = IndexText {
            text: text(given.text)?,
            internal: given.internal,
            spot: Spot::default(),
        };
        added.add_to(&mut decision.texts).map_err(Fault::over)
    })?;
    Ok(decision)
}

pub(in crate::hooks::wasm) fn search_rank(d: search_rank::Decision) -> Answer {
    none_extra(&d.extra)?;
    let spot = Spot::default();
    let mut rank = RankChoice::default();
    let most = RankSection::ALL.len();
    list_up_to(most, "sections", d.sections, |boost| {
        let known = rank.section(&boost.section, boost.factor, spot);
        known.map_err(Fault::broken)
    })?;
    list_up_to(MAX_VALUES, "values", d.values, |boost| {
        let known = rank.value(&boost.field, &boost.value, boost.factor, spot);
        known.map_err(Fault::broken)
    })?;
    if let Some(given) = d.freshness {
        let known = rank.freshness(given.half_life_days, given.weight, spot);
        known.map_err(Fault::broken)?;
    }
    if let Some(weight) = d.votes {
        rank.votes(weight, spot).map_err(Fault::broken)?;
    }
    let decided = rank != RankChoice::default();
    Ok(Decision {
        rank: decided.then_some(rank),
        ..Decision::default()
    })
}
