//! A rule that nft can say only nearly.

use crate::diag::Severity;
use crate::lint::ruleset::Ruleset;
use crate::lint::{Finding, Lint, Run};

pub static LINT: Lint = Lint {
    code: "IPT402",
    name: "approximate-only",
    severity: Severity::Warning,
    summary: "nft has only something close to what a rule asks for",
    page: include_str!("../../../docs/lints/IPT402.md"),
    run: Run::Each(run),
};

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    findings.extend(super::refusals(&LINT, "close in nft, not equal", &ruleset.obstacles().approximate));
}
