//! Slots: rooms that instances of plugins are made in, kept from call to call.

use parking_lot::{Condvar, Mutex};

/// Instances at a time. More callers wait for a slot: a call computes and never waits itself, so
/// more at once than the machine has cores gain nothing.
pub(super) const SLOTS: u32 = 128;

/// How many slots are free.
pub(super) struct Slots {
    free: Mutex<u32>,
    freed: Condvar,
}

impl Default for Slots {
    fn default() -> Self {
        Self {
            free: Mutex::new(SLOTS),
            freed: Condvar::new(),
        }
    }
}

impl Slots {
    /// Waits for a slot and takes it.
    pub(super) fn take(&self) -> Taken<'_> {
        let mut free = self.free.lock();
        while *free == 0 {
            self.freed.wait(&mut free);
        }
        *free -= 1;
        Taken(self)
    }
}

/// A slot that is taken. It is free again when this is dropped, which must be after the instance.
pub(super) struct Taken<'a>(&'a Slots);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        *self.0.free.lock() += 1;
        self.0.freed.notify_one();
    }
}
