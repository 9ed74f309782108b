//! Where nodes live: the node store, the unique table that keeps them shared, and the budget.
//!
//! Invariant: no two nodes hold the same variable and children, no node has equal children, and a
//! node's variable is smaller than its children's.

use std::time::Instant;

use super::cache::Cache;
use super::{BANDS, Bands, Bounded, Dd, OutOfBudget, Var};

/// What an arena may use up.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Nodes; each costs about 60 bytes with its share of the tables.
    pub nodes: usize,
    /// When to give up.
    pub deadline: Option<Instant>,
    /// Nested steps of one operation; each costs up to about 500 bytes of stack in a debug build.
    pub depth: u32,
}

impl Default for Budget {
    /// Enough for a hundred thousand rules, and for a thread with an ordinary stack.
    fn default() -> Self {
        Budget { nodes: 40_000_000, deadline: None, depth: 3_000 }
    }
}

#[derive(Clone, Copy)]
pub(super) struct Node {
    pub var: u32,
    pub lo: Dd,
    pub hi: Dd,
    /// The bands of the variables tested here and below, and above them which of the leaves 0, 1 and 2
    /// there are.
    bands: u32,
}

impl Node {
    /// The bands of the variables tested here and below.
    pub fn bands(self) -> Bands {
        Bands(self.bands & ALL_BANDS)
    }
}

const EMPTY: u64 = u64::MAX;
/// The bands that there are; the bits of leaves are above.
const ALL_BANDS: u32 = (1 << BANDS) - 1;

/// What a leaf looks like to code that asks for a node: tested after every variable.
fn below(leaf: Dd) -> Node {
    let bands = leaf.as_leaf().map_or(0, leaf_bit);
    Node { var: u32::MAX, lo: Dd::FALSE, hi: Dd::FALSE, bands }
}

fn leaf_bit(value: u32) -> u32 {
    if value < 32 - BANDS { 1 << (BANDS + value) } else { 0 }
}

/// A store of diagrams.
pub struct Arena {
    nodes: Vec<Node>,
    /// The number of each node, and above it the hash that leads there.
    table: Vec<u64>,
    pub(super) cache: Cache,
    budget: Budget,
    depth: u32,
    ticks: u64,
    /// Where an operation with an allowance of its own stops.
    stop_at: u64,
    /// Where everything stops.
    last: u64,
}

impl Arena {
    /// An empty store.
    pub fn new(budget: Budget) -> Self {
        Arena {
            nodes: Vec::new(),
            table: vec![EMPTY; 1 << 12],
            cache: Cache::new(),
            budget: Budget { nodes: budget.nodes.min(1 << 30), ..budget },
            depth: 0,
            ticks: 0,
            stop_at: u64::MAX,
            last: u64::MAX,
        }
    }

    /// How many nodes have been made.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether no node has been made.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub(super) fn node(&self, d: Dd) -> Node {
        if d.is_leaf() { below(d) } else { self.nodes.get(d.0 as usize).copied().unwrap_or(below(d)) }
    }

    /// The bands of the variables the function depends on.
    pub fn bands(&self, d: Dd) -> Bands {
        self.node(d).bands()
    }

    /// Whether the function is `value`, which is 0, 1 or 2, anywhere.
    pub fn has_leaf(&self, d: Dd, value: u32) -> bool {
        debug_assert!(leaf_bit(value) != 0, "leaves that nodes do not remember");
        self.node(d).bands & leaf_bit(value) != 0
    }

    /// The first variable tested, and the functions for *false* and *true*.
    pub fn split(&self, d: Dd) -> Option<(Var, Dd, Dd)> {
        if d.is_leaf() {
            return None;
        }
        let node = self.node(d);
        Some((Var(node.var), node.lo, node.hi))
    }

    /// The function that is `hi` where `var` holds and `lo` elsewhere.
    ///
    /// `var` must be smaller than every variable of `lo` and `hi`; use `ite` where that is not known.
    pub(super) fn mk(&mut self, var: u32, lo: Dd, hi: Dd) -> Bounded<Dd> {
        if lo == hi {
            return Ok(lo);
        }
        debug_assert!(var < self.node(lo).var && var < self.node(hi).var, "variables out of order");
        let mask = self.table.len() - 1;
        let hash = hash(var, lo.0, hi.0);
        let mut at = hash as usize & mask;
        while let Some(&cell) = self.table.get(at)
            && cell != EMPTY
        {
            // Other nodes are looked at only where they have the same hash.
            if cell_hash(cell) == hash {
                let found = Dd(cell as u32);
                let node = self.node(found);
                if node.var == var && node.lo == lo && node.hi == hi {
                    return Ok(found);
                }
            }
            at = (at + 1) & mask;
        }
        if self.nodes.len() >= self.budget.nodes {
            return Err(OutOfBudget::Nodes(self.budget.nodes));
        }
        let id = self.nodes.len() as u32;
        let bands = self.node(lo).bands | self.node(hi).bands | Bands::of(Var(var)).0;
        self.nodes.push(Node { var, lo, hi, bands });
        if let Some(cell) = self.table.get_mut(at) {
            *cell = cell_of(hash, id);
        }
        if self.nodes.len() * 2 > self.table.len() {
            self.grow();
        }
        Ok(Dd(id))
    }

    fn grow(&mut self) {
        let size = self.table.len() * 2;
        let mut table = vec![EMPTY; size];
        for &cell in self.table.iter().filter(|&&cell| cell != EMPTY) {
            let mut at = cell_hash(cell) as usize & (size - 1);
            while table.get(at).is_some_and(|&cell| cell != EMPTY) {
                at = (at + 1) & (size - 1);
            }
            if let Some(free) = table.get_mut(at) {
                *free = cell;
            }
        }
        self.table = table;
        self.cache.fit(self.nodes.len());
    }

    /// Counts one step of work; every so often looks at the clock.
    pub(super) fn tick(&mut self) -> Bounded<()> {
        self.ticks += 1;
        if self.ticks >= self.stop_at {
            return Err(OutOfBudget::Steps);
        }
        if self.ticks & 0x3fff == 0 { self.check_time() } else { Ok(()) }
    }

    /// Lets all work from here on take so many steps, whatever the machine is busy with.
    pub fn limit_steps(&mut self, steps: u64) {
        self.last = self.ticks.saturating_add(steps);
        self.stop_at = self.last;
    }

    /// Does `work`, which fails once it has taken so many steps.
    pub fn with_steps<T>(&mut self, steps: u64, work: impl FnOnce(&mut Arena) -> Bounded<T>) -> Bounded<T> {
        let outer = self.stop_at;
        self.stop_at = outer.min(self.ticks.saturating_add(steps));
        let result = work(self);
        self.stop_at = outer;
        result
    }

    /// Does `work` that serves others as well: it has so many steps of its own, which are not taken off from those
    /// of the question that it is part of.
    pub fn with_own_steps<T>(&mut self, steps: u64, work: impl FnOnce(&mut Arena) -> Bounded<T>) -> Bounded<T> {
        let (outer, begun) = (self.stop_at, self.ticks);
        self.stop_at = self.last.min(begun.saturating_add(steps));
        let result = work(self);
        self.stop_at = self.last.min(outer.saturating_add(self.ticks - begun));
        result
    }

    /// Fails once the deadline has passed.
    pub fn check_time(&self) -> Bounded<()> {
        match self.budget.deadline {
            Some(deadline) if Instant::now() > deadline => Err(OutOfBudget::Time),
            _ => Ok(()),
        }
    }

    /// Goes one level deeper; `leave` comes back. An error unwinds to `begin` of the next operation.
    pub(super) fn enter(&mut self) -> Bounded<()> {
        self.depth += 1;
        if self.depth > self.budget.depth { Err(OutOfBudget::Depth(self.budget.depth)) } else { Ok(()) }
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Starts an operation that is not part of another.
    pub(super) fn begin(&mut self) {
        self.depth = 0;
    }
}

/// An entry of the table; never `EMPTY`, since no node has the largest number.
fn cell_of(hash: u32, id: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(id)
}

fn cell_hash(cell: u64) -> u32 {
    (cell >> 32) as u32
}

pub(super) fn hash(a: u32, b: u32, c: u32) -> u32 {
    const K: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut h = (u64::from(a) << 32 | u64::from(b)).wrapping_mul(K);
    h = (h ^ (h >> 29) ^ u64::from(c)).wrapping_mul(K);
    (h >> 32) as u32
}
