//! The right side of a match: a value, a range, a prefix, a concatenation, a set, or flags.

use super::{Type, Types, Want};
use crate::nft::ast::{BinaryOp, Expr};
use crate::nft::read::cursor::{Parsed, Reader, Unread};
use crate::nft::read::expr::binary;
use crate::nft::read::token::Kind;

impl Reader<'_> {
    /// Everything that may stand right of an operator.
    pub fn rhs(&mut self, types: &Types) -> Parsed<Expr> {
        if self.is("{") {
            return self.elements(types, &Want::Nothing).map(Expr::Set);
        }
        if self.eat("@") {
            return self.name().map(Expr::SetName);
        }
        match types.as_slice() {
            [flags] if flags.is_flags() => self.flags(*flags),
            _ => self.concat_value(types),
        }
    }

    /// `a . b . c`, each part a value of its own type.
    pub fn concat_value(&mut self, types: &Types) -> Parsed<Expr> {
        let mut kinds = types.iter().copied();
        let first = self.value(kinds.next().ok_or(Unread)?)?;
        if !self.is(".") {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.eat(".") {
            self.skip_newlines();
            let kind = match kinds.next() {
                Some(kind) => kind,
                None if types.as_slice() == [Type::Any] && parts.len() < 16 => Type::Any,
                None => return Err(Unread),
            };
            parts.push(self.value(kind)?);
        }
        Ok(Expr::Concat(parts))
    }

    /// `a`, `a-b`, `a/len`, each end a constant.
    pub fn value(&mut self, kind: Type) -> Parsed<Expr> {
        let start = self.at;
        let low = self.constant(kind)?;
        if self.eat("-") {
            let high = self.constant(kind)?;
            return Ok(match (&low, &high) {
                (Expr::Number(low), Expr::Number(high)) if low > high => Expr::Opaque(self.opaque(start)),
                (Expr::Number(_), Expr::Number(_)) => Expr::Range(Box::new(low), Box::new(high)),
                _ => Expr::Opaque(self.opaque(start)),
            });
        }
        if self.is("/") && self.ahead(1).kind == Kind::Number && !kind.is_flags() {
            self.advance();
            let len: u8 = self.number()?;
            return Ok(match low {
                Expr::Number(address) if u32::from(len) <= kind.width() => Expr::Prefix { address, len },
                _ => Expr::Opaque(self.opaque(start)),
            });
        }
        Ok(low)
    }

    /// Flags joined by commas, or one constant.
    pub fn flags(&mut self, kind: Type) -> Parsed<Expr> {
        let start = self.at;
        let first = self.value(kind)?;
        if !self.is(",") {
            return Ok(first);
        }
        let mut bits = number_of(&first);
        while self.eat(",") {
            let next = self.value(kind)?;
            bits = bits.zip(number_of(&next)).map(|(bits, next)| bits | next);
        }
        Ok(bits.map_or_else(|| Expr::Opaque(self.opaque(start)), Expr::Flags))
    }

    /// Literals joined by operators, folded into one number.
    pub fn constant(&mut self, kind: Type) -> Parsed<Expr> {
        self.nested(|reader| reader.constant_above(kind, 0))
    }

    fn constant_above(&mut self, kind: Type, level: u8) -> Parsed<Expr> {
        let start = self.at;
        let mut left = self.constant_part(kind)?;
        while let Some(op) = self.peek_binary().filter(|op| binary::level(*op) >= level) {
            self.advance();
            let right_kind = if matches!(op, BinaryOp::Lshift | BinaryOp::Rshift) { Type::integer(8) } else { kind };
            let right = self.nested(|reader| reader.constant_above(right_kind, binary::level(op) + 1))?;
            left = match (number_of(&left), number_of(&right)) {
                (Some(a), Some(b)) => {
                    binary::fold(op, a, b).map_or_else(|| Expr::Opaque(self.opaque(start)), Expr::Number)
                }
                _ => Expr::Opaque(self.opaque(start)),
            };
        }
        Ok(left)
    }

    fn constant_part(&mut self, kind: Type) -> Parsed<Expr> {
        if self.eat("(") {
            let inner = self.constant(kind)?;
            self.need(")")?;
            return Ok(inner);
        }
        self.literal(kind)
    }
}

const fn number_of(expr: &Expr) -> Option<u128> {
    match expr {
        Expr::Number(number) | Expr::Flags(number) => Some(*number),
        _ => None,
    }
}
