//! The right side of things: constants, as sets of numbers in the terms of what they are compared with.

use super::expressions::Operand;
use super::{Read, Reading, unread};
use crate::nft::ast::Expr;
use crate::packet::{DataType, Field, Interval, IntervalSet};

impl Reading<'_> {
    /// The numbers that a constant stands for, beside this operand.
    pub fn numbers(&mut self, operand: &Operand, value: &Expr) -> Read<IntervalSet> {
        Ok(match value {
            Expr::Number(number) | Expr::Flags(number) => IntervalSet::point(*number),
            Expr::Range(lo, hi) => match (&**lo, &**hi) {
                (Expr::Number(lo), Expr::Number(hi)) => Interval::new(*lo, *hi).into(),
                _ => return unread("a range of things that are no numbers"),
            },
            Expr::Prefix { address, len } => {
                let width = self.width(operand);
                let host = (width as u32).saturating_sub(u32::from(*len));
                let ones = if host >= 128 { u128::MAX } else { (1 << host) - 1 };
                Interval::new(address & !ones, address | ones).into()
            }
            Expr::Text { text, wildcard } => self.text(operand, text, *wildcard)?,
            _ if matches!(operand, Operand::Field(Field::Hour)) => {
                return unread(
                    "a time of day, which nft lists in the time zone of the machine: compare the file that was loaded, which has seconds",
                );
            }
            _ if matches!(operand, Operand::Field(Field::Time)) => {
                return unread(
                    "a date, which nft lists in the time zone of the machine: compare the file that was loaded, which has seconds",
                );
            }
            _ => return unread("a value of an unknown kind"),
        })
    }

    fn text(&mut self, operand: &Operand, text: &[u8], wildcard: bool) -> Read<IntervalSet> {
        match operand {
            // "All-wildcard strings are not supported", "Empty string is not allowed": 0.9.8 to 1.1.7.
            _ if text.is_empty() => unread("a name without a letter, which no nft loads"),
            Operand::Field(field) if field.data_type() == DataType::Ifname => {
                Ok(self.space.name_classes(text, wildcard))
            }
            Operand::Field(field) if is_text(*field) && !wildcard => {
                Ok(IntervalSet::point(self.space.text(*field, text)))
            }
            _ => unread("a string beside something that is none"),
        }
    }

    fn width(&mut self, operand: &Operand) -> usize {
        match operand {
            Operand::Field(field) => match &*self.space.slot(*field) {
                crate::prove::space::Slot::Bits(bits) => bits.len(),
                _ => field.width() as usize,
            },
            Operand::Bits(bits) => bits.len(),
        }
    }
}

fn is_text(field: Field) -> bool {
    matches!(field.data_type(), DataType::String | DataType::Cgroupv2)
}

/// A number written out.
pub(super) fn number(expr: &Expr) -> Option<u128> {
    match expr {
        Expr::Number(number) | Expr::Flags(number) => Some(*number),
        _ => None,
    }
}
