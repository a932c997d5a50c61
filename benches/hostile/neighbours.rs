//! What others see of a hostile rule.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use opora::desk::{Actor, Command, Reply, Request};
use opora::domain::{Id, Kind};
use opora::packs::PackFiles;
use opora_benches::kit::{Bed, Fallible, Mode, load, median, millis};
use parking_lot::Mutex;
use serde_json::json;

/// Callers that work as ever.
const OTHERS: usize = 8;

const DEFINITIONS: &str = include_str!("../../tests/hostile/definitions.toml");

/// What the looping caller does.
struct Attack {
    name: &'static str,
    /// The rule, for records whose title is `bad`; on others it says nothing, so that no breaker ends
    /// the measurement: it fails on one record only.
    body: &'static str,
}

const HARMLESS: Attack = Attack {
    name: "harmless",
    body: "c.deny(\"no\", \"no\");",
};

const ATTACKS: [Attack; 3] = [
    Attack {
        name: "loop",
        body: "loop { }",
    },
    Attack {
        name: "memory",
        body: "let s = \"x\"; s.pad(60000, 'y'); let all = []; all.pad(1900, 0); \
               for i in 0..1900 { all[i] = s + i; }",
    },
    Attack {
        name: "clock",
        body: "let s = \"\"; s.pad(90000, 'x'); loop { let n = s.to_upper().index_of(\"y\"); }",
    },
];

impl Attack {
    fn pack(&self) -> PackFiles {
        let manifest = "[pack]\nname = \"hostile\"\nversion = \"1.0.0\"\nengine = \"0.1\"\n\
            names = { en = \"Hostile\", ru = \"Враждебный\" }\n\
            [[rule]]\nname = \"bad\"\nhook = \"record.validate\"\nscript = \"rules.rhai\"\n";
        let body = self.body;
        let script = format!("fn bad(c) {{\n  if c.record.title == \"bad\" {{ {body} }}\n}}\n");
        PackFiles::from_texts(&[
            ("pack.toml", manifest),
            ("definitions.toml", DEFINITIONS),
            ("rules.rhai", &script),
        ])
    }
}

/// Prints how the others' p99 changes.
pub fn of_hostile_rules(bed: &Bed, mode: &Mode) -> Fallible<()> {
    load(bed, 0, mode.pick(2_000, 50))?;
    bed.install(HARMLESS.pack())?;
    let fields = json!({"type": "hostile/fault", "title": "good"});
    let victim = bed.create(Kind::Ticket, fields)?.id;
    let rounds = mode.pick(5, 1);
    for attack in ATTACKS {
        for attackers in [1, 16] {
            let (mut ratios, mut before, mut under) = (Vec::new(), Vec::new(), Vec::new());
            let mut calls = 0;
            for _ in 0..rounds {
                let calm = measure(bed, mode, &HARMLESS, victim, attackers)?;
                let hostile = measure(bed, mode, &attack, victim, attackers)?;
                ratios.push(hostile.p99 / calm.p99.max(1e-9));
                before.push(calm.p99);
                under.push(hostile.p99);
                calls += hostile.attacks;
            }
            println!(
                "{attackers:>2} looping `{}`{:pad$}  p99 of {OTHERS} others {:.1} ms, {:.1} ms \
                 beside a harmless rule: {:.2} times ({calls} hostile calls)",
                attack.name,
                "",
                median(under),
                median(before),
                median(ratios),
                pad = 8_usize.saturating_sub(attack.name.len()),
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
    attack: &Attack,
    victim: Id,
    attackers: usize,
) -> Fallible<Measured> {
    bed.install(attack.pack())?;
    let time = mode.pick(Duration::from_secs(4), Duration::from_millis(300));
    let (stop, attacks) = (AtomicBool::new(false), AtomicU64::new(0));
    let times = Mutex::new(Vec::new());
    let worked = std::thread::scope(|scope| -> Fallible<()> {
        for _ in 0..attackers {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    // It is refused, or told to come again later.
                    if provoke(bed, victim).is_err() {
                        attacks.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        let began = Instant::now();
        let others: Vec<_> = (0..OTHERS)
            .map(|_| scope.spawn(|| work(bed, began + time, &times)))
            .collect();
        let mut worked = Ok(());
        for other in others {
            worked = worked.and(other.join().map_err(|_| "a caller panicked")?);
        }
        stop.store(true, Ordering::Relaxed);
        worked
    });
    worked?;
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
