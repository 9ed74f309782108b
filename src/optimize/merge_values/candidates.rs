//! Rules that may become one with others that differ in the values of one field.

use rustc_hash::FxHashMap;

use crate::ir::{Rule, Step};
use crate::optimize::commute::Effect;
use crate::optimize::facts::Facts;
use crate::optimize::numbered::Numbered;
use crate::optimize::repeats::Repeats;
use crate::optimize::shape::{self, Sum, Twice};
use crate::optimize::{Level, Options, deeds};
use crate::packet::Field;
use crate::parallel;

/// A rule, and the step whose values it may be merged by.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    pub field: Field,
    pub rule: u32,
    pub step: u32,
    /// Whether it is the only test: what else the rule is, the number of its deed tells, and the sum its source.
    pub only: bool,
    /// Of what the rule is without the step.
    pub sum: Sum,
}

/// Those of all rules, in their order and in pieces, by all fields but one; most that no other is like are left out.
pub(super) fn of_all(facts: &Facts, idle: Option<Field>, options: &Options) -> Vec<Vec<Candidate>> {
    let (rules, deeds) = (facts.rules, facts.deeds());
    let shared = deeds::shared(deeds);
    let mut all = parallel::pieces(rules.len(), |piece| {
        let mut out = Vec::with_capacity(piece.len());
        for at in piece.filter(|&at| shared[deeds[at].0 as usize] && may_merge(&rules[at], deeds[at].1)) {
            add(&rules[at], at as u32, Sum::of_deed(deeds[at].0, &rules[at]), options, &mut out);
        }
        out.retain(|candidate: &Candidate| Some(candidate.field) != idle);
        out
    });
    let repeats = Repeats::of(all.iter().map(Vec::len).sum(), all.iter().flatten().map(|candidate| candidate.sum.0));
    all.iter_mut().for_each(|piece| piece.retain(|candidate| repeats.may_repeat(candidate.sum.0)));
    all
}

/// As [`shape::may_merge`], of which most is known of a rule that ends the packet's way.
fn may_merge(rule: &Rule, effect: Effect) -> bool {
    if let Effect::Ends(_) = effect { rule.notes().is_empty() } else { shape::may_merge(rule) }
}

/// Adds those of one rule, which does what the sum is of.
fn add(rule: &Rule, at: u32, deed: Sum, options: &Options, out: &mut Vec<Candidate>) {
    // They all come first.
    let tests = rule.steps.iter().map_while(Step::as_test);
    if let Some(test) = tests.clone().next().filter(|_| tests.clone().nth(1).is_none()) {
        let field = shape::field_of_values(rule, test, &Twice::default(), options.target);
        out.extend(field.map(|field| Candidate { field, rule: at, step: 0, only: true, sum: deed }));
        return;
    }
    let (mut whole, first, twice) = (deed, out.len(), Twice::of(rule));
    for (test, step) in tests.zip(0..) {
        let sum = Sum::of_test(test);
        whole = whole.with(sum);
        if let Some(field) = shape::field_of_values(rule, test, &twice, options.target) {
            out.push(Candidate { field, rule: at, step, only: false, sum });
        }
    }
    out.iter_mut().skip(first).for_each(|candidate| candidate.sum = whole.without(candidate.sum));
}

/// The fields by which rules may be one, the one first by which most can be if nothing stands between them.
pub(super) fn promising<'c>(candidates: impl Iterator<Item = &'c Candidate>, level: Level) -> Vec<Field> {
    let mut kinds = Numbered::default();
    // The last of each kind, and how many follow another one.
    let mut seen: Vec<(u32, usize)> = Vec::new();
    for &Candidate { field, rule, sum, .. } in candidates {
        match seen.get_mut(kinds.of((sum, field)) as usize) {
            None => seen.push((rule, 0)),
            Some((last, gain)) => {
                *gain += usize::from(level > Level::Safe || *last + 1 == rule);
                *last = rule;
            }
        }
    }
    let mut gains: FxHashMap<Field, usize> = FxHashMap::default();
    for ((_, field), (_, gain)) in kinds.kinds().into_iter().zip(seen).filter(|(_, (_, gain))| *gain > 0) {
        *gains.entry(field).or_default() += gain;
    }
    let mut fields: Vec<(Field, usize)> = gains.into_iter().collect();
    fields.sort_unstable_by_key(|&(field, gain)| (std::cmp::Reverse(gain), field));
    fields.into_iter().map(|(field, _)| field).collect()
}
