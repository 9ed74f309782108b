//! Logging that anybody on the network can trigger as often as they like.

use bstr::BStr;
use rustc_hash::FxHashSet;

use crate::diag::Severity;
use crate::lint::ruleset::{Ruleset, TableView, callee};
use crate::lint::shape;
use crate::lint::{Finding, Lint, Run};
use crate::prove::reach::Use;

pub static LINT: Lint = Lint {
    code: "IPT205",
    name: "log-without-limit",
    severity: Severity::Note,
    summary: "a rule logs without a limit, neither its own nor on the way to it",
    page: include_str!("../../../docs/lints/IPT205.md"),
    run: Run::Each(run),
};

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    let open: Vec<FxHashSet<&BStr>> = ruleset.tables.iter().map(|view| reached_freely(view)).collect();
    for (at, rule) in ruleset.own_rules().filter(|(_, rule)| shape::logs(rule) && !shape::is_held_back(rule)) {
        let free = ruleset.chain(at).is_some_and(|chain| open.get(at.table).is_some_and(|o| o.contains(chain.name())));
        let dead = ruleset.packets().is_some_and(|packets| matches!(packets.use_of(at), Some(Use::Dead(_))));
        if !free || dead {
            continue;
        }
        findings.push(
            Finding::new(&LINT, ruleset.place(rule.span), "this rule logs every packet that it matches")
                .label("no limit")
                .note("whoever can send such packets can fill the disk and bury the lines that matter")
                .help("add `-m limit --limit 10/min`, here or to the rules that jump to this chain"),
        );
    }
}

/// Chains that packets reach without passing a rule that holds back.
fn reached_freely<'v>(view: &'v TableView<'_>) -> FxHashSet<&'v BStr> {
    let mut waiting: Vec<&BStr> =
        view.chains.iter().filter(|chain| chain.chain.hook.is_some()).map(|chain| chain.name()).collect();
    let mut reached = FxHashSet::default();
    while let Some(name) = waiting.pop() {
        if !reached.insert(name) {
            continue;
        }
        let rules = view.chain(name).map(|chain| chain.chain.rules.as_slice()).unwrap_or_default();
        waiting.extend(rules.iter().filter(|rule| !shape::is_held_back(rule)).filter_map(|rule| callee(rule)));
    }
    reached
}
