//! What rules change, so that what later rules test may not be what it was.
//!
//! Invariant: what is not known counts as changed.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::features::Features;
use crate::ir::{ChainId, Rule, SetId, Statement, Table, Test, Verdict};
use crate::packet::{CtKey, Field, TcpOptionPart};
use crate::parallel;

/// What a rule, or a chain with all that it calls, may change.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Changes {
    fields: SmallVec<[Field; 2]>,
    sets: SmallVec<[SetId; 1]>,
    anything: bool,
}

/// What each chain of a table changes, with all that it calls.
#[derive(Debug, Default)]
pub struct ChainChanges {
    chains: Vec<Changes>,
    /// Of rules that only decide.
    nothing: Changes,
}

/// Indices of chains.
type Callees = SmallVec<[u32; 4]>;

impl Changes {
    /// Whether a test of the field may get another answer afterwards.
    pub fn may_change(&self, field: Field) -> bool {
        self.anything || self.fields.iter().any(|&written| touches(written, field))
    }

    /// Whether the test may get another answer afterwards.
    pub fn may_change_test(&self, test: &Test) -> bool {
        if self.is_nothing() {
            return false;
        }
        let set = match test {
            Test::Lookup { set, .. } => self.anything || self.sets.contains(set),
            _ => false,
        };
        set || test.fields().iter().any(|&field| self.may_change(field))
    }

    /// Whether nothing is changed.
    pub fn is_nothing(&self) -> bool {
        !self.anything && self.fields.is_empty() && self.sets.is_empty()
    }

    /// Takes in what something else changes.
    fn absorb(&mut self, other: &Changes) {
        if other.is_nothing() {
            return;
        }
        other.fields.iter().for_each(|&f| self.field(f));
        for set in other.sets.iter().filter(|s| !self.sets.contains(s)).collect::<Vec<_>>() {
            self.sets.push(*set);
        }
        self.anything |= other.anything;
    }

    fn field(&mut self, field: Field) {
        if !self.fields.contains(&field) {
            self.fields.push(field);
        }
    }

    /// Whether the statement changes anything.
    pub const fn are_made_by(statement: &Statement) -> bool {
        match statement {
            Statement::Log(_)
            | Statement::Limit(_)
            | Statement::Quota { .. }
            | Statement::ConnLimit { .. }
            | Statement::Dup { .. } => false,
            Statement::Assign { .. }
            | Statement::ResetTcpOption { .. }
            | Statement::Notrack
            | Statement::Object { .. }
            | Statement::Trace
            | Statement::SetUpdate { .. }
            | Statement::Tproxy { .. }
            | Statement::Synproxy { .. } => true,
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Assign { field, .. } => self.field(*field),
            Statement::ResetTcpOption { kind } => {
                self.field(Field::TcpOption { kind: *kind, part: TcpOptionPart::Exists });
                self.field(Field::TcpOption { kind: *kind, part: TcpOptionPart::MaxsegSize });
            }
            Statement::Notrack => self.field(Field::Ct(CtKey::State)),
            Statement::Object { .. } => self.field(Field::Ct(CtKey::Helper)),
            Statement::Trace => self.field(Field::Nftrace),
            Statement::SetUpdate { set, inner, .. } => {
                self.sets.push(*set);
                inner.iter().for_each(|s| self.statement(s));
            }
            Statement::Tproxy { .. } | Statement::Synproxy { .. } => self.anything = true,
            Statement::Log(_)
            | Statement::Limit(_)
            | Statement::Quota { .. }
            | Statement::ConnLimit { .. }
            | Statement::Dup { .. } => {}
        }
    }
}

impl ChainChanges {
    /// Works it out for all chains, callees first.
    pub fn of(table: &Table, features: &[Features]) -> Self {
        let rules = |at: usize, with: Features| {
            table.chains.get(at).filter(|_| features[at].has(with)).map_or(&[][..], |chain| chain.rules.as_slice())
        };
        let (calling, doing) = (Features::CALLS, Features::CHANGES.or(Features::CALLS));
        let calls: Vec<Callees> = parallel::numbers(features.len(), |at| callees(rules(at, calling)));
        let mut own: Vec<Changes> = parallel::numbers(features.len(), |at| own(rules(at, doing)));
        let mut done: Vec<Option<Changes>> = vec![None; calls.len()];
        let mut seen = vec![false; calls.len()];
        let mut open = Vec::new();
        for start in 0..calls.len() {
            if done[start].is_none() {
                open.push((start, 0));
            }
            while let Some((at, next)) = open.last_mut() {
                match calls[*at].get(*next).copied() {
                    Some(callee) => {
                        *next += 1;
                        let callee = callee as usize;
                        if seen.get(callee) == Some(&false) {
                            seen[callee] = true;
                            open.push((callee, 0));
                        }
                    }
                    None => {
                        let at = *at;
                        open.pop();
                        if done[at].is_none() {
                            done[at] = Some(with_callees(std::mem::take(&mut own[at]), &calls[at], &done));
                        }
                        seen[at] = true;
                    }
                }
            }
        }
        ChainChanges { chains: done.into_iter().map(Option::unwrap_or_default).collect(), nothing: Changes::default() }
    }

    /// What the rule changes, with the chains it jumps to.
    pub fn of_rule(&self, rule: &Rule) -> Cow<'_, Changes> {
        let called = match &rule.verdict {
            Verdict::Jump(ChainId(id)) => self.chains.get(*id as usize),
            Verdict::Map(_) | Verdict::Draw(_) | Verdict::MapNamed(_) => None,
            _ => Some(&self.nothing),
        };
        match called.filter(|_| rule.statements().next().is_none()) {
            Some(only) => Cow::Borrowed(only),
            None => {
                let mut changes = Changes::default();
                rule.statements().for_each(|s| changes.statement(s));
                self.of_verdict(&rule.verdict, &mut changes);
                Cow::Owned(changes)
            }
        }
    }

    fn of_verdict(&self, verdict: &Verdict, changes: &mut Changes) {
        match verdict {
            Verdict::Jump(ChainId(id)) => match self.chains.get(*id as usize) {
                Some(called) => changes.absorb(called),
                None => changes.anything = true,
            },
            Verdict::Map(_) | Verdict::Draw(_) => {
                verdict.rows().iter().for_each(|row| self.of_verdict(&row.data, changes));
            }
            Verdict::MapNamed(_) => changes.anything = true,
            // Nothing of this chain is looked at afterwards, or nothing is done.
            Verdict::Goto(_)
            | Verdict::Continue
            | Verdict::Accept
            | Verdict::Drop
            | Verdict::Return
            | Verdict::Reject(_)
            | Verdict::Nat(_)
            | Verdict::Queue { .. } => {}
        }
    }
}

/// What rules change without the chains that they call.
fn own(rules: &[Rule]) -> Changes {
    let mut changes = Changes::default();
    for rule in rules {
        rule.statements().for_each(|s| changes.statement(s));
        changes.anything |= matches!(rule.verdict, Verdict::MapNamed(_));
    }
    changes
}

fn with_callees(mut changes: Changes, calls: &[u32], done: &[Option<Changes>]) -> Changes {
    for &callee in calls {
        match done.get(callee as usize) {
            Some(Some(called)) => changes.absorb(called),
            _ => changes.anything = true,
        }
    }
    changes
}

/// The chains that rules name, sorted.
fn callees(rules: &[Rule]) -> Callees {
    fn add(verdict: &Verdict, out: &mut Callees) {
        match verdict {
            Verdict::Jump(ChainId(id)) | Verdict::Goto(ChainId(id)) => out.push(*id),
            other => other.rows().iter().for_each(|row| add(&row.data, out)),
        }
    }
    let mut out = Callees::new();
    rules.iter().for_each(|rule| add(&rule.verdict, &mut out));
    out.sort_unstable();
    out.dedup();
    out
}

/// Whether writing one field may change what the other reads as.
const fn touches(written: Field, read: Field) -> bool {
    match (written, read) {
        // No connection, nothing of it.
        (Field::Ct(CtKey::State), Field::Ct(_)) => true,
        (Field::Mark, Field::Mark) | (Field::Priority, Field::Priority) | (Field::Secmark, Field::Secmark) => true,
        (Field::Ct(a), Field::Ct(b)) => same_key(a, b),
        // Routes are looked up with the mark and the header as they are now.
        (_, Field::Fib { .. } | Field::Rt(_) | Field::Payload { .. }) => true,
        (Field::Mark | Field::Priority | Field::Secmark | Field::Nftrace | Field::Rtclassid | Field::Ct(_), other) => {
            matches!((written, other), (Field::Rtclassid, Field::Rtclassid) | (Field::Nftrace, Field::Nftrace))
        }
        // Header fields: which of them share bytes is not looked at.
        (_, other) => is_header(other),
    }
}

/// Keys of a connection that rules can write are told apart, others are not.
const fn same_key(a: CtKey, b: CtKey) -> bool {
    match (a, b) {
        (CtKey::Mark, CtKey::Mark) | (CtKey::Label, CtKey::Label) | (CtKey::Helper, CtKey::Helper) => true,
        (CtKey::Secmark, CtKey::Secmark) => true,
        (CtKey::Zone | CtKey::ZoneIn(_), _) => true,
        (CtKey::Mark | CtKey::Secmark | CtKey::Label | CtKey::Helper, _) => false,
        _ => true,
    }
}

/// Whether a written header field may be, or share bytes with, this one.
const fn is_header(field: Field) -> bool {
    !matches!(
        field,
        Field::Iifname
            | Field::Oifname
            | Field::Iifgroup
            | Field::Oifgroup
            | Field::L4proto
            | Field::Nfproto
            | Field::Mark
            | Field::Ct(_)
            | Field::Skuid
            | Field::Skgid
            | Field::IpSaddr
            | Field::IpDaddr
            | Field::Ip6Saddr
            | Field::Ip6Daddr
            | Field::Sport(_)
            | Field::Dport(_)
    )
}
