//! Later fragments: they carry no ports, flags or ICMP types, and iptables never matches rules that
//! ask for those, while nft reads them out of the payload.
//!
//! Where nothing tracks connections, so that fragments are seen as they came, one guard at the head
//! of each base chain sends them through the same rules less those. Rules with state cannot stand
//! twice; a table that has some gets a test in every rule instead, and so does one where few rules ask
//! for ports among more that do not, which would be repeated.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::ir::fragments::{are_seen, is_later, is_not_later};
use crate::ir::{Chain, ChainId, Origin, Rule, Table, Verdict};
use crate::nft::ast::Policy;
use crate::save::mentioned::Mentioned;

/// How later fragments are kept from rules that they cannot match.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Guard {
    /// None is ever seen.
    Needless,
    /// By a test in every rule.
    PerRule,
    /// By one rule at the head of each base chain.
    PerBaseChain,
}

/// Whether rules with the match or target must not stand twice.
fn is_stateful(extension: &str) -> bool {
    matches!(
        extension,
        "connlimit"
            | "hashlimit"
            | "limit"
            | "nfacct"
            | "quota"
            | "rateest"
            | "recent"
            | "set"
            | "statistic"
            | "SET"
            | "HMARK"
    )
}

/// What a table needs whose rules name these extensions.
pub fn guard(mentioned: &Mentioned, tracked: bool) -> Guard {
    match tracked {
        true => Guard::Needless,
        false if mentioned.any(is_stateful) => Guard::PerRule,
        false => Guard::PerBaseChain,
    }
}

/// Adds the guards: `whole_only` tells the rules that later fragments skip, by chain and place.
pub fn divert(table: &mut Table, skipped: &FxHashMap<ChainId, Vec<usize>>) {
    if skipped.is_empty() {
        return;
    }
    let concerned = concerned(table, skipped);
    let bases: Vec<(ChainId, Policy)> = (0..table.chains.len() as u32)
        .map(ChainId)
        .filter(|id| concerned.contains_key(id))
        .filter_map(|id| {
            let base = table.chain(id)?.base.filter(|b| are_seen(table.family, b.hook))?;
            Some((id, base.policy))
        })
        .collect();
    if test_few(table, skipped, &concerned, bases.iter().map(|&(id, _)| id).collect()) {
        return;
    }
    let mut twins: FxHashMap<ChainId, ChainId> = FxHashMap::default();
    for (id, policy) in bases {
        let twin = make_twin(table, id, skipped, &concerned, &mut twins);
        let empty = table.chain(twin).is_some_and(|c| c.rules.is_empty());
        let verdict = match (empty, policy) {
            (true, Policy::Accept) => Verdict::Accept,
            (true, Policy::Drop) => Verdict::Drop,
            (false, _) => Verdict::Goto(twin),
        };
        let mut guard = Rule::new([is_later(table.family).into()], verdict, Origin::default());
        guard
            .remarks_mut()
            .notes
            .push("fragments behind the first have no ports: rules that ask for them do not apply".into());
        if let Some(chain) = table.chains.get_mut(id.0 as usize) {
            chain.rules.insert(0, guard);
        }
    }
    remove_unused(table, &twins);
}

/// Tests for the header in the rules themselves, where they are few and guards in the base chains that see fragments
/// would repeat more than them.
fn test_few(
    table: &mut Table,
    skipped: &FxHashMap<ChainId, Vec<usize>>,
    concerned: &FxHashMap<ChainId, ()>,
    mut open: Vec<ChainId>,
) -> bool {
    const FEW: usize = 3;
    let Some(first) = is_not_later(table.family) else { return false };
    let mut seen: FxHashSet<ChainId> = FxHashSet::default();
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            let rules = table.chain(id).map_or(&[][..], |chain| &chain.rules);
            open.extend(rules.iter().filter_map(|r| callee(&r.verdict)).filter(|to| concerned.contains_key(to)));
        }
    }
    let asking: usize = seen.iter().filter_map(|id| skipped.get(id)).map(Vec::len).sum();
    let all: usize = seen.iter().filter_map(|&id| table.chain(id)).map(|chain| chain.rules.len()).sum();
    if asking > FEW || all - asking <= asking {
        return false;
    }
    for (id, places) in skipped.iter().filter(|(id, _)| seen.contains(id)) {
        let Some(chain) = table.chains.get_mut(id.0 as usize) else { continue };
        for &place in places {
            if let Some(rule) = chain.rules.get_mut(place) {
                rule.steps.insert(0, first.clone().into());
            }
        }
    }
    true
}

/// Chains that have such rules, or call chains that do.
fn concerned(table: &Table, skipped: &FxHashMap<ChainId, Vec<usize>>) -> FxHashMap<ChainId, ()> {
    let mut callers: FxHashMap<ChainId, Vec<ChainId>> = FxHashMap::default();
    for (at, chain) in table.chains.iter().enumerate() {
        for callee in chain.rules.iter().filter_map(|r| callee(&r.verdict)) {
            callers.entry(callee).or_default().push(ChainId(at as u32));
        }
    }
    let mut found: FxHashMap<ChainId, ()> = FxHashMap::default();
    let mut open: Vec<ChainId> = skipped.keys().copied().collect();
    while let Some(id) = open.pop() {
        if found.insert(id, ()).is_none() {
            open.extend(callers.get(&id).into_iter().flatten());
        }
    }
    found
}

const fn callee(verdict: &Verdict) -> Option<ChainId> {
    match verdict {
        Verdict::Jump(id) | Verdict::Goto(id) => Some(*id),
        _ => None,
    }
}

/// The chain as later fragments see it, and those it calls; a stack of its own instead of recursion.
fn make_twin(
    table: &mut Table,
    root: ChainId,
    skipped: &FxHashMap<ChainId, Vec<usize>>,
    concerned: &FxHashMap<ChainId, ()>,
    twins: &mut FxHashMap<ChainId, ChainId>,
) -> ChainId {
    let reserve = |table: &mut Table, twins: &mut FxHashMap<ChainId, ChainId>, id: ChainId| {
        *twins.entry(id).or_insert_with(|| {
            let mut name = table.chains.get(id.0 as usize).map(|c| c.name.clone()).unwrap_or_default();
            name.extend_from_slice(b"-fragments");
            table.add_chain(Chain { name, base: None, rules: Vec::new(), helper: true, foreign: false })
        })
    };
    if let Some(&known) = twins.get(&root) {
        return known;
    }
    let twin = reserve(table, twins, root);
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        let skip: &[usize] = skipped.get(&id).map_or(&[], Vec::as_slice);
        let rules = table.chains.get(id.0 as usize).map(|c| c.rules.clone()).unwrap_or_default();
        let kept = rules.into_iter().enumerate().filter(|(at, _)| skip.binary_search(at).is_err());
        let mut kept: Vec<Rule> = kept.map(|(_, rule)| rule).collect();
        for rule in &mut kept {
            let (Verdict::Jump(to) | Verdict::Goto(to)) = &mut rule.verdict else { continue };
            if concerned.contains_key(to) {
                if !twins.contains_key(to) {
                    open.push(*to);
                }
                *to = reserve(table, twins, *to);
            }
        }
        let own = reserve(table, twins, id);
        if let Some(chain) = table.chains.get_mut(own.0 as usize) {
            chain.rules = kept;
        }
    }
    twin
}

/// Jumps to twins that turned out empty go, and so do the twins that stand last.
fn remove_unused(table: &mut Table, twins: &FxHashMap<ChainId, ChainId>) {
    let is_empty = |t: &ChainId| table.chain(*t).is_some_and(|c| c.rules.is_empty());
    let empty: FxHashSet<ChainId> = twins.values().copied().filter(is_empty).collect();
    for chain in &mut table.chains {
        chain.rules.retain(|r| !matches!(r.verdict, Verdict::Jump(to) if empty.contains(&to)));
    }
    let used: FxHashSet<ChainId> =
        table.chains.iter().flat_map(|c| &c.rules).filter_map(|r| callee(&r.verdict)).collect();
    while let Some(last) = table.chains.len().checked_sub(1).map(|at| ChainId(at as u32)) {
        if !empty.contains(&last) || used.contains(&last) {
            break;
        }
        table.chains.pop();
    }
}
