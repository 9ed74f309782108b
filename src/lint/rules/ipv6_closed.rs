//! Ports that are open to everybody over IPv4 and not over IPv6, where both dumps are given.

use crate::diag::Severity;
use crate::lint::exposure::{Open, beyond, pairs, show};
use crate::lint::ruleset::Ruleset;
use crate::lint::{Finding, Lint, Run};

pub static LINT: Lint = Lint {
    code: "IPT208",
    name: "ipv6-closed",
    severity: Severity::Note,
    summary: "a port is open to everybody over IPv4 that is closed over IPv6",
    page: include_str!("../../../docs/lints/IPT208.md"),
    run: Run::Together(run),
};

fn run(rulesets: &[Ruleset<'_>], findings: &mut Vec<Finding>) {
    for (v4, v6) in pairs(rulesets) {
        let (Some(open4), Some(open6)) = (Open::of(v4), Open::of(v6)) else { continue };
        let more = beyond(&open4, &open6);
        if more.is_nothing() {
            continue;
        }
        let (Some(place), Some(other)) = (v4.input(), v6.input()) else { continue };
        let message = format!("open to everybody over IPv4 and not over IPv6: {}", show(&more));
        findings.push(
            Finding::new(&LINT, place, message)
                .label("open here")
                .related(other, "closed here")
                .note("clients that find an IPv6 address try it first, and wait")
                .help("open it in both dumps, or publish no IPv6 address for the service"),
        );
    }
}
