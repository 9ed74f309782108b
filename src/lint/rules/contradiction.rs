//! A rule whose own tests exclude each other.

use crate::diag::Severity;
use crate::lint::ruleset::Ruleset;
use crate::lint::{Finding, Lint, Run, Safety};
use crate::prove::reach::{Dead, Use};

pub static LINT: Lint = Lint {
    code: "IPT105",
    name: "contradiction",
    severity: Severity::Warning,
    summary: "the tests of a rule exclude each other, so that it matches no packet",
    page: include_str!("../../../docs/lints/IPT105.md"),
    run: Run::Each(run),
};

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    let Some(packets) = ruleset.packets() else { return };
    for (at, rule) in ruleset.own_rules() {
        if packets.use_of(at) != Some(&Use::Dead(Dead::Contradiction)) {
            continue;
        }
        let why = if rule.head.has("fragments") {
            "where anything tracks connections, and at INPUT always, fragments are put together before any rule \
             sees them: -f matches none"
        } else {
            "two of its tests exclude each other, or one asks for what no packet at this hook has"
        };
        findings.push(
            Finding::new(&LINT, ruleset.place(rule.span), "no packet can satisfy all tests of this rule")
                .label("matches nothing")
                .note(why)
                .help("keep the test that was meant, or remove the rule")
                .fix(ruleset.removal(at, Safety::Unsafe)),
        );
    }
}
