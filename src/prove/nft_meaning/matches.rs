//! Comparisons: `left op right` (`src/evaluate.c`, `expr_evaluate_relational`).
//!
//! Without an operator, flags ask for any of the bits (`ct state new`, `tcp flags syn,ack`), everything
//! else for equality or membership. `!= a,b` compares with the two bits together.

use super::expressions::Operand;
use super::fields::is_flags;
use super::tables::is_plain;
use super::values::number;
use super::{Read, Reading, unread};
use crate::nft::ast::{BinaryOp, Element, Expr, Op};
use crate::packet::{CtKey, FibResult, Field, Interval, IntervalSet};
use crate::prove::block::Step;
use crate::prove::dd::{Dd, Range};
use crate::prove::vocabulary;

impl Reading<'_> {
    /// Reads a comparison into tests.
    pub fn comparison(&mut self, left: &Expr, op: Op, right: &Expr) -> Read<()> {
        if let Expr::Numgen { random, modulus, offset: 0 } = left
            && self.chance(*random, *modulus, op, right)?
        {
            return Ok(());
        }
        if let Some(()) = self.masked(left, op, right)? {
            return Ok(());
        }
        if let Some(found) = route_by_number(left, right)? {
            return self.comparison(&found, op, right);
        }
        if let Expr::SetName(name) = right {
            return self.in_named_set(left, op, name);
        }
        if matches!(op, Op::Implicit | Op::Eq) && is_lone_flags(left, right) {
            return unread("a set of one combination of flags, which versions of nft take for different things");
        }
        let operands = self.operands(left)?;
        self.note(left, op, right);
        if let (Op::Implicit | Op::Eq, [Operand::Field(field)]) = (op, operands.as_slice())
            && let Some(ranges) = self.few_ranges(*field, op, right)?
        {
            self.steps.push(match ranges.as_slice() {
                [range] => Step::In(*range),
                _ => Step::Among(ranges),
            });
            return Ok(());
        }
        let set = match (right, operands.as_slice()) {
            (Expr::Set(elements), _) if !elements.iter().all(is_plain) => {
                return unread("elements with state of their own, which a lookup asks");
            }
            (Expr::Set(elements), _) => {
                let set = self.among(&operands, elements)?;
                self.equal_or_not(op, set)?
            }
            (Expr::Concat(_), [_, _, ..]) => {
                let element = Element { key: Some(right.clone()), ..Default::default() };
                let set = self.among(&operands, &[element])?;
                self.equal_or_not(op, set)?
            }
            (_, [operand]) => self.compared(left, operand, op, right)?,
            _ => return unread("a comparison of a concatenation with something else"),
        };
        self.test(set);
        Ok(())
    }

    /// A comparison of a number with a few numbers or intervals.
    fn few_ranges(&mut self, field: Field, op: Op, right: &Expr) -> Read<Option<Vec<Range>>> {
        let operand = Operand::Field(field);
        let numbers = match right {
            Expr::Number(_) | Expr::Range(..) | Expr::Prefix { .. } if op == Op::Eq || !is_flags(field) => {
                self.numbers(&operand, right)?
            }
            Expr::Set(elements) if elements.iter().all(is_plain) => {
                let mut intervals: Vec<Interval> = Vec::with_capacity(elements.len());
                for element in elements {
                    let Some(key) = &element.key else { return Ok(None) };
                    intervals.extend_from_slice(self.numbers(&operand, key)?.intervals());
                }
                intervals.into_iter().collect()
            }
            _ => return Ok(None),
        };
        Ok(self.space.ranges(field, &numbers))
    }

    fn compared(&mut self, left: &Expr, operand: &Operand, op: Op, right: &Expr) -> Read<Dd> {
        let flags = flags_of(left);
        let bits = number(right);
        if let (Some(mask), Op::NoneOf, _) | (Some(mask), Op::Implicit, true) = (bits, op, flags) {
            let none = self.none_of(operand, mask)?;
            return Ok(if op == Op::NoneOf { none } else { self.space.dd.not(none)? });
        }
        let numbers = self.numbers(operand, right)?;
        let (Some(first), Some(last)) = (numbers.intervals().first(), numbers.intervals().last()) else {
            let none = self.within(operand, &numbers)?;
            return self.equal_or_not(op, none);
        };
        let (lo, hi) = (first.lo, last.hi);
        let numbers = match op {
            Op::Implicit | Op::Eq | Op::Ne => numbers,
            Op::Lt if lo == 0 => IntervalSet::empty(),
            Op::Lt => IntervalSet::range(0, lo - 1),
            Op::Le => IntervalSet::range(0, hi),
            Op::Gt if hi == u128::MAX => IntervalSet::empty(),
            Op::Gt => IntervalSet::range(hi + 1, u128::MAX),
            Op::Ge => IntervalSet::range(lo, u128::MAX),
            Op::NoneOf => return unread("`!` beside something that is no set of bits"),
        };
        let set = self.within(operand, &numbers)?;
        if op == Op::Ne { Ok(self.space.dd.not(set)?) } else { Ok(set) }
    }

    pub(super) fn equal_or_not(&mut self, op: Op, set: Dd) -> Read<Dd> {
        match op {
            Op::Implicit | Op::Eq => Ok(set),
            Op::Ne => Ok(self.space.dd.not(set)?),
            _ => unread("an order among things that have none"),
        }
    }

    fn none_of(&mut self, operand: &Operand, mask: u128) -> Read<Dd> {
        match operand {
            Operand::Field(field) => {
                let any = self.space.any_bit(*field, mask)?;
                Ok(self.space.dd.not(any)?)
            }
            Operand::Bits(bits) => {
                let wanted: Vec<Dd> =
                    bits.iter().rev().zip(0..128).filter(|&(_, i)| mask >> i & 1 == 1).map(|(&bit, _)| bit).collect();
                let any = self.space.dd.any(&wanted)?;
                Ok(self.space.dd.not(any)?)
            }
        }
    }

    /// `field & mask == value` in one step; `None` for everything else.
    fn masked(&mut self, left: &Expr, op: Op, right: &Expr) -> Read<Option<()>> {
        let Expr::Binary { op: BinaryOp::And, left: inner, right: mask } = left else { return Ok(None) };
        let (Expr::Field(field), Some(mask), Some(value)) = (&**inner, number(mask), number(right)) else {
            return Ok(None);
        };
        let implicit_flags = op == Op::Implicit && is_flags(*field);
        if !matches!(op, Op::Implicit | Op::Eq | Op::Ne) || implicit_flags {
            return Ok(None);
        }
        if *field == Field::Ip6Dscp {
            return unread("`ip6 dscp` under a mask, of which nft until 1.1.7 compares the first byte only");
        }
        self.load(*field)?;
        let set = self.space.masked(*field, mask, value)?;
        let set = self.equal_or_not(op, set)?;
        self.test(set);
        Ok(Some(()))
    }

    /// `numgen` in a comparison is one question with two answers: chance, or every n-th packet.
    fn chance(&mut self, random: bool, modulus: u32, op: Op, right: &Expr) -> Read<bool> {
        let whole = IntervalSet::from(Interval::new(0, u128::from(modulus.saturating_sub(1))));
        let value = number(right).filter(|&value| value <= u128::from(u32::MAX));
        let wanted = match (op, value, listed(right)) {
            (Op::Implicit | Op::Eq | Op::Ne, Some(value), _) => IntervalSet::point(value),
            (Op::Lt | Op::Ge, Some(0), _) => IntervalSet::empty(),
            (Op::Lt | Op::Ge, Some(value), _) => IntervalSet::range(0, value - 1),
            (Op::Le | Op::Gt, Some(value), _) => IntervalSet::range(0, value),
            (Op::Implicit | Op::Eq | Op::Ne, None, Some(values)) => values,
            _ => return Ok(false),
        };
        let wanted = wanted.intersection(&whole);
        let yes = !matches!(op, Op::Ne | Op::Ge | Op::Gt);
        let part: u128 = wanted.intervals().iter().map(|i| i.hi - i.lo + 1).sum();
        if random {
            let (content, answer) = vocabulary::random(part as u64, modulus.into(), yes);
            self.consult(content, None, answer)?;
            return Ok(true);
        }
        // One packet of so many, or all but one.
        let others = whole.intersection(&wanted.complement(32));
        let (packet, yes) = match (wanted.as_point(), others.as_point()) {
            (Some(packet), _) => (packet, yes),
            (None, Some(packet)) => (packet, !yes),
            (None, None) => return Ok(false),
        };
        let (content, same) = vocabulary::nth(modulus, packet as u32);
        self.consult(content, None, yes == same)?;
        Ok(true)
    }
}

/// The numbers of a range, or of an anonymous set of numbers and ranges.
fn listed(right: &Expr) -> Option<IntervalSet> {
    match right {
        Expr::Number(value) => Some(IntervalSet::point(*value)),
        Expr::Range(lo, hi) => match (number(lo)?, number(hi)?) {
            (lo, hi) if lo <= hi => Some(IntervalSet::range(lo, hi)),
            _ => None,
        },
        Expr::Set(elements) => {
            let sets: Option<Vec<IntervalSet>> = elements.iter().map(|e| listed(e.key.as_ref()?)).collect();
            Some(sets?.iter().flat_map(IntervalSet::intervals).copied().collect())
        }
        _ => None,
    }
}

/// `fib saddr . iif oif 1` is what `nft -n list` makes of `exists`, and an interface where it is loaded; 0 is no
/// interface, and so `missing`, either way: what then is asked.
fn route_by_number(left: &Expr, right: &Expr) -> Read<Option<Expr>> {
    let (Expr::Field(Field::Fib { flags, result: FibResult::Oif }), Expr::Number(number)) = (left, right) else {
        return Ok(None);
    };
    match number {
        0 => Ok(Some(Expr::Field(Field::Fib { flags: *flags, result: FibResult::Exists }))),
        1 => {
            unread("`fib .. oif 1`, which is how `nft -n list` shows `oif exists`; write that, or the interface's name")
        }
        _ => Ok(None),
    }
}

/// `tcp flags { syn }`: nft 0.9.8 looks for the flag alone, 1.0.6 for the flag among others, and 1.1.3 for the one or
/// the other by the field. A packet has one `ct state`, so there it is the same.
fn is_lone_flags(left: &Expr, right: &Expr) -> bool {
    let Expr::Set(elements) = right else { return false };
    let [Element { key: Some(key), .. }] = elements.as_slice() else { return false };
    let state = matches!(left, Expr::Field(Field::Ct(CtKey::State)));
    let one_bit = number(key).is_some_and(|bits| bits.count_ones() == 1);
    flags_of(left) && !(state && one_bit)
}

fn flags_of(left: &Expr) -> bool {
    match left {
        Expr::Field(field) => is_flags(*field),
        Expr::Binary { left, .. } => flags_of(left),
        _ => false,
    }
}
