//! One rule: statements up to the end of the line.

use bstr::ByteSlice;

use super::cursor::{Reader, Unread};
use super::token::Kind;
use crate::nft::ast::{Opaque, Rule, Statement};

impl Reader<'_> {
    /// Statements up to the end of the rule. Never fails: from the first statement that cannot be read,
    /// the rest of the rule is one `Opaque`.
    pub fn rule(&mut self) -> Rule {
        let mut rule = Rule { line: self.line(), ..Rule::default() };
        while !self.at_end_of_statement() {
            let start = self.at;
            if self.is("comment") && self.ahead(1).kind == Kind::Text {
                // Last in a rule, but listings of what iptables-nft wrote have it in the middle.
                self.advance();
                rule.comment = rule.comment.or(self.quoted().ok());
                continue;
            }
            match self.statement() {
                Ok(statement) => rule.statements.push(statement),
                Err(Unread) => {
                    let opaque = self.opaque_statement(start);
                    rule.statements.push(Statement::Opaque(opaque));
                    break;
                }
            }
        }
        if let Some(hidden) = self.hidden_statement() {
            rule.statements.push(Statement::Opaque(hidden));
        }
        rule
    }

    /// Versions before 1.0 list what only iptables-nft understands as a comment, which swallows the rest of
    /// its rule: `ct state new # u32 "0x0=0x5" counter packets 0 bytes 0 accept`.
    pub fn hidden_statement(&self) -> Option<Opaque> {
        let token = self.peek();
        let Kind::Comment { .. } = token.kind else { return None };
        let text = self.sources.text(token).trim_ascii();
        let hides = text.starts_with(b"xt_") || text.contains_str("counter packets ");
        hides.then(|| Opaque { text: self.sources.raw(token, token).into(), line: token.line })
    }
}
