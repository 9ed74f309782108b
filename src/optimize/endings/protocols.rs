//! Sets of protocols.

use crate::packet::IntervalSet;

/// One bit for each protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Protocols([u128; 2]);

/// The protocols that a rule asks for; most ask for one or for none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Asked {
    Any,
    One(u8),
    These(Box<Protocols>),
}

impl Asked {
    /// Those of them that are in a set of numbers below 256 as well.
    pub fn and(&self, set: &IntervalSet) -> Self {
        match (self, set.as_point().and_then(|one| u8::try_from(one).ok())) {
            (Asked::Any, Some(one)) => Asked::One(one),
            (Asked::Any, None) => Asked::These(Box::new(Protocols::of(set))),
            (known, _) => Asked::These(Box::new(known.of(&Protocols::of(set)))),
        }
    }

    /// Those of them that are among others.
    pub fn of(&self, others: &Protocols) -> Protocols {
        match self {
            Asked::Any => *others,
            Asked::One(one) => others.and(&Protocols::of(&IntervalSet::point((*one).into()))),
            Asked::These(these) => others.and(these),
        }
    }
}

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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_those_of_the_set() {
        for (lo, hi) in [(0, 0), (6, 6), (6, 17), (100, 200), (128, 255), (0, 255)] {
            let set = IntervalSet::range(lo, hi);
            let asked = Asked::Any.and(&set);
            for protocol in 0..256 {
                let one = IntervalSet::point(protocol);
                let both = [asked.of(&Protocols::of(&one)), Asked::Any.and(&one).and(&set).of(&Protocols::ALL)];
                assert!(both.iter().all(|both| both.is_empty() != set.contains(protocol)), "{lo}-{hi}: {protocol}");
            }
        }
        assert_eq!(Protocols::of(&IntervalSet::full(8)), Protocols::ALL);
        assert!(Protocols::of(&IntervalSet::empty()).is_empty());
    }
}
