//! The operation that is measured, and clients that send it.

use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use opora::store::{Batch, Outcome, Store, Table};

pub type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

pub const RECORD_BYTES: usize = 600;
pub const JOURNAL_BYTES: usize = 200;

/// One operation: a record of 600 B, a journal entry of 200 B, three index rows.
pub fn operation(number: u64) -> Batch {
    let id = id(number);
    let mut batch = Batch {
        op: u128::from(number).to_be_bytes(),
        journal: vec![0x6a; JOURNAL_BYTES],
        ..Batch::default()
    };
    batch
        .put
        .push((Table::Records, id.to_vec(), vec![0x72; RECORD_BYTES]));
    // By status (few values), by assignee (some), by time (all different).
    for (field, value) in [(1_u8, number % 5), (2, scatter(number) % 97), (3, number)] {
        let key = [&[field], value.to_be_bytes().as_slice(), &id].concat();
        batch.put.push((Table::Index, key, Vec::new()));
    }
    batch
}

/// Id of the record of an operation: time-ordered with a scattered end, as the engine's are.
pub fn id(number: u64) -> [u8; 16] {
    let time_ordered = u128::from(number) << 64;
    (time_ordered | u128::from(scatter(number))).to_be_bytes()
}

pub fn scatter(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

/// Hands out operation numbers, so that no operation is sent twice.
#[derive(Debug, Default)]
pub struct Numbers(AtomicU64);

impl Numbers {
    pub fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }

    pub fn sent(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Fills a store with `count` operations, many to a commit.
pub fn fill(store: &dyn Store, numbers: &Numbers, count: u64) -> Fallible<()> {
    let mut left = count;
    while left > 0 {
        let part = left.min(500);
        let batches = (0..part).map(|_| operation(numbers.next())).collect();
        for outcome in store.commit(batches)? {
            applied(&outcome)?;
        }
        left -= part;
    }
    Ok(())
}

/// Lets `clients` send operations for a time, each waiting for its answer before the next, and
/// returns how many were applied and in which time.
pub fn drive(
    store: &dyn Store,
    numbers: &Numbers,
    clients: usize,
    time: Duration,
) -> Fallible<(u64, Duration)> {
    let stop = AtomicBool::new(false);
    let done = AtomicU64::new(0);
    let client = || -> Fallible<()> {
        while !stop.load(Ordering::Relaxed) {
            let outcomes = store.commit(vec![operation(numbers.next())])?;
            outcomes.iter().try_for_each(applied)?;
            done.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    };
    let started = Instant::now();
    std::thread::scope(|scope| -> Fallible<()> {
        let running: Vec<_> = (0..clients).map(|_| scope.spawn(client)).collect();
        // A client that ended earlier may have left an unpark behind, so once is not enough.
        while let Some(left) = time.checked_sub(started.elapsed()) {
            std::thread::park_timeout(left);
        }
        stop.store(true, Ordering::Relaxed);
        for thread in running {
            thread.join().map_err(|_| "a client panicked")??;
        }
        Ok(())
    })?;
    Ok((done.load(Ordering::Relaxed), started.elapsed()))
}

fn applied(outcome: &Outcome) -> Fallible<()> {
    match outcome {
        Outcome::Done(_) => Ok(()),
        other => Err(format!("an operation was not applied: {other:?}").into()),
    }
}
