//! From the intermediate form to the nft tree.
//!
//! Decides spelling: which operator says a set of values best, which dependency is already said
//! by another test, which names are legal. What a rule means was decided before.
//! Invariant: every chain, rule, set and object of the intermediate form is in the tree.

mod map;
mod names;
mod rule;
mod set;
mod statement;
mod test;
mod verdict;

use bstr::BString;

use crate::ir::{self, ChainId};
use crate::nft::ast::{self, BaseChain, Entry, Item, TableName};
pub use names::{Names, Renamed};

/// What the user chose about the output.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Put before every table's name.
    pub table_prefix: BString,
}

/// The tree, and what was renamed on the way.
#[derive(Debug, Default)]
pub struct Emitted {
    pub ruleset: ast::Ruleset,
    pub renamed: Vec<Renamed>,
}

/// Emits all tables: first each is declared and deleted, so that loading the file replaces them
/// in one transaction and a second load gives the same state.
pub fn emit(ruleset: &ir::Ruleset, options: &Options) -> Emitted {
    let mut out = Emitted::default();
    for table in &ruleset.tables {
        let name = table_name(table, options);
        out.ruleset.items.push(Item::Declare(name.clone()));
        out.ruleset.items.push(Item::DeleteTable(name));
    }
    for table in &ruleset.tables {
        let names = Names::choose(table);
        let emitted = Table { ir: table, names: &names }.emit(table_name(table, options));
        out.ruleset.items.push(Item::Table(emitted));
        out.renamed.extend(names.into_renamed(table));
    }
    out
}

fn table_name(table: &ir::Table, options: &Options) -> TableName {
    let mut name = options.table_prefix.clone();
    name.extend_from_slice(&table.name);
    TableName { family: table.family, name }
}

/// A table on its way, with the names its parts have.
pub(crate) struct Table<'a> {
    pub ir: &'a ir::Table,
    pub names: &'a Names,
}

impl Table<'_> {
    fn emit(&self, name: TableName) -> ast::Table {
        let mut entries: Vec<Entry> = self.ir.notes.iter().cloned().map(Entry::Comment).collect();
        entries.extend(self.ir.objects.iter().enumerate().map(|(at, o)| Entry::Object(self.object(at, o))));
        entries.extend(self.ir.sets.iter().enumerate().map(|(at, s)| Entry::Set(self.set(at, s))));
        entries.extend(self.chain_order().into_iter().filter_map(|id| self.chain(id)).map(Entry::Chain));
        ast::Table { name, comment: None, flags: Vec::new(), entries }
    }

    /// The dump's chains in its order; each helper right behind the chain that first uses it.
    fn chain_order(&self) -> Vec<ChainId> {
        let mut order = Vec::with_capacity(self.ir.chains.len());
        let mut placed = vec![false; self.ir.chains.len()];
        let ids = || (0..self.ir.chains.len() as u32).map(ChainId);
        let dumped = ids().filter(|&id| self.ir.chain(id).is_some_and(|c| !c.helper));
        for root in dumped.chain(ids()) {
            let mut stack = vec![root];
            while let Some(id) = stack.pop() {
                if placed.get(id.0 as usize).copied().unwrap_or(true) {
                    continue;
                }
                placed[id.0 as usize] = true;
                order.push(id);
                let helpers = self.callees(id).into_iter().filter(|&c| self.ir.chain(c).is_some_and(|c| c.helper));
                let mut helpers: Vec<ChainId> = helpers.collect();
                helpers.reverse();
                stack.append(&mut helpers);
            }
        }
        order
    }

    fn callees(&self, id: ChainId) -> Vec<ChainId> {
        let rules = self.ir.chain(id).map(|c| c.rules.as_slice()).unwrap_or_default();
        rules.iter().flat_map(|rule| rule.verdict.callees(self.ir)).collect()
    }

    fn chain(&self, id: ChainId) -> Option<ast::Chain> {
        let chain = self.ir.chain(id)?;
        let base =
            chain.base.map(|b| BaseChain { kind: b.kind, hook: Some(b.hook), priority: b.priority, policy: b.policy });
        let mut rules: Vec<ast::Rule> = chain.rules.iter().map(|r| self.rule(r)).collect();
        if let Some(c) = chain.base.and_then(|b| b.counters) {
            let count = ast::Statement::Counter { packets: c.packets, bytes: c.bytes };
            let comment = Some("policy".into());
            rules.push(ast::Rule { statements: vec![count], comment, notes: Vec::new(), line: 0 });
        }
        Some(ast::Chain { name: self.names.chain(id), base, comment: None, rules, line: 0 })
    }
}
