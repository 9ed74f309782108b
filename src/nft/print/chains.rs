//! Chains on their way into one text, rule by rule, so that no tree of them needs to stand.
//!
//! A rule is printed from its tree, or written from pieces of the text of a rule that is like it, with its own plain
//! values between them. Invariant: both ways say a value with the same functions.

use std::mem::swap;

use bstr::BString;

use super::constant::Join;
use super::{PrintError, Printer, Style, Why};
use crate::nft::ast::{BaseChain, Rule};
use crate::nft::names::{Kind, Place};
use crate::packet::{Family, Interval};

/// Some chains of a table, or a part of one.
pub struct Chains {
    printer: Printer<'static>,
}

impl Chains {
    /// For chains of a table of `family`; `bytes` is about how long their text becomes.
    pub fn new(family: Family, style: &Style, bytes: usize) -> Self {
        let mut printer = Printer::new(family, Some(style.width));
        printer.out.reserve(bytes);
        printer.out.indent();
        Chains { printer }
    }

    /// The text so far.
    pub fn finish(self) -> Vec<u8> {
        self.printer.out.finish()
    }

    /// An empty line, as it stands between chains.
    pub fn apart(&mut self) {
        self.printer.out.end_line();
    }

    /// Opens a chain.
    ///
    /// # Errors
    /// A name or a hook without a spelling.
    pub fn open(&mut self, name: &BString, base: Option<&BaseChain>) -> Result<(), PrintError> {
        self.printer.open_chain(name, None, base).map_err(|why| PrintError::new(why, format!("chain {name}")))
    }

    /// Goes on in a chain that was opened in another text.
    pub fn resume(&mut self) {
        self.printer.out.indent();
    }

    /// Closes the chain.
    pub fn close(&mut self) {
        self.printer.close_chain();
    }

    /// Rules of the chain at hand; `place` says which one is in the way. The answer is whether the width of the page
    /// had a say in how they are laid out.
    ///
    /// # Errors
    /// As [`print()`](super::print()).
    pub fn rules(&mut self, rules: &[Rule], place: impl Fn(usize) -> String) -> Result<bool, PrintError> {
        let mut printer = Printer::new(self.printer.family, None);
        swap(&mut printer.out, &mut self.printer.out);
        let done = printer.rules(rules, place);
        swap(&mut printer.out, &mut self.printer.out);
        done.map(|()| printer.measured)
    }

    /// The text from `mark` on.
    pub fn since(&self, mark: usize) -> &[u8] {
        self.printer.out.since(mark)
    }

    /// Where the next byte goes.
    pub fn mark(&self) -> usize {
        self.printer.out.mark()
    }

    /// Takes back what was written of a rule that began at `mark`.
    pub fn take_back(&mut self, mark: usize) {
        self.printer.out.rewind(mark);
    }

    /// A piece of a rule; the last one ends its line.
    pub fn piece(&mut self, text: &[u8]) {
        self.printer.out.put(text);
    }

    /// Lines that ended with the last piece count no more.
    pub fn end_rule(&mut self) {
        self.printer.out.forget_lines();
    }

    /// Whether the line at hand is longer than wanted.
    pub fn too_long(&self) -> bool {
        self.printer.out.too_long()
    }

    /// One value.
    ///
    /// # Errors
    /// What is none of the kind.
    pub fn number(&mut self, value: u128, kind: Kind) -> Result<(), Why> {
        self.printer.number(value, kind, Place::Alone, Join::Bar)
    }

    /// One value, a prefix, or two bounds.
    ///
    /// # Errors
    /// Values that are none of the kind.
    pub fn interval(&mut self, values: Interval, kind: Kind) -> Result<(), Why> {
        self.printer.interval(values, kind)
    }

    /// The name of a chain.
    ///
    /// # Errors
    /// What is no name.
    pub fn name(&mut self, name: &BString) -> Result<(), Why> {
        self.printer.name(name)
    }

    /// A comment, without the word before it.
    ///
    /// # Errors
    /// What nft would not take as it is.
    pub fn comment(&mut self, comment: &BString) -> Result<(), Why> {
        self.printer.comment_text(comment)
    }
}
