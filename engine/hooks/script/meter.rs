//! What a running call has used, and where it is. One call runs on a thread at a time, and every call
//! begins by setting the meter back, so nothing passes from call to call.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::time::Duration;

use crate::hooks::watch::Watch;

/// Operations between two looks at the clock. One operation on great values takes up to a millisecond.
const CLOCK_EVERY: u64 = 16;
/// Most reads of variables between two looks at what they hold.
const MEMORY_EVERY: usize = 64;
/// Bytes that may pass through looks at memory for each read of a variable.
const MEMORY_PACE: usize = 4 * 1024 * 1024;

/// Values that may be looked at in a call to see what its variables hold. Looking is work as well, and
/// what holds much is looked at often.
const LOOKED_MAX: u64 = 1_200_000;
/// Most lines that a trace keeps.
const LINES_MAX: usize = 2_000;

struct Meter {
    operations: Cell<u64>,
    stop_after: Cell<u64>,
    watch: Cell<Option<Watch>>,
    place: Cell<(usize, usize)>,
    /// Reads of variables until memory is looked at.
    reads_left: Cell<usize>,
    /// Bytes held by the functions that are running, outermost first.
    held: RefCell<Vec<usize>>,
    /// Values looked at so far.
    looked: Cell<u64>,
    /// Lines that were run, while somebody wants to know them.
    lines: RefCell<Option<Vec<usize>>>,
    /// All lines that were run, while somebody wants to know them.
    ran: RefCell<Option<BTreeSet<usize>>>,
}

thread_local! {
    static METER: Meter = const {
        Meter {
            operations: Cell::new(0),
            stop_after: Cell::new(u64::MAX),
            watch: Cell::new(None),
            place: Cell::new((0, 0)),
            reads_left: Cell::new(MEMORY_EVERY),
            held: RefCell::new(Vec::new()),
            looked: Cell::new(0),
            lines: RefCell::new(None),
            ran: RefCell::new(None),
        }
    };
}

/// Begins a call that may take so much time of a processor.
pub(super) fn begin(limit: Duration) {
    METER.with(|m| {
        m.operations.set(0);
        m.stop_after.set(u64::MAX);
        m.watch.set(Some(Watch::begin(limit)));
        m.place.set((0, 0));
        m.reads_left.set(MEMORY_EVERY);
        m.held.borrow_mut().clear();
        m.looked.set(0);
    });
}

/// Begins the repetition of a call that was cut off, up to where it was cut off.
pub(super) fn begin_again(operations: u64, limit: Duration) {
    begin(limit);
    METER.with(|m| {
        m.stop_after.set(operations);
        m.watch.set(Some(Watch::again(limit)));
    });
}

/// Counts; the text of the reason when the call must stop.
pub(super) fn tick(operations: u64) -> Option<&'static str> {
    METER.with(|m| {
        m.operations.set(operations);
        if operations >= m.stop_after.get() {
            return Some("stopped");
        }
        let mut watch = m.watch.get()?;
        // Operations of a call that runs long may take milliseconds each.
        if !operations.is_multiple_of(CLOCK_EVERY) && !watch.is_long() {
            return None;
        }
        let looked = watch.look();
        m.watch.set(Some(watch));
        looked.err()
    })
}

/// Time of the processor that the call that ran last had left.
pub(super) fn left() -> Duration {
    METER.with(|m| m.watch.get().map_or(Duration::ZERO, |w| w.left()))
}

/// Counts a read of a variable; true when memory is to be looked at.
pub(super) fn memory_is_due() -> bool {
    METER.with(|m| {
        let left = m.reads_left.get().saturating_sub(1);
        m.reads_left.set(left);
        left == 0
    })
}

/// What a look at memory found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Fine,
    /// All functions that run hold more than they may.
    TooMuch,
    /// So much is held that looking at it became too much work.
    TooOften,
}

/// Notes what the function at `level` holds in so many values.
pub(super) fn memory(level: usize, bytes: usize, values: u64, most: usize) -> Look {
    METER.with(|m| {
        m.looked.set(m.looked.get().saturating_add(values));
        let pace = (MEMORY_PACE / bytes.max(1)).clamp(1, MEMORY_EVERY);
        m.reads_left.set(pace);
        let mut held = m.held.borrow_mut();
        held.resize(level, 0);
        held.push(bytes);
        let all = held.iter().fold(0_usize, |sum, b| sum.saturating_add(*b));
        if all > most {
            Look::TooMuch
        } else if m.looked.get() > LOOKED_MAX {
            Look::TooOften
        } else {
            Look::Fine
        }
    })
}

/// Operations used by the call that ran last.
pub(super) fn operations() -> u64 {
    METER.with(|m| m.operations.get())
}

/// Notes the place the script is at.
pub(super) fn at(line: usize, column: usize) {
    METER.with(|m| {
        m.place.set((line, column));
        if let Some(ran) = m.ran.borrow_mut().as_mut() {
            ran.insert(line);
        }
        if let Some(lines) = m.lines.borrow_mut().as_mut()
            && lines.last() != Some(&line)
            && lines.len() < LINES_MAX
        {
            lines.push(line);
        }
    });
}

/// Keeps the lines that are run from now on.
pub(super) fn keep_lines() {
    METER.with(|m| *m.lines.borrow_mut() = Some(Vec::new()));
}

/// The lines kept, and no more from now on.
pub(super) fn take_lines() -> Vec<usize> {
    METER.with(|m| m.lines.borrow_mut().take().unwrap_or_default())
}

/// Keeps all lines that are run from now on, in no order.
pub(super) fn keep_ran() {
    METER.with(|m| *m.ran.borrow_mut() = Some(BTreeSet::new()));
}

/// The lines kept, and no more from now on.
pub(super) fn take_ran() -> BTreeSet<usize> {
    METER.with(|m| m.ran.borrow_mut().take().unwrap_or_default())
}

/// The place noted last: line and column.
pub(super) fn place() -> (usize, usize) {
    METER.with(|m| m.place.get())
}
