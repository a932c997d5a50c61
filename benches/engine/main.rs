//! Bench of the engine: commands through the desk, on the durable store, with the packs and plugins
//! that come with it.
//!
//! What the engine does is compared with what its store alone does with batches of the same bytes,
//! in turns on the same file. `--quick` runs everything for a moment; `OPORA_BENCH_DIR` names the
//! folder on the disk to measure.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

mod contended;
mod creates;
mod journal;
mod life;
mod simulate;

use opora_benches::kit::{Bed, BedOptions, Fallible, Mode, folder};

/// A part of the bench: `cargo bench … -- PART` runs it alone.
type Part = fn(&Bed, &Mode) -> Fallible<()>;

fn main() -> Fallible<()> {
    let mode = Mode::from_args();
    let folder = folder(env!("CARGO_TARGET_TMPDIR"))?;
    let bed = Bed::open(folder.path(), &BedOptions::default())?;
    let parts: [(&str, Part); 7] = [
        ("life", life::of_tickets),
        ("journal", journal::bytes),
        ("creates", creates::against_the_store),
        ("hooks", creates::cost_of_hooks),
        ("comments", contended::comments),
        ("closings", contended::closings),
        ("simulate", simulate::of_history),
    ];
    for (name, part) in parts {
        if mode.runs(name) {
            part(&bed, &mode)?;
        }
    }
    bed.desk.close()?;
    Ok(())
}
