//! One rule: statements up to the end of the line.

use super::cursor::Reader;
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
                self.advance();
                rule.comment = self.quoted().ok();
                continue;
            }
            match self.statement() {
                Ok(statement) if rule.comment.is_none() => rule.statements.push(statement),
                _ => {
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

    /// `nft list` hides what only iptables-nft understands in a comment behind the rule (`# xt_statistic`);
    /// such a rule is not what it seems.
    fn hidden_statement(&self) -> Option<Opaque> {
        let token = self.peek();
        let Kind::Comment { own_line: false } = token.kind else { return None };
        let text = self.sources.text(token).trim_ascii_start();
        let hides = [&b"xt_"[..], b"match ", b"target "].iter().any(|start| text.starts_with(start));
        hides.then(|| Opaque { text: self.sources.raw(token, token).into(), line: token.line })
    }
}
