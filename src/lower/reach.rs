//! Which hooks a chain can be reached from, and circles of jumps.

use std::borrow::Borrow;

use rustc_hash::FxHashMap;

use crate::packet::Hook;
use crate::save::ast::{ChainName, Rule, Target};
use crate::save::order::Chain;

/// One jump of a circle: the chain and its rule that jumps on.
pub struct Link<'a> {
    pub chain: &'a ChainName,
    pub rule: &'a Rule,
}

/// For each chain the hooks it is reached from. A circle of jumps is an error, wherever it is.
pub fn hooks<R: Borrow<Rule>>(chains: &[Chain<R>]) -> Result<Vec<Vec<Hook>>, Vec<Link<'_>>> {
    let index: FxHashMap<&ChainName, usize> = chains.iter().enumerate().map(|(at, c)| (&c.name, at)).collect();
    let calls: Vec<Vec<(usize, &Rule)>> = chains.iter().map(|c| calls(c, &index)).collect();
    let order = topological(chains, &calls)?;
    let mut reached = vec![0u8; chains.len()];
    for &at in &order {
        let own = chains[at].hook.map_or(0, |h| 1 << h as u8);
        let mask = reached[at] | own;
        reached[at] = mask;
        for &(callee, _) in &calls[at] {
            reached[callee] |= mask;
        }
    }
    Ok(reached.into_iter().map(|mask| Hook::ALL.into_iter().filter(|&h| mask & 1 << h as u8 != 0).collect()).collect())
}

fn calls<'a, R: Borrow<Rule>>(chain: &'a Chain<R>, index: &FxHashMap<&ChainName, usize>) -> Vec<(usize, &'a Rule)> {
    let target = |rule: &'a Rule| match &rule.target {
        Target::Chain { name, .. } => index.get(name).map(|&at| (at, rule)),
        _ => None,
    };
    chain.rules.iter().map(Borrow::borrow).filter_map(target).collect()
}

/// Callers before callees, by depth-first search with a stack of its own.
fn topological<'a, R>(chains: &'a [Chain<R>], calls: &[Vec<(usize, &'a Rule)>]) -> Result<Vec<usize>, Vec<Link<'a>>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; chains.len()];
    let mut order = Vec::with_capacity(chains.len());
    for start in 0..chains.len() {
        if marks[start] != Mark::New {
            continue;
        }
        marks[start] = Mark::Open;
        let mut stack = vec![(start, 0)];
        while let Some(top) = stack.last_mut() {
            let (at, next) = *top;
            top.1 += 1;
            match calls[at].get(next) {
                None => {
                    marks[at] = Mark::Done;
                    order.push(at);
                    stack.pop();
                }
                Some(&(callee, _)) if marks[callee] == Mark::New => {
                    marks[callee] = Mark::Open;
                    stack.push((callee, 0));
                }
                Some(&(callee, _)) if marks[callee] == Mark::Open => {
                    let circle = stack.iter().skip_while(|&&(c, _)| c != callee);
                    return Err(circle
                        .map(|&(c, next)| Link { chain: &chains[c].name, rule: calls[c][next - 1].1 })
                        .collect());
                }
                Some(_) => {}
            }
        }
    }
    order.reverse();
    Ok(order)
}
