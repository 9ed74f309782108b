//! A name where an address belongs: asked of DNS once, when the rules are loaded.

use crate::diag::{Diagnostic, Severity, Source, quote};
use crate::lint::ruleset::Ruleset;
use crate::lint::{Finding, Lint, Run};
use crate::save::words;

pub static LINT: Lint = Lint {
    code: "IPT304",
    name: "hostname",
    severity: Severity::Warning,
    summary: "a rule names a host instead of its address",
    page: include_str!("../../../docs/lints/IPT304.md"),
    run: Run::Each(run),
};

/// Whether the reader refused a line for this.
pub fn explains(source: &Source, diagnostic: &Diagnostic) -> bool {
    name(source, diagnostic).is_some()
}

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    for diagnostic in ruleset.diagnostics {
        let (Some(place), Some(name)) = (diagnostic.place, name(ruleset.source, diagnostic)) else { continue };
        if !super::is_told_by(ruleset, place.span.start) {
            continue;
        }
        findings.push(
            Finding::new(&LINT, place, format!("{} is a name, and rules are about addresses", quote(&name)))
                .label("asked of DNS when the rules are loaded")
                .note("the rule keeps the addresses of that moment; without DNS, at boot say, nothing of the table is loaded")
                .note("whoever answers for the name decides what the rule lets through")
                .help("write the addresses, or fill a set from the name and test the set"),
        );
    }
}

/// The name that stands where an address should.
fn name(source: &Source, diagnostic: &Diagnostic) -> Option<Vec<u8>> {
    let span = diagnostic.place.filter(|_| diagnostic.code == "bad-value")?.span;
    let mut found = Vec::new();
    words::split(source.slice(span), span.start as usize, &mut found).ok()?;
    let option = found.iter().find(|word| word.text.starts_with(b"-"))?;
    let addresses: [&[u8]; 6] = [b"-s", b"-d", b"--source", b"--src", b"--destination", b"--dst"];
    let value = found.last().filter(|_| addresses.contains(&&*option.text))?;
    let all = value.text.split(|&b| b == b',').map(|part| part.split(|&b| b == b'/').next().unwrap_or_default());
    all.into_iter().find(|part| is_name(part)).map(<[u8]>::to_vec)
}

/// Letters, digits, dots and dashes, with a letter behind the last dot: no address is written so.
fn is_name(word: &[u8]) -> bool {
    let last = word.rsplit(|&b| b == b'.').next().unwrap_or_default();
    word.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
        && last.first().is_some_and(u8::is_ascii_alphabetic)
}
