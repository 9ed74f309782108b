//! Chains that two rulesets have in common: summed up once.
//!
//! Invariant: a chain's block is a function of its rules, of what is known wherever it is called, of the buckets that
//! it asks and of the blocks of the chains that it calls. So a chain that is alike in all of these has the same
//! block; a name only says where to look for one. Nothing is taken over where a block is unknown anywhere: what is
//! unknown has a place of its own.

use std::rc::Rc;
use std::slice::Iter;

use bstr::BString;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::chains::{Called, Summaries};
use super::lists::{Conditions, Cow, conditions};
use super::program::{
    Branch, Bucket, ChainId, Flow, OccurrenceId, Program, Rule, Step, When, local_answer, of_local_answer,
};
use super::sequence::Workshop;
use crate::prove::dd::{Bands, Bounded, Cube, Dd, Substitution, Var};
use crate::prove::space::bands;

/// One ruleset, summed up in whole or in part.
pub(super) struct Side<'a> {
    pub program: &'a Program,
    pub buckets: &'a [Bucket],
    /// What holds wherever a chain is called.
    pub known: FxHashMap<ChainId, Cube>,
    pub summaries: Summaries,
}

/// Chains of a ruleset that is summed up, by their names.
pub(super) struct Twins<'a> {
    side: &'a Side<'a>,
    by_name: FxHashMap<&'a BString, SmallVec<[ChainId; 2]>>,
}

impl<'a> Twins<'a> {
    pub fn new(side: &'a Side<'a>) -> Self {
        let mut by_name: FxHashMap<&BString, SmallVec<[ChainId; 2]>> = FxHashMap::default();
        for (chain, number) in side.program.chains.iter().zip(0..) {
            by_name.entry(&chain.name).or_default().push(ChainId(number));
        }
        Twins { side, by_name }
    }

    /// The summary of a chain that is like this one of `other`, whose callees are summed up.
    pub fn of(&self, shop: &mut Workshop<'_>, other: &Side<'_>, id: ChainId) -> Bounded<Option<Rc<Called>>> {
        let Some(chain) = other.program.chain(id) else { return Ok(None) };
        let nothing = Cube::default();
        for &twin in self.by_name.get(&chain.name).into_iter().flatten() {
            let Some(called) = self.side.summaries.get(twin) else { continue };
            let known = other.known.get(&id).unwrap_or(&nothing);
            if self.side.known.get(&twin).unwrap_or(&nothing) != known {
                continue;
            }
            let rules = self.side.program.chain(twin).map_or(&[][..], |chain| &chain.rules);
            let (asked, answers) = (Vec::new(), Substitution::default());
            let mut alike = Alike { shop, sides: [self.side, other], asked, answers };
            if alike.rules([rules, &chain.rules], known)? {
                return Ok(Some(called));
            }
        }
        Ok(None)
    }
}

const LOCAL_ANSWERS: Bands = Bands(1 << bands::LOCAL_ANSWER);

/// Two rules being compared.
struct Alike<'a, 'b> {
    shop: &'a mut Workshop<'b>,
    sides: [&'a Side<'a>; 2],
    /// Occurrences that both rules have asked, as each of them numbers it.
    asked: Vec<[OccurrenceId; 2]>,
    /// Their answers, from the one numbering to the other.
    answers: Substitution,
}

impl Alike<'_, '_> {
    /// Whether all rules that can apply are alike, what is known left out.
    fn rules(&mut self, rules: [&[Rule]; 2], known: &Cube) -> Bounded<bool> {
        let [mut left, mut right] = rules.map(|rules| rules.iter());
        loop {
            let (a, b) = match (self.next(&mut left, known)?, self.next(&mut right, known)?) {
                (Some(a), Some(b)) => (a, b),
                (a, b) => return Ok(a.is_none() && b.is_none()),
            };
            if !self.asked.is_empty() {
                self.asked.clear();
                self.answers = Substitution::default();
            }
            let steps = |this: &mut Self, a: &Cow<'_>, b: &Cow<'_>| this.steps(a, b);
            if a.ranges != b.ranges || a.among != b.among || !self.all(&a.rest, &b.rest, steps)? {
                return Ok(false);
            }
        }
    }

    /// The next rule that some packet can satisfy.
    fn next<'r>(&mut self, rules: &mut Iter<'r, Rule>, known: &Cube) -> Bounded<Option<Conditions<'r>>> {
        for rule in rules {
            if let Some(conditions) = conditions(self.shop, rule, known)? {
                return Ok(Some(conditions));
            }
        }
        Ok(None)
    }

    fn all<T>(&mut self, a: &[T], b: &[T], alike: impl Fn(&mut Self, &T, &T) -> Bounded<bool>) -> Bounded<bool> {
        if a.len() != b.len() {
            return Ok(false);
        }
        for (a, b) in a.iter().zip(b) {
            if !alike(self, a, b)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn steps(&mut self, a: &Step, b: &Step) -> Bounded<bool> {
        Ok(match (a, b) {
            (Step::Test(a), Step::Test(b)) => self.functions(*a, *b)?,
            (Step::In(a), Step::In(b)) => a == b,
            (Step::Among(a), Step::Among(b)) => a == b,
            (Step::Consult(a), Step::Consult(b)) => self.consulted([*a, *b])?,
            (Step::Effect { effect: a, reads: x }, Step::Effect { effect: b, reads: y }) => a == b && x == y,
            (Step::EffectOn { packets: x, effect: a }, Step::EffectOn { packets: y, effect: b }) => {
                a == b && self.functions(*x, *y)?
            }
            (Step::Assign(a), Step::Assign(b)) => self.all(a, b, Self::changes)?,
            (Step::Flow(a), Step::Flow(b)) => self.flows(a, b),
            (Step::Dispatch(a), Step::Dispatch(b)) => self.all(a, b, Self::branches)?,
            _ => false,
        })
    }

    fn changes(&mut self, &(var, a): &(Var, Dd), &(other, b): &(Var, Dd)) -> Bounded<bool> {
        Ok(var == other && self.functions(a, b)?)
    }

    fn branches(&mut self, a: &Branch, b: &Branch) -> Bounded<bool> {
        let when = match (&a.when, &b.when) {
            (When::Set(a), When::Set(b)) => self.functions(*a, *b)?,
            (When::Ranges(a), When::Ranges(b)) => a == b,
            _ => false,
        };
        Ok(when && self.flows(&a.flow, &b.flow))
    }

    fn flows(&self, a: &Flow, b: &Flow) -> bool {
        match (a, b) {
            (Flow::Jump(a), Flow::Jump(b)) | (Flow::Goto(a), Flow::Goto(b)) => {
                let [left, right] = self.sides;
                let both = left.summaries.get(*a).zip(right.summaries.get(*b));
                both.is_some_and(|(a, b)| Rc::ptr_eq(&a, &b))
            }
            _ => a == b,
        }
    }

    fn consulted(&mut self, both: [OccurrenceId; 2]) -> Bounded<bool> {
        let [a, b] = both;
        let [left, right] = self.sides;
        let (Some(&bucket), Some(&other)) = (left.buckets.get(a.0), right.buckets.get(b.0)) else { return Ok(false) };
        let confused = self.asked.iter().any(|&[x, y]| (x == a) != (y == b));
        if bucket != other || confused {
            return Ok(false);
        }
        for bit in (0..self.shop.width(bucket)).filter(|_| a != b) {
            let answer = self.shop.dd.var(local_answer(b, bit))?;
            self.answers.insert(local_answer(a, bit), answer);
        }
        self.asked.push(both);
        Ok(true)
    }

    /// Functions of the packet, and of the answers that the rules have got.
    fn functions(&mut self, a: Dd, b: Dd) -> Bounded<bool> {
        if !self.shop.dd.bands(a).meets(LOCAL_ANSWERS) {
            return Ok(a == b);
        }
        let mut got = self.shop.dd.variables(&[a], LOCAL_ANSWERS).into_iter().map(|var| of_local_answer(var).0);
        Ok(got.all(|id| self.asked.iter().any(|&[asked, _]| asked == id)) && self.answers.apply(self.shop.dd, a)? == b)
    }
}
