//! Statements that start with an expression: matches, verdict maps, assignments.

use super::Unread;
use crate::nft::ast::{BinaryOp, Expr, Op, Statement};
use crate::nft::read::cursor::{Parsed, Reader};
use crate::nft::read::values::{Type, Types, Want, types_of};

impl Reader<'_> {
    /// `left [op] right`, `key vmap ...` or `target set value`.
    pub fn matching(&mut self) -> Parsed<Statement> {
        if let Some(opaque) = self.attempt(Self::unmodelled_match) {
            return Ok(Statement::Opaque(opaque));
        }
        let left = self.left()?;
        if self.eat("vmap") {
            let map = self.lookup(&left, &Want::Verdict)?;
            return Ok(Statement::Vmap { key: left, map });
        }
        if matches!(left, Expr::Field(_)) && self.eat("set") {
            let value = self.assigned(&types_of(&left, self.family))?;
            return Ok(Statement::Set { target: left, value });
        }
        let op = self.op();
        let types = self.compared(&left);
        let right = self.rhs(&types)?;
        if self.is("/") && matches!(types.as_slice(), [kind] if kind.is_flags()) {
            return self.masked(left, op, right, &types);
        }
        Ok(Statement::Match { left, op, right })
    }

    /// The operator here; `Implicit` when there is none.
    pub fn op(&mut self) -> Op {
        let found = match self.peek_sign_or_word() {
            b"==" | b"eq" => Op::Eq,
            b"!=" | b"ne" => Op::Ne,
            b"<" | b"lt" => Op::Lt,
            b">" | b"gt" => Op::Gt,
            b"<=" | b"le" => Op::Le,
            b">=" | b"ge" => Op::Ge,
            b"!" => Op::NoneOf,
            _ => return Op::Implicit,
        };
        self.advance();
        found
    }

    /// The types of what may stand right of `left`; a map yields what its declaration says.
    fn compared(&self, left: &Expr) -> Types {
        if let Expr::Map { map: crate::nft::ast::Lookup::Named(name), .. } = left
            && let Some(shape) = self.shapes.get(&(self.table.clone(), name.clone()))
            && let Want::Values(types) = &shape.data
        {
            return types.clone();
        }
        types_of(left, self.family)
    }

    /// `left op value / mask`: the listing's way to write `left & mask op value`.
    fn masked(&mut self, left: Expr, op: Op, value: Expr, types: &Types) -> Parsed<Statement> {
        self.need("/")?;
        let kind: Type = types.first().copied().ok_or(Unread)?;
        let mask = self.flags(kind)?;
        let op = match op {
            Op::Implicit | Op::Eq => Op::Eq,
            Op::Ne => Op::Ne,
            _ => return Err(Unread),
        };
        let (Some(value), Some(mask)) = (bits(&value), bits(&mask)) else { return Err(Unread) };
        let left = Expr::Binary { op: BinaryOp::And, left: Box::new(left), right: Box::new(mask) };
        Ok(Statement::Match { left, op, right: value })
    }
}

fn bits(expr: &Expr) -> Option<Expr> {
    match expr {
        Expr::Number(bits) | Expr::Flags(bits) => Some(Expr::Number(*bits)),
        _ => None,
    }
}
