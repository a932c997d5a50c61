//! The one thread that writes the index: it follows the journal, and rebuilds when it must.
//!
//! An idle index commits a change at once; while changes keep coming, commits are at least a
//! window apart, longer when the batches are large. The position goes into each commit, so that
//! after a crash indexing goes on from the last one: documents are put by deleting their key first,
//! which makes a repetition harmless.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tantivy::indexer::{IndexWriter, IndexWriterOptions, MergePolicy, NoMergePolicy};

use super::doc::{Change, SearchDoc, Upsert};
use super::error::SourceError;
use super::folder::{Generation, has_commit, payload};
use super::index::{Live, Shared, Stop};
use super::merges::Merges;

/// Longest wait for the source, so that a stop is noticed.
const IDLE: Duration = Duration::from_millis(100);
/// How often the files are looked after while nothing happens.
const FILES_EVERY: Duration = Duration::from_secs(1);
/// Changes taken at once.
const CHUNK: usize = 512;
/// Documents of one commit, about.
const BATCH_DOCS: usize = 10_000;
/// Longest a batch is gathered before it is committed.
const BATCH_TIME: Duration = Duration::from_millis(500);
/// How many times as long the window is after a batch of at least so many documents: a commit costs
/// the same for few as for many, so under load each one saved is time for the writers. Who waits for
/// a position does not wait for the window.
const WINDOWS: [(usize, u32); 2] = [(48, 2), (0, 1)];
/// Least time between commits when someone waits for one.
const AWAITED_WINDOW: Duration = Duration::from_millis(5);
/// A batch of so many documents is load: merging waits for it to pass.
const LOAD_DOCS: usize = 48;
/// Without a commit for so long, load has passed.
const LOAD_PASSED: Duration = Duration::from_secs(1);
/// Threads that write a new index, where there are as many cores: one alone takes twice as long for a
/// document as reading it. More would wait for the reading.
const REBUILD_WRITERS: usize = 2;
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

/// Why a turn of the thread failed.
enum Failure {
    /// The source failed: the index is as good as before.
    Source(String),
    /// The index failed: it is built anew.
    Index(String),
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self::Source(error.0)
    }
}

impl<E: Into<super::SearchError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Index(error.into().to_string())
    }
}

/// What is to become of a document.
struct Latest {
    doc: Option<Box<SearchDoc>>,
    is_new: bool,
}

/// The writing thread's state.
pub(super) struct Indexer {
    shared: Arc<Shared>,
    writer: Option<IndexWriter>,
    merges: Merges,
    /// Position up to which changes were given to the writer.
    position: u64,
    /// Position of the last commit.
    committed: u64,
    /// The rules by which the documents of the index are made.
    rules: u64,
    /// Documents given to the writer since the last commit.
    pending: usize,
    last_commit: Instant,
    last_batch: usize,
    last_look: Instant,
    files: BTreeMap<String, (u64, u128)>,
}

impl Indexer {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let (position, rules) = {
            let live = shared.live.load();
            (live.generation.position, live.generation.rules)
        };
        let start = Instant::now();
        Self {
            shared,
            writer: None,
            merges: Merges::default(),
            position,
            committed: position,
            rules,
            pending: 0,
            last_commit: start,
            last_batch: 0,
            last_look: start,
            files: BTreeMap::new(),
        }
    }

    /// Runs until it is stopped.
    pub(super) fn run(mut self) {
        let mut backoff = Duration::from_millis(250);
        loop {
            if let Some(stop) = self.shared.stop() {
                self.finish(stop);
                return;
            }
            let turn = catch_unwind(AssertUnwindSafe(|| self.turn()));
            let failure = match turn {
                Ok(Ok(())) => {
                    backoff = Duration::from_millis(250);
                    continue;
                }
                Ok(Err(failure)) => failure,
                Err(_) => Failure::Index(String::from("an index file is damaged")),
            };
            match failure {
                Failure::Source(error) => self.shared.fail(&error),
                Failure::Index(error) => {
                    self.shared.fail(&error);
                    self.writer = None;
                    self.shared.rebuild_wanted.store(true, Ordering::SeqCst);
                }
            }
            self.shared.pause(Instant::now() + backoff, false);
            backoff = (backoff * 2).min(LONGEST_BACKOFF);
        }
    }

    fn turn(&mut self) -> Result<(), Failure> {
        let unusable = !self.shared.live.load().usable || self.has_other_rules()?;
        if self.shared.rebuild_wanted.swap(false, Ordering::SeqCst) || unusable {
            let rebuilt = self.rebuild();
            if rebuilt.is_err() {
                self.writer = None;
                self.shared.rebuild_wanted.store(true, Ordering::SeqCst);
                let live = self.shared.live.load();
                let folder = &self.shared.folder;
                folder.remove_others(live.generation.path.as_deref());
            }
            return rebuilt;
        }
        if self.writer.is_none() {
            let live = self.shared.live.load_full();
            let bytes = self.shared.options.writer_bytes;
            let merges = Box::new(self.merges.clone());
            let writer = open_writer(&live.generation, 1, bytes, merges)?;
            self.writer = Some(writer);
            live.generation.is_whole(&mut self.files);
        }
        let last = self.shared.source.wait(self.position, IDLE);
        if last > self.position {
            self.keep_window();
            self.follow()?;
        } else if self.last_commit.elapsed() > LOAD_PASSED && self.merges.set_under_load(false) {
            self.merge_what_waited()?;
        }
        self.look_after_files();
        Ok(())
    }

    /// Whether documents are made by other rules than those of the index.
    fn has_other_rules(&self) -> Result<bool, Failure> {
        let rules = self.shared.source.rules()?;
        if rules != self.rules {
            tracing::info!("documents are made by other rules, the search index is built anew");
        }
        Ok(rules != self.rules)
    }

    /// Waits until the next commit may be: at once after idling, otherwise a window after the last.
    fn keep_window(&self) {
        let fits = |(least, _): &&(usize, u32)| self.last_batch >= *least;
        let factor = WINDOWS.iter().find(fits).map_or(1, |(_, factor)| *factor);
        let window = self.shared.options.window * factor;
        self.shared.pause(self.last_commit + window, true);
        if self.shared.has_waiter() {
            self.shared.pause(self.last_commit + AWAITED_WINDOW, false);
        }
    }

    /// Takes what the journal has and commits it.
    fn follow(&mut self) -> Result<(), Failure> {
        let start = Instant::now();
        loop {
            let last = self.shared.source.last();
            let changes = self.shared.source.changes(self.position, CHUNK)?;
            let count = changes.len();
            self.apply(changes, false)?;
            if count == 0 {
                // Entries that changed nothing may be left out by the source.
                self.position = self.position.max(last);
            }
            if count < CHUNK || self.pending >= BATCH_DOCS || start.elapsed() > BATCH_TIME {
                break;
            }
        }
        if self.pending > 0 {
            self.commit(start)?;
        }
        // Who waits for a position finds what the rules of that position made.
        if !self.has_other_rules()? {
            self.shared.publish(self.position);
        }
        Ok(())
    }

    /// Gives changes to the writer; of several changes of a document only the last counts. A
    /// document that is new needs no deletion, which would be looked up in every segment; but
    /// while catching up with a scan nothing is, since the scan may have seen it already.
    fn apply(&mut self, changes: Vec<Change>, after_scan: bool) -> Result<(), Failure> {
        let Some(writer) = &self.writer else {
            return Ok(());
        };
        let fields = self.shared.live.load().generation.fields;
        let mut latest: HashMap<[u8; 16], Latest> = HashMap::new();
        let mut position = self.position;
        for change in changes {
            position = position.max(change.pos);
            for upsert in change.docs {
                let (id, doc, created) = match upsert {
                    Upsert::Put(doc) => (doc.id, Some(doc), false),
                    Upsert::New(doc) => (doc.id, Some(doc), !after_scan),
                    Upsert::Delete(id) => (id, None, false),
                };
                let found = latest.entry(id).or_insert(Latest {
                    doc: None,
                    is_new: created,
                });
                found.doc = doc;
            }
        }
        for (id, Latest { doc, is_new }) in latest {
            if !is_new {
                writer.delete_term(fields.key_term(&id));
            }
            if let Some(doc) = doc {
                writer.add_document(fields.document(&doc))?;
            }
            self.pending += 1;
        }
        self.position = position;
        Ok(())
    }

    fn commit(&mut self, start: Instant) -> Result<(), Failure> {
        let Some(writer) = &mut self.writer else {
            return Ok(());
        };
        if self.pending >= LOAD_DOCS {
            self.merges.set_under_load(true);
        }
        let mut prepared = writer.prepare_commit()?;
        prepared.set_payload(&payload(self.position, self.rules));
        prepared.commit()?;
        self.shared.live.load().reader.reload()?;
        self.last_commit = start;
        self.last_batch = self.pending;
        self.pending = 0;
        self.committed = self.position;
        Ok(())
    }

    /// Starts the merges that load has put off.
    fn merge_what_waited(&mut self) -> Result<(), Failure> {
        let Some(writer) = &mut self.writer else {
            return Ok(());
        };
        let segments = self
            .shared
            .live
            .load()
            .generation
            .index
            .searchable_segment_metas()?;
        for candidate in self.merges.compute_merge_candidates(&segments) {
            // It ends on its own thread; the next commit or close finds it done.
            drop(writer.merge(&candidate.0));
        }
        Ok(())
    }

    /// Builds the next generation beside the current one and swaps it in.
    fn rebuild(&mut self) -> Result<(), Failure> {
        self.shared.set_rebuilding(true);
        self.writer = None;
        self.pending = 0;
        // Read first: what changes meanwhile is found at the next turn.
        let rules = self.shared.source.rules()?;
        let generation = self.shared.folder.create()?;
        // Merged once at the end instead of again and again on the way.
        let bytes = self.shared.options.rebuild_bytes;
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let writers = cores.min(REBUILD_WRITERS);
        let writer = open_writer(&generation, writers, bytes, Box::new(NoMergePolicy))?;
        let Some(at) = self.scan(&writer, &generation)? else {
            return Ok(());
        };
        // The current index answers until here; from now on the writer is the new one's.
        let live = Live::new(generation, true)?;
        self.writer = Some(writer);
        self.position = at;
        if !self.catch_up()? {
            self.writer = None;
            return Ok(());
        }
        let old = self.position;
        let start = Instant::now();
        if let Some(writer) = &mut self.writer {
            let mut prepared = writer.prepare_commit()?;
            prepared.set_payload(&payload(old, rules));
            prepared.commit()?;
        }
        live.reader.reload()?;
        self.shared.folder.publish(&live.generation)?;
        self.files.clear();
        live.generation.is_whole(&mut self.files);
        self.shared.live.store(Arc::new(live));
        // The next turn opens a writer of the usual size, which merges when nothing else is to do.
        self.writer = None;
        self.merges.set_under_load(true);
        self.pending = 0;
        self.committed = self.position;
        self.rules = rules;
        self.last_commit = start;
        // Rules that came meanwhile are followed at the next turn.
        if matches!(self.has_other_rules(), Ok(false)) {
            self.shared.set_rebuilding(false);
            self.shared.publish(self.position);
        }
        Ok(())
    }

    /// Writes every document; gives the position they have seen, or nothing when stopped.
    fn scan(&self, writer: &IndexWriter, generation: &Generation) -> Result<Option<u64>, Failure> {
        let mut at = u64::MAX;
        let mut from: Option<Vec<u8>> = None;
        loop {
            if self.shared.stop().is_some() {
                return Ok(None);
            }
            let page = self.shared.source.all(from.as_deref(), CHUNK)?;
            at = at.min(page.at);
            for doc in &page.docs {
                writer.add_document(generation.fields.document(doc))?;
            }
            match page.next {
                Some(next) if from.as_ref() != Some(&next) => from = Some(next),
                Some(_) => {
                    let error = "the scan does not advance";
                    return Err(Failure::Source(String::from(error)));
                }
                None => return Ok(Some(at)),
            }
        }
    }

    /// Applies what has changed since the scan, as far as the journal goes now; false when stopped.
    fn catch_up(&mut self) -> Result<bool, Failure> {
        let until = self.shared.source.last();
        while self.position < until && self.shared.stop().is_none() {
            let changes = self.shared.source.changes(self.position, CHUNK)?;
            if changes.is_empty() {
                self.position = until;
            }
            self.apply(changes, true)?;
        }
        Ok(self.position >= until)
    }

    /// A folder that was deleted or damaged from outside is noticed before it is needed.
    fn look_after_files(&mut self) {
        if self.last_look.elapsed() < FILES_EVERY {
            return;
        }
        self.last_look = Instant::now();
        let live = self.shared.live.load_full();
        if !has_commit(&live.generation) || !live.generation.is_whole(&mut self.files) {
            self.shared
                .fail("files of the search index are missing or damaged");
            self.shared.rebuild_wanted.store(true, Ordering::SeqCst);
        }
    }

    fn finish(&mut self, stop: Stop) {
        if stop == Stop::Abandon {
            return;
        }
        let closed = catch_unwind(AssertUnwindSafe(|| self.close()));
        match closed {
            Ok(Ok(())) => {}
            Ok(Err(Failure::Source(error) | Failure::Index(error))) => self.shared.fail(&error),
            Err(_) => self.shared.fail("an index file is damaged"),
        }
    }

    fn close(&mut self) -> Result<(), Failure> {
        if self.pending > 0 || self.position > self.committed {
            self.commit(Instant::now())?;
        }
        if let Some(writer) = self.writer.take() {
            writer.wait_merging_threads()?;
        }
        let live = self.shared.live.load_full();
        if live.usable {
            self.shared.folder.mark_clean(&live.generation)?;
        }
        Ok(())
    }
}

fn open_writer(
    generation: &Generation,
    writers: usize,
    bytes: usize,
    merges: Box<dyn MergePolicy>,
) -> tantivy::Result<IndexWriter> {
    let options = IndexWriterOptions::builder()
        .num_worker_threads(writers)
        .num_merge_threads(1)
        .memory_budget_per_thread(bytes)
        .build();
    let writer = generation.index.writer_with_options(options)?;
    writer.set_merge_policy(merges);
    Ok(writer)
}
