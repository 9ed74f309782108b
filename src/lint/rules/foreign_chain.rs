//! Chains that other software makes: named, with what to do about them in a migration.

use indexmap::IndexMap;

use crate::diag::Severity;
use crate::lint::ruleset::{ChainView, Ruleset};
use crate::lint::{Finding, Lint, Run};

pub static LINT: Lint = Lint {
    code: "IPT406",
    name: "foreign-chain",
    severity: Severity::Note,
    summary: "chains of the dump belong to other software, which writes them anew",
    page: include_str!("../../../docs/lints/IPT406.md"),
    run: Run::Each(run),
};

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    for view in &ruleset.tables {
        let mut owned: IndexMap<&str, Vec<&ChainView<'_>>> = IndexMap::new();
        for chain in &view.chains {
            if let Some(owner) = chain.owner {
                owned.entry(owner.name).or_default().push(chain);
            }
        }
        for (name, chains) in owned {
            findings.extend(finding(ruleset, name, &chains));
        }
    }
}

fn finding(ruleset: &Ruleset<'_>, name: &str, chains: &[&ChainView<'_>]) -> Option<Finding> {
    let first = chains.first()?;
    let span = first.line.map(|line| line.span).or_else(|| first.chain.rules.first().map(|rule| rule.span))?;
    let rules: usize = chains.iter().map(|chain| chain.chain.rules.len()).sum();
    let what = match chains.len() {
        1 => "a chain of".to_owned(),
        n => format!("the first of {n} chains of"),
    };
    Some(
        Finding::new(&LINT, ruleset.place(span), format!("{what} {name}, {rules} rules in all"))
            .label(format!("made by {name}"))
            .note("a translation freezes what the software changes while it runs")
            .help(first.owner?.advice),
    )
}
