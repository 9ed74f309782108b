//! Rules that differ in one field's value become one rule with a set.
//!
//! Sound because the rules do the same: where they end the packet's way, it does not matter which
//! of them matched; where they go on, the values must be disjoint and untouched by what the rule
//! does, so that at most one of them ever acts. A rule moves up to the others only past rules it
//! commutes with. Rules with state or counters stay apart.

mod candidates;
mod runs;
mod values;

pub(super) use self::candidates::Candidate;
pub(super) use self::runs::{Run, runs};
use super::facts::Facts;
use super::features::Features;
use super::known::Known;
use super::{Options, Report, chains, labels, shape, without, words};
use crate::ir::{Chain, Origin, Rule, Step, Table, Test};
use crate::packet::{Field, Interval};

/// Fields are merged one after the other; what one merge makes equal, another can merge.
const ROUNDS: usize = 12;

/// Merges in every chain.
pub fn run(table: &mut Table, known: &mut Known, options: &Options, report: &mut Report) {
    let may_merge = chains::which(table, known, Features::NONE, |chain| shape::may_have_twins(&chain.rules));
    let chains = known.changes(table);
    for at in may_merge {
        let chain = &mut table.chains[at];
        let mut idle = None;
        let mut rounds = 0..ROUNDS;
        // Each turn looks at the rules as the one before left them; what is tried in vain leaves them as they are.
        loop {
            let facts = Facts::new(&chain.rules, chains);
            let candidates = candidates::of_all(&facts, idle, options);
            let promising =
                candidates::promising(candidates.iter().flatten(), options.level).into_iter().zip(&mut rounds);
            let found = promising
                .map(|(field, _)| (field, runs::of_several(&facts, field, candidates.iter().flatten(), options.level)))
                .find(|(_, runs)| !runs.is_empty());
            let Some((field, runs)) = found else { break };
            // Room for what becomes of them.
            drop((facts, candidates));
            merge(chain, field, runs, report);
            idle = Some(field);
        }
    }
}

/// Each run of several rules becomes one, where its first one stands.
fn merge(chain: &mut Chain, field: Field, runs: Vec<Run>, report: &mut Report) {
    let mut gone = vec![false; chain.rules.len()];
    for run in runs {
        let next = run.first.rule as usize + 1;
        let (before, behind) = chain.rules.split_at_mut(next);
        let Some(rule) = before.last_mut() else { continue };
        run.others.iter().for_each(|other| gone[other.rule as usize] = true);
        let (count, last) = (run.len(), run.last() as usize);
        unite(rule, run, |at| behind.get(at as usize - next));
        report.merged(&chain.name, rule.origin.lines(), || why(count, last >= next - 1 + count, field));
    }
    without(&mut chain.rules, gone);
}

/// Of so many rules, between which others stand where they are `gapped`.
fn why(count: usize, gapped: bool, field: Field) -> String {
    let moved = if gapped { "; no rule between them minds" } else { "" };
    format!("{count} rules do the same and differ in the {}: one set holds its values{moved}", words::field(field))
}

/// `rule` takes in the others of its run: their values, lines and comments.
fn unite<'r>(rule: &mut Rule, run: Run, other: impl Fn(u32) -> Option<&'r Rule>) {
    let step = run.first.step as usize;
    let mut taken = Taken { lines: Vec::with_capacity(run.len()), ..Taken::default() };
    if run.values.as_ref().is_some_and(values::Values::are_numbers) {
        taken.numbers.reserve(run.len());
    }
    taken.add(rule, step);
    for member in &run.others {
        other(member.rule).into_iter().for_each(|rule| taken.add(rule, member.step as usize));
    }
    rule.origin = Origin::of(rule.origin.source(), taken.lines);
    if let (Some(Step::Test(test)), Some(values)) = (rule.steps.get_mut(step), run.values) {
        values.store(test, taken.numbers);
    }
    taken.said.place(rule);
}

/// What rules of a run bring along, in their order.
#[derive(Default)]
struct Taken {
    lines: Vec<u32>,
    /// What they test the field for, where those are numbers.
    numbers: Vec<Interval>,
    said: labels::Said,
}

impl Taken {
    fn add(&mut self, rule: &Rule, step: usize) {
        let step = rule.steps.get(step);
        if let Some(Step::Test(Test::In { set, .. })) = step {
            self.numbers.extend_from_slice(set.intervals());
        }
        self.lines.extend_from_slice(rule.origin.lines());
        self.said.add(rule, || labels::components(step));
    }
}
