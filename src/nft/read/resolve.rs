//! Applies the commands of a ruleset in order: what the tables are once the text is loaded.
//!
//! Invariant: the answer holds each table once, each chain, set and object once in its table, in the
//! order they were first made; rules and elements in the order a kernel would have them.

use bstr::BString;
use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashSet};

use super::error::ReadError;
use crate::nft::ast::{
    Chain, Element, Entry, EntryKind, Item, ObjectKind, Opaque, Rule, Ruleset, Set, Table, TableName,
};

/// The outcome of a ruleset's commands.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Resolved {
    pub tables: Vec<Table>,
    /// Commands that were not understood; whoever needs the whole ruleset must look at them. Tables of
    /// other families are among them.
    pub unknown: Vec<Opaque>,
}

/// Applies the commands in order, to a kernel that holds nothing.
///
/// # Errors
/// Commands about tables, chains and sets that were never made.
pub fn resolve(ruleset: Ruleset) -> Result<Resolved, Vec<ReadError>> {
    let mut state = State::default();
    for item in ruleset.items {
        state.apply(item);
    }
    if !state.errors.is_empty() {
        return Err(state.errors);
    }
    let tables = state.tables.into_iter().map(|(name, table)| table.finish(name)).collect();
    Ok(Resolved { tables, unknown: state.unknown })
}

type Map<K, V> = IndexMap<K, V, FxBuildHasher>;

#[derive(Default)]
struct State {
    tables: Map<TableName, Content>,
    unknown: Vec<Opaque>,
    errors: Vec<ReadError>,
}

/// A table in the making.
#[derive(Default)]
struct Content {
    comment: Option<BString>,
    flags: Vec<String>,
    entries: Map<(Space, BString), Entry>,
    /// Rules that were inserted at the front, last first.
    front: Map<BString, Vec<Rule>>,
    other: Vec<Opaque>,
}

/// Names of different spaces do not clash.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Space {
    Chain,
    Set,
    Object(ObjectKind),
}

impl State {
    fn apply(&mut self, item: Item) {
        match item {
            Item::Comment(_) => {}
            Item::Declare(name) => drop(self.tables.entry(name).or_default()),
            Item::DeleteTable(name) => drop(self.tables.shift_remove(&name)),
            Item::FlushRuleset => self.tables.clear(),
            Item::Flush { table, chain } => self.flush(&table, chain.as_ref()),
            Item::FlushSet { table, set } => {
                if let Some(set) = self.set(&table, set) {
                    set.elements.clear();
                }
            }
            Item::Delete { table, kind, name } => {
                if let Some(content) = self.tables.get_mut(&table) {
                    content.entries.shift_remove(&(kind.into(), name.clone()));
                    content.front.shift_remove(&name);
                }
            }
            Item::Table(table) => self.table(table),
            Item::Rule { table, chain, front, rule } => self.rule(&table, chain, front, rule),
            Item::Elements { table, set, remove, elements } => {
                if let Some(set) = self.set(&table, set) {
                    if remove { remove_elements(set, &elements) } else { set.elements.extend(elements) }
                }
            }
            Item::Opaque(opaque) => self.unknown.push(opaque),
        }
    }

    fn table(&mut self, table: Table) {
        let content = self.tables.entry(table.name).or_default();
        content.comment = table.comment.or(content.comment.take());
        if !table.flags.is_empty() {
            content.flags = table.flags;
        }
        for entry in table.entries {
            content.add(entry);
        }
    }

    fn flush(&mut self, table: &TableName, chain: Option<&BString>) {
        let Some(content) = self.tables.get_mut(table) else {
            return self.missing(0, format!("table {} {} is flushed but not made", table.family.name(), table.name));
        };
        for ((space, name), entry) in &mut content.entries {
            if let Entry::Chain(found) = entry
                && *space == Space::Chain
                && chain.is_none_or(|chain| chain == name)
            {
                found.rules.clear();
            }
        }
        content.front.retain(|name, _| chain.is_some_and(|chain| chain != name));
    }

    fn rule(&mut self, table: &TableName, chain: BString, front: bool, rule: Rule) {
        let line = rule.line;
        let content = self.tables.get_mut(table);
        let entry = content.and_then(|content| {
            let Content { entries, front: inserted, .. } = content;
            entries.get_mut(&(Space::Chain, chain.clone())).map(|entry| (entry, inserted))
        });
        match entry {
            Some((Entry::Chain(_), inserted)) if front => inserted.entry(chain).or_default().push(rule),
            Some((Entry::Chain(found), _)) => found.rules.push(rule),
            _ => self.missing(line, format!("rule for chain {chain}, which is not made")),
        }
    }

    fn set(&mut self, table: &TableName, name: BString) -> Option<&mut Set> {
        let key = (Space::Set, name);
        let known = self.tables.get(table).is_some_and(|content| content.entries.contains_key(&key));
        if !known {
            self.missing(0, format!("elements of set {}, which is not made", key.1));
            return None;
        }
        match self.tables.get_mut(table)?.entries.get_mut(&key) {
            Some(Entry::Set(set)) => Some(set),
            _ => None,
        }
    }

    fn missing(&mut self, line: u32, message: String) {
        self.errors.push(ReadError {
            source: String::new(),
            line,
            column: 1,
            span: 0..0,
            message,
            help: Some("make it above, as the kernel wants it".to_owned()),
        });
    }
}

impl From<EntryKind> for Space {
    fn from(kind: EntryKind) -> Self {
        match kind {
            EntryKind::Chain => Space::Chain,
            EntryKind::Set => Space::Set,
            EntryKind::Object(kind) => Space::Object(kind),
        }
    }
}

impl Content {
    fn add(&mut self, entry: Entry) {
        match entry {
            Entry::Comment(_) => {}
            Entry::Opaque(opaque) => self.other.push(opaque),
            Entry::Chain(chain) => self.add_chain(chain),
            Entry::Set(set) => self.add_set(set),
            Entry::Object(object) => {
                let key = (Space::Object(object_kind(&object.body)), object.name.clone());
                self.entries.entry(key).or_insert(Entry::Object(object));
            }
        }
    }

    fn add_chain(&mut self, chain: Chain) {
        let key = (Space::Chain, chain.name.clone());
        match self.entries.get_mut(&key) {
            Some(Entry::Chain(found)) => {
                found.base = chain.base.or(found.base.take());
                found.comment = chain.comment.or(found.comment.take());
                found.rules.extend(chain.rules);
            }
            _ => drop(self.entries.insert(key, Entry::Chain(chain))),
        }
    }

    fn add_set(&mut self, set: Set) {
        let key = (Space::Set, set.name.clone());
        match self.entries.get_mut(&key) {
            Some(Entry::Set(found)) => found.elements.extend(set.elements),
            _ => drop(self.entries.insert(key, Entry::Set(set))),
        }
    }

    fn finish(mut self, name: TableName) -> Table {
        for (chain, inserted) in self.front {
            if let Some(Entry::Chain(chain)) = self.entries.get_mut(&(Space::Chain, chain)) {
                let appended = std::mem::take(&mut chain.rules);
                chain.rules = inserted.into_iter().rev().chain(appended).collect();
            }
        }
        let entries = self.entries.into_values().chain(self.other.into_iter().map(Entry::Opaque)).collect();
        Table { name, comment: self.comment, flags: self.flags, entries }
    }
}

const fn object_kind(body: &crate::nft::ast::ObjectBody) -> ObjectKind {
    use crate::nft::ast::ObjectBody;
    match body {
        ObjectBody::Counter { .. } => ObjectKind::Counter,
        ObjectBody::Quota { .. } => ObjectKind::Quota,
        ObjectBody::Limit(_) => ObjectKind::Limit,
        ObjectBody::CtHelper { .. } => ObjectKind::CtHelper,
        ObjectBody::CtTimeout { .. } => ObjectKind::CtTimeout,
        ObjectBody::Synproxy { .. } => ObjectKind::Synproxy,
        ObjectBody::Secmark(_) => ObjectKind::Secmark,
    }
}

/// Removes by key; keys have no hash of their own, but their debug text tells them apart.
fn remove_elements(set: &mut Set, gone: &[Element]) {
    let gone: FxHashSet<String> = gone.iter().map(|element| format!("{:?}", element.key)).collect();
    set.elements.retain(|element| !gone.contains(&format!("{:?}", element.key)));
}
