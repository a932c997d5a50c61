//! The tables of the file, their encoding, and redb's errors in the words of the seam.

use redb::TableDefinition;

use crate::store::{OpId, Pos, StoreError, StoreResult, Table, Versioned};

/// Format of the file that this build writes, and the newest that it reads.
pub(super) const FORMAT: u64 = 1;

/// Row of [`SETTINGS`] that holds the format.
pub(super) const FORMAT_ROW: &str = "format";
/// Row of [`SETTINGS`] that holds the bytes of live rows as of [`LIVE_AT_ROW`].
pub(super) const LIVE_ROW: &str = "live_bytes";
/// Row of [`SETTINGS`] that holds the position at which [`LIVE_ROW`] was counted.
pub(super) const LIVE_AT_ROW: &str = "live_bytes_at";

/// Row of [`SETTINGS`] that holds the most bytes of live rows since the file was last found dense.
pub(super) const PEAK_ROW: &str = "live_bytes_peak";
/// Row of [`SETTINGS`] that holds the size at which the file was last found dense.
pub(super) const DENSE_ROW: &str = "dense_file_bytes";

/// Row of [`SETTINGS`] that is there when something was erased: the next start writes the file anew.
pub(super) const ERASED_ROW: &str = "erased";

/// Single values: the format, and what a clean close leaves behind.
pub(super) const SETTINGS: TableDefinition<'static, &'static str, u64> =
    TableDefinition::new("settings");
/// Operation and journal entry by position. The last key is the store's position, so the last
/// entry is never removed.
pub(super) const JOURNAL: TableDefinition<'static, u64, &'static [u8]> =
    TableDefinition::new("journal");
/// Position by operation, as a number so that the key has a fixed width and time-ordered ids stay
/// in order.
pub(super) const OPS: TableDefinition<'static, u128, u64> = TableDefinition::new("ops");
/// The last number leased of each counter.
pub(super) const COUNTERS: TableDefinition<'static, &'static str, u64> =
    TableDefinition::new("counters");
/// The last epoch handed out of each lease.
pub(super) const EPOCHS: TableDefinition<'static, &'static str, u64> =
    TableDefinition::new("epochs");

/// Definition of a table of rows.
pub(super) type RowTable = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// The table of the file behind a table of the seam. Named by its number, which never changes.
pub(super) fn rows(table: Table) -> RowTable {
    TableDefinition::new(match table {
        Table::Records => "rows.1",
        Table::Index => "rows.2",
        Table::Guards => "rows.3",
        Table::Entries => "rows.4",
        Table::Timers => "rows.5",
        Table::TimerNames => "rows.6",
        Table::Outbox => "rows.7",
        Table::History => "rows.8",
        Table::Replies => "rows.9",
        Table::Blobs => "rows.10",
        Table::Packs => "rows.11",
        Table::Tokens => "rows.12",
        Table::Clocks => "rows.13",
        Table::Surveys => "rows.14",
        Table::Meta => "rows.15",
        Table::Delivery => "rows.16",
    })
}

/// Bytes of the version in front of every value.
pub(super) const VERSION_BYTES: usize = size_of::<u64>();

/// Writes a value with its version into `out`.
pub(super) fn encode_row(out: &mut Vec<u8>, pos: u64, bytes: &[u8]) {
    out.clear();
    out.extend_from_slice(&pos.to_be_bytes());
    out.extend_from_slice(bytes);
}

/// The version of a stored value and the value itself.
pub(super) fn split_row(stored: &[u8]) -> StoreResult<(Pos, &[u8])> {
    let (version, bytes) = stored
        .split_first_chunk::<VERSION_BYTES>()
        .ok_or_else(|| StoreError::Corrupt("a row is shorter than its version".to_owned()))?;
    Ok((Pos(u64::from_be_bytes(*version)), bytes))
}

/// A stored value as the seam hands it out.
pub(super) fn decode_row(stored: &[u8]) -> StoreResult<Versioned> {
    let (version, bytes) = split_row(stored)?;
    Ok(Versioned {
        version,
        bytes: bytes.to_vec(),
    })
}

/// Writes a journal entry with its operation into `out`.
pub(super) fn encode_entry(out: &mut Vec<u8>, op: &OpId, bytes: &[u8]) {
    out.clear();
    out.extend_from_slice(op);
    out.extend_from_slice(bytes);
}

/// The operation of a stored journal entry and the entry itself.
pub(super) fn split_entry(stored: &[u8]) -> StoreResult<(OpId, &[u8])> {
    let (op, bytes) = stored
        .split_first_chunk::<{ size_of::<OpId>() }>()
        .ok_or_else(|| StoreError::Corrupt("a journal entry has no operation".to_owned()))?;
    Ok((*op, bytes))
}

/// The key of an operation.
pub(super) fn op_key(op: &OpId) -> u128 {
    u128::from_be_bytes(*op)
}

/// redb's error in the words of the seam.
pub(super) fn fail(error: impl Into<redb::Error>) -> StoreError {
    match error.into() {
        redb::Error::DatabaseClosed => StoreError::Closed,
        redb::Error::DatabaseAlreadyOpen => StoreError::Busy("its file is locked".to_owned()),
        redb::Error::Corrupted(what) => StoreError::Corrupt(what),
        redb::Error::UpgradeRequired(version) => StoreError::Corrupt(format!(
            "the file has version {version} of the storage library, which this build cannot read"
        )),
        redb::Error::PreviousIo => StoreError::Io(
            "an earlier write or sync failed: close the store and open it again".to_owned(),
        ),
        redb::Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            StoreError::Corrupt(error.to_string())
        }
        error @ (redb::Error::TableTypeMismatch { .. }
        | redb::Error::TableIsMultimap(_)
        | redb::Error::TableDoesNotExist(_)
        | redb::Error::TypeDefinitionChanged { .. }) => StoreError::Corrupt(error.to_string()),
        error => StoreError::Io(error.to_string()),
    }
}
