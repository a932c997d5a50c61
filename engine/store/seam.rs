//! The store seam: an ordered, versioned key-value store with a journal and group commit.
//!
//! The engine knows nothing below these types. An implementation promises:
//!
//! - a [`Snapshot`] never changes, however many commits follow;
//! - a [`Batch`] is applied whole or not at all, and is durable when [`Outcome::Done`] is returned;
//! - batches are ordered by their [`Pos`], which is also the version of every row they wrote;
//! - a batch whose `op` was applied before is never applied again.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::limits;

/// A journal position: opaque and ordered. Positions rise, but not by one.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Pos(pub u64);

impl Pos {
    /// Before every entry of the journal.
    pub const ZERO: Self = Self(0);
}

impl fmt::Display for Pos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The tables of a desk. The number is stored: it is never changed and never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Table {
    /// Records by kind and id.
    Records = 1,
    /// Index rows: (kind, field, value, id) with an empty value.
    Index = 2,
    /// Uniqueness: one row per taken unique value, holding its owner's id.
    Guards = 3,
    /// Comments, messages, attachments and links by owner and time-ordered id.
    Entries = 4,
    /// Timers by due instant and id.
    Timers = 5,
    /// Timers by owner and name.
    TimerNames = 6,
    /// What waits to leave the process.
    Outbox = 7,
    /// Positions of the changes of a record: (record, position) with an empty value.
    History = 8,
    /// Answers kept for idempotency keys.
    Replies = 9,
    /// Attachment content in chunks, by content hash and chunk number.
    Blobs = 10,
    /// Pack revisions and the list of active ones.
    Packs = 11,
    /// Access tokens by hash.
    Tokens = 12,
    /// SLA clocks and their ledgers by record and clock name.
    Clocks = 13,
    /// Surveys by id.
    Surveys = 14,
    /// Format version, clock offset and other single rows.
    Meta = 15,
    /// How what waits to leave the process fares.
    Delivery = 16,
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 16] = [
        Self::Records,
        Self::Index,
        Self::Guards,
        Self::Entries,
        Self::Timers,
        Self::TimerNames,
        Self::Outbox,
        Self::History,
        Self::Replies,
        Self::Blobs,
        Self::Packs,
        Self::Tokens,
        Self::Clocks,
        Self::Surveys,
        Self::Meta,
        Self::Delivery,
    ];
}

/// A key: at most [`MAX_KEY_BYTES`].
pub type Key = Vec<u8>;

/// A stored value and the position of the batch that wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// Position of the batch that wrote the row.
    pub version: Pos,
    /// The bytes, at most [`MAX_VALUE_BYTES`].
    pub bytes: Vec<u8>,
}

/// One row of a range.
pub type Row = (Key, Versioned);

/// A part of a table: up to `limit` rows with `from <= key < to`, in key order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Table.
    pub table: Table,
    /// First key.
    pub from: Key,
    /// The key that is no longer in it.
    pub to: Key,
    /// Most rows, at most [`MAX_RANGE_ROWS`].
    pub limit: usize,
}

/// Rows by key, one item per key, and rows of spans, one list per span.
pub type Read = (Vec<Option<Versioned>>, Vec<Vec<Row>>);

/// What a batch expects of a row at the moment it is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// There is no such row.
    Absent,
    /// The row was last written at this position.
    Version(Pos),
    /// The row was last written by this operation: one before it in the same call, whose position
    /// is not known yet, or an earlier one.
    By(OpId),
}

/// The identity of an operation: a batch with the same one is applied once.
pub type OpId = [u8; 16];

/// Changes that are applied together or not at all.
///
/// Within a batch, rows are deleted before any is put, so a row that is both deleted and put is
/// there afterwards; of two puts of one row the later wins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// Identity of the operation behind the batch; a second batch with it is [`Outcome::Duplicate`].
    pub op: OpId,
    /// Rows that must be as expected, else the outcome is [`Outcome::Conflict`].
    pub expect: Vec<(Table, Key, Expect)>,
    /// A lease that must still be held, else the outcome is [`Outcome::Fenced`].
    pub fence: Option<Lease>,
    /// An operation that must have been applied, else the outcome is [`Outcome::Orphaned`]: one
    /// before it in the same call, or an earlier one.
    pub after: Option<OpId>,
    /// Rows to write.
    pub put: Vec<(Table, Key, Vec<u8>)>,
    /// Rows to remove; removing an absent row is allowed.
    pub delete: Vec<(Table, Key)>,
    /// Rows whose key ends with the batch's own position (8 bytes, big-endian, appended by the
    /// store), so that a record's history can be indexed by position in the batch that makes it.
    pub put_at_pos: Vec<(Table, Key, Vec<u8>)>,
    /// The journal entry.
    pub journal: Vec<u8>,
}

impl Batch {
    /// Checks the batch against the limits, as [`Store::commit`] does, and returns its bytes.
    ///
    /// # Errors
    /// [`StoreError::Limit`] when it is over one of them.
    pub fn weigh(&self) -> StoreResult<usize> {
        limits::check_batch(self)
    }
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Applied and durable at this position.
    Done(Pos),
    /// A row was not as expected; nothing was applied. Holds the row.
    Conflict(Table, Key),
    /// The fence's lease is no longer held; nothing was applied.
    Fenced,
    /// The operation that the batch stands on was not applied; nothing was applied.
    Orphaned,
    /// The operation was applied before, at this position.
    Duplicate(Pos),
    /// The store cannot tell whether the batch was applied (it lost its storage while committing).
    Unknown,
}

/// A lease on a named duty, held by one node at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The duty.
    pub name: String,
    /// The holder.
    pub node: String,
    /// Rises with each change of holder.
    pub epoch: u64,
}

/// One journal row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRow {
    /// Position of the batch.
    pub pos: Pos,
    /// The batch's operation.
    pub op: OpId,
    /// The batch's journal entry.
    pub bytes: Vec<u8>,
}

/// Longest key in bytes; a distributed store behind the seam allows no more.
pub const MAX_KEY_BYTES: usize = 1_024;
/// Longest value in bytes; larger content is stored in chunks.
pub const MAX_VALUE_BYTES: usize = 96 * 1_024;
/// Longest journal entry in bytes; a distributed store behind the seam keeps it in chunks.
pub const MAX_JOURNAL_BYTES: usize = 1_024 * 1_024;
/// Most rows that one batch expects, deletes and puts, together.
pub const MAX_BATCH_ROWS: usize = 20_000;
/// Most bytes of one batch: keys, values and journal entry together.
pub const MAX_BATCH_BYTES: usize = 8 * 1_024 * 1_024;
/// Most numbers that one call takes.
pub const MAX_NUMBERS: u64 = 1_000_000;
/// Longest name of a counter, lease or node in bytes.
pub const MAX_NAME_BYTES: usize = 255;
/// Longest time a lease is granted for.
pub const MAX_LEASE_TTL: Duration = Duration::from_secs(24 * 60 * 60);
/// Longest wait for the position a snapshot was asked to have reached.
pub const SNAPSHOT_WAIT: Duration = Duration::from_secs(5);
/// Most rows that one range call returns.
pub const MAX_RANGE_ROWS: usize = 10_000;

/// Why the store could not answer.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The storage below failed.
    #[error("storage failed: {0}")]
    Io(String),
    /// The file is damaged or not ours.
    #[error("store is damaged: {0}")]
    Corrupt(String),
    /// The file was written by a newer build.
    #[error(
        "the store has format {found}, this build reads up to {supported}: use a newer build of opora"
    )]
    TooNew {
        /// Format of the file.
        found: u32,
        /// Newest format this build reads.
        supported: u32,
    },
    /// Another process holds the file.
    #[error("the store is in use by another process: {0}")]
    Busy(String),
    /// A key, value or batch is over its limit.
    #[error("{0}")]
    Limit(String),
    /// The awaited position was not reached in time.
    #[error("position {0} was not reached in time")]
    Timeout(Pos),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

/// Result of a store call.
pub type StoreResult<T> = Result<T, StoreError>;

/// A consistent, unchanging view of the store.
pub trait Snapshot: Send + Sync {
    /// Position of the last batch in view.
    fn pos(&self) -> Pos;

    /// Reads rows by key; the answer has one item per key, in order.
    ///
    /// # Errors
    /// When the storage fails.
    fn get_many(&self, keys: &[(Table, Key)]) -> StoreResult<Vec<Option<Versioned>>>;

    /// Reads up to `limit` rows with `from <= key < to`, in key order or in reverse.
    ///
    /// # Errors
    /// When the storage fails or `limit` is over [`MAX_RANGE_ROWS`].
    fn range(
        &self,
        table: Table,
        from: &[u8],
        to: &[u8],
        reverse: bool,
        limit: usize,
    ) -> StoreResult<Vec<Row>>;

    /// Reads rows by key and parts of tables, in one trip where the store is far away.
    ///
    /// # Errors
    /// As [`get_many`](Self::get_many) and [`range`](Self::range).
    fn read(&self, keys: &[(Table, Key)], spans: &[Span]) -> StoreResult<Read> {
        let range = |s: &Span| self.range(s.table, &s.from, &s.to, false, s.limit);
        let rows = spans.iter().map(range).collect::<StoreResult<_>>()?;
        Ok((self.get_many(keys)?, rows))
    }

    /// Reads one row.
    ///
    /// # Errors
    /// When the storage fails.
    fn get(&self, table: Table, key: &[u8]) -> StoreResult<Option<Versioned>> {
        Ok(self.get_many(&[(table, key.to_vec())])?.pop().flatten())
    }
}

/// Size and state of a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Bytes of it that hold live rows.
    pub live_bytes: u64,
    /// Position of the oldest snapshot still open, if any.
    pub oldest_reader: Option<Pos>,
    /// Position of the last commit.
    pub last: Pos,
    /// Durable commits since the store was opened (each may hold many batches).
    pub commits: u64,
}

/// The store.
pub trait Store: Send + Sync {
    /// A view of the newest committed state, once it has reached `at_least`.
    ///
    /// # Errors
    /// [`StoreError::Timeout`] when `at_least` lies more than [`SNAPSHOT_WAIT`] ahead.
    fn snapshot(&self, at_least: Option<Pos>) -> StoreResult<Arc<dyn Snapshot>>;

    /// Applies batches in order and waits until they are durable; one outcome per batch. Callers on
    /// other threads share the commit.
    ///
    /// # Errors
    /// When the storage failed before anything was applied, or a limit is exceeded.
    fn commit(&self, batches: Vec<Batch>) -> StoreResult<Vec<Outcome>>;

    /// Takes `count` numbers of a counter and returns the first. Gaps are allowed (a crash loses
    /// what was leased), re-use never. The first number of a counter is 1.
    ///
    /// # Errors
    /// When the storage fails, or `count` is 0 or over [`MAX_NUMBERS`].
    fn numbers(&self, counter: &str, count: u64) -> StoreResult<u64>;

    /// Journal rows after a position, in order, at most `max`. There may be fewer, so that an
    /// answer stays small; only an empty one means that nothing follows.
    ///
    /// # Errors
    /// When the storage fails.
    fn journal(&self, after: Pos, max: usize) -> StoreResult<Vec<JournalRow>>;

    /// Replaces the bytes of journal entries, durably, when this returns: for erasing a person.
    /// Positions and operations stay; a position without an entry is passed over.
    ///
    /// # Errors
    /// When the storage fails, or there are more than [`MAX_RANGE_ROWS`] entries or one is over
    /// [`MAX_JOURNAL_BYTES`].
    fn rewrite_journal(&self, entries: Vec<(Pos, Vec<u8>)>) -> StoreResult<()>;

    /// Waits until something lies after `after`, and returns the last position; on a timeout the
    /// last position as it is.
    fn wait(&self, after: Pos, timeout: Duration) -> Pos;

    /// Takes or renews a lease. `None`: somebody else holds it. Time is the store's own; a
    /// lease that ran out is no longer held, whether or not somebody else has taken it.
    ///
    /// # Errors
    /// When the storage fails, a name is empty or over [`MAX_NAME_BYTES`], or `ttl` is over
    /// [`MAX_LEASE_TTL`].
    fn lease(&self, name: &str, node: &str, ttl: Duration) -> StoreResult<Option<Lease>>;

    /// Size and state.
    ///
    /// # Errors
    /// When the storage fails.
    fn health(&self) -> StoreResult<Health>;

    /// Stops taking commits, waits for those under way and closes the file. Later calls answer
    /// [`StoreError::Closed`].
    ///
    /// # Errors
    /// When the storage fails.
    fn close(&self) -> StoreResult<()>;
}

impl<S: Store + ?Sized> Store for Arc<S> {
    fn snapshot(&self, at_least: Option<Pos>) -> StoreResult<Arc<dyn Snapshot>> {
        (**self).snapshot(at_least)
    }

    fn commit(&self, batches: Vec<Batch>) -> StoreResult<Vec<Outcome>> {
        (**self).commit(batches)
    }

    fn numbers(&self, counter: &str, count: u64) -> StoreResult<u64> {
        (**self).numbers(counter, count)
    }

    fn journal(&self, after: Pos, max: usize) -> StoreResult<Vec<JournalRow>> {
        (**self).journal(after, max)
    }

    fn rewrite_journal(&self, entries: Vec<(Pos, Vec<u8>)>) -> StoreResult<()> {
        (**self).rewrite_journal(entries)
    }

    fn wait(&self, after: Pos, timeout: Duration) -> Pos {
        (**self).wait(after, timeout)
    }

    fn lease(&self, name: &str, node: &str, ttl: Duration) -> StoreResult<Option<Lease>> {
        (**self).lease(name, node, ttl)
    }

    fn health(&self) -> StoreResult<Health> {
        (**self).health()
    }

    fn close(&self) -> StoreResult<()> {
        (**self).close()
    }
}
