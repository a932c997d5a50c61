//! The words of attached files: read apart from requests and from whoever else works, kept under the
//! hash of the content, and searched with the article.
//!
//! Attaching leaves a row that says what is to be read. One thread reads, file after file; what comes
//! of it is a command like any other, and the search index follows it in the journal.

mod overlooked;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::{Actor, Command, Desk, Request, Result, codec, keys};
use crate::domain::{Id, Kind};
use crate::store::{Batch, Key, Snapshot, Table};
use crate::text;

/// Longest time to read a file, asked between its parts.
const MAX_TIME: Duration = Duration::from_secs(10);
/// After this time a reader that does not answer is left alone.
const MAX_SILENCE: Duration = Duration::from_secs(30);
/// Stack of a reader: files may be nested deep.
const STACK_BYTES: usize = 16 * 1_024 * 1_024;
/// Bytes of words in a row.
const PIECE_BYTES: usize = 64 * 1_024;

/// A file that is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// SHA-256 of its content.
    pub hash: [u8; 32],
    /// Kind of the record it is attached to.
    pub kind: Kind,
    /// The record.
    pub owner: Id,
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
}

/// What came of reading a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reading {
    /// It has words, in so many rows.
    Read(u16),
    /// It has none: why.
    Unread(String),
}

/// Files that are to be read: from there on.
pub fn unread_keys() -> Key {
    b"file/u/".to_vec()
}

/// A file that is to be read for a record.
pub fn unread_key(hash: &[u8; 32], owner: Id) -> Key {
    [b"file/u/".as_slice(), hash, owner.as_bytes()].concat()
}

/// Whether a batch leaves a file to be read.
pub fn leaves_unread(batch: &Batch) -> bool {
    let mut puts = batch.put.iter();
    puts.any(|(table, key, _)| *table == Table::Meta && key.starts_with(b"file/u/"))
}

/// What came of reading a content.
pub fn reading_key(hash: &[u8; 32]) -> Key {
    [b"file/r/".as_slice(), hash].concat()
}

/// A piece of the words of a content.
pub fn piece_key(hash: &[u8; 32], piece: u16) -> Key {
    [b"file/w/".as_slice(), hash, &piece.to_be_bytes()].concat()
}

/// Before all rows about a content: that it is to be read, what came of it, its words.
pub fn rows_of(hash: &[u8; 32]) -> [Key; 3] {
    let of = |prefix: &[u8]| [prefix, hash.as_slice()].concat();
    [of(b"file/u/"), of(b"file/r/"), of(b"file/w/")]
}

/// Words in pieces that fit into rows.
pub fn pieces(words: &str) -> Vec<&str> {
    let mut rest = words;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE_BYTES));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// The words of a content, as far as it was read.
pub fn words(snapshot: &dyn Snapshot, hash: &[u8; 32]) -> Result<Option<String>> {
    let Some(row) = snapshot.get(Table::Meta, &reading_key(hash))? else {
        return Ok(None);
    };
    let Reading::Read(pieces) = codec::decode(&row.bytes)? else {
        return Ok(None);
    };
    let wanted: Vec<(Table, Key)> = (0..pieces)
        .map(|piece| (Table::Meta, piece_key(hash, piece)))
        .collect();
    let mut words = String::new();
    for row in snapshot.get_many(&wanted)?.into_iter().flatten() {
        words.push_str(&codec::decode::<String>(&row.bytes)?);
    }
    Ok(Some(words))
}

impl Desk {
    /// Reads files that wait for it, at most `max`, and keeps their words. Returns how many there
    /// were. For one thread that has time.
    ///
    /// # Errors
    /// When the store fails; what is wrong with a file is kept with it.
    pub fn read_files(&self, max: usize) -> Result<usize> {
        let from = unread_keys();
        let snapshot = self.store.snapshot(None)?;
        let rows = snapshot.range(
            Table::Meta,
            &from,
            &keys::after(&from),
            false,
            max.min(1_000),
        )?;
        drop(snapshot);
        let found = rows.len();
        for (_, row) in rows {
            let file: Unread = codec::decode(&row.bytes)?;
            let snapshot = self.store.snapshot(None)?;
            let is_read = snapshot
                .get(Table::Meta, &reading_key(&file.hash))?
                .is_some();
            let outcome = match is_read {
                true => None,
                false => Some(self.read_one(&*snapshot, &file)?),
            };
            drop(snapshot);
            let command = Command::KeepWords {
                file: Box::new(file),
                outcome,
            };
            self.run(&Request::by(Actor::System), &command)?;
        }
        Ok(found)
    }

    /// Waits until a file is attached, or somebody calls [`Desk::wake_reader`]; at most `most`.
    pub fn wait_files(&self, most: Duration) {
        self.files.wait(most);
    }

    /// Ends a [`Desk::wait_files`] of another thread.
    pub fn wake_reader(&self) {
        self.files.ring();
    }

    /// What came of reading contents, `waiting` when they have not been read yet: for attachments of
    /// kinds whose files are read.
    ///
    /// # Errors
    /// When the store fails.
    pub fn readings(&self, hashes: &[[u8; 32]]) -> Result<Vec<String>> {
        let snapshot = self.store.snapshot(None)?;
        let wanted: Vec<(Table, Key)> = hashes
            .iter()
            .map(|hash| (Table::Meta, reading_key(hash)))
            .collect();
        let rows = snapshot.get_many(&wanted)?.into_iter();
        rows.map(|row| {
            Ok(match row {
                None => "waiting".to_owned(),
                Some(row) => match codec::decode(&row.bytes)? {
                    Reading::Read(_) => "read".to_owned(),
                    Reading::Unread(why) => why,
                },
            })
        })
        .collect()
    }

    fn read_one(
        &self,
        snapshot: &dyn Snapshot,
        file: &Unread,
    ) -> Result<std::result::Result<String, String>> {
        let (from, to) = (
            keys::blob_chunk(&file.hash, 0),
            keys::blob_chunk(&file.hash, u32::MAX),
        );
        let rows = snapshot.range(Table::Blobs, &from, &to, false, 1_000)?;
        let content: Vec<u8> = rows.into_iter().flat_map(|(_, row)| row.bytes).collect();
        let (name, media_type) = (file.name.clone(), file.media_type.clone());
        Ok(apart(move || {
            let began = Instant::now();
            let mut goes_on = || began.elapsed() < MAX_TIME;
            text::words(&name, &media_type, &content, &mut goes_on).map_err(|why| why.told())
        }))
    }
}

/// Reads on a thread of its own: what panics or hangs there is the file's fault and nobody else's.
fn apart(
    read: impl FnOnce() -> std::result::Result<String, String> + Send + 'static,
) -> std::result::Result<String, String> {
    let (tell, told) = mpsc::channel();
    let reader = std::thread::Builder::new()
        .name("opora-file".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            let outcome = catch_unwind(AssertUnwindSafe(read));
            let broke = || Err("broken: the reader of this kind of file gave up".to_owned());
            // Nobody may be waiting any more.
            let _ = tell.send(outcome.unwrap_or_else(|_| broke()));
        });
    if reader.is_err() {
        return Err("broken: no thread could be made to read it".to_owned());
    }
    told.recv_timeout(MAX_SILENCE)
        .unwrap_or_else(|_| Err("out_of_time".to_owned()))
}
