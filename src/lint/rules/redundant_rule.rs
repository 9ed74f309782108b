//! A rule that packets match, and that makes no difference: later rules or the chain's end decide alike.

use crate::diag::Severity;
use crate::lint::packets::Packets;
use crate::lint::ruleset::{RuleAt, Ruleset, callee};
use crate::lint::{Finding, Lint, Run, Safety};
use crate::prove::reach::{SameAnyway, Use};
use crate::save::ast::{Rule, Target};

pub static LINT: Lint = Lint {
    code: "IPT104",
    name: "redundant-rule",
    severity: Severity::Note,
    summary: "without a rule every packet would fare the same",
    page: include_str!("../../../docs/lints/IPT104.md"),
    run: Run::Each(run),
};

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    let Some(packets) = ruleset.packets() else { return };
    for (at, rule) in ruleset.own_rules().filter(|(_, rule)| !matches!(rule.target, Target::None)) {
        match packets.use_of(at) {
            Some(Use::NoDifference(SameAnyway::Decided { by, end })) if !rests_on_the_dead(&packets, at, by) => {
                findings.push(decided(ruleset, at, rule, by, *end));
            }
            Some(Use::NoDifference(SameAnyway::DoesNothing)) if calls_idle_chain(ruleset, at, rule) => {
                findings.push(does_nothing(ruleset, at, rule));
            }
            _ => {}
        }
    }
}

/// A rule that is needed only because another repeats it is not the one to go.
fn rests_on_the_dead(packets: &Packets, at: RuleAt, by: &[usize]) -> bool {
    by.iter().any(|&rule| matches!(packets.use_of(RuleAt { rule, ..at }), Some(Use::Dead(_))))
}

/// A chain with rules of the dump's own; an empty one is a place kept for later.
fn calls_idle_chain(ruleset: &Ruleset<'_>, at: RuleAt, rule: &Rule) -> bool {
    let called = callee(rule).and_then(|name| ruleset.tables.get(at.table)?.chain(name));
    called.is_some_and(|chain| chain.owner.is_none() && !chain.chain.rules.is_empty())
}

fn decided(ruleset: &Ruleset<'_>, at: RuleAt, rule: &Rule, by: &[usize], end: bool) -> Finding {
    let mut finding =
        Finding::new(&LINT, ruleset.place(rule.span), "without this rule every packet would fare the same")
            .label("makes no difference");
    for &number in by.iter().take(3) {
        if let Some(other) = ruleset.rule(RuleAt { rule: number, ..at }) {
            finding = finding.related(ruleset.place(other.span), "decides alike");
        }
    }
    let builtin = ruleset.chain(at).is_some_and(|chain| chain.chain.hook.is_some());
    if end {
        let what = if builtin { "the policy of the chain" } else { "the end of the chain, which returns" };
        finding = finding.note(format!("{what} decides alike, and nothing between does anything to these packets"));
    }
    finding.help("remove it, unless it stands here to be read or counted").fix(ruleset.removal(at, Safety::Unsafe))
}

fn does_nothing(ruleset: &Ruleset<'_>, at: RuleAt, rule: &Rule) -> Finding {
    Finding::new(&LINT, ruleset.place(rule.span), "the chain that this rule jumps to does nothing with its packets")
        .label("makes no difference")
        .help("remove the rule, or give the chain what it is for")
        .fix(ruleset.removal(at, Safety::Unsafe))
}
