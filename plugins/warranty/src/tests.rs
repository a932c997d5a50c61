//! Tests of the decisions, on the host.

use opora_sdk::record_defaults::RecordDefaults as _;
use opora_sdk::survey_done::{Ask, SurveyDone as _};
use opora_sdk::survey_reply::SurveyReply as _;
use opora_sdk::transition_guard::{Input, TransitionGuard as _, View};
use opora_sdk::{Effect, Value};

use crate::Plugin;

/// 2026-03-02 in microseconds.
const TODAY: i64 = 1_772_409_600_000_000;

fn entering(status: &str) -> Input {
    Input {
        pack: "warranty".to_owned(),
        now: TODAY,
        entering: format!("warranty/{status}"),
        ..Input::default()
    }
}

fn date(text: &str) -> Value {
    Value::Date(text.to_owned())
}

/// Codes of the refusals.
fn codes(input: &Input) -> Vec<String> {
    let refusals = Plugin::guard(input).refusals;
    refusals.into_iter().map(|r| r.code).collect()
}

#[test]
fn a_refusal_needs_a_reason() {
    assert_eq!(codes(&entering("refused")), ["no_refusal_reason"]);
    assert_eq!(
        codes(&entering("refused").with("refusal_reason", " ")),
        ["no_refusal_reason"]
    );
    assert!(codes(&entering("refused").with("refusal_reason", "water damage")).is_empty());
}

#[test]
fn the_warranty_lasts_through_its_last_day() {
    for status in ["repaired", "replaced"] {
        let bought = |day| codes(&entering(status).with("purchased_on", date(day)));
        assert!(bought("2024-03-02").is_empty());
        assert_eq!(bought("2024-03-01"), ["out_of_warranty"]);
        assert_eq!(codes(&entering(status)), ["no_purchase_date"]);
    }
    assert!(codes(&entering("diagnosing")).is_empty());
}

#[test]
fn goodwill_opens_the_way() {
    let old = entering("repaired").with("purchased_on", date("2001-01-01"));
    assert_eq!(codes(&old), ["out_of_warranty"]);
    assert!(codes(&old.with("goodwill", true)).is_empty());
}

#[test]
fn the_option_and_the_asset_set_the_term() {
    let bought = entering("repaired").with("purchased_on", date("2024-12-31"));
    assert!(codes(&bought).is_empty());
    let mut short = bought.with_option("months", 12);
    assert_eq!(codes(&short), ["out_of_warranty"]);
    let asset = View::default().with("warranty_to", date("2026-12-31"));
    short.related.push(("asset".to_owned(), asset));
    assert!(codes(&short).is_empty());
}

#[test]
fn people_read_their_language() {
    let mut input = entering("refused");
    input.actor.locale = "ru".to_owned();
    let refusals = Plugin::guard(&input).refusals;
    assert_eq!(
        refusals.first().map(|r| r.message.as_str()),
        Some("укажите причину отказа")
    );
}

#[test]
fn a_new_claim_takes_what_the_asset_knows() {
    let mut input = opora_sdk::record_defaults::Input::default();
    assert!(Plugin::defaults(&input).values.is_empty());
    let asset = opora_sdk::record_defaults::View::default()
        .with("serial", "SN-7")
        .with("sold_on", date("2025-01-31"));
    input.related.push(("asset".to_owned(), asset));
    let expected = [
        ("serial".to_owned(), Value::from("SN-7")),
        ("purchased_on".to_owned(), date("2025-01-31")),
        ("warranty_until".to_owned(), date("2027-01-31")),
    ];
    assert_eq!(Plugin::defaults(&input).values, expected);
}

#[test]
fn a_bad_rating_reopens_a_finished_repair() {
    let mut input = opora_sdk::survey_reply::Input {
        pack: "warranty".to_owned(),
        score: Some(2),
        ..Default::default()
    }
    .with("status", "warranty/repaired");
    let decision = Plugin::reply(&input);
    assert_eq!(
        decision.outcome.map(|o| o.meaning).as_deref(),
        Some("dissatisfied")
    );
    assert!(decision.effects.contains(&Effect::transition("diagnosing")));
    for (score, meaning) in [(3, "neutral"), (4, "satisfied"), (5, "satisfied")] {
        input.score = Some(score);
        let decision = Plugin::reply(&input);
        assert_eq!(
            decision.outcome.map(|o| o.meaning).as_deref(),
            Some(meaning)
        );
        assert!(decision.effects.is_empty());
    }
}

#[test]
fn a_rating_is_asked_for_by_mail() {
    let mut input = opora_sdk::survey_done::Input::default();
    assert_eq!(
        Plugin::done(&input).ask,
        Some(Ask::Skip("no_address".to_owned()))
    );
    input.address = Some("a@example.com".to_owned());
    assert!(matches!(Plugin::done(&input).ask, Some(Ask::Send(s)) if s.delay_secs == 86_400));
}
