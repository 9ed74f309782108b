//! Numbers from a seed, the same on every machine.
//!
//! Invariant: a seed and a sequence of calls give the same numbers in every version (SplitMix64).

/// A generator.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    pub const fn new(seed: u64) -> Self {
        Chance(seed)
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 for a bound of 0.
    pub fn below(&mut self, bound: usize) -> usize {
        match self.next().checked_rem(bound as u64) {
            Some(rest) => usize::try_from(rest).unwrap_or_default(),
            None => 0,
        }
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    /// A number from `lo` to `hi`, both included.
    pub fn between(&mut self, lo: u128, hi: u128) -> u128 {
        let wide = u128::from(self.next()) << 64 | u128::from(self.next());
        match (hi.saturating_sub(lo)).checked_add(1) {
            Some(size) => lo + wide % size,
            None => wide,
        }
    }

    /// One of a slice.
    pub fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        all.get(self.below(all.len())).copied()
    }
}
