//! Tickets per second, against the store's own group commit with batches of the same bytes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opora::store::{Batch, Outcome, Store};
use opora_benches::kit::{
    Bed, BedOptions, Fallible, Mode, Rate, Replay, drive, folder, load, median,
};
use parking_lot::Mutex;

/// Numbers of tickets that were made so far.
static NUMBER: AtomicU64 = AtomicU64::new(1_000_000);

/// Aim for the ratio with 64 callers.
const AIM: f64 = 0.5;

pub fn against_the_store(bed: &Bed, mode: &Mode) -> Fallible<()> {
    let (created, recorded) = bed.store.record(|| load(bed, 500_000, 200));
    created?;
    let bytes: usize = recorded.iter().map(bytes_of).sum();
    let rows: usize = recorded.iter().map(rows_of).sum();
    println!(
        "a ticket is written as        {} rows and {} B",
        rows / recorded.len().max(1),
        bytes / recorded.len().max(1)
    );
    let replay = Replay::new(recorded);
    load(bed, 600_000, mode.pick(5_000, 100))?;
    for callers in [1, 64, 1_000] {
        let rounds = mode.pick(7, 1);
        let time = mode.pick(Duration::from_millis(1_500), Duration::from_millis(200));
        let (mut engine, mut store) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            engine.push(through_the_engine(bed, callers, time)?);
            let expected = engine.last().map_or(0.0, Rate::per_second) * time.as_secs_f64();
            store.push(through_the_store(
                bed,
                &replay,
                callers,
                time,
                expected as usize * 8 + callers * 64,
            )?);
        }
        report(callers, &engine, &store);
    }
    Ok(())
}

fn report(callers: usize, engine: &[Rate], store: &[Rate]) {
    let ratio = ratio(engine, store);
    let aim = if callers == 64 {
        format!(" (aim: {AIM})")
    } else {
        String::new()
    };
    println!(
        "creates, {callers:>4} callers        {ratio:.2} of the store's own rate{aim}: {:.0} /s and \
         {:.0} us CPU each, the store {:.0} /s and {:.0} us",
        rate(engine),
        cpu(engine),
        rate(store),
        cpu(store)
    );
}

/// The same creates on a desk without rules and plugins.
pub fn cost_of_hooks(bed: &Bed, mode: &Mode) -> Fallible<()> {
    let folder = folder(env!("CARGO_TARGET_TMPDIR"))?;
    let options = BedOptions {
        hooks: false,
        ..BedOptions::default()
    };
    let bare = Bed::open(folder.path(), &options)?;
    for bed in [bed, &bare] {
        load(bed, 700_000, mode.pick(5_000, 100))?;
    }
    let time = mode.pick(Duration::from_millis(1_500), Duration::from_millis(200));
    for callers in [1, 64] {
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for _ in 0..mode.pick(7, 1) {
            with.push(through_the_engine(bed, callers, time)?);
            without.push(through_the_engine(&bare, callers, time)?);
        }
        println!(
            "hooks, {callers:>4} callers          {:.2} of the creates without: {:.0} /s and {:.0} \
             us CPU each, {:.0} /s and {:.0} us",
            ratio(&with, &without),
            rate(&with),
            cpu(&with),
            rate(&without),
            cpu(&without)
        );
    }
    bare.desk.close()?;
    Ok(())
}

fn rate(all: &[Rate]) -> f64 {
    median(all.iter().map(Rate::per_second).collect())
}

fn cpu(all: &[Rate]) -> f64 {
    median(all.iter().map(Rate::cpu_micros).collect())
}

fn ratio(one: &[Rate], other: &[Rate]) -> f64 {
    let both = one.iter().zip(other);
    median(both.map(|(a, b)| a.per_second() / b.per_second()).collect())
}

fn through_the_engine(bed: &Bed, callers: usize, time: Duration) -> Fallible<Rate> {
    drive(callers, time, |_, _| {
        bed.ticket(NUMBER.fetch_add(1, Ordering::Relaxed))?;
        Ok(true)
    })
}

fn through_the_store(
    bed: &Bed,
    replay: &Replay,
    callers: usize,
    time: Duration,
    most: usize,
) -> Fallible<Rate> {
    // Made beforehand: only the store's work is measured.
    let ready: Mutex<Vec<Batch>> = Mutex::new((0..most).map(|turn| replay.batch(turn)).collect());
    let store = bed.store.inner();
    drive(callers, time, |_, _| {
        let Some(batch) = ready.lock().pop() else {
            return Ok(false);
        };
        match store.commit(vec![batch])?.pop() {
            Some(Outcome::Done(_)) => Ok(true),
            other => Err(format!("a batch was not applied: {other:?}").into()),
        }
    })
}

fn bytes_of(batch: &Batch) -> usize {
    let rows = batch.put.iter().chain(&batch.put_at_pos);
    rows.map(|(_, key, value)| key.len() + value.len())
        .sum::<usize>()
        + batch.journal.len()
}

fn rows_of(batch: &Batch) -> usize {
    batch.put.len() + batch.put_at_pos.len() + 1
}
