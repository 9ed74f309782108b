//! A line that iptables-restore would refuse, or that is not understood here.

use crate::diag::{Diagnostic, Place, Severity, Source, Trouble};
use crate::lint::{Finding, Lint, Run};

pub static LINT: Lint = Lint {
    code: "IPT001",
    name: "unreadable-line",
    severity: Severity::Error,
    summary: "a line cannot be read",
    page: include_str!("../../../docs/lints/IPT001.md"),
    run: Run::Engine,
};

/// Findings about the reader's errors that no other lint explains; whether there were any.
pub fn about(source: &Source, diagnostics: &[Diagnostic], findings: &mut Vec<Finding>) -> bool {
    let before = findings.len();
    for d in diagnostics.iter().filter(|d| d.is_error() && d.trouble == Trouble::Unreadable) {
        if super::explains(source, d) {
            continue;
        }
        let place = d.place.unwrap_or(Place { source: source.id, span: crate::diag::Span::default() });
        findings.push(Finding::told(&LINT, place, d));
    }
    findings.len() > before
}
