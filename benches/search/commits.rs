//! CPU time of the index alone: documents committed one by one, by hundreds and by thousands.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use opora::search::{
    Change, FilterValue, ScanPage, SearchDoc, SearchIndex, SearchOptions, Source, SourceError,
    Upsert,
};
use opora_benches::kit::{Fallible, Mode, folder, lorem, micros, millis};
use parking_lot::{Condvar, Mutex};

/// Values to filter by that a document has beside those named.
const FIELDS: usize = 16;

pub fn cost(mode: &Mode) -> Fallible<()> {
    for (batch, rounds) in [(1, 400), (100, 200), (1_000, 80)] {
        let folder = folder(env!("CARGO_TARGET_TMPDIR"))?;
        let source = Arc::new(Documents::default());
        let index = SearchIndex::open(
            Some(folder.path()),
            Arc::clone(&source) as Arc<dyn Source>,
            SearchOptions::default(),
        )?;
        let mut number = 0;
        let mut turn = || -> Fallible<()> {
            let docs = (number..number + batch).map(document).collect();
            number += batch;
            if index.wait_for(source.put(docs), Duration::from_secs(60)) {
                return Ok(());
            }
            Err("a commit took more than a minute".into())
        };
        turn()?;
        let rounds = mode.pick(rounds, 5);
        let (started, used) = (Instant::now(), ProcessTime::now());
        for _ in 0..rounds {
            turn()?;
        }
        let (took, used) = (started.elapsed(), used.elapsed());
        index.close();
        println!(
            "commits of {batch:>5} documents    {:.1} ms each, {:.0} us CPU a document",
            millis(took) / f64::from(rounds),
            micros(used) / (f64::from(rounds) * batch as f64),
        );
    }
    Ok(())
}

fn document(number: u64) -> Upsert {
    let mut id = [7; 16];
    let start = (1_700_000_000_000 + number).to_be_bytes();
    for (to, from) in id.iter_mut().zip(start.iter().skip(2)) {
        *to = *from;
    }
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    for (to, from) in id.iter_mut().rev().zip(mixed) {
        *to = from;
    }
    let mut filters: Vec<(String, FilterValue)> = (0..FIELDS)
        .map(|n| {
            let value = format!("value {}", number.wrapping_mul(31) % (1 << n));
            (format!("field{n}"), FilterValue::Text(value))
        })
        .collect();
    let at = i64::try_from(1_700_000_000_000 + number * 17).unwrap_or_default();
    for name in ["created_at", "updated_at", "due_at"] {
        filters.push((name.to_owned(), FilterValue::Instant(at)));
    }
    filters.push(("title".to_owned(), FilterValue::Text(lorem(number, 6))));
    Upsert::New(Box::new(SearchDoc {
        kind: "ticket".to_owned(),
        id,
        title: lorem(number, 6),
        body: lorem(number ^ 0x5555, 30),
        number: Some(number),
        filters,
        ..SearchDoc::default()
    }))
}

/// A journal in memory.
#[derive(Default)]
struct Documents {
    ready: Mutex<(u64, Vec<Upsert>)>,
    grown: Condvar,
}

impl Documents {
    fn put(&self, docs: Vec<Upsert>) -> u64 {
        let mut ready = self.ready.lock();
        ready.0 += 1;
        ready.1 = docs;
        self.grown.notify_all();
        ready.0
    }
}

impl Source for Documents {
    fn last(&self) -> u64 {
        self.ready.lock().0
    }

    fn changes(&self, after: u64, _: usize) -> Result<Vec<Change>, SourceError> {
        let mut ready = self.ready.lock();
        let docs = std::mem::take(&mut ready.1);
        let is_later = ready.0 > after;
        let change = Change { pos: ready.0, docs };
        Ok(Some(change).filter(|_| is_later).into_iter().collect())
    }

    fn wait(&self, after: u64, timeout: Duration) -> u64 {
        let mut ready = self.ready.lock();
        if ready.0 <= after {
            let _ = self.grown.wait_for(&mut ready, timeout);
        }
        ready.0
    }

    fn all(&self, _: Option<&[u8]>, _: usize) -> Result<ScanPage, SourceError> {
        Ok(ScanPage::default())
    }
}
