//! Both languages come to the decisions of the fixtures.

use opora::hooks::script::{MEMBERS, Script, ScriptHost, ScriptLimits};
use opora::hooks::{Failure, FailureKind, Hook, Outcome, Runner};

use super::fixtures::{self, Fixture};
use super::support::{bytes, guest};

/// Runs a fixture; says what is wrong.
pub fn check(fixture: &Fixture, runner: &dyn Runner) -> Result<(), String> {
    let outcome = runner.call(&fixture.call);
    fixture.inner.check(&outcome)?;
    match outcome {
        Ok(Outcome { usage, .. }) if usage.used == 0 || usage.used > usage.budget => {
            Err(format!("usage is not to be believed: {usage:?}"))
        }
        Err(failure) if !failure.message.contains("conformance") => {
            Err(format!("`{}` does not name the rule", failure.message))
        }
        Err(Failure { kind, usage, .. })
            if kind == FailureKind::OverBudget && usage.used > usage.budget =>
        {
            Err(format!("over the budget: {usage:?}"))
        }
        _ => Ok(()),
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
fn scripts_keep_the_contract() {
    let script = script();
    check_all("rhai", |f| {
        let runner = script.runner(&f.hook.name().replace('.', "_"));
        runner.unwrap_or_else(|fault| panic!("{fault}"))
    });
}

/// Equal calls of a script are equal in decision and cost, on any host.
#[test]
fn equal_calls_of_scripts_cost_the_same() {
    let (one, other) = (script(), script());
    for fixture in fixtures::all() {
        let function = fixture.hook.name().replace('.', "_");
        let [one, other] = [&one, &other].map(|s| s.runner(&function).expect("the hook"));
        let first = one.call(&fixture.call);
        assert_eq!(one.call(&fixture.call), first, "{}", fixture.name);
        assert_eq!(other.call(&fixture.call), first, "{}", fixture.name);
    }
}

fn script() -> Script {
    let file = "tests/hooks/conformance.rhai";
    let source = String::from_utf8(bytes(file)).expect("text");
    ScriptHost::new(ScriptLimits::default())
        .compile("conformance", file, &source)
        .unwrap_or_else(|fault| panic!("{fault}"))
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

/// A member is there in exactly those hooks of which it is said, so that what is refused before a
/// script runs would have failed when it ran, and the other way round.
#[test]
fn members_are_there_where_they_are_said_to_be() {
    let hosts = ScriptHost::new(ScriptLimits::default());
    let all = fixtures::all();
    for member in MEMBERS {
        let source = format!("fn rule(c) {{ let x = c.{}; }}", member.name);
        let script = hosts.compile("conformance", "member.rhai", &source);
        let runner = script.and_then(|s| s.runner("rule"));
        let runner = runner.unwrap_or_else(|fault| panic!("{fault}"));
        for hook in Hook::ALL {
            let mut calls = all.iter().filter(|f| f.hook == hook).peekable();
            if calls.peek().is_none() {
                assert_eq!(hook, Hook::Define, "a hook without fixtures");
                continue;
            }
            let is_there = calls.any(|fixture| runner.call(&fixture.call).is_ok());
            let is_said = member.hooks.is_empty() || member.hooks.contains(&hook);
            assert_eq!(is_there, is_said, "`c.{}` in {hook}", member.name);
        }
    }
}
