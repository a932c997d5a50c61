//! Times of lists and searches, records read by them, and how soon a change is found.

use std::time::{Duration, Instant};

use opora::desk::{Actor, Condition, ListQuery, SearchQuery};
use opora::domain::Kind;
use opora_benches::kit::{Bed, Fallible, Mode, Spread, lorem, micros, millis};

/// Aim for the 95th percentile of a list.
const LIST_AIM: Duration = Duration::from_millis(10);
/// Most records that a list may read beyond its limit.
const READ_BEYOND: u64 = 50;
const LIMIT: usize = 50;

/// Waits until the index has reached the last change.
pub fn wait_for_index(bed: &Bed) -> Fallible<()> {
    let started = Instant::now();
    let last = bed.desk.pos();
    while bed.desk.health()?.indexed < Some(last) {
        if started.elapsed() > Duration::from_secs(600) {
            return Err("the index did not reach the last change in ten minutes".into());
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
    Ok(())
}

/// Two filters and a sort, by the engine's own field and by a pack's.
pub fn lists(bed: &Bed, mode: &Mode) -> Fallible<()> {
    for (name, sort) in [
        ("created_at", "created_at"),
        ("a pack's field", "local/weight"),
    ] {
        let query = |turn: usize| {
            let mut query = ListQuery::newest(Kind::Ticket, LIMIT);
            query.filters = vec![
                (
                    "local/room".to_owned(),
                    Condition::In(vec![format!("room {}", turn % 50)]),
                ),
                (
                    "priority".to_owned(),
                    Condition::In(vec!["high".to_owned(), "urgent".to_owned()]),
                ),
            ];
            query.sort = Some((sort.to_owned(), turn.is_multiple_of(2)));
            query
        };
        bed.desk.list(&Actor::System, &query(0))?;
        let (mut most, mut fewest) = (0, usize::MAX);
        let spread = Spread::of(mode.pick(500, 20), |turn| {
            bed.store.inner().take();
            let page = bed.desk.list(&Actor::System, &query(turn))?;
            most = most.max(bed.store.inner().take().rows);
            fewest = fewest.min(page.items.len());
            Ok(())
        })?;
        println!(
            "two filters, sort by {name:<14} p50 {:.2} ms, p95 {:.2} ms (aim: {} ms), CPU of the \
             thread {:.2} and {:.2} ms; at most {most} rows read for {LIMIT} (aim: {}); {fewest} or \
             more found",
            millis(spread.at(0.5)),
            millis(spread.at(0.95)),
            LIST_AIM.as_millis(),
            millis(spread.cpu_at(0.5)),
            millis(spread.cpu_at(0.95)),
            LIMIT as u64 + READ_BEYOND,
        );
    }
    Ok(())
}

/// The words of a search, by its turn.
type Words = fn(u64) -> String;

/// Searches by one, two and three words, frequent and rare.
pub fn searches(bed: &Bed, mode: &Mode) -> Fallible<()> {
    let texts: [(&str, Words); 4] = [
        ("one frequent word", |_| "принтер".to_owned()),
        ("two words", |turn| words(turn, 2)),
        ("four words", |turn| words(turn, 4)),
        ("a word that one has", |turn| format!("n{}", turn * 7)),
    ];
    for (name, text) in texts {
        let search = |turn: u64| {
            let query = SearchQuery {
                text: text(turn),
                limit: 20,
                ..SearchQuery::default()
            };
            bed.desk.search(&Actor::System, &query)
        };
        search(0)?;
        let mut found = 0;
        let spread = Spread::of(mode.pick(300, 20), |turn| {
            found += search(turn as u64)?.hits.len();
            Ok(())
        })?;
        if found == 0 {
            return Err(format!("a search for {name} found nothing").into());
        }
        println!(
            "search, {name:<21} p50 {:.2} ms, p99 {:.2} ms, CPU of the thread {:.2} and {:.2} ms",
            millis(spread.at(0.5)),
            millis(spread.at(0.99)),
            millis(spread.cpu_at(0.5)),
            millis(spread.cpu_at(0.99))
        );
    }
    Ok(())
}

fn words(turn: u64, count: u64) -> String {
    let text = lorem(turn, count);
    // The first word is the number that only one ticket has.
    text.split_once(' ')
        .map(|(_, rest)| rest.to_owned())
        .unwrap_or_default()
}

/// From the answer of a create until a search finds it.
pub fn freshness(bed: &Bed, mode: &Mode) -> Fallible<()> {
    let mut number = 10_000_000;
    let spread = Spread::of(mode.pick(50, 5), |_| {
        number += 1;
        let made = bed.ticket(number)?;
        let query = SearchQuery {
            text: format!("n{number}"),
            limit: 5,
            at_least: Some(made.pos),
            ..SearchQuery::default()
        };
        let hits = bed.desk.search(&Actor::System, &query)?.hits;
        match hits.first() {
            Some(hit) if hit.record.id == made.id => Ok(()),
            _ => Err("a new ticket was not found at its position".into()),
        }
    })?;
    println!(
        "a create and its search       p50 {:.1} ms, p99 {:.1} ms (create, commit, index, find)",
        micros(spread.at(0.5)) / 1e3,
        millis(spread.at(0.99))
    );
    Ok(())
}
