//! The durable store: one redb file, one writer thread, any number of readers.
//!
//! - `tables`: the tables of the file and how rows are encoded.
//! - `open`: opening, the format row, compacting.
//! - `queue`, `writer`, `group`: group commit. Callers queue and wait; the writer takes all that
//!   waits, applies it in one transaction and commits once.
//! - `numbers`: numbers leased in blocks.
//! - `snapshot`: read transactions. `backend`: the size of the file.

mod anew;
mod backend;
mod group;
mod numbers;
mod open;
mod queue;
mod snapshot;
mod tables;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use redb::{Database, ReadTransaction, ReadableDatabase, WriteTransaction};

use self::numbers::{Numbers, Taken};
use self::queue::{GROUP_BATCHES, GROUP_BYTES, Queue, Request, reply};
use self::snapshot::{Readers, RedbSnapshot};
use self::tables::fail;
use self::writer::Writer;
use super::leases::{Asked, Leases};
use super::limits::{self, JournalAnswer};
use super::tail::Tail;
use super::{
    Batch, Health, JournalRow, Lease, Outcome, Pos, Snapshot, Store, StoreError, StoreResult,
};

/// How a [`RedbStore`] is opened.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// Bytes of the file kept in memory at most; 256 MiB by default.
    pub cache_bytes: usize,
    /// Whether opening compacts a file that is more than half dead; it does by default.
    pub compact: bool,
    /// How many operations are remembered, so that a batch sent again is a
    /// [`Outcome::Duplicate`]; the last 1,000,000 by default.
    pub ops_kept: u64,
}

/// A [`Store`] in one file, which one process opens at a time.
///
/// Dropping it closes it; [`Store::close`] does the same and says what went wrong.
pub struct RedbStore {
    shared: Arc<Shared>,
    file_bytes: Arc<AtomicU64>,
    readers: Arc<Readers>,
    writer: Mutex<Option<JoinHandle<StoreResult<()>>>>,
}

/// An opened file and what was found in it.
struct Opened {
    db: Database,
    last: Pos,
    live: u64,
    /// The most live bytes since the file was last found dense.
    peak: u64,
    file_bytes: Arc<AtomicU64>,
}

/// What the callers and the writer share.
struct Shared {
    /// Gone once the store is closed.
    db: RwLock<Option<Database>>,
    queue: Queue,
    numbers: Numbers,
    leases: Leases,
    tail: Tail,
    live: AtomicI64,
    commits: AtomicU64,
    closed: Arc<AtomicBool>,
}

impl fmt::Debug for RedbStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbStore")
            .field("last", &self.shared.tail.last())
            .finish_non_exhaustive()
    }
}

impl RedbStore {
    /// Opens the file at `path`, or creates it.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when another process has it open, [`StoreError::TooNew`] when a newer
    /// build wrote it, [`StoreError::Corrupt`] when it is damaged or not a store, and
    /// [`StoreError::Io`] when the storage fails.
    pub fn open(path: impl AsRef<Path>, options: OpenOptions) -> StoreResult<Self> {
        Self::start(open::file(path.as_ref(), &options)?, &options)
    }

    /// Opens the store that a backend holds, or creates one in it.
    ///
    /// # Errors
    /// As [`RedbStore::open`].
    pub fn with_backend(
        backend: impl redb::StorageBackend,
        options: OpenOptions,
    ) -> StoreResult<Self> {
        Self::start(open::backend_of(backend, &options)?, &options)
    }

    fn start(opened: Opened, options: &OpenOptions) -> StoreResult<Self> {
        let shared = Arc::new(Shared {
            db: RwLock::new(Some(opened.db)),
            queue: Queue::default(),
            numbers: Numbers::default(),
            leases: Leases::default(),
            tail: Tail::new(opened.last),
            live: AtomicI64::new(i64::try_from(opened.live).unwrap_or(i64::MAX)),
            commits: AtomicU64::new(0),
            closed: Arc::default(),
        });
        let writer = Writer::new(Arc::clone(&shared), options.ops_kept, opened.peak);
        let thread = std::thread::Builder::new()
            .name("opora-store".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| StoreError::Io(format!("cannot start the writer: {error}")))?;
        Ok(Self {
            shared,
            file_bytes: opened.file_bytes,
            readers: Arc::default(),
            writer: Mutex::new(Some(thread)),
        })
    }
}

impl Shared {
    fn begin_write(&self) -> StoreResult<WriteTransaction> {
        match self.db.read().as_ref() {
            Some(db) => db.begin_write().map_err(fail),
            None => Err(StoreError::Closed),
        }
    }

    fn begin_read(&self) -> StoreResult<ReadTransaction> {
        match self.db.read().as_ref() {
            Some(db) => db.begin_read().map_err(fail),
            None => Err(StoreError::Closed),
        }
    }

    fn check_open(&self) -> StoreResult<()> {
        if self.closed.load(Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        Ok(())
    }

    /// Queues one request and waits for its answer.
    fn ask<T>(&self, request: impl FnOnce(queue::Reply<T>) -> Request) -> StoreResult<T> {
        let (reply, answer) = reply();
        self.queue.push([request(reply)])?;
        answer.recv().unwrap_or_else(|_| Err(writer_gone()))
    }
}

impl Store for RedbStore {
    fn snapshot(&self, at_least: Option<Pos>) -> StoreResult<Arc<dyn Snapshot>> {
        self.shared.tail.reach(at_least)?;
        let txn = self.shared.begin_read()?;
        let readers = Arc::clone(&self.readers);
        let closed = Arc::clone(&self.shared.closed);
        Ok(Arc::new(RedbSnapshot::new(txn, readers, closed)?))
    }

    fn commit(&self, batches: Vec<Batch>) -> StoreResult<Vec<Outcome>> {
        let mut answers = Vec::with_capacity(1);
        let total = batches.len();
        self.shared.queue.push(requests(batches, &mut answers)?)?;
        let mut outcomes = Vec::with_capacity(total);
        for (count, answer) in answers {
            match answer.recv() {
                Ok(Ok(part)) => outcomes.extend(part),
                // Nothing was applied yet, so the whole call can say so.
                Ok(Err(error)) if outcomes.is_empty() => return Err(error),
                // An earlier part was applied, or the writer fell over with this one.
                Ok(Err(_)) | Err(_) => outcomes.extend(vec![Outcome::Unknown; count]),
            }
        }
        Ok(outcomes)
    }

    fn numbers(&self, counter: &str, count: u64) -> StoreResult<u64> {
        limits::check_numbers(counter, count)?;
        loop {
            match self.shared.numbers.take(counter, count)? {
                Taken::At(first) => return Ok(first),
                Taken::AtAndMore(first) => {
                    // Not waited for. If it cannot be queued, the next caller finds out.
                    drop(self.shared.queue.push([Request::Numbers {
                        counter: counter.to_owned(),
                        count: 0,
                        reply: None,
                    }]));
                    return Ok(first);
                }
                Taken::None => self.shared.ask(|reply| Request::Numbers {
                    counter: counter.to_owned(),
                    count,
                    reply: Some(reply),
                })?,
            }
        }
    }

    fn journal(&self, after: Pos, max: usize) -> StoreResult<Vec<JournalRow>> {
        let mut answer = JournalAnswer::new(max);
        let txn = self.shared.begin_read()?;
        let journal = txn.open_table(tables::JOURNAL).map_err(fail)?;
        let rows = journal.range(after.0.saturating_add(1)..).map_err(fail)?;
        for row in rows {
            if answer.is_full() {
                break;
            }
            let (pos, stored) = row.map_err(fail)?;
            let (op, bytes) = tables::split_entry(stored.value())?;
            answer.push(JournalRow {
                pos: Pos(pos.value()),
                op,
                bytes: bytes.to_vec(),
            });
        }
        Ok(answer.into_rows())
    }

    fn rewrite_journal(&self, entries: Vec<(Pos, Vec<u8>)>) -> StoreResult<()> {
        let bytes = limits::check_rewrite(&entries)?;
        self.shared.ask(|reply| Request::Rewrite {
            entries,
            bytes,
            reply,
        })
    }

    fn wait(&self, after: Pos, timeout: Duration) -> Pos {
        self.shared.tail.wait(after, timeout)
    }

    fn lease(&self, name: &str, node: &str, ttl: Duration) -> StoreResult<Option<Lease>> {
        limits::check_lease(name, node, ttl)?;
        self.shared.check_open()?;
        match self.shared.leases.ask(name, node, ttl) {
            Asked::Renewed(lease) => Ok(Some(lease)),
            Asked::Taken => Ok(None),
            Asked::Free => self.shared.ask(|reply| Request::Lease {
                name: name.to_owned(),
                node: node.to_owned(),
                ttl,
                reply,
            }),
        }
    }

    fn health(&self) -> StoreResult<Health> {
        self.shared.check_open()?;
        let live = self.shared.live.load(Ordering::Relaxed);
        Ok(Health {
            file_bytes: self.file_bytes.load(Ordering::Relaxed),
            live_bytes: u64::try_from(live).unwrap_or(0),
            oldest_reader: self.readers.oldest(),
            last: self.shared.tail.last(),
            commits: self.shared.commits.load(Ordering::Relaxed),
        })
    }

    fn close(&self) -> StoreResult<()> {
        self.shared.queue.close();
        // Held until the file is closed, so that a second call does not return before the first.
        let mut writer = self.writer.lock();
        let Some(thread) = writer.take() else {
            return Ok(());
        };
        let settled = thread.join().unwrap_or_else(|_| Err(writer_gone()));
        self.shared.closed.store(true, Ordering::Release);
        self.shared.tail.close();
        let closed = match self.shared.db.write().take() {
            Some(db) => db.close().map_err(fail),
            None => Ok(()),
        };
        settled.and(closed)
    }
}

impl Drop for RedbStore {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::warn!(%error, "closing the store failed");
        }
    }
}

type Answers = Vec<(usize, std::sync::mpsc::Receiver<StoreResult<Vec<Outcome>>>)>;

/// Cuts the batches of one call into requests that each fit into a group.
fn requests(batches: Vec<Batch>, answers: &mut Answers) -> StoreResult<Vec<Request>> {
    let mut requests = Vec::with_capacity(1);
    let mut part = Vec::with_capacity(batches.len().min(GROUP_BATCHES));
    let mut part_bytes = 0;
    let mut cut = |batches: Vec<Batch>, bytes| {
        let (reply, answer) = reply();
        let count = batches.len();
        answers.push((count, answer));
        requests.push(Request::Commit {
            batches,
            count,
            bytes,
            reply,
        });
    };
    for batch in batches {
        let bytes = limits::check_batch(&batch)?;
        if part.len() >= GROUP_BATCHES || part_bytes + bytes > GROUP_BYTES {
            cut(std::mem::take(&mut part), part_bytes);
            part_bytes = 0;
        }
        part.push(batch);
        part_bytes += bytes;
    }
    if !part.is_empty() {
        cut(part, part_bytes);
    }
    Ok(requests)
}

fn writer_gone() -> StoreError {
    StoreError::Io("the store's writer has stopped: close the store and open it again".to_owned())
}
