//! What others see of a hostile rule.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use opora::desk::Actor;
use opora::domain::{Id, Kind};
use opora::packs::PackFiles;
use opora_benches::kit::{Fallible, Mode, median, millis};
use parking_lot::Mutex;
use serde_json::json;

use crate::corpus::{self, PACK, RULE};
use crate::doors::Door;

/// Callers that work as ever.
const OTHERS: usize = 8;
/// Times slower that others may be at p99.
const AIM: f64 = 1.5;
/// Hostile calls after which a failing rule is let run again, where its breaker is not to open: it
/// opens after twenty on one record.
const RESET_EVERY: u64 = 10;

const DEFINITIONS: &str = include_str!("../../tests/hostile/definitions.toml");

/// What becomes of the breaker of a rule that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Breaker {
    /// It has nothing to do: the rule answers in the end.
    Idle,
    /// It opens when it should.
    Opens,
    /// The rule is let run again before it opens.
    HeldOff,
}

/// Cases of the corpus that take much, in both languages.
const ATTACKS: [(&str, Breaker); 8] = [
    ("scripts/nearly.rhai", Breaker::Idle),
    ("scripts/loop.rhai", Breaker::Opens),
    ("scripts/loop.rhai", Breaker::HeldOff),
    ("scripts/sorting.rhai", Breaker::HeldOff),
    ("scripts/strings_in_list.rhai", Breaker::HeldOff),
    ("plugins/nearly.wat", Breaker::Idle),
    ("plugins/far_writes.wat", Breaker::HeldOff),
    ("plugins/memory.wat", Breaker::HeldOff),
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

/// Prints how the others' p99 changes behind a door.
pub fn of_hostile_rules(door: Door<'_>, mode: &Mode) -> Fallible<()> {
    let bed = door.bed();
    bed.install(harmless())?;
    let most = mode.pick(16, 2);
    let victims = (0..most)
        .map(|_| {
            let fields = json!({"type": "hostile/fault", "title": "good"});
            Ok(bed.create(Kind::Ticket, fields)?.id)
        })
        .collect::<Fallible<Vec<Id>>>()?;
    for (file, breaker) in ATTACKS.into_iter().take(mode.pick(ATTACKS.len(), 2)) {
        let case = corpus::all().into_iter().find(|case| case.file == file);
        let hostile = case.ok_or("the corpus has no such case")?.pack();
        // Many that fail on many records open the breaker at once.
        let counts: &[usize] = match breaker {
            Breaker::Idle => &[1, most],
            Breaker::Opens | Breaker::HeldOff => &[1],
        };
        for attackers in counts {
            let victims = victims.get(..*attackers).ok_or("too few victims")?;
            compare(door, mode, (file, &hostile, breaker), victims)?;
        }
    }
    Ok(())
}

fn compare(
    door: Door<'_>,
    mode: &Mode,
    (file, hostile, breaker): (&str, &PackFiles, Breaker),
    victims: &[Id],
) -> Fallible<()> {
    let (mut ratios, mut before, mut under) = (Vec::new(), Vec::new(), Vec::new());
    let (mut calls, mut done) = (0, [0, 0]);
    for _ in 0..mode.pick(5, 1) {
        let calm = measure(door, mode, harmless(), Breaker::Idle, victims)?;
        let beside = measure(door, mode, hostile.clone(), breaker, victims)?;
        ratios.push(beside.p99 / calm.p99.max(1e-9));
        before.push(calm.p99);
        under.push(beside.p99);
        calls += beside.attacks;
        let [harmless, hostile] = &mut done;
        *harmless += calm.done;
        *hostile += beside.done;
    }
    let [harmless, hostile] = done;
    println!(
        "{:>2} of {} looping {file:28} {} {:.2} times (at most {AIM}): p99 of {OTHERS} others \
         {:.1} ms, {:.1} ms beside a harmless rule; {hostile} and {harmless} of their commands; \
         {calls} hostile calls",
        victims.len(),
        door.name(),
        match breaker {
            Breaker::Idle => "(answers)          ",
            Breaker::Opens => "(breaker opens)    ",
            Breaker::HeldOff => "(breaker held off) ",
        },
        median(ratios),
        median(under),
        median(before),
    );
    Ok(())
}

struct Measured {
    /// Of the others' commands, in milliseconds.
    p99: f64,
    /// Commands of the others.
    done: usize,
    attacks: u64,
}

static NUMBER: AtomicU64 = AtomicU64::new(10_000_000);

fn measure(
    door: Door<'_>,
    mode: &Mode,
    pack: PackFiles,
    breaker: Breaker,
    victims: &[Id],
) -> Fallible<Measured> {
    door.bed().install(pack)?;
    let time = mode.pick(Duration::from_secs(3), Duration::from_millis(200));
    let (stop, attacks) = (AtomicBool::new(false), AtomicU64::new(0));
    let times = Mutex::new(Vec::new());
    let until = Instant::now() + time;
    let attack = |victim: Id| -> Fallible<()> {
        let mut line = door.open()?;
        while !stop.load(Ordering::Relaxed) {
            line.provoke(victim)?;
            let count = attacks.fetch_add(1, Ordering::Relaxed);
            if breaker == Breaker::HeldOff && count % RESET_EVERY == 0 {
                let rule = format!("{PACK}/{RULE}");
                // It may have been put off, and have failed in nothing since the last time.
                drop(door.bed().desk.reset_rule(&Actor::System, &rule));
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| -> Fallible<()> {
        let attack = &attack;
        let attackers: Vec<_> = victims
            .iter()
            .map(|victim| scope.spawn(move || attack(*victim)))
            .collect();
        let others: Vec<_> = (0..OTHERS)
            .map(|_| scope.spawn(|| work(door, until, &times)))
            .collect();
        let joined = others.into_iter().map(|other| other.join());
        let joined: Vec<_> = joined.collect();
        stop.store(true, Ordering::Relaxed);
        let all = joined
            .into_iter()
            .chain(attackers.into_iter().map(|one| one.join()));
        for one in all {
            one.map_err(|_| "a caller panicked")??;
        }
        Ok(())
    })?;
    let mut times = times.into_inner();
    times.sort_unstable();
    let last = times.len().saturating_sub(1);
    let p99 = times.get(last * 99 / 100).copied().unwrap_or_default();
    Ok(Measured {
        p99: millis(p99),
        done: times.len(),
        attacks: attacks.load(Ordering::Relaxed),
    })
}

fn work(door: Door<'_>, until: Instant, times: &Mutex<Vec<Duration>>) -> Fallible<()> {
    let mut line = door.open()?;
    let mut own = Vec::new();
    while Instant::now() < until {
        line.work(NUMBER.fetch_add(1, Ordering::Relaxed), &mut own)?;
    }
    times.lock().append(&mut own);
    Ok(())
}
