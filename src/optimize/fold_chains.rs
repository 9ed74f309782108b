//! A chain of one rule that one rule jumps to is folded into it: `jump trusted` becomes `accept` where that is all
//! that `trusted` does.
//!
//! Sound because the rule that jumps only tests, and its packets meet the one rule, or come back behind the jump, as
//! they would have met it in place. Chains stay that several rules lead to, that maps lead to, that other software
//! fills, or that bundle tests of their own for some packets: those are places where a firewall grows.

use super::commute::is_pure;
use super::features::Features;
use super::known::Known;
use super::{Options, Report, chains};
use crate::ir::{Chain, ChainId, Rule, Table, Verdict};

/// Folds until nothing is left to fold; each round folds what the one before made foldable.
pub fn run(table: &mut Table, known: &mut Known, _: &Options, report: &mut Report) {
    let calling = chains::which(table, known, Features::CALLS, |_| true);
    if calling.is_empty() {
        return;
    }
    let mut gone = vec![false; table.chains.len()];
    while round(table, &calling, &mut gone, report) {}
    if gone.contains(&true) {
        known.forget();
        table.retain_chains(|ChainId(id)| !gone.get(id as usize).copied().unwrap_or(false));
    }
}

/// Whether anything was folded.
fn round(table: &mut Table, calling: &[usize], gone: &mut [bool], report: &mut Report) -> bool {
    let callers = callers(table, calling);
    let mut folded = false;
    for &at in calling {
        for rule in 0..table.chains[at].rules.len() {
            let Some(called) = table.chains[at].rules.get(rule).and_then(jump) else { continue };
            let (Some(1), Some(chain)) = (callers.get(called), table.chains.get(called)) else { continue };
            let Some(inner) = foldable(chain).filter(|inner| fits(&table.chains[at].rules[rule], inner)) else {
                continue;
            };
            // A chain that jumps on is folded in the next round, when the one behind it has its last form.
            if jump(inner).is_some_and(|behind| callers.get(behind) == Some(&1)) {
                continue;
            }
            let mut inner = inner.clone();
            let Some(name) = table.chains.get(called).map(|chain| chain.name.clone()) else { continue };
            table.chains[called].rules.clear();
            gone[called] = true;
            folded = true;
            let chain = &mut table.chains[at];
            fold(&mut chain.rules[rule], &mut inner);
            let why = || format!("chain {name} had one rule, and only one rule led to it");
            report.merged(&chain.name, chain.rules[rule].origin.lines(), why);
        }
    }
    folded
}

/// How many rules and rows lead to each chain; `calling` are the chains whose rules may.
fn callers(table: &Table, calling: &[usize]) -> Vec<u32> {
    let mut callers = vec![0; table.chains.len()];
    let mut count = |verdict: &Verdict, weight: u32| {
        verdict.tell_callees(table, &mut |ChainId(id)| {
            if let Some(known) = callers.get_mut(id as usize) {
                *known += weight;
            }
        });
    };
    for verdict in calling.iter().flat_map(|&at| &table.chains[at].rules).map(|rule| &rule.verdict) {
        // What is reached otherwise than by a plain jump counts as reached twice.
        count(verdict, if matches!(verdict, Verdict::Jump(_)) { 1 } else { 2 });
    }
    table
        .sets
        .iter()
        .flat_map(|set| &set.rows)
        .filter_map(|row| row.carried().verdict.as_ref())
        .for_each(|v| count(v, 2));
    callers
}

const fn jump(rule: &Rule) -> Option<usize> {
    match rule.verdict {
        Verdict::Jump(ChainId(id)) => Some(id as usize),
        _ => None,
    }
}

/// The one rule of a chain that may be folded.
fn foldable(chain: &Chain) -> Option<&Rule> {
    match chain.rules.as_slice() {
        [only] if chain.base.is_none() && !chain.foreign && does_something(only) && is_pure(only) => Some(only),
        _ => None,
    }
}

/// A rule that only comes back is a place for others.
fn does_something(rule: &Rule) -> bool {
    let comes_back = matches!(rule.verdict, Verdict::Return | Verdict::Continue);
    !comes_back || rule.statements().next().is_some()
}

/// Whether the outer rule only tests, and one of the two asks for nothing.
fn fits(outer: &Rule, inner: &Rule) -> bool {
    let only_tests = outer.statements().next().is_none();
    is_pure(outer) && only_tests && (outer.steps.is_empty() || inner.tests().next().is_none())
}

/// Back from the chain is on behind the jump, and so is back from a chain that it goes to.
fn fold(outer: &mut Rule, inner: &mut Rule) {
    outer.steps.extend(inner.steps.iter().cloned());
    outer.verdict = match &inner.verdict {
        Verdict::Return => Verdict::Continue,
        Verdict::Goto(id) => Verdict::Jump(*id),
        verdict => verdict.clone(),
    };
    outer.origin.absorb(&inner.origin);
    outer.absorb_remarks(inner);
}
