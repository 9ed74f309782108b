//! A chain that accepts some packets by rule, and all others by its policy.

use crate::diag::Severity;
use crate::lint::ruleset::{ChainView, Ruleset};
use crate::lint::shape;
use crate::lint::{Finding, Lint, Run};
use crate::packet::Hook;
use crate::save::ast::{Policy, TableKind};

pub static LINT: Lint = Lint {
    code: "IPT203",
    name: "open-end",
    severity: Severity::Warning,
    summary: "a chain accepts by rule, and its policy ACCEPT accepts the rest as well",
    page: include_str!("../../../docs/lints/IPT203.md"),
    run: Run::Each(run),
};

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    for (table, view) in ruleset.tables.iter().enumerate() {
        if view.table.kind != TableKind::Filter || !view.whole {
            continue;
        }
        for (number, chain) in view.chains.iter().enumerate() {
            let guards = matches!(chain.chain.hook, Some(Hook::Input | Hook::Forward));
            let accepts = chain.chain.rules.iter().any(|rule| shape::is_target(rule, "ACCEPT"));
            if guards && accepts && chain.chain.policy == Policy::Accept && is_open(ruleset, table, number) {
                findings.push(finding(ruleset, chain));
            }
        }
    }
}

/// Whether new TCP connections may come to the end.
fn is_open(ruleset: &Ruleset<'_>, table: usize, chain: usize) -> bool {
    let Some(mut packets) = ruleset.packets() else { return false };
    let Some(chain) = packets.chain(table, chain) else { return false };
    let Ok(new) = packets.new_tcp() else { return false };
    packets.reach.lets_pass(chain, new).is_ok_and(|passes| passes)
}

fn finding(ruleset: &Ruleset<'_>, chain: &ChainView<'_>) -> Finding {
    let name = chain.name();
    let last = chain.chain.rules.last().map(|rule| rule.span);
    let place = chain.line.map(|line| line.span).or(last).unwrap_or_default();
    let message = format!("chain {name} accepts what its rules let pass, and its policy accepts the rest");
    let mut finding = Finding::new(&LINT, ruleset.place(place), message).label("policy ACCEPT");
    if let Some(last) = last {
        finding = finding.related(ruleset.place(last), "what passes this rule is accepted");
    }
    finding
        .note("the accepting rules have no effect where nothing behind them blocks")
        .help(format!("give the chain the policy DROP (`:{name} DROP [0:0]`), or block the rest in a last rule"))
}
