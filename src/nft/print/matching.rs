//! Comparisons: the operator, and the forms that all versions read alike.

use super::constant::Join;
use super::expr::Beside;
use super::{Printer, Why};
use crate::nft::ast::{Expr, Op};
use crate::nft::names::{Kind, Place, kinds_of, loopback_words};
use crate::packet::{DataType, Field};

impl<'a> Printer<'a> {
    pub(super) fn matching(&mut self, left: &'a Expr, op: Op, right: &'a Expr) -> Result<(), Why> {
        let kinds = kinds_of(left, self.family);
        let bits = matches!(kinds.as_slice(), [only] if only.is_bits());
        if op == Op::NoneOf {
            return self.none_of(left, right, &kinds);
        }
        let masked = matches!(left, Expr::Binary { .. });
        let set = matches!(right, Expr::Set(_) | Expr::SetName(_));
        let symbol = match op {
            // 0.9.8 tests single bits of what is left after the mask; newer versions compare.
            Op::Implicit if masked && bits && !set => {
                return Err(Why::Shape("a masked test of bits without an operator: versions of nft differ"));
            }
            Op::Implicit if masked && !set => "== ",
            Op::Eq if !set && (masked || bits) => "== ",
            Op::Implicit | Op::Eq => "",
            Op::Ne => "!= ",
            Op::Lt => "< ",
            Op::Gt => "> ",
            Op::Le => "<= ",
            Op::Ge => ">= ",
            Op::NoneOf => return Err(Why::Shape("no operator")),
        };
        if kinds.len() > 1 && !set {
            return Err(Why::Shape("a concatenation compared with something other than a set"));
        }
        let join = if op == Op::Implicit && bits && !set { Join::Comma } else { Join::Bar };
        let place = if masked { Place::Masked } else { Place::Alone };
        match loopback_words(left, op, right) {
            Some(words) => self.out.put(words),
            None => self.expr(left, Beside::NOTHING)?,
        }
        self.out.put(" ");
        self.out.put(symbol);
        self.expr(right, Beside { kinds: &kinds, place, join })?;
        self.unreachable |= op != Op::Ne && tests_unreachable(left, right);
        Ok(())
    }

    /// `field ! bits` is unknown to 0.9.8; `field & bits == 0` says the same everywhere.
    fn none_of(&mut self, left: &'a Expr, right: &'a Expr, kinds: &[Kind]) -> Result<(), Why> {
        let (Expr::Field(_), [kind], Expr::Number(bits) | Expr::Flags(bits)) = (left, kinds, right) else {
            return Err(Why::Shape("`!` beside something other than a field and its bits"));
        };
        if !kind.is_bits() {
            return Err(Why::Shape("`!` beside a field that is not a set of bits"));
        }
        let label = kind.data == DataType::CtLabel;
        self.expr(left, Beside::NOTHING)?;
        match label && bits.count_ones() > 1 {
            // No literal stands for an empty set of labels.
            true => {
                self.out.put(" ! ");
                self.number(*bits, *kind, Place::Masked, Join::Comma)
            }
            false => {
                self.out.put(" & ");
                self.number(*bits, *kind, Place::Masked, Join::Parentheses)?;
                self.out.put(if label { " != " } else { " == " });
                self.number(if label { *bits } else { 0 }, *kind, Place::Masked, Join::Bar)
            }
        }
    }
}

/// Whether a test leaves only the ICMP type whose codes nft has names for.
fn tests_unreachable(left: &Expr, right: &Expr) -> bool {
    matches!(
        (left, right),
        (Expr::Field(Field::IcmpType), Expr::Number(3)) | (Expr::Field(Field::Icmp6Type), Expr::Number(1))
    )
}
