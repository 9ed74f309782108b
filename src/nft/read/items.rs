//! The top level: table blocks and commands (nft(8), *RULESET*, *TABLES*, *CHAINS*, *RULES*, *SETS*).

use super::cursor::{Parsed, Reader, Unread};
use super::objects::family;
use super::token::Kind;
use super::values::Want;
use crate::nft::ast::{Entry, EntryKind, Item, Ruleset, Table, TableName};
use crate::packet::Family;

impl Reader<'_> {
    /// The whole text. Commands that cannot be read become `Opaque`.
    pub fn ruleset(&mut self) -> Ruleset {
        let mut ruleset = Ruleset::default();
        loop {
            match self.peek().kind {
                Kind::End => return ruleset,
                Kind::Comment { own_line } => {
                    if own_line {
                        ruleset.items.push(Item::Comment(self.sources.text(self.peek()).into()));
                    }
                    self.advance();
                }
                Kind::Newline => self.advance(),
                _ if self.is(";") => self.advance(),
                _ if self.is("}") => {
                    let message = "closing brace that nothing opened".to_owned();
                    self.errors.push(self.sources.error(
                        self.peek(),
                        message,
                        Some("remove it, or add the block's start"),
                    ));
                    return ruleset;
                }
                _ => {
                    let item = self.item();
                    ruleset.items.push(item);
                }
            }
        }
    }

    fn item(&mut self) -> Item {
        let start = self.at;
        match self.command() {
            Ok(item) if self.at_end_of_statement() && !self.is("}") => item,
            _ => Item::Opaque(self.opaque_statement(start)),
        }
    }

    fn command(&mut self) -> Parsed<Item> {
        match self.peek_word().ok_or(Unread)? {
            "add" | "create" => {
                self.advance();
                self.add()
            }
            "insert" => {
                self.advance();
                self.need("rule")?;
                self.rule_command(true)
            }
            "delete" | "destroy" => {
                self.advance();
                self.delete()
            }
            "flush" => {
                self.advance();
                self.flush()
            }
            _ => self.add(),
        }
    }

    /// What stands behind `add`, which may be left out.
    fn add(&mut self) -> Parsed<Item> {
        let line = self.line();
        match self.peek_word().ok_or(Unread)? {
            "table" => {
                self.advance();
                let name = self.table_name()?;
                if self.is("{") { self.table_body(name).map(Item::Table) } else { Ok(Item::Declare(name)) }
            }
            "rule" => {
                self.advance();
                self.rule_command(false)
            }
            "element" => {
                self.advance();
                self.elements_command(false)
            }
            "chain" => {
                self.advance();
                let table = self.entered()?;
                let name = self.name()?;
                let chain = self.chain_body(name, line)?;
                Ok(single(table, Entry::Chain(chain)))
            }
            "set" | "map" => {
                let is_map = self.is("map");
                self.advance();
                let table = self.entered()?;
                let name = self.name()?;
                let set = self.set_body(name, is_map, line)?;
                Ok(single(table, Entry::Set(set)))
            }
            _ => {
                let kind = self.object_kind()?;
                let table = self.entered()?;
                let object = self.object(kind, line)?;
                Ok(single(table, Entry::Object(object)))
            }
        }
    }

    /// `ip table chain statements`
    fn rule_command(&mut self, front: bool) -> Parsed<Item> {
        let table = self.entered()?;
        let chain = self.name()?;
        if matches!(self.peek_word(), Some("position" | "index" | "handle")) {
            // A place that this tree has no name for.
            return Err(Unread);
        }
        Ok(Item::Rule { table, chain, front, rule: self.rule() })
    }

    /// `ip table set { ... }`; the set must have been declared, or the elements' types are not known.
    fn elements_command(&mut self, remove: bool) -> Parsed<Item> {
        let table = self.entered()?;
        let set = self.name()?;
        let shape = self.shapes.get(&(table.clone(), set.clone())).cloned().ok_or(Unread)?;
        // Data may be left out when a key is removed.
        let keys = if remove { self.attempt(|reader| reader.elements(&shape.key, &Want::Nothing)) } else { None };
        let elements = match keys {
            Some(keys) => keys,
            None => self.elements(&shape.key, &shape.data)?,
        };
        Ok(Item::Elements { table, set, remove, elements })
    }

    fn delete(&mut self) -> Parsed<Item> {
        match self.peek_word().ok_or(Unread)? {
            "table" => {
                self.advance();
                self.table_name().map(Item::DeleteTable)
            }
            "element" => {
                self.advance();
                self.elements_command(true)
            }
            _ => {
                let kind = self.entry_kind()?;
                let table = self.table_name()?;
                Ok(Item::Delete { table, kind, name: self.name()? })
            }
        }
    }

    fn entry_kind(&mut self) -> Parsed<EntryKind> {
        let kind = match self.peek_word() {
            Some("chain") => EntryKind::Chain,
            Some("set" | "map") => EntryKind::Set,
            _ => return self.object_kind().map(EntryKind::Object),
        };
        self.advance();
        Ok(kind)
    }

    fn flush(&mut self) -> Parsed<Item> {
        match self.word()? {
            "ruleset" => Ok(Item::FlushRuleset),
            "table" => Ok(Item::Flush { table: self.table_name()?, chain: None }),
            "chain" => {
                let table = self.table_name()?;
                Ok(Item::Flush { table, chain: Some(self.name()?) })
            }
            "set" | "map" | "meter" => {
                let table = self.table_name()?;
                Ok(Item::FlushSet { table, set: self.name()? })
            }
            _ => Err(Unread),
        }
    }

    /// `[family] name`; ip when no family is said. Families outside our field cannot be read.
    fn table_name(&mut self) -> Parsed<TableName> {
        let word = self.peek_word().ok_or(Unread)?;
        if matches!(word, "arp" | "bridge" | "netdev") {
            return Err(Unread);
        }
        let family = family(word);
        if family.is_some() {
            self.advance();
        }
        Ok(TableName { family: family.unwrap_or(Family::Ip), name: self.name()? })
    }

    fn entered(&mut self) -> Parsed<TableName> {
        let table = self.table_name()?;
        self.enter(&table);
        Ok(table)
    }
}

/// A table block with one entry.
fn single(name: TableName, entry: Entry) -> Item {
    Item::Table(Table { name, comment: None, flags: Vec::new(), entries: vec![entry] })
}
