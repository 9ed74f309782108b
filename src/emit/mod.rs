//! From the intermediate form to the nft tree.
//!
//! Decides spelling: which operator says a set of values best, which dependency is already said
//! by another test, which names are legal. What a rule means was decided before.
//! Invariant: every chain, rule, set and object of the intermediate form is in the tree.

mod apart;
mod map;
mod names;
mod pattern;
mod rule;
mod set;
mod statement;
mod test;
mod text;
mod verdict;

use bstr::BString;

use crate::ir::{self, ChainId};
use crate::nft::ast::{self, BaseChain, Entry, Item, TableName};
pub use names::{Names, Renamed};
pub use text::text;

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
    let names: Vec<Names> = ruleset.tables.iter().map(Names::choose).collect();
    let tables = tables(ruleset, &names, options);
    let ruleset = around(&tables, Table::sets_and_chains);
    Emitted { ruleset, renamed: renamed(&tables) }
}

fn tables<'a>(ruleset: &'a ir::Ruleset, names: &'a [Names<'a>], options: &Options) -> Vec<Table<'a>> {
    let table = |(ir, names)| Table { ir, name: table_name(ir, options), names, order: chain_order(ir) };
    ruleset.tables.iter().zip(names).map(table).collect()
}

/// All that there is besides sets and chains, and those that `rest` makes of each table.
fn around<'t>(tables: &[Table<'t>], rest: impl Fn(&Table<'t>) -> Vec<Entry>) -> ast::Ruleset {
    let replaced = tables.iter().map(|table| table.name.clone());
    let replaced = replaced.flat_map(|name| [Item::Declare(name.clone()), Item::DeleteTable(name)]);
    let whole = tables.iter().map(|table| Item::Table(table.emit(rest(table))));
    ast::Ruleset { items: replaced.chain(whole).collect() }
}

fn renamed(tables: &[Table]) -> Vec<Renamed> {
    tables.iter().flat_map(|table| table.names.renamed(table.ir)).collect()
}

fn table_name(table: &ir::Table, options: &Options) -> TableName {
    let mut name = options.table_prefix.clone();
    name.extend_from_slice(&table.name);
    TableName { family: table.family, name }
}

/// A table on its way, with the names its parts have.
pub(crate) struct Table<'a> {
    pub ir: &'a ir::Table,
    pub name: TableName,
    pub names: &'a Names<'a>,
    /// Its chains as they are printed.
    order: Vec<ChainId>,
}

/// The dump's chains in its order; each helper right behind the chain that first uses it.
fn chain_order(table: &ir::Table) -> Vec<ChainId> {
    let ids = || (0..table.chains.len() as u32).map(ChainId);
    if !table.chains.iter().any(|chain| chain.helper) {
        return ids().collect();
    }
    let mut order = Vec::with_capacity(table.chains.len());
    let mut placed = vec![false; table.chains.len()];
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
    fn emit(&self, rest: Vec<Entry>) -> ast::Table {
        let mut entries: Vec<Entry> = self.ir.notes.iter().cloned().map(Entry::Comment).collect();
        entries.extend(self.ir.objects.iter().enumerate().map(|(at, o)| Entry::Object(self.object(at, o))));
        entries.extend(rest);
        ast::Table { name: self.name.clone(), comment: None, flags: Vec::new(), entries }
    }

    fn sets_and_chains(&self) -> Vec<Entry> {
        let sets = self.ir.sets.iter().enumerate().map(|(at, set)| Entry::Set(self.set(at, set)));
        let chains = self.order.iter().filter_map(|&id| Some(Entry::Chain(self.chain(id, self.ir.chain(id)?))));
        sets.chain(chains).collect()
    }

    fn chain(&self, id: ChainId, chain: &ir::Chain) -> ast::Chain {
        let rules = chain.rules.iter().map(|rule| self.rule(rule)).chain(policy_counter(chain)).collect();
        ast::Chain { name: self.names.chain(id).clone(), base: base(chain), comment: None, rules, line: 0 }
    }
}

/// Where the kernel calls the chain.
fn base(chain: &ir::Chain) -> Option<BaseChain> {
    chain.base.map(|b| BaseChain { kind: b.kind, hook: Some(b.hook), priority: b.priority, policy: b.policy })
}

/// The closing rule that keeps the counters of the policy.
fn policy_counter(chain: &ir::Chain) -> Option<ast::Rule> {
    let counters = chain.base?.counters?;
    let count = ast::Statement::Counter { packets: counters.packets, bytes: counters.bytes };
    Some(ast::Rule { statements: vec![count], comment: Some("policy".into()), notes: Vec::new(), line: 0 })
}
