//! The search index as its users see it: open, search, wait, close.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use parking_lot::{Condvar, Mutex};
use tantivy::{IndexReader, ReloadPolicy};

use super::columns::{self, ColumnsRequest, Each, Scanned};
use super::doc::Source;
use super::error::{SearchError, SearchResult};
use super::folder::{Folder, Generation, caught, in_memory};
use super::indexer::Indexer;
use super::likeness::{self, Likeness};
use super::outline::{self, Outline, PublicText};
use super::page;
use super::request::{SearchPage, SearchRequest};
use super::suggest::{self, Suggestions};

/// How the index works; the defaults are right for a desk.
#[derive(Debug, Clone)]
pub struct SearchOptions {
    /// Least time between two commits while changes keep coming. An idle index commits at once.
    pub window: Duration,
    /// Memory of the writer in bytes, at least 15,000,000.
    pub writer_bytes: usize,
    /// Memory of each of the two writers of a rebuild in bytes, at least 15,000,000.
    pub rebuild_bytes: usize,
}

impl Default for SearchOptions {
    fn default() -> Self {
        Self {
            window: Duration::from_millis(30),
            // The least: each commit clears tables in proportion to it.
            writer_bytes: 15_000_000,
            rebuild_bytes: 128_000_000,
        }
    }
}

/// How the index does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchStatus {
    /// Journal position up to which changes are found.
    pub position: u64,
    /// Documents in the index.
    pub docs: u64,
    /// Segments in the index.
    pub segments: usize,
    /// Whether it is being built anew.
    pub rebuilding: bool,
    /// Size of its files in bytes; 0 in memory.
    pub bytes: u64,
    /// The indexer's last failure, until it succeeds again.
    pub error: Option<String>,
}

/// The search index of one desk. It is written by a thread of its own, which ends with it.
pub struct SearchIndex {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What searches and the indexer share.
pub(super) struct Shared {
    pub(super) source: Arc<dyn Source>,
    pub(super) options: SearchOptions,
    pub(super) folder: Folder,
    pub(super) live: ArcSwap<Live>,
    pub(super) rebuild_wanted: AtomicBool,
    /// Callers in [`SearchIndex::wait_for`].
    pub(super) waiting: AtomicUsize,
    progress: Mutex<Progress>,
    changed: Condvar,
}

/// The index that is searched.
pub(super) struct Live {
    pub(super) generation: Generation,
    pub(super) reader: IndexReader,
    /// False for the empty one that stands in until the first build.
    pub(super) usable: bool,
}

#[derive(Default)]
struct Progress {
    searchable: u64,
    rebuilding: bool,
    rebuilt: Option<Instant>,
    error: Option<String>,
    stop: Option<Stop>,
}

/// How the indexer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// Commit, sync, leave the marker.
    Clean,
    /// Leave everything as it is.
    Abandon,
}

impl Live {
    pub(super) fn new(generation: Generation, usable: bool) -> SearchResult<Self> {
        let reader = generation
            .index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .doc_store_cache_num_blocks(16)
            .try_into()?;
        Ok(Self {
            generation,
            reader,
            usable,
        })
    }
}

impl Shared {
    pub(super) fn stop(&self) -> Option<Stop> {
        self.progress.lock().stop
    }

    /// Waits, but not longer than until a stop or, where `or_waiter`, until someone waits.
    pub(super) fn pause(&self, until: Instant, or_waiter: bool) {
        let mut progress = self.progress.lock();
        while progress.stop.is_none() && !(or_waiter && self.has_waiter()) {
            if self.changed.wait_until(&mut progress, until).timed_out() {
                return;
            }
        }
    }

    pub(super) fn has_waiter(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }

    pub(super) fn publish(&self, position: u64) {
        let mut progress = self.progress.lock();
        progress.searchable = position;
        progress.error = None;
        self.changed.notify_all();
    }

    pub(super) fn set_rebuilding(&self, rebuilding: bool) {
        let mut progress = self.progress.lock();
        if progress.rebuilding && !rebuilding {
            progress.rebuilt = Some(Instant::now());
        }
        progress.rebuilding = rebuilding;
    }

    pub(super) fn fail(&self, error: &str) {
        tracing::warn!(error, "the search index fell behind");
        self.progress.lock().error = Some(error.to_owned());
    }

    /// A search met damage: rebuild, but not over and over when that did not help.
    fn suspect(&self, error: &SearchError) {
        let recently = self
            .progress
            .lock()
            .rebuilt
            .is_some_and(|at| at.elapsed() < Duration::from_secs(60));
        if !recently && !self.rebuild_wanted.swap(true, Ordering::SeqCst) {
            tracing::warn!(%error, "a search met a damaged index, it will be rebuilt");
        }
    }
}

impl SearchIndex {
    /// Opens the index in a folder, or in memory without one, and starts its thread. A missing,
    /// damaged or older index is built anew in the background; until then the pages say so.
    ///
    /// # Errors
    /// When the folder cannot be made or the thread cannot be started.
    pub fn open(
        folder: Option<&Path>,
        source: Arc<dyn Source>,
        options: SearchOptions,
    ) -> SearchResult<Arc<Self>> {
        let folder = Folder::new(folder)?;
        let opened = folder
            .open_current()
            .and_then(|generation| caught(|| Live::new(generation, true)));
        let live = match opened {
            Ok(live) => {
                folder.remove_others(live.generation.path.as_deref());
                live
            }
            Err(reason) => {
                tracing::info!(%reason, "the search index is built anew");
                Live::new(in_memory(), false)?
            }
        };
        let progress = Progress {
            searchable: live.generation.position,
            rebuilding: !live.usable,
            ..Progress::default()
        };
        let shared = Arc::new(Shared {
            source,
            options,
            folder,
            live: ArcSwap::from_pointee(live),
            rebuild_wanted: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            progress: Mutex::new(progress),
            changed: Condvar::new(),
        });
        let indexer = Indexer::new(Arc::clone(&shared));
        let thread = std::thread::Builder::new()
            .name(String::from("opora-indexer"))
            .spawn(move || indexer.run())?;
        Ok(Arc::new(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        }))
    }

    /// Searches or lists.
    ///
    /// # Errors
    /// [`SearchError::Invalid`] for a limit, cursor, field or condition that cannot be used;
    /// [`SearchError::Unavailable`] when the index is damaged (it is then rebuilt).
    pub fn search(&self, request: &SearchRequest) -> SearchResult<SearchPage> {
        page::check(request)?;
        // The position is read first: the searcher has seen at least that.
        let (position, rebuilding) = {
            let progress = self.shared.progress.lock();
            (progress.searchable, progress.rebuilding)
        };
        let live = self.shared.live.load_full();
        let searcher = live.reader.searcher();
        let page = caught(|| page::search(&live.generation.fields, &searcher, request));
        match page {
            Ok((page, damage)) => {
                if let Some(error) = damage {
                    self.shared.suspect(&error);
                }
                Ok(SearchPage {
                    position,
                    rebuilding,
                    ..page
                })
            }
            Err(error) => {
                if let SearchError::Unavailable(_) = error {
                    self.shared.suspect(&error);
                }
                Err(error)
            }
        }
    }

    /// Completes what is being typed: titles, and words of titles. Quick, and without snippets.
    ///
    /// # Errors
    /// As [`SearchIndex::search`].
    pub fn suggest(&self, request: &SearchRequest) -> SearchResult<Suggestions> {
        page::check(request)?;
        let rebuilding = self.shared.progress.lock().rebuilding;
        let live = self.shared.live.load_full();
        let searcher = live.reader.searcher();
        let found = caught(|| suggest::suggest(&live.generation.fields, &searcher, request));
        if let Err(error @ SearchError::Unavailable(_)) = &found {
            self.shared.suspect(error);
        }
        Ok(Suggestions {
            rebuilding,
            ..found?
        })
    }

    /// Finds documents like the request's text, of which the first line is a title: its kinds,
    /// demands, filters, sections and limit hold.
    ///
    /// # Errors
    /// As [`SearchIndex::search`].
    pub fn like(&self, request: &SearchRequest) -> SearchResult<Likeness> {
        page::check(request)?;
        let rebuilding = self.shared.progress.lock().rebuilding;
        let live = self.shared.live.load_full();
        let searcher = live.reader.searcher();
        let found = caught(|| likeness::like(&live.generation.fields, &searcher, request));
        if let Err(error @ SearchError::Unavailable(_)) = &found {
            self.shared.suspect(error);
        }
        let mut found = found?;
        found.rebuilding = rebuilding;
        Ok(found)
    }

    /// Waits until changes up to `position` are found; false when that takes longer than
    /// `timeout` or the index was closed.
    #[must_use]
    pub fn wait_for(&self, position: u64, timeout: Duration) -> bool {
        let until = Instant::now() + timeout;
        let mut progress = self.shared.progress.lock();
        if progress.searchable >= position {
            return true;
        }
        self.shared.waiting.fetch_add(1, Ordering::SeqCst);
        self.shared.changed.notify_all();
        while progress.searchable < position && progress.stop.is_none() {
            let waited = self.shared.changed.wait_until(&mut progress, until);
            if waited.timed_out() {
                break;
            }
        }
        self.shared.waiting.fetch_sub(1, Ordering::SeqCst);
        progress.searchable >= position
    }

    /// Shows the columns of every document that meets conditions, in no order. Asks for a
    /// moment's state: what comes meanwhile is not in it.
    ///
    /// # Errors
    /// When a condition is wrong, the index is not there, or it is damaged.
    pub fn columns(&self, request: &ColumnsRequest, each: &mut Each<'_>) -> SearchResult<Scanned> {
        let (position, rebuilding) = {
            let progress = self.shared.progress.lock();
            (progress.searchable, progress.rebuilding)
        };
        let live = self.shared.live.load_full();
        let searcher = live.reader.searcher();
        let scanned = caught(|| columns::scan(&live.generation.fields, &searcher, request, each));
        match scanned {
            Ok(scanned) => Ok(Scanned {
                position,
                rebuilding,
                ..scanned
            }),
            Err(error) => {
                if let SearchError::Unavailable(_) = error {
                    self.shared.suspect(&error);
                }
                Err(error)
            }
        }
    }

    /// Shows every document of a kind, in no order, and reads the texts of the first so many that are
    /// wanted.
    ///
    /// # Errors
    /// When the index is damaged.
    pub fn texts(
        &self,
        kind: &str,
        most: usize,
        wanted: &mut dyn FnMut(Outline) -> bool,
    ) -> SearchResult<Vec<PublicText>> {
        let live = self.shared.live.load_full();
        let searcher = live.reader.searcher();
        caught(|| outline::texts(&live.generation.fields, &searcher, kind, most, wanted))
    }

    /// Journal position up to which changes are found.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.shared.progress.lock().searchable
    }

    /// Has the index built anew in the background.
    pub fn rebuild(&self) {
        self.shared.rebuild_wanted.store(true, Ordering::SeqCst);
    }

    /// How the index does.
    #[must_use]
    pub fn status(&self) -> SearchStatus {
        let live = self.shared.live.load_full();
        let searcher = live.reader.searcher();
        let progress = self.shared.progress.lock();
        SearchStatus {
            position: progress.searchable,
            docs: searcher.num_docs(),
            segments: searcher.segment_readers().len(),
            rebuilding: progress.rebuilding,
            bytes: live.generation.bytes(),
            error: progress.error.clone(),
        }
    }

    /// Stops the thread after a last commit, syncs the files and leaves the clean-stop marker.
    /// Searches go on to be answered from what is there.
    pub fn close(&self) {
        self.end(Stop::Clean);
    }

    fn end(&self, stop: Stop) {
        {
            let mut progress = self.shared.progress.lock();
            progress.stop.get_or_insert(stop);
            self.shared.changed.notify_all();
        }
        let thread = self.thread.lock().take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::warn!("the search indexer ended badly");
        }
    }
}

impl Drop for SearchIndex {
    fn drop(&mut self) {
        self.end(Stop::Abandon);
    }
}
