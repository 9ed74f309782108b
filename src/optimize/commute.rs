//! When two neighbouring rules may change places.
//!
//! Sound because either no packet meets both; or they do the same and end the packet's way, so that it
//! does not matter which of them did it; or both go on and neither notices what the other did, or both set the
//! same fields to the same.
//! Invariant: order of log lines is kept; what counts, keeps state or marks a gap is passed only by
//! rules that no packet of its own can meet, or (a gap) by nothing.

use super::facts::Facts;
use crate::ir::{Assigned, Rule, Statement, Step, Test, Verdict};

/// What a rule does, as far as the order of rules is concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Ends the packet's way in this chain; rules of one number do it alike.
    Ends(u32),
    /// Only changes fields, so that doing it twice does nothing more, and goes on; rules of one number do it alike.
    Assigns(u32),
    /// Something else.
    Other,
    /// Stands for what could not be translated: nothing passes it.
    Gap,
}

impl Effect {
    /// The same with another number.
    pub const fn numbered(self, number: u32) -> Self {
        match self {
            Effect::Ends(_) => Effect::Ends(number),
            Effect::Assigns(_) => Effect::Assigns(number),
            Effect::Other | Effect::Gap => self,
        }
    }

    /// Of a rule, with the number of what it does.
    pub fn of(rule: &Rule, deed: u32) -> Self {
        if only_decides(rule) {
            return match &rule.verdict {
                verdict if verdict.is_terminal() => Effect::Ends(deed),
                Verdict::Continue => Effect::Assigns(deed),
                _ => Effect::Other,
            };
        }
        if is_gap(rule) {
            return Effect::Gap;
        }
        if rule.counters().is_some() || rule.is_stateful() || !acts_last(rule) {
            return Effect::Other;
        }
        match rule.verdict {
            _ if takes_for_good(rule) => Effect::Ends(deed),
            Verdict::Continue if rule.statements().all(is_done_once) => Effect::Assigns(deed),
            _ => Effect::Other,
        }
    }
}

/// Whether the rule is nothing but tests without state and a verdict, as most of a long dump are.
fn only_decides(rule: &Rule) -> bool {
    let is_pure = |step: &Step| matches!(step, Step::Test(test) if !test.is_stateful());
    rule.says_nothing() && !rule.verdict.is_drawn() && rule.steps.iter().all(is_pure)
}

/// Whether a second time changes nothing more.
fn is_done_once(statement: &Statement) -> bool {
    match statement {
        Statement::Assign { value: Assigned::Constant(_), .. } => true,
        Statement::Assign { value: Assigned::Bits { keep, flip }, .. } => keep & flip == 0,
        _ => false,
    }
}

impl Facts<'_> {
    /// Whether two neighbours may change places.
    pub fn commute(&self, one: usize, other: usize) -> bool {
        let alike = match (self.effect(one), self.effect(other)) {
            (Effect::Gap, _) | (_, Effect::Gap) => return false,
            (Effect::Ends(a), Effect::Ends(b)) => a == b,
            (Effect::Assigns(a), Effect::Assigns(b)) if a == b => {
                self.is_untested(one, other) && self.is_untested(other, one)
            }
            (Effect::Assigns(_), Effect::Assigns(_)) => self.is_unnoticed(one, other) && self.is_unnoticed(other, one),
            _ => false,
        };
        alike || self.profile(one).domain.is_disjoint(&self.profile(other).domain)
    }

    /// Whether what the rule changes is neither tested nor changed by another one.
    fn is_unnoticed(&self, rule: usize, by: usize) -> bool {
        let changes = &self.profile(rule).changes;
        let mut changed = self.rules[by].statements().filter_map(Statement::changes);
        self.is_untested(rule, by) && !changed.any(|field| changes.may_change(field))
    }

    /// Whether what the rule changes is not tested by another one.
    fn is_untested(&self, rule: usize, by: usize) -> bool {
        let changes = &self.profile(rule).changes;
        !self.rules[by].tests().any(|test| changes.may_change_test(test))
    }
}

/// Whether the rules do the same to the packets that they match.
pub fn do_the_same(a: &Rule, b: &Rule) -> bool {
    a.verdict == b.verdict && a.statements().eq(b.statements())
}

/// A rule without words that has something to tell stands for one that could not be translated.
pub fn is_gap(rule: &Rule) -> bool {
    rule.steps.is_empty() && rule.verdict == Verdict::Continue && !rule.notes().is_empty()
}

/// No packet that matches the rule comes to the next one.
pub fn takes_for_good(rule: &Rule) -> bool {
    rule.verdict.is_terminal() && !rule.statements().any(Statement::may_break)
}

/// It only tests and then acts, keeps no state, and has nothing to be told of its own.
pub fn is_pure(rule: &Rule) -> bool {
    rule.is_plain() && !rule.is_stateful() && acts_last(rule)
}

/// All tests come first, and none is by chance.
pub fn acts_last(rule: &Rule) -> bool {
    rule.steps.is_sorted_by_key(|step| matches!(step, Step::Do(_))) && !rule.tests().any(Test::is_stateful)
}
