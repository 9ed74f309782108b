//! Rules with counters that differ in one value become a named set whose elements count.
//!
//! Sound for the reasons of `merge_values`; and no count is lost: values are disjoint, so each packet is
//! counted by one element as by one rule before, and the set is looked up behind all other tests, so that it
//! counts what the rules counted. Only lists that get a name are merged so: a short run of rules shows its
//! counters best as it is.

use bstr::ByteSlice;
use rustc_hash::FxHashMap;

use super::facts::Facts;
use super::features::Features;
use super::known::Known;
use super::merge_values::{Candidate, Run, runs};
use super::name_sets::{self, List};
use super::shape::{self, Sum, Twice};
use super::{NamedSets, Options, Report, chains, without};
use crate::ir::{Carried, Component, Row, Rule, SetRow, Step, Table, Test};
use crate::nft::quoted::fits_comment;
use crate::nft::version::Feature;
use crate::packet::Field;

/// Merges in every chain.
pub fn run(table: &mut Table, known: &mut Known, options: &Options, report: &mut Report) {
    if options.named_sets == NamedSets::Never || !options.target.supports(Feature::StatementsInSet) {
        return;
    }
    let counted = chains::which(table, known, Features::COUNTERS, |_| true);
    let chains = known.changes(table);
    for at in counted {
        let Some(chain) = table.chains.get(at) else { continue };
        let facts = Facts::new(&chain.rules, chains);
        let Some((field, mut candidates)) = most_promising(&facts, options) else { continue };
        let fed = name_sets::is_fed(chain.name.as_bstr());
        let is_list = |run: &Run| name_sets::is_wanted(fed, &[field], run.len(), options);
        let found = runs(&facts, field, candidates.iter(), options.level);
        // Rules of runs that stay as they are stay where they are.
        let mut kept = vec![false; chain.rules.len()];
        found.iter().filter(|run| is_list(run)).flat_map(Run::members).for_each(|c| kept[c.rule as usize] = true);
        candidates.retain(|candidate| kept[candidate.rule as usize]);
        let found = runs(&facts, field, candidates.iter(), options.level);
        if found.iter().any(|run| run.len() > 1) {
            write(table, at, field, found, report);
        }
    }
}

/// The field by which most rules with counters can be one, and for each rule the step that tests it.
fn most_promising(facts: &Facts, options: &Options) -> Option<(Field, Vec<Candidate>)> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for (rule, (at, &(deed, _))) in facts.rules.iter().zip((0..).zip(facts.deeds())) {
        add(rule, at, deed, options, &mut candidates);
    }
    let mut seen: FxHashMap<(Field, Sum), usize> = FxHashMap::default();
    candidates.iter().for_each(|c| *seen.entry((c.field, c.sum)).or_default() += 1);
    let ((field, _), _) = seen.into_iter().filter(|(_, n)| *n > 1).max_by_key(|&((field, _), n)| (n, field))?;
    candidates.retain(|candidate| candidate.field == field);
    Some((field, candidates))
}

fn add(rule: &Rule, at: u32, deed: u32, options: &Options, candidates: &mut Vec<Candidate>) {
    if rule.counters().is_none() || !shape::may_merge_counted(rule) {
        return;
    }
    let (whole, twice) = (Sum::of_deed(deed, rule).with_tests(rule), Twice::of(rule));
    candidates.extend(rule.steps.iter().zip(0..).filter_map(|(step, number)| match step {
        Step::Test(test) => {
            let field = shape::field_of_values(rule, test, &twice, options.target).filter(|&f| shape::is_plain(f))?;
            let sum = whole.without(Sum::of_test(test));
            value(step).map(|_| Candidate { field, rule: at, step: number, only: false, sum })
        }
        Step::Do(_) => None,
    }));
}

/// The one value that a step tests for.
fn value(step: &Step) -> Option<Component> {
    match step {
        Step::Test(Test::In { set, .. }) => match set.intervals() {
            [only] => Some((*only).into()),
            _ => None,
        },
        Step::Test(Test::Named { names, .. }) => match names.as_slice() {
            [only] => Some(only.clone().into()),
            _ => None,
        },
        _ => None,
    }
}

fn write(table: &mut Table, at: usize, field: Field, found: Vec<Run>, report: &mut Report) {
    let Some(chain) = table.chains.get_mut(at) else { return };
    let mut rules = std::mem::take(&mut chain.rules);
    let chain = chain.name.clone();
    let mut gone = vec![false; rules.len()];
    for run in found.into_iter().filter(|run| run.len() > 1) {
        let members = || run.members().filter_map(|c| Some((c.step as usize, rules.get(c.rule as usize)?)));
        let rows = members().filter_map(|(step, rule)| row(rule, step)).collect();
        let why = || format!("{} rules do the same for one value each: a named set holds and counts them", run.len());
        let Some(mut rule) = unite(members()) else { continue };
        name_sets::put(table, &chain, &mut rule, List::counting(field, rows));
        report.merged(&chain, rule.origin.lines(), why);
        run.others.iter().for_each(|other| gone[other.rule as usize] = true);
        rules[run.first.rule as usize] = rule;
    }
    without(&mut rules, gone);
    if let Some(chain) = table.chains.get_mut(at) {
        chain.rules = rules;
    }
}

fn row(rule: &Rule, step: usize) -> Option<SetRow> {
    let key: Row = [value(rule.steps.get(step)?)?].into_iter().collect();
    let comment = rule.comment().filter(|text| fits_comment(text));
    Some(SetRow::carrying(key, Carried { comment, counters: rule.counters(), ..Carried::default() }))
}

/// The first rule without the test, for all lines, and with the comments that no element can have.
fn unite<'r>(mut members: impl Iterator<Item = (usize, &'r Rule)>) -> Option<Rule> {
    let (step, first) = members.next()?;
    let mut rule = first.clone();
    rule.steps.remove(step);
    let mut notes: Vec<_> = rule.comment().filter(|text| !fits_comment(text)).into_iter().collect();
    let mut origins = Vec::new();
    for (_, other) in members {
        notes.extend(other.comment().filter(|text| !fits_comment(text)));
        origins.push(&other.origin);
    }
    rule.origin.absorb_all(origins);
    let remarks = rule.remarks_mut();
    remarks.counters = None;
    remarks.comments = notes.into();
    Some(rule)
}
