//! Chains: `type ... hook ... priority ...`, policy, comment, rules.

use bstr::BString;

use super::cursor::{Parsed, Reader, Unread};
use super::token::Kind;
use crate::nft::ast::{BaseChain, Chain, ChainKind, Policy};
use crate::packet::Hook;

impl Reader<'_> {
    /// `{ ... }` of a chain, with the cursor on the brace; without one, an empty chain.
    pub fn chain_body(&mut self, name: BString, line: u32) -> Parsed<Chain> {
        let mut chain = Chain { name, base: None, comment: None, rules: Vec::new(), line };
        if !self.eat("{") {
            return Ok(chain);
        }
        loop {
            let notes = self.notes();
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
                Some("comment") if self.ahead(1).kind == Kind::Text => {
                    self.advance();
                    chain.comment = Some(self.quoted()?);
                }
                _ => {
                    let mut rule = self.rule();
                    rule.notes = notes;
                    chain.rules.push(rule);
                }
            }
            if !self.at_end_of_statement() {
                return Err(Unread);
            }
            if matches!(self.peek().kind, Kind::Comment { own_line: false }) {
                self.advance();
            }
        }
    }

    /// Skips what separates rules; answers the comments that stand on lines of their own.
    fn notes(&mut self) -> Vec<BString> {
        let mut notes = Vec::new();
        loop {
            match self.peek().kind {
                Kind::Comment { own_line } => {
                    if own_line {
                        notes.push(self.sources.text(self.peek()).into());
                    }
                }
                Kind::Newline => {}
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
