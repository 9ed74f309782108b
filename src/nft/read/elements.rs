//! `{ ... }`: elements of sets and maps, anonymous or named.
//!
//! Braces inside braces (a variable that holds a set, used in another) are flattened, as nft does.

use super::cursor::{Parsed, Reader, Unread};
use super::values::{Types, Want};
use crate::nft::ast::{Data, Element, Statement, Verdict};

impl Reader<'_> {
    /// The elements, with the cursor on `{`; each key has `types`, each datum is what `want` says.
    pub fn elements(&mut self, types: &Types, want: &Want) -> Parsed<Vec<Element>> {
        self.need("{")?;
        let mut depth = 1_usize;
        let mut elements = Vec::new();
        loop {
            self.skip_newlines();
            if self.eat("{") {
                depth += 1;
            } else if self.eat("}") {
                depth -= 1;
                if depth == 0 {
                    return Ok(elements);
                }
                self.end_of_element()?;
            } else {
                elements.push(self.element(types, want)?);
                self.end_of_element()?;
            }
        }
    }

    /// A comma, or the brace behind the last element.
    fn end_of_element(&mut self) -> Parsed<()> {
        self.skip_newlines();
        if self.eat(",") || self.is("}") { Ok(()) } else { Err(Unread) }
    }

    fn element(&mut self, types: &Types, want: &Want) -> Parsed<Element> {
        let key = if self.eat("*") { None } else { Some(self.concat_value(types)?) };
        let mut element = Element { key, ..Element::default() };
        self.element_options(&mut element)?;
        self.skip_newlines();
        if self.eat(":") {
            self.skip_newlines();
            element.data = Some(self.datum(want)?);
        } else if *want != Want::Nothing {
            return Err(Unread);
        }
        Ok(element)
    }

    fn element_options(&mut self, element: &mut Element) -> Parsed<()> {
        loop {
            match self.peek_word() {
                Some("timeout") => {
                    self.advance();
                    element.timeout = Some(self.duration()?);
                }
                Some("expires") => {
                    self.advance();
                    element.expires = Some(self.duration()?);
                }
                Some("comment") => {
                    self.advance();
                    element.comment = Some(self.name()?);
                }
                Some("counter" | "limit" | "quota" | "ct" | "last") => match self.nested(Self::stateful)? {
                    Statement::Counter { packets, bytes } => element.counter = Some((packets, bytes)),
                    statement => element.statements.push(statement),
                },
                _ => return Ok(()),
            }
        }
    }

    fn datum(&mut self, want: &Want) -> Parsed<Data> {
        match want {
            Want::Nothing => Err(Unread),
            Want::Verdict => self.verdict().map(Data::Verdict),
            Want::Object => {
                let text = self.name()?;
                Ok(Data::Value(crate::nft::ast::Expr::Text { text, wildcard: false }))
            }
            Want::Values(types) => self.concat_value(types).map(Data::Value),
        }
    }

    /// `accept`, `jump name` and so on.
    pub fn verdict(&mut self) -> Parsed<Verdict> {
        Ok(match self.word()? {
            "accept" => Verdict::Accept,
            "continue" => Verdict::Continue,
            "drop" => Verdict::Drop,
            "goto" => Verdict::Goto(self.name()?),
            "jump" => Verdict::Jump(self.name()?),
            "return" => Verdict::Return,
            _ => return Err(Unread),
        })
    }
}
