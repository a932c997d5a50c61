//! The vector of a query, in time or not at all.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::embedder::{EmbedError, Embedder, Purpose, embed};
use super::kept::Kept;
use super::vector::unit;
use super::{EmbeddingsOptions, beginning};
use crate::search::{Meaning, Nearness};

/// Queries whose vectors are remembered: pages of one list, and what many ask on one day.
const REMEMBERED: usize = 256;
/// After a failure nobody asks for so long: searches would wait for nothing.
const REST: Duration = Duration::from_secs(5);

/// Asks the model.
pub struct Asker {
    embedder: Arc<dyn Embedder>,
    patience: Duration,
    kept: Arc<Kept>,
    known: Mutex<VecDeque<(String, Arc<Asked>)>>,
    failed: Mutex<Option<Instant>>,
}

/// A query's vector, and those of articles.
struct Asked {
    vector: Vec<f32>,
    kept: Arc<Kept>,
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked").finish_non_exhaustive()
    }
}

impl Nearness for Asked {
    fn of(&self, id: &[u8; 16]) -> Option<f32> {
        self.kept.similarity(id, &self.vector)
    }
}

impl Asker {
    pub fn new(options: EmbeddingsOptions, kept: Arc<Kept>) -> Self {
        Self {
            embedder: options.embedder,
            patience: options.patience,
            kept,
            known: Mutex::default(),
            failed: Mutex::default(),
        }
    }

    /// Whether the model failed a moment ago.
    pub fn is_failing(&self) -> bool {
        self.failed.lock().is_some_and(|at| at.elapsed() < REST)
    }

    fn remembered(&self, text: &str) -> Option<Arc<dyn Nearness>> {
        let mut known = self.known.lock();
        let at = known.iter().position(|(known, _)| known == text)?;
        let found = known.remove(at)?;
        let asked = Arc::clone(&found.1);
        known.push_front(found);
        Some(asked)
    }

    fn vector(&self, text: &str) -> Result<Vec<f32>, EmbedError> {
        let texts = [text.to_owned()];
        let vectors = embed(&*self.embedder, Purpose::Query, &texts, self.patience)?;
        let vector = vectors.first().and_then(|numbers| unit(numbers));
        vector.ok_or_else(|| EmbedError("the vector of the query has no direction".to_owned()))
    }
}

impl fmt::Debug for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asker").finish_non_exhaustive()
    }
}

impl Meaning for Asker {
    fn nearness(&self, text: &str) -> Option<Arc<dyn Nearness>> {
        let text = beginning(text);
        if let Some(asked) = self.remembered(text) {
            return Some(asked);
        }
        if self.is_failing() {
            return None;
        }
        match self.vector(text) {
            Ok(vector) => {
                *self.failed.lock() = None;
                let kept = Arc::clone(&self.kept);
                let asked = Arc::new(Asked { vector, kept });
                let mut known = self.known.lock();
                known.truncate(REMEMBERED - 1);
                known.push_front((text.to_owned(), Arc::clone(&asked)));
                Some(asked)
            }
            Err(error) => {
                tracing::warn!(%error, "a search was answered by its words alone");
                *self.failed.lock() = Some(Instant::now());
                None
            }
        }
    }
}
