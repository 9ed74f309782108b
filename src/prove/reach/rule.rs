//! What is sure, and what is possible, about one rule.

use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};

use super::chain::Chain;
use super::tree::{Out, Run};
use super::unsteady::Unsteady;
use super::ways::Ways;
use super::{GOES_ON, RETURNS, SOMEHOW, leaf};
use crate::prove::block::{ChainId, Flow, Rule, Step, Terms};
use crate::prove::dd::{Arena, Bounded, Dd, Range};

/// A rule as its chain sees it; all sets are of packets as they entered the chain.
///
/// Invariant: a packet outside `acts` fares exactly as `ways` says, and nothing else happens to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    /// Packets that may pass all tests.
    pub over: Dd,
    /// Whether `over` are exactly those that do.
    pub exact: bool,
    /// How packets surely leave the chain here.
    pub ways: Ways,
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
    pub chains: &'a mut FxHashMap<ChainId, Chain>,
}

/// A condition of a rule.
#[derive(Clone, Copy)]
enum Test {
    Set(Dd),
    In(Range),
}

/// A rule half read.
struct Progress {
    /// Tests since the last change, as written.
    tests: SmallVec<[Test; 8]>,
    /// Packets that may, and that surely do, pass the tests before the last change.
    may: Dd,
    must: Dd,
    acts: Dd,
    exact: bool,
}

impl Reading<'_> {
    /// Reads a rule of a chain that changes what `unsteady` says.
    pub fn facts(&mut self, rule: &Rule, unsteady: &Unsteady) -> Bounded<Facts> {
        let mut at = Progress { tests: SmallVec::new(), may: Dd::TRUE, must: Dd::TRUE, acts: Dd::FALSE, exact: true };
        for step in &rule.steps {
            match step {
                Step::Test(set) => at.tests.push(Test::Set(*set)),
                Step::In(range) => at.tests.push(Test::In(*range)),
                Step::Among(values) => at.tests.push(Test::Set(self.dd.any_range(values)?)),
                Step::Consult(_) | Step::Effect { .. } | Step::EffectOn { .. } => {
                    let here = self.here(&mut at, unsteady)?.0;
                    at.acts = self.dd.or(at.acts, here)?;
                }
                Step::Assign(_) => {
                    // What is tested from here on is another packet.
                    (at.may, at.must) = self.here(&mut at, unsteady)?;
                    at.tests.clear();
                    at.acts = self.dd.or(at.acts, at.may)?;
                    at.exact = false;
                }
                Step::Flow(flow) => return self.flow(at, flow, unsteady),
                Step::Dispatch(_) | Step::Unknown(_) | Step::UnknownOn { .. } => {
                    return self.gives_up(at, rule, unsteady);
                }
            }
        }
        self.flow(at, &Flow::Continue, unsteady)
    }

    /// Packets that may be, and that surely are, still in the rule.
    fn here(&mut self, at: &mut Progress, unsteady: &Unsteady) -> Bounded<(Dd, Dd)> {
        let inside = self.all(&mut at.tests)?;
        at.tests = smallvec![Test::Set(inside)];
        let (may, must) = (unsteady.may(self.dd, inside)?, unsteady.must(self.dd, inside)?);
        Ok((self.dd.and(at.may, may)?, self.dd.and(at.must, must)?))
    }

    /// The packets that pass tests; from the last variables up, so that nothing is made twice.
    fn all(&mut self, tests: &mut [Test]) -> Bounded<Dd> {
        tests.sort_by_key(|test| match test {
            Test::Set(set) => self.dd.split(*set).map(|(var, ..)| var),
            Test::In(range) => Some(range.first),
        });
        tests.iter().rev().try_fold(Dd::TRUE, |all, test| match test {
            Test::Set(set) => self.dd.above(*set, all),
            Test::In(range) => self.dd.inside(&[*range], all, Dd::FALSE),
        })
    }

    fn flow(&mut self, mut at: Progress, flow: &Flow, unsteady: &Unsteady) -> Bounded<Facts> {
        let (over, must) = self.here(&mut at, unsteady)?;
        let (exact, acts) = (at.exact && over == must, at.acts);
        let facts = Facts { over, exact, ways: Ways::NONE, acts, back: Dd::FALSE, only: None, calls: None };
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
        Ok(Facts { ways: Ways::one(must, known), acts, back, only, ..facts })
    }

    fn call(&mut self, facts: Facts, must: Dd, to: ChainId, unsteady: &Unsteady, goto: bool) -> Bounded<Facts> {
        let facts = Facts { calls: Some(to), ..facts };
        let nothing = Run { ways: Dd::leaf(GOES_ON), out: Out::Nowhere, acts: Dd::TRUE, back: Dd::TRUE };
        let called = match self.chains.get_mut(&to) {
            Some(chain) => chain.all(self.dd)?.unwrap_or(nothing),
            None => nothing,
        };
        let told = if goto { self.gone(called)? } else { self.jumped(called)? };
        let ways = unsteady.ways(self.dd, told)?;
        let lost = self.dd.differ(told, ways)?;
        let acts = self.dd.or(called.acts, lost)?;
        let acts = unsteady.may(self.dd, acts)?;
        let acts = self.dd.and(facts.over, acts)?;
        let unsure = self.dd.minus(facts.over, must)?;
        let unsure = if unsure == Dd::FALSE { unsure } else { self.may_leave(told, unsure, unsteady)? };
        let acts = self.dd.any(&[facts.acts, acts, unsure])?;
        Ok(Facts { ways: Ways::told(must, ways), acts, back: if goto { unsure } else { Dd::FALSE }, ..facts })
    }

    /// The packets of a set that may leave by ways out of a called chain.
    fn may_leave(&mut self, told: Dd, set: Dd, unsteady: &Unsteady) -> Bounded<Dd> {
        let stays = self.dd.is(told, GOES_ON)?;
        let leaves = self.dd.not(stays)?;
        let leaves = unsteady.may(self.dd, leaves)?;
        self.dd.and(set, leaves)
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
    fn gives_up(&mut self, mut at: Progress, rule: &Rule, unsteady: &Unsteady) -> Bounded<Facts> {
        let over = self.here(&mut at, unsteady)?.0;
        let acts = self.dd.or(at.acts, over)?;
        let goes_back = rule.steps.iter().any(|step| matches!(step, Step::Flow(Flow::Return | Flow::Goto(_))))
            || matches!(rule.steps.last(), Some(Step::Unknown(_) | Step::UnknownOn { .. } | Step::Dispatch(_)));
        let back = if goes_back { over } else { Dd::FALSE };
        Ok(Facts { over, exact: false, ways: Ways::NONE, acts, back, only: None, calls: None })
    }
}
