//! Rules that differ in several fields become one rule with a concatenation.
//!
//! Sound for the reasons of `merge_values`: the rules do the same, a rule moves up only past rules it
//! commutes with, and where packets go on the combinations must be disjoint. What turns out to be a
//! product of sets is written as one. Overlaps are cut apart, where that takes few more rows than there were.

mod alike;
mod boxes;
mod columns;
mod grid;
mod said;

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use self::boxes::{Cells, Lines};
use self::columns::{Column, Columns, columns};
use super::commute::takes_for_good;
use super::deeds;
use super::effects::ChainChanges;
use super::facts::Facts;
use super::features::Features;
use super::known::Known;
use super::order::Order;
use super::shape::{self, Sum};
use super::{Level, Options, Report, chains, take, words};
use crate::ir::{Chain, Row, Rule, Step, Table, Test};
use crate::packet::{Field, IntervalSet};
use crate::parallel;

/// Merges in every chain.
pub fn run(table: &mut Table, known: &mut Known, options: &Options, report: &mut Report) {
    let several = |rule: &&Rule| rule.tests().nth(1).is_some();
    let may_merge =
        |chain: &Chain| chain.rules.iter().filter(several).nth(1).is_some() && shape::may_have_twins(&chain.rules);
    let may_merge = chains::which(table, known, Features::NONE, may_merge);
    let chains = known.changes(table);
    for at in may_merge {
        let chain = &mut table.chains[at];
        let facts = Facts::new(&chain.rules, chains);
        let (rules, deeds) = (facts.rules, facts.deeds());
        let shared = deeds::shared(deeds);
        let shape = |at: usize| {
            let deed = Some(deeds[at].0).filter(|&deed| shared[deed as usize])?;
            Shape::of(&rules[at], Sum::of_deed(deed, &rules[at]), options)
        };
        let mut shapes: Vec<Option<Shape>> = parallel::numbers(chain.rules.len(), shape);
        if are_unlike(&shapes) {
            continue;
        }
        let mut found = runs(&facts, &shapes, options.level);
        let mut united = unite_all(&chain.rules, &shapes, &found);
        let fails = |(run, united): &(&Vec<usize>, &Option<United>)| run.len() > 1 && united.is_none();
        let failed: Vec<usize> = found.iter().zip(&united).filter(fails).flat_map(|(run, _)| run.clone()).collect();
        // Rules that do not become one stay where they are, which may keep others from moving.
        if !failed.is_empty() {
            failed.into_iter().for_each(|at| shapes[at] = None);
            if are_unlike(&shapes) {
                continue;
            }
            found = runs(&facts, &shapes, options.level);
            united = unite_all(&chain.rules, &shapes, &found);
        }
        if united.iter().any(Option::is_some) {
            write(chain, &found, united, report);
        }
    }
}

/// A rule seen as values of some fields, and the rest.
struct Shape {
    columns: Columns,
    sum: Sum,
}

impl Shape {
    /// Of a rule that does what the sum is of.
    fn of(rule: &Rule, deed: Sum, options: &Options) -> Option<Self> {
        if !shape::may_merge(rule) {
            return None;
        }
        let columns = columns(rule, options.target);
        if columns.len() < 2 || !columns::fit_key(columns.iter().map(|c| c.field)) {
            return None;
        }
        let mut sum = columns.iter().fold(deed, |sum, column| sum.with_field(column.field));
        for (step, _) in rule.steps.iter().zip(0..).filter(|(_, at)| columns.iter().all(|c| c.step != *at)) {
            sum = step.as_test().map_or(sum, |test| sum.with(Sum::of_test(test)));
        }
        Some(Shape { columns, sum })
    }

    fn has_fields_of(&self, other: &Shape) -> bool {
        self.columns.iter().map(|column| column.field).eq(other.columns.iter().map(|column| column.field))
    }

    fn steps(&self) -> SmallVec<[usize; 6]> {
        self.columns.iter().map(|column| column.step as usize).collect()
    }

    fn is_like(&self, rule: &Rule, other: &Shape, other_rule: &Rule) -> bool {
        self.has_fields_of(other) && shape::same_but(rule, &self.steps(), other_rule, &other.steps())
    }
}

/// Whether no two rules can be of one run.
fn are_unlike(shapes: &[Option<Shape>]) -> bool {
    let mut seen: FxHashSet<Sum> = FxHashSet::default();
    shapes.iter().flatten().all(|shape| seen.insert(shape.sum))
}

/// Each rule in order joins the run of its kind, or opens one.
fn runs(facts: &Facts, shapes: &[Option<Shape>], level: Level) -> Vec<Vec<usize>> {
    let (rules, chains) = (facts.rules, facts.chains);
    let mut order = (level > Level::Safe).then(|| Order::new(facts));
    let mut open: FxHashMap<Sum, usize> = FxHashMap::default();
    let mut runs: Vec<Vec<usize>> = Vec::with_capacity(rules.len());
    for (at, rule) in rules.iter().enumerate() {
        let joined = shapes[at].as_ref().and_then(|shape| {
            let place = *open.get(&shape.sum)?;
            let first = *runs[place].first()?;
            let free = place + 1 == runs.len() || order.as_mut().is_some_and(|o| o.may_join(at, place));
            let like = || shapes[first].as_ref().is_some_and(|f| f.is_like(&rules[first], shape, rule));
            (free && like() && stays(rule, shape, chains)).then_some(place)
        });
        let place = joined.unwrap_or(runs.len());
        match (&mut order, joined) {
            (Some(order), Some(place)) => order.join(at, place),
            (Some(order), None) => _ = order.append(at),
            (None, _) => {}
        }
        match joined {
            Some(place) => runs[place].push(at),
            None => {
                runs.push(vec![at]);
                open.extend(shapes[at].as_ref().map(|shape| (shape.sum, place)));
            }
        }
    }
    runs
}

/// Where packets go on, they must be what they were.
fn stays(rule: &Rule, shape: &Shape, chains: &ChainChanges) -> bool {
    if !is_exclusive(rule) {
        return true;
    }
    let changes = chains.of_rule(rule);
    !shape.columns.iter().any(|column| changes.may_change(column.field))
}

/// At most one of the rules may act on a packet.
fn is_exclusive(rule: &Rule) -> bool {
    !takes_for_good(rule)
}

/// What each run becomes; nothing for a rule by itself, and for those that are better left as they are.
fn unite_all(rules: &[Rule], shapes: &[Option<Shape>], runs: &[Vec<usize>]) -> Vec<Option<United>> {
    let member = |&at: &usize| Some(Member { rule: rules.get(at)?, shape: shapes.get(at)?.as_ref() });
    let of =
        |run: &Vec<usize>| if run.len() > 1 { unite(&run.iter().filter_map(member).collect::<Vec<_>>()) } else { None };
    runs.iter().map(of).collect()
}

/// The rules of each run at its place: those of other runs have moved past them there, and there only.
fn write(chain: &mut Chain, runs: &[Vec<usize>], united: Vec<Option<United>>, report: &mut Report) {
    let mut rules = std::mem::take(&mut chain.rules);
    for (run, united) in runs.iter().zip(united) {
        match united {
            Some(united) => {
                report.merged(&chain.name, united.rule.origin.lines(), || why(run.len(), &united));
                chain.rules.push(united.rule);
            }
            None => chain.rules.extend(run.iter().filter_map(|&at| rules.get_mut(at).map(take))),
        }
    }
    parallel::let_go(rules.len(), rules);
    chain.rules.shrink_to_fit();
}

struct Member<'a> {
    rule: &'a Rule,
    shape: Option<&'a Shape>,
}

/// What a run became.
struct United {
    rule: Rule,
    /// The fields of the concatenation; none when sets alone say it.
    fields: Vec<Field>,
}

fn why(count: usize, united: &United) -> String {
    match united.fields.as_slice() {
        [] => format!("{count} rules do the same for every combination of some values: one set for each field"),
        fields => format!("{count} rules do the same and differ in {}: one set holds the rows", words::fields(fields)),
    }
}

/// `None` leaves the rules as they are.
fn unite(members: &[Member]) -> Option<United> {
    let first = members.first()?;
    let shape = first.shape.filter(|_| members.len() > 1)?;
    let exclusive = is_exclusive(first.rule);
    let cells = boxes::unite(cells(members, shape.columns.len())?, exclusive)?;
    let one = cells.rows().next()?;
    let varying: Vec<usize> = (0..shape.columns.len()).filter(|&at| cells.rows().any(|c| c[at] != one[at])).collect();
    let fields = fields(shape, &cells, first.rule);
    let mut rule = first.rule.clone();
    rule.origin.absorb_all(members.iter().skip(1).map(|member| &member.rule.origin));
    if varying.is_empty() {
        said::of_rule(&mut rule, members);
        write_sets(&mut rule, shape, one, &fields)?;
        return Some(United { rule, fields: Vec::new() });
    }
    let one = one.to_vec();
    let whole: Vec<bool> = varying.iter().map(|&at| columns::is_name(fields[at])).collect();
    let cells = cells.columns(&varying);
    let lines = boxes::rows(&cells, &whole, exclusive)?;
    if lines.len() > shape::most_when_cut(cells.rows().map(boxes::product).sum()) {
        return None;
    }
    let key: Vec<Field> = varying.iter().map(|&at| fields[at]).collect();
    let apart = columns::apart(&key, &lines);
    said::of_rows(&mut rule, members, &varying, &key, apart.is_some());
    write_sets(&mut rule, shape, &one, &fields)?;
    write_rows(&mut rule, shape, &varying, &key, &apart.unwrap_or(lines))?;
    Some(United { rule, fields: key })
}

/// What each rule tests the fields for.
fn cells(members: &[Member], width: usize) -> Option<Cells> {
    let mut cells = Cells::new(width, members.len());
    for Member { rule, shape } in members {
        let columns = &(*shape)?.columns;
        let before = cells.len();
        cells.push(columns.iter().filter_map(|column| column.values(rule)).map(Cow::into_owned));
        if columns.len() != width || cells.len() != before + 1 {
            return None;
        }
    }
    Some(cells)
}

/// The fields as they are written: ports of one protocol where the protocol is still that one.
fn fields(shape: &Shape, cells: &Cells, first: &Rule) -> Vec<Field> {
    let protocol = shape.columns.iter().position(|c| c.field == Field::L4proto);
    let same = protocol.is_none_or(|at| {
        let own = shape.columns[at].values(first);
        own.is_some_and(|own| cells.rows().all(|cell| cell[at] == *own))
    });
    let written = |column: &Column| match first.steps.get(column.step as usize) {
        Some(Step::Test(Test::In { field, .. })) if same => *field,
        _ => column.field,
    };
    shape.columns.iter().map(written).collect()
}

/// A set of its own for each field.
fn write_sets(rule: &mut Rule, shape: &Shape, cell: &[IntervalSet], fields: &[Field]) -> Option<()> {
    for ((column, set), &field) in shape.columns.iter().zip(cell).zip(fields) {
        *rule.steps.get_mut(column.step as usize)? = columns::test(field, set)?.into();
    }
    Some(())
}

/// One test of the rows where the first of the fields was tested, instead of a test of each field.
fn write_rows(rule: &mut Rule, shape: &Shape, varying: &[usize], key: &[Field], lines: &Lines) -> Option<()> {
    let rows = parallel::numbers(lines.len(), |at| columns::row(key, lines.row(at)));
    let rows: Option<Vec<Row>> = rows.into_iter().collect();
    let tuple = Test::Tuple { fields: key.iter().copied().collect(), rows: rows?.into(), negated: false };
    let mut steps: SmallVec<[usize; 6]> = varying.iter().map(|&at| shape.columns[at].step as usize).collect();
    steps.sort_unstable();
    let (&first, others) = steps.split_first()?;
    *rule.steps.get_mut(first)? = tuple.into();
    others.iter().rev().for_each(|&at| _ = rule.steps.remove(at));
    Some(())
}
