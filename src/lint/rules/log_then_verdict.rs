//! A rule that logs and the next one that decides about the same packets: one rule in nft.

use crate::diag::Severity;
use crate::lint::ruleset::{RuleAt, Ruleset};
use crate::lint::shape;
use crate::lint::{Finding, Lint, Run};

pub static LINT: Lint = Lint {
    code: "IPT106",
    name: "log-then-verdict",
    severity: Severity::Note,
    summary: "two rules, one to log and one to decide, that are one rule in nft",
    page: include_str!("../../../docs/lints/IPT106.md"),
    run: Run::Each(run),
};

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    let Some(packets) = ruleset.packets() else { return };
    let exactly = |at| {
        let (set, exact) = packets.reach.matching(packets.at(at)?);
        exact.then_some(set)
    };
    for (at, rule) in ruleset.own_rules().filter(|(_, rule)| shape::logs(rule)) {
        let next = RuleAt { rule: at.rule + 1, ..at };
        let Some(other) = ruleset.rule(next).filter(|other| shape::decides(other)) else { continue };
        if exactly(at).is_none_or(|set| exactly(next) != Some(set)) {
            continue;
        }
        findings.push(
            Finding::new(&LINT, ruleset.place(rule.span), "this rule logs what the next one decides about")
                .label("logs")
                .related(ruleset.place(other.span), "decides about the same packets")
                .note("iptables tests every packet twice; in nft it is one rule: `log ... drop`")
                .help("nothing to change here: `ipt2nft` makes one rule of the two"),
        );
    }
}
