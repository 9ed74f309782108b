//! Chains and their rules.

use bstr::{BString, ByteSlice};

use super::{PrintError, Printer, Why};
use crate::nft::ast::{BaseChain, Chain, ChainKind, Policy, Rule};
use crate::nft::names::priority_name;
use crate::nft::quoted::{COMMENT_MAX, check_string};

impl<'a> Printer<'a> {
    pub(super) fn chain(&mut self, chain: &'a Chain) -> Result<(), PrintError> {
        let place = || format!("chain {}", chain.name);
        let opened = self.open_chain(&chain.name, chain.comment.as_ref(), chain.base.as_ref());
        opened.map_err(|why| PrintError::new(why, place()))?;
        self.rules(&chain.rules, |index| format!("{}, rule {}", place(), index + 1))?;
        self.close_chain();
        Ok(())
    }

    /// A line for each rule.
    pub(super) fn rules(&mut self, rules: &'a [Rule], place: impl Fn(usize) -> String) -> Result<(), PrintError> {
        for (index, rule) in rules.iter().enumerate() {
            self.notes(&rule.notes);
            // Notes alone mark a gap: a rule that could not be said.
            if rule.statements.is_empty() && !rule.notes.is_empty() {
                continue;
            }
            self.out.start_line();
            self.rule_line(rule).map_err(|why| PrintError::new(why, place(index)))?;
            self.out.end_line();
        }
        Ok(())
    }

    pub(super) fn open_chain(
        &mut self,
        name: &BString,
        comment: Option<&BString>,
        base: Option<&BaseChain>,
    ) -> Result<(), Why> {
        self.out.start_line();
        self.out.put("chain ");
        self.name(name)?;
        self.out.put(" {");
        self.out.end_line();
        self.out.indent();
        self.comment_line(comment)?;
        base.map_or(Ok(()), |base| self.base(base))
    }

    pub(super) fn close_chain(&mut self) {
        self.out.outdent();
        self.out.line("}");
    }

    fn base(&mut self, base: &BaseChain) -> Result<(), Why> {
        let hook = base.hook.ok_or(Why::Shape("a base chain on a hook other than iptables'"))?;
        let kind = match base.kind {
            ChainKind::Filter => "filter",
            ChainKind::Nat => "nat",
            ChainKind::Route => "route",
        };
        let priority = match priority_name(hook, base.kind, base.priority) {
            Some(name) => name.to_owned(),
            None => base.priority.to_string(),
        };
        let policy = match base.policy {
            Policy::Accept => "accept",
            Policy::Drop => "drop",
        };
        self.out.line(format!("type {kind} hook {} priority {priority}; policy {policy};", hook.name()));
        Ok(())
    }

    /// A rule in one line, without indentation, notes and line break (long lists of elements aside).
    pub(super) fn rule_line(&mut self, rule: &'a Rule) -> Result<(), Why> {
        if rule.statements.is_empty() {
            return Err(Why::Shape("a rule without a statement"));
        }
        self.unreachable = false;
        for (index, statement) in rule.statements.iter().enumerate() {
            if index > 0 {
                self.out.put(" ");
            }
            self.statement(statement)?;
        }
        if let Some(comment) = &rule.comment {
            self.out.put(" ");
            self.comment(comment)?;
        }
        Ok(())
    }

    /// `comment "..."` in a line of its own.
    pub(super) fn comment_line(&mut self, comment: Option<&BString>) -> Result<(), Why> {
        let Some(comment) = comment else { return Ok(()) };
        self.out.start_line();
        self.comment(comment)?;
        self.out.end_line();
        Ok(())
    }

    pub(super) fn comment(&mut self, comment: &BString) -> Result<(), Why> {
        self.out.put("comment ");
        self.comment_text(comment)
    }

    /// What stands behind `comment`.
    pub(super) fn comment_text(&mut self, comment: &BString) -> Result<(), Why> {
        check_string(comment, COMMENT_MAX).map_err(|why| Why::Text { text: comment.clone(), why })?;
        self.out.quoted(comment);
        Ok(())
    }

    /// `#` lines; a note of several lines becomes several.
    pub(super) fn notes(&mut self, notes: &[BString]) {
        for note in notes {
            for line in note.split(|byte| matches!(byte, b'\n' | b'\r')) {
                self.out.start_line();
                self.out.put(if line.first().is_none_or(|first| matches!(first, b' ' | b'\t' | b'!' | b'#')) {
                    "#"
                } else {
                    "# "
                });
                // nft stops reading at a zero byte.
                self.out.put(line.replace(b"\0", b"\\0"));
                self.out.end_line();
            }
        }
    }
}
