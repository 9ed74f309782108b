//! Rules with counters that differ in one value become a named set whose elements count.
//!
//! Sound for the reasons of `merge_values`; and no count is lost: values are disjoint, so each packet is
//! counted by one element as by one rule before, and the set is looked up behind all other tests, so that it
//! counts what the rules counted. Only lists that get a name are merged so: a short run of rules shows its
//! counters best as it is.

use bstr::ByteSlice;
use rustc_hash::FxHashMap;

use super::known::Known;
use super::merge_values::{Run, Shapes, runs};
use super::name_sets::{self, List};
use super::shape::{self, Sum};
use super::{NamedSets, Options, Report};
use crate::ir::{Component, Row, Rule, SetRow, Step, Table, Test};
use crate::nft::quoted::fits_comment;
use crate::nft::version::Feature;
use crate::packet::Field;

/// Merges in every chain.
pub fn run(table: &mut Table, known: &mut Known, options: &Options, report: &mut Report) {
    if options.named_sets == NamedSets::Never || !options.target.supports(Feature::StatementsInSet) {
        return;
    }
    if table.chains.iter().flat_map(|chain| &chain.rules).all(|rule| rule.counters().is_none()) {
        return;
    }
    let chains = known.changes(table);
    for at in 0..table.chains.len() {
        let Some(chain) = table.chains.get(at) else { continue };
        let Some((field, shapes)) = most_promising(&chain.rules, options) else { continue };
        let fed = name_sets::is_fed(chain.name.as_bstr());
        let is_list = |run: &Run| name_sets::is_wanted(fed, &[field], run.len(), options);
        let found = runs(&chain.rules, field, &shapes, chains, options.level);
        // Rules of runs that stay as they are stay where they are.
        let mut kept: Shapes = vec![None; shapes.len()];
        for member in found.iter().filter(|run| is_list(run)).flat_map(Run::members) {
            kept[member] = shapes[member];
        }
        let found = runs(&chain.rules, field, &kept, chains, options.level);
        if found.len() < chain.rules.len() {
            write(table, at, field, &kept, &found, report);
        }
    }
}

/// The field by which most rules with counters can be one, and for each rule the step that tests it.
fn most_promising(rules: &[Rule], options: &Options) -> Option<(Field, Shapes)> {
    let mut seen: FxHashMap<(Field, Sum), usize> = FxHashMap::default();
    let candidates: Vec<Vec<(Field, usize, Sum)>> = rules.iter().map(|rule| candidates(rule, options)).collect();
    for &(field, _, sum) in candidates.iter().flatten() {
        *seen.entry((field, sum)).or_default() += 1;
    }
    let ((field, _), _) = seen.into_iter().filter(|(_, n)| *n > 1).max_by_key(|&((field, _), n)| (n, field))?;
    let shape = |c: &Vec<(Field, usize, Sum)>| c.iter().find(|c| c.0 == field).map(|&(_, step, sum)| (step, sum));
    Some((field, candidates.iter().map(shape).collect()))
}

fn candidates(rule: &Rule, options: &Options) -> Vec<(Field, usize, Sum)> {
    if rule.counters().is_none() || !shape::may_merge_counted(rule) {
        return Vec::new();
    }
    let whole = Sum::of_deed(rule).with_tests(rule);
    let steps = rule.steps.iter().enumerate().filter_map(|(at, step)| match step {
        Step::Test(test) => {
            let field = shape::field_of_values(rule, test, options.target).filter(|&f| shape::is_plain(f))?;
            value(step).map(|_| (field, at, whole.without(Sum::of_test(test))))
        }
        Step::Do(_) => None,
    });
    steps.collect()
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

fn write(table: &mut Table, at: usize, field: Field, shapes: &Shapes, found: &[Run], report: &mut Report) {
    let Some(chain) = table.chains.get_mut(at) else { return };
    let mut rules: Vec<Option<Rule>> = std::mem::take(&mut chain.rules).into_iter().map(Some).collect();
    let chain = chain.name.clone();
    let mut out = Vec::with_capacity(found.len());
    for run in found {
        let mut members: Vec<(usize, Rule)> = Vec::with_capacity(run.len());
        for member in run.members() {
            let step = shapes.get(member).copied().flatten().map_or(0, |(step, _)| step);
            members.extend(rules.get_mut(member).and_then(Option::take).map(|rule| (step, rule)));
        }
        if members.len() < 2 {
            out.extend(members.into_iter().map(|(_, rule)| rule));
            continue;
        }
        let rows = members.iter().filter_map(|(step, rule)| row(rule, *step)).collect();
        let why = format!("{} rules do the same for one value each: a named set holds and counts them", members.len());
        let mut rule = unite(members);
        name_sets::put(table, &chain, &mut rule, List::counting(field, rows));
        report.merged(&chain, &rule.origin.lines, why);
        out.push(rule);
    }
    if let Some(chain) = table.chains.get_mut(at) {
        chain.rules = out;
    }
}

fn row(rule: &Rule, step: usize) -> Option<SetRow> {
    let key: Row = [value(rule.steps.get(step)?)?].into_iter().collect();
    let comment = rule.comment().filter(|text| fits_comment(text));
    Some(SetRow { key, verdict: None, values: Vec::new(), comment, timeout: None, counters: rule.counters() })
}

/// The first rule without the test, for all lines, and with the comments that no element can have.
fn unite(members: Vec<(usize, Rule)>) -> Rule {
    let mut members = members.into_iter();
    let Some((step, mut rule)) = members.next() else {
        return Rule::new([], crate::ir::Verdict::Continue, crate::ir::Origin::default());
    };
    rule.steps.remove(step);
    let mut notes: Vec<_> = rule.comment().filter(|text| !fits_comment(text)).into_iter().collect();
    for (_, other) in members {
        notes.extend(other.comment().filter(|text| !fits_comment(text)));
        rule.origin.lines.extend_from_slice(&other.origin.lines);
    }
    rule.origin.settle();
    let remarks = rule.remarks_mut();
    remarks.counters = None;
    remarks.comments = notes;
    rule
}
