//! A rule that nft cannot say.

use crate::diag::Severity;
use crate::lint::ruleset::Ruleset;
use crate::lint::{Finding, Lint, Run};

pub static LINT: Lint = Lint {
    code: "IPT401",
    name: "no-nft-equivalent",
    severity: Severity::Warning,
    summary: "nft has no equivalent of what a rule asks for",
    page: include_str!("../../../docs/lints/IPT401.md"),
    run: Run::Each(run),
};

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    findings.extend(super::refusals(&LINT, "nft has no equivalent", &ruleset.obstacles().refused));
}
