//! Which hooks a chain can be reached from, and circles of jumps.

use crate::packet::Hook;
use crate::parallel;
use crate::save::ast::ChainName;
use crate::save::forms::Entry;
use crate::save::order::Chain;

/// One jump of a circle: the chain and its rule that jumps on.
pub struct Link<'a> {
    pub chain: &'a ChainName,
    pub rule: &'a Entry,
}

/// For each chain the hooks it is reached from; `callee` says which chain a rule goes to, by its place among them. A
/// circle of jumps is an error, wherever it is.
pub fn hooks(
    chains: &[Chain<Entry>],
    callee: impl Fn(&Entry) -> Option<usize> + Sync,
) -> Result<Vec<Vec<Hook>>, Vec<Link<'_>>> {
    let calls = parallel::map_slice(chains, |chain| -> Vec<(usize, &Entry)> {
        chain.rules.iter().filter_map(|rule| Some((callee(rule)?, rule))).collect()
    });
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

/// Callers before callees, by depth-first search with a stack of its own.
fn topological<'a>(chains: &'a [Chain<Entry>], calls: &[Vec<(usize, &'a Entry)>]) -> Result<Vec<usize>, Vec<Link<'a>>> {
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
