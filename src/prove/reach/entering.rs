//! Which packets come to each chain: from the hooks down, callers before the called.
//!
//! A set that is too large to carry on is replaced by a larger one that is simpler: too many packets
//! entering a chain can hide a dead rule, never invent one.

use super::chain::Chain;
use super::{Reach, STEPS};
use crate::prove::block::{ChainId, Flow, Step};
use crate::prove::dd::{Arena, Bounded, Dd, OutOfBudget};

/// Nodes of an entering set; larger ones are simplified.
const LARGEST: usize = 2_000;

impl Reach {
    pub(super) fn enter(&mut self) -> Bounded<()> {
        for at in 0..self.program.bases.len() {
            let Some(base) = self.program.bases.get(at) else { continue };
            let (id, hook) = (base.chain, base.key.hook);
            let possible = self.space.possible(hook)?;
            if let Some(chain) = self.chains.get_mut(&id) {
                chain.hooks.push(hook);
                chain.entering = self.space.dd.or(chain.entering, possible)?;
            }
        }
        for at in 0..self.order.len() {
            if let Some(&id) = self.order.get(at) {
                self.follow_calls(id)?;
            }
        }
        Ok(())
    }

    fn follow_calls(&mut self, id: ChainId) -> Bounded<()> {
        let Some(chain) = self.chains.get_mut(&id) else { return Ok(()) };
        if chain.entering == Dd::FALSE {
            return Ok(());
        }
        let mut coming: Vec<(ChainId, Dd)> = Vec::new();
        for number in 0..chain.facts.len() {
            let Some(facts) = chain.facts.get(number).copied() else { continue };
            if let Some(to) = facts.calls {
                coming.push((to, sent(&mut self.space.dd, chain, number, facts.over)?));
            } else {
                // A step that is not understood may call as well: its packets are all it can send.
                for to in called_otherwise(self.program.chains.get(id.0).and_then(|c| c.rules.get(number))) {
                    coming.push((to, facts.over));
                }
            }
        }
        let hooks = chain.hooks.clone();
        for (to, set) in coming {
            let Some(called) = self.chains.get_mut(&to) else { continue };
            if set != Dd::FALSE {
                let missing = hooks.iter().filter(|hook| !called.hooks.contains(hook)).copied().collect::<Vec<_>>();
                called.hooks.extend(missing);
            }
            let all = self.space.dd.or(called.entering, set)?;
            called.entering = small(&mut self.space.dd, all)?;
        }
        Ok(())
    }
}

/// The packets that a rule sends on, as they are then.
fn sent(dd: &mut Arena, chain: &mut Chain, number: usize, over: Dd) -> Bounded<Dd> {
    let entering = chain.entering;
    let exact = dd.with_steps(STEPS, |dd| {
        let set = dd.and(entering, over)?;
        chain.remaining(dd, 0..number, set)
    });
    let set = match exact {
        Ok(set) => set,
        Err(OutOfBudget::Steps) => over,
        Err(stop) => return Err(stop),
    };
    chain.unsteady.may(dd, set)
}

fn small(dd: &mut Arena, set: Dd) -> Bounded<Dd> {
    if dd.support(set, LARGEST).is_some() {
        return Ok(set);
    }
    let forced = dd.forced(set);
    dd.conjunction(&forced)
}

fn called_otherwise(rule: Option<&crate::prove::block::Rule>) -> Vec<ChainId> {
    let branches = |step: &Step| match step {
        Step::Dispatch(branches) => branches.iter().map(|branch| branch.flow.clone()).collect(),
        Step::Flow(flow) => vec![flow.clone()],
        _ => Vec::new(),
    };
    let flows = rule.into_iter().flat_map(|rule| rule.steps.iter().flat_map(branches));
    flows
        .filter_map(|flow| match flow {
            Flow::Jump(to) | Flow::Goto(to) => Some(to),
            _ => None,
        })
        .collect()
}
