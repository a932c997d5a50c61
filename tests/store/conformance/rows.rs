//! Rows: putting, deleting and reading single ones.

use opora::store::{Pos, Span, Table};

use super::{Case, letters};
use crate::kit::{apply, batch, keys, text};

pub fn a_put_row_is_read_back(store: Case) {
    apply(&*store, batch(1).put(Table::Records, "a", "one"));
    assert_eq!(text(&*store, Table::Records, "a").as_deref(), Some("one"));
}

pub fn a_row_carries_the_position_of_its_batch(store: Case) {
    apply(&*store, batch(1).put(Table::Records, "a", "one"));
    let pos = apply(&*store, batch(2).put(Table::Records, "b", "two"));
    let snapshot = store.snapshot(None).unwrap();
    let row = snapshot.get(Table::Records, b"b").unwrap().unwrap();
    assert_eq!(row.version, pos);
}

pub fn an_absent_row_is_none(store: Case) {
    assert_eq!(text(&*store, Table::Records, "a"), None);
    assert_eq!(store.snapshot(None).unwrap().pos(), Pos::ZERO);
}

pub fn an_empty_value_is_a_row(store: Case) {
    apply(&*store, batch(1).put(Table::Index, "a", ""));
    assert_eq!(text(&*store, Table::Index, "a").as_deref(), Some(""));
    assert_eq!(keys(&*store, Table::Index, "", "z"), ["a"]);
}

pub fn an_empty_key_is_a_key(store: Case) {
    apply(&*store, batch(1).put(Table::Meta, "", "root"));
    assert_eq!(text(&*store, Table::Meta, "").as_deref(), Some("root"));
    assert_eq!(keys(&*store, Table::Meta, "", "z"), [""]);
}

pub fn a_second_put_replaces_the_first(store: Case) {
    let first = apply(&*store, batch(1).put(Table::Records, "a", "one"));
    let second = apply(&*store, batch(2).put(Table::Records, "a", "two"));
    assert!(first < second);
    assert_eq!(text(&*store, Table::Records, "a").as_deref(), Some("two"));
    assert_eq!(keys(&*store, Table::Records, "", "z"), ["a"]);
}

pub fn of_two_puts_in_a_batch_the_later_wins(store: Case) {
    let twice = batch(1)
        .put(Table::Records, "a", "one")
        .put(Table::Records, "a", "two");
    apply(&*store, twice);
    assert_eq!(text(&*store, Table::Records, "a").as_deref(), Some("two"));
}

pub fn a_deleted_row_is_gone(store: Case) {
    apply(&*store, batch(1).put(Table::Records, "a", "one"));
    apply(&*store, batch(2).delete(Table::Records, "a"));
    assert_eq!(text(&*store, Table::Records, "a"), None);
}

pub fn deleting_an_absent_row_is_allowed(store: Case) {
    apply(&*store, batch(1).delete(Table::Records, "a"));
    apply(&*store, batch(2).delete(Table::Records, "a"));
    assert_eq!(text(&*store, Table::Records, "a"), None);
}

pub fn a_row_deleted_and_put_in_one_batch_is_there(store: Case) {
    apply(&*store, batch(1).put(Table::Index, "a", "one"));
    let both = batch(2)
        .put(Table::Index, "a", "two")
        .delete(Table::Index, "a");
    apply(&*store, both);
    assert_eq!(text(&*store, Table::Index, "a").as_deref(), Some("two"));
}

pub fn a_row_can_come_back_after_its_deletion(store: Case) {
    apply(&*store, batch(1).put(Table::Records, "a", "one"));
    let _held = store.snapshot(None).unwrap();
    apply(&*store, batch(2).delete(Table::Records, "a"));
    apply(&*store, batch(3).put(Table::Records, "a", "again"));
    assert_eq!(text(&*store, Table::Records, "a").as_deref(), Some("again"));
}

pub fn tables_do_not_share_keys(store: Case) {
    apply(&*store, batch(1).put(Table::Records, "a", "record"));
    assert_eq!(text(&*store, Table::Index, "a"), None);
    apply(&*store, batch(2).delete(Table::Index, "a"));
    assert!(text(&*store, Table::Records, "a").is_some());
}

pub fn every_table_takes_rows(store: Case) {
    for (number, table) in Table::ALL.into_iter().enumerate() {
        let name = format!("{table:?}");
        apply(&*store, batch(number as u64).put(table, "a", &name));
    }
    for table in Table::ALL {
        assert_eq!(text(&*store, table, "a"), Some(format!("{table:?}")));
    }
}

pub fn get_many_answers_in_order_with_gaps(store: Case) {
    apply(&*store, letters(&["a", "c"]));
    let snapshot = store.snapshot(None).unwrap();
    let asked = ["c", "b", "a", "c"].map(|key| (Table::Records, key.into()));
    let rows = snapshot.get_many(&asked).unwrap();
    let found: Vec<_> = rows
        .into_iter()
        .map(|row| row.map(|row| row.bytes))
        .collect();
    assert_eq!(
        found,
        [
            Some(b"c".to_vec()),
            None,
            Some(b"a".to_vec()),
            Some(b"c".to_vec())
        ]
    );
}

pub fn keys_and_spans_are_read_together(store: Case) {
    apply(&*store, letters(&["a", "b", "c", "d"]));
    let span = |from: &str, to: &str, limit| Span {
        table: Table::Records,
        from: from.into(),
        to: to.into(),
        limit,
    };
    let snapshot = store.snapshot(None).unwrap();
    let keys = ["d", "x"].map(|key| (Table::Records, key.into()));
    let spans = [span("b", "d", 9), span("a", "e", 1), span("x", "z", 9)];
    let (rows, found) = snapshot.read(&keys, &spans).unwrap();
    let rows: Vec<_> = rows.into_iter().map(|row| row.map(|r| r.bytes)).collect();
    assert_eq!(rows, [Some(b"d".to_vec()), None]);
    let found: Vec<Vec<_>> = found
        .into_iter()
        .map(|rows| rows.into_iter().map(|(key, _)| key).collect())
        .collect();
    let none: Vec<Vec<u8>> = Vec::new();
    assert_eq!(
        found,
        [
            vec![b"b".to_vec(), b"c".to_vec()],
            vec![b"a".to_vec()],
            none
        ]
    );
}

pub fn get_many_of_nothing_is_nothing(store: Case) {
    assert_eq!(store.snapshot(None).unwrap().get_many(&[]).unwrap(), []);
}
