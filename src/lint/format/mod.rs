//! Findings as text, for people and for programs.
//!
//! Invariant: a format says the same as every other, and never decides the exit code.

pub mod github;
pub mod human;
pub mod json;
pub mod junit;
pub mod sarif;

use crate::diag::{Severity, Source};
use crate::lint::Finding;

/// Where a finding is, as programs count: from 1, columns in characters, the end behind the last one.
pub(super) struct Region<'a> {
    pub file: &'a str,
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
}

pub(super) fn region(place: crate::diag::Place, sources: &[Source]) -> Option<Region<'_>> {
    let source = sources.get(place.source as usize)?;
    let ((line, column), (end_line, end_column)) =
        (source.line_column(place.span.start), source.line_column(place.span.end.max(place.span.start)));
    Some(Region { file: &source.name, line, column, end_line, end_column })
}

/// Message, notes and help as lines of plain text.
pub(super) fn prose(finding: &Finding) -> String {
    let notes = finding.said.notes.iter().map(|note| format!("\nnote: {note}"));
    let help = finding.said.help.iter().map(|help| format!("\nhelp: {help}"));
    std::iter::once(finding.said.message.clone()).chain(notes).chain(help).collect()
}

/// `2 warnings, 1 note`
pub fn counts(findings: &[Finding]) -> String {
    let count = |severity: Severity, word: &str| {
        let n = findings.iter().filter(|finding| finding.severity() == severity).count();
        (n > 0).then(|| format!("{n} {word}{}", if n == 1 { "" } else { "s" }))
    };
    let parts = [count(Severity::Error, "error"), count(Severity::Warning, "warning"), count(Severity::Note, "note")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
