//! Lookups behind changes: what the kernel answers for the packet as earlier rules have left it.
//!
//! A lookup (a route, a set of unknown content) may read fields that rules change, so its answer for a changed packet
//! is another variable than its answer for the packet that came: one for each *way* in which the bits that it may read
//! were changed. Two ways that come to the same packet (a bit set that was set already) have two variables, so what
//! is equal with them is equal, and what differs only where they differ is a doubt (`compare::differences`).

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use super::sequence::{On, Workshop};
use super::{Block, KEEP};
use crate::prove::dd::{Bands, Bounded, Dd, Substitution, Var};
use crate::prove::space::bands;

/// Bits and the values that rules gave them, by variable.
type Way = Vec<(Var, bool)>;

/// So many ways to change what one lookup reads are told apart.
const MOST_WAYS: usize = 32;

/// The answers to lookups behind changes, numbered.
#[derive(Default)]
pub(super) struct Lookups(IndexSet<(Var, Way), FxBuildHasher>);

impl Lookups {
    /// The answer that stands for `lookup` where the packet was changed in this way before.
    fn behind(&mut self, lookup: Var, before: &Way) -> Var {
        if before.is_empty() {
            return lookup;
        }
        let (first, way) = match self.of(lookup) {
            Some((first, later)) => (*first, joined(before, later)),
            None => (lookup, before.clone()),
        };
        let (number, _) = self.0.insert_full((first, way));
        Var::new(lookup.band(), bands::BEHIND_CHANGES + number as u32)
    }

    fn of(&self, lookup: Var) -> Option<&(Var, Way)> {
        self.0.get_index(lookup.index().checked_sub(bands::BEHIND_CHANGES)? as usize)
    }

    /// The same lookup for the packet that came.
    pub(super) fn first(&self, lookup: Var) -> Var {
        self.of(lookup).map_or(lookup, |(first, _)| *first)
    }
}

/// First one way, then another.
fn joined(before: &Way, later: &Way) -> Way {
    let mut way: Way = before.iter().filter(|(var, _)| later.iter().all(|(other, _)| other != var)).copied().collect();
    way.extend(later);
    way.sort_unstable();
    way
}

impl Workshop<'_> {
    /// Replaces the lookups that these diagrams ask for by those of the packet as `a` leaves it, for the packets in
    /// `on`. False where there are too many ways to tell apart.
    pub(super) fn shift_lookups(&mut self, a: &Block, on: On, diagrams: &[Dd], to: &mut Substitution) -> Bounded<bool> {
        if a.changes.is_empty() {
            return Ok(true);
        }
        for lookup in self.dd.variables(diagrams, bands::LOOKUPS) {
            let reads = bands::read_by_lookup(self.terms.lookups.first(lookup));
            let Some(ways) = self.ways(a, on, reads)? else { return Ok(false) };
            if ways.iter().all(|(_, way)| way.is_empty()) {
                continue;
            }
            let mut function = self.dd.var(lookup)?;
            for (packets, way) in ways {
                let behind = self.terms.lookups.behind(lookup, &way);
                let behind = self.dd.var(behind)?;
                function = self.dd.ite(packets, behind, function)?;
            }
            to.insert(lookup, function);
        }
        Ok(true)
    }

    /// The ways in which `a` changes bits of these bands, with the packets in `on` that it changes so; `None` where
    /// there are too many.
    fn ways(&mut self, a: &Block, on: On, bands: Bands) -> Bounded<Option<Vec<(Dd, Way)>>> {
        let mut ways = vec![(Dd::TRUE, Way::new())];
        for &(var, change) in &a.changes {
            let change = if Bands::of(var).meets(bands) { self.within(on, change, KEEP)? } else { Dd::leaf(KEEP) };
            if change == Dd::leaf(KEEP) {
                continue;
            }
            let mut finer = Vec::with_capacity(ways.len());
            for (packets, way) in ways {
                for value in [KEEP, 0, 1] {
                    let here = self.dd.is(change, value)?;
                    let here = self.dd.and(here, packets)?;
                    if here != Dd::FALSE {
                        let mut way = way.clone();
                        way.extend((value != KEEP).then_some((var, value == 1)));
                        finer.push((here, way));
                    }
                }
            }
            if finer.len() > MOST_WAYS {
                return Ok(None);
            }
            ways = finer;
        }
        Ok(Some(ways))
    }
}
