//! What can be told of a set of packets field by field: between which numbers each field is.
//!
//! A field is a row of 128 variables, read as a number. Invariant: every member of the set is within the bounds;
//! what is within them need not be a member.

use smallvec::SmallVec;

use super::sample::Sample;
use crate::prove::dd::{Arena, Dd, Var};

/// Variables in a row, as a power of two.
const ROW: u32 = 7;
/// Nodes of one field that are looked at; of a field that has more nothing is told.
const NODES: u32 = 600;

/// The number in one field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Side {
    /// Which 128 variables.
    pub row: u32,
    pub lo: u128,
    pub hi: u128,
}

/// The fields of which something is told, in their order.
#[derive(Clone, Default, Debug)]
pub(super) struct Bounds(pub SmallVec<[Side; 6]>);

impl Bounds {
    /// The bounds of a set.
    pub fn of(dd: &Arena, mut set: Dd) -> Bounds {
        let mut bounds = Bounds::default();
        while let Some((var, ..)) = dd.split(set) {
            let row = var.0 >> ROW;
            let side = Side { row, lo: extreme(dd, set, row, false), hi: extreme(dd, set, row, true) };
            if (side.lo, side.hi) != (0, u128::MAX) {
                bounds.0.push(side);
            }
            match behind(dd, set, row) {
                Some(rest) => set = rest,
                None => break,
            }
        }
        bounds
    }

    /// What is told of a row.
    pub fn side(&self, row: u32) -> Option<&Side> {
        self.0.iter().find(|side| side.row == row)
    }

    /// Whether some packet may be within both.
    pub fn meets(&self, other: &Bounds) -> bool {
        let mut others = other.0.iter().peekable();
        self.0.iter().all(|side| {
            while others.next_if(|other| other.row < side.row).is_some() {}
            others.peek().is_none_or(|other| other.row != side.row || side.lo <= other.hi && other.lo <= side.hi)
        })
    }
}

/// The smallest or largest number in a row that members of a set have.
fn extreme(dd: &Arena, mut set: Dd, row: u32, largest: bool) -> u128 {
    let mut number = if largest { u128::MAX } else { 0 };
    while let Some((var, lo, hi)) = dd.split(set)
        && var.0 >> ROW == row
    {
        let value = if lo == Dd::FALSE || hi == Dd::FALSE { lo == Dd::FALSE } else { largest };
        if value != largest {
            number ^= bit(var.0 & ((1 << ROW) - 1));
        }
        set = if value { hi } else { lo };
    }
    number
}

/// The bit of a row's number that its n-th variable is.
fn bit(n: u32) -> u128 {
    1 << (127 - n)
}

/// What a set asks of the variables behind a row, where that is the same for all its members.
fn behind(dd: &Arena, set: Dd, row: u32) -> Option<Dd> {
    let mut found = None;
    let mut rest = SmallVec::<[Dd; 64]>::from_slice(&[set]);
    let mut left = NODES;
    while let Some(at) = rest.pop() {
        match dd.split(at) {
            _ if at == Dd::FALSE => {}
            Some((var, lo, hi)) if var.0 >> ROW == row => {
                left = left.checked_sub(1)?;
                rest.extend([lo, hi]);
            }
            _ if found.is_none_or(|found| found == at) => found = Some(at),
            _ => return None,
        }
    }
    found
}

/// A packet's number in a row, of which only so many variables matter.
pub(super) fn number(sample: &Sample, row: u32, width: u32) -> u128 {
    let bits = (0..width).filter(|&n| sample.value(Var(row << ROW | n)));
    bits.fold(0, |number, n| number | bit(n))
}

/// How many variables of a row numbers can differ in that are bounds.
pub(super) fn width(side: &Side) -> u32 {
    (128 - side.lo.trailing_zeros()).max(128 - side.hi.trailing_ones())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prove::dd::{Budget, Range};

    fn range(band: u32, width: u32, lo: u128, hi: u128) -> Range {
        Range { first: Var::new(band, 0), width, lo, hi }
    }

    #[test]
    fn each_field_has_its_bounds() {
        let mut dd = Arena::new(Budget::default());
        let set = dd.inside(&[range(1, 8, 3, 9), range(4, 4, 2, 2)], Dd::TRUE, Dd::FALSE).unwrap();
        let bounds = Bounds::of(&dd, set);
        let shown: Vec<_> = bounds.0.iter().map(|side| (side.lo >> 120, side.hi >> 120, width(side))).collect();
        assert_eq!(shown, [(3, 9, 8), (0x20, 0x2f, 4)]);
    }

    #[test]
    fn a_set_that_is_no_product_is_bounded_in_its_first_field() {
        let mut dd = Arena::new(Budget::default());
        let one = dd.inside(&[range(1, 8, 3, 3), range(2, 8, 7, 7)], Dd::TRUE, Dd::FALSE).unwrap();
        let other = dd.inside(&[range(1, 8, 5, 5), range(2, 8, 8, 8)], Dd::TRUE, Dd::FALSE).unwrap();
        let set = dd.or(one, other).unwrap();
        let bounds = Bounds::of(&dd, set);
        assert_eq!(bounds.0.len(), 1);
        assert_eq!((bounds.0[0].lo >> 120, bounds.0[0].hi >> 120), (3, 5));
    }

    #[test]
    fn bounds_meet_where_no_field_tells_them_apart() {
        let mut dd = Arena::new(Budget::default());
        let mut bounds = |ranges: &[Range]| {
            let set = dd.inside(ranges, Dd::TRUE, Dd::FALSE).unwrap();
            Bounds::of(&dd, set)
        };
        let (low, high) = (bounds(&[range(1, 8, 0, 9)]), bounds(&[range(1, 8, 10, 12)]));
        let (other, both) = (bounds(&[range(2, 8, 1, 1)]), bounds(&[range(1, 8, 9, 10), range(2, 8, 0, 3)]));
        assert!(!low.meets(&high) && !high.meets(&low));
        for (one, two) in [(&low, &other), (&low, &both), (&high, &both), (&other, &both), (&low, &bounds(&[]))] {
            assert!(one.meets(two) && two.meets(one), "{one:?} {two:?}");
        }
    }
}
