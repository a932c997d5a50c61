//! Bench of relevance: how well search finds the articles that people say are right.
//!
//! `cargo bench -p opora-benches --bench relevance --features relevance -- DIR …` measures collections
//! in the layout of the BEIR benchmarks, each on a desk of its own with default settings; without a
//! folder it measures the articles of the demo with the queries of `tests/relevance`. `--quick` asks
//! the first 100 queries of each. With the feature `embeddings` and a model in `OPORA_EMBEDDINGS_URL`
//! hits are in order by meaning, too.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

mod collection;
mod disturb;
#[cfg(feature = "embeddings")]
mod model;
mod score;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use opora::desk::{Actor, Command, Desk, DeskOptions, Request, SearchQuery};
use opora::domain::{Id, Kind};
use opora::store::MemoryStore;
use opora_benches::kit::{Fallible, Mode, Spread, millis};
use serde_json::json;

use collection::{Collection, Query};
use score::Score;

const ADMIN: Actor = Actor::Admin { agent: None };
/// Hits that are asked for.
const LIMIT: usize = 100;

fn main() -> Fallible<()> {
    let mode = Mode::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut collections = Vec::new();
    for folder in mode.parts() {
        collections.push(Collection::read(Path::new(folder))?);
    }
    if collections.is_empty() {
        collections.push(Collection::shipped(&root)?);
    }
    println!(
        "{:<16} {:<8} {:>7} {:>8} {:>8} {:>8} {:>8} {:>7} {:>9} {:>9}",
        "collection",
        "asked",
        "queries",
        "nDCG@10",
        "MRR@10",
        "R@10",
        "R@100",
        "no hit",
        "of plain",
        "p95, ms"
    );
    for collection in &collections {
        measure(collection, &mode)?;
    }
    Ok(())
}

/// Asks everything of a collection.
fn measure(collection: &Collection, mode: &Mode) -> Fallible<()> {
    let (desk, keys) = library(collection)?;
    let at_least = Some(desk.pos());
    let mut plain = None;
    for (way, queries) in collection.ways() {
        let mut score = Score::default();
        let turns = queries.len().min(mode.pick(usize::MAX, 100));
        let spread = Spread::of(turns, |turn| {
            let Some(Query { key, text }) = queries.get(turn) else {
                return Ok(());
            };
            let Some(relevant) = collection.relevant.get(key) else {
                return Ok(());
            };
            let asked = SearchQuery {
                text: text.clone(),
                kinds: vec![Kind::Article],
                limit: LIMIT,
                at_least,
                ..SearchQuery::default()
            };
            let found = desk.search(&ADMIN, &asked)?.hits;
            let found = found.iter().filter_map(|hit| keys.get(&hit.record.id));
            score.add(&found.map(String::as_str).collect::<Vec<_>>(), relevant);
            Ok(())
        })?;
        let means = score.means();
        let kept = means.recall10 / *plain.get_or_insert(means.recall10);
        println!(
            "{:<16} {:<8} {:>7} {:>8.4} {:>8.4} {:>8.4} {:>8.4} {:>7.3} {:>9.3} {:>9.2}",
            collection.name,
            way,
            score.asked(),
            means.ndcg10,
            means.mrr10,
            means.recall10,
            means.recall100,
            means.empty,
            kept,
            millis(spread.at(0.95)),
        );
    }
    desk.close()?;
    Ok(())
}

/// A desk with the articles of a collection, and their keys by id.
fn library(collection: &Collection) -> Fallible<(Arc<Desk>, HashMap<Id, String>)> {
    #[cfg_attr(
        not(feature = "embeddings"),
        expect(unused_mut, reason = "the model is set in it")
    )]
    let mut options = DeskOptions::default();
    #[cfg(feature = "embeddings")]
    model::set(&mut options)?;
    let desk = Desk::open(Arc::new(MemoryStore::new()), options)?;
    let mut keys = HashMap::new();
    for article in &collection.articles {
        let fields = json!({
            "title": article.title,
            "body": article.text,
            "locale": collection.locale,
        });
        let create = Command::Create {
            kind: Kind::Article,
            fields: fields.as_object().cloned().unwrap_or_default(),
        };
        let reply = desk.run(&Request::by(ADMIN), &create)?;
        keys.insert(reply.id, article.key.clone());
    }
    #[cfg(feature = "embeddings")]
    model::wait_for(&desk, keys.len())?;
    Ok((desk, keys))
}
