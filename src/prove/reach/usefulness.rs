//! Does any packet match a rule, and does it matter?

use super::chain::Chain;
use super::rule::Facts;
use super::sample::Sample;
use super::{At, Dead, GOES_ON, Reach, STEPS, SameAnyway, Use};
use crate::packet::Hook;
use crate::prove::dd::{Arena, Bounded, Dd, OutOfBudget};

/// Example packets per rule.
const SAMPLES: u64 = 4;
/// Questions that may take too many steps; then no more of those that concern many rules are asked in the chain.
const FAILURES: usize = 20;

impl Reach {
    /// What can be told about a rule of a chain that packets enter.
    pub fn usefulness(&mut self, at: At) -> Use {
        match self.judge(at) {
            Ok(found) => found,
            Err(_) => {
                self.undecided += 1;
                Use::Undecided
            }
        }
    }

    fn judge(&mut self, at: At) -> Bounded<Use> {
        self.space.dd.check_time()?;
        let Some(chain) = self.chains.get_mut(&at.chain) else { return Ok(Use::Needed) };
        let Some(facts) = chain.facts.get(at.rule).copied() else { return Ok(Use::Needed) };
        let dd = &mut self.space.dd;
        let mut question = Question { chain, rule: at.rule, facts, reached: false };
        match dd.with_steps(STEPS, |dd| question.examples(dd))? {
            Examples::None => {
                let hooks = chain.hooks.clone();
                return self.never(&hooks, facts.over);
            }
            Examples::Needed => return Ok(Use::Needed),
            Examples::Open => {}
        }
        let chain = &mut *question.chain;
        if chain.failed >= FAILURES && !chain.concerns_few(dd, facts.over) {
            return Err(OutOfBudget::Steps);
        }
        // Where questions keep failing, no more is spent on them than has to be.
        let steps = STEPS / (1 + chain.failed as u64 / 4);
        let found = dd.with_steps(steps, |dd| question.shadow(dd)).and_then(|shadow| match shadow {
            Some(takers) => Ok(Use::Dead(Dead::Shadowed(takers))),
            None => dd.with_steps(steps, |dd| question.difference(dd)),
        });
        question.chain.failed += usize::from(found.is_err());
        found
    }

    /// Why no packet that enters its chain matches a rule.
    fn never(&mut self, hooks: &[Hook], over: Dd) -> Bounded<Use> {
        for &hook in hooks {
            let possible = self.space.possible(hook)?;
            if self.space.dd.with_steps(STEPS, |dd| dd.meets(possible, over))? {
                return Ok(Use::Dead(Dead::NothingComes));
            }
        }
        Ok(Use::Dead(Dead::Contradiction))
    }
}

/// What is asked about a rule.
struct Question<'a> {
    chain: &'a mut Chain,
    rule: usize,
    facts: Facts,
    /// Some example reaches it.
    reached: bool,
}

/// What examples say.
enum Examples {
    /// There are none: no packet comes that matches.
    None,
    /// One fares otherwise without the rule.
    Needed,
    Open,
}

impl Question<'_> {
    fn examples(&mut self, dd: &mut Arena) -> Bounded<Examples> {
        for n in 0..SAMPLES {
            let Some(sample) = Sample::of(dd, &[self.chain.entering, self.facts.over], n)? else {
                return Ok(Examples::None);
            };
            if !self.chain.passes(dd, self.rule, &sample) {
                continue;
            }
            self.reached = true;
            if self.needs(dd, &sample) {
                return Ok(Examples::Needed);
            }
        }
        let needed = self.reached && !self.is_alike() && self.has_rival(dd)?;
        Ok(if needed { Examples::Needed } else { Examples::Open })
    }

    /// Whether nothing else can become of packets behind the rule than what becomes of those that match it.
    fn is_alike(&self) -> bool {
        self.way().is_some_and(|only| self.chain.end == only && self.chain.does_only(self.rule + 1, only))
    }

    /// The way of all packets that match, when nothing else becomes of them.
    fn way(&self) -> Option<u32> {
        self.facts.only.filter(|_| self.facts.exact)
    }

    /// Whether the rule does something with a packet that reaches it, and nothing behind it would do the same.
    fn needs(&self, dd: &Arena, sample: &Sample) -> bool {
        match self.way() {
            _ if self.facts.calls.is_some() => {
                sample.eval(dd, self.facts.acts) != 0 || self.facts.ways.of(dd, sample) != GOES_ON
            }
            None => true,
            Some(only) => self.chain.fate(dd, self.rule + 1, sample) != Some(only),
        }
    }

    /// The rules before it, where they take all packets that would match.
    fn shadow(&mut self, dd: &mut Arena) -> Bounded<Option<Vec<usize>>> {
        if self.reached {
            return Ok(None);
        }
        let comes = dd.and(self.chain.entering, self.facts.over)?;
        let (takers, left) = self.chain.takers(dd, 0..self.rule, comes)?;
        Ok((left == Dd::FALSE).then_some(takers))
    }

    fn difference(&mut self, dd: &mut Arena) -> Bounded<Use> {
        let comes = dd.and(self.chain.entering, self.facts.over)?;
        if self.facts.calls.is_some() {
            let set = self.chain.remaining(dd, 0..self.rule, comes)?;
            let idle = !dd.meets(set, self.facts.acts)? && !self.facts.ways.take(dd, set, |way| way != GOES_ON)?;
            return Ok(if idle { Use::NoDifference(SameAnyway::DoesNothing) } else { Use::Needed });
        }
        let Some(only) = self.way() else { return Ok(Use::Needed) };
        let rest = self.rule + 1..self.chain.facts.len();
        let set = self.chain.remaining(dd, 0..self.rule, comes)?;
        // Whatever packets come, nothing else can become of them: no need to look where they go.
        let left = if self.is_alike() { Some(set) } else { self.chain.only(dd, rest.clone(), set, only)? };
        let Some(left) = left else { return Ok(Use::Needed) };
        if left != Dd::FALSE && self.chain.end != only {
            return Ok(Use::Needed);
        }
        let (by, left) = self.chain.takers(dd, rest, set)?;
        Ok(Use::NoDifference(SameAnyway::Decided { by, end: left != Dd::FALSE }))
    }

    /// Whether an example reaches the rule that would fare otherwise by a rule behind it.
    fn has_rival(&self, dd: &mut Arena) -> Bounded<bool> {
        let Some(only) = self.way() else { return Ok(false) };
        for rival in self.chain.rivals(self.rule, only) {
            let Some(other) = self.chain.facts.get(rival) else { continue };
            let Some(sample) = Sample::of(dd, &[self.chain.entering, self.facts.over, other.over], 0)? else {
                continue;
            };
            if self.chain.passes(dd, self.rule, &sample) && self.needs(dd, &sample) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
