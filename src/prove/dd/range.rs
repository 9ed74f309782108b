//! Conditions that are not yet diagrams: a number, held in variables in a row, lies in an interval.
//!
//! Long lists of them are made into one diagram at once ([`super::list`]), without a diagram for each.

use std::ops::ControlFlow;

use super::arena::Arena;
use super::build::Piece;
use super::paths::Cube;
use super::{Bands, Bounded, Dd, Var};

/// The number in `width` variables in a row, most significant first, is from `lo` to `hi`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Range {
    pub first: Var,
    /// 1 to 128.
    pub width: u32,
    pub lo: u128,
    /// Not less than `lo`, and a number of this width.
    pub hi: u128,
}

impl Range {
    /// The largest number of the width.
    fn most(self) -> u128 {
        if self.width >= 128 { u128::MAX } else { (1 << self.width) - 1 }
    }

    /// Whether every number is in it.
    pub fn is_everything(self) -> bool {
        self.lo == 0 && self.hi >= self.most()
    }

    /// The band of its variables.
    pub fn bands(self) -> Bands {
        Bands::of(self.first)
    }

    /// Both conditions on the same number; `None` where no number satisfies both.
    pub fn intersection(self, other: Range) -> Option<Range> {
        let (lo, hi) = (self.lo.max(other.lo), self.hi.min(other.hi));
        (lo <= hi).then_some(Range { lo, hi, ..self })
    }

    /// What is left to be said once the first variable is known; `None` where nothing can satisfy it any more.
    pub fn with_first(self, value: bool) -> Option<Range> {
        let half = 1u128 << (self.width - 1);
        let (lo, hi) = match value {
            false if self.lo >= half => return None,
            false => (self.lo, self.hi.min(half - 1)),
            true if self.hi < half => return None,
            true => (self.lo.max(half) - half, self.hi - half),
        };
        Some(Range { first: Var(self.first.0 + 1), width: self.width - 1, lo, hi })
    }

    /// Whether the two are conditions on a variable in common.
    pub fn overlaps(self, other: Range) -> bool {
        self.first.0 < other.first.0 + other.width && other.first.0 < self.first.0 + self.width
    }

    /// Whether a cube says nothing of its variables.
    pub fn is_free_of(self, known: &Cube) -> bool {
        let literals = known.literals();
        let at = literals.partition_point(|(var, _)| var.0 < self.first.0);
        literals.get(at).is_none_or(|(var, _)| var.0 >= self.first.0 + self.width)
    }

    /// Literals that all its numbers have: their common beginning.
    pub fn forced(self) -> impl Iterator<Item = (Var, bool)> {
        let common = (self.lo ^ self.hi).leading_zeros() - (128 - self.width);
        (0..common).map(move |i| (Var(self.first.0 + i), self.lo >> (self.width - 1 - i) & 1 == 1))
    }

    /// Whether an assignment satisfies it.
    pub fn holds(self, value: impl Fn(Var) -> bool) -> bool {
        let bits = (0..self.width).map(|i| value(Var(self.first.0 + i)));
        let number = bits.fold(0u128, |number, bit| number << 1 | u128::from(bit));
        self.lo <= number && number <= self.hi
    }

    /// The condition where the literals of `known` hold, if they say something of the first variables only:
    /// `Break` with the answer, or with what cannot be said so.
    pub fn under(self, known: &Cube) -> ControlFlow<Known, Range> {
        let mut range = self;
        while range.width > 0 {
            if range.is_everything() {
                return ControlFlow::Break(Known::Always);
            }
            match known.get(range.first).map(|value| range.with_first(value)) {
                Some(Some(rest)) => range = rest,
                Some(None) => return ControlFlow::Break(Known::Never),
                None => break,
            }
        }
        match range.width {
            0 => ControlFlow::Break(Known::Always),
            _ if range.is_free_of(known) => ControlFlow::Continue(range),
            _ => ControlFlow::Break(Known::InParts),
        }
    }
}

/// See [`Range::under`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Known {
    Always,
    Never,
    /// Later variables are known, and earlier ones are not.
    InParts,
}

impl Arena {
    /// The set of assignments that satisfy a range.
    pub fn range(&mut self, range: Range) -> Bounded<Dd> {
        self.inside(&[range], Dd::TRUE, Dd::FALSE)
    }

    /// The set of assignments that satisfy one of several ranges of the same variables, sorted and disjoint.
    pub fn any_range(&mut self, ranges: &[Range]) -> Bounded<Dd> {
        let Some(first) = ranges.first() else { return Ok(Dd::FALSE) };
        let bits: Vec<Var> = (0..first.width).map(|i| Var(first.first.0 + i)).collect();
        let pieces: Vec<Piece> = ranges.iter().map(|r| Piece { lo: r.lo, hi: r.hi, value: Dd::TRUE }).collect();
        self.piecewise(&bits, &pieces, Dd::FALSE)
    }

    /// `d` where all of `ranges`, which are sorted and share no variables, are satisfied, and `outside` elsewhere.
    pub fn inside(&mut self, ranges: &[Range], d: Dd, outside: Dd) -> Bounded<Dd> {
        if d == outside {
            return Ok(d);
        }
        let last = ranges.last().map_or(0, |range| range.first.0 + range.width);
        if self.node(d).var >= last && self.node(outside).var >= last {
            return ranges.iter().rev().try_fold(d, |d, &range| self.inside_one(range, d, outside));
        }
        let set = ranges.iter().rev().try_fold(Dd::TRUE, |set, &range| self.inside_one(range, set, Dd::FALSE))?;
        self.ite(set, d, outside)
    }

    fn inside_one(&mut self, range: Range, d: Dd, outside: Dd) -> Bounded<Dd> {
        if range.width == 0 || range.is_everything() {
            return Ok(d);
        }
        let mut side =
            |value: bool| range.with_first(value).map_or(Ok(outside), |rest| self.inside_one(rest, d, outside));
        let (lo, hi) = (side(false)?, side(true)?);
        self.mk(range.first.0, lo, hi)
    }
}
