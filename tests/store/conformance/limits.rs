//! Limits: the most is taken, one more is refused.

use opora::store::{
    MAX_BATCH_BYTES, MAX_BATCH_ROWS, MAX_JOURNAL_BYTES, MAX_KEY_BYTES, MAX_VALUE_BYTES, Pos,
    StoreError, Table,
};

use super::{Case, is_done, refused};
use crate::kit::{apply, batch, text};

pub fn the_longest_key_is_taken_and_one_more_refused(store: Case) {
    let longest = "k".repeat(MAX_KEY_BYTES);
    apply(&*store, batch(1).put(Table::Records, &longest, "v"));
    assert!(text(&*store, Table::Records, &longest).is_some());
    let over = "k".repeat(MAX_KEY_BYTES + 1);
    refused(&*store, batch(2).put(Table::Records, &over, "v").done());
    refused(&*store, batch(3).delete(Table::Records, &over).done());
    refused(&*store, batch(4).absent(Table::Records, &over).done());
    assert_eq!(text(&*store, Table::Records, &over), None);
}

pub fn the_longest_key_at_a_position_leaves_room_for_it(store: Case) {
    let longest = "k".repeat(MAX_KEY_BYTES - 8);
    apply(&*store, batch(1).at_pos(Table::History, &longest, "v"));
    let over = "k".repeat(MAX_KEY_BYTES - 7);
    refused(&*store, batch(2).at_pos(Table::History, &over, "v").done());
}

pub fn the_longest_value_is_taken_and_one_more_refused(store: Case) {
    let longest = "v".repeat(MAX_VALUE_BYTES);
    apply(&*store, batch(1).put(Table::Blobs, "a", &longest));
    assert_eq!(text(&*store, Table::Blobs, "a"), Some(longest));
    let over = "v".repeat(MAX_VALUE_BYTES + 1);
    refused(&*store, batch(2).put(Table::Blobs, "a", &over).done());
    refused(&*store, batch(3).at_pos(Table::Blobs, "a", &over).done());
}

pub fn the_longest_entry_is_taken_and_one_more_refused(store: Case) {
    apply(&*store, batch(1).journal(&"j".repeat(MAX_JOURNAL_BYTES)));
    refused(
        &*store,
        batch(2).journal(&"j".repeat(MAX_JOURNAL_BYTES + 1)).done(),
    );
}

pub fn the_most_rows_are_taken_and_one_more_refused(store: Case) {
    let rows = |count: usize| {
        let mut batch = batch(count as u64).done();
        batch.put = (0..count)
            .map(|row| (Table::Index, row.to_be_bytes().to_vec(), Vec::new()))
            .collect();
        batch
    };
    assert!(is_done(
        &store.commit(vec![rows(MAX_BATCH_ROWS)]).unwrap()[0]
    ));
    refused(&*store, rows(MAX_BATCH_ROWS + 1));
}

pub fn the_most_bytes_are_refused_when_exceeded(store: Case) {
    let mut batch = batch(1).done();
    for row in 0..=MAX_BATCH_BYTES / MAX_VALUE_BYTES {
        let key = row.to_be_bytes().to_vec();
        batch
            .put
            .push((Table::Blobs, key, vec![0; MAX_VALUE_BYTES]));
    }
    refused(&*store, batch);
}

pub fn a_limit_refuses_the_whole_call(store: Case) {
    let over = batch(2).put(Table::Blobs, "a", &"v".repeat(MAX_VALUE_BYTES + 1));
    let answer = store.commit(vec![batch(1).done(), over.done()]);
    assert!(matches!(answer, Err(StoreError::Limit(_))));
    assert_eq!(store.health().unwrap().last, Pos::ZERO);
    apply(&*store, batch(1));
}
