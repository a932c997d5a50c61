//! How long hostile calls take, against the time in which a plain loop uses up their budget.

use std::time::Instant;

use cpu_time::ThreadTime;
use opora::hooks::script::ScriptLimits;
use opora::hooks::{Call, Rule, Usage};
use opora::packs::{self, BuiltIn, Loaded};
use opora_benches::kit::{Fallible, Mode, median, millis};

use crate::corpus::{self, Case};

/// Milliseconds that a call may take beyond its budget.
const PAST: f64 = 50.0;

/// Plain loops that end just before their budget does.
const LOOPS: [&str; 2] = ["scripts/nearly.rhai", "plugins/nearly.wat"];

/// Times of a call in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
struct Took {
    wall: f64,
    /// Of the processor: what other work on the machine takes does not show in it.
    cpu: f64,
}

impl Took {
    fn past(self, budget: Self) -> Self {
        Self {
            wall: self.wall - budget.wall,
            cpu: self.cpu - budget.cpu,
        }
    }

    fn times(self, by: f64) -> Self {
        Self {
            wall: self.wall * by,
            cpu: self.cpu * by,
        }
    }
}

/// Prints which calls end late, and how much the latest.
pub fn of_hostile_rules(mode: &Mode) -> Fallible<()> {
    let hosts = BuiltIn::new(None).map_err(|fault| fault.to_string())?;
    let turns = mode.pick(5, 1);
    let mut plain = [Took::default(); 2];
    for (file, time) in LOOPS.iter().zip(&mut plain) {
        let case = corpus::all().into_iter().find(|case| case.file == *file);
        let case = case.ok_or("the plain loop is gone")?;
        let (pack, call) = (load(&case, &hosts).ok_or("a loop is refused")?, case.call());
        let (took, usage) = took(rule(&pack)?, &call, turns);
        *time = took.times(usage.budget as f64 / usage.used.max(1) as f64);
    }
    let net = ScriptLimits::default().millis as f64;
    let [script, plugin] = plain;
    println!(
        "budget in a plain loop         {:.1} ms Rhai, {:.1} ms WASM; by the clock {net:.0} ms",
        script.wall, plugin.wall
    );
    let (mut times, mut refused) = (Vec::new(), 0);
    for case in corpus::all() {
        let Some(pack) = load(&case, &hosts) else {
            refused += 1;
            continue;
        };
        let budget = match (case.by_clock, case.is_script()) {
            // It works on large values, which the clock stops.
            (true, _) => Took {
                wall: net,
                cpu: net,
            },
            (false, true) => script,
            (false, false) => plugin,
        };
        let (took, _) = took(rule(&pack)?, &case.call(), turns);
        times.push((took.past(budget), took, case));
    }
    times.sort_by(|a, b| b.0.cpu.total_cmp(&a.0.cpu));
    let late = |pick: fn(&Took) -> f64| times.iter().filter(|(p, ..)| pick(p) > PAST).count();
    println!(
        "{} hostile cases              {refused} refused before they run; of {} calls {} end more \
         than {PAST:.0} ms past their budget on the wall, {} by the processor",
        refused + times.len(),
        times.len(),
        late(|t| t.wall),
        late(|t| t.cpu),
    );
    for (past, took, case) in times.iter().take(mode.pick(12, 3)) {
        println!(
            "  {:32} {:8.1} ms, {:+7.1} ms past its budget; of the processor {:+7.1} ms{}",
            case.name(),
            took.wall,
            past.wall,
            past.cpu,
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

/// How long a call takes, and what it uses.
fn took(rule: &Rule, call: &Call, turns: usize) -> (Took, Usage) {
    let mut usage = Usage::default();
    let turn = |_| {
        let (began, cpu) = (Instant::now(), ThreadTime::now());
        let answer = rule.runner.call(call);
        let (cpu, wall) = (cpu.elapsed(), began.elapsed());
        usage = answer.map_or_else(|failure| failure.usage, |outcome| outcome.usage);
        (millis(wall), millis(cpu))
    };
    let (wall, cpu): (Vec<f64>, Vec<f64>) = (0..turns).map(turn).unzip();
    let took = Took {
        wall: median(wall),
        cpu: median(cpu),
    };
    (took, usage)
}
