//! Index rows that an older build did not write: made once, when a store is opened.

use super::{Desk, Result, changeset, codec, keys};
use crate::domain::{Kind, Record, party};
use crate::packs::Catalog;
use crate::store::{Batch, Expect, Key, Table, Versioned};

/// Records that are read at once.
const PAGE: usize = 100;
/// How often a page is tried again when others write meanwhile.
const TRIES: usize = 5;

impl Desk {
    /// Writes the rows by which parties and inquiries are found, where they are missing. The oldest
    /// record of a kind is written last, so that its rows tell whether all have been.
    pub(super) fn rekey(&self) -> Result<()> {
        let catalog = self.catalog()?;
        for kind in party::KINDS.into_iter().chain([Kind::Inquiry]) {
            if self.is_keyed(&catalog, kind)? {
                continue;
            }
            tracing::info!(
                kind = kind.name(),
                "writing the index rows of older records"
            );
            let (from, mut to) = keys::records(kind);
            while let Some(next) = self.rekey_page(&catalog, &from, &to)? {
                to = next;
            }
        }
        Ok(())
    }

    /// Whether the oldest record that has such rows has them.
    fn is_keyed(&self, catalog: &Catalog, kind: Kind) -> Result<bool> {
        let snapshot = self.store.snapshot(None)?;
        let (mut from, to) = keys::records(kind);
        loop {
            let rows = snapshot.range(Table::Records, &from, &to, false, PAGE)?;
            for (_, row) in &rows {
                let wanted = rows_of(catalog, row)?;
                if let Some(key) = wanted.into_iter().next() {
                    return Ok(snapshot.get(Table::Index, &key)?.is_some());
                }
            }
            match rows.last() {
                Some((key, _)) if rows.len() == PAGE => {
                    from.clone_from(key);
                    from.push(0);
                }
                _ => return Ok(true),
            }
        }
    }

    /// Writes the rows of the last records before a key; where to go on, none at the end.
    fn rekey_page(&self, catalog: &Catalog, from: &Key, to: &Key) -> Result<Option<Key>> {
        for _ in 0..TRIES {
            let snapshot = self.store.snapshot(None)?;
            let rows = snapshot.range(Table::Records, from, to, true, PAGE)?;
            let mut batch = Batch {
                op: self.ids.next(self.now()).0,
                ..Batch::default()
            };
            for (key, row) in &rows {
                let version = Expect::Version(row.version);
                batch.expect.push((Table::Records, key.clone(), version));
                let keys = rows_of(catalog, row)?.into_iter();
                batch
                    .put
                    .extend(keys.map(|key| (Table::Index, key, Vec::new())));
            }
            let next = rows.last().map(|(key, _)| key.clone());
            if rows.is_empty() {
                return Ok(None);
            }
            let outcome = self.store.commit(vec![batch])?.pop();
            if matches!(outcome, Some(crate::store::Outcome::Done(_))) {
                return Ok(next.filter(|_| rows.len() == PAGE));
            }
        }
        Err(super::Error::internal(
            "the index rows of older records could not be written",
        ))
    }
}

/// The rows of a record that its fields' definitions know nothing of.
fn rows_of(catalog: &Catalog, row: &Versioned) -> Result<Vec<Key>> {
    let record: Record = codec::decode(&row.bytes)?;
    let own =
        [keys::PARTY_INDEX, keys::INBOX_INDEX].map(|name| keys::index_field(record.kind, name));
    let mut rows: Vec<Key> = changeset::index_keys(catalog, Some(&record))
        .into_iter()
        .filter(|key| own.iter().any(|prefix| key.starts_with(prefix)))
        .collect();
    rows.sort();
    Ok(rows)
}
