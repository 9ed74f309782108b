//! Neighbouring rules that differ in one value: a set.

use crate::diag::{Severity, Span};
use crate::lint::ruleset::{RuleAt, Ruleset};
use crate::lint::{Finding, Lint, Run};
use crate::packet::Family;
use crate::save::ast::{Rule, Target};
use crate::save::print;

pub static LINT: Lint = Lint {
    code: "IPT107",
    name: "list-is-a-set",
    severity: Severity::Note,
    summary: "a list of rules that differ in one value is one set",
    page: include_str!("../../../docs/lints/IPT107.md"),
    run: Run::Each(run),
};

/// Rules from which on a list is long.
const LONG: usize = 5;

/// Options whose values make a set.
const FIELDS: [&str; 6] = ["source", "destination", "in-interface", "out-interface", "destination-port", "source-port"];

/// A list that goes on.
struct List {
    option: &'static str,
    rest: Vec<u8>,
    first: Span,
    last: RuleAt,
    len: usize,
}

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    let mut open: Option<List> = None;
    for (at, rule) in ruleset.own_rules() {
        let follows =
            |list: &List| (list.last.table, list.last.chain, list.last.rule + 1) == (at.table, at.chain, at.rule);
        if let Some(list) = open.as_mut().filter(|list| follows(list))
            && without(rule, list.option, ruleset.family()).as_ref() == Some(&list.rest)
        {
            list.last = at;
            list.len += 1;
            continue;
        }
        close(ruleset, open.take(), findings);
        open = start(ruleset, at, rule);
    }
    close(ruleset, open, findings);
}

/// A list may start here when the next rule differs in one option.
fn start(ruleset: &Ruleset<'_>, at: RuleAt, rule: &Rule) -> Option<List> {
    if matches!(rule.target, Target::None) {
        return None;
    }
    let next = ruleset.rule(RuleAt { rule: at.rule + 1, ..at })?;
    if !differ_in_a_word(&text(bare(rule), ruleset.family()), &text(bare(next), ruleset.family())) {
        return None;
    }
    FIELDS.into_iter().find_map(|option| {
        let rest = without(rule, option, ruleset.family())?;
        (without(next, option, ruleset.family())? == rest).then_some(List {
            option,
            rest,
            first: rule.span,
            last: at,
            len: 1,
        })
    })
}

fn close(ruleset: &Ruleset<'_>, list: Option<List>, findings: &mut Vec<Finding>) {
    let Some(list) = list.filter(|list| list.len >= LONG) else { return };
    let message = format!("{} rules in a row differ in --{} only", list.len, list.option);
    let mut finding = Finding::new(&LINT, ruleset.place(list.first), message).label("from here");
    if let Some(last) = ruleset.rule(list.last) {
        finding = finding.related(ruleset.place(last.span), "to here");
    }
    finding = finding.note("each packet is compared with one rule after the other; a set is one look");
    findings.push(finding.help(if list.option.ends_with("port") {
        "with iptables, -m multiport holds up to 15 ports; in nft it is a set, which `ipt2nft` makes of the list"
    } else {
        "with iptables, ipset holds the list; in nft it is a set, which `ipt2nft` makes of the list"
    }));
}

/// Whether two texts have the same words but for one at most.
fn differ_in_a_word(one: &[u8], other: &[u8]) -> bool {
    let words = |text| <[u8]>::split(text, |&b: &u8| b == b' ');
    let different = words(one).zip(words(other)).filter(|(a, b)| a != b);
    words(one).count() == words(other).count() && different.take(2).count() < 2
}

/// The rule without counters and comments.
fn bare(rule: &Rule) -> Rule {
    let mut bare = rule.clone();
    bare.counters = None;
    bare.matches.retain(|part| part.extension.name != "comment");
    bare
}

fn text(rule: Rule, family: Family) -> Vec<u8> {
    let mut text = Vec::new();
    print::rule(&rule, family, &mut text);
    text
}

/// The bare rule printed without an option; `None` where the option is not there to be taken out, or is negated.
fn without(rule: &Rule, option: &str, family: Family) -> Option<Vec<u8>> {
    let mut bare = bare(rule);
    let parts = std::iter::once(&mut bare.head).chain(bare.matches.iter_mut());
    let found = parts.into_iter().find_map(|part| {
        let at = part.options.iter().position(|o| o.spec.name == option)?;
        Some(part.options.remove(at))
    });
    found.filter(|option| !option.negated)?;
    Some(text(bare, family))
}
