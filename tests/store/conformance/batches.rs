//! Batches: positions, expectations, conflicts and operations applied once.

use std::sync::Arc;

use opora::store::{Batch, Outcome, Pos, Table};

use super::{Case, in_threads, is_done};
use crate::kit::{Build, OPS_KEPT, apply, batch, commit, keys, text};

pub fn positions_rise(store: Case) {
    let mut last = Pos::ZERO;
    for number in 0..20 {
        let pos = apply(&*store, batch(number));
        assert!(last < pos);
        last = pos;
    }
}

pub fn a_conflicting_batch_takes_no_position(store: Case) {
    let first = apply(&*store, batch(1).put(Table::Guards, "a", ""));
    commit(&*store, batch(2).absent(Table::Guards, "a"));
    assert_eq!(store.health().unwrap().last, first);
    assert_eq!(store.journal(Pos::ZERO, 10).unwrap().len(), 1);
}

pub fn an_empty_commit_does_nothing(store: Case) {
    assert_eq!(store.commit(Vec::new()).unwrap(), []);
    assert_eq!(store.health().unwrap().last, Pos::ZERO);
}

pub fn expecting_an_absent_row_holds(store: Case) {
    let claim = batch(1)
        .absent(Table::Guards, "a")
        .put(Table::Guards, "a", "me");
    apply(&*store, claim);
}

pub fn expecting_absence_of_a_present_row_conflicts(store: Case) {
    apply(&*store, batch(1).put(Table::Guards, "a", "me"));
    let outcome = commit(&*store, batch(2).absent(Table::Guards, "a"));
    assert_eq!(outcome, Outcome::Conflict(Table::Guards, b"a".to_vec()));
}

pub fn expecting_a_version_holds(store: Case) {
    let pos = apply(&*store, batch(1).put(Table::Records, "a", "1"));
    let next = batch(2)
        .version(Table::Records, "a", pos)
        .put(Table::Records, "a", "2");
    apply(&*store, next);
}

pub fn expecting_an_old_version_conflicts(store: Case) {
    let pos = apply(&*store, batch(1).put(Table::Records, "a", "1"));
    apply(&*store, batch(2).put(Table::Records, "a", "2"));
    let outcome = commit(&*store, batch(3).version(Table::Records, "a", pos));
    assert_eq!(outcome, Outcome::Conflict(Table::Records, b"a".to_vec()));
}

pub fn expecting_a_version_of_an_absent_row_conflicts(store: Case) {
    let outcome = commit(&*store, batch(1).version(Table::Records, "a", Pos(1)));
    assert_eq!(outcome, Outcome::Conflict(Table::Records, b"a".to_vec()));
}

pub fn a_deleted_row_counts_as_absent(store: Case) {
    let pos = apply(&*store, batch(1).put(Table::Guards, "a", "1"));
    let _held = store.snapshot(None).unwrap();
    apply(&*store, batch(2).delete(Table::Guards, "a"));
    let outcome = commit(&*store, batch(3).version(Table::Guards, "a", pos));
    assert_eq!(outcome, Outcome::Conflict(Table::Guards, b"a".to_vec()));
    apply(&*store, batch(4).absent(Table::Guards, "a"));
}

pub fn a_conflict_names_the_first_unexpected_row(store: Case) {
    let pos = apply(&*store, batch(1).put(Table::Records, "a", "1"));
    let wrong = batch(2)
        .version(Table::Records, "a", pos)
        .version(Table::Records, "b", pos)
        .version(Table::Records, "c", pos);
    let outcome = commit(&*store, wrong);
    assert_eq!(outcome, Outcome::Conflict(Table::Records, b"b".to_vec()));
}

pub fn a_conflict_leaves_no_trace(store: Case) {
    apply(&*store, batch(1).put(Table::Records, "a", "1"));
    let wrong = batch(2)
        .put(Table::Records, "a", "2")
        .put(Table::Index, "i", "")
        .delete(Table::Records, "a")
        .at_pos(Table::History, "h", "")
        .absent(Table::Records, "a")
        .journal("never");
    commit(&*store, wrong);
    assert_eq!(text(&*store, Table::Records, "a").as_deref(), Some("1"));
    assert_eq!(text(&*store, Table::Index, "i"), None);
    assert!(keys(&*store, Table::History, "", "z").is_empty());
    assert_eq!(store.journal(Pos::ZERO, 10).unwrap().len(), 1);
}

pub fn a_conflicting_operation_may_be_sent_again(store: Case) {
    apply(&*store, batch(1).put(Table::Guards, "a", "1"));
    commit(&*store, batch(2).absent(Table::Guards, "a"));
    apply(&*store, batch(3).delete(Table::Guards, "a"));
    apply(&*store, batch(2).absent(Table::Guards, "a"));
}

pub fn a_batch_sees_the_earlier_ones_of_its_call(store: Case) {
    let outcomes = store.commit(vec![
        batch(1).put(Table::Guards, "a", "1").done(),
        batch(2).absent(Table::Guards, "a").done(),
        batch(3).delete(Table::Guards, "a").done(),
        batch(4).absent(Table::Guards, "a").done(),
    ]);
    let applied: Vec<_> = outcomes.unwrap().iter().map(is_done).collect();
    assert_eq!(applied, [true, false, true, true]);
}

pub fn a_conflict_in_a_call_spares_the_others(store: Case) {
    let outcomes = store.commit(vec![
        batch(1).put(Table::Records, "a", "1").done(),
        batch(2)
            .put(Table::Records, "b", "2")
            .absent(Table::Records, "a")
            .done(),
        batch(3).put(Table::Records, "c", "3").done(),
    ]);
    let applied: Vec<_> = outcomes.unwrap().iter().map(is_done).collect();
    assert_eq!(applied, [true, false, true]);
    assert_eq!(keys(&*store, Table::Records, "", "z"), ["a", "c"]);
    assert_eq!(store.journal(Pos::ZERO, 10).unwrap().len(), 2);
}

pub fn a_later_batch_can_expect_what_an_earlier_wrote(store: Case) {
    let pos = apply(&*store, batch(1).put(Table::Records, "a", "1"));
    let outcomes = store.commit(vec![
        batch(2)
            .version(Table::Records, "a", pos)
            .put(Table::Records, "a", "2")
            .done(),
        batch(3)
            .version(Table::Records, "a", pos)
            .put(Table::Records, "a", "3")
            .done(),
    ]);
    let outcomes = outcomes.unwrap();
    assert!(is_done(&outcomes[0]));
    assert_eq!(
        outcomes[1],
        Outcome::Conflict(Table::Records, b"a".to_vec())
    );
    assert_eq!(text(&*store, Table::Records, "a").as_deref(), Some("2"));
}

/// Three batches on one row, each on the one before it; the first expects what does not hold.
fn on_a_conflict() -> Vec<Batch> {
    let first = batch(2).absent(Table::Records, "a");
    let second = batch(3).after(2).put(Table::Records, "b", "3");
    let third = batch(4).after(3).by(Table::Records, "b", 3);
    [first, second, third].map(Build::done).into()
}

pub fn expecting_a_row_by_an_operation_of_the_same_call_holds(store: Case) {
    let first = batch(1).put(Table::Records, "a", "1");
    let second = batch(2)
        .by(Table::Records, "a", 1)
        .put(Table::Records, "a", "2");
    let third = batch(3)
        .by(Table::Records, "a", 2)
        .delete(Table::Records, "a");
    let outcomes = store.commit([first, second, third].map(Build::done).into());
    assert!(outcomes.unwrap().iter().all(is_done));
    assert_eq!(text(&*store, Table::Records, "a"), None);
}

pub fn expecting_a_row_by_an_operation_of_an_earlier_call_holds(store: Case) {
    apply(&*store, batch(1).put(Table::Records, "a", "1"));
    apply(&*store, batch(2).put(Table::Records, "b", "2"));
    apply(&*store, batch(3).by(Table::Records, "a", 1));
}

pub fn expecting_a_row_by_another_operation_conflicts(store: Case) {
    apply(&*store, batch(1).put(Table::Records, "a", "1"));
    apply(&*store, batch(2).put(Table::Records, "a", "2"));
    let outcome = commit(&*store, batch(3).by(Table::Records, "a", 1));
    assert_eq!(outcome, Outcome::Conflict(Table::Records, b"a".to_vec()));
    apply(&*store, batch(4).delete(Table::Records, "a"));
    let outcome = commit(&*store, batch(5).by(Table::Records, "a", 4));
    assert_eq!(outcome, Outcome::Conflict(Table::Records, b"a".to_vec()));
}

pub fn expecting_a_row_by_an_unknown_operation_conflicts(store: Case) {
    let conflict = Outcome::Conflict(Table::Records, b"a".to_vec());
    let absent = commit(&*store, batch(1).by(Table::Records, "a", 9));
    assert_eq!(absent, conflict, "neither is there");
    apply(&*store, batch(2).put(Table::Records, "a", "2"));
    let present = commit(&*store, batch(3).by(Table::Records, "a", 9));
    assert_eq!(present, conflict);
}

pub fn expecting_a_row_by_an_operation_that_conflicted_conflicts(store: Case) {
    apply(&*store, batch(1).put(Table::Records, "a", "1"));
    let first = batch(2)
        .absent(Table::Records, "a")
        .put(Table::Records, "a", "2");
    let second = batch(3).by(Table::Records, "a", 2);
    let outcomes = store.commit([first, second].map(Build::done).into());
    let conflict = Outcome::Conflict(Table::Records, b"a".to_vec());
    assert_eq!(outcomes.unwrap(), [conflict.clone(), conflict]);
}

pub fn what_stands_on_a_conflict_is_orphaned_to_the_last(store: Case) {
    apply(&*store, batch(1).put(Table::Records, "a", "1"));
    let outcomes = store.commit(on_a_conflict()).unwrap();
    let conflict = Outcome::Conflict(Table::Records, b"a".to_vec());
    assert_eq!(outcomes, [conflict, Outcome::Orphaned, Outcome::Orphaned]);
    assert_eq!(text(&*store, Table::Records, "b"), None);
    let next = store.journal(Pos::ZERO, 10).unwrap();
    assert_eq!(next.len(), 1, "an orphan takes no position");
}

pub fn what_stands_on_an_earlier_call_is_applied(store: Case) {
    apply(&*store, batch(1));
    apply(&*store, batch(2));
    apply(&*store, batch(3).after(1));
}

pub fn what_stands_on_an_unknown_operation_is_orphaned(store: Case) {
    assert_eq!(commit(&*store, batch(1).after(9)), Outcome::Orphaned);
    assert_eq!(
        commit(&*store, batch(1).after(1)),
        Outcome::Orphaned,
        "nor on itself"
    );
}

pub fn an_orphan_may_be_sent_again(store: Case) {
    let row = apply(&*store, batch(1).put(Table::Records, "a", "1"));
    store.commit(on_a_conflict()).unwrap();
    let mut again = on_a_conflict();
    again[0] = batch(2).version(Table::Records, "a", row).done();
    assert!(store.commit(again).unwrap().iter().all(is_done));
    assert_eq!(text(&*store, Table::Records, "b").as_deref(), Some("3"));
}

pub fn a_duplicate_is_told_before_an_orphan(store: Case) {
    let pos = apply(&*store, batch(1));
    assert_eq!(commit(&*store, batch(1).after(9)), Outcome::Duplicate(pos));
}

pub fn two_claims_of_a_unique_key_let_one_through(store: Case) {
    let claims = in_threads(8, {
        let store = Arc::clone(&store);
        move |thread| {
            let claim = batch(thread).absent(Table::Guards, "mail").put(
                Table::Guards,
                "mail",
                &thread.to_string(),
            );
            is_done(&commit(&*store, claim))
        }
    });
    assert_eq!(claims.into_iter().filter(|won| *won).count(), 1);
}

pub fn a_repeated_operation_is_a_duplicate(store: Case) {
    let pos = apply(&*store, batch(1).put(Table::Records, "a", "1"));
    apply(&*store, batch(2));
    let again = commit(&*store, batch(1).put(Table::Records, "a", "changed"));
    assert_eq!(again, Outcome::Duplicate(pos));
    assert_eq!(text(&*store, Table::Records, "a").as_deref(), Some("1"));
}

pub fn a_duplicate_within_a_call_is_found(store: Case) {
    let outcomes = store
        .commit(vec![batch(1).done(), batch(1).done()])
        .unwrap();
    let Outcome::Done(pos) = outcomes[0] else {
        panic!("{outcomes:?}");
    };
    assert_eq!(outcomes[1], Outcome::Duplicate(pos));
}

pub fn a_duplicate_is_told_before_a_conflict(store: Case) {
    let claim = || {
        batch(1)
            .absent(Table::Guards, "a")
            .put(Table::Guards, "a", "")
    };
    let pos = apply(&*store, claim());
    assert_eq!(commit(&*store, claim()), Outcome::Duplicate(pos));
}

pub fn operations_beyond_the_window_are_forgotten(store: Case) {
    let first = apply(&*store, batch(1));
    for number in 2..=OPS_KEPT {
        apply(&*store, batch(number));
    }
    assert_eq!(commit(&*store, batch(1)), Outcome::Duplicate(first));
    let rest = (OPS_KEPT + 1..OPS_KEPT + 4).map(|number| batch(number).done());
    store.commit(rest.collect()).unwrap();
    assert!(is_done(&commit(&*store, batch(1))));
    assert!(is_done(&commit(&*store, batch(3))));
    let kept = commit(&*store, batch(OPS_KEPT));
    assert!(matches!(kept, Outcome::Duplicate(_)), "{kept:?}");
}

pub fn put_at_pos_appends_the_position(store: Case) {
    let pos = apply(&*store, batch(1).at_pos(Table::History, "rec-", "what"));
    let mut key = b"rec-".to_vec();
    key.extend(pos.0.to_be_bytes());
    let row = store
        .snapshot(None)
        .unwrap()
        .get(Table::History, &key)
        .unwrap()
        .unwrap();
    assert_eq!((row.version, row.bytes), (pos, b"what".to_vec()));
}

pub fn put_at_pos_keys_sort_by_position(store: Case) {
    let batches = (0..300).map(|number| batch(number).at_pos(Table::History, "r", "").done());
    store.commit(batches.collect()).unwrap();
    let snapshot = store.snapshot(None).unwrap();
    let rows = snapshot
        .range(Table::History, b"r", b"s", false, 1_000)
        .unwrap();
    let versions: Vec<_> = rows.iter().map(|(_, row)| row.version).collect();
    assert_eq!(versions.len(), 300);
    assert!(versions.is_sorted());
}

pub fn put_at_pos_of_a_conflict_leaves_no_trace(store: Case) {
    let outcomes = store.commit(vec![
        batch(1).at_pos(Table::History, "h", "kept").done(),
        batch(2)
            .version(Table::Records, "none", Pos(1))
            .at_pos(Table::History, "h", "never")
            .done(),
        batch(3).at_pos(Table::History, "h", "kept").done(),
    ]);
    assert_eq!(
        outcomes
            .unwrap()
            .iter()
            .filter(|outcome| is_done(outcome))
            .count(),
        2
    );
    let snapshot = store.snapshot(None).unwrap();
    let rows = snapshot
        .range(Table::History, b"h", b"i", false, 10)
        .unwrap();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|(_, row)| row.bytes == b"kept"));
}
