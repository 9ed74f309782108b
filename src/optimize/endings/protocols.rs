//! Sets of protocols.

use crate::packet::IntervalSet;

/// One bit for each protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Protocols([u128; 2]);

impl Protocols {
    /// Every protocol.
    pub const ALL: Self = Protocols([u128::MAX; 2]);

    /// Those of a set of numbers below 256.
    pub fn of(set: &IntervalSet) -> Self {
        let mut bits = [0; 2];
        for protocol in set.intervals().iter().flat_map(|i| i.lo..=i.hi.min(255)) {
            bits[usize::from(protocol >= 128)] |= 1 << (protocol % 128);
        }
        Protocols(bits)
    }

    /// Those of both.
    pub const fn and(&self, other: &Self) -> Self {
        Protocols([self.0[0] & other.0[0], self.0[1] & other.0[1]])
    }

    /// Those of either.
    pub const fn or(&self, other: &Self) -> Self {
        Protocols([self.0[0] | other.0[0], self.0[1] | other.0[1]])
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0[0] == 0 && self.0[1] == 0
    }

    /// Whether all of them are in the other one.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.and(other) == *self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_those_of_the_set() {
        for (lo, hi) in [(0, 0), (6, 6), (6, 17), (100, 200), (128, 255), (0, 255)] {
            let set = IntervalSet::range(lo, hi);
            let bits = Protocols::of(&set);
            for protocol in 0..256 {
                let one = Protocols::of(&IntervalSet::point(protocol));
                assert_eq!(one.is_subset(&bits), set.contains(protocol), "{lo}-{hi}: {protocol}");
            }
        }
        assert_eq!(Protocols::of(&IntervalSet::full(8)), Protocols::ALL);
        assert!(Protocols::of(&IntervalSet::empty()).is_empty());
    }
}
