//! Ranges: bounds, order, direction and limits.

use opora::store::{MAX_RANGE_ROWS, StoreError, Table};

use super::{Case, letters, range};
use crate::kit::{apply, batch};

pub fn a_range_is_in_key_order(store: Case) {
    apply(&*store, letters(&["d", "b", "a", "c"]));
    assert_eq!(range(&*store, "", "z", false, 10), ["a", "b", "c", "d"]);
}

pub fn a_range_starts_at_from_and_ends_before_to(store: Case) {
    apply(&*store, letters(&["a", "b", "c", "d"]));
    assert_eq!(range(&*store, "b", "d", false, 10), ["b", "c"]);
    assert_eq!(range(&*store, "aa", "cc", false, 10), ["b", "c"]);
}

pub fn a_reverse_range_runs_backwards_within_the_same_bounds(store: Case) {
    apply(&*store, letters(&["a", "b", "c", "d"]));
    assert_eq!(range(&*store, "b", "d", true, 10), ["c", "b"]);
    assert_eq!(range(&*store, "", "z", true, 10), ["d", "c", "b", "a"]);
}

pub fn a_range_stops_at_its_limit(store: Case) {
    apply(&*store, letters(&["a", "b", "c", "d"]));
    assert_eq!(range(&*store, "", "z", false, 2), ["a", "b"]);
}

pub fn a_reverse_range_stops_at_its_limit(store: Case) {
    apply(&*store, letters(&["a", "b", "c", "d"]));
    assert_eq!(range(&*store, "", "z", true, 2), ["d", "c"]);
}

pub fn a_range_with_equal_bounds_is_empty(store: Case) {
    apply(&*store, letters(&["a", "b"]));
    assert!(range(&*store, "a", "a", false, 10).is_empty());
    assert!(range(&*store, "a", "a", true, 10).is_empty());
}

pub fn a_range_with_crossed_bounds_is_empty(store: Case) {
    apply(&*store, letters(&["a", "b"]));
    assert!(range(&*store, "z", "a", false, 10).is_empty());
    assert!(range(&*store, "z", "a", true, 10).is_empty());
}

pub fn a_range_of_zero_rows_is_empty(store: Case) {
    apply(&*store, letters(&["a", "b"]));
    assert!(range(&*store, "", "z", false, 0).is_empty());
}

pub fn a_range_orders_bytes_not_text(store: Case) {
    let mut rows = batch(1).done();
    for key in [vec![0xff], vec![0x00, 0xff], vec![0x7f], vec![0x00]] {
        rows.put.push((Table::Index, key, Vec::new()));
    }
    store.commit(vec![rows]).unwrap();
    let snapshot = store.snapshot(None).unwrap();
    let rows = snapshot
        .range(Table::Index, &[], &[0xff, 0], false, 10)
        .unwrap();
    let keys: Vec<_> = rows.into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, [vec![0x00], vec![0x00, 0xff], vec![0x7f], vec![0xff]]);
}

pub fn a_range_passes_over_deleted_rows(store: Case) {
    apply(&*store, letters(&["a", "b", "c"]));
    let _held = store.snapshot(None).unwrap();
    apply(&*store, batch(2).delete(Table::Records, "b"));
    assert_eq!(range(&*store, "", "z", false, 2), ["a", "c"]);
}

pub fn a_range_over_the_row_limit_is_refused(store: Case) {
    let snapshot = store.snapshot(None).unwrap();
    assert!(
        snapshot
            .range(Table::Records, b"", b"z", false, MAX_RANGE_ROWS)
            .is_ok()
    );
    let over = snapshot.range(Table::Records, b"", b"z", false, MAX_RANGE_ROWS + 1);
    assert!(matches!(over, Err(StoreError::Limit(_))));
}

pub fn a_range_carries_versions(store: Case) {
    let first = apply(&*store, batch(1).put(Table::Records, "a", "1"));
    let second = apply(&*store, batch(2).put(Table::Records, "b", "2"));
    let snapshot = store.snapshot(None).unwrap();
    let rows = snapshot
        .range(Table::Records, b"", b"z", false, 10)
        .unwrap();
    let versions: Vec<_> = rows.into_iter().map(|(_, row)| row.version).collect();
    assert_eq!(versions, [first, second]);
}
