//! Statements: one file per kind (nft(8), *STATEMENTS*).

mod conntrack;
mod log;
mod matching;
mod nat;
mod queue;
mod redirection;
mod reject;
mod set_update;
mod stateful;

pub(super) use self::redirection::SynproxyNumbers;

use super::cursor::{Parsed, Reader, Unread};
use crate::nft::ast::{ObjectKind, Statement};

impl Reader<'_> {
    /// One statement of a rule.
    pub fn statement(&mut self) -> Parsed<Statement> {
        let Some(word) = self.peek_word() else { return self.matching() };
        match word {
            "accept" | "continue" | "drop" | "goto" | "jump" | "return" => self.verdict().map(Statement::Verdict),
            "counter" | "last" | "limit" | "quota" => self.stateful(),
            "ct" => self.ct_statement(),
            "dnat" | "masquerade" | "redirect" | "snat" => self.nat(),
            "dup" => self.dup(),
            "log" => self.log(),
            "notrack" => {
                self.advance();
                Ok(Statement::Notrack)
            }
            "queue" => self.queue(),
            "reject" => self.reject(),
            "reset" => self.reset_option(),
            "add" | "delete" | "set" | "update" => self.set_update(),
            "meter" => self.meter(),
            "synproxy" => self.synproxy(),
            "tproxy" => self.tproxy(),
            "meta" if self.is_ahead(1, "secmark") && self.is_ahead(2, "set") && !self.is_ahead(3, "ct") => {
                (0..3).for_each(|_| self.advance());
                self.object_ref(ObjectKind::Secmark)
            }
            _ => self.matching(),
        }
    }

    /// `reset tcp option KIND`
    fn reset_option(&mut self) -> Parsed<Statement> {
        self.advance();
        self.need("tcp")?;
        self.need("option")?;
        Ok(Statement::ResetTcpOption { kind: self.tcp_option_kind()? })
    }
}
