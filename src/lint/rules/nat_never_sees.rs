//! A rule of the nat table for packets that the nat table is never shown.

use crate::diag::Severity;
use crate::lint::packets::Packets;
use crate::lint::ruleset::{RuleAt, Ruleset};
use crate::lint::{Finding, Lint, Run, Safety};
use crate::packet::{CtKey, Family, Field, Interval, IntervalSet};
use crate::prove::dd::{Bounded, Dd};
use crate::save::ast::TableKind;

pub static LINT: Lint = Lint {
    code: "IPT301",
    name: "nat-never-sees",
    severity: Severity::Warning,
    summary: "a rule of the nat table asks for packets that the kernel never shows that table",
    page: include_str!("../../../docs/lints/IPT301.md"),
    run: Run::Each(run),
};

/// `ct state` as nft numbers it.
const RELATED: u128 = 4;
const NEW: u128 = 8;

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    let Some(mut packets) = ruleset.packets() else { return };
    for (at, rule) in ruleset.own_rules() {
        let nat = ruleset.tables.get(at.table).is_some_and(|view| view.table.kind == TableKind::Nat);
        if !nat || is_shown(&mut packets, ruleset.family(), at) != Ok(false) {
            continue;
        }
        findings.push(
            Finding::new(
                &LINT,
                ruleset.place(rule.span),
                "the nat table is never shown a packet that matches this rule",
            )
            .label("no packet comes here")
            .note(
                "it sees the first packet of each connection only; answers, ICMP errors, and packets that are \
                       invalid or untracked are translated, or not, without asking it",
            )
            .help("filter such packets in another table; ICMP errors about translated connections need no rule")
            .fix(ruleset.removal(at, Safety::Unsafe)),
        );
    }
}

/// Whether some packet that matches is new, or the first of a related connection.
fn is_shown(packets: &mut Packets, family: Family, at: RuleAt) -> Bounded<bool> {
    let Some(at) = packets.at(at) else { return Ok(true) };
    let (over, _) = packets.reach.matching(at);
    let comes = packets.reach.entering(at.chain);
    let space = &mut packets.reach.space;
    let matching = space.dd.and(over, comes)?;
    if matching == Dd::FALSE {
        // Dead for another reason, which another lint tells.
        return Ok(true);
    }
    let state = |n| IntervalSet::point(n);
    let new = space.within(Field::Ct(CtKey::State), &state(NEW))?;
    let related = space.within(Field::Ct(CtKey::State), &state(RELATED))?;
    let (protocol, field, errors) = match family {
        Family::Ip6 => (58, Field::Icmp6Type, IntervalSet::range(1, 4)),
        _ => (1, Field::IcmpType, [(3, 5), (11, 12)].into_iter().map(|(lo, hi)| Interval::new(lo, hi)).collect()),
    };
    let icmp = space.protocol(&IntervalSet::point(protocol))?;
    let error = space.within(field, &errors)?;
    let error = space.dd.and(icmp, error)?;
    let (new, related) = (space.dd.minus(new, error)?, space.dd.minus(related, icmp)?);
    let shown = space.dd.or(new, related)?;
    space.dd.meets(shown, matching)
}
