//! From the intermediate form straight to text: the tree of all rules never stands at once.
//!
//! Invariant: the same bytes as printing the tree that `emit` makes.

use super::pattern::Patterns;
use super::{Emitted, Names, Options, Table, around, base, policy_counter, renamed, tables};
use crate::ir::{self, ChainId};
use crate::nft::print::{Chains, PrintError, Style, print_around};
use crate::parallel;

/// Rules that are worth a piece of their own.
const LEAST: usize = 1024;
/// Pieces at most, so that what is learnt of rules is learnt a few times only, and all processors have enough to do.
const PIECES: usize = 64;
/// About as many bytes as a rule has.
const LINE: usize = 96;

/// Chains of one table, and parts of such, that are emitted and printed at a time.
struct Piece<'a> {
    /// The number of the table.
    at: usize,
    table: &'a Table<'a>,
    parts: Vec<Part<'a>>,
}

/// Some rules of one chain.
struct Part<'a> {
    chain: ChainId,
    whole: &'a ir::Chain,
    /// Whether it is the table's first chain.
    first: bool,
    /// Where they begin.
    from: usize,
    rules: &'a [ir::Rule],
}

/// The text, and what `emit` says of it with all chains left out of the tree.
///
/// # Errors
/// As [`print`](crate::nft::print::print).
pub fn text(ruleset: &ir::Ruleset, options: &Options, style: &Style) -> (Emitted, Result<Vec<u8>, PrintError>) {
    let names: Vec<Names> = ruleset.tables.iter().map(Names::choose).collect();
    let tables = tables(ruleset, &names);
    let frame = around(&tables, options, |_| Vec::new());
    let text = chains(&tables, style).and_then(|chains| print_around(&frame, style, chains));
    (Emitted { ruleset: frame, renamed: renamed(&tables) }, text)
}

/// The chains of each table as text.
fn chains(tables: &[Table], style: &Style) -> Result<Vec<Vec<Vec<u8>>>, PrintError> {
    let sizes = tables.iter().flat_map(|table| &table.ir.chains).map(|chain| chain.rules.len() + 1);
    let size = LEAST.max(sizes.sum::<usize>() / PIECES);
    let pieces = tables.iter().enumerate().flat_map(|(at, table)| pieces(at, table, size)).collect();
    let mut chains: Vec<Vec<Vec<u8>>> = tables.iter().map(|_| Vec::new()).collect();
    for (table, text) in parallel::map(pieces, |piece| (piece.at, piece.text(style))) {
        let text = text?;
        if let Some(texts) = chains.get_mut(table) {
            texts.push(text);
        }
    }
    Ok(chains)
}

/// The chains of a table in order, in pieces of about this many rules.
fn pieces<'a>(at: usize, table: &'a Table, size: usize) -> Vec<Piece<'a>> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut room = 0;
    for part in table.order.iter().enumerate().flat_map(|(at, &chain)| parts(table, at == 0, chain, size)) {
        let takes = part.rules.len() + 1;
        match pieces.last_mut().filter(|_| room > 0) {
            Some(piece) => piece.parts.push(part),
            None => {
                pieces.push(Piece { at, table, parts: vec![part] });
                room = size;
            }
        }
        room = room.saturating_sub(takes);
    }
    pieces
}

/// At least one, for a chain without rules has a text too.
fn parts<'a>(table: &'a Table, first: bool, chain: ChainId, size: usize) -> impl Iterator<Item = Part<'a>> {
    table.ir.chain(chain).into_iter().flat_map(move |whole| {
        (0..whole.rules.len().max(1)).step_by(size).map(move |from| {
            let rest = whole.rules.get(from..).unwrap_or_default();
            Part { chain, whole, first, from, rules: rest.get(..size).unwrap_or(rest) }
        })
    })
}

impl<'a> Piece<'a> {
    fn text(&self, style: &Style) -> Result<Vec<u8>, PrintError> {
        let lines: usize = self.parts.iter().map(|part| part.rules.len() + 1).sum();
        let mut chains = Chains::new(self.table.family(), style, lines * LINE);
        let mut patterns = Patterns::new();
        for part in &self.parts {
            part.write(self.table, &mut chains, &mut patterns, style)?;
        }
        Ok(chains.finish())
    }
}

impl<'a> Part<'a> {
    fn write(
        &self,
        table: &Table,
        chains: &mut Chains,
        patterns: &mut Patterns<'a>,
        style: &Style,
    ) -> Result<(), PrintError> {
        self.open(table, chains)?;
        for (at, rule) in self.rules.iter().enumerate() {
            if !patterns.write(table, rule, chains, style) {
                chains.rules(&[table.rule(rule)], |_| self.place(table, at))?;
            }
        }
        if self.from + self.rules.len() == self.whole.rules.len() {
            if let Some(count) = policy_counter(self.whole) {
                chains.rules(&[count], |_| self.place(table, self.rules.len()))?;
            }
            chains.close();
        }
        Ok(())
    }

    fn open(&self, table: &Table, chains: &mut Chains) -> Result<(), PrintError> {
        if self.from > 0 {
            chains.resume();
            return Ok(());
        }
        if !self.first {
            chains.apart();
        }
        chains.open(table.names.chain(self.chain), base(self.whole).as_ref())
    }

    /// Where a rule stands, in words.
    fn place(&self, table: &Table, rule: usize) -> String {
        let (family, name, chain) = (table.family().name(), &table.ir.name, table.names.chain(self.chain));
        format!("table {family} {name}, chain {chain}, rule {}", self.from + rule + 1)
    }
}
