//! Does any packet match a rule, and does it matter?

use super::sample::Sample;
use super::{At, Chain, Dead, GOES_ON, Reach, STEPS, SameAnyway, Use};
use crate::prove::dd::{Arena, Bounded, Dd, OutOfBudget};

/// Example packets per rule.
const SAMPLES: u64 = 4;

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
        let Some(chain) = self.chains.get(&at.chain) else { return Ok(Use::Needed) };
        let Some(facts) = chain.facts.get(at.rule).copied() else { return Ok(Use::Needed) };
        let hooks = chain.hooks.clone();
        let comes = self.space.dd.with_steps(STEPS, |dd| dd.and(chain.entering, facts.over))?;
        if comes == Dd::FALSE {
            for hook in hooks {
                let possible = self.space.possible(hook)?;
                if self.space.dd.with_steps(STEPS, |dd| dd.meets(possible, facts.over))? {
                    return Ok(Use::Dead(Dead::NothingComes));
                }
            }
            return Ok(Use::Dead(Dead::Contradiction));
        }
        let dd = &mut self.space.dd;
        let reached: Vec<Sample> = (0..SAMPLES)
            .filter_map(|n| Sample::of(dd, comes, n))
            .filter(|sample| chain.passes(dd, at.rule, sample))
            .collect();
        if reached.is_empty() {
            let (takers, left) = dd.with_steps(STEPS, |dd| chain.tree.takers(dd, 0..at.rule, comes))?;
            if left == Dd::FALSE {
                return Ok(Use::Dead(Dead::Shadowed(takers)));
            }
        }
        dd.with_steps(STEPS, |dd| chain.difference(dd, at.rule, comes, &reached))
    }
}

impl Chain {
    /// Whether no rule before this one surely takes the packet.
    fn passes(&self, dd: &Arena, rule: usize, sample: &Sample) -> bool {
        let runs = self.tree.parts(0..rule).into_iter().filter_map(|part| self.tree.run(part));
        runs.into_iter().all(|run| sample.eval(dd, run.ways) == GOES_ON)
    }

    fn difference(&self, dd: &mut Arena, rule: usize, comes: Dd, reached: &[Sample]) -> Bounded<Use> {
        let Some(facts) = self.facts.get(rule) else { return Ok(Use::Needed) };
        if facts.calls.is_some() {
            let set = self.tree.remaining(dd, 0..rule, comes)?;
            let idle = !dd.meets(set, facts.acts)? && !dd.meets_where(set, facts.ways, |leaf| leaf != GOES_ON)?;
            return Ok(if idle { Use::NoDifference(SameAnyway::DoesNothing) } else { Use::Needed });
        }
        let Some(only) = facts.only.filter(|_| facts.exact) else { return Ok(Use::Needed) };
        let rest = rule + 1..self.facts.len();
        // Whatever packets come, nothing else can become of them: no need to look where they go.
        if self.end == only && self.tree.does_only(rest.clone(), only) {
            let set = self.tree.remaining(dd, 0..rule, comes)?;
            let (by, left) = self.tree.takers(dd, rest, set)?;
            return Ok(Use::NoDifference(SameAnyway::Decided { by, end: left != Dd::FALSE }));
        }
        if reached.iter().any(|sample| self.fate(dd, rest.start, sample) != Some(only)) {
            return Ok(Use::Needed);
        }
        let mut set = self.tree.remaining(dd, 0..rule, comes)?;
        let all = set;
        for part in self.tree.parts(rest.clone()) {
            let Some(run) = self.tree.run(part) else { return Err(OutOfBudget::Steps) };
            let other = |leaf| leaf != GOES_ON && leaf != only;
            if dd.meets(set, run.acts)? || !run.out.is_only(only) && dd.meets_where(set, run.ways, other)? {
                return Ok(Use::Needed);
            }
            set = dd.where_zero(run.ways, set, 0)?;
            if set == Dd::FALSE {
                break;
            }
        }
        let end = set != Dd::FALSE;
        if end && self.end != only {
            return Ok(Use::Needed);
        }
        let (by, _) = self.tree.takers(dd, rest, all)?;
        Ok(Use::NoDifference(SameAnyway::Decided { by, end }))
    }

    /// How a packet that passes the rules before `from` fares from there; `None` where that is not told.
    fn fate(&self, dd: &Arena, from: usize, sample: &Sample) -> Option<u32> {
        for part in self.tree.parts(from..self.facts.len()) {
            let run = self.tree.run(part)?;
            if sample.eval(dd, run.acts) != 0 {
                return None;
            }
            let way = sample.eval(dd, run.ways);
            if way != GOES_ON {
                return Some(way);
            }
        }
        Some(self.end)
    }
}
