//! Rules that may become one with others that differ in the values of one field.

use rustc_hash::FxHashMap;

use crate::ir::{Rule, Step};
use crate::optimize::facts::Facts;
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

impl Candidate {
    /// What it shares with those that it may become one with.
    fn kind(&self) -> u64 {
        self.sum.with_field(self.field).0
    }
}

/// Those of all rules, in their order, by all fields but one; most that no other is like are left out.
pub(super) fn of_all(facts: &Facts, idle: Option<Field>, options: &Options) -> Vec<Candidate> {
    let (rules, deeds) = (facts.rules, facts.deeds());
    let shared = deeds::shared(deeds);
    let mut all = parallel::gathered(rules.len(), |piece, out| {
        out.reserve(piece.len());
        for at in piece.filter(|&at| shared[deeds[at] as usize] && shape::may_merge(&rules[at])) {
            add(&rules[at], at as u32, Sum::of_deed(deeds[at], &rules[at]), options, out);
        }
    });
    if idle.is_some() {
        all.retain(|candidate: &Candidate| Some(candidate.field) != idle);
    }
    let repeats = Repeats::of(all.iter().map(Candidate::kind));
    all.retain(|candidate| repeats.may_repeat(candidate.kind()));
    all
}

/// Adds those of one rule, which does what the sum is of.
fn add(rule: &Rule, at: u32, deed: Sum, options: &Options, out: &mut Vec<Candidate>) {
    let (mut whole, first, twice) = (deed, out.len(), Twice::of(rule));
    // They all come first.
    let tests = rule.steps.iter().map_while(Step::as_test);
    let only = tests.clone().nth(1).is_none();
    for (test, step) in tests.zip(0..) {
        let sum = Sum::of_test(test);
        whole = whole.with(sum);
        if let Some(field) = shape::field_of_values(rule, test, &twice, options.target) {
            out.push(Candidate { field, rule: at, step, only, sum });
        }
    }
    out.iter_mut().skip(first).for_each(|candidate| candidate.sum = whole.without(candidate.sum));
}

/// The fields by which rules may be one, the one first by which most can be if nothing stands between them.
pub(super) fn promising(candidates: &[Candidate], level: Level) -> Vec<Field> {
    // The last of each kind, and how many follow another one.
    let mut seen: FxHashMap<(Field, Sum), (u32, usize)> = FxHashMap::default();
    for &Candidate { field, rule, sum, .. } in candidates {
        seen.entry((field, sum))
            .and_modify(|(last, gain)| {
                *gain += usize::from(level > Level::Safe || *last + 1 == rule);
                *last = rule;
            })
            .or_insert((rule, 0));
    }
    let mut gains: FxHashMap<Field, usize> = FxHashMap::default();
    for ((field, _), (_, gain)) in seen.into_iter().filter(|(_, (_, gain))| *gain > 0) {
        *gains.entry(field).or_default() += gain;
    }
    let mut fields: Vec<(Field, usize)> = gains.into_iter().collect();
    fields.sort_unstable_by_key(|&(field, gain)| (std::cmp::Reverse(gain), field));
    fields.into_iter().map(|(field, _)| field).collect()
}

/// Those by one field.
pub(super) fn by(field: Field, candidates: &[Candidate]) -> Vec<Candidate> {
    candidates.iter().filter(|candidate| candidate.field == field).copied().collect()
}
