//! What every store promises, one case per promise, each run against each store.

mod batches;
mod duties;
mod journal;
mod life;
mod limits;
mod ranges;
mod rows;
mod snapshots;

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use opora::store::{Batch, Outcome, Store, StoreError, Table};

use self::batches::*;
use self::duties::*;
use self::journal::*;
use self::life::*;
use self::limits::*;
use self::ranges::*;
use self::rows::*;
use self::snapshots::*;
use crate::kit::{Build, batch, memory, redb};

pub type Case = Arc<dyn Store>;

pub const SOON: Duration = Duration::from_millis(20);
pub const LONG: Duration = Duration::from_secs(20);

/// Makes a test of each case for each store.
macro_rules! cases {
    ($($name:ident)*) => {
        mod in_memory {
            $(#[test] fn $name() { super::$name(super::memory()); })*
        }
        mod on_redb {
            $(#[test] fn $name() { super::$name(super::redb()); })*
        }
    };
}

cases! {
    a_put_row_is_read_back
    a_row_carries_the_position_of_its_batch
    an_absent_row_is_none
    an_empty_value_is_a_row
    an_empty_key_is_a_key
    a_second_put_replaces_the_first
    of_two_puts_in_a_batch_the_later_wins
    a_deleted_row_is_gone
    deleting_an_absent_row_is_allowed
    a_row_deleted_and_put_in_one_batch_is_there
    a_row_can_come_back_after_its_deletion
    tables_do_not_share_keys
    every_table_takes_rows
    get_many_answers_in_order_with_gaps
    get_many_of_nothing_is_nothing
    keys_and_spans_are_read_together
    a_range_is_in_key_order
    a_range_starts_at_from_and_ends_before_to
    a_reverse_range_runs_backwards_within_the_same_bounds
    a_range_stops_at_its_limit
    a_reverse_range_stops_at_its_limit
    a_range_with_equal_bounds_is_empty
    a_range_with_crossed_bounds_is_empty
    a_range_of_zero_rows_is_empty
    a_range_orders_bytes_not_text
    a_range_passes_over_deleted_rows
    a_range_over_the_row_limit_is_refused
    a_range_carries_versions
    positions_rise
    a_conflicting_batch_takes_no_position
    an_empty_commit_does_nothing
    expecting_an_absent_row_holds
    expecting_absence_of_a_present_row_conflicts
    expecting_a_version_holds
    expecting_an_old_version_conflicts
    expecting_a_version_of_an_absent_row_conflicts
    a_deleted_row_counts_as_absent
    a_conflict_names_the_first_unexpected_row
    a_conflict_leaves_no_trace
    a_conflicting_operation_may_be_sent_again
    a_batch_sees_the_earlier_ones_of_its_call
    a_conflict_in_a_call_spares_the_others
    a_later_batch_can_expect_what_an_earlier_wrote
    expecting_a_row_by_an_operation_of_the_same_call_holds
    expecting_a_row_by_an_operation_of_an_earlier_call_holds
    expecting_a_row_by_another_operation_conflicts
    expecting_a_row_by_an_unknown_operation_conflicts
    expecting_a_row_by_an_operation_that_conflicted_conflicts
    what_stands_on_a_conflict_is_orphaned_to_the_last
    what_stands_on_an_earlier_call_is_applied
    what_stands_on_an_unknown_operation_is_orphaned
    an_orphan_may_be_sent_again
    a_duplicate_is_told_before_an_orphan
    two_claims_of_a_unique_key_let_one_through
    a_repeated_operation_is_a_duplicate
    a_duplicate_within_a_call_is_found
    a_duplicate_is_told_before_a_conflict
    operations_beyond_the_window_are_forgotten
    put_at_pos_appends_the_position
    put_at_pos_keys_sort_by_position
    put_at_pos_of_a_conflict_leaves_no_trace
    a_snapshot_does_not_change
    a_snapshot_keeps_deleted_rows
    a_snapshot_keeps_its_ranges
    a_snapshot_knows_its_position
    snapshots_of_several_ages_stand_side_by_side
    a_snapshot_waits_for_its_position
    a_snapshot_of_a_past_position_does_not_wait
    the_journal_lists_batches_in_order
    the_journal_starts_after_a_position
    the_journal_stops_at_max
    the_journal_past_the_end_is_empty
    the_journal_keeps_operation_and_entry
    the_journal_ends_a_large_answer_early
    a_rewritten_entry_keeps_position_and_operation
    rewriting_passes_over_unknown_positions
    rewriting_is_limited
    waiting_returns_at_once_when_something_lies_ahead
    waiting_times_out_with_the_last_position
    waiting_ends_with_a_commit
    waiting_ends_with_the_close
    numbers_start_at_one_and_rise
    numbers_come_in_rows
    counters_are_apart
    numbers_are_unique_across_threads
    more_numbers_than_a_block_come_in_a_row
    numbers_are_limited
    a_lease_is_granted_once
    a_lease_is_renewed_by_its_holder
    a_lease_that_ran_out_passes_on_with_a_new_epoch
    a_held_lease_lets_a_batch_through
    a_lost_lease_fences_a_batch
    a_lease_that_ran_out_fences_its_holder
    an_unknown_lease_fences_a_batch
    a_fenced_batch_leaves_no_trace
    leases_are_limited
    the_longest_key_is_taken_and_one_more_refused
    the_longest_key_at_a_position_leaves_room_for_it
    the_longest_value_is_taken_and_one_more_refused
    the_longest_entry_is_taken_and_one_more_refused
    the_most_rows_are_taken_and_one_more_refused
    the_most_bytes_are_refused_when_exceeded
    a_limit_refuses_the_whole_call
    health_tells_position_and_oldest_reader
    live_bytes_fall_when_rows_go
    commits_from_many_threads_all_land
    contended_updates_are_never_lost
    readers_see_whole_batches_only
    a_closed_store_refuses_everything
    a_snapshot_of_a_closed_store_is_closed
    closing_twice_is_allowed
    a_counting_store_counts_round_trips
}

/// A batch that puts single-letter records holding their own key.
pub fn letters(keys: &[&str]) -> Build {
    keys.iter().fold(batch(1_000), |batch, key| {
        batch.put(Table::Records, key, key)
    })
}

/// Keys of a range of records, as text.
pub fn range(store: &dyn Store, from: &str, to: &str, reverse: bool, limit: usize) -> Vec<String> {
    let snapshot = store.snapshot(None).unwrap();
    let rows = snapshot.range(
        Table::Records,
        from.as_bytes(),
        to.as_bytes(),
        reverse,
        limit,
    );
    let keys = rows.unwrap().into_iter().map(|(key, _)| key);
    keys.map(|key| String::from_utf8(key).unwrap()).collect()
}

pub fn is_done(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Done(_))
}

/// Runs the same work on several threads that start together, and returns their results.
pub fn in_threads<T: Send + 'static>(
    threads: u64,
    work: impl Fn(u64) -> T + Send + Sync + 'static,
) -> Vec<T> {
    let work = Arc::new(work);
    let start = Arc::new(Barrier::new(threads as usize));
    let running: Vec<_> = (0..threads)
        .map(|thread| {
            let (work, start) = (Arc::clone(&work), Arc::clone(&start));
            thread::spawn(move || {
                start.wait();
                work(thread)
            })
        })
        .collect();
    running
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect()
}

/// The batch is refused for its size, and nothing of it is applied.
#[track_caller]
pub fn refused(store: &dyn Store, batch: Batch) {
    let last = store.health().unwrap().last;
    let answer = store.commit(vec![batch]);
    assert!(matches!(answer, Err(StoreError::Limit(_))), "{answer:?}");
    assert_eq!(store.health().unwrap().last, last);
}
