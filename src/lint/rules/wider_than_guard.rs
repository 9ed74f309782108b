//! Block everybody but X from a service, then accept: the accept is wider than the service that was guarded.

use crate::diag::Severity;
use crate::lint::packets::Packets;
use crate::lint::ruleset::{RuleAt, Ruleset};
use crate::lint::shape;
use crate::lint::{Finding, Lint, Run};
use crate::prove::dd::{Bands, Bounded, Dd};
use crate::prove::space::bands;
use crate::save::ast::Rule;

pub static LINT: Lint = Lint {
    code: "IPT201",
    name: "wider-than-guard",
    severity: Severity::Warning,
    summary: "a rule accepts more than the rule before it, which blocks all but some, was guarding",
    page: include_str!("../../../docs/lints/IPT201.md"),
    run: Run::Each(run),
};

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    let Some(mut packets) = ruleset.packets() else { return };
    for (at, rule) in ruleset.own_rules().filter(|(_, rule)| shape::blocks(rule)) {
        let next = RuleAt { rule: at.rule + 1, ..at };
        let Some(opened) = ruleset.rule(next).filter(|next| shape::is_target(next, "ACCEPT")) else { continue };
        let Some(band) = excepted(rule) else { continue };
        if is_wider(&mut packets, at, next, band) != Ok(true) {
            continue;
        }
        findings.push(
            Finding::new(&LINT, ruleset.place(opened.span), "this rule accepts more than the rule before it guards")
                .label("accepts other packets as well")
                .related(ruleset.place(rule.span), "blocks all but some, of fewer packets")
                .note("the two read as `only these may`, but what the first rule does not ask for is open to all")
                .help(
                    "give the accepting rule the tests of the blocking one (protocol, ports), or accept the \
                       exception by name and leave the rest to the policy",
                ),
        );
    }
}

/// What the rule makes an exception of: the one thing it negates.
fn excepted(rule: &Rule) -> Option<u32> {
    let mut negated = rule.parts().flat_map(|part| &part.options).filter(|option| option.negated);
    let band = match negated.next()?.spec.name {
        "source" | "src-range" => bands::SADDR,
        "destination" | "dst-range" => bands::DADDR,
        "in-interface" => bands::IIF,
        "out-interface" => bands::OIF,
        _ => return None,
    };
    negated.next().is_none().then_some(band)
}

/// With the exception forgotten, the accepting rule takes in all that the blocking one is about, and more.
fn is_wider(packets: &mut Packets, guard: RuleAt, open: RuleAt, band: u32) -> Bounded<bool> {
    let (Some(guard), Some(open)) = (packets.at(guard), packets.at(open)) else { return Ok(false) };
    let ((guarded, sure), (opened, also)) = (packets.reach.matching(guard), packets.reach.matching(open));
    let new = packets.new_connections()?;
    let comes = packets.reach.entering(guard.chain);
    let dd = &mut packets.reach.space.dd;
    let (guarded, opened) = (dd.all(&[guarded, new, comes])?, dd.all(&[opened, new, comes])?);
    let forget = Bands(1 << band);
    let all_guarded = dd.exists(guarded, forget, &|_| true)?;
    let all_guarded = dd.all(&[all_guarded, new, comes])?;
    let exception = dd.minus(all_guarded, guarded)?;
    let missed = dd.minus(exception, opened)?;
    let more = dd.minus(opened, all_guarded)?;
    Ok(sure && also && exception != Dd::FALSE && missed == Dd::FALSE && more != Dd::FALSE)
}
