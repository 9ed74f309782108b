//! Which rules do different things for the same values of a dimension, where those are few.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::packet::Interval;

/// An interval of a rule's values, the rule, and the number of what it does.
pub(super) type Claim = (Interval, u32, u32);

/// For each rule that clashes with others, those.
#[derive(Debug, Default)]
pub(super) struct Clashes(FxHashMap<u32, SmallVec<[u32; 2]>>);

/// Intervals that may be looked at for each one, on average, before there are too many.
const MOST: usize = 4;

impl Clashes {
    /// `None` where there are too many to list, or so much lies in each other that it takes too long to tell.
    pub fn of(claims: &mut [Claim]) -> Option<Self> {
        claims.sort_unstable_by_key(|(interval, ..)| interval.lo);
        let mut clashes = Clashes::default();
        let mut left = claims.len() * MOST;
        let mut open: Vec<Claim> = Vec::new();
        for &(interval, rule, number) in &*claims {
            open.retain(|(before, ..)| before.hi >= interval.lo);
            left = left.checked_sub(open.len())?;
            for &(_, other, _) in open.iter().filter(|(_, _, does)| *does != number) {
                clashes.0.entry(rule).or_default().push(other);
                clashes.0.entry(other).or_default().push(rule);
            }
            open.push((interval, rule, number));
        }
        Some(clashes)
    }

    /// The rules that do something else for one of the rule's values.
    pub fn with(&self, rule: u32) -> &[u32] {
        self.0.get(&rule).map(SmallVec::as_slice).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_share_a_value_and_differ_clash() {
        let claim = |lo, hi, rule, number| (Interval::new(lo, hi), rule, number);
        let mut claims =
            [claim(0, 9, 0, 1), claim(20, 29, 1, 1), claim(5, 6, 2, 2), claim(9, 20, 3, 2), claim(6, 6, 4, 1)];
        let clashes = Clashes::of(&mut claims).unwrap();
        let mut with_first = clashes.with(0).to_vec();
        with_first.sort_unstable();
        assert_eq!(with_first, [2, 3]);
        assert_eq!(clashes.with(1), [3]);
        assert_eq!(clashes.with(4), [2]);
    }

    #[test]
    fn too_many_are_not_listed() {
        let mut nested: Vec<Claim> = (0..100).map(|n| (Interval::new(n, 1000 - n), n as u32, n as u32)).collect();
        assert!(Clashes::of(&mut nested).is_none());
    }
}
