//! What is sure, and what is possible, about one rule.

use rustc_hash::FxHashMap;

use super::tree::{Out, Run};
use super::unsteady::Unsteady;
use super::{Chain, GOES_ON, RETURNS, SOMEHOW, leaf};
use crate::prove::block::{ChainId, Flow, Rule, Step, Terms};
use crate::prove::dd::{Arena, Bounded, Dd};

/// A rule as its chain sees it; all sets are of packets as they entered the chain.
///
/// Invariant: a packet outside `acts` fares exactly as `ways` says, and nothing else happens to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    /// Packets that may pass all tests.
    pub over: Dd,
    /// Whether `over` are exactly those that do.
    pub exact: bool,
    /// How packets surely leave the chain here; `GOES_ON` for those that may not.
    pub ways: Dd,
    /// Packets for which something may happen that `ways` does not say.
    pub acts: Dd,
    /// Packets that may go back to the calling chain where `ways` does not say so.
    pub back: Dd,
    /// The one way in which all packets that match leave, when nothing else is done to them.
    pub only: Option<u32>,
    /// Where it sends the packets that match.
    pub calls: Option<ChainId>,
}

/// What a rule is read with.
pub(super) struct Reading<'a> {
    pub dd: &'a mut Arena,
    pub terms: &'a mut Terms,
    /// The chains it may call.
    pub chains: &'a FxHashMap<ChainId, Chain>,
}

/// A rule half read.
struct Progress {
    /// Tests so far, as written.
    inside: Dd,
    /// Packets that may, and that surely do, pass the tests before the last change.
    may: Dd,
    must: Dd,
    acts: Dd,
    exact: bool,
}

impl Reading<'_> {
    /// Reads a rule of a chain that changes what `unsteady` says.
    pub fn facts(&mut self, rule: &Rule, unsteady: &Unsteady) -> Bounded<Facts> {
        let mut at = Progress { inside: Dd::TRUE, may: Dd::TRUE, must: Dd::TRUE, acts: Dd::FALSE, exact: true };
        for step in &rule.steps {
            if let Some(set) = step.tested(self.dd)? {
                at.inside = self.dd.and(at.inside, set)?;
            }
            match step {
                Step::Test(_) | Step::In(_) | Step::Among(_) => {}
                Step::Consult(_) | Step::Effect { .. } | Step::EffectOn { .. } => {
                    let here = self.here(&at, unsteady)?.0;
                    at.acts = self.dd.or(at.acts, here)?;
                }
                Step::Assign(_) => {
                    // What is tested from here on is another packet.
                    (at.may, at.must) = self.here(&at, unsteady)?;
                    at.inside = Dd::TRUE;
                    at.acts = self.dd.or(at.acts, at.may)?;
                    at.exact = false;
                }
                Step::Flow(flow) => return self.flow(at, flow, unsteady),
                Step::Dispatch(_) | Step::Unknown(_) => return self.gives_up(at, rule, unsteady),
            }
        }
        self.flow(at, &Flow::Continue, unsteady)
    }

    /// Packets that may be, and that surely are, still in the rule.
    fn here(&mut self, at: &Progress, unsteady: &Unsteady) -> Bounded<(Dd, Dd)> {
        let (may, must) = (unsteady.may(self.dd, at.inside)?, unsteady.must(self.dd, at.inside)?);
        Ok((self.dd.and(at.may, may)?, self.dd.and(at.must, must)?))
    }

    fn flow(&mut self, at: Progress, flow: &Flow, unsteady: &Unsteady) -> Bounded<Facts> {
        let (over, must) = self.here(&at, unsteady)?;
        let (exact, acts) = (at.exact && over == must, at.acts);
        let facts = Facts { over, exact, ways: Dd::FALSE, acts, back: Dd::FALSE, only: None, calls: None };
        let known = match flow {
            Flow::Continue => return Ok(facts),
            Flow::Return => RETURNS,
            Flow::Verdict(verdict) => leaf(self.terms, verdict),
            Flow::Jump(to) => return self.call(facts, must, *to, unsteady, false),
            Flow::Goto(to) => return self.call(facts, must, *to, unsteady, true),
        };
        let only = (acts == Dd::FALSE && exact).then_some(known);
        let unsure = self.dd.minus(over, must)?;
        let acts = self.dd.or(acts, unsure)?;
        let back = if known == RETURNS { unsure } else { Dd::FALSE };
        let ways = self.dd.ite(must, Dd::leaf(known), Dd::leaf(GOES_ON))?;
        Ok(Facts { ways, acts, back, only, ..facts })
    }

    fn call(&mut self, facts: Facts, must: Dd, to: ChainId, unsteady: &Unsteady, goto: bool) -> Bounded<Facts> {
        let facts = Facts { calls: Some(to), ..facts };
        let nothing = Run { ways: Dd::leaf(GOES_ON), out: Out::Nowhere, acts: Dd::TRUE, back: Dd::TRUE };
        let called = self.chains.get(&to).and_then(|chain| chain.tree.root()).unwrap_or(nothing);
        let told = if goto { self.gone(called)? } else { self.jumped(called)? };
        let ways = unsteady.ways(self.dd, told)?;
        let lost = self.dd.differ(told, ways)?;
        let acts = self.dd.or(called.acts, lost)?;
        let acts = unsteady.may(self.dd, acts)?;
        let acts = self.dd.and(facts.over, acts)?;
        let unsure = self.dd.minus(facts.over, must)?;
        let leaves = self.dd.is(told, GOES_ON)?;
        let leaves = self.dd.not(leaves)?;
        let leaves = unsteady.may(self.dd, leaves)?;
        let unsure = self.dd.and(unsure, leaves)?;
        let acts = self.dd.any(&[facts.acts, acts, unsure])?;
        let ways = self.dd.ite(must, ways, Dd::leaf(GOES_ON))?;
        Ok(Facts { ways, acts, back: if goto { unsure } else { Dd::FALSE }, ..facts })
    }

    /// Ways out of a called chain as the caller sees them: who comes back goes on.
    fn jumped(&mut self, called: Run) -> Bounded<Dd> {
        let ways = self.dd.otherwise(called.ways, RETURNS, Dd::leaf(GOES_ON))?;
        let ways = self.dd.otherwise(ways, SOMEHOW, Dd::leaf(GOES_ON))?;
        self.dd.ite(called.back, Dd::leaf(GOES_ON), ways)
    }

    /// Ways out of a chain that is gone to: nobody comes back to the caller.
    fn gone(&mut self, called: Run) -> Bounded<Dd> {
        let end = self.dd.ite(called.acts, Dd::leaf(SOMEHOW), Dd::leaf(RETURNS))?;
        let ways = self.dd.otherwise(called.ways, GOES_ON, end)?;
        self.dd.ite(called.back, Dd::leaf(SOMEHOW), ways)
    }

    /// Packets that come to a step nobody understands may fare in any way.
    fn gives_up(&mut self, at: Progress, rule: &Rule, unsteady: &Unsteady) -> Bounded<Facts> {
        let over = self.here(&at, unsteady)?.0;
        let acts = self.dd.or(at.acts, over)?;
        let goes_back = rule.steps.iter().any(|step| matches!(step, Step::Flow(Flow::Return | Flow::Goto(_))))
            || matches!(rule.steps.last(), Some(Step::Unknown(_) | Step::Dispatch(_)));
        let back = if goes_back { over } else { Dd::FALSE };
        Ok(Facts { over, exact: false, ways: Dd::FALSE, acts, back, only: None, calls: None })
    }
}
