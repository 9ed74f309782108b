//! The order in which packets may meet what holds state: a hint for matching.

use crate::prove::block::{ChainId, Flow, Occurrence, OccurrenceId, Program, Step};
use crate::prove::dd::Dd;

/// What a packet may meet in a chain.
#[derive(Clone, Copy, PartialEq)]
enum Met {
    Occurrence(OccurrenceId),
    Chain(ChainId),
}

/// The occurrences in the order in which packets may meet them, each chain where it is called first; then all once more,
/// for those that no packet meets.
pub(super) fn in_order(program: &Program) -> impl Iterator<Item = &Occurrence> {
    let mut met = Vec::new();
    let mut entered = vec![false; program.chains.len()];
    let mut enter = |chain: ChainId| {
        let is_new = entered.get_mut(chain.0).is_some_and(|entered| !std::mem::replace(entered, true));
        if is_new { met_in(program, chain) } else { Vec::new() }
    };
    // Chains may call each other thousands deep.
    let mut open: Vec<std::vec::IntoIter<Met>> = Vec::new();
    for base in program.bases.iter().filter(|_| !program.occurrences.is_empty()) {
        open.push(enter(base.chain).into_iter());
        while let Some(chain) = open.last_mut() {
            match chain.next() {
                Some(Met::Occurrence(id)) => met.push(id),
                Some(Met::Chain(id)) => open.push(enter(id).into_iter()),
                None => drop(open.pop()),
            }
        }
    }
    met.into_iter().filter_map(|id| program.occurrences.get(id.0)).chain(&program.occurrences)
}

/// What is gone to comes last: whoever stays in the chain may still go there. Of chains that are gone to, one that goes to
/// another of them comes before it. What stands behind a test that no packet
/// passes is met by none.
fn met_in(program: &Program, chain: ChainId) -> Vec<Met> {
    let (mut met, mut last) = (Vec::new(), Vec::new());
    let mut go = |met: &mut Vec<Met>, flow: &Flow| match flow {
        Flow::Jump(to) => met.push(Met::Chain(*to)),
        Flow::Goto(to) => last.push(Met::Chain(*to)),
        _ => {}
    };
    let rules = program.chains.get(chain.0).map_or(&[][..], |chain| &chain.rules);
    let passed = |step: &&Step| !matches!(step, Step::Test(Dd::FALSE));
    for step in rules.iter().flat_map(|rule| rule.steps.iter().take_while(passed)) {
        match step {
            Step::Consult(id) => met.push(Met::Occurrence(*id)),
            Step::Flow(flow) => go(&mut met, flow),
            Step::Dispatch(branches) => branches.iter().for_each(|branch| go(&mut met, &branch.flow)),
            Step::Test(_) | Step::In(_) | Step::Among(_) | Step::Effect { .. } => {}
            Step::Assign(_) | Step::EffectOn { .. } | Step::Unknown(_) | Step::UnknownOn { .. } => {}
        }
    }
    met.append(&mut in_line(program, last));
    met
}

/// More chains than these that are gone to from one are left in their order.
const FEW: usize = 32;

/// Chains that are gone to, those that lead to another of them before that one.
fn in_line(program: &Program, mut left: Vec<Met>) -> Vec<Met> {
    left.dedup();
    if !(2..=FEW).contains(&left.len()) {
        return left;
    }
    let mut line = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let is_first = |at: &usize| {
            let mut others = left.iter().filter(|other| left.get(*at) != Some(other));
            !others.any(|&other| left.get(*at).is_some_and(|&at| leads_to(program, other, at)))
        };
        let first = (0..left.len()).find(is_first).unwrap_or(0);
        let first = left.remove(first);
        left.retain(|other| *other != first);
        line.push(first);
    }
    line
}

/// Whether a packet may come from the one chain to the other.
fn leads_to(program: &Program, from: Met, to: Met) -> bool {
    let (Met::Chain(from), Met::Chain(to)) = (from, to) else { return false };
    let mut seen = vec![from];
    let mut next = 0;
    while let Some(&chain) = seen.get(next) {
        next += 1;
        let rules = program.chains.get(chain.0).map_or(&[][..], |chain| &chain.rules);
        for flow in rules.iter().flat_map(|rule| &rule.steps).flat_map(flows) {
            let (Flow::Jump(id) | Flow::Goto(id)) = flow else { continue };
            if *id == to {
                return true;
            }
            if !seen.contains(id) && seen.len() < FEW {
                seen.push(*id);
            }
        }
    }
    false
}

/// Where a step leads.
fn flows(step: &Step) -> impl Iterator<Item = &Flow> {
    let (one, many) = match step {
        Step::Flow(flow) => (Some(flow), &[][..]),
        Step::Dispatch(branches) => (None, branches.as_slice()),
        _ => (None, &[][..]),
    };
    one.into_iter().chain(many.iter().map(|branch| &branch.flow))
}
