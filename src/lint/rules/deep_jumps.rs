//! Chains that call each other deeper than nft allows.

use crate::diag::Severity;
use crate::lint::ruleset::Ruleset;
use crate::lint::{Finding, Lint, Run};

pub static LINT: Lint = Lint {
    code: "IPT405",
    name: "deep-jumps",
    severity: Severity::Warning,
    summary: "chains are nested deeper than the 15 jumps that nft takes",
    page: include_str!("../../../docs/lints/IPT405.md"),
    run: Run::Each(run),
};

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    findings.extend(super::refusals(&LINT, "in the deepest chain", &ruleset.obstacles().deep));
}
