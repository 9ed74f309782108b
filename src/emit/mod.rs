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
/// in one transaction and a second load gives the same state. Each chain is let go once it is emitted.
pub fn emit(ruleset: ir::Ruleset, options: &Options) -> Emitted {
    let mut out = Emitted::default();
    for table in &ruleset.tables {
        let name = table_name(table, options);
        out.ruleset.items.push(Item::Declare(name.clone()));
        out.ruleset.items.push(Item::DeleteTable(name));
    }
    for mut table in ruleset.tables {
        let names = Names::choose(&table);
        let order = chain_order(&table);
        let rules = table.chains.iter_mut().map(|chain| std::mem::take(&mut chain.rules)).collect();
        let name = table_name(&table, options);
        out.ruleset.items.push(Item::Table(Table { ir: &table, names: &names }.emit(name, &order, rules)));
        out.renamed.extend(names.into_renamed(&table));
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

/// The dump's chains in its order; each helper right behind the chain that first uses it.
fn chain_order(table: &ir::Table) -> Vec<ChainId> {
    let mut order = Vec::with_capacity(table.chains.len());
    let mut placed = vec![false; table.chains.len()];
    let ids = || (0..table.chains.len() as u32).map(ChainId);
    let is_helper = |id: ChainId| table.chain(id).is_some_and(|chain| chain.helper);
    for root in ids().filter(|&id| !is_helper(id)).chain(ids()) {
        let mut stack = vec![root];
        while let Some(id) = stack.pop() {
            if placed.get(id.0 as usize).copied().unwrap_or(true) {
                continue;
            }
            placed[id.0 as usize] = true;
            order.push(id);
            let rules = table.chain(id).map(|chain| chain.rules.as_slice()).unwrap_or_default();
            let helpers = rules.iter().rev().flat_map(|rule| rule.verdict.callees(table).into_iter().rev());
            stack.extend(helpers.filter(|&callee| is_helper(callee)));
        }
    }
    order
}

impl Table<'_> {
    /// `rules` are those of the table's chains, by index; the table itself has none any more.
    fn emit(&self, name: TableName, order: &[ChainId], mut rules: Vec<Vec<ir::Rule>>) -> ast::Table {
        let mut entries: Vec<Entry> = self.ir.notes.iter().cloned().map(Entry::Comment).collect();
        entries.extend(self.ir.objects.iter().enumerate().map(|(at, o)| Entry::Object(self.object(at, o))));
        entries.extend(self.ir.sets.iter().enumerate().map(|(at, s)| Entry::Set(self.set(at, s))));
        for &id in order {
            let rules = rules.get_mut(id.0 as usize).map(std::mem::take).unwrap_or_default();
            entries.extend(self.chain(id, rules).map(Entry::Chain));
        }
        ast::Table { name, comment: None, flags: Vec::new(), entries }
    }

    fn chain(&self, id: ChainId, rules: Vec<ir::Rule>) -> Option<ast::Chain> {
        let chain = self.ir.chain(id)?;
        let base =
            chain.base.map(|b| BaseChain { kind: b.kind, hook: Some(b.hook), priority: b.priority, policy: b.policy });
        let mut rules: Vec<ast::Rule> = rules.into_iter().map(|rule| self.rule(&rule)).collect();
        if let Some(c) = chain.base.and_then(|b| b.counters) {
            let count = ast::Statement::Counter { packets: c.packets, bytes: c.bytes };
            let comment = Some("policy".into());
            rules.push(ast::Rule { statements: vec![count], comment, notes: Vec::new(), line: 0 });
        }
        Some(ast::Chain { name: self.names.chain(id), base, comment: None, rules, line: 0 })
    }
}
