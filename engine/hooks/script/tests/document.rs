//! The document about scripts says what scripts can do.

use super::super::methods;
use super::*;

const DOCUMENT: &str = include_str!("../../../../docs/scripts.md");

#[test]
fn every_method_is_described() {
    let missing: Vec<&str> = methods()
        .iter()
        .map(|m| m.name)
        .filter(|name| !DOCUMENT.contains(&format!("{name}(")))
        .collect();
    assert!(missing.is_empty(), "docs/scripts.md lacks {missing:?}");
}

/// The rows of the table of methods name the hooks that may call them.
#[test]
fn every_method_is_described_for_its_hooks() {
    let table = DOCUMENT.split("## What a hook decides").nth(1);
    let rows: Vec<&str> = table.expect("the table").lines().collect();
    for method in methods() {
        let call = format!("`c.{}(", method.name);
        let Some(row) = rows
            .iter()
            .find(|r| r.starts_with('|') && r.contains(&call))
        else {
            continue;
        };
        for hook in method.hooks {
            assert!(row.contains(hook.name()), "{}: {row}", method.name);
        }
    }
}

#[test]
fn the_limits_are_the_described_ones() {
    let limits = ScriptLimits::default();
    for (figure, shown) in [
        (limits.operations, "100,000"),
        (limits.list_items as u64, "2,000"),
        (limits.live_bytes as u64 / (1024 * 1024), "16 MiB"),
        (limits.text_bytes as u64 / 1024, "96 KiB"),
        (limits.form_fields as u64, "256"),
        (limits.decision_bytes as u64 / 1024, "256 KiB"),
    ] {
        let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
        assert_eq!(digits, figure.to_string());
        assert!(DOCUMENT.contains(shown), "{shown}");
    }
}

/// The example of the document runs.
#[test]
fn the_example_runs() {
    let example = DOCUMENT.split("```rhai\n").nth(1).expect("an example");
    let source = example.split("```").next().expect("its end");
    let script = host().compile("p", "x.rhai", source);
    let runner = script.and_then(|s| s.runner("guard_status"));
    let runner = runner.unwrap_or_else(|f| panic!("{f}"));
    let outcome = runner.call(&call(Hook::TransitionGuard, transition()));
    let refusals = outcome.expect("a decision").decision.refusals;
    assert_eq!(
        refusals.first().expect("a refusal").code,
        "solution_missing"
    );
}
