//! Numbers whose bits are functions of the packet: the arithmetic of marks and other values that rules write.

use super::Reading;
use crate::packet::{Field, Interval, IntervalSet};
use crate::prove::block::Step;
use crate::prove::dd::{Bounded, Dd, Piece};
use crate::prove::space::Slot;

/// A number, most significant bit first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Word(Vec<Dd>);

/// Which way bits are shifted, and how far; bits that fall off are lost.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shift {
    Left(usize),
    Right(usize),
}

impl Word {
    /// What a field holds.
    pub fn of(field: Field, reading: &mut Reading<'_>) -> Bounded<Word> {
        let slot = reading.space.slot(field);
        let Slot::Bits(bits) = &*slot else { return Ok(Word(Vec::new())) };
        bits.iter().map(|&bit| reading.space.dd.var(bit)).collect::<Bounded<_>>().map(Word)
    }

    /// A fixed number of so many bits.
    pub fn of_number(number: u128, width: usize) -> Word {
        Word((0..width).rev().map(|weight| Dd::constant(number >> weight & 1 == 1)).collect())
    }

    /// The number that `value` gives for each number of `field`, which has few bits.
    pub fn by_value(field: Field, reading: &mut Reading<'_>, value: impl Fn(u128) -> u128) -> Bounded<Word> {
        let width = field.width().min(16);
        let mut bits = Vec::new();
        for bit in (0..width).rev() {
            let ones: IntervalSet =
                (0..1u128 << width).filter(|&old| value(old) >> bit & 1 == 1).map(Interval::point).collect();
            bits.push(reading.space.within(field, &ones)?);
        }
        Ok(Word(bits))
    }

    /// A number that `bit` tells bit by bit, each by its weight.
    pub fn unknown(
        field: Field,
        reading: &mut Reading<'_>,
        mut bit: impl FnMut(&mut Reading<'_>, u32) -> Bounded<Dd>,
    ) -> Bounded<Word> {
        (0..field.width()).rev().map(|weight| bit(reading, weight)).collect::<Bounded<_>>().map(Word)
    }

    /// The bits of `mask`; the others become 0.
    pub fn and(mut self, mask: u128) -> Word {
        let width = self.0.len();
        for (bit, weight) in self.0.iter_mut().zip((0..width).rev()) {
            if mask >> weight & 1 == 0 {
                *bit = Dd::FALSE;
            }
        }
        self
    }

    /// The bits of `value` turned over.
    pub fn xor(self, value: u128, reading: &mut Reading<'_>) -> Bounded<Word> {
        let width = self.0.len();
        let flip = |(bit, weight): (Dd, usize)| reading.negated_if(value >> weight & 1 == 1, bit);
        self.0.into_iter().zip((0..width).rev()).map(flip).collect::<Bounded<_>>().map(Word)
    }

    /// The bits of another number turned over.
    pub fn xor_word(self, other: Word, reading: &mut Reading<'_>) -> Bounded<Word> {
        self.combine(other, reading, |reading, a, b| reading.space.dd.xor(a, b))
    }

    /// Bit by bit with another number.
    pub fn combine(
        self,
        other: Word,
        reading: &mut Reading<'_>,
        mut both: impl FnMut(&mut Reading<'_>, Dd, Dd) -> Bounded<Dd>,
    ) -> Bounded<Word> {
        self.0.into_iter().zip(other.0).map(|(a, b)| both(reading, a, b)).collect::<Bounded<_>>().map(Word)
    }

    /// The bits moved.
    pub fn shifted(mut self, shift: Option<Shift>) -> Word {
        let width = self.0.len();
        match shift {
            Some(Shift::Left(by)) => {
                self.0.drain(..by.min(width));
                self.0.resize(width, Dd::FALSE);
            }
            Some(Shift::Right(by)) => {
                self.0.truncate(width.saturating_sub(by));
                self.0.splice(..0, std::iter::repeat_n(Dd::FALSE, by.min(width)));
            }
            None => {}
        }
        self
    }

    /// With zeros in front, so that it has so many bits.
    pub fn widened(mut self, width: usize) -> Word {
        let missing = width.saturating_sub(self.0.len());
        self.0.splice(..0, std::iter::repeat_n(Dd::FALSE, missing));
        self
    }

    /// The numbers it can be, where at most so many of its bits are not fixed.
    pub fn few_values(&self, most: usize) -> Option<Vec<u128>> {
        let open = |bit: &&Dd| **bit != Dd::FALSE && **bit != Dd::TRUE;
        if self.0.iter().filter(open).count() > most {
            return None;
        }
        let mut out = vec![0u128];
        for bit in &self.0 {
            let both = if *bit == Dd::FALSE {
                0..=0
            } else if *bit == Dd::TRUE {
                1..=1
            } else {
                0..=1
            };
            out = out.iter().flat_map(|high| both.clone().map(move |low| high << 1 | low)).collect();
        }
        Some(out)
    }

    /// The packets for which the number is one of `values`.
    pub fn within(&self, values: &IntervalSet, reading: &mut Reading<'_>) -> Bounded<Dd> {
        let piece = |i: &Interval| Piece { lo: i.lo, hi: i.hi, value: Dd::TRUE };
        let pieces: Vec<Piece> = values.intervals().iter().map(piece).collect();
        reading.space.dd.piecewise_of(&self.0, &pieces, Dd::FALSE)
    }

    /// The step that gives `field` this value.
    pub fn assigned(self, field: Field, reading: &mut Reading<'_>) -> Bounded<Step> {
        let slot = reading.space.slot(field);
        let Slot::Bits(bits) = &*slot else {
            return Ok(Step::Unknown(format!("a change of {field:?}")));
        };
        let mut changes = Vec::new();
        for (&bit, value) in bits.iter().zip(self.0) {
            if value != reading.space.dd.var(bit)? {
                changes.push((bit, value));
            }
        }
        Ok(Step::Assign(changes))
    }
}

/// The step that gives `field` a fixed value.
pub(super) fn set_to(field: Field, value: u128, reading: &mut Reading<'_>) -> Bounded<Step> {
    Word::of(field, reading)?.and(0).xor(value, reading)?.assigned(field, reading)
}
