//! `reject` (nft(8), *REJECT STATEMENT*).

use crate::nft::ast::{Reject, Statement};
use crate::nft::read::cursor::{Parsed, Reader, Unread};
use crate::nft::read::symbols;
use crate::nft::read::token::Kind;

impl Reader<'_> {
    /// The statement, with the cursor on `reject`.
    pub fn reject(&mut self) -> Parsed<Statement> {
        self.need("reject")?;
        if !self.eat("with") {
            return Ok(Statement::Reject(Reject::Default));
        }
        let reject = match self.word()? {
            "tcp" => {
                self.need("reset")?;
                Reject::TcpReset
            }
            "icmp" => Reject::Icmp(self.reject_code(symbols::reject_icmp)?),
            "icmpv6" => Reject::Icmp6(self.reject_code(symbols::reject_icmp6)?),
            "icmpx" => Reject::Icmpx(self.reject_code(symbols::reject_icmpx)?),
            _ => return Err(Unread),
        };
        Ok(Statement::Reject(reject))
    }

    /// `[type] code`, by name or number.
    fn reject_code(&mut self, named: fn(&str) -> Option<u8>) -> Parsed<u8> {
        self.eat("type");
        if self.peek().kind == Kind::Number { self.number() } else { named(self.word()?).ok_or(Unread) }
    }
}
