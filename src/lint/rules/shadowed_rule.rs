//! A rule that no packet can match, because rules before it take every packet that would.

use crate::diag::Severity;
use crate::lint::ruleset::{RuleAt, Ruleset};
use crate::lint::{Finding, Lint, Run, Safety};
use crate::prove::reach::{Dead, Use};
use crate::save::ast::Rule;

pub static LINT: Lint = Lint {
    code: "IPT101",
    name: "shadowed-rule",
    severity: Severity::Warning,
    summary: "a rule never matches: rules before it take all its packets, or none come to its chain",
    page: include_str!("../../../docs/lints/IPT101.md"),
    run: Run::Each(run),
};

/// Rules that are shown; of more, the number is told.
const SHOWN: usize = 3;

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    let Some(packets) = ruleset.packets() else { return };
    for (at, rule) in ruleset.own_rules() {
        match packets.use_of(at) {
            Some(Use::Dead(Dead::Shadowed(by))) if super::duplicate_rule::twin(ruleset, &packets, at, by).is_none() => {
                findings.push(shadowed(ruleset, at, rule, by));
            }
            Some(Use::Dead(Dead::NothingComes)) => findings.push(nothing_comes(ruleset, at, rule)),
            _ => {}
        }
    }
}

fn shadowed(ruleset: &Ruleset<'_>, at: RuleAt, rule: &Rule, by: &[usize]) -> Finding {
    let message = match by.len() {
        1 => "this rule never matches: a rule before it takes all its packets".to_owned(),
        n => format!("this rule never matches: {n} rules before it together take all its packets"),
    };
    let mut finding = Finding::new(&LINT, ruleset.place(rule.span), message).label("no packet comes here");
    for &number in by.iter().take(SHOWN) {
        if let Some(other) = ruleset.rule(RuleAt { rule: number, ..at }) {
            let label = if by.len() == 1 { "takes them all" } else { "takes some of them" };
            finding = finding.related(ruleset.place(other.span), label);
        }
    }
    if by.len() > SHOWN {
        finding = finding.note(format!("and {} more rules take the others", by.len() - SHOWN));
    }
    finding
        .note("whoever wrote it meant it to do something; now it does nothing")
        .help("move it before the rule that takes its packets, or remove it")
        .fix(ruleset.removal(at, Safety::Unsafe))
}

fn nothing_comes(ruleset: &Ruleset<'_>, at: RuleAt, rule: &Rule) -> Finding {
    let message = format!("this rule never matches: no packet that it asks for is sent to chain {}", rule.chain);
    Finding::new(&LINT, ruleset.place(rule.span), message)
        .label("no packet comes here")
        .note("the rules that jump to this chain ask for other packets, or earlier rules take these")
        .help("look at the jumps to the chain; if they are right, remove the rule")
        .fix(ruleset.removal(at, Safety::Unsafe))
}
