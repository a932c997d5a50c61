//! Opening the file: format, first tables, and compacting what is mostly dead.

use std::fs::{File, TryLockError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use redb::backends::FileBackend;
use redb::{Builder, Database, ReadableDatabase, StorageBackend, TableHandle};

use super::anew;
use super::backend::Measured;
use super::snapshot::last_pos;
use super::tables::{self, FORMAT, fail};
use super::{OpenOptions, Opened};
use crate::store::{OPS_KEPT, Pos, StoreError, StoreResult, Table};

/// Below this size nothing is worth compacting.
const COMPACT_FROM_BYTES: u64 = 16 * 1_024 * 1_024;
/// A file this many times as large as its live rows is looked at: pages are half full at worst, rows
/// cost some bytes beside their own, and half of the file may be room ahead.
const SPRAWL: u64 = 8;

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            cache_bytes: 256 * 1_024 * 1_024,
            compact: true,
            ops_kept: OPS_KEPT,
        }
    }
}

/// Opens or creates the file at a path.
pub(super) fn file(path: &Path, options: &OpenOptions) -> StoreResult<Opened> {
    let opened = if has_content(path) {
        existing(path, options)
    } else {
        new(path, options)
    };
    opened.map_err(|error| at_path(path, error))
}

fn existing(path: &Path, options: &OpenOptions) -> StoreResult<Opened> {
    let file = File::options()
        .read(true)
        .write(true)
        .open(path)
        .map_err(io)?;
    let opened = backend_of(FileBackend::new(file).map_err(fail)?, options)?;
    if setting(&opened.db, tables::ERASED_ROW)?.is_none() {
        return Ok(opened);
    }
    anew::write(&opened.db, &unfinished_path(path), options)?;
    // INVARIANT: the old file stays locked until the new one has its name.
    std::fs::rename(unfinished_path(path), path).map_err(io)?;
    sync_directory(path).map_err(io)?;
    drop(opened);
    let file = File::options()
        .read(true)
        .write(true)
        .open(path)
        .map_err(io)?;
    backend_of(FileBackend::new(file).map_err(fail)?, options)
}

/// Creates the file beside its name and gives it the name once it is whole: a cut while redb lays
/// out a file leaves one that it takes for somebody else's.
fn new(path: &Path, options: &OpenOptions) -> StoreResult<Opened> {
    let unfinished = unfinished_path(path);
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&unfinished)
        .map_err(io)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(StoreError::Busy("it is being created".to_owned()));
        }
        Err(TryLockError::Error(error)) => return Err(io(error)),
    }
    // INVARIANT: who holds the lock creates. Another process that came first has renamed its file
    // before it let go of the lock, so its file is seen here and is not overwritten.
    if has_content(path) {
        drop(file);
        std::fs::remove_file(&unfinished).map_err(io)?;
        return existing(path, options);
    }
    file.set_len(0).map_err(io)?;
    let opened = backend_of(FileBackend::new(file).map_err(fail)?, options)?;
    std::fs::rename(&unfinished, path).map_err(io)?;
    sync_directory(path).map_err(io)?;
    Ok(opened)
}

fn has_content(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.len() > 0)
}

fn unfinished_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

fn io(error: std::io::Error) -> StoreError {
    StoreError::Io(error.to_string())
}

/// Opens or creates the file behind a backend.
pub(super) fn backend_of(
    backend: impl StorageBackend,
    options: &OpenOptions,
) -> StoreResult<Opened> {
    let backend = Measured::new(backend).map_err(io)?;
    let file_bytes = backend.len_handle();
    // redb trusts pages that a clean close vouched for, and panics where a disk lied about them.
    catch_unwind(AssertUnwindSafe(|| prepare(backend, options, file_bytes))).unwrap_or_else(|_| {
        Err(StoreError::Corrupt(
            "its pages contradict each other: restore a backup".to_owned(),
        ))
    })
}

fn prepare(
    backend: impl StorageBackend,
    options: &OpenOptions,
    file_bytes: Arc<AtomicU64>,
) -> StoreResult<Opened> {
    let mut db = Builder::new()
        .set_cache_size(options.cache_bytes)
        .create_with_backend(backend)
        .map_err(fail)?;
    match format(&db)? {
        Some(FORMAT) => complete(&db)?,
        Some(found) if found > FORMAT => {
            return Err(StoreError::TooNew {
                found: u32::try_from(found).unwrap_or(u32::MAX),
                supported: u32::try_from(FORMAT).unwrap_or(u32::MAX),
            });
        }
        Some(found) => {
            return Err(StoreError::Corrupt(format!("there is no format {found}")));
        }
        None => create(&db)?,
    }
    let last = last_pos(&db.begin_read().map_err(fail)?)?;
    let live = live_bytes(&db, last)?;
    let mut peak = setting(&db, tables::PEAK_ROW)?.unwrap_or(live).max(live);
    let size = file_bytes.load(Ordering::Relaxed);
    let dense = setting(&db, tables::DENSE_ROW)?.unwrap_or(0);
    if options.compact && may_be_dead(size, live, peak, dense) {
        compact(&mut db, size)?;
        peak = live;
        note_dense(&db, peak, file_bytes.load(Ordering::Relaxed))?;
    }
    Ok(Opened {
        db,
        last,
        live,
        peak,
        file_bytes,
    })
}

/// Whether it pays to count the pages that hold something, which is to walk the file. Room ahead of
/// its rows is no sign, since a file grows by doubling: either half of what it held is gone, or it
/// grew out of proportion, as under a reader that stays for long, and to twice the size at which it
/// was last found dense.
const fn may_be_dead(size: u64, live: u64, peak: u64, dense: u64) -> bool {
    let fell = live.saturating_mul(2) < peak;
    let sprawls = live.saturating_mul(SPRAWL) < size && dense.saturating_mul(2) <= size;
    size >= COMPACT_FROM_BYTES && (fell || sprawls)
}

fn setting(db: &Database, row: &str) -> StoreResult<Option<u64>> {
    let txn = db.begin_read().map_err(fail)?;
    let settings = txn.open_table(tables::SETTINGS).map_err(fail)?;
    let value = settings.get(row).map_err(fail)?;
    Ok(value.map(|value| value.value()))
}

/// The next starts need not look again until the file changed much.
fn note_dense(db: &Database, peak: u64, size: u64) -> StoreResult<()> {
    let txn = db.begin_write().map_err(fail)?;
    {
        let mut settings = txn.open_table(tables::SETTINGS).map_err(fail)?;
        settings.insert(tables::PEAK_ROW, peak).map_err(fail)?;
        settings.insert(tables::DENSE_ROW, size).map_err(fail)?;
    }
    txn.commit().map_err(fail)
}

/// The format of the file; `None` when it is empty.
fn format(db: &Database) -> StoreResult<Option<u64>> {
    let txn = db.begin_read().map_err(fail)?;
    let mut tables = txn.list_tables().map_err(fail)?;
    if !tables.any(|table| table.name() == tables::SETTINGS.name()) {
        // A cut between creating the file and the first commit leaves no table at all.
        return match txn.list_tables().map_err(fail)?.next() {
            None => Ok(None),
            Some(_) => Err(StoreError::Corrupt("it is not an opora store".to_owned())),
        };
    }
    let settings = txn.open_table(tables::SETTINGS).map_err(fail)?;
    let format = settings.get(tables::FORMAT_ROW).map_err(fail)?;
    format.map(|row| Some(row.value())).ok_or_else(|| {
        StoreError::Corrupt("it is not an opora store, or its format row is gone".to_owned())
    })
}

/// Adds the tables that came with a later build of the same format.
fn complete(db: &Database) -> StoreResult<()> {
    let txn = db.begin_read().map_err(fail)?;
    let present = txn.list_tables().map_err(fail)?;
    let present: Vec<String> = present.map(|table| table.name().to_owned()).collect();
    drop(txn);
    let mut missing = Table::ALL.map(tables::rows).into_iter();
    if missing.all(|table| present.iter().any(|name| name == table.name())) {
        return Ok(());
    }
    let txn = db.begin_write().map_err(fail)?;
    for table in Table::ALL {
        txn.open_table(tables::rows(table)).map_err(fail)?;
    }
    txn.commit().map_err(fail)
}

/// Creates every table and the format row, in one commit.
fn create(db: &Database) -> StoreResult<()> {
    let txn = db.begin_write().map_err(fail)?;
    for table in Table::ALL {
        txn.open_table(tables::rows(table)).map_err(fail)?;
    }
    txn.open_table(tables::JOURNAL).map_err(fail)?;
    txn.open_table(tables::OPS).map_err(fail)?;
    txn.open_table(tables::COUNTERS).map_err(fail)?;
    txn.open_table(tables::EPOCHS).map_err(fail)?;
    txn.open_table(tables::SETTINGS)
        .map_err(fail)?
        .insert(tables::FORMAT_ROW, FORMAT)
        .map_err(fail)?;
    txn.commit().map_err(fail)
}

/// Bytes of live rows: as the last commit counted them, else, in a file of an older build that was
/// not closed, counted by walking it.
fn live_bytes(db: &Database, last: Pos) -> StoreResult<u64> {
    {
        let txn = db.begin_read().map_err(fail)?;
        let settings = txn.open_table(tables::SETTINGS).map_err(fail)?;
        let at = settings.get(tables::LIVE_AT_ROW).map_err(fail)?;
        let live = settings.get(tables::LIVE_ROW).map_err(fail)?;
        if let (Some(at), Some(live)) = (at, live)
            && at.value() == last.0
        {
            return Ok(live.value());
        }
    }
    let txn = db.begin_write().map_err(fail)?;
    let stats = txn.stats().map_err(fail)?;
    txn.abort().map_err(fail)?;
    Ok(stats.stored_bytes())
}

/// Compacts when more than half of the file is pages that hold nothing.
fn compact(db: &mut Database, size: u64) -> StoreResult<()> {
    let txn = db.begin_write().map_err(fail)?;
    let stats = txn.stats().map_err(fail)?;
    txn.abort().map_err(fail)?;
    let used = stats
        .allocated_pages()
        .saturating_mul(stats.page_size() as u64);
    if used.saturating_mul(2) >= size {
        return Ok(());
    }
    tracing::info!(file_bytes = size, used_bytes = used, "compacting the store");
    db.compact().map_err(fail)?;
    Ok(())
}

#[cfg(unix)]
fn sync_directory(path: &Path) -> std::io::Result<()> {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

fn at_path(path: &Path, error: StoreError) -> StoreError {
    let path = path.display();
    match error {
        StoreError::Busy(what) => StoreError::Busy(format!(
            "`{path}`: {what}; stop that process, or talk to its server"
        )),
        StoreError::Corrupt(what) => StoreError::Corrupt(format!("`{path}`: {what}")),
        StoreError::Io(what) => StoreError::Io(format!("`{path}`: {what}")),
        other => other,
    }
}
