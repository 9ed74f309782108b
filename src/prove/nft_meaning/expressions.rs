//! The left side of things: expressions whose value depends on the packet.

use super::{Read, Reading, unread};
use crate::nft::ast::{BinaryOp, Expr};
use crate::packet::{Field, IntervalSet};
use crate::prove::block::{Step, local_answer};
use crate::prove::chance::Chance;
use crate::prove::dd::{Bounded, Dd, Piece};
use crate::prove::space::Slot;
use crate::prove::vocabulary;

/// A value that depends on the packet.
#[derive(Clone)]
pub(super) enum Operand {
    /// A field as it is; interface names are numbers of classes.
    Field(Field),
    /// A number whose bits are functions, most significant first.
    Bits(Vec<Dd>),
}

impl Reading<'_> {
    /// Reads an expression; a concatenation has several operands.
    pub fn operands(&mut self, expr: &Expr) -> Read<Vec<Operand>> {
        match expr {
            Expr::Concat(parts) => {
                let mut operands = Vec::with_capacity(parts.len());
                for part in parts {
                    operands.push(self.operand(part)?);
                }
                Ok(operands)
            }
            _ => Ok(vec![self.operand(expr)?]),
        }
    }

    /// Reads an expression that is no concatenation.
    pub fn operand(&mut self, expr: &Expr) -> Read<Operand> {
        match expr {
            Expr::Field(field) => {
                self.load(*field)?;
                Ok(Operand::Field(*field))
            }
            _ => {
                let width = width_of(expr);
                Ok(Operand::Bits(self.bits(expr, width)?))
            }
        }
    }

    /// The bits of an expression's value, `width` of them.
    pub fn bits(&mut self, expr: &Expr, width: usize) -> Read<Vec<Dd>> {
        match expr {
            Expr::Number(number) | Expr::Flags(number) => Ok(constant(*number, width)),
            Expr::Field(field) => {
                self.load(*field)?;
                let bits = self.field_bits(*field)?;
                Ok(fit(bits, width))
            }
            Expr::Binary { op, left, right } => self.binary(*op, left, right, width),
            Expr::Numgen { random, modulus, offset } => self.numgen(*random, *modulus, *offset, width),
            Expr::Symhash { modulus, offset } => {
                self.hash(&format!("symhash mod {modulus} offset {offset}"), &[], *modulus, *offset, width)
            }
            Expr::Jhash { key, modulus, seed, offset } => {
                let (words, fields) = (self.key_words(key)?, key_fields(key)?);
                let Some(seed) = seed else { return unread("a hash without seed, which the kernel then draws") };
                let words = format!("jhash {words} mod {modulus} seed {seed:#x} offset {offset}");
                self.hash(&words, &fields, *modulus, *offset, width)
            }
            Expr::Map { key, map } => self.mapped_bits(key, map, width),
            _ => unread("an expression that depends on the packet"),
        }
    }

    fn field_bits(&mut self, field: Field) -> Read<Vec<Dd>> {
        match &*self.space.slot(field) {
            Slot::Constant(number) => Ok(constant(*number, field.width() as usize)),
            Slot::Bits(bits) => bits.iter().map(|&bit| Ok(self.space.dd.var(bit)?)).collect(),
            Slot::Codes(bits, codes) => {
                // The number again from the code.
                let vars: Bounded<Vec<Dd>> = bits.iter().map(|&bit| self.space.dd.var(bit)).collect();
                let vars = vars?;
                let mut number = constant(0, 32);
                for (code, value) in codes.iter().zip(0u128..) {
                    let here = self.space.dd.piecewise_of(
                        &vars,
                        &[Piece { lo: value, hi: value, value: Dd::TRUE }],
                        Dd::FALSE,
                    )?;
                    for (bit, set) in number.iter_mut().zip(constant(*code, 32)) {
                        if set == Dd::TRUE {
                            *bit = self.space.dd.or(*bit, here)?;
                        }
                    }
                }
                Ok(number)
            }
        }
    }

    fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr, width: usize) -> Read<Vec<Dd>> {
        let width = width.max(width_of(left));
        let a = self.bits(left, width)?;
        if let (BinaryOp::Lshift | BinaryOp::Rshift, Expr::Number(amount)) = (op, right) {
            let amount = usize::try_from(*amount).unwrap_or(usize::MAX).min(a.len());
            let zeros = std::iter::repeat_n(Dd::FALSE, amount);
            return Ok(match op {
                BinaryOp::Lshift => a.iter().copied().skip(amount).chain(zeros).collect(),
                _ => zeros.chain(a.iter().copied().take(a.len() - amount)).collect(),
            });
        }
        let b = self.bits(right, width)?;
        let dd = &mut self.space.dd;
        let combine = |(&x, &y): (&Dd, &Dd)| match op {
            BinaryOp::And => dd.and(x, y),
            BinaryOp::Or => dd.or(x, y),
            BinaryOp::Xor => dd.xor(x, y),
            BinaryOp::Lshift | BinaryOp::Rshift => Ok(Dd::FALSE),
        };
        if matches!(op, BinaryOp::Lshift | BinaryOp::Rshift) {
            return unread("a shift by something that is no number");
        }
        Ok(a.iter().zip(&b).map(combine).collect::<Bounded<Vec<Dd>>>()?)
    }

    /// `numgen`: a draw of its own at every evaluation.
    fn numgen(&mut self, random: bool, modulus: u32, offset: u32, width: usize) -> Read<Vec<Dd>> {
        let digits = Chance::Below(modulus).width();
        let id = self.occurrence(vocabulary::number(random, modulus), None, digits);
        self.steps.push(Step::Consult(id));
        let bits: Bounded<Vec<Dd>> = (0..digits).map(|bit| self.space.dd.var(local_answer(id, bit))).collect();
        let bits = bits?;
        let below = Piece { lo: 0, hi: u128::from(modulus) - u128::from(modulus > 0), value: Dd::TRUE };
        let possible = self.space.dd.piecewise_of(&bits, &[below], Dd::FALSE)?;
        self.test(possible);
        self.plus(&bits, offset, width)
    }

    /// A hash is a number that depends on the packet in a way only the kernel knows.
    fn hash(&mut self, words: &str, fields: &[Field], modulus: u32, offset: u32, width: usize) -> Read<Vec<Dd>> {
        let digits = Chance::Below(modulus).width();
        let bits: Bounded<Vec<Dd>> =
            (0..digits).map(|bit| self.condition(&format!("{words}, bit {bit}"), fields)).collect();
        let bits = bits?;
        let below = Piece { lo: 0, hi: u128::from(modulus) - u128::from(modulus > 0), value: Dd::TRUE };
        let possible = self.space.dd.piecewise_of(&bits, &[below], Dd::FALSE)?;
        self.test(possible);
        self.plus(&bits, offset, width)
    }

    fn plus(&mut self, bits: &[Dd], offset: u32, width: usize) -> Read<Vec<Dd>> {
        let mut sum = fit(bits.to_vec(), width);
        let mut carry = Dd::FALSE;
        for (bit, add) in sum.iter_mut().zip(constant(offset.into(), width)).rev() {
            let (a, b) = (*bit, add);
            let half = self.space.dd.xor(a, b)?;
            *bit = self.space.dd.xor(half, carry)?;
            let (both, onward) = (self.space.dd.and(a, b)?, self.space.dd.and(half, carry)?);
            carry = self.space.dd.or(both, onward)?;
        }
        Ok(sum)
    }

    /// The packets whose operand is one of these numbers.
    pub fn within(&mut self, operand: &Operand, values: &IntervalSet) -> Bounded<Dd> {
        match operand {
            Operand::Field(field) => self.space.within(*field, values),
            Operand::Bits(bits) => {
                let pieces: Vec<Piece> =
                    values.intervals().iter().map(|i| Piece { lo: i.lo, hi: i.hi, value: Dd::TRUE }).collect();
                self.space.dd.piecewise_of(bits, &pieces, Dd::FALSE)
            }
        }
    }

    /// The canonical words of a key of fields.
    pub fn key_words(&self, key: &Expr) -> Read<String> {
        Ok(vocabulary::key(&key_parts(key)?))
    }

    /// A condition without bits that depends on fields, which rules of the table may change.
    pub fn condition(&mut self, words: &str, fields: &[Field]) -> Bounded<Dd> {
        let table = self.table;
        let changed = self.space.bands_of(&table.changed);
        if self.space.bands_of(fields).meets(changed) { self.space.volatile(words) } else { self.space.opaque(words) }
    }
}

/// The fields of a key, each perhaps behind a mask.
fn key_parts(key: &Expr) -> Read<Vec<(Field, Option<u128>)>> {
    let one = |part: &Expr| match part {
        Expr::Field(field) => Ok((*field, None)),
        Expr::Binary { op: BinaryOp::And, left, right } => match (&**left, &**right) {
            (Expr::Field(field), Expr::Number(mask)) => Ok((*field, Some(*mask))),
            _ => unread("a key that is no field"),
        },
        _ => unread("a key that is no field"),
    };
    match key {
        Expr::Concat(parts) => parts.iter().map(one).collect(),
        part => Ok(vec![one(part)?]),
    }
}

/// The fields of a key.
pub(super) fn key_fields(key: &Expr) -> Read<Vec<Field>> {
    Ok(key_parts(key)?.into_iter().map(|(field, _)| field).collect())
}

/// Bits of an expression's value.
pub(super) fn width_of(expr: &Expr) -> usize {
    match expr {
        Expr::Field(field) => field.width() as usize,
        Expr::Binary { left, .. } => width_of(left),
        _ => 32,
    }
}

fn constant(number: u128, width: usize) -> Vec<Dd> {
    (0..width).rev().map(|i| Dd::constant(i < 128 && number >> i & 1 == 1)).collect()
}

/// The same number in more or fewer bits.
fn fit(bits: Vec<Dd>, width: usize) -> Vec<Dd> {
    let missing = width.saturating_sub(bits.len());
    let surplus = bits.len().saturating_sub(width);
    std::iter::repeat_n(Dd::FALSE, missing).chain(bits.into_iter().skip(surplus)).collect()
}
