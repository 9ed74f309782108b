//! A binary tree over a chain's rules: for each run of rules in it, what packets that enter it meet.
//!
//! A run that is too complicated to sum up is left open, and questions about it go to its halves.

use std::ops::Range;

use super::rule::Facts;
use super::{GOES_ON, STEPS};
use crate::prove::dd::{Arena, Bounded, Dd, OutOfBudget};

/// What packets meet in a run of rules.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// How they first surely leave the chain; `GOES_ON` for those that may not.
    pub ways: Dd,
    /// The leaves of `ways` besides that one, as far as they are told apart.
    pub out: Out,
    /// Packets for which something may happen that `ways` does not say.
    pub acts: Dd,
    /// Packets that may go back to the calling chain where `ways` does not say so.
    pub back: Dd,
}

/// The ways out of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Out {
    Nowhere,
    Only(u32),
    /// Any.
    Several,
}

impl Out {
    fn of(facts: &Facts) -> Self {
        match facts.only {
            _ if facts.ways == Dd::leaf(GOES_ON) => Out::Nowhere,
            Some(only) => Out::Only(only),
            None => Out::Several,
        }
    }

    fn join(self, other: Out) -> Self {
        match (self, other) {
            (Out::Nowhere, out) | (out, Out::Nowhere) => out,
            (one, other) if one == other => one,
            _ => Out::Several,
        }
    }

    /// Whether no packet leaves in another way than this.
    pub fn is_only(self, way: u32) -> bool {
        matches!(self, Out::Nowhere) || self == Out::Only(way)
    }
}

/// The tree; node 1 is the root, the halves of node n are 2n and 2n + 1.
pub(super) struct Tree {
    /// Rules.
    len: usize,
    /// Leaves of the tree: `len`, rounded up to a power of two.
    size: usize,
    runs: Vec<Option<Run>>,
}

/// A part of a range: a node of the tree.
pub(super) type Part = usize;

impl Tree {
    /// Sums up rules.
    ///
    /// # Errors
    /// When the arena's budget is used up.
    pub fn new(dd: &mut Arena, facts: &[Facts]) -> Bounded<Tree> {
        let size = facts.len().max(1).next_power_of_two();
        let idle = Run { ways: Dd::leaf(GOES_ON), out: Out::Nowhere, acts: Dd::FALSE, back: Dd::FALSE };
        let mut runs = vec![Some(idle); 2 * size];
        for (cell, facts) in runs.iter_mut().skip(size).zip(facts) {
            *cell = Some(Run { ways: facts.ways, out: Out::of(facts), acts: facts.acts, back: facts.back });
        }
        let mut tree = Tree { len: facts.len(), size, runs };
        for node in (1..size).rev() {
            let run = match (tree.run(2 * node), tree.run(2 * node + 1)) {
                (Some(left), Some(right)) => match dd.with_steps(STEPS * 5, |dd| join(dd, left, right)) {
                    Ok(run) => Some(run),
                    Err(OutOfBudget::Steps) => None,
                    Err(stop) => return Err(stop),
                },
                _ => None,
            };
            if let Some(cell) = tree.runs.get_mut(node) {
                *cell = run;
            }
        }
        Ok(tree)
    }

    /// What a node's rules do, where they could be summed up.
    pub fn run(&self, part: Part) -> Option<Run> {
        self.runs.get(part).copied().flatten()
    }

    /// What all rules do.
    pub fn root(&self) -> Option<Run> {
        self.run(1)
    }

    /// The rule at a node, when it is a leaf.
    pub fn rule(&self, part: Part) -> Option<usize> {
        part.checked_sub(self.size)
    }

    /// Nodes that together are a range of rules, in order; none of them is left open.
    pub fn parts(&self, range: Range<usize>) -> Vec<Part> {
        let mut parts = Vec::new();
        self.cover(1, 0..self.size, &(range.start..range.end.min(self.len)), &mut parts);
        parts
    }

    fn cover(&self, node: Part, here: Range<usize>, wanted: &Range<usize>, parts: &mut Vec<Part>) {
        if here.end <= wanted.start || wanted.end <= here.start {
            return;
        }
        let whole = wanted.start <= here.start && here.end <= wanted.end;
        if whole && self.run(node).is_some() || node >= self.size {
            parts.push(node);
            return;
        }
        let middle = here.start.midpoint(here.end);
        self.cover(2 * node, here.start..middle, wanted, parts);
        self.cover(2 * node + 1, middle..here.end, wanted, parts);
    }

    /// Whether a range of rules does nothing with any packet but let it out in this way.
    pub fn does_only(&self, range: Range<usize>, way: u32) -> bool {
        let alike = |run: Run| run.acts == Dd::FALSE && run.out.is_only(way);
        self.parts(range).into_iter().all(|part| self.run(part).is_some_and(alike))
    }

    /// The packets of `set` that may pass a range of rules.
    pub fn remaining(&self, dd: &mut Arena, range: Range<usize>, mut set: Dd) -> Bounded<Dd> {
        for part in self.parts(range) {
            if set == Dd::FALSE {
                break;
            }
            if let Some(run) = self.run(part) {
                set = dd.where_zero(run.ways, set, 0)?;
            }
        }
        Ok(set)
    }

    /// The rules of a range that take packets of `set`, one after the other, and what is left of it.
    pub fn takers(&self, dd: &mut Arena, range: Range<usize>, mut set: Dd) -> Bounded<(Vec<usize>, Dd)> {
        let mut rules = Vec::new();
        let mut rest = self.parts(range);
        rest.reverse();
        while let Some(part) = rest.pop() {
            let Some(run) = self.run(part) else {
                rest.extend([2 * part + 1, 2 * part]);
                continue;
            };
            let left = dd.where_zero(run.ways, set, 0)?;
            if left == set {
                continue;
            }
            match self.rule(part) {
                Some(rule) => {
                    rules.push(rule);
                    set = left;
                }
                None => rest.extend([2 * part + 1, 2 * part]),
            }
            if set == Dd::FALSE {
                break;
            }
        }
        Ok((rules, set))
    }
}

fn join(dd: &mut Arena, left: Run, right: Run) -> Bounded<Run> {
    Ok(Run {
        ways: dd.otherwise(left.ways, GOES_ON, right.ways)?,
        out: left.out.join(right.out),
        acts: dd.or(left.acts, right.acts)?,
        back: dd.or(left.back, right.back)?,
    })
}
