//! A source in memory, and helpers around it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::search::{
    Change, ScanPage, SearchDoc, SearchIndex, SearchOptions, SearchPage, SearchRequest, Source,
    SourceError, Upsert,
};

pub(super) const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Default)]
pub(super) struct FakeSource {
    state: Mutex<State>,
    grown: Condvar,
    pub(super) scans: AtomicUsize,
    pub(super) broken: AtomicBool,
    /// Scans see more than they say.
    pub(super) modest: AtomicBool,
}

#[derive(Default)]
struct State {
    docs: BTreeMap<[u8; 16], SearchDoc>,
    journal: Vec<Change>,
}

impl FakeSource {
    pub(super) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Puts a document and gives the position of the change. Positions rise by three, since they
    /// are not to be counted on.
    pub(super) fn put(&self, doc: SearchDoc) -> u64 {
        self.write(vec![Upsert::Put(Box::new(doc))])
    }

    pub(super) fn delete(&self, id: [u8; 16]) -> u64 {
        self.write(vec![Upsert::Delete(id)])
    }

    pub(super) fn write(&self, mut docs: Vec<Upsert>) -> u64 {
        let mut state = self.state.lock();
        let pos = state.journal.last().map_or(0, |change| change.pos) + 3;
        for upsert in &mut docs {
            match upsert {
                Upsert::Put(doc) | Upsert::New(doc) => {
                    doc.version = pos;
                    state.docs.insert(doc.id, (**doc).clone());
                }
                Upsert::Delete(id) => {
                    state.docs.remove(id);
                }
            }
        }
        state.journal.push(Change { pos, docs });
        self.grown.notify_all();
        pos
    }
}

impl Source for FakeSource {
    fn last(&self) -> u64 {
        self.state.lock().journal.last().map_or(0, |c| c.pos)
    }

    fn changes(&self, after: u64, max: usize) -> Result<Vec<Change>, SourceError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(SourceError(String::from("the journal is broken")));
        }
        let state = self.state.lock();
        let later = state.journal.iter().filter(|change| change.pos > after);
        Ok(later.take(max).cloned().collect())
    }

    fn wait(&self, after: u64, timeout: Duration) -> u64 {
        let until = Instant::now() + timeout;
        let mut state = self.state.lock();
        loop {
            let last = state.journal.last().map_or(0, |c| c.pos);
            if last > after || self.grown.wait_until(&mut state, until).timed_out() {
                return last;
            }
        }
    }

    fn all(&self, from: Option<&[u8]>, max: usize) -> Result<ScanPage, SourceError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(SourceError(String::from("the store is broken")));
        }
        if from.is_none() {
            self.scans.fetch_add(1, Ordering::SeqCst);
        }
        let state = self.state.lock();
        // Small pages, so that tests see several.
        let max = max.min(7);
        let docs: Vec<SearchDoc> = state
            .docs
            .iter()
            .filter(|(id, _)| from.is_none_or(|from| id.as_slice() > from))
            .take(max)
            .map(|(_, doc)| doc.clone())
            .collect();
        let next = docs.last().filter(|_| docs.len() == max);
        Ok(ScanPage {
            next: next.map(|doc| doc.id.to_vec()),
            docs,
            at: match self.modest.load(Ordering::SeqCst) {
                true => 0,
                false => state.journal.last().map_or(0, |c| c.pos),
            },
        })
    }
}

pub(super) fn id(n: u128) -> [u8; 16] {
    (n << 64 | n).to_be_bytes()
}

pub(super) fn doc(n: u128, title: &str, body: &str) -> SearchDoc {
    SearchDoc {
        kind: String::from("ticket"),
        id: id(n),
        title: title.to_owned(),
        body: body.to_owned(),
        ..SearchDoc::default()
    }
}

pub(super) fn open(folder: Option<&Path>, source: &Arc<FakeSource>) -> Arc<SearchIndex> {
    let source: Arc<dyn Source> = Arc::clone(source) as _;
    SearchIndex::open(folder, source, SearchOptions::default()).expect("open")
}

/// An index in memory that has seen everything of its source.
pub(super) fn index_of(docs: Vec<SearchDoc>) -> Arc<SearchIndex> {
    let source = FakeSource::new();
    for doc in docs {
        source.put(doc);
    }
    let index = open(None, &source);
    caught_up(&index, &source);
    index
}

pub(super) fn caught_up(index: &SearchIndex, source: &FakeSource) {
    let last = source.last();
    assert!(index.wait_for(last, PATIENCE), "{:?}", index.status());
    eventually(|| !index.status().rebuilding);
}

/// Waits until something holds.
pub(super) fn eventually(mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    let (lock, never) = (Mutex::new(()), Condvar::new());
    while !holds() {
        assert!(Instant::now() < until, "it never held");
        never.wait_for(&mut lock.lock(), Duration::from_millis(10));
    }
}

pub(super) fn text(text: &str) -> SearchRequest {
    SearchRequest {
        text: Some(text.to_owned()),
        snippet: true,
        ..SearchRequest::default()
    }
}

pub(super) fn ids(page: &SearchPage) -> Vec<u128> {
    page.hits
        .iter()
        .map(|hit| u128::from_be_bytes(hit.id) >> 64)
        .collect()
}

pub(super) fn found(index: &SearchIndex, query: &str) -> Vec<u128> {
    ids(&index.search(&text(query)).expect("search"))
}
