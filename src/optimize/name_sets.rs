//! Long lists, and lists that other software feeds, become named sets.
//!
//! Sound because a named set without rules that add to it holds what the anonymous one held. Equal lists
//! of one table share a set. Comments of values become comments of elements.

mod list;
mod speaking;

use std::hash::{Hash, Hasher};

use bstr::{BString, ByteSlice};
use rustc_hash::{FxHashMap, FxHasher};
use smallvec::SmallVec;

pub use self::list::List;
pub use self::speaking::is_fed;
use super::features::Features;
use super::known::Known;
use super::{NamedSets, Options, Report, chains};
use crate::ir::{Chain, Rule, Set, SetId, Step, Table, Test};
use crate::packet::Field;

/// From how many elements on a list gets a name by itself.
pub const LONG: usize = 32;

/// Names lists in every chain.
pub fn run(table: &mut Table, known: &mut Known, options: &Options, report: &mut Report) {
    if options.named_sets == NamedSets::Never {
        return;
    }
    let mut made = Made::default();
    for at in chains::which(table, known, Features::NONE, |chain| may_have_list(chain, options)) {
        let Some(chain) = table.chains.get_mut(at) else { continue };
        let mut rules = std::mem::take(&mut chain.rules);
        let chain = chain.name.clone();
        let fed = is_fed(chain.as_bstr());
        for rule in &mut rules {
            for step in 0..rule.steps.len() {
                let list = if may_be_list(rule, step, fed, options) { List::of(rule, step, fed) } else { None };
                if let Some(list) = list.filter(|list| is_wanted(fed, &list.fields, list.rows.len(), options)) {
                    name(table, &chain, rule, step, list, &mut made, report);
                }
            }
        }
        if let Some(chain) = table.chains.get_mut(at) {
            chain.rules = rules;
        }
    }
}

fn may_have_list(chain: &Chain, options: &Options) -> bool {
    let fed = is_fed(chain.name.as_bstr());
    chain.rules.iter().any(|rule| (0..rule.steps.len()).any(|step| may_be_list(rule, step, fed, options)))
}

/// Whether the step may hold a list that gets a name; surely so where it is one of rows or names.
fn may_be_list(rule: &Rule, step: usize, fed: bool, options: &Options) -> bool {
    List::most(rule, step, fed).is_some_and(|(fields, most)| is_wanted(fed, fields, most, options))
}

/// Sets that were made, by a hash of what is in them.
type Made = FxHashMap<u64, SmallVec<[SetId; 1]>>;

/// Whether a list of so many elements gets a name; `fed` where other software feeds the lists of the chain.
pub fn is_wanted(fed: bool, fields: &[Field], count: usize, options: &Options) -> bool {
    let fed = fed && list::is_address(fields);
    match options.named_sets {
        NamedSets::Never => false,
        NamedSets::Always => count > 1 || fed,
        NamedSets::Auto => count >= LONG || fed,
    }
}

/// Puts the list into a set, new or known, and the set into the rule.
fn name(
    table: &mut Table,
    chain: &BString,
    rule: &mut Rule,
    step: usize,
    list: List,
    made: &mut Made,
    report: &mut Report,
) {
    let count = list.rows.len();
    let commented = list.rows.iter().any(|row| row.carried().comment.is_some());
    let known = made.entry(hash(&list)).or_default();
    let holds = |id: &&SetId| table.set(**id).is_some_and(|set| holds(set, &list));
    let shared = known.iter().find(holds).copied().filter(|_| !commented);
    let (fields, negated) = (list.fields.clone(), list.negated);
    let set = shared.unwrap_or_else(|| add(table, chain, rule, list));
    if !commented && shared.is_none() {
        known.push(set);
    }
    list::drop_placed(rule, table.sets.get(set.0 as usize));
    if let Some(step) = rule.steps.get_mut(step) {
        *step = Step::Test(Test::lookup(&fields, set, negated));
    }
    let why = || format!("the list of {count} gets a name, so that `nft add element` can add to it");
    report.merged(chain, rule.origin.lines(), why);
}

fn hash(list: &List) -> u64 {
    let mut hasher = FxHasher::default();
    list.fields.hash(&mut hasher);
    list.rows.iter().for_each(|row| row.key.hash(&mut hasher));
    hasher.finish()
}

/// Whether the list's elements are those of the set.
fn holds(set: &Set, list: &List) -> bool {
    set.key.as_slice() == list.fields.as_slice()
        && set.rows.iter().map(|row| &row.key).eq(list.rows.iter().map(|row| &row.key))
}

fn add(table: &mut Table, chain: &BString, rule: &Rule, list: List) -> SetId {
    let name = speaking::name(chain, rule, &list, &|id| table.chain(id).map(|c| c.name.clone()));
    table.add_set(list.into_set(name))
}

/// Puts the list into a set of its own, and a test of it behind the other tests of the rule.
pub fn put(table: &mut Table, chain: &BString, rule: &mut Rule, list: List) {
    let (fields, negated) = (list.fields.clone(), list.negated);
    let set = add(table, chain, rule, list);
    let tests = rule.steps.iter().take_while(|step| matches!(step, Step::Test(_))).count();
    rule.steps.insert(tests, Step::Test(Test::lookup(&fields, set, negated)));
}
