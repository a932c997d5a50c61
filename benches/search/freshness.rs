//! How soon what was written is found: from the answer of a create until a search finds it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use opora::desk::{Actor, SearchQuery};
use opora_benches::kit::{Bed, Fallible, Mode, Spread, drive, millis};

/// Aims for the median and the 95th percentile.
const AIMS: (u64, u64) = (60, 150);
/// Callers of the full load.
const CALLERS: usize = 64;
/// Between two tickets of the light load.
const PAUSE: Duration = Duration::from_millis(100);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(1);
/// Longest time until a ticket must be found.
const MAX_WAIT: Duration = Duration::from_secs(20);

/// The number of the next ticket.
static NUMBER: AtomicU64 = AtomicU64::new(10_000_000);

pub fn times(bed: &Bed, mode: &Mode) -> Fallible<()> {
    at_its_position(bed, mode)?;
    let light = waits(bed, mode.pick(100, 5), PAUSE)?;
    report("found, light load", &light, "ten tickets a second");
    let done = AtomicBool::new(false);
    let (full, rate) = std::thread::scope(|scope| -> Fallible<_> {
        let writers = scope.spawn(|| {
            drive(CALLERS, Duration::from_secs(600), |_, _| {
                bed.ticket(NUMBER.fetch_add(1, Ordering::Relaxed))?;
                Ok(!done.load(Ordering::Relaxed))
            })
        });
        // The index is behind only after a while.
        std::thread::park_timeout(mode.pick(Duration::from_secs(2), Duration::from_millis(200)));
        let full = waits(bed, mode.pick(100, 5), Duration::ZERO);
        done.store(true, Ordering::Relaxed);
        let rate = writers.join().map_err(|_| "the writers panicked")??;
        Ok((full?, rate))
    })?;
    let load = format!(
        "{CALLERS} callers, {:.0} tickets a second",
        rate.per_second()
    );
    report("found, full load", &full, &load);
    Ok(())
}

/// Times until tickets are found, each by a word that it has, and another ticket's text at most.
fn waits(bed: &Bed, turns: usize, pause: Duration) -> Fallible<Spread> {
    let mut spread = Spread::default();
    for _ in 0..turns {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let made = bed.ticket(number)?;
        let query = SearchQuery {
            text: format!("n{number}"),
            limit: 5,
            ..SearchQuery::default()
        };
        let started = Instant::now();
        loop {
            let hits = bed.desk.search(&Actor::System, &query)?.hits;
            if hits.iter().any(|hit| hit.record.id == made.id) {
                break;
            }
            if MAX_WAIT < started.elapsed() {
                let (health, last) = (bed.desk.health()?, bed.desk.pos());
                let behind = format!(
                    "a ticket was not found in time: position {:?} of {last:?} is indexed, {}",
                    health.indexed,
                    if health.rebuilding {
                        "being built anew"
                    } else {
                        "following"
                    },
                );
                return Err(behind.into());
            }
            std::thread::park_timeout(LOOK);
        }
        spread.add(started.elapsed(), Duration::ZERO);
        std::thread::park_timeout(pause);
    }
    Ok(spread)
}

fn report(name: &str, spread: &Spread, load: &str) {
    println!(
        "{name:<29} p50 {:.0} ms, p95 {:.0} ms (aims: {} and {} ms), at most {:.0} ms after the \
         answer of the create; {load}",
        millis(spread.at(0.5)),
        millis(spread.at(0.95)),
        AIMS.0,
        AIMS.1,
        millis(spread.at(1.0)),
    );
}

/// A create and a search that asks for its position.
fn at_its_position(bed: &Bed, mode: &Mode) -> Fallible<()> {
    let spread = Spread::of(mode.pick(50, 5), |_| {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let made = bed.ticket(number)?;
        let query = SearchQuery {
            text: format!("n{number}"),
            limit: 5,
            at_least: Some(made.pos),
            ..SearchQuery::default()
        };
        let hits = bed.desk.search(&Actor::System, &query)?.hits;
        match hits.first() {
            Some(hit) if hit.record.id == made.id => Ok(()),
            _ => Err("a new ticket was not found at its position".into()),
        }
    })?;
    println!(
        "a create and its search       p50 {:.1} ms, p95 {:.1} ms (create, commit, index, find)",
        millis(spread.at(0.5)),
        millis(spread.at(0.95))
    );
    Ok(())
}
