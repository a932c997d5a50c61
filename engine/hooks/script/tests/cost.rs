//! What a call costs. The figure is printed by `cargo test --release -- --ignored --nocapture`.

use std::time::Instant as Clock;

use super::*;

const ROUNDS: u32 = 20_000;

const SHORT: &str = "fn hook(c) {
    if c.to_is(\"done\") && c.record.cause == () {
        c.deny_field(\"cause\", \"cause_missing\", \"say why\");
    }
    if c.record.priority == \"high\" {
        c.because(\"priority\", \"high\");
    }
}";

#[test]
#[ignore = "a measurement, not a check"]
#[expect(clippy::print_stdout, reason = "the figure is what it is run for")]
fn a_short_hook() {
    let script = host()
        .compile("p", "x.rhai", SHORT)
        .unwrap_or_else(|f| panic!("{f}"));
    let runner = script.runner("hook").unwrap_or_else(|f| panic!("{f}"));
    let c = call(Hook::TransitionGuard, transition());
    let mut rounds: Vec<f64> = (0..15)
        .map(|_| {
            let begun = Clock::now();
            for _ in 0..ROUNDS {
                assert!(runner.call(&c).is_ok());
            }
            begun.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    println!("short hook: {:.2} us", rounds[7]);
    let begun = Clock::now();
    let fresh = host();
    println!("new host: {:.0} us", begun.elapsed().as_secs_f64() * 1e6);
    let begun = Clock::now();
    assert!(fresh.compile("p", "x.rhai", SHORT).is_ok());
    println!("compile: {:.0} us", begun.elapsed().as_secs_f64() * 1e6);
}

#[test]
fn a_short_hook_uses_few_operations() {
    let c = call(Hook::TransitionGuard, transition());
    let outcome = run_source(&c, SHORT).expect("a decision");
    assert!(outcome.usage.used < 60, "{:?}", outcome.usage);
}
