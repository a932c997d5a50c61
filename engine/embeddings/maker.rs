//! The thread that makes the vectors that are missing.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::beginning;
use super::embedder::{Embedder, Purpose, embed};
use super::kept::Kept;
use super::vector::Vector;
use crate::search::{Outline, PublicText, SearchIndex};
use crate::store::{MAX_BATCH_ROWS, StoreError, StoreResult};

/// What has vectors.
const KIND: &str = "article";
/// How often the index is looked at for changes.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Texts that the model is asked for at once.
const AT_ONCE: usize = 16;
/// Longest wait for their vectors.
const PATIENCE: Duration = Duration::from_secs(120);
/// Waits after failures: the first, and the longest.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// The running thread.
pub struct Maker {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Shared {
    stopped: Mutex<bool>,
    stop: Condvar,
    waiting: AtomicUsize,
    failing: AtomicBool,
}

impl Shared {
    /// Waits; false when it is time to stop.
    fn pause(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut stopped = self.stopped.lock();
        while !*stopped {
            if self.stop.wait_until(&mut stopped, until).timed_out() {
                break;
            }
        }
        !*stopped
    }

    fn is_stopped(&self) -> bool {
        *self.stopped.lock()
    }
}

impl Maker {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has none left.
    pub fn start(
        kept: &Arc<Kept>,
        index: &Arc<SearchIndex>,
        embedder: &Arc<dyn Embedder>,
    ) -> StoreResult<Self> {
        let shared = Arc::<Shared>::default();
        let work = Work {
            shared: Arc::clone(&shared),
            kept: Arc::clone(kept),
            index: Arc::clone(index),
            embedder: Arc::clone(embedder),
        };
        let thread = std::thread::Builder::new()
            .name("opora-embeddings".to_owned())
            .spawn(move || work.run())
            .map_err(|error| StoreError::Io(error.to_string()))?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Articles whose vector is missing or of an older version, as far as they were looked at.
    pub fn waiting(&self) -> usize {
        self.shared.waiting.load(Ordering::Relaxed)
    }

    /// Whether the last try failed.
    pub fn is_failing(&self) -> bool {
        self.shared.failing.load(Ordering::Relaxed)
    }

    /// Ends the thread; what the model is asked for just then is waited for.
    pub fn stop(&self) {
        *self.shared.stopped.lock() = true;
        self.shared.stop.notify_all();
        let thread = self.thread.lock().take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::warn!("the thread that makes vectors ended badly");
        }
    }
}

impl Drop for Maker {
    fn drop(&mut self) {
        self.stop();
    }
}

struct Work {
    shared: Arc<Shared>,
    kept: Arc<Kept>,
    index: Arc<SearchIndex>,
    embedder: Arc<dyn Embedder>,
}

impl Work {
    fn run(self) {
        if let Err(error) = self.kept.load() {
            tracing::warn!(%error, "vectors could not be read, they are made anew");
        }
        let (first, longest) = BACKOFF;
        let mut backoff = first;
        let mut seen = None;
        while !self.shared.is_stopped() {
            // Read first: what changes meanwhile is found at the next look.
            let position = self.index.position();
            if seen == Some(position) || self.index.status().rebuilding {
                self.shared.pause(LOOK_EVERY);
                continue;
            }
            match self.look() {
                Ok(()) => {
                    self.shared.failing.store(false, Ordering::Relaxed);
                    (seen, backoff) = (Some(position), first);
                    self.shared.pause(LOOK_EVERY);
                }
                Err(error) => {
                    self.shared.failing.store(true, Ordering::Relaxed);
                    tracing::warn!(error, "vectors of articles are not made");
                    self.shared.pause(backoff);
                    backoff = (backoff * 2).min(longest);
                }
            }
        }
    }

    /// Makes the vectors that are missing, and forgets those of articles that are gone.
    fn look(&self) -> Result<(), String> {
        let mut gone: HashSet<[u8; 16]> = self.kept.ids().into_iter().collect();
        loop {
            let mut waiting = 0;
            let mut wanted = |of: Outline| {
                gone.remove(&of.id);
                let wanted = !self.kept.has(of);
                waiting += usize::from(wanted);
                wanted
            };
            let texts = self.index.texts(KIND, AT_ONCE, &mut wanted);
            let texts = texts.map_err(|e| e.to_string())?;
            self.shared.waiting.store(waiting, Ordering::Relaxed);
            if texts.is_empty() || self.shared.is_stopped() {
                break;
            }
            self.make(&texts)?;
        }
        let gone: Vec<[u8; 16]> = gone.into_iter().collect();
        for some in gone.chunks(MAX_BATCH_ROWS) {
            let changed = self.kept.change(Vec::new(), some.to_vec());
            changed.map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    fn make(&self, texts: &[PublicText]) -> Result<(), String> {
        let mut known = Vec::new();
        let mut asked: Vec<(Outline, String)> = Vec::new();
        for text in texts {
            let said = format!("{}. {}", text.title, beginning(&text.body));
            // Most changes of an article are not of its text.
            match self.kept.same(text.of, &said) {
                Some(entry) => known.push((text.of.id, entry)),
                None => asked.push((text.of, said)),
            }
        }
        if !asked.is_empty() {
            let said: Vec<String> = asked.iter().map(|(_, said)| said.clone()).collect();
            let vectors = embed(&*self.embedder, Purpose::Text, &said, PATIENCE);
            let vectors = vectors.map_err(|e| e.to_string())?;
            for ((of, said), numbers) in asked.iter().zip(vectors) {
                let entry = self.kept.entry(*of, said, Vector::of(&numbers));
                known.push((of.id, entry));
            }
        }
        self.kept
            .change(known, Vec::new())
            .map_err(|e| e.to_string())
    }
}
