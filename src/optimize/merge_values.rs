//! Neighbouring rules that differ in one field's value become one rule with a set.
//!
//! Sound because the rules do the same: where they end the packet's way, it does not matter which
//! of them matched; where they go on, the values must be disjoint and untouched by what the rule
//! does, so that at most one of them ever acts. Rules with state or counters stay apart.

use std::collections::BTreeMap;

use bstr::{BString, join};

use super::{Options, Report};
use crate::ir::{Component, Name, Rule, Step, Table, Test, Verdict};
use crate::packet::{CtKey, Field, Interval};

/// Merges runs in every chain.
pub fn run(table: &mut Table, _: &Options, report: &mut Report) {
    for chain in &mut table.chains {
        let mut out: Vec<Rule> = Vec::with_capacity(chain.rules.len());
        let mut run: Option<Run> = None;
        for rule in chain.rules.drain(..) {
            run = Some(match run.take() {
                None => Run::new(rule),
                Some(mut open) => match open.admit(rule) {
                    None => open,
                    Some(other) => {
                        out.push(open.close(&chain.name, report));
                        Run::new(other)
                    }
                },
            });
        }
        out.extend(run.map(|open| open.close(&chain.name, report)));
        chain.rules = out;
    }
}

/// Rules that will be one: the first of them, and the values of the step in which they differ.
struct Run {
    first: Rule,
    differs: Option<(usize, Values)>,
    /// Rules taken in so far.
    members: usize,
    /// Values and the comment of the rule they came from.
    commented: Vec<(Vec<Component>, BString)>,
}

/// The values seen so far; intervals are kept by their lower end to find overlaps.
enum Values {
    Numbers { all: Vec<Interval>, disjoint: BTreeMap<u128, u128> },
    Names(Vec<Name>),
}

impl Run {
    const fn new(first: Rule) -> Self {
        Run { first, differs: None, members: 1, commented: Vec::new() }
    }

    /// Takes the rule in, or gives it back.
    fn admit(&mut self, rule: Rule) -> Option<Rule> {
        if !self.fits(&rule) {
            return Some(rule);
        }
        let Some(at) = self.differing_step(&rule) else { return Some(rule) };
        let exclusive = !self.first.verdict.is_terminal();
        let mut values = match self.differs.take() {
            Some((_, values)) => values,
            None => match Values::of(&self.first.steps[at]) {
                Some(values) => values,
                None => return Some(rule),
            },
        };
        let taken = values.admit(&rule.steps[at], exclusive);
        let untouched = self.differs.is_none() && !taken && values.count() == 1;
        if !untouched {
            self.differs = Some((at, values));
        }
        if !taken {
            return Some(rule);
        }
        self.note_comments(&rule, at);
        self.first.origin.lines.extend(rule.origin.lines);
        None
    }

    /// Remembers which values a comment stood beside.
    fn note_comments(&mut self, rule: &Rule, at: usize) {
        if self.members == 1 {
            self.commented.extend(labels(&self.first, at));
        }
        self.members += 1;
        self.commented.extend(labels(rule, at));
    }

    fn fits(&self, rule: &Rule) -> bool {
        let first = &self.first;
        first.verdict == rule.verdict
            && first.steps.len() == rule.steps.len()
            && first.origin.source == rule.origin.source
            && first.counters().is_none()
            && rule.counters().is_none()
            && first.labels().is_empty()
            && rule.labels().is_empty()
            && rule.notes().is_empty()
            && first.notes().is_empty()
            && !rule.is_stateful()
            && (rule.verdict != Verdict::Continue || rule.statements().next().is_some())
    }

    /// The one step in which the rules differ, when it is the one in which the run differs.
    fn differing_step(&self, rule: &Rule) -> Option<usize> {
        let known = self.differs.as_ref().map(|(at, _)| *at);
        let mut found = None;
        for (at, (a, b)) in self.first.steps.iter().zip(&rule.steps).enumerate() {
            if a == b && known != Some(at) {
                continue;
            }
            let (x, y) = mergeable(a).zip(mergeable(b))?;
            if x != y || found.replace(at).is_some() || (known.is_some() && known != Some(at)) {
                return None;
            }
        }
        let at = found?;
        let field = mergeable(&self.first.steps[at])?;
        let changed = rule.statements().any(|s| s.changes() == Some(field));
        let maybe = matches!(rule.verdict, Verdict::Jump(_)) && is_mutable(field);
        (!changed && !maybe).then_some(at)
    }

    fn close(mut self, chain: &BString, report: &mut Report) -> Rule {
        let Some((at, values)) = self.differs else { return self.first };
        self.first.origin.lines.sort_unstable();
        self.first.origin.lines.dedup();
        if let Some(Step::Test(test)) = self.first.steps.get_mut(at) {
            values.store(test);
        }
        place_comments(&mut self.first, self.members, self.commented);
        let why = "the rules do the same and differ in one value: one test of a set does for all".to_owned();
        report.merged(chain, &self.first.origin.lines, why);
        self.first
    }
}

/// The rule's comment with the values of the step in which it differs.
fn labels(rule: &Rule, at: usize) -> Option<(Vec<Component>, BString)> {
    let components = match rule.steps.get(at) {
        Some(Step::Test(Test::In { set, .. })) => set.intervals().iter().map(|&i| i.into()).collect(),
        Some(Step::Test(Test::Named { names, .. })) => names.iter().map(|n| n.clone().into()).collect(),
        _ => return None,
    };
    (!rule.comments().is_empty()).then(|| (components, join(", ", rule.comments()).into()))
}

/// A comment that all rules share stays the rule's; others go to the values they stood beside.
fn place_comments(rule: &mut Rule, members: usize, commented: Vec<(Vec<Component>, BString)>) {
    let shared = commented.len() == members && commented.iter().all(|(_, c)| *c == commented[0].1);
    if shared || commented.is_empty() {
        return;
    }
    let remarks = rule.remarks_mut();
    remarks.comments.clear();
    for (components, comment) in commented {
        remarks.labels.extend(components.into_iter().map(|c| (c, comment.clone())));
    }
}

/// The field, when the step tests it against plain values that can stand in a set.
fn mergeable(step: &Step) -> Option<Field> {
    match step {
        Step::Test(Test::In { field, set }) if !set.is_full(field.width()) => Some(*field),
        // Wildcards among names need nft 0.9.9 or later.
        Step::Test(Test::Named { field, names, negated: false }) if names.iter().all(|n| !n.wildcard) => Some(*field),
        _ => None,
    }
}

/// Fields that a called chain could change, so that a later rule would see another value.
const fn is_mutable(field: Field) -> bool {
    match field {
        Field::Mark | Field::Priority | Field::IpDscp | Field::Ip6Dscp | Field::IpEcn | Field::Ip6Ecn => true,
        Field::IpTtl | Field::Ip6Hoplimit | Field::Rtclassid => true,
        Field::Ct(key) => matches!(key, CtKey::Mark | CtKey::Label | CtKey::Helper | CtKey::State),
        _ => false,
    }
}

impl Values {
    fn of(step: &Step) -> Option<Self> {
        match step {
            Step::Test(Test::In { set, .. }) => {
                let mut values = Values::Numbers { all: Vec::new(), disjoint: BTreeMap::new() };
                set.intervals().iter().for_each(|&i| values.insert(i));
                Some(values)
            }
            Step::Test(Test::Named { names, .. }) => Some(Values::Names(names.to_vec())),
            _ => None,
        }
    }

    /// Takes the step's values in; with `exclusive`, only if none was there before.
    fn admit(&mut self, step: &Step, exclusive: bool) -> bool {
        match (self, step) {
            (values @ Values::Numbers { .. }, Step::Test(Test::In { set, .. })) => {
                if exclusive && set.intervals().iter().any(|&i| values.overlaps(i)) {
                    return false;
                }
                set.intervals().iter().for_each(|&i| values.insert(i));
                true
            }
            (Values::Names(all), Step::Test(Test::Named { names, .. })) => {
                if exclusive && names.iter().any(|n| all.contains(n)) {
                    return false;
                }
                for name in names {
                    if !all.contains(name) {
                        all.push(name.clone());
                    }
                }
                true
            }
            _ => false,
        }
    }

    fn insert(&mut self, i: Interval) {
        if let Values::Numbers { all, disjoint } = self {
            all.push(i);
            disjoint.insert(i.lo, i.hi);
        }
    }

    fn overlaps(&self, i: Interval) -> bool {
        match self {
            Values::Numbers { disjoint, .. } => disjoint.range(..=i.hi).next_back().is_some_and(|(_, &hi)| hi >= i.lo),
            Values::Names(_) => false,
        }
    }

    fn count(&self) -> usize {
        match self {
            Values::Numbers { all, .. } => all.len(),
            Values::Names(all) => all.len(),
        }
    }

    fn store(self, test: &mut Test) {
        match (self, test) {
            (Values::Numbers { all, .. }, Test::In { set, .. }) => *set = all.into_iter().collect(),
            (Values::Names(all), Test::Named { names, .. }) => *names = all.into(),
            _ => {}
        }
    }
}
