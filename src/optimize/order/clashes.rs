//! Which rules do different things for the same values of a dimension, where those are few.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::packet::Interval;

/// For each rule that clashes with others, those.
#[derive(Debug, Default)]
pub(super) struct Clashes(FxHashMap<u32, SmallVec<[u32; 2]>>);

/// Intervals that may be looked at for each one, on average, before there are too many.
const MOST: usize = 4;

impl Clashes {
    /// Of intervals in the order of their low ends, each with its rule, and the number of what a rule does. `None` where
    /// there are too many to list, or so much lies in each other that it takes too long to tell.
    pub fn of(claims: impl ExactSizeIterator<Item = (Interval, u32)>, number: &impl Fn(u32) -> u32) -> Option<Self> {
        let mut clashes = Clashes::default();
        let mut left = claims.len() * MOST;
        let mut open: Vec<(Interval, u32)> = Vec::new();
        let mut end = 0;
        for (interval, rule) in claims {
            match end < interval.lo {
                true => open.clear(),
                false => open.retain(|(before, _)| before.hi >= interval.lo),
            }
            end = end.max(interval.hi);
            left = left.checked_sub(open.len())?;
            for &(_, other) in open.iter().filter(|(_, other)| number(*other) != number(rule)) {
                clashes.0.entry(rule).or_default().push(other);
                clashes.0.entry(other).or_default().push(rule);
            }
            open.push((interval, rule));
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
        let claim = |lo, hi, rule| (Interval::new(lo, hi), rule);
        let claims = [claim(0, 9, 0), claim(5, 6, 2), claim(6, 6, 4), claim(9, 20, 3), claim(20, 29, 1)];
        let clashes = Clashes::of(claims.into_iter(), &|rule| if rule == 2 || rule == 3 { 2 } else { 1 }).unwrap();
        let mut with_first = clashes.with(0).to_vec();
        with_first.sort_unstable();
        assert_eq!(with_first, [2, 3]);
        assert_eq!(clashes.with(1), [3]);
        assert_eq!(clashes.with(4), [2]);
    }

    #[test]
    fn too_many_are_not_listed() {
        let nested: Vec<(Interval, u32)> = (0..100).map(|n| (Interval::new(n, 1000 - n), n as u32)).collect();
        assert!(Clashes::of(nested.into_iter(), &|rule| rule).is_none());
    }
}
