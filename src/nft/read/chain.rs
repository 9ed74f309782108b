//! Chains: `type ... hook ... priority ...`, policy, comment, rules.

use bstr::BString;

use super::cursor::{Parsed, Reader, Unread};
use super::token::Kind;
use crate::nft::ast::{BaseChain, Chain, ChainKind, Policy, Rule, Statement};
use crate::packet::Hook;

impl Reader<'_> {
    /// `{ ... }` of a chain, with the cursor on the brace; without one, an empty chain.
    pub fn chain_body(&mut self, name: BString, line: u32) -> Parsed<Chain> {
        let mut chain = Chain { name, base: None, comment: None, rules: Vec::new(), line };
        if !self.eat("{") {
            return Ok(chain);
        }
        loop {
            let notes = self.notes(&mut chain.rules);
            if self.eat("}") {
                return Ok(chain);
            }
            match self.peek_word() {
                _ if self.peek().kind == Kind::End => return Err(self.unclosed()),
                Some("type") => chain.base = Some(self.base()?),
                Some("policy") => {
                    let policy = self.policy()?;
                    chain.base.as_mut().ok_or(Unread)?.policy = policy;
                }
                _ => match self.attempt(Self::chain_comment) {
                    Some(comment) => chain.comment = Some(comment),
                    None => chain.rules.push(Rule { notes, ..self.rule() }),
                },
            }
            if !self.at_end_of_statement() {
                return Err(Unread);
            }
            if matches!(self.peek().kind, Kind::Comment { own_line: false }) {
                self.advance();
            }
        }
    }

    /// `comment "..."` alone; a listed rule may start so too.
    fn chain_comment(&mut self) -> Parsed<BString> {
        self.need("comment")?;
        let comment = self.quoted()?;
        if self.at_end_of_statement() { Ok(comment) } else { Err(Unread) }
    }

    /// Skips what separates rules; answers the comments that stand on lines of their own. A comment that hides
    /// a rule becomes one.
    fn notes(&mut self, rules: &mut Vec<Rule>) -> Vec<BString> {
        let mut notes = Vec::new();
        loop {
            match self.peek().kind {
                Kind::Comment { own_line: true } => match self.hidden_statement() {
                    Some(hidden) => rules.push(Rule {
                        line: hidden.line,
                        statements: vec![Statement::Opaque(hidden)],
                        notes: std::mem::take(&mut notes),
                        comment: None,
                    }),
                    None => notes.push(self.sources.text(self.peek()).into()),
                },
                Kind::Comment { own_line: false } | Kind::Newline => {}
                _ if self.is(";") => {}
                _ => return notes,
            }
            self.advance();
        }
    }

    /// `type filter hook input [device ...] priority filter`
    fn base(&mut self) -> Parsed<BaseChain> {
        self.need("type")?;
        let kind = match self.word()? {
            "filter" => ChainKind::Filter,
            "nat" => ChainKind::Nat,
            "route" => ChainKind::Route,
            _ => return Err(Unread),
        };
        self.need("hook")?;
        let word = self.word()?;
        let hook = Hook::ALL.into_iter().find(|hook| hook.name() == word);
        if hook.is_none() {
            // Chains outside our field: what they do is not for this tree.
            return Err(Unread);
        }
        self.need("priority")?;
        Ok(BaseChain { kind, hook, priority: self.priority()?, policy: Policy::Accept })
    }

    fn policy(&mut self) -> Parsed<Policy> {
        self.need("policy")?;
        match self.word()? {
            "accept" => Ok(Policy::Accept),
            "drop" => Ok(Policy::Drop),
            _ => Err(Unread),
        }
    }
}
