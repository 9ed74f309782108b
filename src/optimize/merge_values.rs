//! Rules that differ in one field's value become one rule with a set.
//!
//! Sound because the rules do the same: where they end the packet's way, it does not matter which
//! of them matched; where they go on, the values must be disjoint and untouched by what the rule
//! does, so that at most one of them ever acts. A rule moves up to the others only past rules it
//! commutes with. Rules with state or counters stay apart.

mod values;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use self::values::Values;
use super::commute::takes_for_good;
use super::effects::ChainChanges;
use super::known::Known;
use super::labels;
use super::order::Order;
use super::shape::{self, Sum};
use super::{Level, Options, Report, without, words};
use crate::ir::{Chain, Rule, Step, Table};
use crate::packet::Field;
use crate::parallel;

/// Fields are merged one after the other; what one merge makes equal, another can merge.
const ROUNDS: usize = 12;

/// Merges in every chain.
pub fn run(table: &mut Table, known: &mut Known, options: &Options, report: &mut Report) {
    let chains = known.changes(table);
    for chain in table.chains.iter_mut().filter(|chain| shape::may_have_twins(&chain.rules)) {
        let mut idle = None;
        let mut rounds = 0..ROUNDS;
        // Each turn looks at the rules as the one before left them; what is tried in vain leaves them as they are.
        loop {
            let candidates = candidates_of_all(&chain.rules, options);
            let mut promising = promising(&candidates, idle, options.level).into_iter().zip(&mut rounds);
            let merged = promising
                .find(|&(field, _)| merge(chain, field, &shapes(&candidates, field), chains, options.level, report));
            match merged {
                Some((field, _)) => idle = Some(field),
                None => break,
            }
        }
    }
}

/// For each rule, the step with the field's values, and what the rule is without it.
pub(super) type Shapes = Vec<Option<(usize, Sum)>>;

/// The fields that a rule may be merged by: the step with the values, and the rest of the rule.
type Candidates = SmallVec<[(Field, usize, Sum); 2]>;

/// The candidates of each rule.
fn candidates_of_all(rules: &[Rule], options: &Options) -> Vec<Candidates> {
    let twins = shape::twins(rules);
    parallel::numbers(rules.len(), |at| match twins[at] {
        Some(deed) => candidates(&rules[at], deed, options),
        None => Candidates::new(),
    })
}

fn candidates(rule: &Rule, deed: Sum, options: &Options) -> Candidates {
    if !shape::may_merge(rule) {
        return Candidates::new();
    }
    let mut whole = deed;
    let mut candidates = Candidates::new();
    for (at, step) in rule.steps.iter().enumerate() {
        let Step::Test(test) = step else { continue };
        let own = Sum::of_test(test);
        whole = whole.with(own);
        if let Some(field) = shape::field_of_values(rule, test, options.target) {
            candidates.push((field, at, own));
        }
    }
    candidates.iter_mut().for_each(|(.., sum)| *sum = whole.without(*sum));
    candidates
}

/// The fields but `idle` by which rules may be one, the one first by which most can be if nothing stands between them.
fn promising(candidates: &[Candidates], idle: Option<Field>, level: Level) -> Vec<Field> {
    let mut seen: FxHashMap<(Field, Sum), usize> = FxHashMap::default();
    seen.reserve(candidates.len());
    let mut gain: FxHashMap<Field, usize> = FxHashMap::default();
    for (at, candidates) in candidates.iter().enumerate() {
        for &(field, _, sum) in candidates.iter().filter(|c| Some(c.0) != idle) {
            let before = seen.insert((field, sum), at);
            if before.is_some_and(|b| level > Level::Safe || b + 1 == at) {
                *gain.entry(field).or_default() += 1;
            }
        }
    }
    let mut fields: Vec<(Field, usize)> = gain.into_iter().collect();
    fields.sort_unstable_by_key(|&(field, gain)| (std::cmp::Reverse(gain), field));
    fields.into_iter().map(|(field, _)| field).collect()
}

fn shapes(candidates: &[Candidates], field: Field) -> Shapes {
    let of = |c: &Candidates| c.iter().find(|c| c.0 == field).map(|&(_, step, sum)| (step, sum));
    candidates.iter().map(of).collect()
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
    level: Level,
    report: &mut Report,
) -> bool {
    let runs = runs(&chain.rules, field, shapes, chains, level);
    if runs.len() == chain.rules.len() {
        return false;
    }
    let mut gone = vec![false; chain.rules.len()];
    for mut run in runs.into_iter().filter(|run| !run.others.is_empty()) {
        let (Some(values), Some(Some((step, _)))) = (run.values.take(), shapes.get(run.first)) else { continue };
        let next = run.first + 1;
        let (before, behind) = chain.rules.split_at_mut(next);
        let Some(rule) = before.last_mut() else { continue };
        let other = |&at: &usize| Some((shapes.get(at)?.as_ref()?.0, behind.get(at - next)?));
        unite(rule, *step, values, run.others.iter().filter_map(other));
        run.others.iter().for_each(|&at| gone[at] = true);
        report.merged(&chain.name, &rule.origin.lines, why(&run, field));
    }
    without(&mut chain.rules, gone);
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
            let free = place + 1 == runs.len() || order.as_mut().is_some_and(|o| o.may_join(at, place));
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
fn unite<'r>(rule: &mut Rule, step: usize, values: Values, others: impl Iterator<Item = (usize, &'r Rule)>) {
    let mut said = labels::Said::default();
    said.add(rule, || labels::components(rule.steps.get(step)));
    for (at, other) in others {
        said.add(other, || labels::components(other.steps.get(at)));
        rule.origin.lines.extend_from_slice(&other.origin.lines);
        labels::absorb(rule, other);
    }
    rule.origin.settle();
    if let Some(Step::Test(test)) = rule.steps.get_mut(step) {
        values.store(test);
    }
    said.place(rule);
}
