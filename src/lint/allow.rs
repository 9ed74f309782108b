//! What is allowed: by a comment above a line, by a rule's comment, by `ipt2nft.toml`, by a baseline.
//!
//! Invariant: an allow that allows nothing is a finding of its own, so none outlives its reason.

use bstr::ByteSlice;

use super::config::{Config, line_text};
use super::finding::Finding;
use super::lint::Lint;
use super::registry;
use super::rules::unused_allow;
use crate::diag::{Place, Source, SourceId, Span};
use crate::save::Parsed;
use crate::save::ast::Rule;

/// One lint allowed in one place.
struct Allow {
    lint: &'static Lint,
    scope: Scope,
    place: Place,
    /// How many findings it may still take; only a baseline counts.
    left: usize,
    used: bool,
}

enum Scope {
    Everywhere,
    Line(SourceId, u32),
    Text { file: String, text: String },
}

/// The marker, with what follows it.
const MARKER: &[u8] = b"ipt2nft: allow";

/// Takes out the findings that are allowed, puts in what is wrong with the allows; how many were taken out.
pub fn apply(findings: Vec<Finding>, sources: &[Source], parsed: &[Parsed], config: &Config) -> (Vec<Finding>, usize) {
    let mut allows = Vec::new();
    let mut complaints = Vec::new();
    for (source, parsed) in sources.iter().zip(parsed) {
        above_lines(source, &mut allows, &mut complaints);
        in_comments(source, parsed, &mut allows, &mut complaints);
    }
    from_config(config, &mut allows, &mut complaints);
    let before = findings.len();
    let mut kept: Vec<Finding> =
        findings.into_iter().filter(|finding| !is_allowed(finding, sources, &mut allows)).collect();
    let allowed = before - kept.len();
    let unused = allows.iter().filter(|allow| !allow.used);
    complaints.extend(unused.map(|allow| unused_allow::unused(allow.place, allow.lint.code)));
    kept.append(&mut complaints);
    kept.sort_by_key(|f| (f.place.source, f.place.span.start, f.lint.code));
    (kept, allowed)
}

fn is_allowed(finding: &Finding, sources: &[Source], allows: &mut [Allow]) -> bool {
    let Some(source) = sources.get(finding.place.source as usize) else { return false };
    let line = source.line(finding.place.span.start);
    let fits = |allow: &&mut Allow| {
        allow.lint.code == finding.lint.code
            && allow.left > 0
            && match &allow.scope {
                Scope::Everywhere => true,
                Scope::Line(id, number) => (*id, *number) == (source.id, line),
                Scope::Text { file, text } => *file == source.name && *text == line_text(source, finding.place.span),
            }
    };
    match allows.iter_mut().find(fits) {
        Some(allow) => {
            allow.used = true;
            if matches!(allow.scope, Scope::Text { .. }) {
                allow.left -= 1;
            }
            true
        }
        None => false,
    }
}

/// `# ipt2nft: allow IPT205 reason` is about the next line that is neither blank nor a comment.
fn above_lines(source: &Source, allows: &mut Vec<Allow>, complaints: &mut Vec<Finding>) {
    if source.text().find(MARKER).is_none() {
        return;
    }
    let mut waiting: Vec<(Span, Vec<u8>)> = Vec::new();
    for (line, number) in source.text().lines().zip(1u32..) {
        let text = line.trim();
        if let Some(comment) = text.strip_prefix(b"#") {
            if let Some(rest) = comment.trim_start().strip_prefix(MARKER) {
                waiting.push((source.line_span(number), rest.to_vec()));
            }
        } else if !text.is_empty() {
            for (span, rest) in waiting.drain(..) {
                read(&rest, source.place(span), Scope::Line(source.id, number), allows, complaints);
            }
        }
    }
    let stray = waiting.into_iter().map(|(span, _)| unused_allow::unused(source.place(span), "this comment"));
    complaints.extend(stray);
}

/// `-m comment --comment "ipt2nft: allow IPT205 reason"` is about its own rule.
fn in_comments(source: &Source, parsed: &Parsed, allows: &mut Vec<Allow>, complaints: &mut Vec<Finding>) {
    let tables = parsed.dump.documents.iter().flat_map(|document| &document.tables);
    let mut last = None;
    for rule in tables.flat_map(|table| table.rules()) {
        let Some((rest, span)) = comment(rule) else { continue };
        // A line that names several addresses is several rules.
        if last.replace(rule.line) != Some(rule.line) {
            read(rest, source.place(span), Scope::Line(source.id, rule.line), allows, complaints);
        }
    }
}

fn comment(rule: &Rule) -> Option<(&[u8], Span)> {
    rule.matches.iter().filter(|part| part.extension.name == "comment").find_map(|part| {
        let text = part.text("comment")?;
        let at = text.find(MARKER)?;
        Some((text.get(at + MARKER.len()..)?, part.get("comment")?.span))
    })
}

fn from_config(config: &Config, allows: &mut Vec<Allow>, complaints: &mut Vec<Finding>) {
    for entry in &config.allow {
        match registry::find(&entry.word) {
            None => complaints.push(unused_allow::unknown(entry.place, &entry.word)),
            Some(_) if entry.reason.trim().is_empty() => complaints.push(unused_allow::no_reason(entry.place)),
            Some(lint) => allows.push(Allow::new(lint, Scope::Everywhere, entry.place, usize::MAX)),
        }
    }
    for known in &config.known {
        match registry::find(&known.code) {
            None => complaints.push(unused_allow::unknown(known.place, &known.code)),
            Some(lint) => {
                let scope = Scope::Text { file: known.file.clone(), text: known.text.clone() };
                allows.push(Allow::new(lint, scope, known.place, known.count));
            }
        }
    }
}

/// Codes or names, with commas or blanks between them, then the reason.
fn read(rest: &[u8], place: Place, scope: Scope, allows: &mut Vec<Allow>, complaints: &mut Vec<Finding>) {
    let text = rest.to_str_lossy();
    let mut words = text.split([' ', '\t', ',']).filter(|word| !word.is_empty()).peekable();
    let mut lints = Vec::new();
    while let Some(lint) = words.peek().and_then(|word| registry::find(word)) {
        lints.push(lint);
        words.next();
    }
    match (lints.is_empty(), words.peek()) {
        (true, word) => return complaints.push(unused_allow::unknown(place, word.copied().unwrap_or_default())),
        (false, None) => complaints.push(unused_allow::no_reason(place)),
        (false, Some(_)) => {}
    }
    let Scope::Line(source, line) = scope else { return };
    allows.extend(lints.into_iter().map(|lint| Allow::new(lint, Scope::Line(source, line), place, usize::MAX)));
}

impl Allow {
    const fn new(lint: &'static Lint, scope: Scope, place: Place, left: usize) -> Self {
        Allow { lint, scope, place, left, used: false }
    }
}
