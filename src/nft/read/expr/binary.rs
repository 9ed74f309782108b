//! Operators on bits: their spellings, how tightly they bind, and what they do to constants.

use crate::nft::ast::BinaryOp;
use crate::nft::read::cursor::Reader;

impl Reader<'_> {
    /// The operator here, as a sign or a word.
    pub fn peek_binary(&self) -> Option<BinaryOp> {
        [
            ("&", BinaryOp::And),
            ("and", BinaryOp::And),
            ("|", BinaryOp::Or),
            ("or", BinaryOp::Or),
            ("^", BinaryOp::Xor),
            ("xor", BinaryOp::Xor),
            ("<<", BinaryOp::Lshift),
            ("lshift", BinaryOp::Lshift),
            (">>", BinaryOp::Rshift),
            ("rshift", BinaryOp::Rshift),
        ]
        .into_iter()
        .find_map(|(text, op)| self.is(text).then_some(op))
    }
}

/// How tightly an operator binds, as in C.
pub const fn level(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Or => 0,
        BinaryOp::Xor => 1,
        BinaryOp::And => 2,
        BinaryOp::Lshift | BinaryOp::Rshift => 3,
    }
}

/// The value of an operation on constants; `None` when bits are shifted out.
pub fn fold(op: BinaryOp, left: u128, right: u128) -> Option<u128> {
    let amount = u32::try_from(right).ok().filter(|amount| *amount < 128);
    match op {
        BinaryOp::And => Some(left & right),
        BinaryOp::Or => Some(left | right),
        BinaryOp::Xor => Some(left ^ right),
        BinaryOp::Lshift => amount.filter(|amount| left.leading_zeros() >= *amount).map(|amount| left << amount),
        BinaryOp::Rshift => amount.map(|amount| left >> amount),
    }
}
