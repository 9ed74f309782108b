//! What is known of the rules that have a place, so that a question costs no look at all of them.
//!
//! For each dimension it knows the last place where something else is done to any of a rule's values; a place behind
//! which one dimension knows nothing is free to join. What single dimensions cannot tell is looked at rule by rule,
//! where that is little.

use rustc_hash::FxHashMap;

use super::claims::{Values, number};
use super::clashes::Clashes;
use super::segments::{Latest, Segments};
use crate::optimize::commute::Effect;
use crate::optimize::facts::Facts;

/// Rules that are looked at one by one behind a place; a chain of no more needs no index.
const NEAR: usize = 64;

/// Where all rules but so many do the same, those are looked at one by one, and there is no index.
const FEW: usize = 16;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Index<'f> {
    facts: &'f Facts<'f>,
    /// For each dimension of the claims; none without an index.
    dims: Vec<Along>,
    /// For each rule its place, from 1 on; 0 for those without.
    placed: Vec<u32>,
    /// The last rule of each place.
    places: Vec<u32>,
    /// For each rule the one before it at its place; itself for the first.
    before: Vec<u32>,
    /// The last place with a gap, from 1 on.
    gap: u32,
    most: Option<Most>,
    /// Where all rules claim a part of the only dimension: who clashes with whom, which tells nearly all.
    lone: Option<&'f Clashes>,
}

/// Where along a dimension something else is done.
#[derive(Debug)]
struct Along {
    /// By rules that allow every value.
    everywhere: Latest,
    /// By others, where their clashes are not known one by one.
    segments: Option<Segments>,
}

/// What nearly all rules of a chain do.
#[derive(Debug)]
struct Most {
    effect: Effect,
    /// The others that have a place, with it.
    others: Vec<(u32, u32)>,
}

impl<'f> Index<'f> {
    /// Of a chain's rules, none of which has a place yet.
    pub fn new(facts: &'f Facts<'f>) -> Self {
        let most = most(facts.deeds());
        let mut dims = Vec::new();
        if most.is_none() && facts.rules.len() > NEAR {
            dims.extend(facts.claims().dims.iter().map(|(_, values)| Along::of(values)));
        }
        let (placed, before) = (vec![0; facts.rules.len()], vec![0; facts.rules.len()]);
        let lone = if dims.is_empty() { None } else { facts.claims().lone() };
        Index { facts, dims, placed, places: Vec::new(), before, gap: 0, most, lone }
    }

    /// Whether the rule commutes with all that stands behind the place.
    pub fn is_free(&self, rule: usize, place: usize) -> bool {
        if self.lone.is_some_and(|clashes| clashes.with(rule as u32).is_empty()) {
            return true;
        }
        match &self.most {
            Some(most) if self.facts.effect(rule) == most.effect => {
                let mut behind = most.others.iter().rev().filter(|(_, at)| *at as usize > place);
                behind.all(|&(other, _)| self.facts.commute(rule, other as usize))
            }
            // One of the few that do something else.
            Some(_) => self.is_free_near(rule, place, usize::MAX),
            None => self.floor(rule) <= place + 1 || self.is_free_near(rule, place, NEAR),
        }
    }

    /// Takes a rule in at its place, which exists or comes next.
    pub fn add(&mut self, rule: u32, place: u32) {
        let effect = self.facts.effect(rule as usize);
        match self.places.get_mut(place as usize) {
            Some(last) => self.before[rule as usize] = std::mem::replace(last, rule),
            None => {
                self.before[rule as usize] = rule;
                self.places.push(rule);
            }
        }
        let at = place + 1;
        if effect == Effect::Gap {
            self.gap = self.gap.max(at);
        }
        if let Some(most) = self.most.as_mut().filter(|most| effect != most.effect) {
            most.others.push((rule, place));
        }
        self.placed[rule as usize] = at;
        if !self.dims.is_empty() && self.lone.is_none() {
            self.note(rule, at, number(rule, effect));
        }
    }

    /// Notes in each dimension that `number` is done at `place` (from 1 on) for the rule's values.
    fn note(&mut self, rule: u32, place: u32, number: u32) {
        let claims = self.facts.claims();
        let claimed = claims.claimed(rule as usize);
        for (at, (along, (dim, _))) in self.dims.iter_mut().zip(&claims.dims).enumerate() {
            match &mut along.segments {
                _ if !claimed.contains(&(at as u32)) => _ = along.everywhere.add((place, number)),
                // The places of rules are known.
                None => {}
                Some(segments) => {
                    let values = self.facts.profile(rule as usize).domain.get(*dim);
                    values.into_iter().for_each(|values| segments.add(values, place, number));
                }
            }
        }
    }

    /// No rule behind this place (from 1 on) keeps the rule from moving up.
    fn floor(&self, rule: usize) -> usize {
        let effect = self.facts.effect(rule);
        if effect == Effect::Gap || self.dims.is_empty() {
            return self.places.len();
        }
        let number = number(rule as u32, effect);
        let latest = |&dim: &u32| self.latest(dim as usize, rule, number);
        let floor = self.facts.claims().claimed(rule).iter().map(latest).min().unwrap_or(self.places.len() as u32);
        floor.max(self.gap) as usize
    }

    /// The last place where another number is done for any of the rule's values of a dimension; 0 when there is none.
    fn latest(&self, dim: usize, rule: usize, number: u32) -> u32 {
        let (along, (name, values)) = (&self.dims[dim], &self.facts.claims().dims[dim]);
        let place = |other: &u32| self.placed.get(*other as usize).copied();
        let latest = match (values, &along.segments) {
            (Values::Few(clashes), _) => clashes.with(rule as u32).iter().filter_map(place).max().unwrap_or(0),
            (Values::Many(_), segments) => {
                let asked = segments.as_ref().zip(self.facts.profile(rule).domain.get(*name));
                asked.map_or(0, |(segments, values)| segments.latest(values, number))
            }
        };
        latest.max(along.everywhere.other_than(number))
    }

    /// Looks at what is behind the place, if that is no more than `left` rules.
    fn is_free_near(&self, rule: usize, place: usize, mut left: usize) -> bool {
        let behind = self.places.iter().skip(place + 1).rev();
        behind.flat_map(|&last| self.members(last)).all(|other| {
            let near = left > 0;
            left = left.saturating_sub(1);
            near && self.facts.commute(rule, other as usize)
        })
    }

    /// The rules of a place from its last one back.
    fn members(&self, last: u32) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(last), |&rule| Some(self.before[rule as usize]).filter(|&before| before != rule))
    }
}

impl Along {
    fn of(values: &Values) -> Self {
        let segments = match values {
            Values::Few(_) => None,
            Values::Many(segments) => Some(segments.clone()),
        };
        Along { everywhere: Latest::default(), segments }
    }
}

/// What all rules but a few do, if it is something that any of them may do.
fn most(deeds: &[(u32, Effect)]) -> Option<Most> {
    let mut counts: FxHashMap<u32, usize> = FxHashMap::default();
    for (_, effect) in deeds {
        if let Effect::Ends(number) = *effect {
            *counts.entry(number).or_default() += 1;
        }
    }
    let (number, count) = counts.into_iter().max_by_key(|&(number, count)| (count, number))?;
    let few = deeds.len() - count <= FEW;
    few.then(|| Most { effect: Effect::Ends(number), others: Vec::new() })
}
