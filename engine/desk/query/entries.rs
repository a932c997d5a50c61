//! Comments, messages, attachments and links of a record.

use crate::desk::journal::StoredEntry;
use crate::desk::{Actor, Desk, EntryPage, Error, Page, Result, codec, decide, keys};
use crate::domain::entry::{EntryBody, Visibility};
use crate::domain::{Id, Kind};
use crate::store::{Table, Versioned};

/// Most rows that one page looks through.
const MAX_ROWS: usize = 500;

impl Desk {
    /// The entries of a record, oldest first.
    ///
    /// # Errors
    /// When there is no such record, the cursor is foreign, or the store fails.
    pub fn entries(
        &self,
        actor: &Actor,
        kind: Kind,
        id: Id,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<EntryPage>> {
        self.entries_where(actor, (kind, id), cursor, limit, |_| true)
    }

    /// The entries of a record of one sort, oldest first. A page may be short and still have a next
    /// one, when many entries of other sorts lie in between.
    ///
    /// # Errors
    /// As [`Desk::entries`].
    pub fn entries_where(
        &self,
        actor: &Actor,
        (kind, id): (Kind, Id),
        cursor: Option<&str>,
        limit: usize,
        wanted: impl Fn(&EntryBody) -> bool,
    ) -> Result<Page<EntryPage>> {
        let limit = super::limit(limit)?;
        let snapshot = self.store.snapshot(None)?;
        self.seen(&snapshot, actor, kind, id)?;
        let (mut from, to) = keys::owned(id);
        if let Some(cursor) = cursor {
            from = super::unhex(cursor)?;
            if from.get(..16) != Some(id.as_bytes().as_slice()) {
                return Err(super::bad_cursor());
            }
            from.push(0);
        }
        let most = (limit * 4).clamp(100, MAX_ROWS);
        let rows = snapshot.range(Table::Entries, &from, &to, false, most)?;
        let mut next = match rows.last() {
            Some((key, _)) if rows.len() == most => Some(decide::hex(key)),
            _ => None,
        };
        let last = rows.len().saturating_sub(1);
        let mut items = Vec::new();
        for (n, (key, row)) in rows.iter().enumerate() {
            let page = read(row)?;
            if !shows(actor, &page.entry.body) || !wanted(&page.entry.body) {
                continue;
            }
            items.push(page);
            if items.len() == limit {
                if n < last {
                    next = Some(decide::hex(key));
                }
                break;
            }
        }
        Ok(Page { items, next })
    }

    /// One entry of a record.
    ///
    /// # Errors
    /// When there is none that the asker may see, or the store fails.
    pub fn entry(&self, actor: &Actor, kind: Kind, id: Id, entry: Id) -> Result<EntryPage> {
        let snapshot = self.store.snapshot(None)?;
        self.seen(&snapshot, actor, kind, id)?;
        let row = snapshot.get(Table::Entries, &keys::entry(id, entry))?;
        let page = read(&row.ok_or_else(Error::not_found)?)?;
        if shows(actor, &page.entry.body) {
            Ok(page)
        } else {
            Err(Error::not_found())
        }
    }

    /// An attachment and its content, byte for byte as it came.
    ///
    /// # Errors
    /// When there is none that the asker may see, or the store fails.
    pub fn attachment(
        &self,
        actor: &Actor,
        kind: Kind,
        id: Id,
        entry: Id,
    ) -> Result<(EntryPage, Vec<u8>)> {
        let page = self.entry(actor, kind, id, entry)?;
        let EntryBody::Attachment { hash, size, .. } = &page.entry.body else {
            return Err(Error::not_found());
        };
        let snapshot = self.store.snapshot(None)?;
        let (from, to) = (keys::blob_chunk(hash, 0), keys::blob_chunk(hash, u32::MAX));
        let rows = snapshot.range(Table::Blobs, &from, &to, false, 1_000)?;
        let content: Vec<u8> = rows.into_iter().flat_map(|(_, row)| row.bytes).collect();
        if content.len() as u64 != *size {
            return Err(Error::internal("an attachment's content is not whole"));
        }
        Ok((page, content))
    }
}

fn read(row: &Versioned) -> Result<EntryPage> {
    let stored: StoredEntry = codec::decode(&row.bytes)?;
    Ok(EntryPage {
        entry: stored.entry,
        version: row.version,
    })
}

/// Whether the asker may see an entry.
pub fn shows(actor: &Actor, body: &EntryBody) -> bool {
    actor.sees_internal()
        || match body {
            EntryBody::Comment { visibility, .. } | EntryBody::Attachment { visibility, .. } => {
                *visibility == Visibility::Public
            }
            EntryBody::Message { .. } => true,
            EntryBody::Link { .. } | EntryBody::Consumption(_) => false,
        }
}
