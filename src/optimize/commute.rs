//! When two neighbouring rules may change places.
//!
//! Sound because either no packet meets both; or they do the same and end the packet's way, so that it
//! does not matter which of them did it; or both go on and neither notices what the other did, or both set the
//! same fields to the same.
//! Invariant: order of log lines is kept; what counts, keeps state or marks a gap is passed only by
//! rules that no packet of its own can meet, or (a gap) by nothing.

use std::cell::OnceCell;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::domain::Domain;
use super::effects::{ChainChanges, Changes};
use crate::ir::{Assigned, Rule, Statement, Step, Test, Verdict};

/// What is to be known of a rule before it or others move.
#[derive(Debug)]
pub struct Profile {
    pub effect: Effect,
    /// Once somebody asked.
    domain: OnceCell<Domain>,
    /// Of a rule that only assigns.
    changes: Option<Box<Changes>>,
}

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

/// What a rule does: its statements and its verdict.
type Deed<'r> = (SmallVec<[&'r Statement; 2]>, &'r Verdict);

/// Gives what rules do its number, in the profiles of those rules.
pub fn number_effects(rules: &[Rule], profiles: &mut [Profile]) {
    /// Deeds that are compared one by one, before all others are hashed; in most chains there are no more.
    const FEW: usize = 4;
    let mut first: SmallVec<[&Rule; FEW]> = SmallVec::new();
    let mut others: FxHashMap<Deed, u32> = FxHashMap::default();
    for (rule, profile) in rules.iter().zip(profiles) {
        let (Effect::Ends(number) | Effect::Assigns(number)) = &mut profile.effect else { continue };
        *number = match first.iter().position(|known| do_the_same(known, rule)) {
            Some(known) => known as u32,
            None if first.len() < FEW => {
                first.push(rule);
                first.len() as u32 - 1
            }
            None => {
                let next = (FEW + others.len()) as u32;
                *others.entry((rule.statements().collect(), &rule.verdict)).or_insert(next)
            }
        };
    }
}

impl Effect {
    /// What the rule does, not yet numbered.
    fn of(rule: &Rule) -> Self {
        if is_gap(rule) {
            return Effect::Gap;
        }
        if rule.counters().is_some() || rule.is_stateful() || !acts_last(rule) {
            return Effect::Other;
        }
        match rule.verdict {
            _ if takes_for_good(rule) => Effect::Ends(0),
            Verdict::Continue if rule.statements().all(is_done_once) => Effect::Assigns(0),
            _ => Effect::Other,
        }
    }
}

/// Whether a second time changes nothing more.
fn is_done_once(statement: &Statement) -> bool {
    match statement {
        Statement::Assign { value: Assigned::Constant(_), .. } => true,
        Statement::Assign { value: Assigned::Bits { keep, flip }, .. } => keep & flip == 0,
        _ => false,
    }
}

impl Profile {
    /// Of a rule; the numbers of effects come from [`number_effects`].
    pub fn of(rule: &Rule, chains: &ChainChanges) -> Self {
        let effect = Effect::of(rule);
        let changes = matches!(effect, Effect::Assigns(_)).then(|| Box::new(chains.of_rule(rule).into_owned()));
        Profile { effect, domain: OnceCell::new(), changes }
    }

    /// Takes in what [`domain`](Self::domain) would find out.
    pub fn know(&mut self, domain: Domain) {
        self.domain = OnceCell::from(domain);
    }

    /// The packets that the rule can match; it is the one that the profile was made of.
    pub fn domain(&self, rule: &Rule, chains: &ChainChanges) -> &Domain {
        self.domain.get_or_init(|| Domain::of(rule, &chains.of_rule(rule)))
    }

    /// Whether two neighbours may change places; `rule` and `other` are what the profiles were made of.
    pub fn commutes(&self, rule: &Rule, other: &Profile, other_rule: &Rule, chains: &ChainChanges) -> bool {
        let alike = match (self.effect, other.effect) {
            (Effect::Gap, _) | (_, Effect::Gap) => return false,
            (Effect::Ends(a), Effect::Ends(b)) => a == b,
            (Effect::Assigns(a), Effect::Assigns(b)) if a == b => self.untested(other_rule) && other.untested(rule),
            (Effect::Assigns(_), Effect::Assigns(_)) => self.unnoticed(other_rule) && other.unnoticed(rule),
            _ => false,
        };
        alike || self.domain(rule, chains).is_disjoint(other.domain(other_rule, chains))
    }

    /// Whether what this one changes is known, and neither tested nor changed by the rule.
    fn unnoticed(&self, by: &Rule) -> bool {
        let may_change = |field| self.changes.as_ref().is_none_or(|changes| changes.may_change(field));
        self.untested(by) && !by.statements().filter_map(Statement::changes).any(may_change)
    }

    /// Whether what this one changes is known, and not tested by the rule.
    fn untested(&self, by: &Rule) -> bool {
        self.changes.as_ref().is_some_and(|changes| !by.tests().any(|test| changes.may_change_test(test)))
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
