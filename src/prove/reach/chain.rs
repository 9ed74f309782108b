//! A chain's rules, asked which of them do something with packets of a set.
//!
//! Where few rules come into question they are asked one by one; where many do, runs of them at once, if what all of
//! them do together had to be known anyway, for a chain that calls this one ([`super::tree`]).

use std::ops::Range;

use super::GOES_ON;
use super::bounds::Bounds;
use super::index::Index;
use super::rule::Facts;
use super::sample::Sample;
use super::tree::{Out, Run, Tree};
use super::unsteady::Unsteady;
use crate::packet::Hook;
use crate::prove::dd::{Arena, Bounded, Dd};

/// See [`Chain::few`].
const FEW: usize = 200;

/// What is known of a chain.
pub(super) struct Chain {
    pub facts: Vec<Facts>,
    pub unsteady: Unsteady,
    /// The hooks whose packets can come here.
    pub hooks: Vec<Hook>,
    /// Packets that may enter it.
    pub entering: Dd,
    /// How a packet fares that reaches the end: a policy, or `RETURNS`.
    pub end: u32,
    /// So many rules are rather asked one by one.
    pub few: usize,
    /// Questions that took too many steps.
    pub failed: usize,
    index: Index,
    tree: Tree,
    /// For each rule, the one way that it and all rules behind it have, if they do nothing else.
    alike: Vec<Option<Out>>,
}

impl Chain {
    /// A chain that no packet enters so far.
    ///
    /// # Errors
    /// When the arena's budget is used up.
    pub fn new(dd: &mut Arena, facts: Vec<Facts>, unsteady: Unsteady, end: u32) -> Bounded<Chain> {
        let mut bounds = Vec::with_capacity(facts.len());
        for facts in &facts {
            let touched = dd.or(facts.over, facts.acts)?;
            bounds.push(Bounds::of(dd, touched));
        }
        let mut alike = vec![Some(Out::Nowhere); facts.len() + 1];
        for (at, facts) in facts.iter().enumerate().rev() {
            let behind = alike.get(at + 1).copied().flatten();
            if let Some(cell) = alike.get_mut(at) {
                *cell = behind.filter(|_| facts.acts == Dd::FALSE).map(|behind| behind.join(Out::of(facts.ways)));
            }
        }
        let (index, tree) = (Index::new(bounds), Tree::new(facts.len()));
        Ok(Chain {
            facts,
            unsteady,
            hooks: Vec::new(),
            entering: Dd::FALSE,
            end,
            few: FEW,
            failed: 0,
            index,
            tree,
            alike,
        })
    }

    /// What all rules do, where that can be summed up.
    pub fn all(&mut self, dd: &mut Arena) -> Bounded<Option<Run>> {
        self.tree.root(dd, &self.facts)
    }

    /// Whether the rules from one on do nothing with any packet but let it out in this way.
    pub fn does_only(&self, from: usize, way: u32) -> bool {
        self.alike.get(from).copied().flatten().is_some_and(|out| out.is_only(way))
    }

    /// The rules of a range that may do something with packets of a set, where these are few, or nobody knows yet what
    /// all rules do together.
    fn few(&self, dd: &Arena, range: Range<usize>, set: Dd) -> Option<Vec<usize>> {
        let most = if self.tree.is_made() { self.few } else { usize::MAX };
        self.index.meeting(&Bounds::of(dd, set), range, most)
    }

    /// Whether few rules come into question for packets of a set.
    pub fn concerns_few(&self, dd: &Arena, set: Dd) -> bool {
        self.index.meeting(&Bounds::of(dd, set), 0..self.facts.len(), self.few).is_some()
    }

    /// The packets of `set` that may pass a range of rules.
    pub fn remaining(&mut self, dd: &mut Arena, range: Range<usize>, mut set: Dd) -> Bounded<Dd> {
        // What the widest rules take need not be asked of the others.
        let wide = self.index.unbounded().iter().filter(|rule| range.contains(rule));
        for facts in wide.filter_map(|&rule| self.facts.get(rule)) {
            set = facts.ways.remaining(dd, set)?;
        }
        if set == Dd::FALSE {
            return Ok(set);
        }
        if let Some(few) = self.few(dd, range.clone(), set) {
            for facts in few.into_iter().filter_map(|rule| self.facts.get(rule)) {
                set = facts.ways.remaining(dd, set)?;
            }
            return Ok(set);
        }
        for (_, run) in self.tree.parts(dd, &self.facts, range)? {
            set = dd.where_zero(run.ways, set, 0)?;
        }
        Ok(set)
    }

    /// Whether some packets of `set`, of all that enter, may come to the end.
    pub fn lets_pass(&mut self, dd: &mut Arena, set: Dd) -> Bounded<bool> {
        let len = self.facts.len();
        if let Some(sample) = Sample::of(dd, &[self.entering, set], 0)?
            && self.passes(dd, len, &sample)
        {
            return Ok(true);
        }
        let set = dd.and(self.entering, set)?;
        Ok(self.remaining(dd, 0..len, set)? != Dd::FALSE)
    }

    /// The rules of a range that take packets of `set`, one after the other, and what is left of it.
    pub fn takers(&mut self, dd: &mut Arena, range: Range<usize>, mut set: Dd) -> Bounded<(Vec<usize>, Dd)> {
        let mut takers = Vec::new();
        if let Some(few) = self.few(dd, range.clone(), set) {
            for rule in few {
                let Some(facts) = self.facts.get(rule).filter(|_| set != Dd::FALSE) else { break };
                let left = facts.ways.remaining(dd, set)?;
                if left != set {
                    takers.push(rule);
                }
                set = left;
            }
            return Ok((takers, set));
        }
        for (part, _) in self.tree.parts(dd, &self.facts, range)? {
            let (more, left) = self.tree.takers(dd, &self.facts, part, set)?;
            takers.extend(more);
            set = left;
        }
        Ok((takers, set))
    }

    /// What becomes of the packets of `set` in a range of rules, if that can only be the one way: those that may pass
    /// it. `None` where something else may become of some.
    pub fn only(&mut self, dd: &mut Arena, range: Range<usize>, mut set: Dd, way: u32) -> Bounded<Option<Dd>> {
        let other = |leaf| leaf != GOES_ON && leaf != way;
        if let Some(few) = self.few(dd, range.clone(), set) {
            for facts in few.into_iter().filter_map(|rule| self.facts.get(rule)) {
                if facts.ways.take(dd, set, other)? || dd.meets(set, facts.acts)? {
                    return Ok(None);
                }
                set = facts.ways.remaining(dd, set)?;
            }
            return Ok(Some(set));
        }
        for (_, run) in self.tree.parts(dd, &self.facts, range)? {
            if dd.meets(set, run.acts)? || !run.out.is_only(way) && dd.meets_where(set, run.ways, other)? {
                return Ok(None);
            }
            set = dd.where_zero(run.ways, set, 0)?;
        }
        Ok(Some(set))
    }

    /// Whether no rule before this one surely takes the packet.
    pub fn passes(&self, dd: &Arena, rule: usize, sample: &Sample) -> bool {
        let goes_on = |rule: usize| self.facts.get(rule).is_none_or(|facts| facts.ways.of(dd, sample) == GOES_ON);
        self.index.each_of_packet(sample, 0..rule, &mut |rule| goes_on(rule).then_some(())).is_some()
    }

    /// How a packet that passes the rules before `from` fares from there; `None` where that is not told.
    pub fn fate(&self, dd: &Arena, from: usize, sample: &Sample) -> Option<u32> {
        let mut behind = Vec::new();
        self.index.each_of_packet(sample, from..self.facts.len(), &mut |rule| {
            behind.push(rule);
            Some(())
        });
        behind.sort_unstable();
        for facts in behind.into_iter().filter_map(|rule| self.facts.get(rule)) {
            if sample.eval(dd, facts.acts) != 0 {
                return None;
            }
            let way = facts.ways.of(dd, sample);
            if way != GOES_ON {
                return Some(way);
            }
        }
        Some(self.end)
    }

    /// Rules behind this one that may do something else than `way` with packets that match it: the first of them.
    pub fn rivals(&self, rule: usize, way: u32) -> Vec<usize> {
        let Some(bounds) = self.index.bounds(rule) else { return Vec::new() };
        let rest = rule + 1..self.facts.len();
        let differs = |&other: &usize| {
            let facts = self.facts.get(other);
            facts.is_some_and(|facts| facts.acts != Dd::FALSE || !Out::of(facts.ways).is_only(way))
        };
        let near = |&other: &usize| self.index.bounds(other).is_some_and(|other| other.meets(bounds));
        match self.index.meeting(bounds, rest.clone(), self.few) {
            Some(few) => few.into_iter().filter(differs).collect(),
            None => rest.filter(differs).filter(near).take(RIVALS).collect(),
        }
    }
}

/// Rules that are tried before all are asked.
const RIVALS: usize = 16;
