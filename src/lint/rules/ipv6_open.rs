//! Ports that are open to everybody over IPv6 and not over IPv4, where both dumps are given.

use crate::diag::Severity;
use crate::lint::exposure::{Open, beyond, pairs, show};
use crate::lint::ruleset::Ruleset;
use crate::lint::{Finding, Lint, Run};

pub static LINT: Lint = Lint {
    code: "IPT207",
    name: "ipv6-open",
    severity: Severity::Warning,
    summary: "a port is open to everybody over IPv6 that is closed over IPv4",
    page: include_str!("../../../docs/lints/IPT207.md"),
    run: Run::Together(run),
};

fn run(rulesets: &[Ruleset<'_>], findings: &mut Vec<Finding>) {
    for (v4, v6) in pairs(rulesets) {
        let (Some(open4), Some(open6)) = (Open::of(v4), Open::of(v6)) else { continue };
        let more = beyond(&open6, &open4);
        if more.is_nothing() {
            continue;
        }
        let (Some(place), Some(other)) = (v6.input(), v4.input()) else { continue };
        let message = format!("open to everybody over IPv6 and not over IPv4: {}", show(&more));
        findings.push(
            Finding::new(&LINT, place, message)
                .label("open here")
                .related(other, "closed here")
                .note("attackers try both families; what is closed in one is closed in none")
                .help("bring the same rules into both dumps"),
        );
    }
}
