//! `queue`, in the old form (`queue num 0-3 bypass,fanout`) and the new (`queue flags bypass to 0-3`).

use crate::nft::ast::Statement;
use crate::nft::read::cursor::{Parsed, Reader, Unread};
use crate::nft::read::token::Kind;

impl Reader<'_> {
    /// The statement, with the cursor on `queue`.
    pub fn queue(&mut self) -> Parsed<Statement> {
        self.need("queue")?;
        let (mut bypass, mut fanout) = (false, false);
        let (mut from, mut to) = (0, 0);
        loop {
            match self.peek_word() {
                Some("num" | "to") => {
                    self.advance();
                    (from, to) = self.queue_numbers()?;
                }
                Some("flags") => self.advance(),
                Some("bypass") => {
                    self.advance();
                    bypass = true;
                }
                Some("fanout") => {
                    self.advance();
                    fanout = true;
                }
                _ => return Ok(Statement::Queue { from, to, bypass, fanout }),
            }
            self.eat(",");
        }
    }

    /// Only numbers: a queue chosen by a map or a hash has no place in the tree.
    fn queue_numbers(&mut self) -> Parsed<(u16, u16)> {
        if self.peek().kind != Kind::Number {
            return Err(Unread);
        }
        let from = self.number()?;
        let to = if self.eat("-") { self.number()? } else { from };
        if from <= to { Ok((from, to)) } else { Err(Unread) }
    }
}
