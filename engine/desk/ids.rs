//! Where ids come from.

use parking_lot::Mutex;

use super::{Error, Result};
use crate::domain::{Id, Instant};

/// Bits of an id behind its instant that are free: 12 before the variant of RFC 9562 and 62 behind it.
const TAIL_BITS: u32 = 74;
/// Those behind the variant.
const LOW_BITS: u32 = 62;

/// A source of ids: the machine's entropy, or a seed, so that a test's ids are the same every time.
///
/// Ids of one source are ordered as they were given, also within a millisecond, while its clock does
/// not go back: what a command writes in one instant keeps its order.
#[derive(Debug, Default)]
pub struct IdSource {
    seeded: Option<Mutex<u64>>,
    /// The millisecond of the last id, and what stands behind it.
    last: Mutex<Option<(i64, u128)>>,
}

impl IdSource {
    /// Ids from the machine's entropy.
    #[must_use]
    pub fn random() -> Self {
        Self::default()
    }

    /// Ids from a seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self {
            seeded: Some(Mutex::new(seed)),
            ..Self::default()
        }
    }

    /// The next id at an instant.
    #[must_use]
    pub fn next(&self, at: Instant) -> Id {
        let entropy = self.entropy();
        let mut last = self.last.lock();
        let tail = match *last {
            // A random step further, so that ids of one millisecond are ordered and hard to guess.
            Some((millis, tail)) if millis == at.timestamp_millis() => {
                tail + 1 + (entropy >> (TAIL_BITS / 2))
            }
            _ => entropy,
        };
        // Past its end it begins anew: after 2^36 ids of one millisecond.
        let tail = tail & ((1 << TAIL_BITS) - 1);
        *last = Some((at.timestamp_millis(), tail));
        let spread = ((tail >> LOW_BITS) << 64) | (tail & ((1 << LOW_BITS) - 1));
        let [_, _, _, _, _, _, behind @ ..] = spread.to_be_bytes();
        Id::new(at, behind)
    }

    /// Bytes that nobody guesses.
    ///
    /// # Errors
    /// When the machine has no entropy to give: a secret is not made without.
    pub fn secret(&self) -> Result<[u8; 20]> {
        let mut bytes = [0; 20];
        if let Some(state) = &self.seeded {
            let mut state = state.lock();
            for byte in &mut bytes {
                [*byte, ..] = split_mix(&mut state).to_le_bytes();
            }
            return Ok(bytes);
        }
        getrandom::fill(&mut bytes)
            .map_err(|e| Error::internal(format!("the machine gives no entropy: {e}")))?;
        Ok(bytes)
    }

    /// Random bits of a tail. Without entropy ids would clash, and clashes are refused by the store: nothing
    /// is lost.
    fn entropy(&self) -> u128 {
        let mut bytes = [0_u8; 16];
        match &self.seeded {
            Some(state) => {
                let mut state = state.lock();
                let (high, low) = (split_mix(&mut state), split_mix(&mut state));
                return ((u128::from(high) << 64) | u128::from(low)) >> (128 - TAIL_BITS);
            }
            None => drop(getrandom::fill(&mut bytes)),
        }
        u128::from_be_bytes(bytes) >> (128 - TAIL_BITS)
    }
}

/// `SplitMix64` (Steele, Lea, Flood 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn ids_of_one_instant_keep_the_order_they_were_given_in() {
        for source in [IdSource::random(), IdSource::seeded(7)] {
            let mut ids = Vec::new();
            for millis in [1_000, 1_001] {
                let at = Instant::UNIX_EPOCH + TimeDelta::milliseconds(millis);
                ids.extend((0..5_000).map(|_| source.next(at)));
            }
            assert!(ids.is_sorted_by(|a, b| a < b));
        }
    }

    #[test]
    fn a_seed_gives_the_same_ids_again() {
        let ids = |seed| {
            let source = IdSource::seeded(seed);
            [1, 1, 2].map(|at| source.next(Instant::UNIX_EPOCH + TimeDelta::milliseconds(at)))
        };
        assert_eq!(ids(3), ids(3));
        assert_ne!(ids(3), ids(4));
    }
}
