//! Which packets reach each rule of a ruleset, and whether a rule makes any difference.
//!
//! The algebra of `block` sums up whole base chains; here each rule is asked about on its own, cheaply
//! enough for tens of thousands of them. Most questions are settled by example packets ([`sample`]), which
//! an index of the chain's rules leads to the few that concern them ([`index`]). What is left is asked of
//! diagrams: those of the few rules that come into question, or where they are many, those of a tree over
//! the rules that holds, for every run of rules in it, which packets surely leave there and how ([`tree`]).
//!
//! # What is claimed
//!
//! [`Reach`] knows rules of two kinds of set: packets that *may* match (`over`) and packets that *surely*
//! match. What a rule reads and this chain or one it calls may have changed before, and what limits and
//! random choices answer, is forgotten in the direction that makes each answer safe:
//! - a rule said to be never reached matches no packet at all;
//! - a rule said to make no difference can be taken out, and every packet has the same verdict, changes
//!   and effects (its own counter apart).
//!
//! The other direction is not claimed: a rule of which nothing is said may still be dead. What the step
//! budget leaves open is counted in [`Reach::undecided`].

mod bounds;
mod chain;
mod entering;
mod index;
mod rule;
mod sample;
#[cfg(test)]
mod tests;
mod tree;
mod unsteady;
mod usefulness;
mod ways;

use rustc_hash::FxHashMap;

use super::Ruleset;
use super::block::{ChainId, Program, Terms, Verdict, order};
use super::dd::{Bounded, Budget, Dd};
use super::space::{Names, Space};
use crate::packet::{Family, Hook};

use chain::Chain;
use rule::Facts;
use unsteady::Unsteady;

/// Leaf of a way out: the packet goes on to the next rule.
pub(super) const GOES_ON: u32 = 0;
/// Leaf of a way out: back to the calling chain, in a base chain to the policy.
pub(super) const RETURNS: u32 = 1;
/// Leaf of a way out: out of the chain, nobody knows how.
pub(super) const SOMEHOW: u32 = 2;

/// Steps that one question about one rule may take.
const STEPS: u64 = 200_000;

/// Steps that all questions about a ruleset may take: what is decided must not depend on the machine.
const ALL_STEPS: u64 = 200_000_000;

/// A rule: its chain in the program, and its number there, from 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct At {
    pub chain: ChainId,
    pub rule: usize,
}

/// Why no packet matches a rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Dead {
    /// No packet at any hook that leads here can satisfy all of its tests.
    Contradiction,
    /// No packet that chains send here satisfies its tests.
    NothingComes,
    /// These rules before it, in their order, take every packet that would match.
    Shadowed(Vec<usize>),
}

/// What can be told about a rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Use {
    Dead(Dead),
    /// Packets match, and without the rule they would fare alike.
    NoDifference(SameAnyway),
    /// Nothing to be said against it.
    Needed,
    Undecided,
}

/// Why a rule makes no difference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SameAnyway {
    /// Later rules and the chain's end decide alike; the numbers of the rules that do, in order.
    Decided { by: Vec<usize>, end: bool },
    /// What it jumps to does nothing with the packets it gets.
    DoesNothing,
}

/// One family's rules, ready to be asked.
pub struct Reach {
    pub space: Space,
    program: Program,
    terms: Terms,
    chains: FxHashMap<ChainId, Chain>,
    order: Vec<ChainId>,
    /// Questions that the step budget left open.
    pub undecided: usize,
}

impl Reach {
    /// Reads the rules of one family.
    ///
    /// # Errors
    /// When the arena's budget is used up.
    pub fn new<R: Ruleset + ?Sized>(rules: &R, family: Family, budget: Budget) -> Bounded<Reach> {
        let facts = rules.facts(family);
        let mut space = Space::new(family, Names::new(facts.names), facts.tracks, budget);
        space.dd.limit_steps(ALL_STEPS);
        let program = rules.program(&mut space)?;
        let order = order(&program);
        let mut reach =
            Reach { space, program, terms: Terms::default(), chains: FxHashMap::default(), order, undecided: 0 };
        reach.sum_up()?;
        reach.enter()?;
        Ok(reach)
    }

    /// The chains of the program as the reader made them.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Called chains first.
    fn sum_up(&mut self) -> Bounded<()> {
        for at in (0..self.order.len()).rev() {
            let Some(&id) = self.order.get(at) else { continue };
            let Some(chain) = self.program.chains.get(id.0) else { continue };
            let unsteady = Unsteady::of(chain, &self.chains);
            let mut facts = Vec::with_capacity(chain.rules.len());
            for rule in &chain.rules {
                let mut reading =
                    rule::Reading { dd: &mut self.space.dd, terms: &mut self.terms, chains: &mut self.chains };
                facts.push(reading.facts(rule, &unsteady)?);
            }
            let base = self.program.bases.iter().find(|base| base.chain == id);
            let end = base.map_or(RETURNS, |base| leaf(&mut self.terms, &base.policy));
            for facts in facts.iter_mut().filter(|_| end != RETURNS) {
                facts.ways = facts.ways.with(&mut self.space.dd, RETURNS, end)?;
                facts.only = facts.only.map(|way| if way == RETURNS { end } else { way });
            }
            let chain = Chain::new(&mut self.space.dd, facts, unsteady, end)?;
            self.chains.insert(id, chain);
        }
        Ok(())
    }

    /// Whether any packet can come to a chain.
    pub fn is_entered(&self, chain: ChainId) -> bool {
        self.entering(chain) != Dd::FALSE
    }

    /// The packets that may enter a chain, as they are then.
    pub fn entering(&self, chain: ChainId) -> Dd {
        self.chains.get(&chain).map_or(Dd::FALSE, |chain| chain.entering)
    }

    /// The hooks whose packets can come to a chain.
    pub fn hooks(&self, chain: ChainId) -> &[Hook] {
        self.chains.get(&chain).map_or(&[], |chain| &chain.hooks)
    }

    /// The packets that may match a rule, whether or not they get to it, and whether these are exactly those
    /// that match. They are told as they were when they entered the chain.
    pub fn matching(&self, at: At) -> (Dd, bool) {
        self.facts(at).map_or((Dd::FALSE, false), |facts| (facts.over, facts.exact))
    }

    /// What a rule makes of all packets that match it, when it is one and the same verdict and nothing else.
    pub fn verdict(&self, at: At) -> Option<&Verdict> {
        self.terms.verdict(self.facts(at)?.only?)
    }

    /// The packets that may both reach a rule and match it.
    ///
    /// # Errors
    /// When that takes too many steps.
    pub fn reaching(&mut self, at: At) -> Bounded<Dd> {
        let Some(chain) = self.chains.get_mut(&at.chain) else { return Ok(Dd::FALSE) };
        let Some(facts) = chain.facts.get(at.rule) else { return Ok(Dd::FALSE) };
        let (entering, over) = (chain.entering, facts.over);
        self.space.dd.with_steps(10 * STEPS, |dd| {
            let set = dd.and(entering, over)?;
            chain.remaining(dd, 0..at.rule, set)
        })
    }

    /// The packets of a set that may come to the end of a chain.
    ///
    /// # Errors
    /// When that takes too many steps.
    pub fn passing(&mut self, chain: ChainId, set: Dd) -> Bounded<Dd> {
        let Some(chain) = self.chains.get_mut(&chain) else { return Ok(Dd::FALSE) };
        let entering = chain.entering;
        self.space.dd.with_steps(10 * STEPS, |dd| {
            let set = dd.and(entering, set)?;
            chain.remaining(dd, 0..chain.facts.len(), set)
        })
    }

    /// Whether some packets of a set may come to the end of a chain.
    ///
    /// # Errors
    /// When that takes too many steps.
    pub fn lets_pass(&mut self, chain: ChainId, set: Dd) -> Bounded<bool> {
        let Some(chain) = self.chains.get_mut(&chain) else { return Ok(false) };
        self.space.dd.with_steps(10 * STEPS, |dd| chain.lets_pass(dd, set))
    }

    fn facts(&self, at: At) -> Option<&Facts> {
        self.chains.get(&at.chain)?.facts.get(at.rule)
    }
}

/// The leaf of a verdict; never one of the three above, since `Terms` numbers verdicts from 2.
fn leaf(terms: &mut Terms, verdict: &Verdict) -> u32 {
    // `SOMEHOW` takes the first number, so that no verdict has it.
    terms.leaf(&Verdict::Other(String::new()));
    terms.leaf(verdict)
}
