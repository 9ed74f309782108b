//! Which packets a rule can match, as far as single fields tell.
//!
//! A domain is a product: for each dimension (a field, or the bits of a field under a mask) the values
//! that the tests at the head of the rule allow. Invariant: a packet that matches the rule lies in its
//! domain; two rules whose domains share no value of some dimension never match the same packet.

use smallvec::SmallVec;

use super::effects::Changes;
use crate::ir::{Component, Name, Row, Rule, Step, Test};
use crate::packet::{Field, Interval, IntervalSet, L4};

/// What values are told apart by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Dim {
    /// A field's value; names count as 16 bytes, filled with zeros.
    Value(Field),
    /// The bits of a field under a mask.
    Masked(Field, u128),
}

/// See the module's documentation. A dimension that is not there allows every value.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Domain(SmallVec<[(Dim, IntervalSet); 1]>);

/// The one dimension of the domain of a rule that only tests whether one field has some values; without making the
/// domain.
pub fn only<'r>(rule: &'r Rule, changes: &Changes) -> Option<(Dim, &'r IntervalSet)> {
    let [Step::Test(test @ Test::In { field, set }), rest @ ..] = rule.steps.as_slice() else { return None };
    let lone = !matches!(rest.first(), Some(Step::Test(_))) && field.protocol().is_none();
    (lone && !changes.may_change_test(test)).then(|| (Dim::Value(plain(*field)), set))
}

impl Domain {
    /// Of the tests before the first statement, without those that the rule itself may outdate.
    pub fn of(rule: &Rule, changes: &Changes) -> Self {
        let mut domain = Domain::default();
        for step in &rule.steps {
            match step {
                Step::Test(test) if test.is_stateful() => break,
                Step::Test(test) if changes.may_change_test(test) => {}
                Step::Test(test) => domain.test(test),
                Step::Do(_) => break,
            }
        }
        domain
    }

    /// The dimensions and the values they allow.
    pub fn dims(&self) -> impl Iterator<Item = (Dim, &IntervalSet)> {
        self.0.iter().map(|(dim, set)| (*dim, set))
    }

    /// The values that a dimension allows; every value when `None`.
    pub fn get(&self, dim: Dim) -> Option<&IntervalSet> {
        self.dims().find(|(d, _)| *d == dim).map(|(_, set)| set)
    }

    /// Whether no packet lies in both.
    pub fn is_disjoint(&self, other: &Domain) -> bool {
        self.dims().any(|(dim, set)| other.get(dim).is_some_and(|o| !set.intersects(o)))
    }

    fn test(&mut self, test: &Test) {
        if let Some(protocol) = test.fields().iter().find_map(|f| f.protocol()) {
            self.narrow(Dim::Value(Field::L4proto), IntervalSet::point(protocol.into()));
        }
        match test {
            Test::In { field, set } => self.narrow(Dim::Value(plain(*field)), set.clone()),
            Test::Bits(bits) => {
                let point = IntervalSet::point(bits.value);
                let set = if bits.negated { point.complement(bits.field.width()) } else { point };
                self.narrow(Dim::Masked(bits.field, bits.mask), set);
            }
            Test::Named { field, names, negated } => {
                if let Some(set) = names.iter().map(name_interval).collect::<Option<IntervalSet>>() {
                    let set = if *negated { set.complement(NAME_BITS) } else { set };
                    self.narrow(Dim::Value(*field), set);
                }
            }
            Test::Tuple { fields, rows, negated: false } => {
                for (at, field) in fields.iter().enumerate() {
                    if let Some(set) = column(rows, at) {
                        self.narrow(Dim::Value(plain(*field)), set);
                    }
                }
            }
            Test::Tuple { .. } | Test::Lookup { .. } | Test::Numgen { .. } | Test::Hash { .. } => {}
        }
    }

    fn narrow(&mut self, dim: Dim, set: IntervalSet) {
        match self.0.iter_mut().find(|(d, _)| *d == dim) {
            Some((_, known)) => *known = known.intersection(&set),
            None => self.0.push((dim, set)),
        }
    }
}

/// Bits of a name's buffer.
const NAME_BITS: u32 = 128;

/// A name as a number: its bytes, the first one highest; a wildcard is all that begins so.
pub fn name_interval(name: &Name) -> Option<Interval> {
    let bytes = name.text.as_slice();
    let (mut lo, mut hi) = ([0u8; 16], [if name.wildcard { 0xff } else { 0 }; 16]);
    lo.get_mut(..bytes.len())?.copy_from_slice(bytes);
    hi.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(Interval::new(u128::from_be_bytes(lo), u128::from_be_bytes(hi)))
}

fn column(rows: &[Row], at: usize) -> Option<IntervalSet> {
    let interval = |row: &Row| match row.get(at)? {
        Component::Interval(i) => Some(*i),
        Component::Name(name) => name_interval(name),
    };
    rows.iter().map(interval).collect()
}

/// Ports are the same bits whatever the protocol; the protocol is a dimension of its own.
const fn plain(field: Field) -> Field {
    match field {
        Field::Sport(_) => Field::Sport(L4::Th),
        Field::Dport(_) => Field::Dport(L4::Th),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Bits, Origin, Verdict};

    fn domain(tests: Vec<Test>) -> Domain {
        let rule = Rule::new(tests.into_iter().map(Step::Test), Verdict::Accept, Origin::default());
        Domain::of(&rule, &Changes::default())
    }

    fn named(text: &str, wildcard: bool, negated: bool) -> Test {
        let name = Name { text: text.into(), wildcard };
        Test::Named { field: Field::Iifname, names: [name].into_iter().collect(), negated }
    }

    #[test]
    fn what_never_matches_together() {
        let tcp = |port| Test::is(Field::Dport(L4::Tcp), port);
        let bits = |value, negated| Test::from(Bits { field: Field::TcpFlags, mask: 0x12, value, negated });
        let cases = [
            (tcp(80), tcp(443), true),
            (tcp(80), Test::between(Field::Dport(L4::Tcp), 1, 100), false),
            (tcp(80), Test::is(Field::Dport(L4::Udp), 80), true),
            (tcp(80), Test::is(Field::Dport(L4::Th), 80), false),
            (tcp(80), Test::is(Field::L4proto, 17), true),
            (tcp(80), Test::is(Field::IpSaddr, 1), false),
            (bits(2, false), bits(0x12, false), true),
            (bits(2, false), bits(2, true), true),
            (bits(2, true), bits(0x10, false), false),
            (named("eth0", false, false), named("eth1", false, false), true),
            (named("eth0", false, false), named("eth", true, false), false),
            (named("eth", true, true), named("eth7", false, false), true),
            (named("ppp", true, false), named("eth", true, false), true),
        ];
        for (a, b, disjoint) in cases {
            let shown = format!("{a:?} {b:?}");
            assert_eq!(domain(vec![a]).is_disjoint(&domain(vec![b])), disjoint, "{shown}");
        }
    }
}
