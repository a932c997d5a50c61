//! Rates, spreads, CPU time and memory.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cpu_time::{ProcessTime, ThreadTime};

use super::Fallible;

/// What callers got done in a time.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// Operations done.
    pub done: u64,
    /// Wall time.
    pub took: Duration,
    /// CPU time of the whole process.
    pub cpu: Duration,
}

impl Rate {
    /// Operations per second.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        self.done as f64 / self.took.as_secs_f64().max(1e-9)
    }

    /// CPU time of one operation, in microseconds.
    #[must_use]
    pub fn cpu_micros(&self) -> f64 {
        micros(self.cpu) / self.done.max(1) as f64
    }
}

/// Bytes of this process that are in memory; zero where the system does not tell.
#[must_use]
pub fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1_024
}

/// Lets `callers` threads work for a time, each waiting for its answer before the next operation.
/// `work` gets the caller's number and a number that no other operation gets, and answers whether
/// there is more to do.
///
/// # Errors
/// The first error of an operation.
pub fn drive(
    callers: usize,
    time: Duration,
    work: impl Fn(usize, u64) -> Fallible<bool> + Sync,
) -> Fallible<Rate> {
    let (stop, begun, done) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let caller = |number: usize| -> Fallible<()> {
        while !stop.load(Ordering::Relaxed) {
            if !work(number, begun.fetch_add(1, Ordering::Relaxed))? {
                break;
            }
            done.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    };
    let (cpu, started) = (ProcessTime::now(), Instant::now());
    std::thread::scope(|scope| -> Fallible<()> {
        let mut running = Vec::with_capacity(callers);
        for number in 0..callers {
            let (caller, stop) = (&caller, &stop);
            running.push(scope.spawn(move || {
                let result = caller(number);
                if result.is_err() {
                    stop.store(true, Ordering::Relaxed);
                }
                result
            }));
        }
        while started.elapsed() < time
            && !stop.load(Ordering::Relaxed)
            && !running
                .iter()
                .all(std::thread::ScopedJoinHandle::is_finished)
        {
            std::thread::park_timeout(Duration::from_millis(20));
        }
        stop.store(true, Ordering::Relaxed);
        for thread in running {
            thread.join().map_err(|_| "a caller panicked")??;
        }
        Ok(())
    })?;
    Ok(Rate {
        done: done.load(Ordering::Relaxed),
        took: started.elapsed(),
        cpu: cpu.elapsed(),
    })
}

/// Times of many turns of the same work: on the clock of the wall, and of the thread that did it.
/// What other work on the machine takes shows in the first only.
#[derive(Debug, Default)]
pub struct Spread {
    wall: Vec<Duration>,
    cpu: Vec<Duration>,
}

impl Spread {
    /// Times `turns` turns.
    ///
    /// # Errors
    /// The first error of a turn.
    pub fn of(turns: usize, mut turn: impl FnMut(usize) -> Fallible<()>) -> Fallible<Self> {
        let mut spread = Self::default();
        for number in 0..turns {
            spread.time(|| turn(number))?;
        }
        Ok(spread)
    }

    /// Times one more turn.
    ///
    /// # Errors
    /// That of the turn.
    pub fn time<T>(&mut self, turn: impl FnOnce() -> Fallible<T>) -> Fallible<T> {
        let (started, cpu) = (Instant::now(), ThreadTime::now());
        let done = turn()?;
        let (cpu, wall) = (cpu.elapsed(), started.elapsed());
        self.add(wall, cpu);
        Ok(done)
    }

    /// Adds a turn that was timed elsewhere.
    pub fn add(&mut self, wall: Duration, cpu: Duration) {
        let insert = |sorted: &mut Vec<Duration>, time: Duration| {
            let place = sorted.partition_point(|known| *known <= time);
            sorted.insert(place, time);
        };
        insert(&mut self.wall, wall);
        insert(&mut self.cpu, cpu);
    }

    /// The time that `share` of the turns do not exceed.
    #[must_use]
    pub fn at(&self, share: f64) -> Duration {
        nth(&self.wall, share)
    }

    /// The CPU time of the thread that `share` of the turns do not exceed.
    #[must_use]
    pub fn cpu_at(&self, share: f64) -> Duration {
        nth(&self.cpu, share)
    }
}

fn nth(sorted: &[Duration], share: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    let place = (last as f64 * share).round() as usize;
    sorted.get(place).copied().unwrap_or_default()
}

/// The middle one.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// In microseconds.
#[must_use]
pub fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// In milliseconds.
#[must_use]
pub fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// In megabytes, for people.
#[must_use]
pub fn human_bytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
