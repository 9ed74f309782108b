//! Sets and chains on their way into one text, piece by piece, so that no tree of them needs to stand.
//!
//! A rule or an element is printed from its tree, or written from pieces of the text of one that is like it, with its
//! own plain values between them. Invariant: both ways say a value with the same functions.

use std::mem::swap;

use bstr::BString;

use super::constant::Join;
use super::elements::Block;
use super::expr::Beside;
use super::{PrintError, Printer, Style, Why};
use crate::nft::ast::{BaseChain, Element, Rule, Set, TableName};
use crate::nft::names::{Kind, Place};
use crate::packet::Interval;

/// Some sets and chains of a table, or parts of such.
pub struct Entries {
    printer: Printer<'static>,
    /// The table, in words.
    place: String,
}

/// A list of elements, and how far it is written.
pub struct List(Block);

/// What elements of a set are made of.
pub struct ElementKinds {
    /// The set, in words.
    place: String,
    key: Vec<Kind>,
    data: Option<Vec<Kind>>,
}

impl Entries {
    /// For entries of this table; `bytes` is about how long their text becomes.
    pub fn new(table: &TableName, style: &Style, bytes: usize) -> Self {
        let mut printer = Printer::new(table.family, Some(style.width));
        printer.out.reserve(bytes);
        printer.out.indent();
        Entries { printer, place: format!("table {} {}", table.family.name(), table.name) }
    }

    /// The text so far.
    pub fn finish(self) -> Vec<u8> {
        self.printer.out.finish().into_bytes()
    }

    /// An empty line, as it stands between entries.
    pub fn apart(&mut self) {
        self.printer.out.end_line();
    }

    /// Does something with a printer whose trees need not last.
    fn print<'a, T>(&mut self, work: impl FnOnce(&mut Printer<'a>) -> T) -> T {
        let mut printer = Printer::new(self.printer.family, None);
        swap(&mut printer.out, &mut self.printer.out);
        let done = work(&mut printer);
        swap(&mut printer.out, &mut self.printer.out);
        done
    }

    /// A set or map, with all its elements.
    ///
    /// # Errors
    /// As [`print()`](super::print()).
    pub fn set(&mut self, set: &Set) -> Result<(), PrintError> {
        self.print(|printer| printer.set(set)).map_err(|why| self.wrong(why, format!("set {}", set.name)))
    }

    /// Opens a set or map whose elements follow, and are too many for one line.
    ///
    /// # Errors
    /// A name or a type without a spelling.
    pub fn open_set(&mut self, set: &Set) -> Result<List, PrintError> {
        let opened = self.print(|printer| printer.open_set(set));
        opened.map_err(|why| self.wrong(why, format!("set {}", set.name)))?;
        self.printer.out.start_line();
        self.printer.out.put("elements = ");
        Ok(List(self.printer.open_block()))
    }

    /// What elements of the set are made of.
    pub fn kinds(&self, set: &Set) -> ElementKinds {
        let (key, data) = self.printer.kinds_of_set(set);
        ElementKinds { place: format!("set {}", set.name), key, data }
    }

    /// Goes to the place of the next element.
    pub fn begin_element(&mut self, list: &mut List) {
        self.printer.begin_element(&mut list.0);
    }

    /// Goes on behind it; it is rich if it carries more than its key.
    pub fn end_element(&mut self, list: &mut List, rich: bool) {
        self.printer.end_element(&mut list.0, rich);
    }

    /// The element in this place.
    ///
    /// # Errors
    /// As [`print()`](super::print()).
    pub fn element(&mut self, element: &Element, kinds: &ElementKinds) -> Result<(), PrintError> {
        let done = self.print(|printer| printer.element(element, Beside::of(&kinds.key), kinds.data.as_deref()));
        done.map_err(|why| self.wrong(why, kinds.place.clone()))
    }

    pub fn close_set(&mut self) {
        self.printer.close_block();
        self.printer.out.end_line();
        self.printer.close_set();
    }

    /// Opens a chain.
    ///
    /// # Errors
    /// A name or a hook without a spelling.
    pub fn open_chain(&mut self, name: &BString, base: Option<&BaseChain>) -> Result<(), PrintError> {
        self.printer.open_chain(name, None, base).map_err(|why| self.wrong(why, format!("chain {name}")))
    }

    /// Goes on in a chain that was opened in another text.
    pub fn resume_chain(&mut self) {
        self.printer.out.indent();
    }

    pub fn close_chain(&mut self) {
        self.printer.close_chain();
    }

    /// A rule of the chain at hand. The answer is whether the width of the page had a say in how it is laid out.
    ///
    /// # Errors
    /// As [`print()`](super::print()); `place` says which rule it is.
    pub fn rule(&mut self, rule: &Rule, place: impl Fn() -> String) -> Result<bool, PrintError> {
        self.print(|printer| printer.rules(std::slice::from_ref(rule), |_| place()).map(|()| printer.measured))
            .map_err(|error| error.within(&self.place))
    }

    fn wrong(&self, why: Why, place: String) -> PrintError {
        PrintError::new(why, place).within(&self.place)
    }

    /// The text from `mark` on.
    pub fn since(&self, mark: usize) -> &[u8] {
        self.printer.out.since(mark)
    }

    /// Where the next byte goes.
    pub fn mark(&self) -> usize {
        self.printer.out.mark()
    }

    /// Takes back what was written from `mark` on.
    pub fn take_back(&mut self, mark: usize) {
        self.printer.out.rewind(mark);
    }

    /// A piece of a rule or an element; the last one of a rule ends its line.
    pub fn piece(&mut self, text: &[u8]) {
        self.printer.out.put(text);
    }

    /// Goes on behind the last piece of a rule.
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
