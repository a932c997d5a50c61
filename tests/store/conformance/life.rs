//! Health, counting and closing.

use opora::store::{CountingStore, Counts, Pos, Store, StoreError, Table};

use super::{Case, LONG, letters};
use crate::kit::{apply, batch};

pub fn health_tells_position_and_oldest_reader(store: Case) {
    assert_eq!(store.health().unwrap().oldest_reader, None);
    let first = apply(&*store, batch(1));
    let old = store.snapshot(None).unwrap();
    let same = store.snapshot(None).unwrap();
    let second = apply(&*store, batch(2));
    let newer = store.snapshot(None).unwrap();
    let health = store.health().unwrap();
    assert_eq!((health.last, health.oldest_reader), (second, Some(first)));
    assert_eq!(health.commits, 2);
    drop(old);
    assert_eq!(store.health().unwrap().oldest_reader, Some(first));
    drop(same);
    assert_eq!(store.health().unwrap().oldest_reader, Some(second));
    drop(newer);
    assert_eq!(store.health().unwrap().oldest_reader, None);
}

pub fn live_bytes_fall_when_rows_go(store: Case) {
    let value = "v".repeat(10_000);
    apply(
        &*store,
        batch(1)
            .put(Table::Records, "a", "")
            .put(Table::Records, "b", &value),
    );
    let full = store.health().unwrap().live_bytes;
    assert!(full >= 10_000);
    apply(&*store, batch(2).put(Table::Records, "b", &value));
    let same = store.health().unwrap().live_bytes;
    assert!(same < full + 200, "{full} {same}");
    apply(
        &*store,
        batch(3)
            .delete(Table::Records, "b")
            .delete(Table::Records, "none"),
    );
    let less = store.health().unwrap().live_bytes;
    assert!(less < 1_000, "{less}");
    assert!(store.health().unwrap().file_bytes >= less);
}

pub fn a_closed_store_refuses_everything(store: Case) {
    store.numbers("ticket", 1).unwrap();
    store.lease("timers", "one", LONG).unwrap();
    let pos = apply(&*store, batch(1));
    store.close().unwrap();
    fn closed<T>(answer: Result<T, StoreError>) -> bool {
        matches!(answer, Err(StoreError::Closed))
    }
    assert!(closed(store.commit(vec![batch(2).done()])));
    assert!(closed(store.snapshot(None)));
    assert!(closed(store.snapshot(Some(Pos(pos.0 + 1)))));
    assert!(closed(store.numbers("ticket", 1)));
    assert!(closed(store.journal(Pos::ZERO, 1)));
    assert!(closed(store.rewrite_journal(vec![(pos, Vec::new())])));
    assert!(closed(store.lease("timers", "one", LONG)));
    assert!(closed(store.lease("outbox", "one", LONG)));
    assert!(closed(store.health()));
    assert_eq!(store.wait(pos, LONG), pos);
}

pub fn a_snapshot_of_a_closed_store_is_closed(store: Case) {
    apply(&*store, batch(1).put(Table::Records, "a", "1"));
    let snapshot = store.snapshot(None).unwrap();
    store.close().unwrap();
    let read = snapshot.get(Table::Records, b"a");
    assert!(matches!(read, Err(StoreError::Closed)), "{read:?}");
    let read = snapshot.range(Table::Records, b"", b"z", false, 1);
    assert!(matches!(read, Err(StoreError::Closed)), "{read:?}");
}

pub fn closing_twice_is_allowed(store: Case) {
    apply(&*store, batch(1));
    store.close().unwrap();
    store.close().unwrap();
}

pub fn a_counting_store_counts_round_trips(store: Case) {
    let counting = CountingStore::new(store);
    apply(&counting, letters(&["a", "b", "c"]));
    let snapshot = counting.snapshot(None).unwrap();
    snapshot.get(Table::Records, b"a").unwrap();
    snapshot
        .get_many(&[
            (Table::Records, b"b".to_vec()),
            (Table::Records, b"x".to_vec()),
        ])
        .unwrap();
    snapshot
        .range(Table::Records, b"", b"z", false, 10)
        .unwrap();
    let expected = Counts {
        snapshots: 1,
        gets: 2,
        keys: 3,
        ranges: 1,
        rows: 5,
        commits: 1,
        batches: 1,
        ..Counts::default()
    };
    assert_eq!(counting.counts(), expected);
    assert_eq!((expected.reads(), expected.round_trips()), (3, 4));
    assert_eq!(counting.take(), expected);
    assert_eq!(counting.counts(), Counts::default());
}
