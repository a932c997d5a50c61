//! Comments, messages, attachments and links of a record.

use std::sync::Arc;

use crate::desk::journal::StoredEntry;
use crate::desk::sight::Sight;
use crate::desk::{Actor, Desk, EntryPage, Error, Page, Result, codec, decide, keys, merged};
use crate::domain::entry::{EntryBody, Visibility};
use crate::domain::record::fields;
use crate::domain::{Id, Kind};
use crate::store::{Snapshot, Span, Table, Versioned};

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
        let owners = self.owners(&snapshot, actor, kind, id)?;
        let mut after = None;
        if let Some(cursor) = cursor {
            let key = super::unhex(cursor)?;
            if key.get(..16) != Some(id.as_bytes().as_slice()) {
                return Err(super::bad_cursor());
            }
            after = keys::id_at_end(&key);
        }
        let most = (limit * 4).clamp(100, MAX_ROWS);
        let (rows, more) = rows_of(&*snapshot, &owners, after, most)?;
        let place = |(_, entry, _): &(Id, Id, Versioned)| decide::hex(&keys::entry(id, *entry));
        let mut next = rows.last().filter(|_| more).map(place);
        let last = rows.len().saturating_sub(1);
        let mut items = Vec::new();
        for (n, found) in rows.iter().enumerate() {
            let mut page = read(&found.2)?;
            page.merged = (found.0 != id).then_some(found.0);
            if !shows(actor, &page.entry.body) || !wanted(&page.entry.body) {
                continue;
            }
            items.push(page);
            if items.len() == limit {
                if n < last {
                    next = Some(place(found));
                }
                break;
            }
        }
        self.name_authors(&snapshot, actor, &mut items)?;
        Ok(Page { items, next })
    }

    /// Gives entries the names of their authors, as far as the asker may read them.
    fn name_authors(
        &self,
        snapshot: &Arc<dyn Snapshot>,
        actor: &Actor,
        items: &mut [EntryPage],
    ) -> Result<()> {
        let mut people: Vec<(Kind, Id)> = items
            .iter()
            .filter_map(|page| person(&page.entry.author))
            .collect();
        people.sort_unstable();
        people.dedup();
        if people.is_empty() {
            return Ok(());
        }
        let ground = self.ground_for(Arc::clone(snapshot), &people)?;
        let sight = Sight::new(&ground, actor);
        let pages = super::record::read_many(&*ground.snapshot, &sight, &people)?;
        for item in items {
            let person = person(&item.entry.author);
            let found = pages
                .iter()
                .find(|p| person == Some((p.record.kind, p.record.id)));
            let name = found.and_then(|p| p.record.text(fields::TITLE));
            item.author_name = name.map(str::to_owned);
        }
        Ok(())
    }

    /// The record and what was merged into it, as far as the asker may see these.
    fn owners(
        &self,
        snapshot: &Arc<dyn Snapshot>,
        actor: &Actor,
        kind: Kind,
        id: Id,
    ) -> Result<Vec<Id>> {
        let ground = self.ground_for(Arc::clone(snapshot), &[(kind, id)])?;
        let sight = Sight::new(&ground, actor);
        let page = super::record::read(&*ground.snapshot, &sight, kind, id)?;
        let mut owners = vec![id];
        for source in merged::sources(&*ground.snapshot, &page.record)? {
            if sight.sees(&source)? {
                owners.push(source.id);
            }
        }
        Ok(owners)
    }

    /// One entry of a record.
    ///
    /// # Errors
    /// When there is none that the asker may see, or the store fails.
    pub fn entry(&self, actor: &Actor, kind: Kind, id: Id, entry: Id) -> Result<EntryPage> {
        let snapshot = self.store.snapshot(None)?;
        let owners = self.owners(&snapshot, actor, kind, id)?;
        let key = |owner: &Id| (Table::Entries, keys::entry(*owner, entry));
        let wanted: Vec<_> = owners.iter().map(key).collect();
        let rows = snapshot.get_many(&wanted)?;
        let mut found = owners.iter().zip(rows);
        let (owner, row) = found
            .find_map(|(owner, row)| Some((*owner, row?)))
            .ok_or_else(Error::not_found)?;
        let mut page = read(&row)?;
        page.merged = (owner != id).then_some(owner);
        if !shows(actor, &page.entry.body) {
            return Err(Error::not_found());
        }
        self.name_authors(&snapshot, actor, std::slice::from_mut(&mut page))?;
        Ok(page)
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

/// Ids of entries and of the records they belong to, with their rows.
type Rows = Vec<(Id, Id, Versioned)>;

/// Entries of several records in the order they were made, and whether there are more.
fn rows_of(
    snapshot: &dyn Snapshot,
    owners: &[Id],
    after: Option<Id>,
    most: usize,
) -> Result<(Rows, bool)> {
    let span = |owner: &Id| {
        let (mut from, to) = keys::owned(*owner);
        if let Some(after) = after {
            from = keys::entry(*owner, after);
            from.push(0);
        }
        Span {
            table: Table::Entries,
            from,
            to,
            limit: most,
        }
    };
    let spans: Vec<Span> = owners.iter().map(span).collect();
    let (_, found) = snapshot.read(&[], &spans)?;
    let mut rows = Vec::new();
    let mut cut: Option<Id> = None;
    for (owner, of_it) in owners.iter().zip(found) {
        let full = of_it.len() == most;
        let ids = of_it
            .into_iter()
            .filter_map(|(key, row)| Some((keys::id_at_end(&key)?, row)));
        let of_it: Vec<(Id, Versioned)> = ids.collect();
        if let Some((last, _)) = of_it.last().filter(|_| full) {
            cut = Some(cut.map_or(*last, |cut| cut.min(*last)));
        }
        rows.extend(of_it.into_iter().map(|(entry, row)| (*owner, entry, row)));
    }
    rows.sort_by_key(|(_, entry, _)| *entry);
    // Behind the end of a range that was cut, others of that range may come first.
    rows.retain(|(_, entry, _)| cut.is_none_or(|cut| *entry <= cut));
    let more = cut.is_some() || most < rows.len();
    rows.truncate(most);
    Ok((rows, more))
}

fn read(row: &Versioned) -> Result<EntryPage> {
    let stored: StoredEntry = codec::decode(&row.bytes)?;
    Ok(EntryPage {
        entry: stored.entry,
        version: row.version,
        author_name: None,
        merged: None,
    })
}

/// The record of an author: the journal writes `agent:ID`, `admin:ID`, `contact:ID`.
fn person(author: &str) -> Option<(Kind, Id)> {
    let (role, id) = author.split_once(':')?;
    let kind = match role {
        "agent" | "admin" => Kind::Agent,
        "contact" => Kind::Contact,
        _ => return None,
    };
    Some((kind, id.parse().ok()?))
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
