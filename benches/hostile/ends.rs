//! How long hostile calls take, against the time in which a plain loop uses up their budget.

use std::time::{Duration, Instant};

use opora::hooks::script::ScriptLimits;
use opora::hooks::{Call, Rule};
use opora::packs::{self, BuiltIn, Loaded};
use opora_benches::kit::{Fallible, Mode, median, millis};

use crate::corpus::{self, Case};

/// Milliseconds that a call may take beyond its budget.
const PAST: f64 = 50.0;

/// The plain loops.
const LOOPS: [&str; 2] = ["scripts/loop.rhai", "plugins/loop.wat"];

/// Prints which calls end late; a late one is an error unless it runs only for a moment.
pub fn of_hostile_rules(mode: &Mode) -> Fallible<()> {
    let hosts = BuiltIn::new(None).map_err(|fault| fault.to_string())?;
    let turns = mode.pick(5, 1);
    let mut plain = [0.0; 2];
    for (file, time) in LOOPS.iter().zip(&mut plain) {
        let case = corpus::all().into_iter().find(|case| case.file == *file);
        let case = case.ok_or("the plain loop is gone")?;
        let (pack, call) = (load(&case, &hosts).ok_or("a loop is refused")?, case.call());
        *time = took(rule(&pack)?, &call, turns);
    }
    let net = ScriptLimits::default().millis as f64;
    let [script, plugin] = plain;
    println!("budget in a plain loop         {script:.1} ms Rhai, {plugin:.1} ms WASM");
    let (mut times, mut refused) = (Vec::new(), 0);
    for case in corpus::all() {
        let Some(pack) = load(&case, &hosts) else {
            refused += 1;
            continue;
        };
        let budget = match (case.by_clock, case.is_script()) {
            // It works on large values, which the clock stops.
            (true, _) => net,
            (false, true) => script,
            (false, false) => plugin,
        };
        let took = took(rule(&pack)?, &case.call(), turns);
        times.push((took - budget, took, case));
    }
    times.sort_by(|a, b| b.0.total_cmp(&a.0));
    let late = times.iter().filter(|(past, ..)| *past > PAST).count();
    println!(
        "{} hostile cases               {refused} refused before they run; of {} calls {late} end \
         more than {PAST:.0} ms past their budget",
        refused + times.len(),
        times.len()
    );
    for (past, took, case) in times.iter().take(mode.pick(8, 3)) {
        println!(
            "  {:40} {took:8.1} ms, {past:+8.1} ms past its budget{}",
            case.name(),
            if case.by_clock { ", by the clock" } else { "" }
        );
    }
    Ok(())
}

fn load(case: &Case, hosts: &BuiltIn) -> Option<Loaded> {
    packs::load(&case.pack(), hosts).ok()
}

fn rule(pack: &Loaded) -> Fallible<&Rule> {
    let rule = pack.rules.first().ok_or("a case without a rule")?;
    Ok(rule)
}

/// Milliseconds of a call.
fn took(rule: &Rule, call: &Call, turns: usize) -> f64 {
    let turn = |_| {
        let began = Instant::now();
        let answer = rule.runner.call(call);
        let took: Duration = began.elapsed();
        drop(std::hint::black_box(answer));
        millis(took)
    };
    median((0..turns).map(turn).collect())
}
