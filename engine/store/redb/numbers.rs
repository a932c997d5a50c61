//! Numbers leased in blocks: handing one out costs a lock, and a sync once per block.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::store::{StoreError, StoreResult};

/// Numbers leased at a time. A crash loses what is left of a block; a clean close gives it back.
pub(super) const BLOCK: u64 = 1_000;

/// The blocks leased from the file. The file holds the last number leased of each counter, so a
/// number above it was never handed out.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    blocks: HashMap<String, Block>,
    closed: bool,
}

#[derive(Debug)]
struct Block {
    next: u64,
    /// Last number leased.
    last: u64,
    /// More was asked for ahead of need.
    asked: bool,
}

/// What came of asking for numbers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// They start here.
    At(u64),
    /// They start here, and it is time to lease more.
    AtAndMore(u64),
    /// Not enough is leased.
    None,
}

impl Numbers {
    /// Takes `count` numbers in a row from what is leased.
    pub(super) fn take(&self, counter: &str, count: u64) -> StoreResult<Taken> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(StoreError::Closed);
        }
        let Some(block) = state.blocks.get_mut(counter) else {
            return Ok(Taken::None);
        };
        let left = (block.last + 1).saturating_sub(block.next);
        if left < count {
            return Ok(Taken::None);
        }
        let first = block.next;
        block.next += count;
        if left - count < BLOCK / 2 && !block.asked {
            block.asked = true;
            return Ok(Taken::AtAndMore(first));
        }
        Ok(Taken::At(first))
    }

    /// Adds the numbers after `before` up to `last`, which are durably leased by now.
    pub(super) fn add(&self, counter: &str, before: u64, last: u64) {
        let mut state = self.state.lock();
        let block = state.blocks.entry(counter.to_owned()).or_insert(Block {
            next: before + 1,
            last,
            asked: false,
        });
        block.last = last;
        block.asked = false;
    }

    /// Hands out no more, and returns the last number used of each counter that has some left.
    pub(super) fn close(&self) -> Vec<(String, u64)> {
        let mut state = self.state.lock();
        state.closed = true;
        state
            .blocks
            .drain()
            .filter(|(_, block)| block.next <= block.last)
            .map(|(counter, block)| (counter, block.next.saturating_sub(1)))
            .collect()
    }
}
