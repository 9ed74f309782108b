//! The nft syntax tree as text that `nft -f` loads.
//!
//! Only spellings that nft 0.9.8, 1.0.6, 1.1.3 and 1.1.7 read alike are written, whatever the target;
//! what a construct needs of nft is `version`'s to say. Invariants: the time is linear in the size of
//! the tree; a value without a spelling, a string that could break out of its quotes and text that the
//! reader did not understand are errors, never text.

mod amount;
mod chain;
mod command;
mod constant;
mod elements;
mod entries;
mod error;
mod expr;
mod log;
mod matching;
mod nat;
mod object;
mod set;
mod statement;
mod table;
mod text;
mod writer;

#[cfg(test)]
mod tests;

use bstr::BString;
use rustc_hash::FxHashMap;

pub use entries::{ElementKinds, Entries, List};
pub use error::{PrintError, Why};
pub use text::Text;
pub use writer::Writer;

use crate::nft::ast::{Entry, Item, Rule, Ruleset, Set, TableName};
use crate::packet::Family;

/// Choices of layout; none changes what the text means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// Columns after which lists of elements go on in a new line; a tab counts 8.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Style { width: 100 }
    }
}

/// The whole ruleset, indented with tabs as `nft list ruleset` does.
///
/// # Errors
/// The first thing that has no spelling, with its place.
pub fn print(ruleset: &Ruleset, style: &Style) -> Result<Vec<u8>, PrintError> {
    print_around(ruleset, style, Vec::new()).map(Text::into_bytes)
}

/// Entries at the end of a table that something else writes, with the help of [`Entries`].
pub struct Made<'a> {
    /// Whether there are any.
    pub any: bool,
    pub write: Box<Write<'a>>,
}

/// Writes whole lines.
type Write<'a> = dyn FnOnce(&mut Writer) -> Result<(), PrintError> + 'a;

/// The same, with entries that something else writes, for each table.
///
/// # Errors
/// As [`print()`], and those of the others.
pub fn print_around<'a>(ruleset: &'a Ruleset, style: &Style, made: Vec<Made<'a>>) -> Result<Text, PrintError> {
    let mut printer = Printer::new(Family::Inet, Some(style.width));
    printer.made = made.into_iter();
    for item in &ruleset.items {
        if let Item::Table(table) = item {
            let sets = table.entries.iter().filter_map(|entry| match entry {
                Entry::Set(set) => Some(((&table.name, &set.name), set)),
                _ => None,
            });
            printer.sets.extend(sets);
        }
    }
    printer.items(&ruleset.items)?;
    Ok(printer.out.finish())
}

/// One rule in one line, without its notes and without a line break, as it would stand in a table of
/// `family`. Meant for reports and diffs: with no table at hand, named sets are taken on trust.
///
/// # Errors
/// As [`print()`].
pub fn print_rule(rule: &Rule, family: Family) -> Result<BString, PrintError> {
    let mut printer = Printer::new(family, None);
    printer.rule_line(rule).map_err(|why| PrintError::new(why, "rule"))?;
    Ok(printer.out.finish().into_bytes().into())
}

/// What the text written so far means for the text to come.
struct Printer<'a> {
    out: Writer,
    /// Family of the table at hand.
    family: Family,
    /// The table at hand.
    table: Option<&'a TableName>,
    /// The declared sets and maps, by table and name.
    sets: FxHashMap<(&'a TableName, &'a BString), &'a Set>,
    /// See [`print_around`].
    made: std::vec::IntoIter<Made<'a>>,
    /// Whether the rule at hand has tested for the ICMP type whose codes have names.
    unreachable: bool,
    /// Whether the width of the page had a say in how something was laid out.
    measured: bool,
    /// How deep the expression or statement at hand is nested.
    depth: u32,
}

/// Nesting beyond this is an error, so that no tree can exhaust the stack.
const MAX_DEPTH: u32 = 64;

impl<'a> Printer<'a> {
    fn new(family: Family, width: Option<usize>) -> Self {
        let (sets, made) = (FxHashMap::default(), Vec::new().into_iter());
        let out = Writer::new(width);
        Printer { out, family, table: None, sets, made, unreachable: false, measured: false, depth: 0 }
    }

    /// Runs `body` one level deeper.
    fn nested(&mut self, body: impl FnOnce(&mut Self) -> Result<(), Why>) -> Result<(), Why> {
        if self.depth >= MAX_DEPTH {
            return Err(Why::Shape("nested too deeply"));
        }
        self.depth += 1;
        let done = body(self);
        self.depth -= 1;
        done
    }

    /// The declaration of a set or map of the table at hand.
    fn declared(&self, name: &'a BString) -> Option<&'a Set> {
        self.sets.get(&(self.table?, name)).copied()
    }
}
