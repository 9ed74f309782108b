//! The last place along a dimension where something else happens.
//!
//! A segment tree over the values at which intervals begin or end. Each entry is a place and the
//! number of what is done there; a question leaves its own number out, so each node keeps the last
//! place and the last place of another number. Both take time logarithmic in the number of intervals.

use crate::packet::{Interval, IntervalSet};

/// The last two places with different numbers; place 0 is none.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Latest {
    first: (u32, u32),
    second: (u32, u32),
}

/// See the module's documentation.
#[derive(Clone, Debug)]
pub(super) struct Segments {
    /// Where a cell of equal values begins; the first one at 0.
    cuts: Vec<u128>,
    /// What covers a node's values altogether.
    cover: Vec<Latest>,
    /// What covers any of them.
    within: Vec<Latest>,
}

impl Latest {
    /// Notes a place; says whether any question gets another answer now.
    pub fn add(&mut self, (place, number): (u32, u32)) -> bool {
        let known = if number == self.first.1 { self.first.0 } else { self.second.0 };
        if place <= known && self.first.0 > 0 {
            return false;
        }
        if number == self.first.1 || self.first.0 == 0 {
            self.first = (place, number);
        } else if place > self.first.0 {
            self.second = self.first;
            self.first = (place, number);
        } else {
            self.second = (place, number);
        }
        true
    }

    /// The last place of another number than this; 0 when there is none.
    pub const fn other_than(&self, number: u32) -> u32 {
        if self.first.1 == number { self.second.0 } else { self.first.0 }
    }
}

impl Segments {
    /// A tree that can tell these intervals apart.
    pub fn new(intervals: impl Iterator<Item = Interval>) -> Self {
        let mut cuts = vec![0];
        for i in intervals {
            cuts.push(i.lo);
            cuts.extend(i.hi.checked_add(1));
        }
        cuts.sort_unstable();
        cuts.dedup();
        let nodes = vec![Latest::default(); 2 * cuts.len()];
        Segments { cover: nodes.clone(), within: nodes, cuts }
    }

    /// Notes that `number` is done at `place` (from 1 on) for the values.
    pub fn add(&mut self, values: &IntervalSet, place: u32, number: u32) {
        for &interval in values.intervals() {
            let (low, high) = self.leaves(interval);
            for leaf in ends(low, high) {
                // What tells a node nothing new tells the nodes above it nothing new either; so these go first.
                let mut node = leaf / 2;
                while node > 0 && self.within[node].add((place, number)) {
                    node /= 2;
                }
            }
            let (mut l, mut r) = (low, high);
            while l < r {
                for node in [(l & 1 == 1).then_some(l), (r & 1 == 1).then(|| r - 1)].into_iter().flatten() {
                    self.cover[node].add((place, number));
                    self.within[node].add((place, number));
                }
                (l, r) = (l.div_ceil(2), r / 2);
            }
        }
    }

    /// The last place where another number is done for any of the values; 0 when there is none.
    pub fn latest(&self, values: &IntervalSet, number: u32) -> u32 {
        let mut latest = 0;
        for &interval in values.intervals() {
            let (low, high) = self.leaves(interval);
            let (mut l, mut r) = (low, high);
            while l < r {
                for node in [(l & 1 == 1).then_some(l), (r & 1 == 1).then(|| r - 1)].into_iter().flatten() {
                    latest = latest.max(self.within[node].other_than(number));
                }
                (l, r) = (l.div_ceil(2), r / 2);
            }
            for leaf in ends(low, high) {
                let mut node = leaf / 2;
                while node > 0 {
                    latest = latest.max(self.cover[node].other_than(number));
                    node /= 2;
                }
            }
        }
        latest
    }

    /// Nodes of the interval's cells, the second one past the last.
    fn leaves(&self, interval: Interval) -> (usize, usize) {
        let cell = |value: u128| self.cuts.partition_point(|&cut| cut < value);
        let high = interval.hi.checked_add(1).map_or(self.cuts.len(), cell);
        let low = cell(interval.lo);
        (low + self.cuts.len(), high.max(low + 1) + self.cuts.len())
    }
}

/// The first and the last leaf from `low` to before `high`; nearly always one.
fn ends(low: usize, high: usize) -> impl Iterator<Item = usize> {
    std::iter::once(low).chain((high - 1 > low).then_some(high - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_looking_at_all() {
        let mut state = 12345u32;
        let mut next = move |below: u32| {
            state = state.wrapping_mul(1_103_515_245).wrapping_add(12345);
            (state >> 16) % below
        };
        for _ in 0..50 {
            let mut set = || {
                let lo = u128::from(next(60));
                IntervalSet::range(lo, lo + u128::from(next(9)))
            };
            let sets: Vec<IntervalSet> = (0..40).map(|_| set()).collect();
            let mut tree = Segments::new(sets.iter().flat_map(|set| set.intervals()).copied());
            let mut seen: Vec<(usize, u32, u32)> = Vec::new();
            for (at, asked) in sets.iter().enumerate() {
                let number = next(3);
                let hit = |other: usize| sets[other].intersects(asked);
                let want = seen.iter().filter(|(o, _, n)| *n != number && hit(*o)).map(|s| s.1).max().unwrap_or(0);
                assert_eq!(tree.latest(asked, number), want);
                let place = next(20) + 1;
                tree.add(asked, place, number);
                seen.push((at, place, number));
            }
        }
    }
}
