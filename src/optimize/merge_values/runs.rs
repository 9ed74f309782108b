//! Which rules become one.

use rustc_hash::FxHashMap;

use super::candidates::Candidate;
use super::values::Values;
use crate::optimize::Level;
use crate::optimize::commute::takes_for_good;
use crate::optimize::facts::Facts;
use crate::optimize::order::Order;
use crate::optimize::shape;
use crate::packet::Field;

/// Rules that will be one.
pub struct Run {
    /// It stays where it is.
    pub first: Candidate,
    pub others: Vec<Member>,
    /// What they test the field for; made when a second rule comes.
    pub(super) values: Option<Values>,
    place: usize,
}

/// A rule, and the step whose values are merged.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    pub rule: u32,
    pub step: u32,
}

/// Each candidate in order joins the run of its kind, or opens one; those by other fields are passed over, all
/// stand in the order of their rules.
pub fn runs<'c>(
    facts: &Facts,
    field: Field,
    candidates: impl Iterator<Item = &'c Candidate>,
    level: Level,
) -> Vec<Run> {
    let mut order = (level > Level::Safe).then(|| Order::new(facts));
    let mut open: FxHashMap<shape::Sum, usize> = FxHashMap::default();
    let mut runs: Vec<Run> = Vec::new();
    let mut places = 0;
    let mut candidates = candidates.filter(|candidate| candidate.field == field).peekable();
    for at in 0..facts.rules.len() {
        let candidate = candidates.next_if(|candidate| candidate.rule as usize == at);
        let joined = candidate.and_then(|candidate| {
            let run = runs.get_mut(*open.get(&candidate.sum)?)?;
            let free = run.place + 1 == places || order.as_mut().is_some_and(|o| o.may_join(at, run.place));
            (free && run.admit(candidate, facts)).then_some(run.place)
        });
        match (&mut order, joined) {
            (Some(order), Some(place)) => order.join(at, place),
            (Some(order), None) => _ = order.append(at),
            (None, _) => {}
        }
        if joined.is_none() {
            if let Some(&first) = candidate {
                open.insert(first.sum, runs.len());
                runs.push(Run { first, others: Vec::new(), values: None, place: places });
            }
            places += 1;
        }
    }
    runs
}

/// Those of several rules.
pub(super) fn of_several<'c>(
    facts: &Facts,
    field: Field,
    candidates: impl Iterator<Item = &'c Candidate>,
    level: Level,
) -> Vec<Run> {
    match level {
        Level::None | Level::Safe => neighbours(facts, candidates.filter(|candidate| candidate.field == field)),
        Level::Full => {
            let mut runs = runs(facts, field, candidates, level);
            runs.retain(|run| !run.others.is_empty());
            runs
        }
    }
}

/// The same among rules that stand together, where only the last run can go on.
fn neighbours<'c>(facts: &Facts, candidates: impl Iterator<Item = &'c Candidate>) -> Vec<Run> {
    // Room costs nothing before it is used.
    let mut runs: Vec<Run> = Vec::with_capacity(facts.rules.len() / 2);
    let mut last: Option<Run> = None;
    for candidate in candidates {
        let next = last.as_mut().filter(|run| run.last() + 1 == candidate.rule && run.first.sum == candidate.sum);
        if next.is_none_or(|run| !run.admit(candidate, facts)) {
            let run = Run { first: *candidate, others: Vec::new(), values: None, place: 0 };
            runs.extend(last.replace(run).filter(|run| !run.others.is_empty()));
        }
    }
    runs.extend(last.filter(|run| !run.others.is_empty()));
    runs
}

impl Run {
    /// The last of its rules.
    pub(super) fn last(&self) -> u32 {
        self.others.last().map_or(self.first.rule, |last| last.rule)
    }

    /// Its rules, in order.
    pub fn members(&self) -> impl Iterator<Item = Member> {
        let Candidate { rule, step, .. } = self.first;
        std::iter::once(Member { rule, step }).chain(self.others.iter().copied())
    }

    /// How many rules it has.
    pub fn len(&self) -> usize {
        self.others.len() + 1
    }

    /// Takes the rule in, if that is sound.
    fn admit(&mut self, candidate: &Candidate, facts: &Facts) -> bool {
        if !self.is_like(candidate, facts) {
            return false;
        }
        let (first, rule) = (&facts.rules[self.first.rule as usize], &facts.rules[candidate.rule as usize]);
        if self.values.is_none() {
            let exclusive = !takes_for_good(first) || first.counters().is_some();
            self.values = Values::of(&first.steps[self.first.step as usize], exclusive);
        }
        let Some(values) = &mut self.values else { return false };
        if values.is_exclusive() && facts.chains.of_rule(rule).may_change(candidate.field) {
            return false;
        }
        let taken = values.admit(|| &rule.steps[candidate.step as usize]);
        if taken {
            self.others.push(Member { rule: candidate.rule, step: candidate.step });
        }
        taken
    }

    /// Whether the rule is the first one but for the values.
    fn is_like(&self, other: &Candidate, facts: &Facts) -> bool {
        let first = &self.first;
        if first.only && other.only {
            let deeds = facts.deeds();
            return first.sum == other.sum && deeds[first.rule as usize].0 == deeds[other.rule as usize].0;
        }
        let rule = |candidate: &Candidate| &facts.rules[candidate.rule as usize];
        shape::same_but(rule(first), &[first.step as usize], rule(other), &[other.step as usize])
    }
}
