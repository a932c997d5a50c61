//! Seeded randomness for the model and the power cuts.

/// A small seeded generator (splitmix64): the same seed gives the same run on every machine.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }
}

/// The seed of a run: `OPORA_SEED`, else a fresh one. Print it, so that a failure can be repeated.
pub fn seed() -> u64 {
    match std::env::var("OPORA_SEED") {
        Ok(seed) => seed.parse().expect("OPORA_SEED is a number"),
        Err(_) => getrandom::u64().unwrap() >> 16,
    }
}
