//! One packet's way through a program, rule by rule: the algebra's semantics without diagrams.

use rustc_hash::FxHashMap;

use super::program::{Base, Bucket, ChainId, Flow, OccurrenceId, Program, Step, When};
use super::{Effect, KEEP, Verdict};
use crate::prove::dd::{Arena, Dd, Var};
use crate::prove::space::bands;

/// What happened to a packet in one base chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trace {
    pub verdict: Verdict,
    /// Line of the rule that decided; `None` for the policy.
    pub line: Option<u32>,
    /// Name of the chain that holds that rule, or of the base chain.
    pub chain: bstr::BString,
    /// Effects, in order, each with the line of its rule.
    pub effects: Vec<(Effect, u32)>,
    /// Buckets asked, in order, each with the line of its rule.
    pub consulted: Vec<(Bucket, u32)>,
    /// Bits that were given a value (the same as before, perhaps), with their last value.
    pub changed: FxHashMap<Var, bool>,
}

/// Calls deeper than this are taken for a loop.
pub const DEEPEST: usize = 4096;

struct Walker<'a> {
    dd: &'a Arena,
    program: &'a Program,
    buckets: &'a [Bucket],
    packet: &'a dyn Fn(Var) -> bool,
    answers: FxHashMap<OccurrenceId, (Bucket, u32)>,
    trace: Trace,
}

/// Takes a packet through one base chain; `packet` gives its bits and the answers it will get.
pub fn walk(dd: &Arena, program: &Program, buckets: &[Bucket], base: &Base, packet: &dyn Fn(Var) -> bool) -> Trace {
    let name = program.chain(base.chain).map(|chain| chain.name.clone()).unwrap_or_default();
    let trace = Trace {
        verdict: base.policy.clone(),
        line: None,
        chain: name,
        effects: Vec::new(),
        consulted: Vec::new(),
        changed: FxHashMap::default(),
    };
    let mut walker = Walker { dd, program, buckets, packet, answers: FxHashMap::default(), trace };
    walker.run(base.chain);
    walker.trace
}

impl Walker<'_> {
    fn run(&mut self, start: ChainId) {
        // Where to go on after the rule at hand: chain and number of the next rule.
        let mut stack: Vec<(ChainId, usize)> = vec![(start, 0)];
        while let Some((id, next)) = stack.pop() {
            let Some(rule) = self.program.chain(id).and_then(|chain| chain.rules.get(next)) else { continue };
            match self.rule(&rule.steps, rule.line) {
                Flow::Continue => stack.push((id, next + 1)),
                Flow::Return => {}
                Flow::Jump(to) => stack.extend([(id, next + 1), (to, 0)]),
                Flow::Goto(to) => stack.push((to, 0)),
                Flow::Verdict(verdict) => {
                    self.trace.verdict = verdict;
                    self.trace.line = Some(rule.line);
                    self.trace.chain = self.program.chain(id).map(|chain| chain.name.clone()).unwrap_or_default();
                    return;
                }
            }
            if stack.len() > DEEPEST {
                let why = "a chain calls itself".to_owned();
                self.trace.verdict = Verdict::Unknown { line: rule.line, why };
                self.trace.line = Some(rule.line);
                return;
            }
        }
    }

    fn rule(&mut self, steps: &[Step], line: u32) -> Flow {
        for step in steps {
            match step {
                Step::Test(set) => {
                    if self.eval(*set) == 0 {
                        return Flow::Continue;
                    }
                }
                Step::In(range) => {
                    if !range.holds(|var| self.bit(var)) {
                        return Flow::Continue;
                    }
                }
                Step::Among(values) => {
                    if !values.iter().any(|range| range.holds(|var| self.bit(var))) {
                        return Flow::Continue;
                    }
                }
                Step::Consult(occurrence) => {
                    let Some(&bucket) = self.buckets.get(occurrence.0) else { continue };
                    let nth = self.trace.consulted.iter().filter(|&&(b, _)| b == bucket).count() as u32;
                    self.trace.consulted.push((bucket, line));
                    self.answers.insert(*occurrence, (bucket, nth));
                }
                Step::Effect { effect, .. } => self.trace.effects.push((effect.clone(), line)),
                Step::EffectOn { packets, effect } => {
                    if self.eval(*packets) != 0 {
                        self.trace.effects.push((effect.clone(), line));
                    }
                }
                Step::Assign(changes) => {
                    let values: Vec<_> = changes.iter().map(|&(var, f)| (var, self.eval(f))).collect();
                    let set = values.into_iter().filter(|&(_, value)| value != KEEP);
                    self.trace.changed.extend(set.map(|(var, value)| (var, value != 0)));
                }
                Step::Flow(flow) => return flow.clone(),
                Step::Dispatch(branches) => {
                    let hit = branches.iter().find(|branch| self.satisfies(&branch.when));
                    return hit.map_or(Flow::Continue, |branch| branch.flow.clone());
                }
                Step::UnknownOn { packets, .. } if self.eval(*packets) == 0 => {}
                Step::Unknown(why) | Step::UnknownOn { why, .. } => {
                    return Flow::Verdict(Verdict::Unknown { line, why: why.clone() });
                }
            }
        }
        Flow::Continue
    }

    fn satisfies(&self, when: &When) -> bool {
        match when {
            When::Set(set) => self.eval(*set) != 0,
            When::Ranges(ranges) => ranges.iter().all(|range| range.holds(|var| self.bit(var))),
        }
    }

    fn eval(&self, d: Dd) -> u32 {
        self.dd.eval(d, |var| self.bit(var))
    }

    fn bit(&self, var: Var) -> bool {
        if var.band() == bands::LOCAL_ANSWER {
            let (occurrence, bit) = super::program::of_local_answer(var);
            let Some(&(bucket, nth)) = self.answers.get(&occurrence) else { return false };
            return (self.packet)(bucket.answer(nth, bit));
        }
        self.trace.changed.get(&var).copied().unwrap_or_else(|| (self.packet)(var))
    }
}
