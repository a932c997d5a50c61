//! Filling a desk with tickets through its commands.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{Bed, Fallible, Rate, drive};

/// Creates `count` tickets from number `first` on, with many callers at once.
///
/// # Errors
/// The first that is refused.
pub fn load(bed: &Bed, first: u64, count: u64) -> Fallible<Rate> {
    let next = AtomicU64::new(0);
    drive(256, Duration::from_secs(3_600), |_, _| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            return Ok(false);
        }
        bed.ticket(first + number)?;
        Ok(true)
    })
}
