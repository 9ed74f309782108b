//! Rules that rest on the kernel giving connections a helper by itself, which it no longer does.

use bstr::ByteSlice;

use crate::diag::{Severity, quote};
use crate::lint::ruleset::Ruleset;
use crate::lint::shape;
use crate::lint::{Finding, Lint, Run};
use crate::save::ast::{Rule, TableKind};
use crate::save::option::Value;

pub static LINT: Lint = Lint {
    code: "IPT303",
    name: "automatic-helper",
    severity: Severity::Warning,
    summary: "a rule needs a connection tracking helper that no rule assigns",
    page: include_str!("../../../docs/lints/IPT303.md"),
    run: Run::Each(run),
};

/// Protocol, port, and the helper whose connections need others beside them.
const SERVICES: &[(u8, u64, &str)] = &[(6, 21, "ftp"), (17, 69, "tftp"), (6, 1723, "pptp"), (17, 5060, "sip")];
/// `RELATED` as the tree numbers it.
const RELATED: u64 = 4;

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    let assigned: Vec<Vec<u8>> = ruleset.rules().filter_map(|(_, rule)| assigns(rule)).collect();
    let related = ruleset.rules().any(|(_, rule)| shape::is_target(rule, "ACCEPT") && asks_for_related(rule));
    for (at, rule) in ruleset.own_rules() {
        let table = ruleset.tables.get(at.table).map(|view| view.table.kind);
        let Some((helper, why)) = needs(rule, related && table == Some(TableKind::Filter)) else { continue };
        if assigned.iter().any(|name| name.starts_with(&helper)) {
            continue;
        }
        let name = quote(&helper);
        findings.push(
            Finding::new(&LINT, ruleset.place(rule.span), format!("no rule gives a connection the helper {name}"))
                .label(why)
                .note("kernels before 4.7 did by themselves, later ones if told to by sysctl, and since 6.0 none does")
                .help(format!(
                    "assign it: `-t raw -A PREROUTING -p ... --dport ... -j CT --helper {}`",
                    helper.as_bstr()
                )),
        );
    }
}

fn assigns(rule: &Rule) -> Option<Vec<u8>> {
    let part = shape::target(rule).filter(|part| part.extension.name == "CT")?;
    part.text("helper").map(|name| name.to_vec())
}

fn asks_for_related(rule: &Rule) -> bool {
    let states =
        rule.matches.iter().flat_map(|part| &part.options).filter(|o| matches!(o.spec.name, "ctstate" | "state"));
    states.into_iter().any(|option| !option.negated && matches!(option.value, Value::Number(n) if n & RELATED != 0))
}

/// The helper that a rule rests on, and in which way.
fn needs(rule: &Rule, related: bool) -> Option<(Vec<u8>, &'static str)> {
    if let Some(option) = shape::matches(rule, "helper").and_then(|part| part.get("helper")) {
        let Value::Text(name) = &option.value else { return None };
        return (!option.negated && !name.is_empty()).then(|| (name.to_vec(), "asks for its connections"));
    }
    let (protocol, negated) = rule.protocol()?;
    if negated || !related || !shape::is_target(rule, "ACCEPT") {
        return None;
    }
    let port = rule.matches.iter().find_map(|part| part.get("destination-port")).filter(|option| !option.negated)?;
    let (_, _, helper) = SERVICES.iter().find(|&&(of, number, _)| {
        of == protocol && matches!(port.value, Value::Range(lo, hi) if (lo, hi) == (number, number))
    })?;
    Some((helper.as_bytes().to_vec(), "its further connections are RELATED only with the helper"))
}
