//! Digests of decisions about intake, processes and contracts.

use super::{SPOT, text};
use crate::domain::{Id, Kind, Value};
use crate::hooks::{
    ConsumeChoice, Decision, MatchMode, NewParty, OverLimit, PartyKey, PartyKeys, RouteChoice,
    StageChoice,
};

/// Decisions that all differ.
pub(super) fn all() -> Vec<Decision> {
    let mut all = keys();
    all.extend(routes());
    all.extend(stages_and_amounts());
    all
}

fn keys() -> Vec<Decision> {
    let keys = |change: fn(&mut PartyKeys)| {
        let key = PartyKey {
            kind: Kind::Account,
            field: text("a"),
            value: text("b"),
            mode: MatchMode::Exact,
            weight: 1,
        };
        let mut keys = PartyKeys {
            keys: vec![key],
            spot: SPOT,
            ..PartyKeys::default()
        };
        change(&mut keys);
        Decision {
            keys: Some(keys),
            ..Decision::default()
        }
    };
    vec![
        keys(|_| {}),
        keys(|k| k.keys.clear()),
        keys(|k| k.keys.iter_mut().for_each(|k| k.kind = Kind::Contact)),
        keys(|k| k.keys.iter_mut().for_each(|k| k.mode = MatchMode::Part)),
        keys(|k| k.keys.iter_mut().for_each(|k| k.weight = 2)),
        keys(|k| k.keys.iter_mut().for_each(|k| k.value = text("c"))),
        keys(|k| k.instead = true),
        keys(|k| k.all_must_match = Some(false)),
        keys(|k| k.all_must_match = Some(true)),
        keys(|k| k.limit = Some(1)),
    ]
}

fn routes() -> Vec<Decision> {
    let route = |route| Decision {
        route: Some(route),
        ..Decision::default()
    };
    let create = |type_code: Option<&str>, values| {
        route(RouteChoice::Create {
            kind: Kind::Ticket,
            type_code: type_code.map(text),
            values,
            spot: SPOT,
        })
    };
    let attach = |kind| {
        route(RouteChoice::Attach {
            kind,
            id: Id::MIN,
            spot: SPOT,
        })
    };
    let party = |kinds: &[Kind]| Decision {
        parties: kinds
            .iter()
            .map(|kind| NewParty {
                kind: *kind,
                values: vec![(text("a"), Value::Int(1))],
                spot: SPOT,
            })
            .collect(),
        ..Decision::default()
    };
    vec![
        create(None, Vec::new()),
        create(Some("a"), Vec::new()),
        create(None, vec![(text("a"), Value::Int(1))]),
        attach(Kind::Ticket),
        attach(Kind::Lead),
        route(RouteChoice::Decline {
            reason: text("a"),
            spot: SPOT,
        }),
        party(&[Kind::Account]),
        party(&[Kind::Contact]),
        party(&[Kind::Account, Kind::Contact]),
    ]
}

fn stages_and_amounts() -> Vec<Decision> {
    let stage = |stage: Option<&str>, status: Option<&str>, reason: &str| Decision {
        stage: Some(StageChoice {
            stage: stage.map(text),
            status: status.map(text),
            reason: text(reason),
            spot: SPOT,
        }),
        ..Decision::default()
    };
    let consume = |amount: Option<&str>, over_limit| Decision {
        consume: Some(ConsumeChoice {
            amount: amount.map(|a| a.parse().unwrap()),
            over_limit,
            reason: text("a"),
            spot: SPOT,
        }),
        ..Decision::default()
    };
    vec![
        stage(Some("a"), None, "b"),
        stage(None, Some("a"), "b"),
        stage(Some("a"), None, "c"),
        consume(None, None),
        consume(Some("0"), None),
        consume(Some("1.5"), None),
        consume(None, Some(OverLimit::Allow)),
        consume(None, Some(OverLimit::Warn)),
        consume(None, Some(OverLimit::Refuse)),
    ]
}

/// As `the_layout_is_fixed`, for what came later.
#[test]
fn the_layout_of_what_came_later_is_fixed() {
    use sha2::Digest;
    let mut hash = sha2::Sha256::new();
    for decision in all() {
        hash.update(decision.digest());
    }
    let hex: String = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(
        hex,
        "4b8808c9f3f8f009af54b57e25afe90c8865bdea8b9d70f62c10bbc4f7181874"
    );
}
