//! Rules with tests of the same fields become one rule with a map: what the three passes that make maps share.
//!
//! A *case* is a rule seen as a row of a map: the columns are its tests of plain values, the data is what
//! it does. Cases of one *kind* (the same fields, the same other tests, the same way of doing) that stand
//! together, or commute with all between them, become one rule; its key is the fields in which they differ.
//!
//! Sound because rows are cut apart, so that a packet has the row of the first case that matches it; where
//! a case lets packets go on to later cases, no later case may match any packet of it. Rules with state,
//! counters or remarks other than comments are no cases.

mod arrange;
mod case;
mod cells;
mod resolve;
mod write;

pub use case::{Data, Deed, Kind, tests_first};

use super::features::Features;
use super::known::Known;
use super::{Options, Report, chains};
use crate::ir::{Rule, Table};

/// How a pass sees a rule's deed; `None` for rules that are not its business.
pub type Reading = fn(&Rule) -> Option<Deed>;

/// Makes the maps of every chain `with` what the rules must have; `why` says why the rules of so many lines are one.
/// Says whether any is made.
pub fn run(
    table: &mut Table,
    known: &mut Known,
    options: &Options,
    report: &mut Report,
    reading: Reading,
    with: Features,
    why: fn(usize) -> String,
) -> bool {
    let is_read = |rule: &&Rule| reading(rule).is_some() && case::may_be(rule);
    let several = chains::which(table, known, with, |chain| chain.rules.iter().filter(is_read).nth(1).is_some());
    if several.is_empty() {
        return false;
    }
    let chains = known.changes(table);
    let mut changed = false;
    for at in several {
        let rules = std::mem::take(&mut table.chains[at].rules);
        let name = table.chains[at].name.clone();
        let places = arrange::places(&rules, chains, reading, options);
        table.chains[at].rules = match places {
            None => rules,
            Some(places) => {
                changed = true;
                let mut writer = write::Writer { table, chain: &name };
                let written = writer.write(rules, places);
                for rule in written.iter().filter(|(_, merged)| *merged > 0) {
                    report.merged(&name, rule.0.origin.lines(), || why(rule.1));
                }
                written.into_iter().map(|(rule, _)| rule).collect()
            }
        };
    }
    changed
}
