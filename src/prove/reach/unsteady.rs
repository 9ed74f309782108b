//! What a test inside a chain may read that the chain itself, or one it calls, has changed before.

use rustc_hash::{FxHashMap, FxHashSet};

use super::chain::Chain as Known;
use crate::prove::block::{Chain, ChainId, Flow, Step};
use crate::prove::dd::{Arena, Bands, Bounded, Dd, Var};
use crate::prove::space::bands;

/// Variables whose value at a rule is not the one at the chain's entry.
#[derive(Clone, Default)]
pub(super) struct Unsteady {
    changed: FxHashSet<Var>,
    bands: Bands,
}

impl Unsteady {
    /// What a chain changes, called chains included.
    pub fn of(chain: &Chain, known: &FxHashMap<ChainId, Known>) -> Self {
        let mut all = Unsteady { changed: FxHashSet::default(), bands: ANSWERS };
        for step in chain.rules.iter().flat_map(|rule| &rule.steps) {
            match step {
                Step::Assign(changes) => changes.iter().for_each(|&(var, _)| all.add(var)),
                Step::Flow(Flow::Jump(to) | Flow::Goto(to)) => all.take_in(*to, known),
                Step::Dispatch(branches) => {
                    for branch in branches {
                        if let Flow::Jump(to) | Flow::Goto(to) = &branch.flow {
                            all.take_in(*to, known);
                        }
                    }
                }
                _ => {}
            }
        }
        all
    }

    fn take_in(&mut self, chain: ChainId, known: &FxHashMap<ChainId, Known>) {
        if let Some(called) = known.get(&chain) {
            called.unsteady.changed.iter().for_each(|&var| self.add(var));
        }
    }

    fn add(&mut self, var: Var) {
        self.changed.insert(var);
        // A lookup of the kernel's may depend on anything that rules change.
        self.bands = self.bands.union(Bands::of(var)).union(bands::LOOKUPS);
    }

    fn is(&self, var: Var) -> bool {
        match var.band() {
            bands::LOCAL_ANSWER => true,
            _ if Bands::of(var).meets(bands::LOOKUPS) => !self.changed.is_empty(),
            _ => self.changed.contains(&var),
        }
    }

    /// The packets that may be in the set when it is tested.
    pub fn may(&self, dd: &mut Arena, set: Dd) -> Bounded<Dd> {
        if !dd.bands(set).meets(self.bands) {
            return Ok(set);
        }
        dd.exists(set, self.bands, &|var| self.is(var))
    }

    /// The packets that are in the set whatever has been changed.
    pub fn must(&self, dd: &mut Arena, set: Dd) -> Bounded<Dd> {
        if !dd.bands(set).meets(self.bands) {
            return Ok(set);
        }
        dd.for_all(set, self.bands, &|var| self.is(var))
    }

    /// Ways out that hold whatever has been changed: where they depend on it, only that the packet leaves
    /// is known, or not even that.
    pub fn ways(&self, dd: &mut Arena, ways: Dd) -> Bounded<Dd> {
        if !dd.bands(ways).meets(self.bands) {
            return Ok(ways);
        }
        let stays = dd.is(ways, super::GOES_ON)?;
        let leaves = dd.not(stays)?;
        let leaves = self.must(dd, leaves)?;
        let mut result = dd.ite(leaves, Dd::leaf(super::SOMEHOW), Dd::leaf(super::GOES_ON))?;
        for leaf in dd.leaves(ways).into_iter().filter(|&leaf| leaf != super::GOES_ON) {
            let here = dd.is(ways, leaf)?;
            let here = self.must(dd, here)?;
            result = dd.ite(here, Dd::leaf(leaf), result)?;
        }
        Ok(result)
    }
}

const ANSWERS: Bands = Bands(1 << bands::LOCAL_ANSWER);
