//! Lookups behind changes: what the kernel answers for the packet as earlier rules have left it.
//!
//! A lookup (a route, a set of unknown content) may read fields that rules change, so its answer for a changed packet
//! is another variable than its answer for the packet that came: one for each *way* in which the bits that it may read
//! were changed. A way says which bits are others than they were, however rules wrote that (a value for each value, a
//! mask, a flipped bit), for those of the traffic class and where that hangs on the bit; else which value a bit was given,
//! since that may be up to 32 of a mark at once. Where that would be too many ways (a whole mark copied from another), the
//! functions that the bits have become are the way; they may not hang on chance, which a way does not tell. Two ways that come to the same packet (a bit set that was set already)
//! have two variables, so what is equal with them is equal, and what differs only where they differ is a doubt
//! (`compare::differences`).

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use super::sequence::{On, Workshop};
use super::{Block, KEEP};
use crate::prove::dd::{Bands, Bounded, Dd, Substitution, Var};
use crate::prove::space::bands;

/// Bits and what rules made of them, by variable.
type Way = Vec<(Var, Becomes)>;

/// What a bit has become.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Becomes {
    Zero,
    One,
    /// What it was not.
    Other,
    /// What this function says of the packet that came, `KEEP` where it is left alone. It is as short as it may be where
    /// the way is taken, so that two rules which do the same to different packets make one way.
    Made(Dd),
}

/// Bands whose bits are told by what is other than it was: of so few bits, each value may be a way.
const FLIPPED: Bands = Bands(1 << bands::DSCP);

/// What functions that tell a way may not hang on: chance draws anew, and lookups read what was changed.
const UNTOLD: Bands = Bands(bands::LOOKUPS.0 | 1 << bands::ANSWER | 1 << bands::LOCAL_ANSWER);

/// So many ways to change what one lookup reads are told apart.
const MOST_WAYS: usize = 256;
/// So many answers of lookups are told apart behind one block.
const MOST_ANSWERS: usize = 1024;

/// The answers to lookups behind changes, numbered.
#[derive(Default)]
pub(super) struct Lookups(IndexSet<(Var, Way), FxBuildHasher>);

impl Lookups {
    /// The answer that stands for `first` where the packet was changed in this way before.
    fn behind(&mut self, first: Var, way: Way) -> Var {
        if way.is_empty() {
            return first;
        }
        let (number, _) = self.0.insert_full((first, way));
        Var::new(first.band(), bands::BEHIND_CHANGES + number as u32)
    }

    fn of(&self, lookup: Var) -> Option<&(Var, Way)> {
        self.0.get_index(lookup.index().checked_sub(bands::BEHIND_CHANGES)? as usize)
    }

    /// The same lookup for the packet that came.
    pub(super) fn first(&self, lookup: Var) -> Var {
        self.of(lookup).map_or(lookup, |(first, _)| *first)
    }
}

impl Workshop<'_> {
    /// Replaces the lookups that these diagrams ask for by those of the packet as `a` leaves it, for the packets in
    /// `on`. False where there are too many ways to tell apart.
    pub(super) fn shift_lookups(&mut self, a: &Block, on: On, diagrams: &[Dd], to: &mut Substitution) -> Bounded<bool> {
        if a.changes.is_empty() {
            return Ok(true);
        }
        let mut answers = 0;
        for lookup in self.dd.variables(diagrams, bands::LOOKUPS) {
            let (first, later) = self.terms.lookups.of(lookup).cloned().unwrap_or_else(|| (lookup, Way::new()));
            let Some(ways) = self.ways(a, on, bands::read_by_lookup(first))? else { return Ok(false) };
            let is_made = later.iter().any(|(_, becomes)| matches!(becomes, Becomes::Made(_)));
            if !is_made && ways.iter().all(|(_, way)| way.is_empty()) {
                continue;
            }
            answers += ways.len();
            if answers > MOST_ANSWERS {
                return Ok(false);
            }
            let mut function = self.dd.var(lookup)?;
            for (packets, way) in ways {
                let Some(later) = self.moved(a, on, &later, packets)? else { return Ok(false) };
                let way = self.joined(&way, &later)?;
                let behind = self.terms.lookups.behind(first, way);
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
        for flips in [true, false] {
            if let Some(ways) = self.told(a, on, bands, flips)? {
                return Ok(Some(ways));
            }
        }
        self.made(a, on, bands)
    }

    /// The same, told by functions: one way for all packets whose bits are changed.
    fn made(&mut self, a: &Block, on: On, bands: Bands) -> Bounded<Option<Vec<(Dd, Way)>>> {
        let (mut way, mut changed) = (Way::new(), Dd::FALSE);
        for &(var, change) in a.changes.iter().filter(|(var, _)| Bands::of(*var).meets(bands)) {
            let mut change = self.within(on, change, KEEP)?;
            if Bands::of(var).meets(FLIPPED) {
                let itself = self.dd.var(var)?;
                let value = self.dd.otherwise(change, KEEP, itself)?;
                let differs = self.dd.differ(value, itself)?;
                change = self.dd.ite(differs, value, Dd::leaf(KEEP))?;
            }
            if change != Dd::leaf(KEEP) {
                let here = self.dd.differ(change, Dd::leaf(KEEP))?;
                changed = self.dd.or(changed, here)?;
                way.push((var, Becomes::Made(change)));
            }
        }
        for (_, becomes) in &mut way {
            let Becomes::Made(change) = becomes else { continue };
            *change = self.dd.simplify(*change, changed)?;
            if self.dd.bands(*change).meets(UNTOLD) {
                return Ok(None);
            }
        }
        let others = self.dd.not(changed)?;
        Ok(Some(vec![(others, Way::new()), (changed, way)]))
    }

    /// A way behind `a`, in terms of the packet before it, for some packets; `None` where that is not known.
    fn moved(&mut self, a: &Block, on: On, later: &Way, packets: Dd) -> Bounded<Option<Way>> {
        let mut way = later.clone();
        for (_, becomes) in &mut way {
            let Becomes::Made(change) = becomes else { continue };
            let mut substitution = Substitution::default();
            self.substitute_changes(a, on, self.dd.bands(*change), &mut substitution)?;
            let moved = substitution.apply(self.dd, *change)?;
            *change = self.dd.simplify(moved, packets)?;
            if self.dd.bands(*change).meets(UNTOLD) {
                return Ok(None);
            }
        }
        Ok(Some(way))
    }

    /// First one way, then another, both in terms of the packet that came.
    fn joined(&mut self, before: &Way, later: &Way) -> Bounded<Way> {
        let untouched = before.iter().filter(|(var, _)| later.iter().all(|(other, _)| other != var)).copied();
        let mut way: Way = untouched.collect();
        for &(var, becomes) in later {
            let was = before.iter().find(|(other, _)| *other == var).map(|&(_, becomes)| becomes);
            let both = match (becomes, was) {
                (Becomes::Other, Some(Becomes::Zero)) => Becomes::One,
                (Becomes::Other, Some(Becomes::One)) => Becomes::Zero,
                // What is flipped twice is as it was.
                (Becomes::Other, Some(Becomes::Other)) => continue,
                (Becomes::Other, Some(was @ Becomes::Made(_))) => {
                    let value = self.value(var, was)?;
                    Becomes::Made(self.dd.not(value)?)
                }
                (Becomes::Made(change), Some(Becomes::Made(was))) => {
                    Becomes::Made(self.dd.otherwise(change, KEEP, was)?)
                }
                (Becomes::Made(change), Some(was)) => {
                    let was = self.value(var, was)?;
                    Becomes::Made(self.dd.otherwise(change, KEEP, was)?)
                }
                (becomes, _) => becomes,
            };
            way.push((var, both));
        }
        way.sort_unstable();
        Ok(way)
    }

    /// A bit as a function of the packet that came.
    fn value(&mut self, var: Var, becomes: Becomes) -> Bounded<Dd> {
        let itself = self.dd.var(var)?;
        match becomes {
            Becomes::Zero => Ok(Dd::FALSE),
            Becomes::One => Ok(Dd::TRUE),
            Becomes::Other => self.dd.not(itself),
            Becomes::Made(change) => self.dd.otherwise(change, KEEP, itself),
        }
    }

    /// The same; `flips`: bits whose change hangs on themselves are others, or as they were.
    fn told(&mut self, a: &Block, on: On, bands: Bands, flips: bool) -> Bounded<Option<Vec<(Dd, Way)>>> {
        let mut ways = vec![(Dd::TRUE, Way::new())];
        for &(var, change) in a.changes.iter().filter(|(var, _)| Bands::of(*var).meets(bands)) {
            let change = self.within(on, change, KEEP)?;
            let mut finer = Vec::with_capacity(ways.len());
            for (becomes, there) in self.becomes(var, change, flips)? {
                for (packets, way) in &ways {
                    let here = self.dd.and(*packets, there)?;
                    if here != Dd::FALSE {
                        let mut way = way.clone();
                        way.extend(becomes.map(|becomes| (var, becomes)));
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

    /// What may become of a bit, `None` for nothing, each with the packets whose bit becomes that.
    fn becomes(&mut self, var: Var, change: Dd, flips: bool) -> Bounded<Vec<(Option<Becomes>, Dd)>> {
        let hangs_on_itself = self.dd.tests(change, Bands::of(var), &|tested| tested == var);
        if Bands::of(var).meets(FLIPPED) || flips && hangs_on_itself {
            let itself = self.dd.var(var)?;
            let value = self.dd.otherwise(change, KEEP, itself)?;
            let differs = self.dd.differ(value, itself)?;
            return Ok(vec![(None, self.dd.not(differs)?), (Some(Becomes::Other), differs)]);
        }
        let leaves = [(None, KEEP), (Some(Becomes::Zero), 0), (Some(Becomes::One), 1)];
        leaves.into_iter().map(|(becomes, leaf)| Ok((becomes, self.dd.is(change, leaf)?))).collect()
    }
}
