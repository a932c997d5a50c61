//! Large content: stored under its hash in batches of its own, before the batch that names it.
//!
//! Content that no record names does no harm: it is what a crash in between leaves behind, and it is
//! taken as it is when the same content comes again. So a file may be larger than a batch.

use super::{Desk, Result};
use crate::store::{Batch, Key, Table};

/// Bytes of content from which it gets batches of its own, and the size of these.
const OWN_BATCH: usize = 2 * 1_024 * 1_024;

/// One row of content.
type Row = (Table, Key, Vec<u8>);

/// Takes the rows of content out of a batch when they are many; they come back in their order.
pub fn split(batch: &mut Batch) -> Vec<Row> {
    let bytes: usize = batch
        .put
        .iter()
        .filter(|row| is_content(row))
        .map(|row| row.2.len())
        .sum();
    if bytes < OWN_BATCH {
        return Vec::new();
    }
    let (content, rest) = std::mem::take(&mut batch.put)
        .into_iter()
        .partition(is_content);
    batch.put = rest;
    content
}

fn is_content((table, key, _): &Row) -> bool {
    *table == Table::Blobs || (*table == Table::Packs && key.starts_with(b"r/"))
}

impl Desk {
    /// Stores content, batch after batch: whoever finds the last row finds all before it.
    pub(super) fn store_content(&self, rows: Vec<Row>) -> Result<()> {
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let mut batch = Batch {
                op: self.ids.next(self.now()).0,
                ..Batch::default()
            };
            let mut bytes = 0;
            while let Some(row) = rows.next_if(|row| bytes == 0 || bytes + row.2.len() <= OWN_BATCH)
            {
                bytes += row.2.len();
                batch.put.push(row);
            }
            self.store.commit(vec![batch])?;
        }
        Ok(())
    }
}
