//! Expressions.

use super::constant::Join;
use super::{Printer, Why};
use crate::nft::ast::{BinaryOp, Expr, Opaque};
use crate::nft::names::{Kind, Place, field_words, kinds_of};

/// What a constant is compared with or assigned to.
#[derive(Clone, Copy)]
pub(super) struct Beside<'k> {
    /// One kind, or one per part of a concatenation; none when unknown.
    pub kinds: &'k [Kind],
    pub place: Place,
    pub join: Join,
}

impl<'k> Beside<'k> {
    /// Beside nothing: constants are errors.
    pub(super) const NOTHING: Beside<'static> = Beside { kinds: &[], place: Place::Alone, join: Join::Bar };

    pub(super) const fn of(kinds: &'k [Kind]) -> Self {
        Beside { kinds, place: Place::Alone, join: Join::Bar }
    }

    fn kind(&self, what: &Expr) -> Result<Kind, Why> {
        match self.kinds {
            [only] => Ok(*only),
            [] => Err(Why::Untyped(format!("{what:?}"))),
            _ => Err(Why::Shape("a single value beside a concatenation")),
        }
    }
}

impl<'a> Printer<'a> {
    pub(super) fn expr(&mut self, expr: &'a Expr, beside: Beside<'_>) -> Result<(), Why> {
        self.nested(|printer| printer.any_expr(expr, beside))
    }

    fn any_expr(&mut self, expr: &'a Expr, beside: Beside<'_>) -> Result<(), Why> {
        match expr {
            Expr::Field(field) => {
                let words = field_words(*field, self.family).ok_or(Why::Field(*field))?;
                self.out.put(words.as_bytes());
                Ok(())
            }
            Expr::Number(value) | Expr::Flags(value) => {
                self.number(*value, beside.kind(expr)?, beside.place, beside.join)
            }
            Expr::Text { text, wildcard } => self.text(text, *wildcard, beside.kind(expr)?),
            Expr::Range(low, high) => self.range(low, high, beside.kind(expr)?),
            Expr::Prefix { address, len } => self.prefix(*address, *len, beside.kind(expr)?),
            Expr::Set(elements) => self.braces(elements, beside, None),
            Expr::SetName(name) => {
                self.out.put("@");
                self.name(name)
            }
            Expr::Concat(parts) => self.concat(parts, beside),
            Expr::Binary { op, left, right } => self.binary(*op, left, right, beside),
            Expr::Map { key, map } => self.map(key, map, Some(beside.kinds), "map"),
            Expr::Numgen { .. } | Expr::Jhash { .. } | Expr::Symhash { .. } => self.generator(expr),
            Expr::Opaque(opaque) => Err(not_understood(opaque)),
        }
    }

    fn concat(&mut self, parts: &'a [Expr], beside: Beside<'_>) -> Result<(), Why> {
        let typed = !beside.kinds.is_empty();
        if parts.len() < 2 || (typed && parts.len() != beside.kinds.len()) {
            return Err(Why::Shape("a concatenation with another number of parts than its type"));
        }
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                self.out.put(" . ");
            }
            let kinds = beside.kinds.get(index..=index).unwrap_or_default();
            self.expr(part, Beside { kinds, join: Join::Parentheses, ..beside })?;
        }
        Ok(())
    }

    /// Parenthesised as the precedence of nft's grammar asks: shifts, then `&`, `^`, `|`. Shifts are
    /// always set apart, since 1.0.6 stops at `a & b << c`.
    fn binary(&mut self, op: BinaryOp, left: &'a Expr, right: &'a Expr, beside: Beside<'_>) -> Result<(), Why> {
        let mut kinds = kinds_of(left, self.family);
        if kinds.is_empty() {
            kinds = kinds_of(right, self.family);
        }
        if kinds.is_empty() {
            kinds = beside.kinds.into();
        }
        let inner = Beside { kinds: &kinds, place: Place::Masked, join: Join::Parentheses };
        self.operand(left, inner, |child| strength(child) < strength(op) || is_shift(op) || is_shift(child))?;
        self.out.put(format!(" {} ", operator(op)));
        let amount = [Kind::NUMBER];
        let inner = if is_shift(op) { Beside::of(&amount) } else { inner };
        self.operand(right, inner, |child| strength(child) <= strength(op) || is_shift(child))
    }

    fn operand(&mut self, expr: &'a Expr, beside: Beside<'_>, apart: impl Fn(BinaryOp) -> bool) -> Result<(), Why> {
        match expr {
            Expr::Binary { op, .. } if apart(*op) => {
                self.out.put("(");
                self.expr(expr, beside)?;
                self.out.put(")");
                Ok(())
            }
            Expr::Set(_) | Expr::SetName(_) | Expr::Concat(_) | Expr::Map { .. } | Expr::Range(..) => {
                Err(Why::Shape("an operand of a bit operation that is no value"))
            }
            _ => self.expr(expr, beside),
        }
    }

    /// `numgen`, `jhash` and `symhash`.
    fn generator(&mut self, expr: &'a Expr) -> Result<(), Why> {
        let (modulus, offset) = match expr {
            Expr::Numgen { random, modulus, offset } => {
                self.out.put(if *random { "numgen random" } else { "numgen inc" });
                (*modulus, *offset)
            }
            Expr::Jhash { key, modulus, offset, .. } => {
                self.out.put("jhash ");
                self.expr(key, Beside::NOTHING)?;
                (*modulus, *offset)
            }
            Expr::Symhash { modulus, offset } => {
                self.out.put("symhash");
                (*modulus, *offset)
            }
            _ => return Err(Why::Shape("no generator of numbers")),
        };
        if modulus == 0 {
            return Err(Why::Shape("a modulus of 0"));
        }
        self.out.put(format!(" mod {modulus}"));
        if let Expr::Jhash { seed: Some(seed), .. } = expr {
            self.out.put(format!(" seed {seed:#x}"));
        }
        if offset != 0 {
            self.out.put(format!(" offset {offset}"));
        }
        Ok(())
    }
}

pub(super) fn not_understood(opaque: &Opaque) -> Why {
    Why::Opaque { line: opaque.line, text: opaque.text.clone() }
}

const fn operator(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::And => "&",
        BinaryOp::Or => "|",
        BinaryOp::Xor => "^",
        BinaryOp::Lshift => "<<",
        BinaryOp::Rshift => ">>",
    }
}

const fn strength(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Or => 0,
        BinaryOp::Xor => 1,
        BinaryOp::And => 2,
        BinaryOp::Lshift | BinaryOp::Rshift => 3,
    }
}

const fn is_shift(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::Lshift | BinaryOp::Rshift)
}
