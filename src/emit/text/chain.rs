//! Chains, whole or in stretches.

use crate::emit::pattern::Patterns;
use crate::emit::{Table, base, policy_counter};
use crate::ir::{Chain, ChainId, Rule};
use crate::nft::print::{Entries, PrintError, Style};

/// Some rules of one chain.
pub(super) struct Stretch<'a> {
    pub chain: ChainId,
    whole: &'a Chain,
    /// Where they begin.
    pub from: usize,
    pub rules: &'a [Rule],
}

/// The chain in stretches of at most so many rules; at least one, for a chain without rules has a text too.
pub(super) fn stretches<'a>(table: &'a Table, chain: ChainId, most: usize) -> impl Iterator<Item = Stretch<'a>> {
    table.ir.chain(chain).into_iter().flat_map(move |whole| {
        (0..whole.rules.len().max(1)).step_by(most).map(move |from| {
            let rest = whole.rules.get(from..).unwrap_or_default();
            Stretch { chain, whole, from, rules: rest.get(..most).unwrap_or(rest) }
        })
    })
}

impl<'a> Stretch<'a> {
    pub(super) fn write(
        &self,
        table: &Table,
        out: &mut Entries,
        patterns: &mut Patterns<'a, Rule>,
        style: &Style,
    ) -> Result<(), PrintError> {
        let name = table.names.chain(self.chain);
        let place = |rule: usize| format!("chain {name}, rule {}", self.from + rule + 1);
        match self.from {
            0 => out.open_chain(name, base(self.whole).as_ref())?,
            _ => out.resume_chain(),
        }
        for (at, rule) in self.rules.iter().enumerate() {
            match patterns.write(table, rule, out, style) {
                true => out.end_rule(),
                false => drop(out.rule(&table.rule(rule), || place(at))?),
            }
        }
        if self.from + self.rules.len() == self.whole.rules.len() {
            if let Some(count) = policy_counter(self.whole) {
                out.rule(&count, || place(self.rules.len()))?;
            }
            out.close_chain();
        }
        Ok(())
    }
}
