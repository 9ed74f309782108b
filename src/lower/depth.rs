//! How deep chains call each other: nft takes 15 calls below a base chain, iptables any number.
//! (net/netfilter/nf_tables_api.c, `nft_chain_validate_dependency`; NFT_JUMP_STACK_SIZE is 16.)

use crate::ir::{ChainId, Table, Verdict};
use crate::parallel;

/// The most calls below a base chain that the kernel takes.
pub const MOST: u32 = 15;

/// A chain that is called deeper than nft takes, and how deep.
pub fn too_deep(table: &Table) -> Option<(ChainId, u32)> {
    if table.chains.len() <= MOST as usize {
        return None;
    }
    let calls = parallel::map_slice(&table.chains, |chain| -> Vec<usize> {
        chain.rules.iter().filter_map(|rule| callee(&rule.verdict)).collect()
    });
    let mut waiting = vec![0u32; calls.len()];
    for &to in calls.iter().flatten() {
        if let Some(n) = waiting.get_mut(to) {
            *n += 1;
        }
    }
    let mut depth = vec![None::<u32>; calls.len()];
    for (at, chain) in table.chains.iter().enumerate() {
        depth[at] = chain.base.map(|_| 0);
    }
    let mut open: Vec<usize> = (0..calls.len()).filter(|&at| waiting[at] == 0).collect();
    while let Some(at) = open.pop() {
        for &to in &calls[at] {
            let below = depth[at].map(|d| d + 1);
            depth[to] = depth[to].max(below);
            waiting[to] -= 1;
            if waiting[to] == 0 {
                open.push(to);
            }
        }
    }
    let deepest = (0..calls.len()).filter_map(|at| Some((depth[at]?, at))).max()?;
    (deepest.0 > MOST).then_some((ChainId(deepest.1 as u32), deepest.0))
}

const fn callee(verdict: &Verdict) -> Option<usize> {
    match verdict {
        Verdict::Jump(id) | Verdict::Goto(id) => Some(id.0 as usize),
        _ => None,
    }
}
