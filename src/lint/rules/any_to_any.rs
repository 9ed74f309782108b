//! A rule that lets everything in: any source, any destination, any port, new connections.

use crate::diag::Severity;
use crate::lint::packets::Packets;
use crate::lint::ruleset::{RuleAt, Ruleset};
use crate::lint::shape;
use crate::lint::{Finding, Lint, Run};
use crate::packet::Hook;
use crate::prove::dd::{Bounded, Dd};
use crate::save::ast::TableKind;

pub static LINT: Lint = Lint {
    code: "IPT202",
    name: "any-to-any",
    severity: Severity::Warning,
    summary: "a rule accepts every new TCP connection, from anywhere to anywhere",
    page: include_str!("../../../docs/lints/IPT202.md"),
    run: Run::Each(run),
};

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    let Some(mut packets) = ruleset.packets() else { return };
    for (at, rule) in ruleset.own_rules() {
        let filters = ruleset.tables.get(at.table).is_some_and(|view| view.table.kind == TableKind::Filter);
        if !filters || !shape::is_target(rule, "ACCEPT") {
            continue;
        }
        let Ok(Some(hook)) = opens(&mut packets, at) else { continue };
        let what = if hook == Hook::Input { "this host" } else { "the networks behind this host" };
        findings.push(
            Finding::new(&LINT, ruleset.place(rule.span), "this rule accepts every new connection, whoever makes it")
                .label(format!("opens {what}"))
                .note("rules behind it, and a policy DROP, no longer stop anything that it takes")
                .help("accept what is meant by interface, network, protocol and port; or by state, for answers"),
        );
    }
}

/// The hook, when all new TCP connections there come to the rule's chain and match.
fn opens(packets: &mut Packets, at: RuleAt) -> Bounded<Option<Hook>> {
    let Some(at) = packets.at(at) else { return Ok(None) };
    let (matching, exact) = packets.reach.matching(at);
    if !exact {
        return Ok(None);
    }
    let comes = packets.reach.entering(at.chain);
    let hooks = packets.reach.hooks(at.chain).to_vec();
    for hook in hooks.into_iter().filter(|hook| matches!(hook, Hook::Input | Hook::Forward)) {
        let new = packets.new_tcp()?;
        let possible = packets.reach.space.possible(hook)?;
        let all = packets.reach.space.dd.and(possible, new)?;
        if all != Dd::FALSE && packets.all_match(matching, all)? && packets.all_match(comes, all)? {
            return Ok(Some(hook));
        }
    }
    Ok(None)
}
