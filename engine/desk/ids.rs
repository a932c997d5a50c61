//! Where ids come from.

use parking_lot::Mutex;

use crate::domain::{Id, Instant};

/// A source of ids: the machine's entropy, or a seed, so that a test's ids are the same every time.
#[derive(Debug, Default)]
pub struct IdSource {
    seeded: Option<Mutex<u64>>,
}

impl IdSource {
    /// Ids from the machine's entropy.
    #[must_use]
    pub fn random() -> Self {
        Self { seeded: None }
    }

    /// Ids from a seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self {
            seeded: Some(Mutex::new(seed)),
        }
    }

    /// The next id at an instant.
    #[must_use]
    pub fn next(&self, at: Instant) -> Id {
        let mut entropy = [0_u8; 10];
        match &self.seeded {
            Some(state) => {
                let mut state = state.lock();
                for chunk in entropy.chunks_mut(8) {
                    let bytes = split_mix(&mut state).to_be_bytes();
                    chunk
                        .iter_mut()
                        .zip(bytes)
                        .for_each(|(to, from)| *to = from);
                }
            }
            // Without entropy ids would clash, and clashes are refused by the store: nothing is lost.
            None => drop(getrandom::fill(&mut entropy)),
        }
        Id::new(at, entropy)
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
