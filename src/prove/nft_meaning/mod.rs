//! What nft rules mean, read off the syntax tree.
//!
//! A rule's statements are read from left to right, each into the [`Step`]s that the kernel's
//! expressions for it do: loading a field that a packet does not have leaves the rule (`NFT_BREAK`), a
//! field of a protocol brings the test for that protocol unless an earlier statement of the rule has
//! said it ([`fields`]). An `inet` table is read twice, once for each family.
//!
//! Sets that rules write to, or whose elements time out, are state: asking them is an occurrence. A set
//! that is declared without elements is filled by somebody else: membership is an opaque condition.
//! Interpretations that go beyond the text: a dynamic set with a limit in it never gets full.
//!
//! Sources: nft(8); `net/netfilter/nft_*.c` of Linux 6.18; `nft --debug=netlink` for what nft adds.

mod changes;
mod expressions;
mod facts;
mod fields;
mod limits;
mod lookups;
mod matches;
mod nat;
mod objects;
mod rejects;
mod sets;
mod tables;
#[cfg(test)]
mod tests;
mod values;

use bstr::BString;

use super::block::{Effect, Occurrence, OccurrenceId, Program, Step};
use super::dd::{Bands, Bounded, Dd, OutOfBudget};
use super::space::Space;
use super::{Facts, Ruleset};
use crate::nft::ast::{Opaque, Table};
use crate::packet::Family;

/// The tables of an nft ruleset, its commands applied.
#[derive(Clone, Copy, Debug)]
pub struct NftRules<'a> {
    pub tables: &'a [Table],
    /// What the reader did not understand outside of tables.
    pub unknown: &'a [Opaque],
}

impl Ruleset for NftRules<'_> {
    fn facts(&self, family: Family) -> Facts {
        facts::facts(self.tables, family)
    }

    fn program(&self, space: &mut Space) -> Bounded<Program> {
        let mut program = Program::default();
        program.unread.extend(self.unknown.iter().map(|opaque| format!("line {}: {}", opaque.line, opaque.text)));
        for number in 0..self.tables.len() {
            tables::add_table(self.tables, number, space, &mut program)?;
        }
        Ok(program)
    }
}

/// Why a statement was not read.
enum Stop {
    Budget(OutOfBudget),
    /// It is not understood: what happens to packets that come to it is unknown.
    Unread(String),
}

impl From<OutOfBudget> for Stop {
    fn from(stop: OutOfBudget) -> Self {
        Stop::Budget(stop)
    }
}

type Read<T> = Result<T, Stop>;

fn unread<T>(why: impl Into<String>) -> Read<T> {
    Err(Stop::Unread(why.into()))
}

/// A rule being read.
struct Reading<'a> {
    space: &'a mut Space,
    program: &'a mut Program,
    table: &'a tables::Context<'a>,
    chain: &'a BString,
    /// Number of the rule in its chain; with the two above it makes a place.
    rule: usize,
    /// Steps of the rule so far.
    steps: Vec<Step>,
    /// Places with state met so far in this rule.
    places: usize,
    /// What the statements so far have said about protocols.
    said: fields::Said,
    /// A verdict map has sent some packets on to the next statement.
    open: bool,
}

impl Reading<'_> {
    fn test(&mut self, set: Dd) {
        if set != Dd::TRUE {
            self.steps.push(Step::Test(set));
        }
    }

    fn effect(&mut self, words: String) {
        self.steps.push(Step::Effect { effect: Effect::Other(words), reads: Bands::default() });
    }

    /// Registers state: of this place, or of something with a name.
    fn occurrence(&mut self, content: String, name: Option<String>, width: u32) -> OccurrenceId {
        let place = match name {
            Some(name) => format!("table {} {name}", self.table.number),
            None => {
                self.places += 1;
                format!("table {} chain {} rule {} place {}", self.table.number, self.chain, self.rule, self.places)
            }
        };
        self.program.occurrence(Occurrence { content, place, chain: self.chain.clone(), width })
    }

    /// Asks state that answers yes or no; the packets that it answers `wanted` go on.
    fn consult(&mut self, content: String, name: Option<String>, wanted: bool) -> Bounded<()> {
        let id = self.occurrence(content, name, 1);
        let answer = self.space.dd.var(super::block::local_answer(id, 0))?;
        let answer = if wanted { answer } else { self.space.dd.not(answer)? };
        self.steps.push(Step::Consult(id));
        self.steps.push(Step::Test(answer));
        Ok(())
    }
}
