//! What others see of a hostile rule.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use opora::desk::{Actor, Command, Reply, Request};
use opora::domain::{Id, Kind};
use opora::packs::PackFiles;
use opora_benches::kit::{Bed, Fallible, Mode, load, median, millis};
use parking_lot::Mutex;
use serde_json::json;

use crate::corpus::{self, PACK, RULE};

/// Callers that work as ever.
const OTHERS: usize = 8;
/// Times slower that others may be at p99.
const AIM: f64 = 1.5;
/// Hostile calls after which the rule is let run again: a breaker would end the measurement.
const RESET_EVERY: u64 = 10;

const DEFINITIONS: &str = include_str!("../../tests/hostile/definitions.toml");

/// Cases of the corpus that use up fuel and memory, in both languages.
const ATTACKS: [&str; 5] = [
    "scripts/loop.rhai",
    "scripts/strings_in_list.rhai",
    "scripts/sorting.rhai",
    "plugins/loop.wat",
    "plugins/memory.wat",
];

/// A rule of the same name that refuses at once.
fn harmless() -> PackFiles {
    let manifest = format!(
        "[pack]\nname = \"{PACK}\"\nversion = \"1.0.0\"\nengine = \"0.1\"\n\
         names = {{ en = \"Hostile\", ru = \"Враждебный\" }}\n\
         [[rule]]\nname = \"{RULE}\"\nhook = \"record.validate\"\nscript = \"rules.rhai\"\n"
    );
    let script = "fn bad(c) {\n  if c.record.title == \"bad\" { c.deny(\"no\", \"no\"); }\n}\n";
    PackFiles::from_texts(&[
        ("pack.toml", &manifest),
        ("definitions.toml", DEFINITIONS),
        ("rules.rhai", script),
    ])
}

/// Prints how the others' p99 changes.
pub fn of_hostile_rules(bed: &Bed, mode: &Mode) -> Fallible<()> {
    load(bed, 0, mode.pick(2_000, 50))?;
    bed.install(harmless())?;
    let fields = json!({"type": "hostile/fault", "title": "good"});
    let victim = bed.create(Kind::Ticket, fields)?.id;
    let rounds = mode.pick(5, 1);
    for file in ATTACKS.into_iter().take(mode.pick(ATTACKS.len(), 2)) {
        let case = corpus::all().into_iter().find(|case| case.file == file);
        let hostile = case.ok_or("the corpus has no such case")?.pack();
        for attackers in [1, 16] {
            let (mut ratios, mut before, mut under) = (Vec::new(), Vec::new(), Vec::new());
            let mut calls = 0;
            for _ in 0..rounds {
                let calm = measure(bed, mode, harmless(), victim, attackers)?;
                let beside = measure(bed, mode, hostile.clone(), victim, attackers)?;
                ratios.push(beside.p99 / calm.p99.max(1e-9));
                before.push(calm.p99);
                under.push(beside.p99);
                calls += beside.attacks;
            }
            println!(
                "{attackers:>2} looping {file:30} {:.2} times (at most {AIM}): p99 of {OTHERS} \
                 others {:.1} ms, {:.1} ms beside a harmless rule; {calls} hostile calls",
                median(ratios),
                median(under),
                median(before),
            );
        }
    }
    Ok(())
}

struct Measured {
    /// Of the others' commands, in milliseconds.
    p99: f64,
    attacks: u64,
}

static NUMBER: AtomicU64 = AtomicU64::new(10_000_000);

fn measure(
    bed: &Bed,
    mode: &Mode,
    pack: PackFiles,
    victim: Id,
    attackers: usize,
) -> Fallible<Measured> {
    bed.install(pack)?;
    let time = mode.pick(Duration::from_secs(3), Duration::from_millis(200));
    let (stop, attacks) = (AtomicBool::new(false), AtomicU64::new(0));
    let times = Mutex::new(Vec::new());
    let until = Instant::now() + time;
    std::thread::scope(|scope| -> Fallible<()> {
        for _ in 0..attackers {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    // It is refused, or told to come again later.
                    if provoke(bed, victim).is_ok() {
                        return;
                    }
                    if attacks.fetch_add(1, Ordering::Relaxed) % RESET_EVERY == 0 {
                        // Harmless rules have nothing to be reset.
                        drop(
                            bed.desk
                                .reset_rule(&Actor::System, &format!("{PACK}/{RULE}")),
                        );
                    }
                }
            });
        }
        let others: Vec<_> = (0..OTHERS)
            .map(|_| scope.spawn(|| work(bed, until, &times)))
            .collect();
        let mut worked = Ok(());
        for other in others {
            worked = worked.and(other.join().map_err(|_| "a caller panicked")?);
        }
        stop.store(true, Ordering::Relaxed);
        worked
    })?;
    let mut times = times.into_inner();
    times.sort_unstable();
    let last = times.len().saturating_sub(1);
    let p99 = times.get(last * 99 / 100).copied().unwrap_or_default();
    Ok(Measured {
        p99: millis(p99),
        attacks: attacks.load(Ordering::Relaxed),
    })
}

/// Asks for the change that the rule is hostile to.
fn provoke(bed: &Bed, victim: Id) -> opora::desk::Result<Reply> {
    let fields = json!({"title": "bad"}).as_object().cloned();
    let command = Command::Update {
        kind: Kind::Ticket,
        id: victim,
        fields: fields.unwrap_or_default(),
    };
    let request = Request::by(Actor::Admin { agent: None });
    bed.desk.run(&request, &command)
}

/// Works as a desk does: a new ticket, a comment on it, a change of it.
fn work(bed: &Bed, until: Instant, times: &Mutex<Vec<Duration>>) -> Fallible<()> {
    let mut own = Vec::new();
    while Instant::now() < until {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let began = Instant::now();
        let id = bed.ticket(number)?.id;
        own.push(began.elapsed());
        let began = Instant::now();
        bed.comment(id, number)?;
        own.push(began.elapsed());
        let began = Instant::now();
        bed.update(id, number)?;
        own.push(began.elapsed());
    }
    times.lock().append(&mut own);
    Ok(())
}
