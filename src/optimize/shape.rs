//! Rules that are the same but for the values of some tests.
//!
//! Invariant: only tests whose values can stand in a set are left out of a comparison; tests of bits,
//! of state and of chance never are.

use std::hash::{BuildHasher, Hash};

use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use super::commute::acts_last;
use crate::ir::{Rule, Step, Test, Verdict};
use crate::nft::version::{Feature, Target};
use crate::packet::{CtKey, DataType, Field, IntervalSet};

/// A hash of a rule's parts; taking a test out is a subtraction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Sum(u64);

impl Sum {
    /// Of all tests, in whatever order, and of all that the rule does.
    pub fn of(rule: &Rule) -> Self {
        let done: SmallVec<[_; 2]> = rule.statements().collect();
        let effect = (done.as_slice(), &rule.verdict, rule.origin.source);
        Sum(rule.tests().fold(hash(&effect), |sum, test| sum.wrapping_add(hash(test))))
    }

    /// Without one test.
    pub fn without(self, test: &Test) -> Self {
        Sum(self.0.wrapping_sub(hash(test)))
    }

    /// With a field that is tested for some values.
    pub fn with_field(self, field: Field) -> Self {
        Sum(self.0.wrapping_add(hash(&field)))
    }
}

fn hash(value: &impl Hash) -> u64 {
    FxBuildHasher.hash_one(value)
}

/// Whether a rule may be merged with others at all.
pub fn may_merge(rule: &Rule) -> bool {
    rule.counters().is_none() && may_merge_counted(rule)
}

/// Whether a rule may be merged with others if its counter is kept.
pub fn may_merge_counted(rule: &Rule) -> bool {
    rule.notes().is_empty()
        && !rule.is_stateful()
        && acts_last(rule)
        && (rule.verdict != Verdict::Continue || rule.statements().next().is_some())
}

/// The field, when the test asks for plain values that can stand in a set; tests of one field twice
/// do not.
pub fn field_of_values(rule: &Rule, test: &Test, target: Target) -> Option<Field> {
    let field = match test {
        Test::In { field, set } if !set.is_full(field.width()) && !set.is_empty() && fits_set(*field) => *field,
        Test::Named { field, names, negated: false } if are_names(*field) => {
            let wild = names.iter().any(|n| n.wildcard);
            (!wild || target.supports(Feature::WildcardInSet)).then_some(*field)?
        }
        _ => return None,
    };
    (rule.tests().filter(|t| t.fields().contains(&field)).count() == 1).then_some(field)
}

/// Whether the values are written as all but some (`!=`); as rows they would be the ranges around those.
pub fn reads_negated(field: Field, set: &IntervalSet) -> bool {
    set.complement(field.width()).intervals().len() < set.intervals().len()
}

/// Names that a set can hold.
fn are_names(field: Field) -> bool {
    field.data_type() == DataType::Ifname || field == Field::Ct(CtKey::Helper)
}

/// Times of day are read in the zone of whoever loads them, and time has no sets.
const fn fits_set(field: Field) -> bool {
    !matches!(field, Field::Hour | Field::Time | Field::SocketCgroupv2 { .. })
}

/// Fields whose values are values, not bits, and of a type that sets of every nft can have.
pub const fn is_plain(field: Field) -> bool {
    matches!(
        field.data_type(),
        DataType::Ifname
            | DataType::Ipv4Addr
            | DataType::Ipv6Addr
            | DataType::EtherAddr
            | DataType::InetService
            | DataType::Mark
            | DataType::Uid
            | DataType::Gid
    )
}

/// Rows that so many may become where boxes that overlap are cut apart: a quarter more. Where it takes more than
/// that, the rules read better as they were.
pub const fn most_when_cut(rows: usize) -> usize {
    rows.saturating_add(rows / 4)
}

/// Whether two rules are the same but for the steps that are named of each.
pub fn same_but(a: &Rule, vary: &[usize], b: &Rule, vary_too: &[usize]) -> bool {
    let rest = |rule: &Rule, vary: &[usize]| -> SmallVec<[usize; 4]> {
        (0..rule.steps.len()).filter(|at| !vary.contains(at)).collect()
    };
    let (ours, theirs) = (rest(a, vary), rest(b, vary_too));
    let pairs = || ours.iter().zip(&theirs).map(|(&x, &y)| (&a.steps[x], &b.steps[y]));
    a.origin.source == b.origin.source
        && a.verdict == b.verdict
        && ours.len() == theirs.len()
        && (pairs().all(|(x, y)| x == y) || same_in_any_order(a, &ours, b, &theirs))
}

/// Tests in any order, statements in theirs.
fn same_in_any_order(a: &Rule, ours: &[usize], b: &Rule, theirs: &[usize]) -> bool {
    let has = |rule: &Rule, at: &[usize], step: &Step| at.iter().any(|&y| rule.steps[y] == *step);
    a.statements().eq(b.statements())
        && ours.iter().all(|&x| has(b, theirs, &a.steps[x]))
        && theirs.iter().all(|&y| has(a, ours, &b.steps[y]))
}
