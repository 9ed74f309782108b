//! From the intermediate form straight to text: the tree of all rules never stands at once.
//!
//! Invariant: the same bytes as printing the tree that `emit` makes.

mod chain;
mod set;

use super::pattern::Patterns;
use super::{Emitted, Names, Options, Table, around, renamed, tables};
use crate::ir::{self, Rule};
use crate::nft::print::{Entries, Made, PrintError, Style, Text, Writer, print_around};
use crate::parallel::{self, Desks};
use chain::Stretch;
use set::WholeSet;

/// Rules that are worth a piece of their own.
const LEAST: usize = 1024;
/// Pieces at most, so that all processors have enough to do.
const PIECES: usize = 64;
/// About as many bytes as a rule has.
const LINE: usize = 96;
/// About as many bytes as an element of a set has.
const ELEMENT: usize = 24;

/// Sets and chains of one table, and parts of such, that are emitted and printed at a time.
struct Piece<'a> {
    table: &'a Table<'a>,
    parts: Vec<Part<'a>>,
}

/// Something of one entry.
enum Part<'a> {
    Set(WholeSet<'a>),
    Chain(Stretch<'a>),
}

/// The text, and what `emit` says of it with all sets and chains left out of the tree.
///
/// # Errors
/// As [`print`](crate::nft::print::print).
pub fn text(ruleset: &ir::Ruleset, options: &Options, style: &Style) -> (Emitted, Result<Text, PrintError>) {
    let names: Vec<Names> = ruleset.tables.iter().map(Names::choose).collect();
    let tables = tables(ruleset, &names, options);
    let frame = around(&tables, |_| Vec::new());
    let lines = tables.iter().map(|table| lines(table.ir)).sum();
    let entries = tables.iter().map(|table| entries(table, lines, style)).collect();
    let text = print_around(&frame, style, entries);
    (Emitted { ruleset: frame, renamed: renamed(&tables) }, text)
}

/// The sets and chains of a table, of a ruleset with about so many lines.
fn entries<'a>(table: &'a Table, lines: usize, style: &'a Style) -> Made<'a> {
    let many = parallel::are_many(lines);
    let pieces = pieces(table, if many { LEAST.max(lines / PIECES) } else { lines.max(1) });
    let any = !pieces.is_empty();
    let write = move |out: &mut Writer| {
        let patterns = Desks::default();
        let text = |piece: Piece<'a>| patterns.at(|| Patterns::new(()), |patterns| piece.text(patterns, style));
        for text in parallel::map(pieces, text) {
            out.lines(text?);
        }
        Ok(())
    };
    Made { any, write: Box::new(write) }
}

/// About how many lines a table has.
fn lines(table: &ir::Table) -> usize {
    let elements = table.sets.iter().map(|set| set.rows.len() + 1);
    let rules = table.chains.iter().map(|chain| chain.rules.len() + 1);
    elements.chain(rules).sum()
}

/// The sets and chains of a table in order. A stretch of a chain that is not its first one begins a piece, since the one
/// before has filled a piece.
fn pieces<'a>(table: &'a Table, size: usize) -> Vec<Piece<'a>> {
    let sets = table.ir.sets.iter().enumerate().map(|(at, set)| Part::Set(WholeSet { at, set }));
    let chains = table.order.iter().flat_map(|&id| chain::stretches(table, id, size).map(Part::Chain));
    let mut pieces: Vec<Piece> = Vec::new();
    let mut room = 0;
    for part in sets.chain(chains) {
        let lines = part.lines();
        match pieces.last_mut().filter(|_| room > 0) {
            Some(piece) => piece.parts.push(part),
            None => {
                pieces.push(Piece { table, parts: vec![part] });
                room = size;
            }
        }
        room = room.saturating_sub(lines);
    }
    pieces
}

impl<'a> Piece<'a> {
    fn text(&self, patterns: &mut Patterns<'a, Rule>, style: &Style) -> Result<Vec<u8>, PrintError> {
        let bytes = self.parts.iter().map(Part::bytes).sum();
        let mut out = Entries::new(&self.table.name, style, bytes);
        for part in &self.parts {
            if part.stands_apart(self.table) {
                out.apart();
            }
            match part {
                Part::Set(set) => set.write(self.table, &mut out, style)?,
                Part::Chain(chain) => chain.write(self.table, &mut out, patterns, style)?,
            }
        }
        let text = out.finish();
        // What it has too much goes to the next piece; to shrink it would leave that where it is.
        let spare = text.capacity() - text.len();
        Ok(if spare > text.len() / 4 { text.as_slice().to_vec() } else { text })
    }
}

impl Part<'_> {
    /// How much work it is.
    const fn lines(&self) -> usize {
        match self {
            Part::Set(set) => set.set.rows.len() + 1,
            Part::Chain(chain) => chain.rules.len() + 1,
        }
    }

    /// About how long its text becomes.
    const fn bytes(&self) -> usize {
        match self {
            Part::Set(set) => LINE + set.set.rows.len() * ELEMENT,
            Part::Chain(chain) => LINE + chain.rules.len() * LINE,
        }
    }

    /// Whether it is the beginning of an entry, and not of the first one.
    fn stands_apart(&self, table: &Table) -> bool {
        match self {
            Part::Set(set) => set.at > 0,
            Part::Chain(chain) => {
                chain.from == 0 && (!table.ir.sets.is_empty() || table.order.first() != Some(&chain.chain))
            }
        }
    }
}
