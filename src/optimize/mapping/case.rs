//! A rule seen as a row of a map.

use std::hash::BuildHasher;

use smallvec::SmallVec;

use super::Reading;
use crate::ir::{Component, Fields, NatTarget, Rule, Step, Test, Verdict};
use crate::nft::ast::{NatFlags, NatKind};
use crate::optimize::effects::ChainChanges;
use crate::optimize::shape;
use crate::packet::{CtKey, DataType, FibResult, Field, Interval, IntervalSet, L4};

/// How cases of one map do what they do.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    Verdict,
    Nat {
        kind: NatKind,
        flags: NatFlags,
        address: bool,
        port: bool,
    },
    /// Gives a field a constant, then ends in the verdict.
    Assign {
        field: Field,
        verdict: Verdict,
    },
}

/// What a row gives.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Data {
    Verdict(Verdict),
    Nat(NatTarget),
    Number(u128),
}

/// What a rule does, as a pass sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deed {
    pub kind: Kind,
    pub data: Data,
    /// No packet of the rule meets the next one.
    pub is_final: bool,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Case<'r> {
    pub deed: Deed,
    /// The fields that can be keys, sorted; ports are those of whatever protocol a column says.
    pub columns: SmallVec<[(Field, &'r Test); 3]>,
    /// All other tests, sorted.
    pub rest: Rest<'r>,
}

/// Tests that are no columns; most cases have none.
type Rest<'r> = SmallVec<[&'r Test; 2]>;

/// Rows that one rule may take: more read better as a set of their own.
pub const MOST_ROWS: usize = 16;

impl<'r> Case<'r> {
    /// The rule as a case, if it is one.
    pub fn of(rule: &'r Rule, chains: &ChainChanges, reading: Reading) -> Option<Self> {
        let deed = reading(rule).filter(|_| may_be(rule))?;
        let mut case = Case { deed, columns: SmallVec::new(), rest: Rest::new() };
        for test in rule.tests() {
            match column(test) {
                Some(field) if case.columns.iter().all(|(f, _)| *f != field) => case.columns.push((field, test)),
                _ => case.rest.push(test),
            }
        }
        if case.columns.is_empty() {
            return None;
        }
        let rows: usize = case.columns.iter().map(|(field, test)| count(*field, test)).product();
        let changes = chains.of_rule(rule);
        // A field that is asked twice would have to be both in the map and in front of it.
        let twice = case.rest.iter().flat_map(|test| test.fields()).any(|&field| {
            let field = general(field);
            case.columns.iter().any(|(column, _)| *column == field)
        });
        if twice || rows > MOST_ROWS || rule.tests().any(|test| changes.may_change_test(test)) {
            return None;
        }
        case.columns.sort_by_key(|(field, _)| *field);
        if case.rest.len() > 1 {
            case.rest.sort_by_cached_key(|test| rustc_hash::FxBuildHasher.hash_one(test));
        }
        Some(case)
    }

    /// What cases of one map have in common.
    pub fn key(&self) -> (Kind, Fields, Rest<'r>) {
        (self.deed.kind.clone(), self.columns.iter().map(|(field, _)| *field).collect(), self.rest.clone())
    }
}

/// Whether a rule may be a case, whatever it does: it tests something, keeps no state and counts nothing.
pub fn may_be(rule: &Rule) -> bool {
    !rule.steps.is_empty() && !rule.is_stateful() && rule.counters().is_none() && rule.notes().is_empty()
}

/// The steps of a rule before what it does, when they are all tests.
pub fn tests_first(rule: &Rule) -> bool {
    let tests = rule.steps.iter().take_while(|step| matches!(step, Step::Test(_))).count();
    tests == rule.tests().count()
}

/// The field of a test that can be a column: one of plain values, none of them a wildcard.
fn column(test: &Test) -> Option<Field> {
    match test {
        Test::In { field, set } if is_key(*field) => {
            let plain = !set.is_full(field.width()) && !shape::reads_negated(*field, set);
            plain.then(|| general(*field))
        }
        Test::Named { field, names, negated: false } if names.iter().all(|name| !name.wildcard) => Some(*field),
        _ => None,
    }
}

/// Fields that people dispatch on.
fn is_key(field: Field) -> bool {
    use Field as F;
    let header = matches!(
        field,
        F::L4proto | F::IpSaddr | F::IpDaddr | F::Ip6Saddr | F::Ip6Daddr | F::Sport(_) | F::Dport(_) | F::IpDscp
    ) || matches!(field, F::IcmpType | F::Icmp6Type | F::Ip6Dscp);
    let meta = matches!(field, F::Mark | F::Pkttype | F::Skuid | F::Skgid | F::Ct(CtKey::State | CtKey::Mark));
    header || meta || matches!(field, F::Fib { result: FibResult::Type, .. })
}

/// Ports are the same bits whatever the protocol.
pub const fn general(field: Field) -> Field {
    match field {
        Field::Sport(_) => Field::Sport(L4::Th),
        Field::Dport(_) => Field::Dport(L4::Th),
        other => other,
    }
}

/// The values of a column's test, each as one component of a row.
pub fn components(field: Field, test: &Test) -> SmallVec<[Component; 1]> {
    match test {
        Test::In { set, .. } => pieces(field, set).into_iter().map(Component::from).collect(),
        Test::Named { names, .. } => names.iter().cloned().map(Component::from).collect(),
        _ => SmallVec::new(),
    }
}

/// How many those are.
fn count(field: Field, test: &Test) -> usize {
    match test {
        Test::In { set, .. } if field != Field::Ct(CtKey::State) && set.as_point().is_some() => 1,
        Test::In { set, .. } => pieces(field, set).len(),
        Test::Named { names, .. } => names.len(),
        _ => 0,
    }
}

/// Values that people know by name stand alone, and so do two neighbouring ports.
fn pieces(field: Field, set: &IntervalSet) -> SmallVec<[Interval; 1]> {
    // A packet is in exactly one of these states.
    if field == Field::Ct(CtKey::State) {
        return [1, 2, 4, 8, 64].into_iter().filter(|&state| set.contains(state)).map(Interval::point).collect();
    }
    let most = match field.data_type() {
        DataType::InetProto | DataType::IcmpType | DataType::Icmp6Type | DataType::PktType | DataType::FibAddrType => {
            MOST_ROWS as u128
        }
        DataType::InetService => 2,
        _ => 1,
    };
    let mut pieces = SmallVec::new();
    for &i in set.intervals() {
        match i.hi - i.lo < most {
            true => pieces.extend((i.lo..=i.hi).map(Interval::point)),
            false => pieces.push(i),
        }
    }
    pieces
}
