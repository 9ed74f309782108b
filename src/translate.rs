//! The pipeline in a screenful: dump text in, nft tree and what there is to say out.
//!
//! ```text
//! text -> save tree -> intermediate form -> passes -> nft tree
//! ```
//!
//! Invariant: a result without error diagnostics stands for every rule of every input.

use crate::diag::{Diagnostic, Source};
use crate::emit::{self, Renamed};
use crate::ir;
use crate::lower;
use crate::nft::ast::Ruleset;
use crate::optimize::{self, Merged};
use crate::packet::Family;
use crate::save::{self, ast::Dump};

/// What the user chose about a translation.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `-4` or `-6`; what the text says when `None`.
    pub family: Option<Family>,
    pub lower: lower::Options,
    pub merge: optimize::Options,
    pub emit: emit::Options,
}

/// What became of the inputs.
#[derive(Debug)]
pub struct Translation {
    pub dumps: Vec<Dump>,
    /// Before the passes ran: rule for rule.
    pub before: ir::Ruleset,
    pub after: ir::Ruleset,
    pub merged: Vec<Merged>,
    pub ruleset: Ruleset,
    pub renamed: Vec<Renamed>,
    pub diagnostics: Vec<Diagnostic>,
    /// Rules in the dumps.
    pub rules: usize,
}

/// Translates inputs that belong together (a dump, or a v4 and a v6 dump).
pub fn translate(sources: &[Source], options: &Options) -> Translation {
    let mut dumps = Vec::new();
    let mut diagnostics = Vec::new();
    let mut before = ir::Ruleset::default();
    let mut rules = 0;
    for source in sources {
        let mut parsed = save::parse(source, options.family);
        diagnostics.append(&mut parsed.diagnostics);
        let mut lowered = lower::lower(&parsed.dump, source.id, &options.lower);
        diagnostics.append(&mut lowered.diagnostics);
        before.tables.append(&mut lowered.ruleset.tables);
        rules += lowered.rules;
        dumps.push(parsed.dump);
    }
    let mut after = before.clone();
    let merged = optimize::run(&mut after, &options.merge);
    let emitted = emit::emit(&after, &options.emit);
    Translation { dumps, before, after, merged, ruleset: emitted.ruleset, renamed: emitted.renamed, diagnostics, rules }
}
