//! Which protocols a chain sees, and which chains end the way of every packet that gets into them.
//!
//! Invariant: in doubt a chain sees every protocol and lets packets come back.

use std::borrow::Cow;

use crate::ir::{ChainId, Component, Rule, Statement, Step, Table, Test, Verdict};
use crate::packet::{Field, IntervalSet};

/// What is known of each chain of a table.
#[derive(Debug)]
pub struct Endings {
    protocols: Vec<IntervalSet>,
    ends: Vec<bool>,
}

impl Endings {
    /// Works it out for all chains: protocols from callers to callees, endings the other way.
    pub fn of(table: &Table) -> Self {
        let order = callers_first(table);
        let mut out = Endings { protocols: protocols(table, &order), ends: vec![false; table.chains.len()] };
        for &at in order.iter().rev() {
            out.ends[at] = out.chain_ends(table, at);
        }
        out
    }

    /// Whether no packet that takes this verdict meets the next rule of the chain, or of any caller.
    pub fn ends(&self, verdict: &Verdict) -> bool {
        match verdict {
            Verdict::Accept | Verdict::Drop | Verdict::Reject(_) | Verdict::Nat(_) | Verdict::Queue { .. } => true,
            Verdict::Jump(ChainId(id)) | Verdict::Goto(ChainId(id)) => {
                self.ends.get(*id as usize).copied().unwrap_or(false)
            }
            Verdict::Draw { rows, .. } => rows.iter().all(|row| self.ends(&row.data)),
            // A packet without a row goes on.
            Verdict::Map { .. } | Verdict::MapNamed { .. } | Verdict::Continue | Verdict::Return => false,
        }
    }

    fn chain_ends(&self, table: &Table, at: usize) -> bool {
        let (Some(chain), Some(protocols)) = (table.chains.get(at), self.protocols.get(at)) else { return false };
        for rule in &chain.rules {
            if always(rule, protocols) && self.ends(&rule.verdict) {
                return true;
            }
            if self.may_return(table, &rule.verdict) {
                return false;
            }
        }
        false
    }

    /// Whether a packet may leave the chain by this verdict and come back to its caller.
    fn may_return(&self, table: &Table, verdict: &Verdict) -> bool {
        match verdict {
            Verdict::Return => true,
            Verdict::Goto(_) => !self.ends(verdict),
            Verdict::Map { rows, .. } | Verdict::Draw { rows, .. } => {
                rows.iter().any(|row| self.may_return(table, &row.data))
            }
            Verdict::MapNamed { set, .. } => {
                let rows = table.set(*set).map(|set| set.rows.as_slice()).unwrap_or_default();
                rows.iter().filter_map(|row| row.verdict.as_ref()).any(|verdict| self.may_return(table, verdict))
            }
            Verdict::Continue
            | Verdict::Accept
            | Verdict::Drop
            | Verdict::Jump(_)
            | Verdict::Reject(_)
            | Verdict::Nat(_)
            | Verdict::Queue { .. } => false,
        }
    }
}

/// Whether the rule takes every packet of these protocols.
fn always(rule: &Rule, protocols: &IntervalSet) -> bool {
    rule.steps.iter().all(|step| match step {
        Step::Test(test) => holds(test, protocols),
        Step::Do(statement) => {
            !matches!(**statement, Statement::Object { .. }) && !statement.is_stateful() && !statement.may_break()
        }
    })
}

/// A test of the protocol, or one that only asks for a header that the protocol has.
fn holds(test: &Test, protocols: &IntervalSet) -> bool {
    match test {
        Test::In { field: Field::L4proto, set } => protocols.is_subset(set),
        Test::In { field, set } if set.is_full(field.width()) => {
            field.protocol().is_some_and(|p| protocols.as_point() == Some(p.into()))
        }
        _ => false,
    }
}

/// Chains before all that they call; chains of a circle, which no kernel loads, are left out.
fn callers_first(table: &Table) -> Vec<usize> {
    let mut waiting = vec![0_u32; table.chains.len()];
    for rule in table.chains.iter().flat_map(|chain| &chain.rules) {
        rule.verdict.tell_callees(table, &mut |id| {
            if let Some(callers) = waiting.get_mut(id.0 as usize) {
                *callers += 1;
            }
        });
    }
    let mut order: Vec<usize> = (0..waiting.len()).filter(|&at| waiting[at] == 0).collect();
    let mut next = 0;
    while let Some(&at) = order.get(next) {
        next += 1;
        for rule in &table.chains[at].rules {
            rule.verdict.tell_callees(table, &mut |id| {
                if let Some(callers) = waiting.get_mut(id.0 as usize) {
                    *callers -= 1;
                    if *callers == 0 {
                        order.push(id.0 as usize);
                    }
                }
            });
        }
    }
    order
}

/// The protocols of the packets that get into each chain.
fn protocols(table: &Table, order: &[usize]) -> Vec<IntervalSet> {
    let all = IntervalSet::full(Field::L4proto.width());
    let mut seen: Vec<Option<IntervalSet>> = table.chains.iter().map(|c| c.base.map(|_| all.clone())).collect();
    for &at in order {
        let here = seen[at].get_or_insert_with(|| all.clone()).clone();
        for rule in &table.chains[at].rules {
            for_each_call(table, rule, &here, |id, protocols| {
                let Some(there) = seen.get_mut(id.0 as usize) else { return };
                match there {
                    Some(known) if protocols.is_subset(known) => {}
                    Some(known) => *known = known.union(protocols),
                    None => *there = Some(protocols.clone()),
                }
            });
        }
    }
    seen.into_iter().map(|known| known.unwrap_or_else(|| all.clone())).collect()
}

/// Tells the chains that the rule calls, each with the protocols of the packets that go there.
fn for_each_call(table: &Table, rule: &Rule, here: &IntervalSet, mut call: impl FnMut(ChainId, &IntervalSet)) {
    match &rule.verdict {
        Verdict::Map { key, rows } => {
            let tested = tested(rule, here);
            for row in rows {
                let protocols = in_row(&tested, key, &row.key);
                row.data.tell_callees(table, &mut |id| call(id, &protocols));
            }
        }
        Verdict::MapNamed { key, set } => {
            let tested = tested(rule, here);
            let rows = table.set(*set).map(|set| set.rows.as_slice()).unwrap_or_default();
            for row in rows {
                let protocols = in_row(&tested, key, &row.key);
                row.verdict.iter().for_each(|verdict| verdict.tell_callees(table, &mut |id| call(id, &protocols)));
            }
        }
        Verdict::Jump(_) | Verdict::Goto(_) | Verdict::Draw { .. } => {
            let tested = tested(rule, here);
            rule.verdict.tell_callees(table, &mut |id| call(id, &tested));
        }
        Verdict::Continue
        | Verdict::Accept
        | Verdict::Drop
        | Verdict::Return
        | Verdict::Reject(_)
        | Verdict::Nat(_)
        | Verdict::Queue { .. } => {}
    }
}

/// The protocols of the packets that the rule matches.
fn tested<'p>(rule: &Rule, here: &'p IntervalSet) -> Cow<'p, IntervalSet> {
    rule.tests().fold(Cow::Borrowed(here), |protocols, test| match test {
        Test::In { field: Field::L4proto, set } => Cow::Owned(protocols.intersection(set)),
        _ => protocols,
    })
}

/// Those of them that a row of a map is for.
fn in_row<'p>(tested: &'p IntervalSet, key: &[Field], row: &[Component]) -> Cow<'p, IntervalSet> {
    match key.iter().zip(row).find(|(field, _)| **field == Field::L4proto) {
        Some((_, Component::Interval(i))) => Cow::Owned(tested.intersection(&IntervalSet::from(*i))),
        _ => Cow::Borrowed(tested),
    }
}
