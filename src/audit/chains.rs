//! Who jumps where: the chains of a dump, and those of its translation, as graphs.

use bstr::{BStr, BString, ByteSlice};
use indexmap::IndexMap;
use serde::Serialize;

use crate::diag::printable;
use crate::nft::ast::{Data, Element, Entry, Item, Lookup, Ruleset, Statement, Table, Verdict};
use crate::save::ast::{Dump, Target};

/// The chains of one table.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Graph {
    /// `ip filter`
    pub table: String,
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
}

/// A chain.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Node {
    pub name: String,
    /// Called by the kernel.
    pub base: bool,
    pub rules: usize,
}

/// Rules of one chain that go to another; indices into `Graph::nodes`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Edge {
    pub from: usize,
    pub to: usize,
    pub rules: usize,
}

/// The tables of a dump.
pub fn of_dump(dump: &Dump) -> Vec<Graph> {
    let tables = dump.documents.iter().flat_map(|d| d.tables.iter().map(move |t| (d.family, t)));
    tables
        .map(|(family, table)| {
            let mut draft = Draft::default();
            for chain in table.chains() {
                draft.chain(chain.name.as_bstr(), table.kind.hook(&chain.name).is_some());
            }
            for rule in table.rules() {
                let from = draft.chain(rule.chain.as_bstr(), table.kind.hook(&rule.chain).is_some());
                draft.rule(from);
                if let Target::Chain { name, .. } = &rule.target {
                    draft.edge(from, name.as_bstr());
                }
            }
            draft.graph(format!("{} {}", family.name(), table.kind.name()))
        })
        .collect()
}

/// The tables of a translation.
pub fn of_ruleset(ruleset: &Ruleset) -> Vec<Graph> {
    let table = |item: &Item| match item {
        Item::Table(table) => Some(of_table(table)),
        _ => None,
    };
    ruleset.items.iter().filter_map(table).collect()
}

fn of_table(table: &Table) -> Graph {
    let mut draft = Draft::default();
    let chains = || {
        table.entries.iter().filter_map(|entry| match entry {
            Entry::Chain(chain) => Some(chain),
            _ => None,
        })
    };
    for chain in chains() {
        draft.chain(chain.name.as_ref(), chain.base.is_some());
    }
    for chain in chains() {
        let from = draft.chain(chain.name.as_ref(), chain.base.is_some());
        for rule in chain.rules.iter().filter(|r| !r.statements.is_empty()) {
            draft.rule(from);
            for name in rule.statements.iter().flat_map(|s| called(s, table)) {
                draft.edge(from, name);
            }
        }
    }
    draft.graph(format!("{} {}", table.name.family.name(), table.name.name))
}

/// The chains that a statement may go to, each once per mention.
fn called<'a>(statement: &'a Statement, table: &'a Table) -> Vec<&'a BStr> {
    let of_verdict = |verdict: &'a Verdict| match verdict {
        Verdict::Jump(name) | Verdict::Goto(name) => Some(BStr::new(name)),
        Verdict::Accept | Verdict::Drop | Verdict::Return | Verdict::Continue => None,
    };
    match statement {
        Statement::Verdict(verdict) => of_verdict(verdict).into_iter().collect(),
        Statement::Vmap { map, .. } => {
            let verdict = |element: &'a Element| match &element.data {
                Some(Data::Verdict(verdict)) => of_verdict(verdict),
                _ => None,
            };
            elements(map, table).iter().filter_map(verdict).collect()
        }
        _ => Vec::new(),
    }
}

fn elements<'a>(map: &'a Lookup, table: &'a Table) -> &'a [Element] {
    match map {
        Lookup::Anonymous(elements) => elements,
        Lookup::Named(name) => table
            .entries
            .iter()
            .find_map(|entry| match entry {
                Entry::Set(set) if set.name == *name => Some(set.elements.as_slice()),
                _ => None,
            })
            .unwrap_or_default(),
    }
}

/// A graph while its chains and edges are being found.
#[derive(Default)]
struct Draft {
    nodes: IndexMap<BString, (bool, usize)>,
    edges: IndexMap<(usize, usize), usize>,
}

impl Draft {
    fn chain(&mut self, name: &BStr, base: bool) -> usize {
        match self.nodes.get_index_of(name) {
            Some(at) => at,
            None => self.nodes.insert_full(name.to_owned(), (base, 0)).0,
        }
    }

    fn rule(&mut self, chain: usize) {
        if let Some((_, (_, rules))) = self.nodes.get_index_mut(chain) {
            *rules += 1;
        }
    }

    fn edge(&mut self, from: usize, to: &BStr) {
        let to = self.chain(to, false);
        *self.edges.entry((from, to)).or_default() += 1;
    }

    fn graph(self, table: String) -> Graph {
        let node = |(name, (base, rules)): (BString, (bool, usize))| Node { name: printable(&name), base, rules };
        let edge = |((from, to), rules): ((usize, usize), usize)| Edge { from, to, rules };
        Graph {
            table: printable(table.as_bytes()),
            nodes: self.nodes.into_iter().map(node).collect(),
            edges: self.edges.into_iter().map(edge).collect(),
        }
    }
}
