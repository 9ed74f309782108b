//! Findings about dumps, for the people who own the rules.
//!
//! A lint is one file below `rules/`, listed in `registry`, and documented on a page that is its test.
//! Findings are data ([`Finding`]); formats turn them into text, `fix` into changed dumps.
//!
//! Invariant: a lint that speaks of packets says nothing that the kernel contradicts. What could not be
//! decided is said once, by `not-examined`, and is never a finding of another lint.

pub mod allow;
pub mod config;
pub mod exposure;
pub mod finding;
pub mod fix;
pub mod format;
#[expect(clippy::module_inception, reason = "a lint is what this file says it is")]
pub mod lint;
pub mod packets;
pub mod registry;
pub mod rules;
pub mod ruleset;
pub mod shape;
#[cfg(test)]
mod tests;
pub mod translation;

use std::time::Duration;

pub use finding::{Edit, Finding, Fix, Safety};
pub use lint::{Lint, Run};
use ruleset::Ruleset;

use crate::diag::{Severity, Source};
use crate::nft::version::Target;
use crate::packet::Family;
use crate::save::{self, Parsed, ipset::Ipsets};
use config::Config;

/// What the user chose.
#[derive(Clone, Debug)]
pub struct Options {
    /// `-4` or `-6`; what the text says when `None`.
    pub family: Option<Family>,
    /// What will load the translation.
    pub target: Target,
    pub ipsets: Ipsets,
    /// What questions about packets may take, per input.
    pub time: Option<Duration>,
    /// Diagram nodes per input.
    pub nodes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            family: None,
            target: Target::default(),
            ipsets: Ipsets::default(),
            time: Some(Duration::from_secs(60)),
            nodes: 8_000_000,
        }
    }
}

/// What there is to say about some inputs.
#[derive(Debug, Default)]
pub struct Report {
    /// By place.
    pub findings: Vec<Finding>,
    /// How many more were allowed.
    pub allowed: usize,
    /// Lines that no lint explains and the reader does not understand.
    pub unreadable: bool,
}

impl Report {
    /// The worst severity found.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(Finding::severity).max()
    }
}

/// Lints inputs together. `config` says what is allowed.
pub fn lint(sources: &[Source], options: &Options, config: &Config) -> Report {
    let parsed: Vec<Parsed> = sources.iter().map(|source| save::parse(source, options.family)).collect();
    let mut findings = Vec::new();
    let mut unreadable = false;
    {
        let mut rulesets = Vec::new();
        for (source, parsed) in sources.iter().zip(&parsed) {
            unreadable |= rules::unreadable_line::about(source, &parsed.diagnostics, &mut findings);
            let documents = parsed.dump.documents.iter();
            rulesets.extend(documents.map(|d| Ruleset::new(source, d, &parsed.diagnostics, options)));
        }
        for lint in registry::LINTS {
            match lint.run {
                Run::Each(run) => rulesets.iter().for_each(|ruleset| run(ruleset, &mut findings)),
                Run::Together(run) => run(&rulesets, &mut findings),
                Run::Engine => {}
            }
        }
        rulesets.iter().for_each(|ruleset| rules::not_examined::about(ruleset, &mut findings));
    }
    // A line that names several addresses is several rules, and one finding.
    let key = |f: &Finding| (f.place.source, f.place.span.start, f.lint.code);
    findings.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.said.message.cmp(&b.said.message)));
    findings.dedup_by(|a, b| a.place == b.place && a.lint.code == b.lint.code && a.said.message == b.said.message);
    let (findings, allowed) = allow::apply(findings, sources, &parsed, config);
    Report { findings, allowed, unreadable }
}
