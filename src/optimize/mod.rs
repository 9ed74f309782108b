//! Passes that make the rules what a person who knows nftables would have written.
//!
//! Each pass is a file and an entry of `pipeline::PASSES`. A pass changes one table, tells what
//! it did, and never changes what any packet meets: stateful rules are not merged, copied or
//! moved; bit tests are not folded into sets of values.

mod chains;
pub mod commute;
mod count_elements;
mod deeds;
pub mod domain;
mod drop_tests;
pub mod effects;
mod endings;
pub mod examples;
mod facts;
mod features;
mod fold_chains;
mod fuse_actions;
mod known;
mod labels;
mod mapping;
mod merge_assignments;
mod merge_ladders;
mod merge_translations;
mod merge_tuples;
mod merge_values;
mod merge_verdicts;
mod name_sets;
mod numbered;
mod options;
pub mod order;
mod pipeline;
mod repeats;
mod shape;
mod words;

use bstr::BString;

use crate::ir::{Join, Origin, Rule, Ruleset, Table, Verdict};
use crate::packet::Family;
use known::Known;

pub use options::{Level, NamedSets, Options};
pub use pipeline::PASSES;

/// One pass.
#[derive(Debug)]
pub struct Pass {
    /// `verb_object`, the name of its file.
    pub name: &'static str,
    /// One line for a person.
    pub summary: &'static str,
    /// The lowest level that runs it.
    pub level: Level,
    run: fn(&mut Table, &mut Known, &Options, &mut Report),
}

/// One merge: which lines became one rule, and why that is the same.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Merged {
    pub pass: &'static str,
    pub family: Family,
    pub table: BString,
    pub chain: BString,
    /// Lines of the dump.
    pub lines: Vec<u32>,
    /// One line a person understands.
    pub why: String,
}

/// Where a pass tells what it did; nobody listens when there is no list.
#[derive(Debug)]
pub struct Report<'a> {
    pass: &'static str,
    family: Family,
    table: BString,
    merged: Option<&'a mut Vec<Merged>>,
}

impl<'a> Report<'a> {
    /// Of what a pass does to a table.
    fn new(pass: &'static str, table: &Table, merged: Option<&'a mut Vec<Merged>>) -> Self {
        Report { pass, family: table.family, table: table.name.clone(), merged }
    }

    /// Lines of a chain became one rule.
    pub fn merged(&mut self, chain: &BString, lines: &[u32], why: impl FnOnce() -> String) {
        let Some(merged) = &mut self.merged else { return };
        let (pass, family, table) = (self.pass, self.family, self.table.clone());
        merged.push(Merged { pass, family, table, chain: chain.clone(), lines: lines.to_vec(), why: why() });
    }
}

/// What may become of neighbours before all rules stand, so that long lists of LOG and DROP need half the room.
pub fn join(options: &Options) -> Option<Join> {
    (options.level >= Level::Safe).then_some(fuse_actions::join)
}

/// Runs the passes of the chosen level over every table, in order, and lists what they did where there is a list.
pub fn run(ruleset: &mut Ruleset, options: &Options, mut merged: Option<&mut Vec<Merged>>) {
    tell_joined(ruleset, merged.as_deref_mut());
    let mut known: Vec<Known> = ruleset.tables.iter().map(|_| Known::default()).collect();
    for pass in PASSES.iter().filter(|p| p.level <= options.level && options.level > Level::None) {
        for (table, known) in ruleset.tables.iter_mut().zip(&mut known) {
            pass.run(table, known, options, merged.as_deref_mut());
        }
    }
}

/// Tells what [`join`] did.
fn tell_joined(ruleset: &Ruleset, merged: Option<&mut Vec<Merged>>) {
    let Some(merged) = merged else { return };
    for table in &ruleset.tables {
        fuse_actions::tell(table, &mut Report::new("fuse_actions", table, Some(&mut *merged)));
    }
}

/// Runs one pass over every table.
pub fn run_pass(pass: &Pass, ruleset: &mut Ruleset, options: &Options, mut merged: Option<&mut Vec<Merged>>) {
    for table in &mut ruleset.tables {
        pass.run(table, &mut Known::default(), options, merged.as_deref_mut());
    }
}

impl Pass {
    fn run(&self, table: &mut Table, known: &mut Known, options: &Options, merged: Option<&mut Vec<Merged>>) {
        let mut report = Report::new(self.name, table, merged);
        (self.run)(table, known, options, &mut report);
    }
}

/// Takes those rules out of a chain that are gone, each told for itself, and the room that most had.
fn without(rules: &mut Vec<Rule>, gone: Vec<bool>) {
    let stay = gone.iter().filter(|gone| !**gone).count();
    if stay < rules.len() / 2 {
        let staying = rules.iter_mut().zip(gone).filter(|(_, gone)| !gone).map(|(rule, _)| take(rule));
        *rules = staying.collect();
        return;
    }
    let mut gone = gone.into_iter();
    rules.retain(|_| gone.next() == Some(false));
}

/// The rule, with none in its place.
fn take(rule: &mut Rule) -> Rule {
    std::mem::replace(rule, Rule::new([], Verdict::Continue, Origin::default()))
}
