//! Bench of what hostile rules do to others: one caller loops a call that uses up its budget, while
//! others work; compared with the same caller looping a rule that refuses at once. And how far each
//! case of `tests/hostile` goes on after its time is over.
//!
//! `--quick` runs everything for a moment; `OPORA_BENCH_DIR` names the folder on the disk to measure.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

#[path = "../../tests/hostile/corpus.rs"]
#[expect(
    dead_code,
    clippy::expect_used,
    clippy::panic,
    reason = "what tests share with this bench; a corpus that cannot be read stops it"
)]
mod corpus;
mod neighbours;

use std::time::{Duration, Instant};

use opora::hooks::Tally;
use opora::hooks::script::ScriptLimits;
use opora::packs::{self, BuiltIn};
use opora_benches::kit::{Bed, BedOptions, Fallible, Mode, folder, micros, millis};

/// Wall time that a call may go on after its time is over, in milliseconds.
const PAST: f64 = 50.0;

fn main() -> Fallible<()> {
    let mode = Mode::from_args();
    if mode.runs("permits") {
        permits(&mode);
    }
    if mode.runs("ends") {
        ends()?;
    }
    if mode.runs("neighbours") {
        let folder = folder(env!("CARGO_TARGET_TMPDIR"))?;
        let bed = Bed::open(folder.path(), &BedOptions::default())?;
        neighbours::of_hostile_rules(&bed, &mode)?;
        bed.desk.close()?;
    }
    Ok(())
}

/// What it costs a quick call to be known as quick.
fn permits(mode: &Mode) {
    let tally = Tally::default();
    let turns: u32 = mode.pick(1_000_000, 1_000);
    let began = Instant::now();
    for _ in 0..turns {
        if !std::hint::black_box(&tally).is_slow() {
            let call = Instant::now();
            tally.took(call.elapsed());
        }
    }
    let each = micros(began.elapsed()) / f64::from(turns);
    println!("permit of a quick call        {each:.3} us");
}

/// How long each case of the corpus takes.
fn ends() -> Fallible<()> {
    let hosts = BuiltIn::new(None).map_err(|fault| fault.to_string())?;
    let limit = ScriptLimits::default().millis as f64;
    let mut times = Vec::new();
    for case in corpus::all() {
        let began = Instant::now();
        let Ok(pack) = packs::load(&case.pack(), &hosts) else {
            times.push((began.elapsed(), case.name(), "refused"));
            continue;
        };
        let rule = pack.rules.first().ok_or("a case without a rule")?;
        let call = case.call();
        let began = Instant::now();
        let answer = rule.runner.call(&call);
        let ends = if answer.is_ok() { "answers" } else { "fails" };
        times.push((began.elapsed(), case.name(), ends));
    }
    times.sort();
    let late = |time: Duration| millis(time) > limit + PAST;
    for (time, name, ends) in times.iter().rev().take(12) {
        let mark = if late(*time) { "  LATE" } else { "" };
        println!("{name:44} {ends:8} after {:7.1} ms{mark}", millis(*time));
    }
    let late = times.iter().filter(|(time, ..)| late(*time)).count();
    println!(
        "{} hostile cases, {late} of them more than {PAST} ms past the {limit} ms of the net",
        times.len()
    );
    Ok(())
}
