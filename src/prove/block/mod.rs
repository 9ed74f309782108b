//! The algebra of rules: what a run of rules does to every packet, as diagrams.
//!
//! A [`Program`] is what both readers produce: chains of rules of steps, whose tests are already
//! diagrams. A [`Block`] is what any part of it means: for every packet, how the part ends, what each
//! changeable bit becomes, and how often each side effect happens. Blocks of rules in sequence combine
//! associatively ([`sequence`]), so a list is summed up by halves and a chain is summed up once, however
//! often it is called, and once for both rulesets where they have it in common ([`mod@twins`]).
//!
//! State and chance are *occurrences*: places with a bucket (tokens, a counter, a generator) behind
//! them. The n-th time one packet consults a bucket, it gets the bucket's n-th answer, a variable of its
//! own; consulting is an effect of its own. So a block that consults a bucket shifts the answers that
//! later blocks get from it, just as one that sets the mark changes what later blocks read.
//!
//! [`mod@walk`] is the same semantics once more, for one packet, without diagrams. It finds the deciding
//! rule of a witness, and is the oracle that the algebra is tested against.

mod calls;
mod chains;
mod draws;
mod effect;
mod lists;
mod lookups;
mod program;
mod rules;
mod sequence;
#[cfg(test)]
mod tests;
mod twins;
mod verdict;
mod walk;

use super::dd::{Bands, Dd, Var};

pub use calls::order;
#[cfg(test)]
pub use chains::summarize;
pub use chains::summarize_both;
pub use effect::{Effect, log_line};
pub use program::{
    Answers, Base, BaseKey, Branch, Bucket, Chain, ChainId, Flow, MOST_BUCKETS, Occurrence, OccurrenceId, Program,
    Rule, Step, When, local_answer,
};
pub use sequence::Workshop;
pub use verdict::{NatAction, NatAddress, Rejection, Verdict};
pub use walk::{DEEPEST, Trace, walk};

/// Leaf of a verdict diagram: the packet goes on behind the block.
pub const CONTINUE: u32 = 0;
/// Leaf of a verdict diagram: the packet goes back to the calling chain.
pub const RETURN: u32 = 1;
/// Verdict number n is the leaf `FIRST_VERDICT + n`.
const FIRST_VERDICT: u32 = 2;
/// Leaf of a change diagram: the bit keeps its value. (0 and 1: it gets this value.)
pub const KEEP: u32 = 2;

/// What happens to a packet beside its verdict, as a key to count by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Key {
    /// The bucket of this number, which holds state, is asked.
    Consult(u32),
    /// The effect of this number in [`Terms`] happens.
    Effect(u32),
}

/// What a run of rules does to every packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// How the run ends: `CONTINUE`, `RETURN` or a verdict.
    pub verdict: Dd,
    /// The bits it may change, sorted; each with 0, 1, a function of the packet, or `KEEP`.
    pub changes: Vec<(Var, Dd)>,
    /// Its effects, sorted; how often each happens.
    pub effects: Vec<(Key, Dd)>,
    /// Draws that it makes.
    draws: draws::Drawn,
    /// Bands of all variables that the diagrams test.
    bands: Bands,
    /// Bands of changeable fields that effects and lookups read unseen.
    reads: Bands,
}

impl Block {
    /// The block that does nothing.
    pub fn identity() -> Self {
        let bands = Bands::default();
        Block {
            verdict: Dd::leaf(CONTINUE),
            changes: Vec::new(),
            effects: Vec::new(),
            draws: draws::Drawn::default(),
            bands,
            reads: bands,
        }
    }

    /// The block that ends in one way for all packets.
    fn ending(leaf: u32) -> Self {
        Block { verdict: Dd::leaf(leaf), ..Block::identity() }
    }

    /// The same block with other leaves in its verdict, so that other packets may go on.
    #[must_use]
    pub fn with_verdict(mut self, verdict: Dd) -> Self {
        self.draws.go_on();
        Block { verdict, ..self }
    }

    /// All diagrams of the block.
    fn diagrams(&self) -> Vec<Dd> {
        let changes = self.changes.iter().map(|&(_, change)| change);
        changes.chain(self.effects.iter().map(|&(_, count)| count)).chain([self.verdict]).collect()
    }

    /// The effect's count; 0 for effects that never happen.
    pub fn effect(&self, key: Key) -> Dd {
        let at = self.effects.binary_search_by_key(&key, |&(k, _)| k);
        at.ok().and_then(|at| self.effects.get(at)).map_or(Dd::FALSE, |&(_, count)| count)
    }

    /// What becomes of a bit.
    pub fn change(&self, var: Var) -> Dd {
        let at = self.changes.binary_search_by_key(&var, |&(v, _)| v);
        at.ok().and_then(|at| self.changes.get(at)).map_or(Dd::leaf(KEEP), |&(_, change)| change)
    }
}

/// The verdicts, effects and lookups behind changes of both rulesets, numbered.
#[derive(Default)]
pub struct Terms {
    verdicts: indexmap::IndexSet<Verdict, rustc_hash::FxBuildHasher>,
    effects: indexmap::IndexSet<Effect, rustc_hash::FxBuildHasher>,
    lookups: lookups::Lookups,
}

impl Terms {
    /// The leaf that stands for a verdict.
    pub fn leaf(&mut self, verdict: &Verdict) -> u32 {
        let number = match self.verdicts.get_index_of(verdict) {
            Some(number) => number,
            None => self.verdicts.insert_full(verdict.clone()).0,
        };
        FIRST_VERDICT + number as u32
    }

    /// The verdict of a leaf; `None` for `CONTINUE` and `RETURN`.
    pub fn verdict(&self, leaf: u32) -> Option<&Verdict> {
        self.verdicts.get_index(leaf.checked_sub(FIRST_VERDICT)? as usize)
    }

    /// What a lookup asks, whatever was changed before it.
    pub fn first_lookup(&self, lookup: Var) -> Var {
        self.lookups.first(lookup)
    }

    /// The key of an effect.
    pub fn key(&mut self, effect: &Effect) -> Key {
        let number = match self.effects.get_index_of(effect) {
            Some(number) => number,
            None => self.effects.insert_full(effect.clone()).0,
        };
        Key::Effect(number as u32)
    }

    /// The effect of a key.
    pub fn effect(&self, key: Key) -> Option<&Effect> {
        match key {
            Key::Consult(_) => None,
            Key::Effect(number) => self.effects.get_index(number as usize),
        }
    }

    /// Leaves of the verdicts that say a reader gave up.
    pub fn unknowns(&self) -> Vec<u32> {
        self.leaves_where(|verdict| matches!(verdict, Verdict::Unknown { .. }))
    }

    /// Leaves of the verdicts that `wanted` likes.
    pub fn leaves_where(&self, wanted: impl Fn(&Verdict) -> bool) -> Vec<u32> {
        let leaves = self.verdicts.iter().zip(FIRST_VERDICT..);
        leaves.filter(|&(verdict, _)| wanted(verdict)).map(|(_, leaf)| leaf).collect()
    }
}
