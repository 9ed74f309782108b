//! Rules that are the same but for the values of some tests.
//!
//! Invariant: only tests whose values can stand in a set are left out of a comparison; tests of bits,
//! of state and of chance never are.

use std::hash::{BuildHasher, Hash};

use rustc_hash::FxBuildHasher;

use super::commute::{acts_last, do_the_same};
use crate::ir::{Rule, Step, Test, Verdict};
use crate::nft::version::{Feature, Target};
use crate::packet::{CtKey, DataType, Field, IntervalSet};

/// A hash of a rule's parts; taking a test out is a subtraction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Sum(pub u64);

impl Sum {
    /// Of all that a rule does, which has this number by [`super::deeds`], and of where it comes from.
    pub fn of_deed(number: u32, rule: &Rule) -> Self {
        Sum(hash(&(number, rule.origin.source())))
    }

    /// Of one test.
    pub fn of_test(test: &Test) -> Self {
        Sum(hash(test))
    }

    /// With the tests of the rule, in whatever order.
    pub fn with_tests(self, rule: &Rule) -> Self {
        rule.tests().map(Sum::of_test).fold(self, Sum::with)
    }

    /// With one test more.
    pub const fn with(self, test: Sum) -> Self {
        Sum(self.0.wrapping_add(test.0))
    }

    /// Without one test.
    pub const fn without(self, test: Sum) -> Self {
        Sum(self.0.wrapping_sub(test.0))
    }

    /// With a field that is tested for some values.
    pub fn with_field(self, field: Field) -> Self {
        Sum(self.0.wrapping_add(hash(&field)))
    }
}

/// Rules that are compared one by one; in longer chains nearly always some do the same.
const FEW: usize = 8;

/// Whether any two rules may do the same. Most chains of a long dump are short and have none.
pub fn may_have_twins(rules: &[Rule]) -> bool {
    let is_twin = |(at, rule): (usize, &Rule)| rules[..at].iter().any(|before| do_the_same(before, rule));
    rules.len() > FEW || rules.iter().enumerate().any(is_twin)
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

/// The field, when the test asks for plain values that can stand in a set: names or numbers, as the field has it; tests
/// of one field twice do not.
pub fn field_of_values(rule: &Rule, test: &Test, twice: &Twice, target: Target) -> Option<Field> {
    let field = match test {
        Test::In { field, set } if !set.is_empty() && fits_set(*field) && !are_names(*field) => {
            let from_zero = set.intervals().first().is_some_and(|first| first.lo == 0);
            Some(*field).filter(|field| !(from_zero && set.is_full(field.width())))?
        }
        Test::Named { field, names, negated: false } if are_names(*field) => {
            let wild = names.iter().any(|n| n.wildcard);
            (!wild || target.supports(Feature::WildcardInSet)).then_some(*field)?
        }
        _ => return None,
    };
    (!twice.may_be(field) || rule.tests().filter(|t| t.fields().contains(&field)).count() == 1).then_some(field)
}

/// Which fields a rule may test more than once, as bits of their hashes: nearly always none.
#[derive(Clone, Copy, Default)]
pub struct Twice {
    once: u64,
    twice: u64,
}

impl Twice {
    /// Of the fields that a rule tests.
    pub fn of(rule: &Rule) -> Self {
        let mut seen = Twice::default();
        if rule.steps.len() < 2 {
            return seen;
        }
        for field in rule.tests().flat_map(Test::fields) {
            let bit = Twice::bit(*field);
            seen.twice |= seen.once & bit;
            seen.once |= bit;
        }
        seen
    }

    /// Whether more than one test may ask for the field.
    pub fn may_be(self, field: Field) -> bool {
        self.twice != 0 && self.twice & Twice::bit(field) != 0
    }

    fn bit(field: Field) -> u64 {
        1 << (hash(&field) >> 58)
    }
}

/// Whether the values are written as all but some (`!=`); as rows they would be the ranges around those.
pub fn reads_negated(field: Field, set: &IntervalSet) -> bool {
    set.gaps(field.width()) < set.intervals().len()
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
    a.origin.source() == b.origin.source()
        && a.verdict == b.verdict
        && a.steps.len() + vary_too.len() == b.steps.len() + vary.len()
        && (a.steps.len() == vary.len()
            || rest(a, vary).eq(rest(b, vary_too))
            || same_in_any_order(a, vary, b, vary_too))
}

/// The steps but for some.
fn rest<'r>(rule: &'r Rule, vary: &[usize]) -> impl Iterator<Item = &'r Step> {
    rule.steps.iter().enumerate().filter(|(at, _)| !vary.contains(at)).map(|(_, step)| step)
}

/// Tests in any order, statements in theirs.
fn same_in_any_order(a: &Rule, vary: &[usize], b: &Rule, vary_too: &[usize]) -> bool {
    a.statements().eq(b.statements())
        && rest(a, vary).all(|step| rest(b, vary_too).any(|other| other == step))
        && rest(b, vary_too).all(|step| rest(a, vary).any(|other| other == step))
}
