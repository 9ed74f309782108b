//! Diagrams of numbers: intervals over a row of bits, built top down in one sweep.
//!
//! A list of n sorted pieces over w bits takes O(n * w) steps, without intermediate unions, so a
//! hundred thousand prefixes are as cheap as they look.

use super::arena::Arena;
use super::{Bounded, Dd, Var};

/// What a function is on an interval of numbers.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    pub lo: u128,
    pub hi: u128,
    pub value: Dd,
}

impl Arena {
    /// The function of the number held in `bits` (most significant first) that `pieces` says, and
    /// `outside` elsewhere. Pieces must be sorted and disjoint; at most 128 bits.
    pub fn piecewise(&mut self, bits: &[Var], pieces: &[Piece], outside: Dd) -> Bounded<Dd> {
        let hi = if bits.len() >= 128 { u128::MAX } else { (1 << bits.len()) - 1 };
        let last = bits.last().map_or(0, |bit| bit.0);
        let below = |d: Dd| self.node(d).var > last;
        let ordered = bits.is_sorted() && below(outside) && pieces.iter().all(|piece| below(piece.value));
        self.piece_step(bits, pieces, outside, (0, hi), ordered)
    }

    fn piece_step(
        &mut self,
        bits: &[Var],
        pieces: &[Piece],
        outside: Dd,
        (lo, hi): (u128, u128),
        ordered: bool,
    ) -> Bounded<Dd> {
        match (pieces, bits) {
            ([], _) => Ok(outside),
            ([only, ..], _) if only.lo <= lo && hi <= only.hi => Ok(only.value),
            (_, []) => Ok(outside),
            (_, [bit, rest @ ..]) => {
                let middle = lo + (hi - lo) / 2;
                let left = pieces.partition_point(|piece| piece.lo <= middle);
                let right = pieces.partition_point(|piece| piece.hi <= middle);
                let (left, right) = (pieces.get(..left).unwrap_or(&[]), pieces.get(right..).unwrap_or(&[]));
                let low = self.piece_step(rest, left, outside, (lo, middle), ordered)?;
                let high = self.piece_step(rest, right, outside, (middle + 1, hi), ordered)?;
                if ordered {
                    return self.mk(bit.0, low, high);
                }
                let bit = self.var(*bit)?;
                self.ite(bit, high, low)
            }
        }
    }

    /// Like [`Arena::piecewise`], for a number whose bits are functions.
    pub fn piecewise_of(&mut self, bits: &[Dd], pieces: &[Piece], outside: Dd) -> Bounded<Dd> {
        let hi = if bits.len() >= 128 { u128::MAX } else { (1 << bits.len()) - 1 };
        self.piece_of_step(bits, pieces, outside, 0, hi)
    }

    fn piece_of_step(&mut self, bits: &[Dd], pieces: &[Piece], outside: Dd, lo: u128, hi: u128) -> Bounded<Dd> {
        match (pieces, bits) {
            ([], _) => Ok(outside),
            ([only, ..], _) if only.lo <= lo && hi <= only.hi => Ok(only.value),
            (_, []) => Ok(outside),
            (_, [bit, rest @ ..]) => {
                let middle = lo + (hi - lo) / 2;
                let left = pieces.partition_point(|piece| piece.lo <= middle);
                let right = pieces.partition_point(|piece| piece.hi <= middle);
                let low = self.piece_of_step(rest, pieces.get(..left).unwrap_or(&[]), outside, lo, middle)?;
                let high = self.piece_of_step(rest, pieces.get(right..).unwrap_or(&[]), outside, middle + 1, hi)?;
                self.ite(*bit, high, low)
            }
        }
    }

    /// The set of assignments where the number in `bits`, seen through `mask`, is `value`.
    /// `bits` are most significant first and may be in any order of variables.
    pub fn masked(&mut self, bits: &[Var], mask: u128, value: u128) -> Bounded<Dd> {
        let width = bits.len();
        let whole = if width >= 128 { u128::MAX } else { (1 << width) - 1 };
        if value & !mask & whole != 0 || value & !whole != 0 {
            return Ok(Dd::FALSE);
        }
        let mut literals: Vec<(Var, bool)> = Vec::new();
        for (i, &bit) in bits.iter().enumerate() {
            let shift = width - 1 - i;
            if mask >> shift & 1 == 1 {
                literals.push((bit, value >> shift & 1 == 1));
            }
        }
        literals.sort_unstable();
        self.conjunction(&literals)
    }

    /// The set where all literals hold; they must be sorted by variable.
    pub fn conjunction(&mut self, literals: &[(Var, bool)]) -> Bounded<Dd> {
        self.under(literals, Dd::TRUE)
    }

    /// A set where all literals hold as well, which are sorted and of variables before all of its own.
    fn under(&mut self, literals: &[(Var, bool)], set: Dd) -> Bounded<Dd> {
        literals.iter().rev().try_fold(set, |set, &(var, value)| {
            if value { self.mk(var.0, Dd::FALSE, set) } else { self.mk(var.0, set, Dd::FALSE) }
        })
    }

    /// Intersection of two sets, of which the first mostly asks for one value of variables before those of the second.
    pub fn above(&mut self, a: Dd, b: Dd) -> Bounded<Dd> {
        let literals = self.forced(a);
        let last = literals.last().map_or(0, |&(var, _)| var.0 + 1);
        if self.node(b).var < last || self.cofactor(a, &literals) != Dd::TRUE {
            return self.and(a, b);
        }
        self.under(&literals, b)
    }

    /// What is behind some literals, which stand in one line from the root.
    fn cofactor(&self, d: Dd, literals: &[(Var, bool)]) -> Dd {
        literals.iter().fold(d, |d, &(_, value)| if value { self.node(d).hi } else { self.node(d).lo })
    }
}
