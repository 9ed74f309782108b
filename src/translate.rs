//! The pipeline in a screenful: dump text in, nft tree and what there is to say out.
//!
//! ```text
//! text -> save tree -> intermediate form -> passes -> nft tree
//! ```
//!
//! Each form is let go as soon as the next one stands, so that a long dump needs room for about one of them.
//! Invariant: a result without error diagnostics stands for every rule of every input.

use bstr::BString;

use crate::diag::{Diagnostic, Source, Span, quote};
use crate::emit::{self, Renamed};
use crate::ir;
use crate::lower;
use crate::nft::ast::{Item, Ruleset, TableName};
use crate::nft::print::{PrintError, Style, Text};
use crate::optimize::{self, Merged};
use crate::packet::Family;
use crate::parallel;
use crate::prune::{self, Pruned};
use crate::save::ast::Dump;
use crate::save::forms::{Entry, Skimmed};
use crate::save::{self, Parsed};

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
#[derive(Debug, Default)]
pub struct Translation {
    /// The tree; empty where only the text was asked for.
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
    let (ruleset, merged, mut translation) = merge(sources, options);
    let emit::Emitted { ruleset: tree, renamed } = emit::emit(&ruleset, &options.emit);
    translation.tables = tables(&tree);
    (translation.ruleset, translation.renamed) = (tree, renamed);
    translation.explained = options.explain.then(|| Explained { after: ruleset, merged });
    translation
}

/// The same with the text for nft in place of its tree, which takes less time and room; nothing is explained.
pub fn translate_to_text(sources: &[Source], options: &Options) -> (Translation, Result<Text, PrintError>) {
    let (ruleset, _, mut translation) = merge(sources, options);
    let (emit::Emitted { ruleset: frame, renamed }, text) = emit::text(&ruleset, &options.emit, &Style::default());
    translation.tables = tables(&frame);
    translation.renamed = renamed;
    parallel::let_go(translation.counts.rules_after, ruleset);
    (translation, text)
}

/// The intermediate form behind the passes, what they did where that is to be explained, and what there is to say.
fn merge(sources: &[Source], options: &Options) -> (ir::Ruleset, Vec<Merged>, Translation) {
    let mut ruleset = ir::Ruleset::default();
    let mut translation = Translation::default();
    let mut tracked = Vec::new();
    for source in sources {
        let (read, mut diagnostics) = match options.prune {
            false => save::skim(source, options.family),
            true => {
                let Parsed { mut dump, diagnostics } = save::parse(source, options.family);
                tracked.extend(lower::tracking::families(&dump));
                let lines = prune::prune(&mut dump, source.id, options.lower.counters);
                translation.counts.rules += lines.iter().filter(|line| line.rule).count();
                translation.pruned.extend(lines);
                (Skimmed::whole(dump, source.id), diagnostics)
            }
        };
        let unread = gaps(source, &read.dump, &diagnostics);
        translation.diagnostics.append(&mut diagnostics);
        translation.families.push(read.dump.documents.iter().map(|document| document.family).collect());
        let mut lowered = lower::lower_skimmed(read, &options.lower, optimize::join(&options.merge));
        translation.diagnostics.append(&mut lowered.diagnostics);
        for (table, note) in unread {
            if let Some(table) = lowered.ruleset.tables.get_mut(table) {
                table.notes.push(note);
            }
        }
        ruleset.tables.append(&mut lowered.ruleset.tables);
        tracked.append(&mut lowered.tracked);
        translation.counts.rules += lowered.rules;
    }
    let chains = || ruleset.tables.iter().flat_map(|table| &table.chains);
    translation.counts.base_chains = chains().filter(|chain| chain.base.is_some()).count();
    let mut merged = Vec::new();
    optimize::run(&mut ruleset, &options.merge, options.explain.then_some(&mut merged));
    lower::tracking::keep(&mut ruleset, &tracked);
    let chains = || ruleset.tables.iter().flat_map(|table| &table.chains);
    translation.counts.rules_after = chains().map(|chain| chain.rules.len()).sum();
    (ruleset, merged, translation)
}

/// A mark for each line that was not taken in, and which of the input's tables it stands in, or before.
fn gaps(source: &Source, dump: &Dump<Entry>, diagnostics: &[Diagnostic]) -> Vec<(usize, BString)> {
    let tables: Vec<Span> = dump.documents.iter().flat_map(|d| &d.tables).map(|table| table.span).collect();
    let errors = diagnostics.iter().filter(|d| d.is_error());
    let gap = |error: &Diagnostic| {
        let span = error.place?.span;
        let table = tables.iter().rposition(|table| table.start <= span.start).unwrap_or(0);
        let line = source.line(span.start);
        let text = quote(source.slice(source.line_span(line)).trim_ascii());
        Some((table, format!("NOT TRANSLATED, line {line}: {text} ({})", error.message).into()))
    };
    errors.filter_map(gap).collect()
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
