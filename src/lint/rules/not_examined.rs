//! What was not looked at, said once: tables with lines that were not understood, questions past the budget.

use crate::diag::Severity;
use crate::lint::ruleset::Ruleset;
use crate::lint::{Finding, Lint, Run};

pub static LINT: Lint = Lint {
    code: "IPT003",
    name: "not-examined",
    severity: Severity::Note,
    summary: "some questions about packets were not asked, or not answered",
    page: include_str!("../../../docs/lints/IPT003.md"),
    run: Run::Engine,
};

/// To be asked behind all other lints.
pub fn about(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    for view in ruleset.tables.iter().filter(|view| !view.whole) {
        let message = format!("table {} has lines that are not understood", view.table.kind.name());
        findings.push(
            Finding::new(&LINT, ruleset.place(view.table.span), message)
                .note("lints that ask which packets match a rule are silent about this table")
                .help("mend the lines that are reported, and lint again"),
        );
    }
    let Some(first) = ruleset.tables.first() else { return };
    let place = ruleset.place(first.table.span);
    let note = "lints that ask which packets match a rule are silent about these";
    if ruleset.packets_failed() {
        let message = "the rules are too many or too entangled to ask which packets match them";
        findings.push(Finding::new(&LINT, place, message).note(note));
        return;
    }
    let undecided = ruleset.packets().map_or(0, |packets| packets.reach.undecided);
    if undecided > 0 {
        let message = format!("of {undecided} rules it could not be told in time whether packets match them");
        findings.push(Finding::new(&LINT, place, message).note(note));
    }
}
