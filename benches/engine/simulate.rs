//! Trying a changed pack on recorded history: how many recorded decisions are made again in a second,
//! and what of the time the rules themselves take.

use std::time::Instant;

use opora::desk::{Actor, SimulateQuery, Simulation};
use opora::packs::PackFiles;
use opora_benches::kit::{Bed, Fallible, Mode, median, micros, shipped_pack};

/// Threads that judge.
const THREADS: usize = 2;
/// What is aimed at: recorded decisions a second on two cores.
const AIM: f64 = 20_000.0;

/// The support pack, of Rhai rules alone, tried on the lives of tickets.
pub fn of_history(bed: &Bed, mode: &Mode) -> Fallible<()> {
    let tickets = mode.pick(2_000, 10);
    let since = bed.desk.now();
    for number in 0..tickets {
        let id = bed.ticket(number)?.id;
        bed.update(id, number)?;
        bed.comment(id, number)?;
        bed.begin(id, number)?;
        bed.finish(id, number)?;
    }
    let same = shipped_pack("scripts/support-1c")?;
    let query = SimulateQuery {
        since: Some(since),
        threads: THREADS,
        ..SimulateQuery::default()
    };
    let mut rates = Vec::new();
    let mut last = Simulation::default();
    for _ in 0..mode.pick(5, 1) {
        let started = Instant::now();
        last = tried(bed, &same, &query)?;
        rates.push(last.decisions as f64 * 1e6 / micros(started.elapsed()));
    }
    if last.differing > 0 || last.not_replayable > 0 {
        return Err(format!("the same rules decide otherwise: {:?}", last.by_rule).into());
    }
    let rate = median(rates);
    let bare = last.decisions as f64 * 1e6 / (last.rule_micros.max(1) as f64);
    println!(
        "simulate, {THREADS} threads        {rate:>8.0} recorded decisions/s ({} of {} commands; aim {AIM:.0}: \
         {:.1} of it)",
        last.decisions,
        last.commands,
        rate / AIM
    );
    println!(
        "simulate, bare rule calls  {bare:>8.0} decisions/s on one core in the same run; simulate reaches \
         {:.2} of it",
        rate / bare
    );
    Ok(())
}

fn tried(bed: &Bed, pack: &PackFiles, query: &SimulateQuery) -> Fallible<Simulation> {
    Ok(bed
        .desk
        .simulate(&Actor::System, pack, query, &mut |_, _| {})?)
}
