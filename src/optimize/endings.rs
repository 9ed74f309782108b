//! Which protocols a chain sees, and which chains end the way of every packet that gets into them.
//!
//! Invariant: in doubt a chain sees every protocol and lets packets come back.

mod calls;
mod protocols;

use self::calls::{Found, Turn};
use self::protocols::Protocols;
use crate::ir::{Chain, Table, Verdict};
use crate::parallel;

/// What is known of each chain of a table.
#[derive(Debug)]
pub struct Endings {
    ends: Vec<bool>,
}

impl Endings {
    /// Works it out for all chains: protocols from callers to callees, endings the other way.
    pub fn of(table: &Table) -> Self {
        let pieces = parallel::pieces(table.chains.len(), |piece| Found::of(table, piece));
        let mut found = Found::default();
        pieces.into_iter().for_each(|piece| found.append(piece));
        let order = callers_first(&found);
        let protocols = protocols(table, &found, &order);
        let mut endings = Endings { ends: vec![false; table.chains.len()] };
        for &at in order.iter().rev() {
            endings.ends[at] = endings.chain_ends(found.turns(at), &protocols[at]);
        }
        endings
    }

    /// Whether no packet that takes this verdict meets the next rule of the chain, or of any caller.
    pub fn ends(&self, verdict: &Verdict) -> bool {
        calls::ending(verdict).is_some_and(|chains| self.all_end(&chains))
    }

    fn all_end(&self, chains: &[u32]) -> bool {
        chains.iter().all(|&chain| self.ends.get(chain as usize).copied().unwrap_or(false))
    }

    fn chain_ends(&self, turns: &[Turn], protocols: &Protocols) -> bool {
        for turn in turns {
            match turn {
                Turn::Ends { when, chains } if when.holds(protocols) && self.all_end(chains) => return true,
                Turn::Returns { unless } if unless.as_ref().is_none_or(|chains| !self.all_end(chains)) => return false,
                Turn::Ends { .. } | Turn::Returns { .. } => {}
            }
        }
        false
    }
}

/// Chains before all that they call; chains of a circle, which no kernel loads, are left out.
fn callers_first(found: &Found) -> Vec<usize> {
    let mut waiting = vec![0_u32; found.len()];
    for call in found.all_calls() {
        if let Some(callers) = waiting.get_mut(call.to as usize) {
            *callers += 1;
        }
    }
    let mut order: Vec<usize> = (0..waiting.len()).filter(|&at| waiting[at] == 0).collect();
    let mut next = 0;
    while let Some(&at) = order.get(next) {
        next += 1;
        for call in found.calls(at) {
            if let Some(callers) = waiting.get_mut(call.to as usize) {
                *callers -= 1;
                if *callers == 0 {
                    order.push(call.to as usize);
                }
            }
        }
    }
    order
}

/// The protocols of the packets that get into each chain.
fn protocols(table: &Table, found: &Found, order: &[usize]) -> Vec<Protocols> {
    let base = |chain: &Chain| chain.base.map(|_| Protocols::ALL);
    let mut seen: Vec<Option<Protocols>> = table.chains.iter().map(base).collect();
    for &at in order {
        let here = *seen[at].get_or_insert(Protocols::ALL);
        for call in found.calls(at) {
            if let Some(there) = seen.get_mut(call.to as usize) {
                let protocols = call.asked.of(&here);
                *there = Some(there.map_or(protocols, |known| known.or(&protocols)));
            }
        }
    }
    seen.into_iter().map(|known| known.unwrap_or(Protocols::ALL)).collect()
}
