//! Bench of search and sorted lists over 100,000 tickets that went through the desk, of what
//! indexing costs, and of opening such a store.
//!
//! `--quick` runs everything over 2,000; `OPORA_BENCH_DIR` names the folder on the disk to measure.
//! The bench starts itself again to measure memory and opening in a fresh process.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

mod commits;
mod indexing;
mod opening;
mod queries;
mod rebuilding;

use std::path::PathBuf;

use opora_benches::kit::{Bed, BedOptions, Fallible, Mode, folder, load};

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
    let rest = ["lists", "search", "freshness", "rebuilding", "opening"];
    if !rest.iter().any(|part| mode.runs(part)) {
        return Ok(());
    }
    let folder = folder(env!("CARGO_TARGET_TMPDIR"))?;
    let tickets = mode.pick(100_000, 2_000);
    let bed = Bed::open(
        folder.path(),
        &BedOptions {
            search: true,
            hooks: true,
        },
    )?;
    let rate = load(&bed, 0, tickets)?;
    println!(
        "loading {tickets} tickets       {:.0} /s through the desk with indexing on",
        rate.per_second()
    );
    queries::wait_for_index(&bed)?;
    let parts: [(&str, Part); 3] = [
        ("lists", queries::lists),
        ("search", queries::searches),
        ("freshness", queries::freshness),
    ];
    for (name, part) in parts {
        if mode.runs(name) {
            part(&bed, &mode)?;
        }
    }
    bed.desk.close()?;
    drop(bed);
    if mode.runs("rebuilding") {
        rebuilding::times(folder.path(), tickets, &mode)?;
    }
    if mode.runs("opening") {
        opening::times(folder.path(), &mode)?;
    }
    Ok(())
}

type Part = fn(&Bed, &Mode) -> Fallible<()>;
