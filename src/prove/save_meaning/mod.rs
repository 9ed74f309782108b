//! What iptables rules mean, read off the syntax tree of a dump.
//!
//! The kernel evaluates a rule's head, then its matches from left to right, then its target; each of
//! them is read by the one function that `parts` lists for it, into [`Step`]s. An extension that is not
//! listed, or an option that its reader does not know, becomes [`Step::Unknown`]: never a guess.
//!
//! Sources: iptables(8), iptables-extensions(8), `net/ipv4/netfilter/ip_tables.c`, `net/netfilter/xt_*.c`.

mod chains;
mod changing;
mod head;
mod helpers;
mod ipset;
mod mapping;
mod matches;
mod options;
mod parts;
mod sets;
mod targets;
#[cfg(test)]
mod tests;
mod words;

use bstr::BString;

use crate::packet::{Family, Hook};
use crate::prove::block::{Flow, Occurrence, OccurrenceId, Program, Rule as Meant, Step, local_answer};
use crate::prove::dd::{Bounded, Dd};
use crate::prove::space::Space;
use crate::prove::{Facts, Ruleset};
use crate::save::ast::{Dump, Rule, TableKind};
use crate::save::ipset::Ipsets;

/// The rules of a dump: all its documents, each table of a family once.
#[derive(Clone, Copy, Debug)]
pub struct SaveRules<'a>(pub &'a Dump);

impl Ruleset for SaveRules<'_> {
    fn facts(&self, family: Family) -> Facts {
        facts(self.0, family)
    }

    fn program(&self, space: &mut Space) -> Bounded<Program> {
        chains::program(self.0, &Ipsets::default(), space)
    }
}

/// The same, with what is in the sets that the rules name.
#[derive(Clone, Copy, Debug)]
pub struct WithSets<'a> {
    pub dump: &'a Dump,
    pub ipsets: &'a Ipsets,
}

impl Ruleset for WithSets<'_> {
    fn facts(&self, family: Family) -> Facts {
        let mut facts = facts(self.dump, family);
        facts.names.extend(ipset::names(self.ipsets));
        facts
    }

    fn program(&self, space: &mut Space) -> Bounded<Program> {
        chains::program(self.dump, self.ipsets, space)
    }
}

/// Whether the rule makes the kernel track connections, whatever its chain.
pub fn tracks(rule: &Rule) -> bool {
    rule.parts().any(parts::tracks)
}

fn facts(dump: &Dump, family: Family) -> Facts {
    let mut facts = Facts::default();
    for rule in chains::tables(dump, family).into_iter().flat_map(|table| table.rules()) {
        facts.tracks |= tracks(rule);
        facts.templates |= rule.parts().any(targets::tracking::gives_template);
        facts.names.extend(head::names(rule));
    }
    facts
}

/// Where a match or target is being read.
pub struct Reading<'a> {
    pub space: &'a mut Space,
    pub program: &'a mut Program,
    pub rule: &'a Rule,
    pub table: TableKind,
    /// The hooks whose packets can come here.
    pub hooks: &'a [Hook],
    /// Sets that rules write to.
    pub written: &'a sets::Written,
    /// Rules give packets other addresses before others look at them.
    pub moves_addresses: bool,
    /// What is in the sets that nothing writes to.
    pub ipsets: &'a Ipsets,
    /// Which of the rule's parts this is: 0 is the head.
    pub part: usize,
}

impl Reading<'_> {
    /// Asks a stateful or random match of this place; the packets that it answers `wanted` go on.
    /// `content` comes from [`crate::prove::vocabulary`]. `place`: what holds the state, when it is
    /// not the rule itself (a hashlimit or recent list by name).
    pub fn consult(&mut self, content: String, place: Option<String>, wanted: bool) -> Bounded<Vec<Step>> {
        let id = self.occurrence(content, place, 1);
        let answer = self.space.dd.var(local_answer(id, 0))?;
        let answer = if wanted { answer } else { self.space.dd.not(answer)? };
        Ok(vec![Step::Consult(id), Step::Test(answer)])
    }

    /// Registers a place with state.
    pub fn occurrence(&mut self, content: String, place: Option<String>, width: u32) -> OccurrenceId {
        let family = self.space.family().name();
        let here = || format!("{family} {} line {} part {}", self.table.name(), self.rule.line, self.part);
        let place = place.unwrap_or_else(here);
        self.program.occurrence(Occurrence { content, place, chain: BString::clone(&self.rule.chain), width })
    }

    /// A way of its own through some rules, each a list of steps; the packets go on where it lets them.
    pub fn chain(&mut self, rules: Vec<Vec<Step>>) -> Step {
        let name = format!("{} line {}", self.rule.chain, self.rule.line);
        let id = self.program.add_chain(name);
        if let Some(chain) = self.program.chains.get_mut(id.0) {
            chain.rules = rules.into_iter().map(|steps| Meant { line: self.rule.line, steps }).collect();
        }
        Step::Flow(Flow::Jump(id))
    }

    /// `test`, or its complement.
    pub fn negated_if(&mut self, negated: bool, test: Dd) -> Bounded<Dd> {
        if negated { self.space.dd.not(test) } else { Ok(test) }
    }
}
