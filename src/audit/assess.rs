//! One dump judged: every rule exact, approximate or refused, and the proof of the whole.

use std::collections::BTreeMap;

use std::time::Duration;

use super::{Host, How, Obstacle, Proof, TargetAnswer, Verdict, chains, findings};
use crate::certify::certify;
use crate::diag::{Diagnostic, Source, printable};
use crate::lower;
use crate::nft::print::{Style, print};
use crate::nft::version::DISTRIBUTIONS;
use crate::packet::Family;
use crate::prove::compare::Answer;
use crate::report::diff;
use crate::report::proof::{self, Sides};
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
        findings: findings::findings(source, options.translate.family, &options.translate.lower.ipsets),
        owners: findings::owned(&parsed.dump),
        targets: targets(&parsed.dump, &options.translate.lower, source),
        verdict: Verdict::Blocked,
        before: if options.details { chains::of_dump(&parsed.dump) } else { Vec::new() },
        after: Vec::new(),
        diff: Vec::new(),
        obstacles,
    };
    let read = host.obstacles.len() - count(&host.obstacles, How::Unreadable);
    host.exact = host.rules.saturating_sub(read);
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
        host.proof = prove(source, &translation, &choice);
    }
    if options.details {
        host.after = chains::of_ruleset(&translation.ruleset);
        host.diff = diff::groups(&translation, std::slice::from_ref(source), None);
    }
}

/// The diagnostics of lowering alone.
fn lowered(dump: &Dump, options: &lower::Options) -> Vec<Diagnostic> {
    lower::lower(dump.clone(), 0, options).diagnostics
}

/// The first error of each line; errors without a place count as the first line's.
fn errors<'a>(diagnostics: &'a [Diagnostic], source: &Source) -> Errors<'a> {
    let mut out = Errors::new();
    for diagnostic in diagnostics.iter().filter(|d| d.is_error()) {
        let line = diagnostic.place.map_or(1, |place| source.line(place.span.start));
        out.entry(line).or_insert(diagnostic);
    }
    out
}

fn obstacles(source: &Source, unreadable: &Errors, exact: &Errors, close: &Errors) -> Vec<Obstacle> {
    let how = |line: &u32, diagnostic: &Diagnostic| match diagnostic.code {
        "ipset-missing" => How::NeedsIpset,
        _ if close.contains_key(line) => How::Refused,
        _ => How::Approximate,
    };
    let all = unreadable.iter().map(|(line, d)| (*line, *d, How::Unreadable));
    let all = all.chain(exact.iter().filter(|(l, _)| !unreadable.contains_key(l)).map(|(l, d)| (*l, *d, how(l, d))));
    let mut out: Vec<Obstacle> = all.map(|(line, d, how)| obstacle(source, line, d, how)).collect();
    out.sort_by_key(|o| o.line);
    out
}

fn obstacle(source: &Source, line: u32, diagnostic: &Diagnostic, how: How) -> Obstacle {
    let start = diagnostic.place.map_or(0, |place| place.span.start);
    Obstacle {
        line,
        column: source.line_column(start).1,
        text: printable(source.slice(source.line_span(line))),
        how,
        code: diagnostic.code,
        why: diagnostic.message.clone(),
        help: diagnostic.help.clone(),
    }
}

fn count(obstacles: &[Obstacle], how: How) -> usize {
    obstacles.iter().filter(|o| o.how == how).count()
}

fn families(dump: &Dump) -> Vec<Family> {
    let mut out: Vec<Family> = dump.documents.iter().map(|d| d.family).collect();
    out.sort_unstable();
    out.dedup();
    out
}

fn rules(dump: &Dump) -> usize {
    dump.documents.iter().flat_map(|d| &d.tables).map(|t| t.rules().count()).sum()
}

/// What each distribution refuses beyond what nothing can say.
fn targets(dump: &Dump, options: &lower::Options, source: &Source) -> Vec<TargetAnswer> {
    let judged = |target| lowered(dump, &lower::Options { target, ..options.clone() });
    let newest = judged(DISTRIBUTIONS.iter().map(|d| d.target).max_by_key(|t| t.nft).unwrap_or_default());
    let never = errors(&newest, source);
    let answer = |distribution: &crate::nft::version::Distribution| {
        let found = judged(distribution.target);
        let more: Vec<_> = errors(&found, source).into_iter().filter(|(line, _)| !never.contains_key(line)).collect();
        TargetAnswer {
            name: distribution.name,
            refused: more.len(),
            why: more.first().map(|(line, d)| format!("line {line}: {}", d.message)),
        }
    };
    DISTRIBUTIONS.iter().map(answer).collect()
}

/// How long each family of a dump may take to prove.
const PROOF_TIME: Duration = Duration::from_secs(20);

fn prove(source: &Source, translation: &Translation, choice: &Translating) -> Proof {
    let text = match print(&translation.ruleset, &Style::default()) {
        Ok(text) => text,
        Err(why) => return Proof::Undecided(why.to_string()),
    };
    let report =
        match certify(std::slice::from_ref(source), choice.family, &choice.lower.ipsets, &text, Some(PROOF_TIME)) {
            Ok(certificate) => certificate.report,
            Err(why) => return Proof::Undecided(why.to_string()),
        };
    let shown = || proof::text(&report, Sides { old: "the dump", new: "the translation", rule: &|_, _, _| None });
    match report.answer() {
        Answer::Equivalent => Proof::Equivalent,
        Answer::Different => Proof::Different(shown()),
        Answer::Undecided => Proof::Undecided(shown()),
    }
}

fn verdict(host: &Host) -> Verdict {
    match &host.proof {
        _ if host.refused > count(&host.obstacles, How::NeedsIpset) => Verdict::Blocked,
        Proof::Different(_) | Proof::Undecided(_) => Verdict::Blocked,
        Proof::Equivalent | Proof::NotDone if host.obstacles.is_empty() => Verdict::Ready,
        Proof::Equivalent | Proof::NotDone => Verdict::ReadyWithChanges,
    }
}
