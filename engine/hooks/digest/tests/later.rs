//! Digests of decisions about intake, processes, contracts and searches.

use super::{SPOT, text};
use crate::domain::{Id, Kind, Value};
use crate::hooks::{
    ConsumeChoice, Decision, IndexText, MatchMode, NewParty, OverLimit, PartyKey, PartyKeys,
    RankChoice, RouteChoice, StageChoice,
};

/// Decisions that all differ.
pub(super) fn all() -> Vec<Decision> {
    let mut all = keys();
    all.extend(routes());
    all.extend(stages_and_amounts());
    all.extend(searches());
    all
}

fn searches() -> Vec<Decision> {
    let added = |texts: &[(&str, bool)]| Decision {
        texts: texts
            .iter()
            .map(|(given, internal)| IndexText {
                text: text(given),
                internal: *internal,
                spot: SPOT,
            })
            .collect(),
        ..Decision::default()
    };
    let rank = |change: fn(&mut RankChoice) -> Result<(), String>| {
        let mut rank = RankChoice::default();
        change(&mut rank).unwrap();
        Decision {
            rank: Some(rank),
            ..Decision::default()
        }
    };
    vec![
        added(&[("a", false)]),
        added(&[("a", true)]),
        added(&[("a", false), ("b", false)]),
        rank(|_| Ok(())),
        rank(|r| r.section("title", 50, SPOT)),
        rank(|r| r.section("text", 50, SPOT)),
        rank(|r| r.section("text", 60, SPOT)),
        rank(|r| r.value("kind", "a", 50, SPOT)),
        rank(|r| r.value("kind", "b", 50, SPOT)),
        rank(|r| r.freshness(1, 50, SPOT)),
        rank(|r| r.freshness(2, 50, SPOT)),
        rank(|r| r.votes(50, SPOT)),
    ]
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
    let later = [keys(), routes(), stages_and_amounts()];
    for decision in later.into_iter().flatten() {
        hash.update(decision.digest());
    }
    let hex: String = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(
        hex,
        "4b8808c9f3f8f009af54b57e25afe90c8865bdea8b9d70f62c10bbc4f7181874"
    );
}

/// As `the_layout_is_fixed`, for searches.
#[test]
fn the_layout_of_searches_is_fixed() {
    use sha2::Digest;
    let mut hash = sha2::Sha256::new();
    for decision in searches() {
        hash.update(decision.digest());
    }
    let hex: String = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(
        hex,
        "18bf6d3b52d5bf7a6c082f33662be99993dc58b5af186002d0bc19e9eac21307"
    );
}
