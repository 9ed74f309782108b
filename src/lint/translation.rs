//! What stands between a ruleset and its translation: what no nft can say, or only nearly, or only a newer one.

use crate::diag::Diagnostic;
use crate::lower;
use crate::nft::version::{Target, Version};
use crate::save::ast::Dump;

use super::ruleset::Ruleset;

/// Refusals by what would help.
#[derive(Debug, Default)]
pub struct Obstacles {
    /// Nothing does.
    pub refused: Vec<Diagnostic>,
    /// `--approximate`
    pub approximate: Vec<Diagnostic>,
    /// A newer nft or kernel.
    pub newer: Vec<Diagnostic>,
    /// Chains that call each other deeper than nft takes.
    pub deep: Vec<Diagnostic>,
}

/// Newer than any that is known of.
const NEWEST: Target = Target { nft: Version::new(99, 0, 0), kernel: None };

impl Obstacles {
    /// Lowers the ruleset as often as it takes to tell.
    pub fn of(ruleset: &Ruleset<'_>) -> Obstacles {
        let dump = Dump { documents: vec![ruleset.document.clone()] };
        let lowered = |target: Target, approximate: bool| {
            let ipsets = ruleset.options.ipsets.clone();
            let options = lower::Options { target, ipsets, approximate, ..lower::Options::default() };
            let errors = lower::lower(dump.clone(), ruleset.source.id, &options).diagnostics.into_iter();
            errors.filter(Diagnostic::is_error).collect::<Vec<_>>()
        };
        let mut all = Obstacles::default();
        let now = lowered(ruleset.options.target, false);
        if now.is_empty() {
            return all;
        }
        let (newest, near) = (lowered(NEWEST, false), lowered(NEWEST, true));
        let still = |later: &[Diagnostic], d: &Diagnostic| later.iter().any(|l| l.place == d.place && l.code == d.code);
        for diagnostic in now {
            match diagnostic.code {
                // A circle of jumps is what the kernel refuses too; contents of sets are not in the dump.
                "jump-loop" => continue,
                "ipset-missing" => continue,
                "jump-depth" => all.deep.push(diagnostic),
                _ if !still(&newest, &diagnostic) => all.newer.push(diagnostic),
                _ if !still(&near, &diagnostic) => all.approximate.push(diagnostic),
                _ => all.refused.push(diagnostic),
            }
        }
        all
    }
}
