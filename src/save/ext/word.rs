//! Bytes of the packet as a number, shifted and masked, that must be one of some values: what `u32` and
//! classic BPF programs are made of.
//!
//! Invariant: what comes out holds exactly where the bytes are there and the number is one of the values.

use crate::ir::{Bits, Step, Test};
use crate::packet::{Field, Interval, IntervalSet, PayloadBase};
use crate::save::ext::lowering::Cond;

/// Most ways that one match becomes: as many rules.
pub const MOST_WAYS: usize = 64;

/// Widest number whose values are gone through one by one.
const FEW_BITS: u32 = 4;

/// Steps that must all hold; of several ways at most one holds.
pub type Way = Vec<Step>;

/// A number read from the packet: `(bytes & mask) >> right << left`, in 32 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Word {
    base: PayloadBase,
    /// In bits from the base.
    offset: u16,
    /// 8, 16 or 32.
    len: u8,
    mask: u32,
    right: u32,
    left: u32,
}

impl Word {
    /// So many bits at a byte; `None` where that is too far for nft.
    pub fn at(base: PayloadBase, byte: u64, len: u8) -> Option<Word> {
        let offset = byte.checked_mul(8).and_then(|bits| u16::try_from(bits).ok())?;
        offset.checked_add(len.into())?;
        Some(Word { base, offset, len, mask: u32::MAX >> (32 - u32::from(len)), right: 0, left: 0 })
    }

    /// The bits of `mask`.
    pub fn and(mut self, mask: u32) -> Word {
        self.mask &= self.back(mask);
        self
    }

    /// Moved right; what falls off is lost. The kernel shifts by no more than 31.
    pub fn shifted_right(mut self, by: u32) -> Option<Word> {
        self.mask &= self.back(u32::MAX.checked_shl(by)?);
        let cancelled = by.min(self.left);
        self.left -= cancelled;
        self.right += by - cancelled;
        (self.right < 32).then_some(self)
    }

    /// Moved left.
    pub fn shifted_left(mut self, by: u32) -> Option<Word> {
        self.mask &= self.back(u32::MAX.checked_shr(by)?);
        let cancelled = by.min(self.right);
        self.right -= cancelled;
        self.left += by - cancelled;
        (self.left < 32).then_some(self)
    }

    /// Bits of the shifted number as they stand in the bytes.
    const fn back(&self, bits: u32) -> u32 {
        bits >> self.left << self.right
    }

    const fn forth(&self, bits: u32) -> u32 {
        bits >> self.right << self.left
    }

    const fn field(&self) -> Field {
        Field::Payload { base: self.base, offset: self.offset, len: self.len }
    }

    /// The bytes are there.
    pub fn present(&self) -> Test {
        Test::In { field: self.field(), set: IntervalSet::full(self.len.into()) }
    }

    /// The values that the number can have, where they are few.
    pub fn few_values(&self) -> Option<Vec<u32>> {
        (self.mask.count_ones() <= FEW_BITS).then(|| subsets(self.mask).map(|bits| self.forth(bits)).collect())
    }

    /// The ways in which the number is one of `values`; `None` where nft has none.
    pub fn within(&self, values: &IntervalSet) -> Option<Vec<Way>> {
        let whole = u32::MAX >> (32 - u32::from(self.len));
        if self.mask == whole && self.right == 0 && self.left == 0 {
            let set = values.intersection(&IntervalSet::full(self.len.into()));
            return Some(if set.is_empty() {
                Vec::new()
            } else {
                vec![vec![Test::In { field: self.field(), set }.into()]]
            });
        }
        let low = self.mask.trailing_zeros();
        let run = self.mask.checked_shr(low).unwrap_or(0);
        if run == 0 {
            return Some(if values.contains(0) { vec![vec![self.present().into()]] } else { Vec::new() });
        }
        if run & run.wrapping_add(1) == 0 {
            return Some(self.run_within(low, run.count_ones(), values));
        }
        self.scattered_within(values)
    }

    /// The mask is one run of bits: a field of its own, where all bytes are there.
    fn run_within(&self, low: u32, width: u32, values: &IntervalSet) -> Vec<Way> {
        let step = u128::from(self.forth(1 << low));
        let most = (1u128 << width) - 1;
        let inside = values.intervals().iter().map(|i| (i.lo.div_ceil(step), (i.hi / step).min(most)));
        let set: IntervalSet = inside.filter(|(lo, hi)| lo <= hi).map(|(lo, hi)| Interval::new(lo, hi)).collect();
        if set.is_empty() {
            return Vec::new();
        }
        let (full, mask) = (set.is_full(width), u128::from(self.mask));
        let point = set.as_point().map(|n| (n, false)).or_else(|| Some((set.complement(width).as_point()?, true)));
        let there = self.is_always_there();
        if let Some((n, negated)) = point.filter(|_| !full && !there) {
            return vec![vec![Test::from(Bits { field: self.field(), mask, value: n << low, negated }).into()]];
        }
        let offset = self.offset + u16::from(self.len) - (low + width) as u16;
        let own = Test::In { field: Field::Payload { base: self.base, offset, len: width as u8 }, set };
        let mut way = Vec::new();
        // Where the field ends with the bytes, it is there only if they are.
        if full || !(there || low == 0) {
            way.push(self.present().into());
        }
        way.extend((!full).then(|| own.into()));
        vec![way]
    }

    /// The bits of the mask are apart: value by value.
    fn scattered_within(&self, values: &IntervalSet) -> Option<Vec<Way>> {
        let bits = |value: u32, negated| -> Way {
            let (mask, value) = (self.mask.into(), value.into());
            vec![Test::from(Bits { field: self.field(), mask, value, negated }).into()]
        };
        let is_wanted = |bits: &u32| values.contains(self.forth(*bits).into());
        let points: Option<Vec<u32>> = values.intervals().iter().map(|i| i.is_point().then_some(i.lo as u32)).collect();
        if let Some(points) = points.filter(|points| points.len() <= MOST_WAYS) {
            let places = points.iter().map(|&n| (n, self.back(n)));
            let reached = places.filter(|&(n, place)| place & !self.mask == 0 && self.forth(place) == n);
            return Some(reached.map(|(_, place)| bits(place, false)).collect());
        }
        if let Some(only) = values.complement(32).as_point() {
            let place = self.back(only as u32);
            let reached = place & !self.mask == 0 && self.forth(place) == only as u32;
            return Some(vec![if reached { bits(place, true) } else { vec![self.present().into()] }]);
        }
        let few = self.mask.count_ones() <= FEW_BITS;
        few.then(|| subsets(self.mask).filter(is_wanted).map(|place| bits(place, false)).collect())
    }

    fn is_always_there(&self) -> bool {
        Word::is_in_every_packet(self.field())
    }

    /// Whether each packet has these bytes.
    pub const fn is_in_every_packet(field: Field) -> bool {
        const FIXED_HEADER: u16 = 20 * 8;
        matches!(field, Field::Payload { base: PayloadBase::Network, offset, len } if offset + len as u16 <= FIXED_HEADER)
    }
}

/// Every number made of bits of the mask, from zero on.
fn subsets(mask: u32) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(0u32), move |&n| Some(n.wrapping_sub(mask) & mask).filter(|&next| next != 0))
}

/// A way with another one's steps behind its own; `None` where both cannot hold. Tests of one field become one.
pub fn joined(way: &[Step], more: &[Step]) -> Option<Way> {
    let mut out = way.to_vec();
    more.iter().try_for_each(|step| join(&mut out, step))?;
    Some(out)
}

/// The ways in which both hold; `None` where they are too many.
pub fn both(ways: &[Way], more: &[Way]) -> Option<Vec<Way>> {
    let out: Vec<Way> = ways.iter().flat_map(|way| more.iter().filter_map(|more| joined(way, more))).collect();
    (out.len() <= MOST_WAYS).then_some(out)
}

/// As conditions of a rule: any of the ways, or with `negated` none of them.
pub fn conditions(ways: Vec<Way>, negated: bool) -> Vec<Cond> {
    if negated {
        return ways.into_iter().map(Cond::Not).collect();
    }
    match <[Way; 1]>::try_from(ways) {
        Ok([only]) => only.into_iter().map(Cond::Step).collect(),
        Err(none) if none.is_empty() => vec![Cond::Never],
        Err(several) => vec![Cond::OneOf(several)],
    }
}

fn join(way: &mut Way, step: &Step) -> Option<()> {
    let Step::Test(test) = step else { return Some(()) };
    for known in way.iter_mut() {
        match (known, test) {
            (known, _) if known == step => return Some(()),
            (Step::Test(Test::In { field: a, set: known }), Test::In { field: b, set }) if a == b => {
                *known = known.intersection(set);
                return (!known.is_empty()).then_some(());
            }
            (Step::Test(Test::Bits(a)), Test::Bits(b)) if a.clashes(b) => return None,
            _ => {}
        }
    }
    way.push(step.clone());
    Some(())
}
