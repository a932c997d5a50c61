//! Writing a file anew: pages that are given up keep their bytes until they are used again, so after
//! something was erased, only a file that never held it is free of it.

use std::fs::File;
use std::path::Path;

use redb::backends::FileBackend;
use redb::{
    Builder, Database, Key, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition,
    Value, WriteTransaction,
};

use super::OpenOptions;
use super::tables::{self, fail};
use crate::store::{StoreError, StoreResult, Table};

/// Writes every row of a store into a new file.
pub(super) fn write(from: &Database, to: &Path, options: &OpenOptions) -> StoreResult<()> {
    tracing::info!("writing the store anew, since something was erased");
    let io = |error: std::io::Error| StoreError::Io(error.to_string());
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(to)
        .map_err(io)?;
    let backend = FileBackend::new(file).map_err(fail)?;
    let db = Builder::new()
        .set_cache_size(options.cache_bytes)
        .create_with_backend(backend)
        .map_err(fail)?;
    let read = from.begin_read().map_err(fail)?;
    let txn = db.begin_write().map_err(fail)?;
    for table in Table::ALL {
        copy(&read, &txn, tables::rows(table))?;
    }
    copy(&read, &txn, tables::JOURNAL)?;
    copy(&read, &txn, tables::OPS)?;
    copy(&read, &txn, tables::COUNTERS)?;
    copy(&read, &txn, tables::EPOCHS)?;
    copy(&read, &txn, tables::SETTINGS)?;
    {
        let mut settings = txn.open_table(tables::SETTINGS).map_err(fail)?;
        settings.remove(tables::ERASED_ROW).map_err(fail)?;
    }
    txn.commit().map_err(fail)?;
    db.close().map_err(fail)
}

fn copy<K: Key + 'static, V: Value + 'static>(
    read: &ReadTransaction,
    write: &WriteTransaction,
    definition: TableDefinition<'static, K, V>,
) -> StoreResult<()> {
    let from = match read.open_table(definition) {
        Ok(table) => table,
        // A file of an older build may not have it.
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(()),
        Err(error) => return Err(fail(error)),
    };
    let mut to = write.open_table(definition).map_err(fail)?;
    for row in from.iter().map_err(fail)? {
        let (key, value) = row.map_err(fail)?;
        to.insert(key.value(), value.value()).map_err(fail)?;
    }
    Ok(())
}
