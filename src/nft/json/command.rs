//! Commands, tables and chains.

use bstr::BString;
use serde_json::{Value, json};

use super::constant::utf8;
use super::expr::Beside;
use super::object::object;
use super::statement::object_word;
use super::{COMPLETE, Json};
use crate::nft::ast::{
    BaseChain, Chain, ChainKind, Entry, EntryKind, Item, ObjectBody, Policy, Rule, Table, TableName,
};
use crate::nft::print::{PrintError, Why};

impl<'a> Json<'a> {
    /// Adds the commands of an item of the tree.
    pub(super) fn item(&mut self, item: &'a Item, out: &mut Vec<Value>) -> Result<(), PrintError> {
        match item {
            Item::Table(table) => {
                let place = format!("table {} {}", table.name.family.name(), table.name.name);
                self.table(table, out).map_err(|why| PrintError { place, why })
            }
            Item::Comment(_) => Ok(()),
            _ => {
                let command = self.command(item).map_err(|why| PrintError { place: "command".to_owned(), why })?;
                out.push(command);
                Ok(())
            }
        }
    }

    fn command(&mut self, item: &'a Item) -> Result<Value, Why> {
        Ok(match item {
            Item::Declare(table) => json!({ "add": { "table": table_members(table) } }),
            Item::DeleteTable(table) => json!({ "delete": { "table": table_members(table) } }),
            Item::FlushRuleset => json!({ "flush": { "ruleset": null } }),
            Item::Flush { table, chain: None } => json!({ "flush": { "table": table_members(table) } }),
            Item::Flush { table, chain: Some(chain) } => json!({ "flush": { "chain": named(table, chain) } }),
            Item::FlushSet { table, set } => {
                let map = self.sets.get(&(table, set.as_slice())).is_some_and(|set| set.data.is_some());
                json!({ "flush": { if map { "map" } else { "set" }: named(table, set) } })
            }
            Item::Delete { table, kind, name } => {
                let word = match kind {
                    EntryKind::Chain => "chain",
                    EntryKind::Set => "set",
                    EntryKind::Object(kind) => object_word(*kind),
                };
                json!({ "delete": { word: named(table, name) } })
            }
            Item::Rule { table, chain, front, rule } => {
                self.enter(table);
                json!({ if *front { "insert" } else { "add" }: { "rule": self.rule(chain, rule)? } })
            }
            Item::Elements { table, set, remove, elements } => {
                self.enter(table);
                let declared = self.sets.get(&(table, set.as_slice())).copied();
                let declared = declared.ok_or_else(|| Why::Untyped(format!("the elements of set {set}")))?;
                let (kinds, data) = self.kinds_of_set(declared);
                let mut members = named(table, set);
                members["elem"] = json!(self.elements(elements, Beside::of(&kinds), data.as_deref())?);
                json!({ if *remove { "delete" } else { "add" }: { "element": members } })
            }
            Item::Opaque(opaque) => return Err(Why::Opaque { line: opaque.line, text: opaque.text.clone() }),
            Item::Table(_) | Item::Comment(_) => return Err(Why::Shape("no command")),
        })
    }

    fn enter(&mut self, table: &'a TableName) {
        self.family = table.family;
        self.table = Some(table);
    }

    fn table(&mut self, table: &'a Table, out: &mut Vec<Value>) -> Result<(), Why> {
        self.enter(&table.name);
        let mut members = table_members(&table.name);
        if let Some(comment) = &table.comment {
            members["comment"] = json!(utf8(comment)?);
        }
        if !table.flags.is_empty() {
            self.needs(COMPLETE, "a table with flags, which this nft reads as text only")?;
            members["flags"] = json!(table.flags);
        }
        out.push(json!({ "add": { "table": members } }));
        for entry in &table.entries {
            if let Entry::Chain(chain) = entry {
                out.push(json!({ "add": { "chain": self.chain(chain)? } }));
            }
        }
        for entry in &table.entries {
            if let Entry::Object(entry) = entry {
                if matches!(entry.body, ObjectBody::Synproxy { .. } | ObjectBody::CtTimeout { .. }) {
                    self.needs(COMPLETE, "a synproxy or timeout object, which this nft reads as text only")?;
                }
                let (word, members) = object(entry)?;
                out.push(json!({ "add": { word: merge(named(&table.name, &entry.name), members) } }));
            }
        }
        for entry in &table.entries {
            match entry {
                Entry::Set(entry) => {
                    let (word, members) = self.set(entry)?;
                    out.push(json!({ "add": { word: merge(named(&table.name, &entry.name), members) } }));
                }
                Entry::Opaque(opaque) => return Err(Why::Opaque { line: opaque.line, text: opaque.text.clone() }),
                Entry::Comment(_) | Entry::Chain(_) | Entry::Object(_) => {}
            }
        }
        for entry in &table.entries {
            if let Entry::Chain(chain) = entry {
                for rule in &chain.rules {
                    out.push(json!({ "add": { "rule": self.rule(&chain.name, rule)? } }));
                }
            }
        }
        Ok(())
    }

    fn chain(&self, chain: &Chain) -> Result<Value, Why> {
        let table = self.table.ok_or(Why::Shape("a chain outside of a table"))?;
        let mut members = named(table, &chain.name);
        if let Some(comment) = &chain.comment {
            members["comment"] = json!(utf8(comment)?);
        }
        if let Some(BaseChain { kind, hook, priority, policy }) = &chain.base {
            members["type"] = json!(match kind {
                ChainKind::Filter => "filter",
                ChainKind::Nat => "nat",
                ChainKind::Route => "route",
            });
            members["hook"] = json!(hook.ok_or(Why::Shape("a base chain on a hook other than iptables'"))?.name());
            members["prio"] = json!(priority);
            members["policy"] = json!(match policy {
                Policy::Accept => "accept",
                Policy::Drop => "drop",
            });
        }
        Ok(members)
    }

    fn rule(&mut self, chain: &BString, rule: &Rule) -> Result<Value, Why> {
        let table = self.table.ok_or(Why::Shape("a rule outside of a table"))?;
        self.unreachable = false;
        let mut members = table_members(table);
        members["table"] = members["name"].take();
        members["chain"] = json!(chain.to_string());
        members["expr"] = json!(self.statements(&rule.statements)?);
        if let Some(comment) = &rule.comment {
            members["comment"] = json!(utf8(comment)?);
        }
        if let Some(members) = members.as_object_mut() {
            members.remove("name");
        }
        Ok(members)
    }
}

fn table_members(table: &TableName) -> Value {
    json!({ "family": table.family.name(), "name": table.name.to_string() })
}

/// Family, table and name, which every entry of a table has.
fn named(table: &TableName, name: &BString) -> Value {
    json!({ "family": table.family.name(), "table": table.name.to_string(), "name": name.to_string() })
}

fn merge(mut first: Value, second: Value) -> Value {
    if let (Some(first), Value::Object(second)) = (first.as_object_mut(), second) {
        first.extend(second);
    }
    first
}
