//! Files that nobody read: attached before files were read, or of a kind that was not read then.

use std::collections::HashSet;

use super::{Reading, Unread, reading_key};
use crate::desk::journal::StoredEntry;
use crate::desk::{Actor, Command, Desk, Request, Result, codec, keys};
use crate::domain::entry::EntryBody;
use crate::domain::{Id, Kind};
use crate::store::{Batch, Key, Snapshot, Table};
use crate::text;

/// Articles that are looked through at once.
const PAGE: usize = 500;
/// Most entries of an article that are looked at.
const MAX_ENTRIES: usize = 1_000;
/// Stands for what is read. To be raised when files are read that were not before: then a store is
/// looked through once more.
const READERS: u32 = 1;

/// With which [`READERS`] the store was looked through last.
fn looked_key() -> Key {
    b"file/looked".to_vec()
}

impl Desk {
    /// Looks through the files of all articles, reads those that should have been read by now, and
    /// keeps their words; `goes_on` is asked between articles and files. Returns how many there were.
    /// For one thread that has time; a store that was looked through to the end by a program that reads
    /// the same files is not looked through again.
    ///
    /// # Errors
    /// When the store fails; what is wrong with a file is kept with it.
    pub fn read_overlooked(&self, goes_on: &dyn Fn() -> bool) -> Result<usize> {
        let looked = self.store.snapshot(None)?.get(Table::Meta, &looked_key())?;
        let looked: Option<u32> = looked.map(|row| codec::decode(&row.bytes)).transpose()?;
        if looked == Some(READERS) {
            return Ok(0);
        }
        let (mut from, to) = keys::records(Kind::Article);
        let mut done = HashSet::new();
        let mut count = 0;
        loop {
            let snapshot = self.store.snapshot(None)?;
            let articles = snapshot.range(Table::Records, &from, &to, false, PAGE)?;
            let Some((last, _)) = articles.last() else {
                self.note_looked()?;
                return Ok(count);
            };
            from = next_after(last);
            for id in articles.iter().filter_map(|(key, _)| keys::id_at_end(key)) {
                if !goes_on() {
                    return Ok(count);
                }
                for file in overlooked(&*snapshot, id, &done)? {
                    if !goes_on() {
                        return Ok(count);
                    }
                    let is_new = done.insert(file.hash);
                    let outcome = match is_new {
                        true => Some(self.read_one(&*snapshot, &file)?),
                        false => None,
                    };
                    let command = Command::KeepWords {
                        file: Box::new(file),
                        outcome,
                    };
                    self.run(&Request::by(Actor::System), &command)?;
                    count += 1;
                }
            }
        }
    }

    fn note_looked(&self) -> Result<()> {
        let mut batch = Batch {
            op: self.ids.next(self.now()).0,
            ..Batch::default()
        };
        let row = codec::encode(&READERS)?;
        batch.put.push((Table::Meta, looked_key(), row));
        self.store.commit(vec![batch])?;
        Ok(())
    }
}

/// Files of an article that are of a kind that is read, and were not, or were only just now.
fn overlooked(snapshot: &dyn Snapshot, owner: Id, done: &HashSet<[u8; 32]>) -> Result<Vec<Unread>> {
    let (from, to) = keys::owned(owner);
    let mut files = Vec::new();
    for (_, row) in snapshot.range(Table::Entries, &from, &to, false, MAX_ENTRIES)? {
        let stored: StoredEntry = codec::decode(&row.bytes)?;
        let EntryBody::Attachment {
            name,
            media_type,
            hash,
            ..
        } = stored.entry.body
        else {
            continue;
        };
        if !text::is_read(&name, &media_type) {
            continue;
        }
        let reading = snapshot.get(Table::Meta, &reading_key(&hash))?;
        let reading: Option<Reading> = reading.map(|row| codec::decode(&row.bytes)).transpose()?;
        let is_overlooked = match reading {
            None => true,
            Some(Reading::Unread(why)) => why == "unsupported",
            Some(Reading::Read(_)) => false,
        };
        if is_overlooked || done.contains(&hash) {
            files.push(Unread {
                hash,
                kind: Kind::Article,
                owner,
                name,
                media_type,
            });
        }
    }
    Ok(files)
}

/// The least key behind this one.
fn next_after(key: &[u8]) -> Key {
    [key, &[0]].concat()
}
