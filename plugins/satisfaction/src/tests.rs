//! Tests of the decisions, on the host.

use opora_sdk::survey_done::{Ask, Decision, SurveyDone as _};
use opora_sdk::survey_reply::{Answer, Input, SurveyReply as _};
use opora_sdk::{Effect, Value};

use crate::Plugin;

fn reply(scores: &[(&str, i64)]) -> Input {
    Input {
        answers: scores
            .iter()
            .map(|(question, score)| Answer {
                question: (*question).to_owned(),
                score: Some(*score),
                text: String::new(),
            })
            .collect(),
        ..Input::default()
    }
    .with_option(
        "weights",
        Value::Texts(vec!["solution=5".to_owned(), "speed=3".to_owned()]),
    )
}

fn meaning(input: &Input) -> Option<(String, i64)> {
    let outcome = Plugin::reply(input).outcome?;
    Some((outcome.meaning, outcome.weighted?))
}

#[test]
fn answers_are_weighted() {
    let cases = [
        (vec![("solution", 5), ("speed", 5)], "satisfied", 500),
        (vec![("solution", 5), ("speed", 2)], "neutral", 388),
        (vec![("solution", 2), ("speed", 3)], "dissatisfied", 238),
        // A question without a weight weighs 1; a score off the scale does not count.
        (vec![("solution", 4), ("unknown", 1)], "neutral", 350),
        (vec![("solution", 4), ("speed", 9)], "satisfied", 400),
    ];
    for (scores, expected, weighted) in cases {
        let found = meaning(&reply(&scores));
        assert_eq!(found, Some((expected.to_owned(), weighted)), "{scores:?}");
    }
}

#[test]
fn the_overall_score_counts_alone() {
    let mut input = reply(&[]);
    input.score = Some(4);
    assert_eq!(meaning(&input), Some(("satisfied".to_owned(), 400)));
    input.score = None;
    assert_eq!(
        Plugin::reply(&input),
        opora_sdk::survey_reply::Decision::default()
    );
}

#[test]
fn a_veto_decides_alone() {
    let input = reply(&[("solution", 5), ("speed", 5), ("courtesy", 1)])
        .with_option("veto_question", "courtesy");
    assert_eq!(meaning(&input), Some(("dissatisfied".to_owned(), 456)));
}

#[test]
fn a_dissatisfied_customer_moves_the_ticket() {
    let mut input = reply(&[("solution", 1)])
        .with("status", "support/closed")
        .with_option("escalate_team", "seniors")
        .with_option(
            "reopen_to",
            Value::Texts(vec!["other/open".to_owned(), "support/open".to_owned()]),
        );
    input.subject.category = Some("done".to_owned());
    input.comment = "  Never again.  ".to_owned();
    let effects = Plugin::reply(&input).effects;
    assert_eq!(
        effects.get(..3),
        Some(
            &[
                Effect::tag("dissatisfied"),
                Effect::transition("support/open"),
                Effect::assign_team("seniors"),
            ][..]
        )
    );
    assert_eq!(
        effects.get(3),
        Some(&Effect::note(
            "The customer is not satisfied: 1.00 / 5.\nsolution: 1\n\nNever again."
        ))
    );
    // An open ticket stays where it is.
    input.subject.category = Some("open".to_owned());
    let effects = Plugin::reply(&input).effects;
    assert!(!effects.iter().any(|e| matches!(e, Effect::Transition(_))));
}

#[test]
fn ratings_are_asked_for_once_and_only_if_wanted() {
    let mut input = opora_sdk::survey_done::Input {
        address: Some("a@example.com".to_owned()),
        ..Default::default()
    };
    assert_eq!(Plugin::done(&input), Decision::default());
    input = input.with_option("send", true);
    let ask = Plugin::done(&input).ask;
    assert!(matches!(ask, Some(Ask::Send(s)) if s.delay_secs == 7_200));
    input.asked_before = 1;
    assert_eq!(Plugin::done(&input), Decision::skip("asked_already"));
    input.address = None;
    assert_eq!(Plugin::done(&input), Decision::skip("no_address"));
}
