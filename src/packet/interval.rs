//! Exact algebra over sets of integers, held as sorted, disjoint, non-adjacent intervals.
//!
//! Invariant: `IntervalSet` is canonical, so equality of sets is equality of values, and no
//! overlapping elements can ever reach a printer.

use smallvec::SmallVec;

/// A closed interval of values, `lo <= hi`.
///
/// Packed, so that what holds one (every rule does) need not stand at an address that 16 divides.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[repr(Rust, packed(8))]
pub struct Interval {
    pub lo: u128,
    pub hi: u128,
}

impl Interval {
    /// The interval that holds one value.
    pub const fn point(value: u128) -> Self {
        Interval { lo: value, hi: value }
    }

    /// The interval from `lo` to `hi`, both included; the bounds are ordered for the caller.
    pub const fn new(lo: u128, hi: u128) -> Self {
        if lo <= hi { Interval { lo, hi } } else { Interval { lo: hi, hi: lo } }
    }

    /// Whether the interval holds exactly one value.
    pub const fn is_point(self) -> bool {
        self.lo == self.hi
    }

    /// Whether the interval is an aligned power-of-two block.
    pub const fn is_block(self) -> bool {
        let size_minus_one = self.hi - self.lo;
        size_minus_one & size_minus_one.wrapping_add(1) == 0 && self.lo & size_minus_one == 0
    }

    /// Prefix length when the interval is an aligned power-of-two block of a `width`-bit field.
    pub fn prefix_len(self, width: u32) -> Option<u32> {
        self.is_block().then(|| width - (128 - (self.hi - self.lo).leading_zeros()))
    }

    /// The aligned power-of-two blocks that it takes to say the interval, in order.
    pub fn blocks(self) -> impl Iterator<Item = Interval> {
        std::iter::successors(Some(self.first_block()), move |block| {
            (block.hi < self.hi).then(|| Interval::new(block.hi + 1, self.hi).first_block())
        })
    }

    /// The largest aligned block at the start that does not reach past the end.
    fn first_block(self) -> Interval {
        let span = self.hi - self.lo;
        let fits = span.checked_add(1).map_or(128, u128::ilog2);
        Interval::new(self.lo, self.lo + ones(fits.min(self.lo.trailing_zeros())))
    }
}

/// That many low bits set.
const fn ones(bits: u32) -> u128 {
    if bits >= 128 { u128::MAX } else { (1 << bits) - 1 }
}

/// A set of integers; see the module documentation for its invariant.
#[derive(PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct IntervalSet(SmallVec<[Interval; 1]>);

impl Clone for IntervalSet {
    /// All at once: what is derived clones one interval after the other.
    fn clone(&self) -> Self {
        IntervalSet(match self.0.as_slice() {
            [only] => SmallVec::from_buf([*only]),
            all => SmallVec::from_slice(all),
        })
    }
}

impl IntervalSet {
    /// The set that holds nothing.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Every value of a `width`-bit field.
    pub fn full(width: u32) -> Self {
        Self::from(Interval { lo: 0, hi: max_value(width) })
    }

    /// The set of one value.
    pub fn point(value: u128) -> Self {
        Self::from(Interval::point(value))
    }

    /// The set of all values from `lo` to `hi`.
    pub fn range(lo: u128, hi: u128) -> Self {
        Self::from(Interval::new(lo, hi))
    }

    /// The intervals, sorted, disjoint and not adjacent.
    pub fn intervals(&self) -> &[Interval] {
        &self.0
    }

    /// Whether no value is in the set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every value of a `width`-bit field is in the set.
    pub fn is_full(&self, width: u32) -> bool {
        matches!(self.0.as_slice(), [only] if only.lo == 0 && only.hi == max_value(width))
    }

    /// The only value, when there is exactly one.
    pub fn as_point(&self) -> Option<u128> {
        match self.0.as_slice() {
            [only] if only.is_point() => Some(only.lo),
            _ => None,
        }
    }

    /// Whether `value` is in the set.
    pub fn contains(&self, value: u128) -> bool {
        let at = self.0.partition_point(|i| i.hi < value);
        self.0.get(at).is_some_and(|i| i.lo <= value)
    }

    /// Every value not in the set, within a `width`-bit field.
    pub fn complement(&self, width: u32) -> Self {
        let mut out = SmallVec::new();
        let mut next = Some(0u128);
        for i in &self.0 {
            if let Some(lo) = next
                && lo < i.lo
            {
                out.push(Interval { lo, hi: i.lo - 1 });
            }
            next = i.hi.checked_add(1);
        }
        if let Some(lo) = next
            && lo <= max_value(width)
        {
            out.push(Interval { lo, hi: max_value(width) });
        }
        IntervalSet(out)
    }

    /// How many intervals the complement has.
    pub fn gaps(&self, width: u32) -> usize {
        let ends = self.0.last().is_some_and(|last| last.hi >= max_value(width));
        self.0.len() + 1 - usize::from(self.begins()) - usize::from(ends)
    }

    /// Whether 0 is in the set.
    fn begins(&self) -> bool {
        self.0.first().is_some_and(|first| first.lo == 0)
    }

    /// Values in either set.
    pub fn union(&self, other: &Self) -> Self {
        self.0.iter().chain(&other.0).copied().collect()
    }

    /// Values in both sets.
    pub fn intersection(&self, other: &Self) -> Self {
        let (mut a, mut b) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut out = SmallVec::new();
        while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
            let (lo, hi) = (x.lo.max(y.lo), x.hi.min(y.hi));
            if lo <= hi {
                out.push(Interval { lo, hi });
            }
            if x.hi < y.hi {
                a.next()
            } else {
                b.next()
            };
        }
        IntervalSet(out)
    }

    /// Values in this set and not in `other`.
    pub fn difference(&self, other: &Self) -> Self {
        self.intersection(&other.complement(128))
    }

    /// Whether the sets share a value.
    pub fn intersects(&self, other: &Self) -> bool {
        let (mut a, mut b) = (self.0.as_slice(), other.0.as_slice());
        while let ([x, behind_x @ ..], [y, behind_y @ ..]) = (a, b) {
            if x.lo.max(y.lo) <= x.hi.min(y.hi) {
                return true;
            }
            (a, b) = if x.hi < y.hi { (behind_x, b) } else { (a, behind_y) };
        }
        false
    }

    /// Whether every value of this set is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        let mut rest = other.0.as_slice();
        self.0.iter().all(|own| {
            while let [before, behind @ ..] = rest
                && before.hi < own.lo
            {
                rest = behind;
            }
            rest.first().is_some_and(|around| around.lo <= own.lo && own.hi <= around.hi)
        })
    }

    /// Whether every value of a `width`-bit field is in exactly one of the sets.
    pub fn is_complement(&self, other: &Self, width: u32) -> bool {
        // The lowest value is in one of them.
        self.begins() != other.begins() && self.complement(width) == *other
    }
}

impl From<Interval> for IntervalSet {
    fn from(interval: Interval) -> Self {
        IntervalSet(SmallVec::from_buf([interval]))
    }
}

impl From<Vec<Interval>> for IntervalSet {
    fn from(all: Vec<Interval>) -> Self {
        IntervalSet::settled(SmallVec::from_vec(all))
    }
}

impl FromIterator<Interval> for IntervalSet {
    fn from_iter<T: IntoIterator<Item = Interval>>(iter: T) -> Self {
        IntervalSet::settled(iter.into_iter().collect())
    }
}

impl IntervalSet {
    /// Sorts, then joins what overlaps or touches.
    fn settled(mut all: SmallVec<[Interval; 1]>) -> Self {
        if all.len() < 2 {
            return IntervalSet(all);
        }
        sort(&mut all);
        let mut last = 0;
        for at in 1..all.len() {
            let next = all[at];
            if next.lo <= all[last].hi.saturating_add(1) {
                all[last].hi = all[last].hi.max(next.hi);
            } else {
                last += 1;
                all[last] = next;
            }
        }
        all.truncate(last + 1);
        IntervalSet(all)
    }
}

/// Sorts by the low ends. Where there are many, and of 32 bits, both ends in one number sort several times faster.
fn sort(all: &mut [Interval]) {
    const MANY: usize = 256;
    if all.len() < MANY || all.iter().any(|interval| interval.hi > u32::MAX.into()) {
        all.sort_unstable_by_key(|interval| interval.lo);
        return;
    }
    let mut packed: Vec<u64> = all.iter().map(|interval| (interval.lo << 32 | interval.hi) as u64).collect();
    radsort::sort_by_key(&mut packed, |packed| (packed >> 32) as u32);
    for (interval, packed) in all.iter_mut().zip(packed) {
        *interval = Interval { lo: (packed >> 32).into(), hi: (packed as u32).into() };
    }
}

/// The largest value of a `width`-bit field.
pub(crate) const fn max_value(width: u32) -> u128 {
    if width >= 128 { u128::MAX } else { (1 << width) - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(parts: &[(u128, u128)]) -> IntervalSet {
        parts.iter().map(|&(lo, hi)| Interval { lo, hi }).collect()
    }

    #[test]
    fn blocks_are_counted() {
        let cases = [((0, 0), 1), ((0, 3), 1), ((1, 3), 2), ((1, 254), 14), ((0, u128::MAX), 1), ((1, u128::MAX), 128)];
        for ((lo, hi), count) in cases {
            assert_eq!(Interval::new(lo, hi).blocks().count(), count, "{lo}-{hi}");
        }
    }

    #[test]
    fn touching_intervals_join() {
        assert_eq!(set(&[(3, 4), (1, 2), (6, 9), (8, 12)]), set(&[(1, 4), (6, 12)]));
    }

    #[test]
    fn complement_reaches_both_ends() {
        assert_eq!(set(&[(0, 3), (9, 15)]).complement(4), set(&[(4, 8)]));
        assert_eq!(IntervalSet::empty().complement(16), IntervalSet::full(16));
        assert_eq!(IntervalSet::full(128).complement(128), IntervalSet::empty());
    }

    #[test]
    fn difference_cuts_holes() {
        assert_eq!(set(&[(0, 100)]).difference(&set(&[(10, 20), (50, 50)])), set(&[(0, 9), (21, 49), (51, 100)]));
    }

    #[test]
    fn prefixes_are_recognised() {
        assert_eq!(Interval::new(0x0a00_0000, 0x0aff_ffff).prefix_len(32), Some(8));
        assert_eq!(Interval::new(1, 2).prefix_len(32), None);
        assert_eq!(Interval::new(0, u32::MAX.into()).prefix_len(32), Some(0));
        assert_eq!(Interval::new(0, u128::MAX).prefix_len(128), Some(0));
        assert_eq!(Interval::point(7).prefix_len(32), Some(32));
    }
}
