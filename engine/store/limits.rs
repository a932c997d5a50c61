//! The limits of the seam, checked alike by every store before anything is queued or applied.

use super::{
    Batch, JournalRow, Key, MAX_BATCH_BYTES, MAX_BATCH_ROWS, MAX_JOURNAL_BYTES, MAX_KEY_BYTES,
    MAX_LEASE_TTL, MAX_NAME_BYTES, MAX_NUMBERS, MAX_RANGE_ROWS, MAX_VALUE_BYTES, Pos, StoreError,
    StoreResult,
};
use std::time::Duration;

/// Bytes after which a journal answer ends early, so that `max` cannot ask for gigabytes.
const JOURNAL_ANSWER_BYTES: usize = 16 * 1_024 * 1_024;

/// Bytes that the store appends to a key of `put_at_pos`.
const POS_BYTES: usize = 8;

/// Checks one batch and returns its size in bytes.
pub(super) fn check_batch(batch: &Batch) -> StoreResult<usize> {
    let rows = batch.expect.len() + batch.put.len() + batch.delete.len() + batch.put_at_pos.len();
    if rows > MAX_BATCH_ROWS {
        return Err(StoreError::Limit(format!(
            "a batch has {rows} rows, at most {MAX_BATCH_ROWS} are allowed: split it"
        )));
    }
    if batch.journal.len() > MAX_JOURNAL_BYTES {
        return Err(journal_limit(batch.journal.len()));
    }
    let mut bytes = batch.journal.len();
    for (_, key, _) in &batch.expect {
        bytes += check_key(key, 0)?;
    }
    for (_, key) in &batch.delete {
        bytes += check_key(key, 0)?;
    }
    for (_, key, value) in &batch.put {
        bytes += check_key(key, 0)? + check_value(value)?;
    }
    for (_, key, value) in &batch.put_at_pos {
        bytes += check_key(key, POS_BYTES)? + check_value(value)?;
    }
    if let Some(lease) = &batch.fence {
        check_name("lease", &lease.name)?;
        check_name("node", &lease.node)?;
    }
    if bytes > MAX_BATCH_BYTES {
        return Err(StoreError::Limit(format!(
            "a batch has {bytes} bytes, at most {MAX_BATCH_BYTES} are allowed: split it"
        )));
    }
    Ok(bytes)
}

/// Checks the row limit of a range.
pub(super) fn check_range(limit: usize) -> StoreResult<()> {
    if limit > MAX_RANGE_ROWS {
        return Err(StoreError::Limit(format!(
            "a range asks for {limit} rows, at most {MAX_RANGE_ROWS} are allowed: read in pages"
        )));
    }
    Ok(())
}

/// Checks a call for numbers.
pub(super) fn check_numbers(counter: &str, count: u64) -> StoreResult<()> {
    check_name("counter", counter)?;
    if count == 0 || count > MAX_NUMBERS {
        return Err(StoreError::Limit(format!(
            "{count} numbers asked for: ask for 1 to {MAX_NUMBERS}"
        )));
    }
    Ok(())
}

/// Checks a call for a lease.
pub(super) fn check_lease(name: &str, node: &str, ttl: Duration) -> StoreResult<()> {
    check_name("lease", name)?;
    check_name("node", node)?;
    if ttl > MAX_LEASE_TTL {
        return Err(StoreError::Limit(format!(
            "a lease of {} s asked for, at most {} s are allowed",
            ttl.as_secs(),
            MAX_LEASE_TTL.as_secs()
        )));
    }
    Ok(())
}

/// Checks the entries of a rewrite and returns their bytes.
pub(super) fn check_rewrite(entries: &[(Pos, Vec<u8>)]) -> StoreResult<usize> {
    if entries.len() > MAX_RANGE_ROWS {
        return Err(StoreError::Limit(format!(
            "{} journal entries to rewrite, at most {MAX_RANGE_ROWS} are allowed: split them",
            entries.len()
        )));
    }
    let mut bytes = 0;
    for (_, entry) in entries {
        if entry.len() > MAX_JOURNAL_BYTES {
            return Err(journal_limit(entry.len()));
        }
        bytes += entry.len();
    }
    Ok(bytes)
}

/// Collects a journal answer until it is long or large enough.
#[derive(Debug)]
pub(super) struct JournalAnswer {
    rows: Vec<JournalRow>,
    max: usize,
    bytes: usize,
}

impl JournalAnswer {
    pub(super) fn new(max: usize) -> Self {
        Self {
            rows: Vec::new(),
            max: max.min(MAX_RANGE_ROWS),
            bytes: 0,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.rows.len() >= self.max || self.bytes >= JOURNAL_ANSWER_BYTES
    }

    pub(super) fn push(&mut self, row: JournalRow) {
        self.bytes += row.bytes.len();
        self.rows.push(row);
    }

    pub(super) fn into_rows(self) -> Vec<JournalRow> {
        self.rows
    }
}

/// Writes the key of a `put_at_pos` row into `out`.
pub(super) fn key_at_pos(out: &mut Key, key: &[u8], pos: u64) {
    out.clear();
    out.extend_from_slice(key);
    out.extend_from_slice(&pos.to_be_bytes());
}

fn check_key(key: &[u8], appended: usize) -> StoreResult<usize> {
    let len = key.len() + appended;
    if len > MAX_KEY_BYTES {
        return Err(StoreError::Limit(format!(
            "a key has {len} bytes, at most {MAX_KEY_BYTES} are allowed"
        )));
    }
    Ok(len)
}

fn check_value(value: &[u8]) -> StoreResult<usize> {
    if value.len() > MAX_VALUE_BYTES {
        return Err(StoreError::Limit(format!(
            "a value has {} bytes, at most {MAX_VALUE_BYTES} are allowed: store it in chunks",
            value.len()
        )));
    }
    Ok(value.len())
}

fn check_name(what: &str, name: &str) -> StoreResult<()> {
    if name.is_empty() || name.len() > MAX_NAME_BYTES {
        return Err(StoreError::Limit(format!(
            "the name of a {what} has {} bytes: give it 1 to {MAX_NAME_BYTES}",
            name.len()
        )));
    }
    Ok(())
}

fn journal_limit(len: usize) -> StoreError {
    StoreError::Limit(format!(
        "a journal entry has {len} bytes, at most {MAX_JOURNAL_BYTES} are allowed"
    ))
}
