//! Snapshots, and many threads at once.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use opora::store::{Pos, Table};

use super::{Case, in_threads, is_done, letters};
use crate::kit::{apply, batch, commit, keys, text, text_in};

pub fn a_snapshot_does_not_change(store: Case) {
    apply(&*store, batch(1).put(Table::Records, "a", "1"));
    let snapshot = store.snapshot(None).unwrap();
    for number in 2..40 {
        apply(&*store, batch(number).put(Table::Records, "a", "later"));
    }
    assert_eq!(
        text_in(&*snapshot, Table::Records, "a").as_deref(),
        Some("1")
    );
    assert_eq!(text(&*store, Table::Records, "a").as_deref(), Some("later"));
}

pub fn a_snapshot_keeps_deleted_rows(store: Case) {
    apply(&*store, batch(1).put(Table::Records, "a", "1"));
    let snapshot = store.snapshot(None).unwrap();
    apply(&*store, batch(2).delete(Table::Records, "a"));
    apply(&*store, batch(3).put(Table::Records, "b", "2"));
    assert_eq!(
        text_in(&*snapshot, Table::Records, "a").as_deref(),
        Some("1")
    );
    assert_eq!(text_in(&*snapshot, Table::Records, "b"), None);
}

pub fn a_snapshot_keeps_its_ranges(store: Case) {
    apply(&*store, letters(&["a", "b", "c"]));
    let snapshot = store.snapshot(None).unwrap();
    apply(
        &*store,
        batch(2)
            .delete(Table::Records, "b")
            .put(Table::Records, "d", "d"),
    );
    let rows = snapshot.range(Table::Records, b"", b"z", true, 10).unwrap();
    let keys: Vec<_> = rows.into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, [b"c".to_vec(), b"b".to_vec(), b"a".to_vec()]);
}

pub fn a_snapshot_knows_its_position(store: Case) {
    let first = apply(&*store, batch(1));
    let snapshot = store.snapshot(None).unwrap();
    apply(&*store, batch(2));
    assert_eq!(snapshot.pos(), first);
}

pub fn snapshots_of_several_ages_stand_side_by_side(store: Case) {
    let mut snapshots = Vec::new();
    for number in 1..20 {
        let value = number.to_string();
        let row = batch(number).put(Table::Records, "a", &value);
        // Every third version is a deletion.
        let row = if number % 3 == 0 {
            batch(number).delete(Table::Records, "a")
        } else {
            row
        };
        apply(&*store, row);
        snapshots.push(store.snapshot(None).unwrap());
    }
    // Dropping some must not take what the others see.
    for at in (0..snapshots.len()).rev().step_by(4) {
        snapshots.remove(at);
    }
    apply(&*store, batch(100).put(Table::Records, "a", "last"));
    for snapshot in snapshots {
        let number = snapshot.pos().0;
        let expected = (number % 3 != 0).then(|| number.to_string());
        assert_eq!(text_in(&*snapshot, Table::Records, "a"), expected);
    }
}

pub fn a_snapshot_waits_for_its_position(store: Case) {
    let first = apply(&*store, batch(1));
    let waiting = thread::spawn({
        let store = Arc::clone(&store);
        move || store.snapshot(Some(Pos(first.0 + 1))).unwrap().pos()
    });
    let second = apply(&*store, batch(2));
    assert_eq!(waiting.join().unwrap(), second);
}

pub fn a_snapshot_of_a_past_position_does_not_wait(store: Case) {
    let first = apply(&*store, batch(1));
    let second = apply(&*store, batch(2));
    let started = Instant::now();
    assert_eq!(store.snapshot(Some(first)).unwrap().pos(), second);
    assert!(started.elapsed() < Duration::from_secs(2));
}

pub fn commits_from_many_threads_all_land(store: Case) {
    in_threads(16, {
        let store = Arc::clone(&store);
        move |thread| {
            for turn in 0..20 {
                let key = format!("{thread:02}-{turn:02}");
                let pos = apply(
                    &*store,
                    batch(thread * 100 + turn).put(Table::Records, &key, &key),
                );
                // One reads what one wrote, as soon as it is answered.
                let snapshot = store.snapshot(Some(pos)).unwrap();
                assert!(snapshot.pos() >= pos);
                assert_eq!(text_in(&*snapshot, Table::Records, &key), Some(key));
            }
        }
    });
    assert_eq!(keys(&*store, Table::Records, "", "z").len(), 320);
    let journal = store.journal(Pos::ZERO, 1_000).unwrap();
    assert_eq!(journal.len(), 320);
    assert!(store.health().unwrap().commits <= 320);
}

pub fn contended_updates_are_never_lost(store: Case) {
    apply(&*store, batch(1).put(Table::Records, "n", "0"));
    in_threads(8, {
        let store = Arc::clone(&store);
        move |thread| {
            let mut attempt = 0;
            for _ in 0..10 {
                loop {
                    attempt += 1;
                    let row = store
                        .snapshot(None)
                        .unwrap()
                        .get(Table::Records, b"n")
                        .unwrap();
                    let row = row.unwrap();
                    let value: u64 = String::from_utf8(row.bytes).unwrap().parse().unwrap();
                    let next = batch(10_000 * (thread + 1) + attempt)
                        .version(Table::Records, "n", row.version)
                        .put(Table::Records, "n", &(value + 1).to_string());
                    if is_done(&commit(&*store, next)) {
                        break;
                    }
                }
            }
        }
    });
    assert_eq!(text(&*store, Table::Records, "n").as_deref(), Some("80"));
}

pub fn readers_see_whole_batches_only(store: Case) {
    let write = |number: u64| {
        let value = number.to_string();
        batch(number)
            .put(Table::Records, "a", &value)
            .put(Table::Index, "b", &value)
            .at_pos(Table::History, "h", &value)
    };
    apply(&*store, write(1));
    let reading: Vec<_> = (0..3)
        .map(|_| {
            let store = Arc::clone(&store);
            thread::spawn(move || {
                for _ in 0..300 {
                    let snapshot = store.snapshot(None).unwrap();
                    let number = text_in(&*snapshot, Table::Records, "a").unwrap();
                    assert_eq!(
                        text_in(&*snapshot, Table::Index, "b").as_ref(),
                        Some(&number)
                    );
                    let last = snapshot.range(Table::History, b"h", b"i", true, 1).unwrap();
                    assert_eq!(last[0].1.bytes, number.as_bytes());
                    assert_eq!(last[0].1.version, snapshot.pos());
                }
            })
        })
        .collect();
    for number in 2..300 {
        apply(&*store, write(number));
    }
    for reader in reading {
        reader.join().unwrap();
    }
}
