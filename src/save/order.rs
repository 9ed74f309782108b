//! Chains as they stand once a table is restored: declared chains, rules in their final order.
//!
//! `-I` puts a rule at a position; a rule with `-4` or `-6` counts for its family only.

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::Arc;

use bstr::BString;
use rustc_hash::FxHashMap;

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
    let mut all: Vec<Chain<R>> = Vec::with_capacity(lines.len() + kind.builtins().len());
    let new = |name: &ChainName, hook| {
        let name = ChainName::clone(name);
        Chain { name, hook, policy: Policy::Accept, counters: None, rules: Vec::new() }
    };
    let mut index = Index::of(lines);
    let undeclared = rules.iter().filter_map(|rule| Some(rule.stands(names)?.chain));
    let undeclared = undeclared.filter(|name| !index.by_pointer.contains_key(&Arc::as_ptr(name)));
    for (name, hook) in mentioned(kind, lines.iter().map(|line| &line.name).chain(undeclared)) {
        index.note(&name, all.len());
        all.push(new(&name, Some(hook)));
    }
    index.builtins = all.len();
    for line in lines {
        let at = index.builtin(&line.name, &all).unwrap_or(all.len());
        index.note(&line.name, at);
        if at == all.len() {
            all.push(new(&line.name, None));
        }
        if let Some(chain) = all.get_mut(at) {
            chain.policy = line.policy.unwrap_or(chain.policy);
            chain.counters = line.counters.or(chain.counters);
        }
    }
    let places = places(&rules, &mut index, &all, family, names);
    put(rules, &places, names, &mut all);
    all
}

/// Which chain each rule of the family stands in.
fn places<R: Placed>(
    rules: &[R],
    index: &mut Index,
    all: &[Chain<R>],
    family: Family,
    names: &Names,
) -> Vec<Option<NonZero<u32>>> {
    let mut place = |rule: &R| {
        let Stands { only, chain, .. } = rule.stands(names)?;
        let at = index.find(chain, all).filter(|_| only.is_none_or(|only| only == family))?;
        NonZero::new(at as u32 + 1)
    };
    rules.iter().map(&mut place).collect()
}

/// Puts the rules into their chains, whose numbers from 1 on are told.
fn put<R: Placed>(rules: Vec<R>, places: &[Option<NonZero<u32>>], names: &Names, all: &mut [Chain<R>]) {
    let number = |place: &NonZero<u32>| place.get() as usize - 1;
    let mut counts = vec![0; all.len()];
    places.iter().flatten().for_each(|place| counts[number(place)] += 1);
    let placement = |rule: &R| rule.stands(names).map_or(Placement::Append, |stands| stands.placement);
    // The longest lists are the only ones of their tables.
    if let Some(at) = counts.iter().position(|count| *count > 0 && *count == rules.len())
        && rules.iter().all(|rule| placement(rule) == Placement::Append)
    {
        all[at].rules = rules;
        return;
    }
    let mut lists: Vec<VecDeque<R>> = counts.into_iter().map(VecDeque::with_capacity).collect();
    for (rule, place) in rules.into_iter().zip(places) {
        let Some(list) = place.as_ref().and_then(|place| lists.get_mut(number(place))) else { continue };
        match placement(&rule) {
            Placement::Append => list.push_back(rule),
            // The reader has checked positions; one past the end appends, as iptables does.
            Placement::Insert(n) => list.insert((n as usize - 1).min(list.len()), rule),
        }
    }
    for (chain, list) in all.iter_mut().zip(lists) {
        chain.rules = list.into();
    }
}

/// The numbers of chains by their names. Rules that were read share their chain's name with its line, so that few names
/// are compared.
#[derive(Default)]
struct Index {
    by_pointer: FxHashMap<*const BString, usize>,
    /// The kernel's own chains come first.
    builtins: usize,
    /// Of all chains; made when a name is one that none shares.
    by_name: Option<FxHashMap<ChainName, usize>>,
    last: Option<(*const BString, usize)>,
}

impl Index {
    /// Room for the chains of these lines, whose names are noted without their numbers.
    fn of(lines: &[&ChainLine]) -> Self {
        Index { by_pointer: lines.iter().map(|line| (Arc::as_ptr(&line.name), 0)).collect(), ..Index::default() }
    }

    fn note(&mut self, name: &ChainName, at: usize) {
        self.by_pointer.insert(Arc::as_ptr(name), at);
    }

    /// The number of the chain among all.
    fn find<R>(&mut self, name: &ChainName, all: &[Chain<R>]) -> Option<usize> {
        let pointer = Arc::as_ptr(name);
        if let Some((_, at)) = self.last.filter(|(last, _)| *last == pointer) {
            return Some(at);
        }
        let at = match self.by_pointer.get(&pointer) {
            Some(at) => *at,
            None => self.builtin(name, all).or_else(|| self.by_name(name, all))?,
        };
        self.last = Some((pointer, at));
        Some(at)
    }

    fn builtin<R>(&self, name: &ChainName, all: &[Chain<R>]) -> Option<usize> {
        all.iter().take(self.builtins).position(|chain| chain.name == *name)
    }

    fn by_name<R>(&mut self, name: &ChainName, all: &[Chain<R>]) -> Option<usize> {
        let numbered = || all.iter().zip(0..).map(|(chain, at)| (ChainName::clone(&chain.name), at)).collect();
        self.by_name.get_or_insert_with(numbered).get(name).copied()
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
