//! Many tickets of one contract at once: nothing is lost and nothing is counted twice.
//! `OPORA_SEED` repeats a run.

use std::sync::Barrier;

use opora::desk::{Actor, Command, ErrorKind, Request};
use opora::domain::{EntryBody, Id, Kind, Value};
use rust_decimal::Decimal;
use serde_json::{Map, json};

use crate::support::{TestDesk, fields};

/// Callers at the same time.
const CALLERS: u64 = 64;

fn contract(desk: &TestDesk, total: i64, over_limit: &str) -> Id {
    let asked = json!({"title": "C", "unit": "hours", "total": total, "over_limit": over_limit});
    desk.create(Kind::Contract, asked).unwrap().id
}

fn ticket(desk: &TestDesk, contract: Id, effort: u64) -> Id {
    let asked = json!({"type": "fault", "title": "T", "solution": "done", "effort_hours": effort,
        "contract": contract.to_string()});
    let id = desk.create(Kind::Ticket, asked).unwrap().id;
    desk.transition(id, "doing").unwrap();
    id
}

fn used(desk: &TestDesk, contract: Id) -> Decimal {
    match desk.get(Kind::Contract, contract).get("used") {
        Some(Value::Decimal(used)) => *used,
        _ => Decimal::ZERO,
    }
}

/// What everybody does to a ticket of its own at the same time; who loses too often tries again.
fn at_once(desk: &TestDesk, tickets: &[Id], each: impl Fn(u64, Id) -> Vec<Command> + Sync) -> u64 {
    let barrier = Barrier::new(tickets.len());
    let refused = std::sync::atomic::AtomicU64::new(0);
    std::thread::scope(|scope| {
        for (n, id) in (0..).zip(tickets) {
            let (barrier, refused, each) = (&barrier, &refused, &each);
            scope.spawn(move || {
                barrier.wait();
                for command in each(n, *id) {
                    loop {
                        let admin = Request::by(Actor::Admin { agent: None });
                        match desk.desk.run(&admin, &command) {
                            Ok(_) => break,
                            Err(e) if e.kind == ErrorKind::Busy => {}
                            Err(e) => {
                                assert_eq!(e.code, "contract_exhausted", "{e}");
                                refused.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                                break;
                            }
                        }
                    }
                }
            });
        }
    });
    refused.into_inner()
}

fn to(id: Id, status: &str) -> Command {
    Command::Transition {
        kind: Kind::Ticket,
        id,
        to: status.to_owned(),
        fields: Map::new(),
    }
}

#[test]
fn parallel_closings_lose_nothing() {
    let desk = TestDesk::plain();
    let contract = contract(&desk, 10, "warn");
    let tickets: Vec<Id> = (0..CALLERS).map(|n| ticket(&desk, contract, n)).collect();
    // Every third is opened again, every fifth closed once more with other hours. Meanwhile the
    // engine moves what was counted into the contract.
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                desk.desk.fire_due(100).unwrap();
            }
        });
        at_once(&desk, &tickets, |n, id| {
            let mut all = vec![to(id, "done")];
            if n % 3 == 0 {
                all.push(to(id, "doing"));
            }
            if n % 15 == 0 {
                let fields = fields(json!({"effort_hours": 100}));
                let kind = Kind::Ticket;
                all.extend([Command::Update { kind, id, fields }, to(id, "done")]);
            }
            all
        });
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let hours = |n: u64| match (n % 3, n % 15) {
        (_, 0) => 100,
        (0, _) => 0,
        _ => n,
    };
    let wanted = Decimal::from((0..CALLERS).map(hours).sum::<u64>());
    assert_eq!(used(&desk, contract), wanted);
    while desk.desk.fire_due(100).unwrap() > 0 {}
    assert_eq!(used(&desk, contract), wanted);
    assert!(
        desk.get(Kind::Contract, contract)
            .get("exhausted_at")
            .is_some()
    );
    let page = desk.desk.ledger(&Actor::System, contract, None, 200);
    let rows = page.unwrap().1.items;
    let amount = |body: &EntryBody| match body {
        EntryBody::Consumption(row) => row.amount,
        _ => Decimal::ZERO,
    };
    let sum: Decimal = rows.iter().map(|row| amount(&row.entry.body)).sum();
    assert_eq!(sum, wanted);
}

#[test]
fn a_contract_that_refuses_is_never_overdrawn() {
    let desk = TestDesk::plain();
    let contract = contract(&desk, 20, "refuse");
    let tickets: Vec<Id> = (0..24).map(|_| ticket(&desk, contract, 1)).collect();
    let refused = at_once(&desk, &tickets, |_, id| vec![to(id, "done")]);
    assert_eq!(refused, 4);
    assert_eq!(used(&desk, contract), Decimal::from(20));
}

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }
}

#[test]
fn random_lives_agree_with_a_sum_over_closed_tickets() {
    let seed = std::env::var("OPORA_SEED").map_or(11, |s| s.parse().unwrap());
    let mut random = Random(seed);
    let desk = TestDesk::plain();
    let contracts: Vec<Id> = (0..3).map(|_| contract(&desk, 50, "warn")).collect();
    let mut corrected = [0_i64; 3];
    // Of each ticket: its place among the contracts, its hours, whether it is closed.
    let mut tickets: Vec<(Id, Option<usize>, u64, bool)> = (0..8)
        .map(|n| (ticket(&desk, contracts[n % 3], 1), Some(n % 3), 1, false))
        .collect();
    for step in 0..300 {
        let at = usize::try_from(random.next(8)).unwrap();
        let (id, place, hours, closed) = &mut tickets[at];
        match random.next(6) {
            0 | 1 => {
                desk.transition(*id, if *closed { "doing" } else { "done" })
                    .unwrap();
                *closed = !*closed;
            }
            2 => {
                *hours = random.next(9);
                desk.update(Kind::Ticket, *id, json!({"effort_hours": *hours}))
                    .unwrap();
            }
            3 => {
                let next = usize::try_from(random.next(4)).unwrap();
                *place = (next < 3).then_some(next);
                let to = place.map(|p| contracts[p].to_string());
                desk.update(Kind::Ticket, *id, json!({"contract": to}))
                    .unwrap();
            }
            4 => {
                let which = usize::try_from(random.next(3)).unwrap();
                desk.run(Command::CorrectLedger {
                    contract: contracts[which],
                    amount: Some(Decimal::from(2)),
                    used: None,
                    reason: "by hand".to_owned(),
                })
                .unwrap();
                corrected[which] += 2;
            }
            _ => drop(desk.desk.fire_due(10).unwrap()),
        }
        for (place, contract) in contracts.iter().enumerate() {
            let counted = tickets.iter().filter(|t| t.1 == Some(place) && t.3);
            let wanted =
                Decimal::from(counted.map(|t| t.2).sum::<u64>()) + Decimal::from(corrected[place]);
            assert_eq!(used(&desk, *contract), wanted, "step {step}, seed {seed}");
        }
    }
}
