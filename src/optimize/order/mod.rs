//! How far up a rule may move.
//!
//! A pass walks a chain's rules in order and puts each at a place: a new one at the end, or one where
//! rules are that it joins. A rule may join a place when it commutes with all that stands behind it.
//! For each dimension an index knows the last place where something else is done to any of the rule's
//! values; a place behind which one dimension knows nothing is free to join. What single dimensions
//! cannot tell is looked at rule by rule, where that is little.
//! Invariant: `may_join` never says yes to a rule that would pass one it does not commute with.

mod segments;
#[cfg(test)]
mod tests;

use rustc_hash::FxHashMap;

use super::commute::{Effect, Effects, Profile};
use super::domain::Dim;
use super::effects::ChainChanges;
use crate::ir::Rule;
use crate::packet::IntervalSet;
use segments::Segments;

/// Rules that are looked at one by one behind a place; a chain of no more needs no index.
const NEAR: usize = 64;

/// Where all rules but so many do the same, those are looked at one by one, and there is no index.
const FEW: usize = 16;

/// The order of one chain's rules while a pass puts them into places.
#[derive(Debug)]
pub struct Order<'r> {
    rules: &'r [Rule],
    profiles: Vec<Profile>,
    dims: FxHashMap<Dim, Segments>,
    /// Rules of each place, as indices into `rules`.
    places: Vec<Vec<u32>>,
    /// The last place with a gap, from 1 on.
    gap: u32,
    most: Option<Most>,
}

/// What nearly all rules of a chain do.
#[derive(Debug)]
struct Most {
    effect: Effect,
    /// The others that have a place, with it.
    others: Vec<(u32, u32)>,
}

impl<'r> Order<'r> {
    /// Of a chain's rules, none of which has a place yet.
    pub fn new(rules: &'r [Rule], chains: &ChainChanges) -> Self {
        let mut effects = Effects::default();
        let profiles: Vec<Profile> = rules.iter().map(|rule| effects.profile(rule, chains)).collect();
        let most = most(&profiles);
        let indexed = most.is_none() && rules.len() > NEAR;
        let mut sets: FxHashMap<Dim, Vec<&IntervalSet>> = FxHashMap::default();
        for (dim, set) in profiles.iter().filter(|_| indexed).flat_map(|p| p.domain.dims()) {
            sets.entry(dim).or_default().push(set);
        }
        let dims = sets.into_iter().map(|(dim, sets)| (dim, Segments::new(sets.into_iter()))).collect();
        Order { rules, profiles, dims, places: Vec::new(), gap: 0, most }
    }

    /// How many places there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether no rule has a place yet.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether the rule may stand at the end of the place: it commutes with all that is behind it.
    pub fn may_join(&self, rule: usize, place: usize) -> bool {
        if place + 1 == self.places.len() {
            return true;
        }
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

    /// Puts the rule at an existing place.
    pub fn join(&mut self, rule: usize, place: usize) {
        let Some(profile) = self.profiles.get(rule) else { return };
        if let Some(members) = self.places.get_mut(place) {
            members.push(rule as u32);
        }
        let at = place as u32 + 1;
        if profile.effect == Effect::Gap {
            self.gap = self.gap.max(at);
        }
        if let Some(most) = self.most.as_mut().filter(|most| profile.effect != most.effect) {
            most.others.push((rule as u32, place as u32));
        }
        let number = number(rule, profile.effect);
        for (dim, segments) in &mut self.dims {
            segments.add(profile.domain.get(*dim), at, number);
        }
    }

    /// Puts the rule at a new place at the end, and says which.
    pub fn append(&mut self, rule: usize) -> usize {
        self.places.push(Vec::new());
        self.join(rule, self.places.len() - 1);
        self.places.len() - 1
    }

    /// No rule behind this place (from 1 on) keeps the rule from moving up.
    fn floor(&self, rule: usize) -> usize {
        let Some(profile) = self.profiles.get(rule) else { return self.places.len() };
        if profile.effect == Effect::Gap {
            return self.places.len();
        }
        let number = number(rule, profile.effect);
        let dims = profile.domain.dims().filter_map(|(dim, set)| Some(self.dims.get(&dim)?.latest(set, number)));
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
        one.commutes(&self.rules[a], other, &self.rules[b])
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
const fn number(rule: usize, effect: Effect) -> u32 {
    match effect {
        Effect::Ends(number) => number,
        Effect::Assigns(_) | Effect::Other | Effect::Gap => u32::MAX - rule as u32,
    }
}
