//! `REJECT --reject-with tcp-reset` without `-p tcp`: the kernel refuses the whole table.

use crate::diag::{Diagnostic, Severity};
use crate::lint::ruleset::Ruleset;
use crate::lint::{Finding, Lint, Run};

pub static LINT: Lint = Lint {
    code: "IPT206",
    name: "reset-without-tcp",
    severity: Severity::Error,
    summary: "a rule answers with a TCP reset and does not ask for TCP",
    page: include_str!("../../../docs/lints/IPT206.md"),
    run: Run::Each(run),
};

/// Whether the reader refused a line for this.
pub fn explains(diagnostic: &Diagnostic) -> bool {
    diagnostic.code == "bad-combination" && diagnostic.message.starts_with("REJECT: it needs `-p tcp`")
}

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    // The reader's errors are about the whole input: the first of its rulesets tells them.
    let about = |place: &crate::diag::Place| super::is_told_by(ruleset, place.span.start);
    let refused = ruleset.diagnostics.iter().filter(|d| explains(d)).filter_map(|d| d.place).filter(about);
    findings.extend(refused.map(|place| {
        Finding::new(&LINT, place, "a TCP reset answers TCP only, and this rule takes other packets as well")
            .label("without -p tcp")
            .note("the kernel refuses the rule, and iptables-restore then loads nothing of the table")
            .help("add `-p tcp`, and a rule with another answer for the other protocols")
    }));
}
