//! Both languages come to the decisions of the fixtures.

use opora::hooks::{FailureKind, Outcome, Runner};

use super::expected::{Expect, without_spots};
use super::fixtures::{self, Fixture};
use super::support::guest;

/// Runs a fixture; says what is wrong.
fn check(fixture: &Fixture, runner: &dyn Runner) -> Result<(), String> {
    match (&fixture.expect, runner.call(&fixture.call)) {
        (Expect::Decision(expected), Ok(Outcome { decision, usage })) => {
            let found = without_spots(decision);
            if found != **expected {
                return Err(format!("expected {expected:#?}\nfound {found:#?}"));
            }
            if usage.used == 0 || usage.used > usage.budget {
                return Err(format!("usage is not to be believed: {usage:?}"));
            }
            Ok(())
        }
        (Expect::Failure(kind, says), Err(failure)) => {
            if failure.kind != *kind || !failure.message.contains(says) {
                return Err(format!(
                    "expected {kind:?} saying `{says}`\nfound {failure:?}"
                ));
            }
            if !failure.message.contains("conformance") {
                return Err(format!("`{}` does not name the rule", failure.message));
            }
            if *kind == FailureKind::OverBudget && failure.usage.used > failure.usage.budget {
                return Err(format!("over the budget: {:?}", failure.usage));
            }
            Ok(())
        }
        (Expect::Decision(_), Err(failure)) => Err(format!("failed: {failure}")),
        (Expect::Failure(..), Ok(outcome)) => Err(format!("decided: {:#?}", outcome.decision)),
    }
}

fn check_all(language: &str, runner: impl Fn(&Fixture) -> std::sync::Arc<dyn Runner>) {
    let all = fixtures::all();
    let mine = all
        .iter()
        .filter(|f| f.only.as_deref().is_none_or(|only| only == language));
    let mut wrong = Vec::new();
    let mut count = 0;
    for fixture in mine {
        count += 1;
        if let Err(text) = check(fixture, &*runner(fixture)) {
            wrong.push(format!("{}: {text}", fixture.name));
        }
    }
    assert!(count >= 30, "only {count} fixtures were found");
    assert!(wrong.is_empty(), "{language}:\n{}", wrong.join("\n\n"));
}

#[test]
fn plugins_keep_the_contract() {
    let guest = guest();
    check_all("wasm", |f| guest.runner(f.hook).expect("the hook"));
}

#[test]
fn equal_calls_give_equal_decisions_at_equal_cost() {
    let guest = guest();
    for fixture in fixtures::all() {
        let runner = guest.runner(fixture.hook).expect("the hook");
        let first = runner.call(&fixture.call);
        for _ in 0..3 {
            assert_eq!(runner.call(&fixture.call), first, "{}", fixture.name);
        }
    }
}
