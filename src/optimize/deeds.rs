//! What the rules of a chain do, as numbers.
//!
//! Invariant: two rules have one number exactly when they do the same to the packets that they match.

use std::hash::{Hash, Hasher};

use super::commute::{Effect, do_the_same};
use super::numbered::Numbered;
use crate::ir::Rule;
use crate::parallel;

/// A rule seen as what it does: its statements and its verdict.
#[derive(Clone, Copy)]
struct Deed<'r>(&'r Rule);

impl PartialEq for Deed<'_> {
    fn eq(&self, other: &Self) -> bool {
        do_the_same(self.0, other.0)
    }
}

impl Eq for Deed<'_> {}

impl Hash for Deed<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.statements().for_each(|statement| statement.hash(state));
        self.0.verdict.hash(state);
    }
}

/// The number of what each rule does, in the order in which the deeds come, and what it does as far as order is
/// concerned.
pub fn of(rules: &[Rule]) -> (Vec<u32>, Vec<Effect>) {
    let pieces = parallel::pieces(rules.len(), |piece| number(rules.get(piece).unwrap_or_default()));
    let mut all = Numbered::default();
    let (mut numbers, mut effects) = (Vec::with_capacity(rules.len()), Vec::with_capacity(rules.len()));
    for (own, deeds) in pieces {
        let in_all: Vec<u32> = deeds.into_iter().map(|deed| all.of(deed)).collect();
        for (number, effect) in own {
            let number = in_all[number as usize];
            numbers.push(number);
            effects.push(effect.numbered(number));
        }
    }
    (numbers, effects)
}

/// The same of the rules by themselves, and the deed of each number.
fn number(rules: &[Rule]) -> (Vec<(u32, Effect)>, Vec<Deed<'_>>) {
    let mut known = Numbered::default();
    let of = |rule| {
        let number = known.of(Deed(rule));
        (number, Effect::of(rule, number))
    };
    (rules.iter().map(of).collect(), known.kinds())
}

/// For each number whether several rules have it.
pub fn shared(deeds: &[u32]) -> Vec<bool> {
    let mut counts: Vec<u32> = Vec::new();
    for &deed in deeds {
        let deed = deed as usize;
        if deed >= counts.len() {
            counts.resize(deed + 1, 0);
        }
        counts[deed] += 1;
    }
    counts.into_iter().map(|count| count > 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Origin, Statement, Verdict};
    use crate::nft::ast::Log;

    #[test]
    fn rules_have_one_number_when_they_do_the_same() {
        let verdicts = |at: u32| match at % 7 {
            0 => Verdict::Drop,
            1 | 2 => Verdict::Accept,
            3 => Verdict::Continue,
            _ => Verdict::Jump(crate::ir::ChainId(at % 11)),
        };
        let log = |at: u32| at.is_multiple_of(3).then(|| Statement::Log(Log::default()).into());
        for count in [0, 1, 9, 5000] {
            let rules: Vec<Rule> = (0..count).map(|at| Rule::new(log(at), verdicts(at), Origin::default())).collect();
            let (deeds, _) = of(&rules);
            assert_eq!(deeds.len(), rules.len());
            for at in (0..rules.len()).step_by(97) {
                for (other, rule) in rules.iter().enumerate() {
                    assert_eq!(deeds[at] == deeds[other], do_the_same(&rules[at], rule));
                }
            }
        }
    }
}
