//! Bench of what hostile rules do to others: one caller or connection loops a call that uses up its
//! budget, while others work; compared with the same one looping a rule that refuses at once. And
//! how long each case of `tests/hostile` takes, compared with a plain loop that uses up the same
//! budget.
//!
//! `--quick` runs everything for a moment; `OPORA_BENCH_DIR` names the folder on the disk to measure.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

#[path = "../../tests/hostile/corpus.rs"]
#[expect(
    dead_code,
    clippy::expect_used,
    clippy::panic,
    reason = "what tests share with this bench; a corpus that cannot be read stops it"
)]
mod corpus;
mod doors;
mod ends;
mod neighbours;

use opora_benches::kit::{Bed, BedOptions, Fallible, Mode, Server, folder, load};

use self::doors::Door;

fn main() -> Fallible<()> {
    let mode = Mode::from_args();
    if mode.runs("ends") {
        ends::of_hostile_rules(&mode)?;
    }
    if mode.runs("neighbours") || mode.runs("connections") {
        let folder = folder(env!("CARGO_TARGET_TMPDIR"))?;
        let bed = Bed::open(folder.path(), &BedOptions::default())?;
        load(&bed, 0, mode.pick(2_000, 50))?;
        if mode.runs("connections") {
            let server = Server::of(&bed)?;
            neighbours::of_hostile_rules(Door::Http(&bed, &server), &mode)?;
        }
        if mode.runs("neighbours") {
            neighbours::of_hostile_rules(Door::Direct(&bed), &mode)?;
        }
        bed.desk.close()?;
    }
    Ok(())
}
