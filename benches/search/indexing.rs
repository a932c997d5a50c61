//! Tickets per second with the index following, against without.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use opora_benches::kit::{
    Bed, BedOptions, Fallible, Mode, Rate, drive, folder, load, median, micros, millis,
};

/// Aim for the ratio.
const AIM: f64 = 0.8;

pub fn cost(mode: &Mode) -> Fallible<()> {
    let (with, without) = (
        folder(env!("CARGO_TARGET_TMPDIR"))?,
        folder(env!("CARGO_TARGET_TMPDIR"))?,
    );
    let with = Bed::open(
        with.path(),
        &BedOptions {
            search: true,
            hooks: true,
        },
    )?;
    let without = Bed::open(without.path(), &BedOptions::default())?;
    for bed in [&with, &without] {
        load(bed, 0, mode.pick(5_000, 100))?;
    }
    let number = AtomicU64::new(1_000_000);
    let time = mode.pick(Duration::from_secs(4), Duration::from_millis(500));
    let create = |bed: &Bed| {
        drive(64, time, |_, _| {
            bed.ticket(number.fetch_add(1, Ordering::Relaxed))?;
            Ok(true)
        })
    };
    let (mut on, mut off) = (Vec::new(), Vec::new());
    let (mut behind, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..mode.pick(5, 1) {
        let used = ProcessTime::now();
        let rate = create(&with)?;
        // What it still has to index must not be paid by the other.
        let stopped = Instant::now();
        super::wait_for_index(&with)?;
        behind.push(millis(stopped.elapsed()));
        whole.push(micros(used.elapsed()) / rate.done.max(1) as f64);
        on.push(rate);
        off.push(create(&without)?);
    }
    let ratio = on
        .iter()
        .zip(&off)
        .map(|(on, off)| on.per_second() / off.per_second());
    let cpu = |all: &[Rate]| median(all.iter().map(Rate::cpu_micros).collect());
    let rate = |all: &[Rate]| median(all.iter().map(Rate::per_second).collect());
    println!(
        "creates with indexing         {:.2} of without (aim: {AIM} at least), 64 callers: {:.0} /s \
         and {:.0} us CPU each, {:.0} /s and {:.0} us",
        median(ratio.collect()),
        rate(&on),
        cpu(&on),
        rate(&off),
        cpu(&off)
    );
    println!(
        "  the index is behind by      {:.0} ms when they stop; {:.0} us CPU each until it is not",
        median(behind),
        median(whole)
    );
    with.desk.close()?;
    without.desk.close()?;
    Ok(())
}
