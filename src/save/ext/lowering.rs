//! What an extension says when it is lowered, and what it may ask while it does.
//!
//! An extension states *what* must hold or be done; how that becomes rules (guards, helper
//! chains, alternatives) is decided once, in `lower`.
//! Invariant: conditions are exact. What cannot be said exactly is a `Refusal`.

use std::collections::BTreeSet;

use bstr::BString;

use crate::ir::{self, Bits, Name, Step, Test, Verdict};
use crate::packet::{Family, Field, Hook, Interval, IntervalSet};
use crate::save::ast::TableKind;
use crate::save::option::{Interface, Net, Value};

/// Something that must hold for a rule to match. Conditions of a rule are evaluated in order.
#[derive(Clone, PartialEq, Debug)]
pub enum Cond {
    /// A test, or a stateful statement that lets pass or not (limit, quota ...).
    Step(Step),
    /// One of these lists of steps holds entirely. At most one of them does for any packet.
    OneOf(Vec<Vec<Step>>),
    /// One or more of these lists of steps hold entirely; none of them keeps state.
    AnyOf(Vec<Vec<Step>>),
    /// True exactly where these steps do not all hold, also where a step breaks off because the
    /// packet lacks the field.
    Not(Vec<Step>),
    /// Always true, and done on the way as far as the steps go: what they are breaks off alone, not the rule.
    Also(Vec<Step>),
    /// Never true.
    Never,
    /// A test of data behind the network header, which iptables never matches on a later
    /// fragment. Holds where the packet is no such fragment.
    NotLaterFragment,
}

/// What a target does.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// Decides.
    Verdict(Verdict),
    /// Does something and goes on with the next rule.
    Statements(Vec<ir::Statement>),
    /// Does something, then decides.
    Then(Vec<ir::Statement>, Verdict),
    /// Rules run one after the other as if they stood in a chain that is jumped to; a packet
    /// that none of them decides goes on behind the rule.
    Block(Vec<ir::Rule>),
}

/// Why a use of an extension cannot be translated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// A short stable name.
    pub code: &'static str,
    /// The option that is the trouble; the whole part when `None`.
    pub option: Option<&'static str>,
    /// One sentence without a final dot.
    pub reason: String,
    /// The next step.
    pub help: String,
}

impl Refusal {
    pub fn new(code: &'static str, reason: impl Into<String>, help: impl Into<String>) -> Self {
        Refusal { code, option: None, reason: reason.into(), help: help.into() }
    }

    /// Points at one option.
    #[must_use]
    pub fn at(mut self, option: &'static str) -> Self {
        self.option = Some(option);
        self
    }
}

/// What lowering of one rule knows and collects.
#[derive(Debug)]
pub struct Cx<'a> {
    pub family: Family,
    pub table_kind: TableKind,
    /// The hook when the rule stands in a base chain.
    pub hook: Option<Hook>,
    /// The hooks from which the rule can be reached.
    pub hooks: &'a [Hook],
    /// Protocol of the rule's head: number and negation.
    pub protocol: Option<(u8, bool)>,
    /// The rule's matches.
    pub matches: &'a [crate::save::ast::Part],
    /// What will load the output.
    pub target: &'a crate::nft::version::Target,
    /// What `ipset save` said.
    pub ipsets: &'a crate::save::ipset::Ipsets,
    /// The sets that rules write to.
    pub written: &'a super::written::Written,
    /// Fragments are put together before any rule of the output sees them.
    pub reassembled: bool,
    /// `--approximate` was given.
    pub approximate: bool,
    /// Names of hashlimit's buckets that rules of several tables use; iptables has them once for all tables.
    pub shared_buckets: &'a BTreeSet<BString>,
    /// The table being built: sets and objects are added here.
    pub table: &'a mut ir::Table,
    /// The table's sets by name.
    pub sets: &'a mut super::dynamic::KnownSets,
    /// Comments that extensions attach to the rule.
    pub comments: &'a mut Vec<BString>,
    /// What the reader of the output must be told about the rule.
    pub notes: &'a mut Vec<BString>,
}

impl Cond {
    /// The step where it is no more than that.
    pub fn into_step(self) -> Option<Step> {
        match self {
            Cond::Step(step) => Some(step),
            _ => None,
        }
    }
}

impl From<Step> for Cond {
    fn from(step: Step) -> Self {
        Cond::Step(step)
    }
}

impl From<Test> for Cond {
    fn from(test: Test) -> Self {
        Cond::Step(Step::Test(test))
    }
}

impl From<ir::Statement> for Cond {
    fn from(statement: ir::Statement) -> Self {
        Cond::Step(statement.into())
    }
}

impl Cx<'_> {
    /// Source or destination address of the family's network header.
    pub const fn saddr(&self) -> Field {
        if matches!(self.family, Family::Ip6) { Field::Ip6Saddr } else { Field::IpSaddr }
    }

    /// See `saddr`.
    pub const fn daddr(&self) -> Field {
        if matches!(self.family, Family::Ip6) { Field::Ip6Daddr } else { Field::IpDaddr }
    }

    /// Tells the reader of the output how the rule differs from the dump's.
    pub fn differs(&mut self, how: &str) {
        self.notes.push(format!("approximate: {how}").into());
    }
}

/// A test, or the knowledge that none is needed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fact {
    Test(Test),
    Always,
    Never,
}

impl Fact {
    /// As a condition; nothing when it always holds.
    pub fn cond(self) -> Option<Cond> {
        match self {
            Fact::Test(test) => Some(test.into()),
            Fact::Always => None,
            Fact::Never => Some(Cond::Never),
        }
    }

    const fn known(holds: bool) -> Self {
        if holds { Fact::Always } else { Fact::Never }
    }
}

/// The field's value in the set, or outside it when negated. For fields that every packet has.
pub fn within(field: Field, set: IntervalSet, negated: bool) -> Fact {
    if set.is_empty() {
        return Fact::known(negated);
    }
    if set.is_full(field.width()) {
        return Fact::known(!negated);
    }
    Fact::Test(Test::within(field, set, negated))
}

/// `(field & mask) == value`, or `!=` when negated; a value outside its mask is never equal.
pub fn masked(field: Field, value: u128, mask: u128, negated: bool) -> Fact {
    let all = IntervalSet::full(field.width());
    if value & !mask != 0 {
        return Fact::known(negated);
    }
    if mask == 0 {
        return Fact::known(!negated);
    }
    Fact::Test(if all.intervals().first().is_some_and(|i| i.hi == mask) {
        Test::within(field, IntervalSet::point(value), negated)
    } else if field == Field::Ip6Dscp {
        // nft compares `ip6 dscp & 0xf` by the first of its two bytes, in every version until 1.1.7.
        let set = (0..1 << field.width()).filter(|n| n & mask == value).map(Interval::point).collect();
        Test::within(field, set, negated)
    } else {
        Test::from(Bits { field, mask, value, negated })
    })
}

/// An address in a network, or outside it when negated.
pub fn net(field: Field, net: &Net, negated: bool, family: Family) -> Fact {
    match net.interval(family) {
        Some(interval) => within(field, interval.into(), negated),
        None => masked(field, net.address & net.mask, net.mask, negated),
    }
}

/// The values between two ends, both included; none when the first is larger.
pub fn span(lo: u128, hi: u128) -> IntervalSet {
    if lo > hi { IntervalSet::empty() } else { IntervalSet::range(lo, hi) }
}

/// A field in a set of ports or other numbers given as ranges.
pub fn ranges(ranges: &[(u64, u64)]) -> IntervalSet {
    ranges.iter().map(|&(lo, hi)| Interval::new(lo.into(), hi.into())).collect()
}

/// `-i eth+` and its kin; iptables takes a bare `+` for any interface.
pub fn interface(field: Field, interface: &Interface, negated: bool) -> Option<Cond> {
    if interface.name.is_empty() && interface.wildcard {
        return negated.then_some(Cond::Never);
    }
    let name = Name { text: interface.name.clone(), wildcard: interface.wildcard };
    Some(Test::Named { field, names: smallvec::smallvec![name], negated }.into())
}

/// A number of a header (a port, an index) in a range of an option. A test of all of them stays,
/// since it asks for the header.
pub fn in_range(field: Field, value: &Value, negated: bool) -> Option<Cond> {
    let Value::Range(lo, hi) = *value else { return None };
    let all = IntervalSet::full(field.width());
    let inside = span(lo.into(), hi.into()).intersection(&all);
    let set = if negated { all.difference(&inside) } else { inside };
    Some(if set.is_empty() { Cond::Never } else { Test::In { field, set }.into() })
}
