//! What is known of the rules that have a place, so that a question costs no look at all of them.
//!
//! For each dimension it knows the last place where something else is done to any of a rule's values; a place behind
//! which one dimension knows nothing is free to join. What single dimensions cannot tell is looked at rule by rule,
//! where that is little.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::clashes::{Claim, Clashes};
use super::segments::{Latest, Segments};
use crate::ir::Rule;
use crate::optimize::commute::{Effect, Profile, number_effects};
use crate::optimize::domain::{Dim, Domain};
use crate::optimize::effects::ChainChanges;
use crate::packet::IntervalSet;
use crate::parallel;

/// Rules that are looked at one by one behind a place; a chain of no more needs no index.
const NEAR: usize = 64;

/// Where all rules but so many do the same, those are looked at one by one, and there is no index.
const FEW: usize = 16;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Index<'r> {
    rules: &'r [Rule],
    chains: &'r ChainChanges,
    profiles: Vec<Profile>,
    dims: FxHashMap<Dim, Dimension>,
    /// For each rule its place, from 1 on; 0 for those without.
    placed: Vec<u32>,
    /// Rules of each place, as indices into `rules`.
    places: Vec<SmallVec<[u32; 2]>>,
    /// The last place with a gap, from 1 on.
    gap: u32,
    most: Option<Most>,
}

/// Where along a dimension something else is done.
#[derive(Debug)]
struct Dimension {
    values: Values,
    /// By rules that allow every value.
    everywhere: Latest,
}

/// Of rules that do not allow every value.
#[derive(Debug)]
enum Values {
    Few(Clashes),
    Many(Segments),
}

/// What nearly all rules of a chain do.
#[derive(Debug)]
struct Most {
    effect: Effect,
    /// The others that have a place, with it.
    others: Vec<(u32, u32)>,
}

impl<'r> Index<'r> {
    /// Of a chain's rules, none of which has a place yet.
    pub fn new(rules: &'r [Rule], chains: &'r ChainChanges) -> Self {
        let mut profiles = parallel::numbers(rules.len(), |at| Profile::of(&rules[at], chains));
        number_effects(rules, &mut profiles);
        let most = most(&profiles);
        let indexed = most.is_none() && rules.len() > NEAR;
        let placed = vec![0; rules.len()];
        let mut index =
            Index { rules, chains, profiles, dims: FxHashMap::default(), placed, places: Vec::new(), gap: 0, most };
        if indexed {
            let domains = parallel::numbers(rules.len(), |at| Domain::of(&rules[at], &chains.of_rule(&rules[at])));
            index.profiles.iter_mut().zip(domains).for_each(|(profile, domain)| profile.know(domain));
            index.dims = index.dimensions();
        }
        index
    }

    /// What all rules claim of each dimension.
    fn dimensions(&self) -> FxHashMap<Dim, Dimension> {
        let mut claims: FxHashMap<Dim, Vec<Claim>> = FxHashMap::default();
        for (at, (rule, profile)) in (0..).zip(self.rules.iter().zip(&self.profiles)) {
            let number = number(at, profile.effect);
            for (dim, set) in profile.domain(rule, self.chains).dims() {
                claims.entry(dim).or_default().extend(set.intervals().iter().map(|&i| (i, at, number)));
            }
        }
        claims.into_iter().map(|(dim, claims)| (dim, Dimension::of(claims))).collect()
    }

    /// Whether the rule commutes with all that stands behind the place.
    pub fn is_free(&self, rule: usize, place: usize) -> bool {
        match &self.most {
            Some(most) if self.profiles.get(rule).is_some_and(|p| p.effect == most.effect) => {
                let mut behind = most.others.iter().rev().filter(|(_, at)| *at as usize > place);
                behind.all(|&(other, _)| self.commute(rule, other as usize))
            }
            // One of the few that do something else.
            Some(_) => self.is_free_near(rule, place, usize::MAX),
            None => self.floor(rule) <= place + 1 || self.is_free_near(rule, place, NEAR),
        }
    }

    /// Takes a rule in at its place, which exists or comes next.
    pub fn add(&mut self, rule: u32, place: u32) {
        let Some(profile) = self.profiles.get(rule as usize) else { return };
        match self.places.get_mut(place as usize) {
            Some(members) => members.push(rule),
            None => self.places.push(SmallVec::from_buf_and_len([rule, 0], 1)),
        }
        let at = place + 1;
        if profile.effect == Effect::Gap {
            self.gap = self.gap.max(at);
        }
        if let Some(most) = self.most.as_mut().filter(|most| profile.effect != most.effect) {
            most.others.push((rule, place));
        }
        let number = number(rule, profile.effect);
        self.placed[rule as usize] = at;
        for (dim, dimension) in &mut self.dims {
            let values = profile.domain(&self.rules[rule as usize], self.chains).get(*dim);
            dimension.add(values, at, number);
        }
    }

    /// No rule behind this place (from 1 on) keeps the rule from moving up.
    fn floor(&self, rule: usize) -> usize {
        let Some(profile) = self.profiles.get(rule) else { return self.places.len() };
        if profile.effect == Effect::Gap {
            return self.places.len();
        }
        let (rule, number) = (rule as u32, number(rule as u32, profile.effect));
        let latest = |(dim, set)| Some(self.dims.get(&dim)?.latest(set, rule, number, &self.placed));
        let dims = profile.domain(&self.rules[rule as usize], self.chains).dims().filter_map(latest);
        let floor = dims.min().unwrap_or(self.places.len() as u32);
        floor.max(self.gap) as usize
    }

    /// Looks at what is behind the place, if that is no more than `left` rules.
    fn is_free_near(&self, rule: usize, place: usize, mut left: usize) -> bool {
        for members in self.places.iter().skip(place + 1).rev() {
            let Some(rest) = left.checked_sub(members.len()) else { return false };
            left = rest;
            if !members.iter().all(|&other| self.commute(rule, other as usize)) {
                return false;
            }
        }
        true
    }

    fn commute(&self, a: usize, b: usize) -> bool {
        let (Some(one), Some(other)) = (self.profiles.get(a), self.profiles.get(b)) else { return false };
        one.commutes(&self.rules[a], other, &self.rules[b], self.chains)
    }
}

impl Dimension {
    /// Of all that the rules claim of it.
    fn of(mut claims: Vec<Claim>) -> Self {
        let values = match Clashes::of(&mut claims) {
            Some(clashes) => Values::Few(clashes),
            None => Values::Many(Segments::new(claims.iter().map(|(interval, ..)| *interval))),
        };
        Dimension { values, everywhere: Latest::default() }
    }

    /// Notes that `number` is done at `place` (from 1 on) for the values; for every value when `None`.
    fn add(&mut self, values: Option<&IntervalSet>, place: u32, number: u32) {
        match (values, &mut self.values) {
            (None, _) => _ = self.everywhere.add((place, number)),
            // The places of rules are known.
            (Some(_), Values::Few(_)) => {}
            (Some(values), Values::Many(segments)) => segments.add(values, place, number),
        }
    }

    /// The last place where another number is done for any of the rule's values; 0 when there is none.
    fn latest(&self, values: &IntervalSet, rule: u32, number: u32, placed: &[u32]) -> u32 {
        let place = |other: &u32| placed.get(*other as usize).copied();
        let latest = match &self.values {
            Values::Few(clashes) => clashes.with(rule).iter().filter_map(place).max().unwrap_or(0),
            Values::Many(segments) => segments.latest(values, number),
        };
        latest.max(self.everywhere.other_than(number))
    }
}

/// What all rules but a few do, if it is something that any of them may do.
fn most(profiles: &[Profile]) -> Option<Most> {
    let mut counts: FxHashMap<u32, usize> = FxHashMap::default();
    for profile in profiles {
        if let Effect::Ends(number) = profile.effect {
            *counts.entry(number).or_default() += 1;
        }
    }
    let (number, count) = counts.into_iter().max_by_key(|&(number, count)| (count, number))?;
    let few = profiles.len() - count <= FEW;
    few.then(|| Most { effect: Effect::Ends(number), others: Vec::new() })
}

/// Rules of one number need not be told apart; others have a number of their own.
const fn number(rule: u32, effect: Effect) -> u32 {
    match effect {
        Effect::Ends(number) => number,
        Effect::Assigns(_) | Effect::Other | Effect::Gap => u32::MAX - rule,
    }
}
