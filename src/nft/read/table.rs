//! The block of a table: chains, sets, maps, objects, each opaque as a whole when it cannot be read.

use super::cursor::{Parsed, Reader, Unread};
use super::token::Kind;
use crate::nft::ast::{Entry, Table, TableName};

impl Reader<'_> {
    /// `{ ... }`, with the cursor on the brace.
    pub fn table_body(&mut self, name: TableName) -> Parsed<Table> {
        self.need("{")?;
        self.enter(&name);
        let mut table = Table { name, comment: None, flags: Vec::new(), entries: Vec::new() };
        loop {
            if self.eat("}") {
                return Ok(table);
            }
            match self.peek().kind {
                Kind::End => return Err(self.unclosed()),
                Kind::Comment { own_line } => {
                    if own_line {
                        table.entries.push(Entry::Comment(self.sources.text(self.peek()).into()));
                    }
                    self.advance();
                }
                Kind::Newline => self.advance(),
                _ if self.is(";") => self.advance(),
                _ => self.table_entry(&mut table),
            }
        }
    }

    /// From here on, rules and sets belong to this table.
    pub fn enter(&mut self, name: &TableName) {
        self.family = name.family;
        self.table = name.clone();
    }

    /// The end of the text came inside a block.
    pub fn unclosed(&mut self) -> Unread {
        let message = "block without a closing brace".to_owned();
        let error = self.sources.error(self.peek(), message, Some("add the missing }"));
        if self.errors.is_empty() {
            self.errors.push(error);
        }
        Unread
    }

    fn table_entry(&mut self, table: &mut Table) {
        let start = self.at;
        if self.table_property(table) {
            return;
        }
        let line = self.line();
        self.at = start;
        let entry = self.entry(line).and_then(|entry| if self.at_end_of_statement() { Ok(entry) } else { Err(Unread) });
        table.entries.push(entry.unwrap_or_else(|_| Entry::Opaque(self.opaque_statement(start))));
    }

    /// `comment "..."` and `flags ...`
    fn table_property(&mut self, table: &mut Table) -> bool {
        if self.eat("comment") {
            if let Ok(comment) = self.quoted() {
                table.comment = Some(comment);
                return self.at_end_of_statement();
            }
        } else if self.eat("flags") {
            while let Ok(word) = self.word() {
                table.flags.push(word.to_owned());
                self.eat(",");
            }
            return self.at_end_of_statement();
        }
        false
    }

    /// `chain x { ... }`, `set x { ... }` and so on, with the cursor on the keyword.
    pub fn entry(&mut self, line: u32) -> Parsed<Entry> {
        match self.peek_word() {
            Some("chain") => {
                self.advance();
                let name = self.name()?;
                self.chain_body(name, line).map(Entry::Chain)
            }
            Some("set" | "map") => {
                let is_map = self.is("map");
                self.advance();
                let name = self.name()?;
                self.set_body(name, is_map, line).map(Entry::Set)
            }
            _ => {
                let kind = self.object_kind()?;
                self.object(kind, line).map(Entry::Object)
            }
        }
    }
}
