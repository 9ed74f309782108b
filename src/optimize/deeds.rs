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
pub fn of(rules: &[Rule]) -> Vec<(u32, Effect)> {
    let mut all = vec![(0, Effect::Other); rules.len()];
    let pieces = parallel::fill(&mut all, |from, room| (room.len(), number(&rules[from..], room)));
    let mut kinds = Numbered::default();
    let mut rest = all.as_mut_slice();
    for (count, deeds) in pieces {
        let in_all: Vec<u32> = deeds.into_iter().map(|deed| kinds.of(deed)).collect();
        let (piece, behind) = rest.split_at_mut(count);
        for (number, effect) in piece {
            *number = in_all[*number as usize];
            *effect = effect.numbered(*number);
        }
        rest = behind;
    }
    all
}

/// The same of the first rules by themselves, as many as there is room for; answers the deed of each number.
fn number<'r>(rules: &'r [Rule], room: &mut [(u32, Effect)]) -> Vec<Deed<'r>> {
    let mut known = Numbered::default();
    for (rule, place) in rules.iter().zip(room) {
        let number = known.of(Deed(rule));
        *place = (number, Effect::of(rule, number));
    }
    known.kinds()
}

/// For each number whether several rules have it.
pub fn shared(deeds: &[(u32, Effect)]) -> Vec<bool> {
    let mut counts: Vec<u32> = Vec::new();
    for &(deed, _) in deeds {
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
            let deeds = of(&rules);
            assert_eq!(deeds.len(), rules.len());
            for at in (0..rules.len()).step_by(97) {
                for (other, rule) in rules.iter().enumerate() {
                    assert_eq!(deeds[at].0 == deeds[other].0, do_the_same(&rules[at], rule));
                }
            }
        }
    }
}
