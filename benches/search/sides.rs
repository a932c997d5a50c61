//! Searches in this process, over HTTP and by SQLite FTS5, in turns.

use opora::desk::{Actor, SearchQuery};
use opora_benches::kit::{Bed, Client, Fallible, Mode, Spread, encoded, millis};

use super::asked::{Asked, Way};
use super::library::Library;
use super::rival::Rival;

/// Hits of a page.
const LIMIT: usize = 10;

/// Spreads and findings of one way to ask.
#[derive(Default)]
struct Sides {
    engine: Spread,
    http: Spread,
    rival: Spread,
    /// Queries that look for one document, and how many of them found it.
    meant: usize,
    found: usize,
    rival_found: usize,
}

/// Ways to ask, one after the other.
pub fn searches(
    bed: &Bed,
    client: &mut Client,
    rival: &Rival,
    library: Library,
    mode: &Mode,
) -> Fallible<()> {
    for way in Way::ALL {
        let mut sides = Sides::default();
        for turn in 0..mode.pick(50, 2) {
            sides_of(bed, client, rival, &way.query(library, turn), way)?;
        }
        for turn in 0..mode.pick(500, 10) {
            let asked = way.query(library, 1_000_000 + turn);
            sides.take(bed, client, rival, &asked, way)?;
        }
        sides.report(way);
    }
    println!(
        "  FTS5                        has no mistakes and layouts: asked for the words as typed"
    );
    Ok(())
}

/// One turn that does not count.
fn sides_of(
    bed: &Bed,
    client: &mut Client,
    rival: &Rival,
    asked: &Asked,
    way: Way,
) -> Fallible<()> {
    Sides::default().take(bed, client, rival, asked, way)
}

impl Sides {
    fn take(
        &mut self,
        bed: &Bed,
        client: &mut Client,
        rival: &Rival,
        asked: &Asked,
        way: Way,
    ) -> Fallible<()> {
        let query = SearchQuery {
            text: asked.text.clone(),
            limit: LIMIT,
            ..SearchQuery::default()
        };
        let found = self.engine.time(|| {
            let found = bed.desk.search(&Actor::System, &query)?;
            Ok(found.hits)
        })?;
        if found.is_empty() {
            return Err(format!("nothing was found for `{}`", asked.text).into());
        }
        let path = format!("/v1/search?limit={LIMIT}&q={}", encoded(&asked.text));
        self.http
            .time(|| client.exchange("GET", &path, "", 200).map(drop))?;
        let unfinished = way == Way::Unfinished;
        let others = self
            .rival
            .time(|| rival.search(&asked.text, unfinished, LIMIT))?;
        if let Some(meant) = &asked.meant {
            self.meant += 1;
            let has = found.iter().any(|hit| hit.record.title() == meant);
            self.found += usize::from(has);
            self.rival_found += usize::from(others.contains(meant));
        }
        Ok(())
    }

    fn report(&self, way: Way) {
        let (middle, high) = way.aims();
        let middle = middle.map_or_else(|| "none".to_owned(), |aim| format!("{aim} ms"));
        let ratio = |share| millis(self.engine.at(share)) / millis(self.rival.at(share)).max(1e-6);
        println!(
            "search, {:<21} {:.2} and {:.2} of FTS5 at p50 and p95: {:.2} and {:.2} ms, FTS5 {:.2} \
             and {:.2} ms; CPU of the thread {:.2} and {:.2} ms",
            way.name(),
            ratio(0.5),
            ratio(0.95),
            millis(self.engine.at(0.5)),
            millis(self.engine.at(0.95)),
            millis(self.rival.at(0.5)),
            millis(self.rival.at(0.95)),
            millis(self.engine.cpu_at(0.5)),
            millis(self.engine.cpu_at(0.95)),
        );
        println!(
            "  over HTTP                   p50 {:.2} ms (aim: {middle}), p95 {:.2} ms (aim: {high} ms), \
             p99 {:.2} ms",
            millis(self.http.at(0.5)),
            millis(self.http.at(0.95)),
            millis(self.http.at(0.99)),
        );
        if self.meant > 0 {
            let rival = match way.rival_can() {
                true => format!("FTS5 of {}", self.rival_found),
                false => format!("FTS5, as typed, of {}", self.rival_found),
            };
            println!(
                "  among the first {LIMIT}          what was meant of {} of {} queries, {rival}",
                self.found, self.meant
            );
        }
    }
}
