//! What a lint is.
//!
//! Invariant: a code and a name mean one thing for ever; what is retired is never used again.

use super::finding::Finding;
use super::ruleset::Ruleset;
use crate::diag::Severity;

/// A question about dumps, with everything there is to know about it.
#[derive(Debug)]
pub struct Lint {
    /// `IPT` and three digits: 0 the lint itself, 1 rules and packets, 2 security, 3 what rules are made
    /// of, 4 the way to nft.
    pub code: &'static str,
    /// Lower case words joined by `-`; the file below `rules/` has the same, joined by `_`.
    pub name: &'static str,
    pub severity: Severity,
    /// One line without a final dot.
    pub summary: &'static str,
    /// `docs/lints/CODE.md`: why it matters, examples that fire and that do not, what to do.
    pub page: &'static str,
    pub run: Run,
}

/// How a lint is asked.
#[derive(Debug)]
pub enum Run {
    /// About one family of one input.
    Each(fn(&Ruleset<'_>, &mut Vec<Finding>)),
    /// About all inputs together.
    Together(fn(&[Ruleset<'_>], &mut Vec<Finding>)),
    /// Not asked: its findings are about the run itself.
    Engine,
}
