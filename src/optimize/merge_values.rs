//! Rules that differ in one field's value become one rule with a set.
//!
//! Sound because the rules do the same: where they end the packet's way, it does not matter which
//! of them matched; where they go on, the values must be disjoint and untouched by what the rule
//! does, so that at most one of them ever acts. A rule moves up to the others only past rules it
//! commutes with. Rules with state or counters stay apart.

mod values;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use self::values::Values;
use super::commute::takes_for_good;
use super::effects::ChainChanges;
use super::labels;
use super::order::Order;
use super::shape::{self, Sum};
use super::{Level, Options, Report, left, words};
use crate::ir::{Chain, Rule, Step, Table};
use crate::packet::Field;

/// Fields are merged one after the other; what one merge makes equal, another can merge.
const ROUNDS: usize = 12;

/// Merges in every chain.
pub fn run(table: &mut Table, options: &Options, report: &mut Report) {
    let chains = ChainChanges::of(table);
    for chain in &mut table.chains {
        let mut idle: FxHashSet<Field> = FxHashSet::default();
        for _ in 0..ROUNDS {
            let Some((field, shapes)) = most_promising(&chain.rules, options, &idle) else { break };
            if merge(chain, field, &shapes, &chains, options, report) {
                idle.clear();
            }
            idle.insert(field);
        }
    }
}

/// For each rule, the step with the field's values, and what the rule is without it.
pub(super) type Shapes = Vec<Option<(usize, Sum)>>;

/// The fields that a rule may be merged by: the step with the values, and the rest of the rule.
type Candidates = SmallVec<[(Field, usize, Sum); 2]>;

/// The field by which most rules can be one, if nothing stands between them.
fn most_promising(rules: &[Rule], options: &Options, idle: &FxHashSet<Field>) -> Option<(Field, Shapes)> {
    if rules.len() < 2 {
        return None;
    }
    let mut seen: FxHashMap<(Field, Sum), usize> = FxHashMap::default();
    let mut gain: FxHashMap<Field, usize> = FxHashMap::default();
    let mut all: Vec<Candidates> = Vec::with_capacity(rules.len());
    for (at, rule) in rules.iter().enumerate() {
        let candidates = candidates(rule, options);
        for &(field, _, sum) in candidates.iter().filter(|c| !idle.contains(&c.0)) {
            let before = seen.insert((field, sum), at);
            if before.is_some_and(|b| options.level > Level::Safe || b + 1 == at) {
                *gain.entry(field).or_default() += 1;
            }
        }
        all.push(candidates);
    }
    let (field, _) = gain.into_iter().max_by_key(|&(field, gain)| (gain, std::cmp::Reverse(field)))?;
    let shape = |c: Candidates| c.into_iter().find(|c| c.0 == field).map(|(_, step, sum)| (step, sum));
    Some((field, all.into_iter().map(shape).collect()))
}

fn candidates(rule: &Rule, options: &Options) -> Candidates {
    if !shape::may_merge(rule) {
        return Candidates::new();
    }
    let whole = Sum::of(rule);
    let steps = rule.steps.iter().enumerate().filter_map(|(at, step)| match step {
        Step::Test(test) => Some((shape::field_of_values(rule, test, options.target)?, at, whole.without(test))),
        Step::Do(_) => None,
    });
    steps.collect()
}

/// Rules that will be one.
pub(super) struct Run {
    /// Index of the first.
    first: usize,
    /// What they test the field for; made when a second rule comes.
    values: Option<Values>,
    others: Vec<usize>,
}

/// Merges by one field; says whether anything became one.
fn merge(
    chain: &mut Chain,
    field: Field,
    shapes: &Shapes,
    chains: &ChainChanges,
    options: &Options,
    report: &mut Report,
) -> bool {
    let runs = runs(&chain.rules, field, shapes, chains, options.level);
    if runs.len() == chain.rules.len() {
        return false;
    }
    let mut rules: Vec<Option<Rule>> = std::mem::take(&mut chain.rules).into_iter().map(Some).collect();
    for run in runs.into_iter().filter(|run| !run.others.is_empty()) {
        let Some(mut rule) = rules.get_mut(run.first).and_then(Option::take) else { continue };
        let reason = why(&run, field);
        if let (Some(values), Some(Some((step, _)))) = (run.values, shapes.get(run.first)) {
            let others =
                run.others.iter().filter_map(|&at| Some((shapes.get(at)?.as_ref()?.0, rules.get_mut(at)?.take()?)));
            unite(&mut rule, *step, values, others.collect());
            report.merged(&chain.name, &rule.origin.lines, reason);
        }
        rules[run.first] = Some(rule);
    }
    chain.rules = left(rules);
    true
}

fn why(run: &Run, field: Field) -> String {
    let count = run.others.len() + 1;
    let gapped = run.others.last().is_some_and(|&last| last + 1 > run.first + count);
    let moved = if gapped { "; no rule between them minds" } else { "" };
    format!("{count} rules do the same and differ in the {}: one set holds its values{moved}", words::field(field))
}

/// Each rule in order joins the run of its kind, or opens one.
pub(super) fn runs(rules: &[Rule], field: Field, shapes: &Shapes, chains: &ChainChanges, level: Level) -> Vec<Run> {
    let mut order = (level > Level::Safe).then(|| Order::new(rules, chains));
    let mut open: FxHashMap<Sum, usize> = FxHashMap::default();
    let mut runs: Vec<Run> = Vec::with_capacity(rules.len());
    for at in 0..rules.len() {
        let joined = shapes[at].and_then(|(step, sum)| {
            let place = *open.get(&sum)?;
            let free = place + 1 == runs.len() || order.as_ref().is_some_and(|o| o.may_join(at, place));
            (free && runs[place].admit(at, step, rules, shapes, chains, field)).then_some(place)
        });
        let place = joined.unwrap_or(runs.len());
        match (&mut order, joined) {
            (Some(order), Some(place)) => order.join(at, place),
            (Some(order), None) => _ = order.append(at),
            (None, _) => {}
        }
        if joined.is_none() {
            runs.push(Run { first: at, values: None, others: Vec::new() });
            open.extend(shapes[at].map(|(_, sum)| (sum, place)));
        }
    }
    runs
}

impl Run {
    /// Indices of its rules, in order.
    pub fn members(&self) -> impl Iterator<Item = usize> {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }

    /// How many rules it has.
    pub fn len(&self) -> usize {
        self.others.len() + 1
    }

    /// Takes the rule in, if that is sound.
    fn admit(
        &mut self,
        at: usize,
        step: usize,
        rules: &[Rule],
        shapes: &Shapes,
        chains: &ChainChanges,
        field: Field,
    ) -> bool {
        let (first, rule) = (&rules[self.first], &rules[at]);
        let own = shapes[self.first].map(|(own, _)| own);
        if !own.is_some_and(|own| shape::same_but(first, &[own], rule, &[step])) {
            return false;
        }
        let exclusive = !takes_for_good(first) || first.counters().is_some();
        if exclusive && chains.of_rule(rule).may_change(field) {
            return false;
        }
        if self.values.is_none() {
            self.values = own.and_then(|own| Values::of(&first.steps[own], exclusive));
        }
        let taken = self.values.as_mut().is_some_and(|values| values.admit(&rule.steps[step]));
        if taken {
            self.others.push(at);
        }
        taken
    }
}

/// `rule` takes in the others: their values, lines and comments.
fn unite(rule: &mut Rule, step: usize, values: Values, others: Vec<(usize, Rule)>) {
    let mut said = labels::Said::default();
    said.add(rule, || labels::components(rule.steps.get(step)));
    for (at, other) in others {
        said.add(&other, || labels::components(other.steps.get(at)));
        rule.origin.lines.extend_from_slice(&other.origin.lines);
        labels::absorb(rule, &other);
    }
    rule.origin.lines.sort_unstable();
    rule.origin.lines.dedup();
    if let Some(Step::Test(test)) = rule.steps.get_mut(step) {
        values.store(test);
    }
    said.place(rule);
}
