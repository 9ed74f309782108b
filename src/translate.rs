//! The pipeline in a screenful: dump text in, nft tree and what there is to say out.
//!
//! ```text
//! text -> save tree -> intermediate form -> passes -> nft tree
//! ```
//!
//! Each form is let go as soon as the next one stands, so that a long dump needs room for about one of them.
//! Invariant: a result without error diagnostics stands for every rule of every input.

use crate::diag::{Diagnostic, Source};
use crate::emit::{self, Renamed};
use crate::ir;
use crate::lower;
use crate::nft::ast::{Item, Ruleset, TableName};
use crate::optimize::{self, Merged};
use crate::packet::Family;
use crate::prune::{self, Pruned};
use crate::save;

/// What the user chose about a translation.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `-4` or `-6`; what the text says when `None`.
    pub family: Option<Family>,
    pub lower: lower::Options,
    pub merge: optimize::Options,
    pub emit: emit::Options,
    /// Whether to take out what does nothing, see [`prune`].
    pub prune: bool,
    /// Whether to keep what explains the result, see [`Explained`].
    pub explain: bool,
}

/// What became of the inputs.
#[derive(Debug)]
pub struct Translation {
    pub ruleset: Ruleset,
    /// With [`Options::explain`].
    pub explained: Option<Explained>,
    pub renamed: Vec<Renamed>,
    /// With [`Options::prune`]: the lines that were taken out.
    pub pruned: Vec<Pruned>,
    pub diagnostics: Vec<Diagnostic>,
    /// The tables that the output replaces.
    pub tables: Vec<TableName>,
    /// The families that each input speaks of.
    pub families: Vec<Vec<Family>>,
    pub counts: Counts,
}

/// Which lines became which rules, and why.
#[derive(Debug)]
pub struct Explained {
    /// Behind the passes: rule for rule what the nft tree says, with the lines it came from.
    pub after: ir::Ruleset,
    pub merged: Vec<Merged>,
}

/// How much there was, and how much there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    pub base_chains: usize,
    /// Rules in the dumps.
    pub rules: usize,
    /// Rules behind the passes.
    pub rules_after: usize,
}

/// Translates inputs that belong together (a dump, or a v4 and a v6 dump).
pub fn translate(sources: &[Source], options: &Options) -> Translation {
    let mut diagnostics = Vec::new();
    let mut ruleset = ir::Ruleset::default();
    let mut counts = Counts::default();
    let mut families = Vec::new();
    let mut pruned = Vec::new();
    let mut tracked = Vec::new();
    for source in sources {
        let mut parsed = save::parse(source, options.family);
        diagnostics.append(&mut parsed.diagnostics);
        families.push(parsed.dump.documents.iter().map(|document| document.family).collect());
        tracked.extend(lower::tracking::families(&parsed.dump));
        if options.prune {
            let lines = prune::prune(&mut parsed.dump, source.id, options.lower.counters);
            counts.rules += lines.iter().filter(|line| line.rule).count();
            pruned.extend(lines);
        }
        let mut lowered = lower::lower(parsed.dump, source.id, &options.lower);
        diagnostics.append(&mut lowered.diagnostics);
        ruleset.tables.append(&mut lowered.ruleset.tables);
        counts.rules += lowered.rules;
    }
    counts.base_chains = ruleset.tables.iter().flat_map(|t| &t.chains).filter(|c| c.base.is_some()).count();
    let mut merged = Vec::new();
    optimize::run(&mut ruleset, &options.merge, options.explain.then_some(&mut merged));
    lower::tracking::keep(&mut ruleset, &tracked);
    counts.rules_after = ruleset.tables.iter().flat_map(|t| &t.chains).map(|c| c.rules.len()).sum();
    let explained = options.explain.then(|| Explained { after: ruleset.clone(), merged });
    let emit::Emitted { ruleset, renamed } = emit::emit(ruleset, &options.emit);
    let tables = tables(&ruleset);
    Translation { ruleset, explained, renamed, pruned, diagnostics, tables, families, counts }
}

impl Translation {
    /// Lets go of the tree and what explains it, once everything is printed.
    pub fn forget(&mut self) {
        self.ruleset = Ruleset::default();
        self.explained = None;
    }
}

fn tables(ruleset: &Ruleset) -> Vec<TableName> {
    let name = |item: &Item| match item {
        Item::Table(table) => Some(table.name.clone()),
        _ => None,
    };
    ruleset.items.iter().filter_map(name).collect()
}
