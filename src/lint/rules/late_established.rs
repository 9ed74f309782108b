//! Answers are accepted late: every packet of every open connection is tried against the rules before.

use crate::diag::Severity;
use crate::lint::ruleset::{RuleAt, Ruleset};
use crate::lint::shape;
use crate::lint::{Edit, Finding, Fix, Lint, Run, Safety};
use crate::packet::{CtKey, Field, IntervalSet};
use crate::prove::dd::{Bounded, Dd};
use crate::prove::reach::Use;
use crate::save::ast::{Placement, Rule, TableKind};

pub static LINT: Lint = Lint {
    code: "IPT204",
    name: "late-established",
    severity: Severity::Note,
    summary: "packets of open connections are accepted behind many other rules",
    page: include_str!("../../../docs/lints/IPT204.md"),
    run: Run::Each(run),
};

/// Rules before it from which on it is late.
const LATE: usize = 10;
/// `ct state` as nft numbers it.
const ESTABLISHED: u128 = 2;

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    let mut told: Option<(usize, usize)> = None;
    for (at, rule) in ruleset.own_rules() {
        let filters = ruleset.tables.get(at.table).is_some_and(|view| view.table.kind == TableKind::Filter);
        let based = ruleset.chain(at).is_some_and(|chain| chain.chain.hook.is_some());
        if !filters || !based || !shape::is_target(rule, "ACCEPT") || told == Some((at.table, at.chain)) {
            continue;
        }
        if takes_established(ruleset, at) != Ok(true) {
            continue;
        }
        told = Some((at.table, at.chain));
        if at.rule >= LATE {
            findings.push(finding(ruleset, at, rule));
        }
    }
}

/// Every packet of an open connection matches, and some come.
fn takes_established(ruleset: &Ruleset<'_>, at: RuleAt) -> Bounded<bool> {
    let Some(mut packets) = ruleset.packets() else { return Ok(false) };
    if matches!(packets.use_of(at), Some(Use::Dead(_)) | None) {
        return Ok(false);
    }
    let Some(at) = packets.at(at) else { return Ok(false) };
    let (matching, exact) = packets.reach.matching(at);
    let comes = packets.reach.entering(at.chain);
    let state = packets.reach.space.within(Field::Ct(CtKey::State), &IntervalSet::point(ESTABLISHED))?;
    let all = packets.reach.space.dd.and(comes, state)?;
    Ok(exact && all != Dd::FALSE && packets.all_match(matching, all)?)
}

fn finding(ruleset: &Ruleset<'_>, at: RuleAt, rule: &Rule) -> Finding {
    let message = format!("packets of open connections are accepted behind {} other rules", at.rule);
    Finding::new(&LINT, ruleset.place(rule.span), message)
        .label("late")
        .note("nearly all packets belong to open connections, and each of them is tried against all rules before")
        .help(
            "move it to the top of the chain; rules before it that block or log packets of open connections will \
               then no longer see them",
        )
        .fix(fix(ruleset, at, rule))
}

/// Moves the line before the chain's first rule.
fn fix(ruleset: &Ruleset<'_>, at: RuleAt, rule: &Rule) -> Option<Fix> {
    let removal = ruleset.removal(at, Safety::Unsafe)?;
    let first = ruleset.rule(RuleAt { rule: 0, ..at }).filter(|first| first.placement == Placement::Append)?;
    let line = crate::lint::ruleset::whole_line(ruleset.source, rule.span);
    let start = ruleset.source.line_span(ruleset.source.line(first.span.start)).start;
    let moved = Edit { span: crate::diag::Span { start, end: start }, text: ruleset.source.slice(line).into() };
    let title = "moves the rule to the top of its chain".to_owned();
    Some(Fix { title, edits: removal.edits.into_iter().chain([moved]).collect(), ..removal })
}
