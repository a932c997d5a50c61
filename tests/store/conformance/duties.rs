//! Numbers and leases.

use std::sync::Arc;
use std::time::Duration;

use opora::store::{Lease, MAX_LEASE_TTL, MAX_NUMBERS, Outcome, Pos, StoreError, Table};

use super::{Case, LONG, SOON, in_threads};
use crate::kit::{apply, batch, commit, text};

pub fn numbers_start_at_one_and_rise(store: Case) {
    let mut last = 0;
    for _ in 0..2_500 {
        let number = store.numbers("ticket", 1).unwrap();
        assert!(number > last);
        assert!(last > 0 || number == 1);
        last = number;
    }
}

pub fn numbers_come_in_rows(store: Case) {
    let first = store.numbers("ticket", 10).unwrap();
    let second = store.numbers("ticket", 1).unwrap();
    assert_eq!(first, 1);
    assert!(second >= first + 10);
}

pub fn counters_are_apart(store: Case) {
    assert_eq!(store.numbers("ticket", 5).unwrap(), 1);
    assert_eq!(store.numbers("inquiry", 5).unwrap(), 1);
}

pub fn numbers_are_unique_across_threads(store: Case) {
    let taken = in_threads(8, {
        let store = Arc::clone(&store);
        move |thread| {
            let count = 1 + thread % 3;
            let mut taken = Vec::new();
            for _ in 0..500 {
                let first = store.numbers("ticket", count).unwrap();
                taken.extend(first..first + count);
            }
            taken
        }
    });
    let mut taken: Vec<_> = taken.into_iter().flatten().collect();
    let total = taken.len();
    taken.sort_unstable();
    taken.dedup();
    assert_eq!(taken.len(), total);
}

pub fn more_numbers_than_a_block_come_in_a_row(store: Case) {
    let first = store.numbers("ticket", 1).unwrap();
    let many = store.numbers("ticket", 5_000).unwrap();
    let after = store.numbers("ticket", 1).unwrap();
    assert!(
        first < many && many + 5_000 <= after,
        "{first} {many} {after}"
    );
}

pub fn numbers_are_limited(store: Case) {
    for (counter, count) in [("ticket", 0), ("ticket", MAX_NUMBERS + 1), ("", 1)] {
        let refused = store.numbers(counter, count);
        assert!(
            matches!(refused, Err(StoreError::Limit(_))),
            "{counter} {count}"
        );
    }
    assert!(store.numbers("ticket", MAX_NUMBERS).is_ok());
}

pub fn a_lease_is_granted_once(store: Case) {
    let lease = store.lease("timers", "one", LONG).unwrap().unwrap();
    assert_eq!(
        (lease.name.as_str(), lease.node.as_str()),
        ("timers", "one")
    );
    assert_eq!(store.lease("timers", "two", LONG).unwrap(), None);
    assert!(store.lease("outbox", "two", LONG).unwrap().is_some());
}

pub fn a_lease_is_renewed_by_its_holder(store: Case) {
    let lease = store.lease("timers", "one", LONG).unwrap();
    assert_eq!(store.lease("timers", "one", LONG).unwrap(), lease);
}

pub fn a_lease_that_ran_out_passes_on_with_a_new_epoch(store: Case) {
    let first = store
        .lease("timers", "one", Duration::ZERO)
        .unwrap()
        .unwrap();
    let second = store.lease("timers", "two", LONG).unwrap().unwrap();
    assert!(first.epoch < second.epoch);
    assert_eq!(store.lease("timers", "one", LONG).unwrap(), None);
}

pub fn a_held_lease_lets_a_batch_through(store: Case) {
    let lease = store.lease("timers", "one", LONG).unwrap().unwrap();
    apply(&*store, batch(1).fence(&lease));
}

pub fn a_lost_lease_fences_a_batch(store: Case) {
    let lost = store
        .lease("timers", "one", Duration::ZERO)
        .unwrap()
        .unwrap();
    let held = store.lease("timers", "two", LONG).unwrap().unwrap();
    assert_eq!(commit(&*store, batch(1).fence(&lost)), Outcome::Fenced);
    apply(&*store, batch(1).fence(&held));
}

pub fn a_lease_that_ran_out_fences_its_holder(store: Case) {
    let lease = store
        .lease("timers", "one", Duration::ZERO)
        .unwrap()
        .unwrap();
    assert_eq!(commit(&*store, batch(1).fence(&lease)), Outcome::Fenced);
}

pub fn an_unknown_lease_fences_a_batch(store: Case) {
    let invented = Lease {
        name: "timers".to_owned(),
        node: "one".to_owned(),
        epoch: 1,
    };
    assert_eq!(commit(&*store, batch(1).fence(&invented)), Outcome::Fenced);
}

pub fn a_fenced_batch_leaves_no_trace(store: Case) {
    let lease = store
        .lease("timers", "one", Duration::ZERO)
        .unwrap()
        .unwrap();
    let fenced = batch(1).fence(&lease).put(Table::Timers, "a", "");
    commit(&*store, fenced);
    assert_eq!(text(&*store, Table::Timers, "a"), None);
    assert!(store.journal(Pos::ZERO, 1).unwrap().is_empty());
    apply(&*store, batch(1));
}

pub fn leases_are_limited(store: Case) {
    let long = "x".repeat(256);
    for (name, node, ttl) in [
        ("", "one", LONG),
        ("timers", "", LONG),
        (long.as_str(), "one", LONG),
        ("timers", long.as_str(), LONG),
        ("timers", "one", MAX_LEASE_TTL + SOON),
    ] {
        assert!(matches!(
            store.lease(name, node, ttl),
            Err(StoreError::Limit(_))
        ));
    }
}
