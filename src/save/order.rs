//! Chains as they stand once a table is restored: declared chains, rules in their final order.
//!
//! `-I` puts a rule at a position; a rule with `-4` or `-6` counts for its family only.

use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::ast::{ChainLine, ChainName, Counters, Item, Placement, Policy, Rule, Table, TableKind};
use super::forms::Entry;
use super::forms::names::Names;
use crate::packet::{Family, Hook};

/// A chain of a restored table; `R` is a rule, owned or borrowed.
#[derive(Debug)]
pub struct Chain<R> {
    pub name: ChainName,
    /// The hook when the chain is built in.
    pub hook: Option<Hook>,
    /// ACCEPT for built-in chains that say nothing; meaningless for others.
    pub policy: Policy,
    pub counters: Option<Counters>,
    pub rules: Vec<R>,
}

/// Where a rule is to stand.
#[derive(Clone, Copy)]
struct Stands<'a> {
    chain: &'a ChainName,
    only: Option<Family>,
    placement: Placement,
}

/// A rule that is put in its place.
trait Placed {
    fn stands<'r>(&'r self, names: &'r Names) -> Option<Stands<'r>>;
}

impl Placed for Rule {
    fn stands<'r>(&'r self, _: &'r Names) -> Option<Stands<'r>> {
        Some(Stands { chain: &self.chain, only: self.only, placement: self.placement })
    }
}

impl Placed for &Rule {
    fn stands<'r>(&'r self, names: &'r Names) -> Option<Stands<'r>> {
        Rule::stands(self, names)
    }
}

impl Placed for Entry {
    fn stands<'r>(&'r self, names: &'r Names) -> Option<Stands<'r>> {
        match self {
            Entry::Whole(rule) => rule.stands(names),
            Entry::Like(like) => {
                let chain = names.get(like.chain)?;
                Some(Stands { chain, only: None, placement: Placement::Append })
            }
        }
    }
}

/// The chains in the order of the dump; built-in ones that have rules but no line come first.
pub fn chains(table: &Table, family: Family) -> Vec<Chain<&Rule>> {
    let lines: Vec<&ChainLine> = table.chains().collect();
    arrange(table.kind, &lines, table.rules().collect(), family, &Names::default())
}

/// The same, with the rules taken out of the table.
pub fn into_chains(table: Table<Entry>, family: Family, names: &Names) -> Vec<Chain<Entry>> {
    let mut items = table.items;
    let lines: Vec<Item<Entry>> = items.extract_if(.., |item| matches!(item, Item::Chain(_))).collect();
    let lines: Vec<&ChainLine> = lines.iter().filter_map(Item::as_chain).collect();
    // In the room of the items, of which there are as many.
    let rules = items.into_iter().filter_map(Item::into_rule).collect();
    arrange(table.kind, &lines, rules, family, names)
}

fn arrange<R: Placed>(
    kind: TableKind,
    lines: &[&ChainLine],
    rules: Vec<R>,
    family: Family,
    names: &Names,
) -> Vec<Chain<R>> {
    let mut all: Vec<Chain<R>> = Vec::new();
    let mut index: FxHashMap<ChainName, usize> = FxHashMap::with_capacity_and_hasher(lines.len(), FxBuildHasher);
    let of_rules = rules.iter().filter_map(|rule| rule.stands(names)).map(|stands| stands.chain);
    for (name, hook) in mentioned(kind, lines.iter().map(|line| &line.name).chain(of_rules)) {
        index.insert(ChainName::clone(&name), all.len());
        all.push(Chain { name, hook: Some(hook), policy: Policy::Accept, counters: None, rules: Vec::new() });
    }
    for line in lines {
        let at = *index.entry(ChainName::clone(&line.name)).or_insert(all.len());
        if at == all.len() {
            let name = ChainName::clone(&line.name);
            all.push(Chain { name, hook: None, policy: Policy::Accept, counters: None, rules: Vec::new() });
        }
        if let Some(chain) = all.get_mut(at) {
            chain.policy = line.policy.unwrap_or(chain.policy);
            chain.counters = line.counters.or(chain.counters);
        }
    }
    let mut place = place(&index, family);
    let (mut counts, mut in_order) = (vec![0; all.len()], true);
    for (at, placement) in rules.iter().filter_map(|rule| place(rule.stands(names)?)) {
        counts[at] += 1;
        in_order &= placement == Placement::Append;
    }
    // The longest lists are the only ones of their tables.
    if let Some(at) = counts.iter().position(|count| *count > 0 && *count == rules.len()).filter(|_| in_order) {
        all[at].rules = rules;
        return all;
    }
    let mut lists: Vec<VecDeque<R>> = counts.into_iter().map(VecDeque::with_capacity).collect();
    for rule in rules {
        let Some((at, placement)) = rule.stands(names).and_then(&mut place) else { continue };
        let list = &mut lists[at];
        match placement {
            Placement::Append => list.push_back(rule),
            // The reader has checked positions; one past the end appends, as iptables does.
            Placement::Insert(n) => list.insert((n as usize - 1).min(list.len()), rule),
        }
    }
    for (chain, list) in all.iter_mut().zip(lists) {
        chain.rules = list.into();
    }
    all
}

/// Finds the number of the chain in which a rule of the family stands, and where there.
fn place(index: &FxHashMap<ChainName, usize>, family: Family) -> impl FnMut(Stands) -> Option<(usize, Placement)> {
    // Rules of one chain mostly stand together, and share its name.
    let mut last = (std::ptr::null(), 0);
    move |Stands { only, chain, placement }| {
        if only.is_some_and(|only| only != family) {
            return None;
        }
        if !std::ptr::eq(last.0, Arc::as_ptr(chain)) {
            last = (Arc::as_ptr(chain), *index.get(chain)?);
        }
        Some((last.1, placement))
    }
}

/// The built-in chains of a table that some of the names mean.
fn mentioned<'a>(kind: TableKind, names: impl Iterator<Item = &'a ChainName>) -> Vec<(ChainName, Hook)> {
    let mut found: Vec<Option<&ChainName>> = vec![None; kind.builtins().len()];
    let mut last = std::ptr::null();
    for name in names {
        if std::ptr::eq(std::mem::replace(&mut last, Arc::as_ptr(name)), Arc::as_ptr(name)) {
            continue;
        }
        let at = kind.builtins().iter().position(|(builtin, _)| builtin.as_bytes() == name.as_slice());
        if let Some(found) = at.and_then(|at| found.get_mut(at)) {
            found.get_or_insert(name);
        }
    }
    let hooks = kind.builtins().iter().map(|&(_, hook)| hook);
    found.into_iter().zip(hooks).filter_map(|(name, hook)| Some((ChainName::clone(name?), hook))).collect()
}
