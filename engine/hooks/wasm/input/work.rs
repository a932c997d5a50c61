//! What plugins get for packs, configuration, intake, processes, contracts and searches.

use super::super::bindings::guest as wit;
use super::{fields, named, options, own_name};
use crate::domain::Value;
use crate::hooks::wasm::bindings::types::Value as WitValue;
use crate::hooks::wasm::values::to_wit;
use crate::hooks::{
    Call, ConfigView, ConsumeView, FoundParty, LifecycleView, MatchView, RankView, RecordView,
    RouteView, StageView,
};

/// The input of a hook that is about no record.
macro_rules! bare {
    ($module:ident ($arg:ident: $ty:ty) { $($field:ident: $value:expr),* $(,)? }) => {
        pub(in crate::hooks::wasm) fn $module(call: &Call, $arg: $ty) -> wit::$module::Input {
            wit::$module::Input {
                pack: call.pack.to_string(),
                now: call.now.timestamp_micros(),
                actor: wit::$module::Actor {
                    role: call.actor.role.clone(),
                    id: call.actor.id.map(|id| id.to_string()),
                    locale: call.actor.locale.clone(),
                },
                options: options(call),
                $($field: $value,)*
                extra: Vec::new(),
            }
        }
    };
}

bare!(pack_lifecycle(of: &LifecycleView) {
    phase: of.phase.name().to_owned(),
    from_version: of.from.clone(),
    to_version: of.to.clone(),
    dry_run: of.dry_run,
});
bare!(config_guard(of: &ConfigView) {
    change: wit::config_guard::Change {
        operation: of.operation.name().to_owned(),
        what: of.what.clone(),
        code: of.code.clone(),
        before: values(&of.before),
        after: values(&of.after),
    },
});
bare!(search_rank(of: &RankView) {
    kinds: of.kinds.iter().map(|kind| kind.name().to_owned()).collect(),
    words: of.words.clone(),
    channel: of.channel.name().to_owned(),
});

input!(search_document() {});
input!(intake_match(of: &MatchView) {
    search: of
        .asked
        .iter()
        .map(|(field, text)| wit::intake_match::AskedText {
            field: field.clone(),
            text: text.clone(),
        })
        .collect(),
    mode: of.mode.name().to_owned(),
    all_must_match: of.all_must_match,
    channel: of.channel.clone(),
});
input!(intake_route(pack: &str, of: &RouteView) {
    automatic: of.automatic,
    wanted: wit::intake_route::Wanted {
        kind: of.wanted.kind.map(|kind| kind.name().to_owned()),
        type_code: of.wanted.type_code.clone(),
        record: of
            .wanted
            .record
            .map(|(kind, id)| (kind.name().to_owned(), id.to_string())),
        values: of
            .wanted
            .values
            .iter()
            .map(|(name, value)| (own_name(pack, name, |_| false).to_owned(), to_wit(value)))
            .collect(),
    },
    found: of.found.iter().map(|found| party(pack, found)).collect(),
    open: of.open.iter().map(|open| appeal_view(pack, open)).collect(),
});
input!(process_step(of: &StageView) {
    process: of.process.clone(),
    stage: of.stage.clone(),
    loops: of.loops,
    entered_at: of.entered_at.timestamp_micros(),
    decisions: of
        .decided
        .iter()
        .map(|(stage, answer)| wit::process_step::Decided {
            stage: stage.clone(),
            answer: answer.clone(),
        })
        .collect(),
    event: of.event.name().to_owned(),
    outcome: of.event.outcome().map(str::to_owned),
});
input!(contract_consume(pack: &str, of: &ConsumeView) {
    event: of.event.name().to_owned(),
    contract: wit::contract_consume::View {
        id: of.contract.id.to_string(),
        kind: of.contract.kind.name().to_owned(),
        category: of.contract.category.map(str::to_owned),
        fields: fields(pack, &of.contract.fields),
    },
    unit: of.unit.name().to_owned(),
    total: of.total.map(|total| total.to_string()),
    used: of.used.to_string(),
    counted: of.counted.to_string(),
});

fn values(values: &[(String, Value)]) -> Vec<(String, WitValue)> {
    let values = values.iter();
    values.map(|(n, v)| (n.clone(), to_wit(v))).collect()
}

fn appeal_view(pack: &str, record: &RecordView) -> wit::intake_route::View {
    wit::intake_route::View {
        id: record.id.to_string(),
        kind: record.kind.name().to_owned(),
        category: record.category.map(str::to_owned),
        fields: fields(pack, &record.fields),
    }
}

fn party(pack: &str, found: &FoundParty) -> wit::intake_route::Party {
    wit::intake_route::Party {
        view: appeal_view(pack, &found.view),
        score: found.score,
        reasons: found.reasons.clone(),
    }
}
