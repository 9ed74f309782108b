//! Matches and targets that newer ones have replaced.

use crate::diag::{Severity, Span};
use crate::lint::ruleset::Ruleset;
use crate::lint::{Edit, Finding, Fix, Lint, Run, Safety};
use crate::save::ast::{Part, Target};
use crate::save::words;

pub static LINT: Lint = Lint {
    code: "IPT302",
    name: "retired-name",
    severity: Severity::Note,
    summary: "a rule uses a match or target that a newer one has replaced",
    page: include_str!("../../../docs/lints/IPT302.md"),
    run: Run::Each(run),
};

/// Name, what became of it, what to write.
const RETIRED: &[(&str, &str, &str)] = &[
    ("state", "is kept by the kernel for old rules only", "write `-m conntrack --ctstate`"),
    ("NOTRACK", "is CT by its old name", "write `-j CT --notrack`"),
    ("ULOG", "left the kernel in 3.17", "write `-j NFLOG --nflog-group N`, and let ulogd read NFLOG"),
    ("CLUSTERIP", "left the kernel in 6.3", "use `-m cluster`, keepalived, or a load balancer"),
    ("QUEUE", "is NFQUEUE's queue 0", "write `-j NFQUEUE --queue-num 0`"),
];

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    for (_, rule) in ruleset.rules().filter(|&(at, _)| ruleset.chain(at).is_some_and(|c| c.owner.is_none())) {
        let target = match &rule.target {
            Target::Extension(part) => Some(part),
            _ => None,
        };
        for part in rule.matches.iter().chain(target) {
            let Some((name, became, instead)) = RETIRED.iter().find(|(name, ..)| *name == part.extension.name) else {
                continue;
            };
            findings.push(
                Finding::new(&LINT, ruleset.place(part.name_span), format!("{name} {became}"))
                    .label("retired")
                    .help(*instead)
                    .fix(fix(ruleset, part)),
            );
        }
    }
}

fn fix(ruleset: &Ruleset<'_>, part: &Part) -> Option<Fix> {
    let edits = match part.extension.name {
        "state" => state(ruleset, part)?,
        "NOTRACK" => vec![Edit { span: part.name_span, text: "CT --notrack".into() }],
        _ => return None,
    };
    // A name that was quoted, or loaded under another name, is left alone.
    let written = ruleset.source.slice(part.name_span);
    let title = "writes the name that took its place".to_owned();
    (written == part.extension.name.as_bytes()).then_some(Fix { title, safety: Safety::Safe, edits })
}

/// `state --state` is `conntrack --ctstate`.
fn state(ruleset: &Ruleset<'_>, part: &Part) -> Option<Vec<Edit>> {
    let option = part.get("state")?;
    let mut found = Vec::new();
    words::split(ruleset.source.slice(option.span), option.span.start as usize, &mut found).ok()?;
    let word = found.iter().find(|word| &*word.text == b"--state" && !word.quoted)?;
    let name = Edit { span: part.name_span, text: "conntrack".into() };
    let option = Edit { span: Span { start: word.span.start, end: word.span.end }, text: "--ctstate".into() };
    Some(vec![name, option])
}
