//! A binary tree over a chain's rules: for each run of rules in it, what packets that enter it meet.
//!
//! A run is summed up when a question first asks about it. One that is too complicated is left open, and questions
//! about it go to its halves.

use std::ops::Range;

use super::rule::Facts;
use super::ways::Ways;
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
    pub fn of(ways: Ways) -> Self {
        match ways.only() {
            Some(GOES_ON) => Out::Nowhere,
            Some(way) => Out::Only(way),
            None => Out::Several,
        }
    }

    pub fn join(self, other: Out) -> Self {
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
    runs: Vec<Node>,
}

#[derive(Clone, Copy)]
enum Node {
    /// Nobody has asked about it.
    Unmade,
    Run(Run),
    /// Too complicated.
    Open,
}

/// A part of a range: a node of the tree.
pub(super) type Part = usize;

impl Tree {
    /// A tree over so many rules.
    pub fn new(len: usize) -> Tree {
        let size = len.max(1).next_power_of_two();
        Tree { len, size, runs: vec![Node::Unmade; 2 * size] }
    }

    /// What a node's rules do, where they can be summed up; `facts` are those of all rules.
    ///
    /// # Errors
    /// When the arena's budget is used up.
    pub fn run(&mut self, dd: &mut Arena, facts: &[Facts], part: Part) -> Bounded<Option<Run>> {
        match self.runs.get(part) {
            Some(Node::Unmade) => {}
            Some(Node::Run(run)) => return Ok(Some(*run)),
            Some(Node::Open) | None => return Ok(None),
        }
        let run = match self.rule(part) {
            Some(rule) => Some(facts.get(rule).map_or(Ok(IDLE), |facts| Run::of(dd, facts))?),
            None => self.halves(dd, facts, part)?,
        };
        if let Some(node) = self.runs.get_mut(part) {
            *node = run.map_or(Node::Open, Node::Run);
        }
        Ok(run)
    }

    fn halves(&mut self, dd: &mut Arena, facts: &[Facts], part: Part) -> Bounded<Option<Run>> {
        let Some(left) = self.run(dd, facts, 2 * part)? else { return Ok(None) };
        let Some(right) = self.run(dd, facts, 2 * part + 1)? else { return Ok(None) };
        match dd.with_own_steps(STEPS * 5, |dd| join(dd, left, right)) {
            Ok(run) => Ok(Some(run)),
            Err(OutOfBudget::Steps) => Ok(None),
            Err(stop) => Err(stop),
        }
    }

    /// Whether somebody has asked what all rules do.
    pub fn is_made(&self) -> bool {
        !matches!(self.runs.get(1), Some(Node::Unmade) | None)
    }

    /// What all rules do.
    pub fn root(&mut self, dd: &mut Arena, facts: &[Facts]) -> Bounded<Option<Run>> {
        self.run(dd, facts, 1)
    }

    /// The rule at a node, when it is a leaf.
    fn rule(&self, part: Part) -> Option<usize> {
        part.checked_sub(self.size)
    }

    /// Nodes that together are a range of rules, in order, and what they do; none of them is left open.
    pub fn parts(&mut self, dd: &mut Arena, facts: &[Facts], range: Range<usize>) -> Bounded<Vec<(Part, Run)>> {
        let mut parts = Vec::new();
        let wanted = range.start..range.end.min(self.len);
        let mut rest = vec![(1, 0..self.size)];
        while let Some((node, here)) = rest.pop() {
            if here.end <= wanted.start || wanted.end <= here.start {
                continue;
            }
            let whole = wanted.start <= here.start && here.end <= wanted.end;
            if whole && let Some(run) = self.run(dd, facts, node)? {
                parts.push((node, run));
            } else if node < self.size {
                let middle = here.start.midpoint(here.end);
                rest.extend([(2 * node + 1, middle..here.end), (2 * node, here.start..middle)]);
            }
        }
        Ok(parts)
    }

    /// The rules below a node that take packets of `set`, one after the other, and what is left of it.
    pub fn takers(&mut self, dd: &mut Arena, facts: &[Facts], part: Part, mut set: Dd) -> Bounded<(Vec<usize>, Dd)> {
        let mut rules = Vec::new();
        let mut rest = vec![part];
        while let Some(part) = rest.pop().filter(|_| set != Dd::FALSE) {
            if let Some(run) = self.run(dd, facts, part)? {
                let left = dd.where_zero(run.ways, set, 0)?;
                if left == set {
                    continue;
                }
                if let Some(rule) = self.rule(part) {
                    rules.push(rule);
                    set = left;
                    continue;
                }
            }
            rest.extend([2 * part + 1, 2 * part]);
        }
        Ok((rules, set))
    }
}

const IDLE: Run = Run { ways: Dd::leaf(GOES_ON), out: Out::Nowhere, acts: Dd::FALSE, back: Dd::FALSE };

impl Run {
    fn of(dd: &mut Arena, facts: &Facts) -> Bounded<Run> {
        Ok(Run { ways: facts.ways.diagram(dd)?, out: Out::of(facts.ways), acts: facts.acts, back: facts.back })
    }
}

fn join(dd: &mut Arena, left: Run, right: Run) -> Bounded<Run> {
    // Nothing happens behind where packets surely leave.
    let acts = dd.where_zero(left.ways, right.acts, 0)?;
    let back = dd.where_zero(left.ways, right.back, 0)?;
    Ok(Run {
        ways: dd.otherwise(left.ways, GOES_ON, right.ways)?,
        out: left.out.join(right.out),
        acts: dd.or(left.acts, acts)?,
        back: dd.or(left.back, back)?,
    })
}
