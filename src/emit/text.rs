//! From the intermediate form straight to text: the tree of all rules never stands at once.
//!
//! Invariant: the same bytes as printing the tree that `emit` makes.

use super::{Emitted, Names, Options, Table, around, renamed, tables};
use crate::ir::{self, ChainId};
use crate::nft::ast;
use crate::nft::print::{PrintError, Style, print_around, print_body};
use crate::parallel;

/// Rules that are emitted and printed at a time.
const PIECE: usize = 512;

/// Some rules of one chain.
struct Piece<'a> {
    table: &'a Table<'a>,
    chain: ChainId,
    /// Where they begin.
    from: usize,
    rules: &'a [ir::Rule],
}

/// The text, and what `emit` says of it with all rules left out of the tree.
///
/// # Errors
/// As [`print`](crate::nft::print::print).
pub fn text(ruleset: &ir::Ruleset, options: &Options, style: &Style) -> (Emitted, Result<Vec<u8>, PrintError>) {
    let names: Vec<Names> = ruleset.tables.iter().map(Names::choose).collect();
    let tables = tables(ruleset, &names);
    let frame = around(&tables, options, |_, _| Vec::new());
    let text = bodies(&tables, style).and_then(|bodies| print_around(&frame, style, bodies));
    (Emitted { ruleset: frame, renamed: renamed(&tables) }, text)
}

/// The rules of each chain as text, in the order of the chains.
fn bodies(tables: &[Table], style: &Style) -> Result<Vec<Vec<u8>>, PrintError> {
    let mut bodies: Vec<Vec<u8>> = Vec::new();
    let printed = parallel::map(jobs(tables), |job| job.iter().map(|piece| piece.text(style)).collect::<Vec<_>>());
    for (from, text) in printed.into_iter().flatten() {
        match bodies.last_mut().filter(|_| from > 0) {
            Some(chain) => chain.extend(text?),
            None => bodies.push(text?),
        }
    }
    Ok(bodies)
}

/// All pieces in order, as many together as make about one whole piece.
fn jobs<'a>(tables: &'a [Table]) -> Vec<Vec<Piece<'a>>> {
    let mut jobs: Vec<Vec<Piece>> = vec![Vec::new()];
    let mut waiting = 0;
    for piece in tables.iter().flat_map(|table| table.order.iter().flat_map(|&chain| pieces(table, chain))) {
        waiting += piece.rules.len() + 1;
        if let Some(job) = jobs.last_mut() {
            job.push(piece);
        }
        if waiting > PIECE {
            jobs.push(Vec::new());
            waiting = 0;
        }
    }
    jobs
}

/// At least one, for a chain without rules has a text too.
fn pieces<'a>(table: &'a Table, chain: ChainId) -> impl Iterator<Item = Piece<'a>> {
    let rules = table.ir.chain(chain).map(|chain| chain.rules.as_slice()).unwrap_or_default();
    (0..rules.len().max(1)).step_by(PIECE).map(move |from| {
        let rest = rules.get(from..).unwrap_or_default();
        Piece { table, chain, from, rules: rest.get(..PIECE).unwrap_or(rest) }
    })
}

impl Piece<'_> {
    /// Where the piece begins, and its text.
    fn text(&self, style: &Style) -> (usize, Result<Vec<u8>, PrintError>) {
        let rules: Vec<ast::Rule> = self.rules.iter().map(|rule| self.table.rule(rule)).collect();
        let (family, table) = (self.table.ir.family, &self.table.ir.name);
        let place = |rule: usize| {
            let (chain, rule) = (self.table.names.chain(self.chain), self.from + rule + 1);
            format!("table {} {table}, chain {chain}, rule {rule}", family.name())
        };
        (self.from, print_body(&rules, family, style, place))
    }
}
