//! Meaning: articles are put in order by what they say, too, and not by their words alone.
//!
//! Whoever runs the desk supplies a model behind [`Embedder`]; `http` asks one over the network. The
//! vectors of articles are made behind everybody's back and kept beside the index, so that a search
//! asks for one vector, its own, and waits for it no longer than it was told. Without that vector, or
//! without those of hits, the order by words stands: nothing here can make a search fail.
//!
//! - `embedder`: what a model is asked; `vector`: what it answers, in bytes;
//! - `kept`: the vectors, in memory and in a store of their own, of which a loss costs only work;
//! - `maker`: the thread that makes those that are missing;
//! - `asker`: the vector of a query, in time or not at all.
//!
//! Only text that every reader of an article may read gets into a vector: an order could tell others
//! what they may not read.

mod asker;
mod embedder;
#[cfg(feature = "server")]
mod http;
mod kept;
mod maker;
mod vector;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use embedder::{EmbedError, Embedder, MAX_DIMENSIONS, Purpose};
#[cfg(feature = "server")]
pub use http::{HttpEmbedder, HttpOptions};

use asker::Asker;
use kept::Kept;
use maker::Maker;

use crate::search::{Meaning, SearchIndex};
use crate::store::{MemoryStore, OpenOptions, RedbStore, Store, StoreError, StoreResult};

/// The part of a text that a model is given, in characters: models for this look at some hundred
/// words, and what an article is about stands in front.
const MAX_CHARS: usize = 500;
/// Bytes of the file that are kept in memory: it is read once.
const CACHE_BYTES: usize = 4 * 1_024 * 1_024;

/// What gives meaning to a desk.
#[derive(Clone)]
pub struct EmbeddingsOptions {
    /// The model.
    pub embedder: Arc<dyn Embedder>,
    /// Longest wait of a search for the vector of its text.
    pub patience: Duration,
}

impl fmt::Debug for EmbeddingsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddingsOptions")
            .field("model", &self.embedder.model())
            .field("patience", &self.patience)
            .finish()
    }
}

/// How it does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EmbeddingsStatus {
    /// Articles that have a vector.
    pub made: usize,
    /// Articles whose vector is missing or of an older version.
    pub waiting: usize,
    /// Whether the model failed when it was asked last.
    pub failing: bool,
}

/// The meaning of a desk's articles. It has a thread of its own, which ends with it.
pub struct Embeddings {
    kept: Arc<Kept>,
    asker: Arc<Asker>,
    maker: Maker,
}

impl Embeddings {
    /// Opens the vectors in a file, or in memory without one, and begins to make those that are
    /// missing. A file that cannot be read is made anew.
    ///
    /// # Errors
    /// When the file cannot be made, or the thread cannot be started.
    pub fn open(
        file: Option<&Path>,
        index: &Arc<SearchIndex>,
        options: EmbeddingsOptions,
    ) -> StoreResult<Self> {
        let store: Arc<dyn Store> = match file {
            None => Arc::new(MemoryStore::new()),
            Some(file) => Arc::new(open_file(file)?),
        };
        let kept = Arc::new(Kept::new(store, options.embedder.model()));
        let maker = Maker::start(&kept, index, &options.embedder)?;
        Ok(Self {
            asker: Arc::new(Asker::new(options, Arc::clone(&kept))),
            kept,
            maker,
        })
    }

    /// What searches ask.
    #[must_use]
    pub fn meaning(&self) -> Arc<dyn Meaning> {
        Arc::clone(&self.asker) as _
    }

    /// How it does.
    #[must_use]
    pub fn status(&self) -> EmbeddingsStatus {
        EmbeddingsStatus {
            made: self.kept.count(),
            waiting: self.maker.waiting(),
            failing: self.maker.is_failing() || self.asker.is_failing(),
        }
    }

    /// Stops the thread and closes the file.
    pub fn close(&self) {
        self.maker.stop();
        if let Err(error) = self.kept.close() {
            tracing::warn!(%error, "the file of vectors was not closed");
        }
    }
}

fn open_file(file: &Path) -> StoreResult<RedbStore> {
    let options = || OpenOptions {
        cache_bytes: CACHE_BYTES,
        ops_kept: 1,
        ..OpenOptions::default()
    };
    RedbStore::open(file, options()).or_else(|error| {
        if let StoreError::Busy(_) = error {
            return Err(error);
        }
        tracing::warn!(%error, "the file of vectors is made anew");
        std::fs::remove_file(file).map_err(|error| StoreError::Io(error.to_string()))?;
        RedbStore::open(file, options())
    })
}

/// The part of a text that a model is given.
fn beginning(text: &str) -> &str {
    let end = text
        .char_indices()
        .nth(MAX_CHARS)
        .map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text)
}
