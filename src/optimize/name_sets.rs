//! Long lists, and lists that other software feeds, become named sets.
//!
//! Sound because a named set without rules that add to it holds what the anonymous one held. Equal lists
//! of one table share a set. Comments of values become comments of elements.

mod list;
mod speaking;

use bstr::ByteSlice;
use rustc_hash::FxHashMap;

use self::list::List;
use super::{NamedSets, Options, Report};
use crate::ir::{Chain, Row, Rule, SetId, Step, Table, Test};
use crate::packet::Field;

/// From how many elements on a list gets a name by itself.
pub const LONG: usize = 32;

/// Names lists in every chain.
pub fn run(table: &mut Table, options: &Options, report: &mut Report) {
    if options.named_sets == NamedSets::Never {
        return;
    }
    let mut known: FxHashMap<(Vec<Field>, Vec<Row>), SetId> = FxHashMap::default();
    for at in 0..table.chains.len() {
        let Some(chain) = table.chains.get_mut(at) else { continue };
        let mut rules = std::mem::take(&mut chain.rules);
        let about = Chain { name: chain.name.clone(), base: chain.base, rules: Vec::new(), helper: chain.helper };
        for rule in &mut rules {
            let fed = speaking::is_fed(about.name.as_bstr());
            for step in 0..rule.steps.len() {
                if let Some(list) = List::of(rule, step, fed).filter(|list| is_wanted(list, options, fed)) {
                    name(table, &about, rule, step, list, &mut known, report);
                }
            }
        }
        if let Some(chain) = table.chains.get_mut(at) {
            chain.rules = rules;
        }
    }
}

fn is_wanted(list: &List, options: &Options, fed: bool) -> bool {
    match options.named_sets {
        NamedSets::Never => false,
        NamedSets::Always => list.rows.len() > 1 || fed && list.is_addresses(),
        NamedSets::Auto => list.rows.len() >= LONG || fed && list.is_addresses(),
    }
}

/// Puts the list into a set, new or known, and the set into the rule.
fn name(
    table: &mut Table,
    chain: &Chain,
    rule: &mut Rule,
    step: usize,
    list: List,
    known: &mut FxHashMap<(Vec<Field>, Vec<Row>), SetId>,
    report: &mut Report,
) {
    let count = list.rows.len();
    let (fields, negated) = (list.fields.clone(), list.negated);
    let commented = list.rows.iter().any(|row| row.comment.is_some());
    let key = (fields.to_vec(), list.rows.iter().map(|row| row.key.clone()).collect::<Vec<_>>());
    let shared = known.get(&key).copied().filter(|_| !commented);
    let set = shared.unwrap_or_else(|| {
        let name = speaking::name(&chain.name, rule, &list, &|id| table.chain(id).map(|c| c.name.clone()));
        table.add_set(list.into_set(name))
    });
    if !commented {
        known.insert(key, set);
    }
    list::drop_placed(rule, table.sets.get(set.0 as usize));
    if let Some(step) = rule.steps.get_mut(step) {
        *step = Step::Test(Test::Lookup { fields, set, negated });
    }
    let why = format!("the list of {count} gets a name, so that `nft add element` can add to it");
    report.merged(&chain.name, &rule.origin.lines, why);
}
