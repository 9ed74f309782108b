//! Spans of time: `1h30m`, `5d`, or plain seconds.

use crate::nft::read::cursor::{Parsed, Reader, Unread};
use crate::nft::read::token::Kind;

impl Reader<'_> {
    /// Whole seconds; a rest of milliseconds is dropped.
    pub fn duration(&mut self) -> Parsed<u64> {
        let token = self.peek();
        if token.kind == Kind::Number {
            return self.number();
        }
        let milliseconds = match token.kind {
            Kind::Duration | Kind::Text => milliseconds(self.sources.text(token)).ok_or(Unread)?,
            _ => return Err(Unread),
        };
        self.advance();
        Ok(milliseconds / 1000)
    }
}

pub(super) fn milliseconds(text: &[u8]) -> Option<u64> {
    let mut rest = std::str::from_utf8(text).ok()?;
    let mut total = 0_u64;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at_checked(digits)?;
        let letters = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, tail) = tail.split_at_checked(letters)?;
        let factor = match unit {
            "d" => 86_400_000,
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1000,
            "ms" => 1,
            _ => return None,
        };
        total = number.parse::<u64>().ok()?.checked_mul(factor)?.checked_add(total)?;
        rest = tail;
    }
    Some(total)
}
