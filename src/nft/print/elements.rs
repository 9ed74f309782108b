//! Elements of sets and maps, and the lines they fill.

use super::constant::Join;
use super::expr::Beside;
use super::{Printer, Why};
use crate::nft::ast::{Data, Element, Expr, Lookup};
use crate::nft::names::{Kind, Place, duration, kinds_of};

/// What the elements of a map map to: values of these kinds, or verdicts and objects.
pub(super) type DataKinds<'k> = Option<&'k [Kind]>;

/// A list of elements that is broken into lines, on its way.
#[derive(Default)]
pub(super) struct Block {
    /// Whether an element stands in it.
    begun: bool,
    /// Where the element at hand begins.
    mark: usize,
    /// Whether nothing may follow in the line.
    line_is_full: bool,
}

impl<'a> Printer<'a> {
    /// `key map { ... }` or `key vmap @name`; `data` are the kinds of what it yields.
    pub(super) fn map(&mut self, key: &'a Expr, map: &'a Lookup, data: DataKinds<'_>, word: &str) -> Result<(), Why> {
        let kinds = kinds_of(key, self.family);
        self.expr(key, Beside::NOTHING)?;
        self.out.put(" ");
        self.out.put(word);
        self.out.put(" ");
        match map {
            Lookup::Named(name) => {
                self.out.put("@");
                self.name(name)
            }
            Lookup::Anonymous(elements) => {
                let place = match key {
                    Expr::Binary { .. } => Place::Masked,
                    _ => Place::Alone,
                };
                self.braces(elements, Beside { kinds: &kinds, place, join: Join::Bar }, data)
            }
        }
    }

    /// `{ a, b }` in one line if it fits, else several elements per line, or one where each carries more
    /// than its key.
    pub(super) fn braces(
        &mut self,
        elements: &'a [Element],
        beside: Beside<'_>,
        data: DataKinds<'_>,
    ) -> Result<(), Why> {
        if elements.is_empty() {
            return Err(Why::Shape("a set without elements"));
        }
        let mark = self.out.mark();
        self.out.put("{ ");
        let mut fits = !(self.out.may_break() && elements.iter().any(|element| element.comment.is_some()));
        self.measured |= fits || !elements.iter().all(is_rich);
        for (index, element) in elements.iter().enumerate() {
            if index > 0 {
                self.out.put(", ");
            }
            fits = fits && !self.out.too_long();
            if !fits {
                break;
            }
            self.element(element, beside, data)?;
        }
        self.out.put(" }");
        if !fits || self.out.too_long() {
            self.out.rewind(mark);
            self.block(elements, beside, data)?;
        }
        Ok(())
    }

    fn block(&mut self, elements: &'a [Element], beside: Beside<'_>, data: DataKinds<'_>) -> Result<(), Why> {
        let mut block = self.open_block();
        for element in elements {
            self.begin_element(&mut block);
            self.element(element, beside, data)?;
            self.end_element(&mut block, is_rich(element));
        }
        self.close_block();
        Ok(())
    }

    pub(super) fn open_block(&mut self) -> Block {
        self.out.put("{");
        self.out.end_line();
        self.out.indent();
        self.out.start_line();
        Block::default()
    }

    pub(super) fn begin_element(&mut self, block: &mut Block) {
        if block.begun {
            self.out.put(", ");
        }
        block.mark = self.out.mark();
    }

    pub(super) fn end_element(&mut self, block: &mut Block, rich: bool) {
        if block.begun && (block.line_is_full || rich || self.out.too_long()) {
            self.out.break_before(block.mark);
        }
        (block.begun, block.line_is_full) = (true, rich);
    }

    pub(super) fn close_block(&mut self) {
        self.out.end_line();
        self.out.outdent();
        self.out.start_line();
        self.out.put("}");
    }

    pub(super) fn element(&mut self, element: &'a Element, beside: Beside<'_>, data: DataKinds<'_>) -> Result<(), Why> {
        let Element { key, data: value, comment, timeout, expires, counter, statements } = element;
        match key {
            Some(key) => self.expr(key, beside)?,
            None => self.out.put("*"),
        }
        if let Some((packets, bytes)) = counter {
            self.out.put(format!(" counter packets {packets} bytes {bytes}"));
        }
        for statement in statements {
            self.out.put(" ");
            self.statement(statement)?;
        }
        if let Some(seconds) = timeout {
            self.out.put(format!(" timeout {}", duration(*seconds)));
        }
        if let Some(seconds) = expires {
            self.out.put(format!(" expires {}", duration(*seconds)));
        }
        if let Some(comment) = comment {
            self.out.put(" ");
            self.comment(comment)?;
        }
        let Some(value) = value else { return Ok(()) };
        self.out.put(" : ");
        match (value, data) {
            (Data::Verdict(verdict), None) => self.verdict(verdict),
            (Data::Value(value), Some(kinds)) => {
                self.expr(value, Beside { join: Join::Parentheses, ..Beside::of(kinds) })
            }
            // The name of an object.
            (Data::Value(Expr::Text { text, wildcard: false }), None) => self.quoted_name(text),
            (Data::Verdict(_), Some(_)) => Err(Why::Shape("a verdict where the map yields values")),
            (Data::Value(_), None) => Err(Why::Shape("a value where the map yields verdicts or objects")),
        }
    }
}

/// Whether it carries more than its key, so that it has a line of its own where a list is broken.
const fn is_rich(element: &Element) -> bool {
    element.data.is_some() || element.comment.is_some()
}
