//! Rules that never counted a packet, in a dump made with counters.

use crate::diag::Severity;
use crate::lint::ruleset::Ruleset;
use crate::lint::{Finding, Lint, Run};

pub static LINT: Lint = Lint {
    code: "IPT306",
    name: "zero-hits",
    severity: Severity::Note,
    summary: "the counters say that no packet has matched a rule",
    page: include_str!("../../../docs/lints/IPT306.md"),
    run: Run::Each(run),
};

/// Packets that the rules of a table must have counted before zero says anything.
const ENOUGH: u64 = 1000;

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    let mut counted = vec![0u64; ruleset.tables.len()];
    for (at, rule) in ruleset.rules() {
        if let (Some(sum), Some(counters)) = (counted.get_mut(at.table), &rule.counters) {
            *sum = sum.saturating_add(counters.packets);
        }
    }
    for (at, rule) in ruleset.own_rules() {
        let packets = counted.get(at.table).copied().unwrap_or_default();
        if packets < ENOUGH || rule.counters.as_ref().is_none_or(|counters| counters.packets > 0) {
            continue;
        }
        findings.push(
            Finding::new(
                &LINT,
                ruleset.place(rule.span),
                "no packet has matched this rule since the counters were zero",
            )
            .label(format!("0 packets, of {packets} that the rules of the table counted"))
            .help("find out what it was for; a rule that nobody needs is a rule that nobody checks"),
        );
    }
}
