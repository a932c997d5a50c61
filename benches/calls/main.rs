//! Bench of calls: time and allocations of each shipped rule, and allocations of whole commands.
//!
//! It stands apart from the bench `engine`, since counting allocations slows all of them down.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

mod calls;

use std::alloc::System;

use opora_benches::kit::{Bed, BedOptions, Fallible, Mode, folder};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> Fallible<()> {
    let mode = Mode::from_args();
    let folder = folder(env!("CARGO_TARGET_TMPDIR"))?;
    let bed = Bed::open(folder.path(), &BedOptions::default())?;
    calls::cost(&bed, &mode)?;
    bed.desk.close()?;
    Ok(())
}
