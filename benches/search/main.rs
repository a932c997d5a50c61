//! Bench of search and sorted lists over 100,000 tickets and 100,000 articles that went through the
//! desk, side by side with SQLite FTS5 on the same texts; of what indexing costs, and of opening such
//! a store.
//!
//! `--quick` runs everything over 2,000 and 300; `OPORA_BENCH_DIR` names the folder on the disk to
//! measure. The bench starts itself again to measure memory and opening in a fresh process.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

mod asked;
mod commits;
mod freshness;
mod indexing;
mod library;
mod lists;
mod opening;
mod rebuilding;
mod rival;
mod sides;
mod typing;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use opora_benches::kit::{Bed, BedOptions, Fallible, Mode, Server, folder};

use self::library::Library;
use self::rival::Rival;

/// Parts that ask a filled desk.
const ASKING: [&str; 5] = ["lists", "search", "typing", "suggestions", "freshness"];

fn main() -> Fallible<()> {
    let args: Vec<String> = std::env::args().collect();
    if let [_, flag, what, path] = args.as_slice()
        && flag == "--child"
    {
        return opening::child(what, &PathBuf::from(path));
    }
    let mode = Mode::from_args();
    if mode.runs("commits") {
        commits::cost(&mode)?;
    }
    if mode.runs("indexing") {
        indexing::cost(&mode)?;
    }
    let asks = ASKING.iter().any(|part| mode.runs(part));
    if asks || mode.runs("rebuilding") || mode.runs("opening") {
        filled(asks, &mode)?;
    }
    Ok(())
}

/// The parts that need a filled desk.
fn filled(asks: bool, mode: &Mode) -> Fallible<()> {
    let folder = folder(env!("CARGO_TARGET_TMPDIR"))?;
    let path = folder.path();
    let library = Library::of(mode);
    let (tickets, articles) = library.bytes();
    fill(path, "tickets", library.tickets, library::fill_tickets)?;
    if mode.runs("rebuilding") {
        rebuilding::times(path, "tickets", library.tickets, tickets, mode)?;
    }
    fill(path, "articles", library.articles, library::fill_articles)?;
    let rival = Rival::fill(path, library)?;
    if mode.runs("rebuilding") {
        let documents = library.tickets + library.articles;
        let built = rebuilding::times(path, "both", documents, tickets + articles, mode)?;
        rebuilding::compare(&built, &rival)?;
    }
    if asks {
        ask(path, &rival, library, mode)?;
    }
    if mode.runs("opening") {
        opening::times(path, mode)?;
    }
    Ok(())
}

/// Lets the desk in a folder create so many of something, and waits for its index.
fn fill(
    path: &Path,
    what: &str,
    count: u64,
    create: fn(&Bed, u64) -> Fallible<opora_benches::kit::Rate>,
) -> Fallible<()> {
    let bed = open(path)?;
    let rate = create(&bed, count)?;
    println!(
        "loading {count:>6} {what:<14} {:.0} /s through the desk with indexing on",
        rate.per_second()
    );
    wait_for_index(&bed)?;
    Ok(bed.desk.close()?)
}

fn open(path: &Path) -> Fallible<Bed> {
    let options = BedOptions {
        search: true,
        hooks: true,
    };
    Bed::open(path, &options)
}

fn ask(path: &Path, rival: &Rival, library: Library, mode: &Mode) -> Fallible<()> {
    let bed = open(path)?;
    let server = Server::of(&bed)?;
    let client = &mut server.connect()?;
    if mode.runs("lists") {
        lists::times(&bed, mode)?;
    }
    if mode.runs("search") {
        sides::searches(&bed, client, rival, library, mode)?;
    }
    if mode.runs("typing") {
        typing::completions(&bed, client, rival, library, mode)?;
    }
    if mode.runs("suggestions") {
        typing::suggestions(&bed, client, mode)?;
    }
    if mode.runs("freshness") {
        freshness::times(&bed, mode)?;
    }
    drop(server);
    bed.desk.close()?;
    Ok(())
}

/// Waits until the index has reached the last change.
fn wait_for_index(bed: &Bed) -> Fallible<()> {
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
