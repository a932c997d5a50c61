//! A hostile guest ends within its budget, and the failure says whose it was.

use std::collections::BTreeMap;
use std::sync::Arc;

use opora::domain::Value;
use opora::hooks::{Call, Failure, FailureKind, Hook};

use super::fixtures;
use super::support::{ask, guest};

/// A call of the conformance guest with these options.
fn call(options: &[(&str, Value)]) -> Call {
    let fixture = fixtures::all()
        .into_iter()
        .find(|f| f.name == "transition.effect/no-opinion")
        .expect("the fixture");
    let options: BTreeMap<String, Value> = options
        .iter()
        .map(|(k, v)| ((*k).to_owned(), v.clone()))
        .collect();
    Call {
        options: Arc::new(options),
        ..fixture.call
    }
}

fn fail(options: &[(&str, Value)]) -> Failure {
    let failure = ask(&guest(), Hook::TransitionEffect, &call(options)).expect_err("a failure");
    let who = "plugin conformance 0.1.0, hook transition.effect: ";
    assert!(failure.message.starts_with(who), "{failure}");
    assert!(failure.usage.used <= failure.usage.budget, "{failure:?}");
    failure
}

fn trouble(name: &str) -> Failure {
    fail(&[("trouble", name.into())])
}

#[track_caller]
fn check(failure: &Failure, kind: FailureKind, says: &str) {
    assert_eq!(failure.kind, kind, "{failure}");
    assert!(failure.message.contains(says), "{failure}");
}

#[test]
fn an_endless_loop_ends_with_its_fuel() {
    let failure = trouble("spin");
    check(
        &failure,
        FailureKind::OverBudget,
        "used up its fuel in `opora_plugin_conformance::trouble::spin",
    );
    assert_eq!(failure.usage.budget, 10_000_000);
    assert_eq!(failure.usage.used, failure.usage.budget);
}

#[test]
fn a_memory_bomb_ends_with_its_memory() {
    check(
        &trouble("memory"),
        FailureKind::OverBudget,
        "wanted more than its 16384 KiB of memory",
    );
}

#[test]
fn deep_recursion_ends_with_its_stack() {
    check(
        &trouble("recurse"),
        FailureKind::OverBudget,
        "used up its stack",
    );
}

#[test]
fn a_panic_says_where() {
    check(
        &trouble("panic"),
        FailureKind::Broken,
        "panicked: trouble of conformance at conformance/src/trouble.rs:",
    );
    check(
        &trouble("index"),
        FailureKind::Broken,
        "index out of bounds",
    );
    check(
        &trouble("overflow"),
        FailureKind::Broken,
        "attempt to add with overflow",
    );
}

#[test]
fn a_large_text_is_refused() {
    check(
        &fail(&[("huge", Value::Int(100_000))]),
        FailureKind::OverBudget,
        "a text of 100000 bytes, the limit is 65536",
    );
}

#[test]
fn a_huge_answer_is_not_copied() {
    check(
        &fail(&[("huge", Value::Int(4 << 20))]),
        FailureKind::OverBudget,
        "more than its limit of bytes",
    );
}

#[test]
fn reasons_have_an_end() {
    check(
        &trouble("reasons"),
        FailureKind::OverBudget,
        "more than 64 reasons",
    );
    check(
        &trouble("huge_reason"),
        FailureKind::OverBudget,
        "limit of bytes",
    );
}

#[test]
fn a_long_reason_is_cut() {
    let outcome = ask(
        &guest(),
        Hook::TransitionEffect,
        &call(&[("trouble", "long_reason".into())]),
    )
    .expect("a decision");
    let lengths: Vec<usize> = outcome
        .decision
        .because
        .iter()
        .map(|b| b.text.len())
        .collect();
    assert_eq!(lengths, [4_096]);
}

#[test]
fn a_failed_call_leaves_nothing_behind() {
    for name in ["spin", "memory", "recurse", "panic", "reasons"] {
        trouble(name);
        let outcome = ask(&guest(), Hook::TransitionEffect, &call(&[])).expect("a decision");
        assert!(outcome.decision.is_empty());
    }
}

#[test]
fn a_call_without_the_hooks_details_is_refused() {
    let failure = ask(&guest(), Hook::SlaSelect, &call(&[])).expect_err("a failure");
    check(
        &failure,
        FailureKind::Broken,
        "has not the details of hook sla.select",
    );
}
