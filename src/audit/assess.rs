//! One dump judged: every rule exact, approximate or refused, and the proof of the whole.

use std::collections::BTreeMap;

use super::{Graph, Host, How, Obstacle, Proof, TargetAnswer, Verdict, chains};
use crate::diag::{Diagnostic, Source, Trouble};
use crate::lower;
use crate::nft::version::{DISTRIBUTIONS, Target};
use crate::packet::Family;
use crate::report::{diff, summary};
use crate::save::{self, ast::Dump};
use crate::translate::{Options as Translating, Translation, translate};

/// What the user chose.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub translate: Translating,
    /// Whether each translation is proved.
    pub prove: bool,
    /// Whether the renderer shows chains and lines.
    pub details: bool,
}

/// Lines in error, and the first diagnostic of each.
type Errors<'a> = BTreeMap<u32, &'a Diagnostic>;

/// Judges the dump in `source`, whose `id` is 0.
pub fn assess(source: &Source, options: &Options) -> Host {
    let parsed = save::parse(source, options.translate.family);
    let exact = lowered(&parsed.dump, &options.translate.lower);
    let close = lowered(&parsed.dump, &lower::Options { approximate: true, ..options.translate.lower.clone() });
    let unreadable = errors(&parsed.diagnostics, source);
    let obstacles = obstacles(source, &unreadable, &errors(&exact, source), &errors(&close, source));
    let mut host = Host {
        name: source.name.clone(),
        families: families(&parsed.dump),
        tables: parsed.dump.documents.iter().map(|d| d.tables.len()).sum(),
        rules: rules(&parsed.dump),
        exact: 0,
        approximate: count(&obstacles, How::Approximate),
        refused: obstacles.len() - count(&obstacles, How::Approximate),
        rules_after: None,
        proof: Proof::NotDone,
        targets: targets(&parsed.dump, &options.translate.lower, source, exact.len()),
        verdict: Verdict::Blocked,
        before: if options.details { chains::of_dump(&parsed.dump) } else { Vec::new() },
        after: Vec::new(),
        diff: Vec::new(),
        obstacles,
    };
    host.exact = host.rules.saturating_sub(host.obstacles.len());
    if unreadable.is_empty() {
        translated(&mut host, source, options);
    }
    host.verdict = verdict(&host);
    host
}

/// What the translation adds to the judgement.
fn translated(host: &mut Host, source: &Source, options: &Options) {
    let mut choice = options.translate.clone();
    choice.lower.approximate |= host.approximate > 0;
    choice.explain = options.details;
    let translation = translate(std::slice::from_ref(source), &choice);
    if host.refused == 0 {
        host.rules_after = Some(translation.counts.rules_after);
    }
    if options.prove && host.obstacles.is_empty() {
        host.proof = proof(&translation);
    }
    if options.details {
        host.after = chains::of_ruleset(&translation.ruleset);
        host.diff = diff::groups(&translation, std::slice::from_ref(source));
    }
}
