//! A rule that the target's nft cannot say, and a newer one can.

use crate::diag::Severity;
use crate::lint::ruleset::Ruleset;
use crate::lint::{Finding, Lint, Run};

pub static LINT: Lint = Lint {
    code: "IPT403",
    name: "needs-newer-nft",
    severity: Severity::Note,
    summary: "a rule needs a newer nft or kernel than the target has",
    page: include_str!("../../../docs/lints/IPT403.md"),
    run: Run::Each(run),
};

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    findings.extend(super::refusals(&LINT, "the target cannot say it", &ruleset.obstacles().newer));
}
