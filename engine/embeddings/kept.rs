//! The vectors of articles, in memory and in a store of their own.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::vector::Vector;
use crate::search::Outline;
use crate::store::{Batch, Key, MAX_RANGE_ROWS, Store, StoreError, StoreResult, Table};

/// What is known of an article.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    /// Stands for the model.
    model: u64,
    /// Version of the record that was looked at last.
    version: u64,
    /// Stands for the text that the vector is of.
    text: u64,
    /// The vector; none of a text that has no direction.
    vector: Option<Vector>,
}

/// The vectors.
pub struct Kept {
    store: Arc<dyn Store>,
    model: u64,
    entries: RwLock<HashMap<[u8; 16], Entry>>,
}

impl Kept {
    /// The vectors of a model in a store; they are there once they are [loaded](Self::load).
    pub fn new(store: Arc<dyn Store>, model: String) -> Self {
        Self {
            store,
            model: stamp(&model),
            entries: RwLock::default(),
        }
    }

    /// Reads what the store has. What another model made is thrown away.
    ///
    /// # Errors
    /// When the store fails.
    pub fn load(&self) -> StoreResult<()> {
        let snapshot = self.store.snapshot(None)?;
        let (mut from, to) = (Vec::new(), [u8::MAX; 17]);
        loop {
            let rows = snapshot.range(Table::Meta, &from, &to, false, MAX_RANGE_ROWS)?;
            let mut others = Vec::new();
            for (key, row) in &rows {
                match self.read(key, &row.bytes) {
                    Some((id, entry)) => {
                        self.entries.write().insert(id, entry);
                    }
                    None => others.push((Table::Meta, key.clone())),
                }
            }
            if !others.is_empty() {
                self.commit(Vec::new(), others)?;
            }
            match rows.last() {
                Some((last, _)) if rows.len() == MAX_RANGE_ROWS => {
                    from.clone_from(last);
                    from.push(0);
                }
                _ => return Ok(()),
            }
        }
    }

    fn read(&self, key: &[u8], bytes: &[u8]) -> Option<([u8; 16], Entry)> {
        let entry: Entry = postcard::from_bytes(bytes).ok()?;
        (entry.model == self.model).then_some((key.try_into().ok()?, entry))
    }

    /// Whether what is known of an article is of this version.
    pub fn has(&self, of: Outline) -> bool {
        let entries = self.entries.read();
        entries
            .get(&of.id)
            .is_some_and(|entry| entry.version == of.version)
    }

    /// The vector of a text, if it is the one that an article had before.
    pub fn same(&self, of: Outline, text: &str) -> Option<Entry> {
        let entries = self.entries.read();
        let entry = entries
            .get(&of.id)
            .filter(|entry| entry.text == stamp(text))?;
        Some(Entry {
            version: of.version,
            ..entry.clone()
        })
    }

    /// What is known of an article now.
    pub fn entry(&self, of: Outline, text: &str, vector: Option<Vector>) -> Entry {
        Entry {
            model: self.model,
            version: of.version,
            text: stamp(text),
            vector,
        }
    }

    /// Keeps what is known of some articles, and forgets others.
    ///
    /// # Errors
    /// When the store fails.
    pub fn change(&self, new: Vec<([u8; 16], Entry)>, gone: Vec<[u8; 16]>) -> StoreResult<()> {
        if new.is_empty() && gone.is_empty() {
            return Ok(());
        }
        let mut put = Vec::with_capacity(new.len());
        for (id, entry) in &new {
            let bytes = postcard::to_stdvec(entry).map_err(failed)?;
            put.push((Table::Meta, id.to_vec(), bytes));
        }
        self.commit(
            put,
            gone.iter().map(|id| (Table::Meta, id.to_vec())).collect(),
        )?;
        let mut entries = self.entries.write();
        for id in gone {
            entries.remove(&id);
        }
        entries.extend(new);
        Ok(())
    }

    fn commit(
        &self,
        put: Vec<(Table, Key, Vec<u8>)>,
        delete: Vec<(Table, Key)>,
    ) -> StoreResult<()> {
        let mut batch = Batch {
            put,
            delete,
            ..Batch::default()
        };
        getrandom::fill(&mut batch.op).map_err(failed)?;
        self.store.commit(vec![batch]).map(drop)
    }

    /// All articles of which something is known.
    pub fn ids(&self) -> Vec<[u8; 16]> {
        self.entries.read().keys().copied().collect()
    }

    /// How many articles have a vector.
    pub fn count(&self) -> usize {
        let entries = self.entries.read();
        entries
            .values()
            .filter(|entry| entry.vector.is_some())
            .count()
    }

    /// Similarity of an article to a vector of length one.
    pub fn similarity(&self, id: &[u8; 16], to: &[f32]) -> Option<f32> {
        let entries = self.entries.read();
        entries.get(id)?.vector.as_ref()?.similarity(to)
    }

    /// Closes the store.
    ///
    /// # Errors
    /// When it fails.
    pub fn close(&self) -> StoreResult<()> {
        self.store.close()
    }
}

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::Io(error.to_string())
}

/// A number that stands for a text.
fn stamp(text: &str) -> u64 {
    let hash = Sha256::digest(text.as_bytes());
    let bytes = hash.first_chunk::<8>().copied();
    u64::from_be_bytes(bytes.unwrap_or_default())
}
