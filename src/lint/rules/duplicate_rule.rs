//! Two rules of a chain that match the same packets and do the same.

use bstr::ByteSlice;
use rustc_hash::FxHashMap;

use crate::diag::Severity;
use crate::lint::packets::Packets;
use crate::lint::ruleset::{RuleAt, Ruleset};
use crate::lint::{Finding, Lint, Run, Safety};
use crate::packet::Family;
use crate::prove::dd::Dd;
use crate::prove::reach::{Dead, Use};
use crate::save::ast::{Rule, Target};
use crate::save::print;

pub static LINT: Lint = Lint {
    code: "IPT103",
    name: "duplicate-rule",
    severity: Severity::Warning,
    summary: "a rule of the chain matches the same packets and does the same as one before it",
    page: include_str!("../../../docs/lints/IPT103.md"),
    run: Run::Each(run),
};

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    let Some(packets) = ruleset.packets() else { return };
    let mut seen: FxHashMap<(usize, usize, Dd, Vec<u8>), RuleAt> = FxHashMap::default();
    for (at, rule) in ruleset.own_rules() {
        let first = match packets.use_of(at) {
            Some(Use::Dead(Dead::Shadowed(by))) => twin(ruleset, &packets, at, by),
            Some(_) => sets(&packets, at).and_then(|set| {
                let key = (at.table, at.chain, set, target(rule, ruleset.family()));
                (!matches!(rule.target, Target::None))
                    .then(|| *seen.entry(key).or_insert(at))
                    .filter(|first| *first != at)
            }),
            None => None,
        };
        if let Some(other) = first.and_then(|first| ruleset.rule(first)) {
            findings.push(finding(ruleset, at, rule, other));
        }
    }
}

fn finding(ruleset: &Ruleset<'_>, at: RuleAt, rule: &Rule, first: &Rule) -> Finding {
    let dead = is_final(first);
    let note = if dead { "the second one never matches" } else { "what they do is done twice to each packet" };
    let safety = if dead { Safety::Safe } else { Safety::Unsafe };
    Finding::new(&LINT, ruleset.place(rule.span), "this rule stands here twice")
        .label("the same again")
        .related(ruleset.place(first.span), "first here")
        .note(note)
        .help("remove one of them")
        .fix(ruleset.removal(at, safety))
}

/// The rule of those that shadow this one that does the same with the same packets.
pub fn twin(ruleset: &Ruleset<'_>, packets: &Packets, at: RuleAt, by: &[usize]) -> Option<RuleAt> {
    let (set, own) = (sets(packets, at)?, target(ruleset.rule(at)?, ruleset.family()));
    let mut firsts = by.iter().map(|&rule| RuleAt { rule, ..at });
    firsts.find(|&first| {
        let does = |rule| target(rule, ruleset.family()) == own;
        sets(packets, first) == Some(set) && ruleset.rule(first).is_some_and(does)
    })
}

/// The packets that match, where these are known exactly.
fn sets(packets: &Packets, at: RuleAt) -> Option<Dd> {
    let (set, exact) = packets.reach.matching(packets.at(at)?);
    exact.then_some(set)
}

/// A rule's target and options as they are printed.
fn target(rule: &Rule, family: Family) -> Vec<u8> {
    let mut bare = rule.clone();
    (bare.counters, bare.only) = (None, None);
    bare.head.options.clear();
    bare.matches.clear();
    let mut text = Vec::new();
    print::rule(&bare, family, &mut text);
    text
}

/// Whether the rule ends the way of the packets it matches.
fn is_final(rule: &Rule) -> bool {
    match &rule.target {
        Target::Extension(part) => {
            let name = part.extension.name.as_bytes();
            [&b"ACCEPT"[..], b"DROP", b"REJECT", b"RETURN", b"DNAT", b"SNAT", b"MASQUERADE", b"REDIRECT"]
                .contains(&name.as_bytes())
        }
        Target::Chain { goto, .. } => *goto,
        Target::None => false,
    }
}
