//! A chain of the dump's own that no packet enters.

use bstr::{BStr, ByteSlice};
use rustc_hash::FxHashMap;

use crate::diag::{Severity, quote};
use crate::lint::ruleset::{ChainView, Ruleset, callee};
use crate::lint::{Finding, Lint, Run};
use crate::save::ast::Rule;

pub static LINT: Lint = Lint {
    code: "IPT102",
    name: "unreachable-chain",
    severity: Severity::Warning,
    summary: "no packet enters a chain: nothing jumps to it, or only rules that never match",
    page: include_str!("../../../docs/lints/IPT102.md"),
    run: Run::Each(run),
};

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    for (number, view) in ruleset.tables.iter().enumerate() {
        let mut calls: FxHashMap<&BStr, Vec<&Rule>> = FxHashMap::default();
        for &rule in view.chains.iter().flat_map(|chain| &chain.chain.rules) {
            if let Some(name) = callee(rule) {
                calls.entry(name).or_default().push(rule);
            }
        }
        for (at, chain) in view.chains.iter().enumerate() {
            // A chain of other software is filled and called when that software needs it; an empty one is a
            // place kept for later.
            if chain.chain.hook.is_some() || chain.owner.is_some() || chain.chain.rules.is_empty() {
                continue;
            }
            let why = if !calls.contains_key(chain.name()) {
                "nothing jumps to it"
            } else if view.whole && is_never_entered(ruleset, number, at) {
                "no packet matches the rules that jump to it"
            } else {
                continue;
            };
            let jumps = calls.get(chain.name()).map(Vec::as_slice).unwrap_or_default();
            findings.push(finding(ruleset, chain, jumps, why));
        }
    }
}

fn is_never_entered(ruleset: &Ruleset<'_>, table: usize, chain: usize) -> bool {
    ruleset.packets().is_some_and(|packets| packets.chain(table, chain).is_some_and(|id| !packets.reach.is_entered(id)))
}

fn finding(ruleset: &Ruleset<'_>, chain: &ChainView<'_>, jumps: &[&Rule], why: &str) -> Finding {
    let name = chain.name();
    let span = chain.line.map(|line| line.span).or_else(|| chain.chain.rules.first().map(|rule| rule.span));
    let rules = chain.chain.rules.len();
    let message = format!("no packet enters chain {}: {why}", quote(name.as_bytes()));
    let mut finding = Finding::new(&LINT, ruleset.place(span.unwrap_or_default()), message).label(format!(
        "its {rules} rule{} never run{}",
        if rules == 1 { "" } else { "s" },
        if rules == 1 { "s" } else { "" }
    ));
    for jump in jumps.iter().take(2) {
        finding = finding.related(ruleset.place(jump.span), "never matches");
    }
    finding
        .note("rules that never run look like protection and are none")
        .help("jump to it from where it was meant to be used, or remove it with its rules")
}
