//! The journal, and waiting for it.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use opora::store::{MAX_JOURNAL_BYTES, MAX_RANGE_ROWS, Outcome, Pos, StoreError};

use super::{Case, LONG, SOON};
use crate::kit::{apply, batch, commit, op};

pub fn the_journal_lists_batches_in_order(store: Case) {
    let batches = (1..=5).map(|number| batch(number).journal(&number.to_string()).done());
    store.commit(batches.collect()).unwrap();
    let rows = store.journal(Pos::ZERO, 100).unwrap();
    let entries: Vec<_> = rows.iter().map(|row| row.bytes.clone()).collect();
    assert_eq!(entries, [b"1", b"2", b"3", b"4", b"5"]);
    assert!(rows.is_sorted_by(|one, next| one.pos < next.pos));
}

pub fn the_journal_starts_after_a_position(store: Case) {
    apply(&*store, batch(1));
    let second = apply(&*store, batch(2));
    let third = apply(&*store, batch(3));
    let rows = store.journal(second, 100).unwrap();
    assert_eq!(rows.iter().map(|row| row.pos).collect::<Vec<_>>(), [third]);
}

pub fn the_journal_stops_at_max(store: Case) {
    store
        .commit((0..10).map(|number| batch(number).done()).collect())
        .unwrap();
    assert_eq!(store.journal(Pos::ZERO, 3).unwrap().len(), 3);
    assert_eq!(store.journal(Pos::ZERO, 0).unwrap().len(), 0);
    assert_eq!(store.journal(Pos::ZERO, usize::MAX).unwrap().len(), 10);
}

pub fn the_journal_past_the_end_is_empty(store: Case) {
    let last = apply(&*store, batch(1));
    assert!(store.journal(last, 10).unwrap().is_empty());
    assert!(store.journal(Pos(u64::MAX), 10).unwrap().is_empty());
}

pub fn the_journal_keeps_operation_and_entry(store: Case) {
    let pos = apply(&*store, batch(7).journal("what happened"));
    let rows = store.journal(Pos::ZERO, 10).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].pos, rows[0].op), (pos, op(7)));
    assert_eq!(rows[0].bytes, b"what happened");
}

pub fn the_journal_ends_a_large_answer_early(store: Case) {
    let entry = "x".repeat(MAX_JOURNAL_BYTES);
    for number in 0..20 {
        apply(&*store, batch(number).journal(&entry));
    }
    let first = store.journal(Pos::ZERO, 100).unwrap();
    assert!((1..20).contains(&first.len()), "{}", first.len());
    let rest = store.journal(first.last().unwrap().pos, 100).unwrap();
    assert_eq!(first.len() + rest.len(), 20);
}

pub fn a_rewritten_entry_keeps_position_and_operation(store: Case) {
    let first = apply(&*store, batch(1).journal("Anna called"));
    let second = apply(&*store, batch(2).journal("kept"));
    store
        .rewrite_journal(vec![(first, b"somebody called".to_vec())])
        .unwrap();
    let rows = store.journal(Pos::ZERO, 10).unwrap();
    assert_eq!((rows[0].pos, rows[0].op), (first, op(1)));
    assert_eq!(rows[0].bytes, b"somebody called");
    assert_eq!(
        (rows[1].pos, rows[1].bytes.as_slice()),
        (second, b"kept".as_slice())
    );
    assert_eq!(commit(&*store, batch(1)), Outcome::Duplicate(first));
}

pub fn rewriting_passes_over_unknown_positions(store: Case) {
    let pos = apply(&*store, batch(1).journal("a"));
    store
        .rewrite_journal(vec![(Pos(77), b"x".to_vec()), (pos, b"b".to_vec())])
        .unwrap();
    let rows = store.journal(Pos::ZERO, 10).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].bytes, b"b");
}

pub fn rewriting_is_limited(store: Case) {
    let pos = apply(&*store, batch(1).journal("a"));
    let long = store.rewrite_journal(vec![(pos, vec![0; MAX_JOURNAL_BYTES + 1])]);
    assert!(matches!(long, Err(StoreError::Limit(_))));
    let many = store.rewrite_journal(vec![(pos, Vec::new()); MAX_RANGE_ROWS + 1]);
    assert!(matches!(many, Err(StoreError::Limit(_))));
    assert_eq!(store.journal(Pos::ZERO, 10).unwrap()[0].bytes, b"a");
}

pub fn waiting_returns_at_once_when_something_lies_ahead(store: Case) {
    let pos = apply(&*store, batch(1));
    let started = Instant::now();
    assert_eq!(store.wait(Pos::ZERO, LONG), pos);
    assert!(started.elapsed() < LONG / 2);
}

pub fn waiting_times_out_with_the_last_position(store: Case) {
    let pos = apply(&*store, batch(1));
    let started = Instant::now();
    assert_eq!(store.wait(pos, SOON), pos);
    assert!(started.elapsed() >= SOON);
}

pub fn waiting_ends_with_a_commit(store: Case) {
    let first = apply(&*store, batch(1));
    let waiting = thread::spawn({
        let store = Arc::clone(&store);
        move || store.wait(first, LONG)
    });
    let second = apply(&*store, batch(2));
    assert_eq!(waiting.join().unwrap(), second);
}

pub fn waiting_ends_with_the_close(store: Case) {
    let started = Instant::now();
    let waiting = thread::spawn({
        let store = Arc::clone(&store);
        move || store.wait(Pos::ZERO, LONG)
    });
    store.close().unwrap();
    assert_eq!(waiting.join().unwrap(), Pos::ZERO);
    assert!(started.elapsed() < LONG / 2);
}
