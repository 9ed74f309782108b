//! What the rules of a chain have at all, so that a pass need not look at chains without what it is about.
//!
//! Invariant: a chain has what any of its rules has. To merge rules of a chain, or to take some out, adds nothing; a
//! pass that adds something has it found out anew.

use super::effects::Changes;
use crate::ir::{Rule, Statement, Step, Table, Test, Verdict};
use crate::parallel;

/// See the module's documentation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Features(u8);

impl Features {
    /// Of every chain.
    pub const NONE: Self = Features(0);
    /// Counters that are kept.
    pub const COUNTERS: Self = Features(1);
    /// A last test that is by chance.
    pub const CHANCE: Self = Features(2);
    /// Statements.
    pub const STATEMENTS: Self = Features(4);
    /// Verdicts that may lead to other chains.
    pub const CALLS: Self = Features(8);
    /// Address translation.
    pub const NAT: Self = Features(16);
    /// Statements that change something that tests may read.
    pub const CHANGES: Self = Features(32);

    /// Of each chain of a table.
    pub fn of_chains(table: &Table) -> Vec<Self> {
        parallel::numbers(table.chains.len(), |at| {
            let rules = &table.chains[at].rules;
            let of = |piece| Features::of(rules.get::<std::ops::Range<usize>>(piece).unwrap_or_default());
            parallel::pieces(rules.len(), of).into_iter().fold(Features::NONE, Features::or)
        })
    }

    fn of(rules: &[Rule]) -> Self {
        rules.iter().fold(Features::NONE, |all, rule| {
            let chance = matches!(rule.steps.last(), Some(Step::Test(Test::Numgen { .. })));
            let all = all.or_if(rule.counters().is_some(), Features::COUNTERS).or_if(chance, Features::CHANCE);
            rule.statements()
                .map(Features::of_statement)
                .fold(all, Features::or)
                .or(Features::of_verdict(&rule.verdict))
        })
    }

    const fn of_statement(statement: &Statement) -> Self {
        if Changes::are_made_by(statement) { Features::STATEMENTS.or(Features::CHANGES) } else { Features::STATEMENTS }
    }

    const fn of_verdict(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Jump(_) | Verdict::Goto(_) => Features::CALLS,
            Verdict::Map(_) | Verdict::MapNamed(_) | Verdict::Draw(_) => Features::CALLS,
            Verdict::Nat(_) => Features::NAT,
            Verdict::Continue
            | Verdict::Accept
            | Verdict::Drop
            | Verdict::Return
            | Verdict::Reject(_)
            | Verdict::Queue { .. } => Features::NONE,
        }
    }

    /// Those of both.
    pub const fn or(self, other: Self) -> Self {
        Features(self.0 | other.0)
    }

    const fn or_if(self, is: bool, other: Self) -> Self {
        if is { self.or(other) } else { self }
    }

    /// Whether any of these is among them; surely where none is asked for.
    pub const fn has(self, any: Self) -> bool {
        any.0 == 0 || self.0 & any.0 != 0
    }
}
