//! Chance that can be repeated.

/// Numbers that follow from a seed (`SplitMix64`).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// Those of this seed.
    pub const fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// A seed from `CAMPANILE_SEED`, or a new one.
    pub fn seed() -> u64 {
        match std::env::var("CAMPANILE_SEED") {
            Ok(seed) => seed.parse().expect("CAMPANILE_SEED is a whole number"),
            Err(_) => u64::from(u32::from_le_bytes(campanile_events::random::bytes())),
        }
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The next number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}
