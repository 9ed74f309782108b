//! Commands and blocks at the top level.

use bstr::BString;

use super::expr::{Beside, not_understood};
use super::{PrintError, Printer, Why};
use crate::nft::ast::{Element, Item, Rule, TableName};

impl<'a> Printer<'a> {
    pub(super) fn items(&mut self, items: &'a [Item]) -> Result<(), PrintError> {
        let mut before: Option<&Item> = None;
        for item in items {
            let block = |item: &Item| matches!(item, Item::Table(_));
            if before.is_some_and(|before| block(before) || (block(item) && !matches!(before, Item::Comment(_)))) {
                self.out.end_line();
            }
            before = Some(item);
            match item {
                Item::Table(table) => self.table(table)?,
                _ => self.command(item).map_err(|why| PrintError::new(why, "command"))?,
            }
        }
        Ok(())
    }

    fn command(&mut self, item: &'a Item) -> Result<(), Why> {
        match item {
            Item::Comment(note) => {
                self.notes(std::slice::from_ref(note));
                return Ok(());
            }
            Item::Declare(table) => self.table_name("table", table)?,
            Item::DeleteTable(table) => self.table_name("delete table", table)?,
            Item::FlushRuleset => self.out.put("flush ruleset"),
            Item::Flush { table, chain: None } => self.table_name("flush table", table)?,
            Item::Flush { table, chain: Some(chain) } => self.named("flush chain", table, chain)?,
            Item::FlushSet { table, set } => self.named("flush set", table, set)?,
            Item::Delete { table, kind, name } => {
                self.named(&format!("delete {}", Self::entry_words(*kind)), table, name)?;
            }
            Item::Rule { table, chain, front, rule } => self.add_rule(table, chain, *front, rule)?,
            Item::Elements { table, set, remove, elements } => self.elements(table, set, *remove, elements)?,
            Item::Opaque(opaque) => return Err(not_understood(opaque)),
            Item::Table(_) => return Err(Why::Shape("a table among commands")),
        }
        self.out.end_line();
        Ok(())
    }

    fn named(&mut self, words: &str, table: &'a TableName, name: &BString) -> Result<(), Why> {
        self.table_name(words, table)?;
        self.out.put(" ");
        self.name(name)
    }

    fn add_rule(&mut self, table: &'a TableName, chain: &BString, front: bool, rule: &'a Rule) -> Result<(), Why> {
        self.enter(table);
        self.notes(&rule.notes);
        self.named(if front { "insert rule" } else { "add rule" }, table, chain)?;
        self.out.put(" ");
        self.rule_line(rule)
    }

    fn elements(
        &mut self,
        table: &'a TableName,
        set: &'a BString,
        remove: bool,
        elements: &'a [Element],
    ) -> Result<(), Why> {
        self.enter(table);
        self.named(if remove { "delete element" } else { "add element" }, table, set)?;
        self.out.put(" ");
        let declared = self.declared(set).ok_or_else(|| Why::Untyped(format!("the elements of set {set}")))?;
        let (kinds, data) = self.kinds_of_set(declared);
        self.braces(elements, Beside::of(&kinds), data.as_deref())
    }
}
