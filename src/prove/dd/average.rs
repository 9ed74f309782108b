//! Averaging out variables that are drawn at random: from outcomes to distributions of outcomes.
//!
//! The average of a diagram over draws has, for every assignment of the other variables, a leaf that
//! stands for the exact distribution of the diagram's leaves. A leaf that is certain stands for itself;
//! mixtures are numbered in [`Averages`], equal ones alike, so two averages of one `Averages` are the
//! same distribution for every assignment if and only if they are the same `Dd`.

use std::collections::BTreeMap;

use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::arena::Arena;
use super::{Bands, Bounded, Dd, Var};
use crate::prove::chance::{Chance, Ratio};

/// One random number: the variables that hold it, most significant first, are `width` in a row. Different
/// draws are independent.
#[derive(Clone, Copy, Debug)]
pub struct Draw {
    pub first: Var,
    pub width: u32,
    pub chance: Chance,
}

/// Outcomes, each with its probability, sorted; all of them sum up to one.
pub type Mixture = Vec<(u32, Ratio)>;

/// Diagrams, each with its probability.
type Parts = Vec<(Dd, Ratio)>;

/// Distributions of outcomes, and what has been averaged.
pub struct Averages<'a> {
    /// The draw that a variable belongs to; `None` for the others, which are kept.
    drawn: &'a dyn Fn(Var) -> Option<Draw>,
    /// The bands of all variables that are drawn.
    bands: Bands,
    mixtures: IndexSet<Mixture, FxBuildHasher>,
    done: FxHashMap<Dd, Dd>,
    blended: FxHashMap<Parts, Dd>,
    too_fine: bool,
}

/// Leaves from here on are numbers of mixtures.
const MIXTURES: u32 = 1 << 30;

impl<'a> Averages<'a> {
    /// Averages over the draws that `drawn` tells, all of whose variables are in `bands`.
    pub fn new(drawn: &'a dyn Fn(Var) -> Option<Draw>, bands: Bands) -> Self {
        Averages {
            drawn,
            bands,
            mixtures: IndexSet::default(),
            done: FxHashMap::default(),
            blended: FxHashMap::default(),
            too_fine: false,
        }
    }

    /// Whether a probability was too fine to be held: then nothing that was averaged means anything.
    pub fn gave_up(&self) -> bool {
        self.too_fine
    }

    /// The distribution of `d`, whose leaves are below 2^30, over the draws.
    pub fn average(&mut self, dd: &mut Arena, d: Dd) -> Bounded<Dd> {
        dd.begin();
        self.step(dd, d)
    }

    fn step(&mut self, dd: &mut Arena, d: Dd) -> Bounded<Dd> {
        let Some((var, lo, hi)) = dd.split(d).filter(|_| dd.bands(d).meets(self.bands)) else { return Ok(d) };
        if let Some(&done) = self.done.get(&d) {
            return Ok(done);
        }
        dd.tick()?;
        dd.enter()?;
        let result = if (self.drawn)(var).is_some() {
            let mut parts = Parts::new();
            for (exit, weight) in self.exits(dd, d) {
                parts.push((self.step(dd, exit)?, weight));
            }
            self.blend(dd, parts)?
        } else {
            let (lo, hi) = (self.step(dd, lo)?, self.step(dd, hi)?);
            dd.mk(var.0, lo, hi)?
        };
        dd.leave();
        self.done.insert(d, result);
        Ok(result)
    }

    /// Where the draws at the head of a diagram lead, and how often: diagrams that do not begin with a draw.
    fn exits(&mut self, dd: &Arena, d: Dd) -> BTreeMap<Dd, Ratio> {
        let mut exits = BTreeMap::new();
        let place = |d: Dd| (dd.split(d).map_or(u32::MAX, |(var, ..)| var.0), d);
        // Draws are met in the order of variables, so a diagram's weight is complete when its turn comes.
        let mut waiting = BTreeMap::from([(place(d), Ratio::ONE)]);
        while let Some(((var, at), weight)) = waiting.pop_first() {
            let draw = if at.as_leaf().is_some() { None } else { (self.drawn)(Var(var)) };
            let Some(draw) = draw else {
                exits.insert(at, weight);
                continue;
            };
            for (to, share) in outcomes(dd, at, draw) {
                let share = self.exact(weight.times(share));
                let sum = waiting.get(&place(to)).copied().unwrap_or(Ratio::new(0, 1));
                waiting.insert(place(to), self.exact(sum.plus(share)));
            }
        }
        exits
    }

    fn exact(&mut self, ratio: Option<Ratio>) -> Ratio {
        self.too_fine |= ratio.is_none();
        ratio.unwrap_or(Ratio::ONE)
    }

    /// One of these diagrams, each as likely as its weight says.
    fn blend(&mut self, dd: &mut Arena, parts: Parts) -> Bounded<Dd> {
        let parts = self.sorted(parts);
        if let [(only, _)] = parts.as_slice() {
            return Ok(*only);
        }
        let Some(var) = parts.iter().filter_map(|&(d, _)| dd.split(d)).map(|(var, ..)| var).min() else {
            return Ok(self.mixture(&parts));
        };
        if let Some(&done) = self.blended.get(&parts) {
            return Ok(done);
        }
        dd.tick()?;
        dd.enter()?;
        let side = |value: bool| -> Parts {
            let of = |&(d, weight): &(Dd, Ratio)| match dd.split(d) {
                Some((v, lo, hi)) if v == var => (if value { hi } else { lo }, weight),
                _ => (d, weight),
            };
            parts.iter().map(of).collect()
        };
        let (lo, hi) = (side(false), side(true));
        let (lo, hi) = (self.blend(dd, lo)?, self.blend(dd, hi)?);
        let result = dd.mk(var.0, lo, hi)?;
        dd.leave();
        self.blended.insert(parts, result);
        Ok(result)
    }

    /// Equal parts taken together; what never happens is left out.
    fn sorted(&mut self, mut parts: Parts) -> Parts {
        parts.retain(|(_, weight)| !weight.is_zero());
        parts.sort_unstable();
        let mut sorted = Parts::with_capacity(parts.len());
        for (d, weight) in parts {
            match sorted.last_mut() {
                Some((last, sum)) if *last == d => *sum = self.exact(sum.plus(weight)),
                _ => sorted.push((d, weight)),
            }
        }
        sorted
    }

    /// The leaf of a mixture of leaves, some of which may be mixtures themselves.
    fn mixture(&mut self, parts: &[(Dd, Ratio)]) -> Dd {
        let mut outcomes: BTreeMap<u32, Ratio> = BTreeMap::new();
        for &(leaf, weight) in parts {
            for (outcome, share) in self.outcomes_of(leaf) {
                let share = self.exact(share.times(weight));
                let sum = outcomes.get(&outcome).copied().unwrap_or(Ratio::new(0, 1));
                outcomes.insert(outcome, self.exact(sum.plus(share)));
            }
        }
        match outcomes.iter().next() {
            Some((&only, _)) if outcomes.len() == 1 => Dd::leaf(only),
            _ => Dd::leaf(MIXTURES + self.mixtures.insert_full(outcomes.into_iter().collect()).0 as u32),
        }
    }

    /// The outcomes that a leaf of an average stands for, each with its probability.
    pub fn outcomes_of(&self, leaf: Dd) -> Mixture {
        let leaf = leaf.as_leaf().unwrap_or(0);
        let mixture = leaf.checked_sub(MIXTURES).and_then(|number| self.mixtures.get_index(number as usize));
        mixture.cloned().unwrap_or_else(|| vec![(leaf, Ratio::ONE)])
    }
}

/// Where one draw leads from a diagram that begins with it, and how often.
fn outcomes(dd: &Arena, d: Dd, draw: Draw) -> Vec<(Dd, Ratio)> {
    match draw.chance {
        Chance::Yes { part, whole } => {
            let Some((_, lo, hi)) = dd.split(d) else { return vec![(d, Ratio::ONE)] };
            let (part, whole) = (u128::from(part), u128::from(whole));
            vec![(lo, Ratio::new(whole.saturating_sub(part), whole)), (hi, Ratio::new(part, whole))]
        }
        Chance::Below(modulus) => {
            let mut counts = BTreeMap::new();
            count_below(dd, d, draw, u64::from(modulus), &mut counts);
            counts.into_iter().map(|(to, count)| (to, Ratio::new(count.into(), modulus.into()))).collect()
        }
    }
}

/// How many of the numbers below `modulus` lead where.
fn count_below(dd: &Arena, mut d: Dd, draw: Draw, modulus: u64, counts: &mut BTreeMap<Dd, u64>) {
    if modulus >> draw.width != 0 {
        return count_all(dd, d, draw, 0, 1, counts);
    }
    // `d` is what the bits so far lead to when they are those of the modulus; those that are less branch off.
    for bit in 0..draw.width {
        let weight = draw.width - 1 - bit;
        let here = dd.split(d).filter(|(var, ..)| var.0 == draw.first.0 + bit);
        let (lo, hi) = here.map_or((d, d), |(_, lo, hi)| (lo, hi));
        if modulus >> weight & 1 == 1 {
            count_all(dd, lo, draw, bit + 1, 1, counts);
            d = hi;
        } else {
            d = lo;
        }
    }
}

/// Where all values of the bits from `from` on lead, each counted `times` times.
fn count_all(dd: &Arena, d: Dd, draw: Draw, from: u32, times: u64, counts: &mut BTreeMap<Dd, u64>) {
    let mut waiting = BTreeMap::from([((from, d), times)]);
    while let Some(((bit, at), times)) = waiting.pop_first() {
        let next = dd.split(at).and_then(|(var, lo, hi)| Some((var.0.checked_sub(draw.first.0)?, lo, hi)));
        match next.filter(|&(at, ..)| at < draw.width) {
            Some((tested, lo, hi)) => {
                let times = times << (tested - bit);
                *waiting.entry((tested + 1, lo)).or_default() += times;
                *waiting.entry((tested + 1, hi)).or_default() += times;
            }
            None => *counts.entry(at).or_default() += times << (draw.width - bit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Budget, Piece};
    use super::*;

    const DRAWN: Bands = Bands(1 << 4);

    fn piece(lo: u128, hi: u128, leaf: u32) -> Piece {
        Piece { lo, hi, value: Dd::leaf(leaf) }
    }

    fn number(dd: &mut Arena, first: u32, width: u32, pieces: &[Piece]) -> Dd {
        let bits: Vec<Var> = (first..first + width).map(|i| Var::new(4, i)).collect();
        dd.piecewise(&bits, pieces, Dd::leaf(9)).unwrap()
    }

    /// Draws: a number below `modulus` in variables 0 to 7; yes in one of three at 8, one of two at 9.
    fn drawn(modulus: u32) -> impl Fn(Var) -> Option<Draw> {
        move |var| {
            let (first, width, chance) = match (var.band(), var.index()) {
                (4, 0..8) => (0, 8, Chance::Below(modulus)),
                (4, 8) => (8, 1, Chance::Yes { part: 1, whole: 3 }),
                (4, 9) => (9, 1, Chance::Yes { part: 1, whole: 2 }),
                _ => return None,
            };
            Some(Draw { first: Var::new(4, first), width, chance })
        }
    }

    fn share(averages: &Averages<'_>, leaf: Dd) -> Vec<(u32, (u128, u128))> {
        averages.outcomes_of(leaf).into_iter().map(|(o, r)| (o, r.parts())).collect()
    }

    #[test]
    fn numbers_below_any_modulus_are_counted() {
        for modulus in [1u32, 2, 3, 5, 100, 128, 255, 256] {
            let mut dd = Arena::new(Budget::default());
            let d = number(&mut dd, 0, 8, &[piece(0, 0, 1), piece(1, 2, 2), piece(3, 99, 3), piece(200, 255, 4)]);
            let by_hand: BTreeMap<u32, u32> = (0..modulus).fold(BTreeMap::new(), |mut counts, value| {
                let bit = |var: Var| value >> (7 - var.index()) & 1 == 1;
                *counts.entry(dd.eval(d, bit)).or_default() += 1;
                counts
            });
            let drawn = drawn(modulus);
            let mut averages = Averages::new(&drawn, DRAWN);
            let leaf = averages.average(&mut dd, d).unwrap();
            let wanted = by_hand.into_iter().map(|(o, n)| (o, Ratio::new(n.into(), modulus.into()).parts()));
            assert_eq!(share(&averages, leaf), wanted.collect::<Vec<_>>(), "modulus {modulus}");
        }
    }

    #[test]
    fn a_ladder_is_a_uniform_choice() {
        let mut dd = Arena::new(Budget::default());
        let (third, half) = (dd.var(Var::new(4, 8)).unwrap(), dd.var(Var::new(4, 9)).unwrap());
        let rest = dd.ite(half, Dd::leaf(2), Dd::leaf(1)).unwrap();
        let ladder = dd.ite(third, Dd::leaf(3), rest).unwrap();
        let uniform = number(&mut dd, 0, 8, &[piece(0, 0, 1), piece(1, 1, 2), piece(2, 2, 3)]);
        let drawn = drawn(3);
        let mut averages = Averages::new(&drawn, DRAWN);
        let a = averages.average(&mut dd, ladder).unwrap();
        assert_eq!(averages.average(&mut dd, uniform).unwrap(), a);
        let skewed = dd.ite(half, Dd::leaf(3), rest).unwrap();
        assert_ne!(averages.average(&mut dd, skewed).unwrap(), a);
        assert!(!averages.gave_up());
    }

    #[test]
    fn other_variables_stay_above_and_below() {
        let mut dd = Arena::new(Budget::default());
        let (above, below) = (dd.var(Var::new(1, 0)).unwrap(), dd.var(Var::new(7, 0)).unwrap());
        let half = dd.var(Var::new(4, 9)).unwrap();
        let chance = dd.ite(half, below, Dd::leaf(2)).unwrap();
        let d = dd.ite(above, chance, Dd::leaf(5)).unwrap();
        let drawn = drawn(1);
        let mut averages = Averages::new(&drawn, DRAWN);
        let average = averages.average(&mut dd, d).unwrap();
        let at = |a: bool, b: bool| Dd::leaf(dd.eval(average, |var| if var.band() == 1 { a } else { b }));
        let half = Ratio::new(1, 2).parts();
        assert_eq!(at(false, true), Dd::leaf(5));
        assert_eq!(share(&averages, at(true, false)), [(0, half), (2, half)]);
        assert_eq!(share(&averages, at(true, true)), [(1, half), (2, half)]);
    }

    #[test]
    fn what_is_too_fine_is_given_up() {
        let mut dd = Arena::new(Budget::default());
        let mut d = Dd::leaf(0);
        for i in (0..8).rev() {
            let draw = dd.var(Var::new(4, i)).unwrap();
            d = dd.ite(draw, d, Dd::leaf(i + 1)).unwrap();
        }
        let fine =
            |var: Var| Some(Draw { first: var, width: 1, chance: Chance::Yes { part: 3, whole: (1 << 31) - 1 } });
        let mut averages = Averages::new(&fine, DRAWN);
        averages.average(&mut dd, d).unwrap();
        assert!(averages.gave_up());
    }
}
