//! Tests: what must hold of a packet. Pure, so they commute with each other.

use bstr::BString;
use smallvec::SmallVec;

use super::{Fields, KeyPart, SetId};
use crate::packet::{Field, Interval, IntervalSet};

/// A condition on one field, or on several at once.
///
/// A test of a field that the packet does not have is false, as nft breaks off the rule there.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Test {
    /// The field's value is in the set.
    In {
        field: Field,
        set: IntervalSet,
    },
    Bits(Box<Bits>),
    /// The name is one of these, or none of these when negated.
    Named {
        field: Field,
        names: SmallVec<[Name; 1]>,
        negated: bool,
    },
    /// The fields together are one of the rows (a concatenation).
    Tuple {
        fields: Fields,
        rows: Box<[Row]>,
        negated: bool,
    },
    /// The fields together are in a named set, each seen through its mask; no masks: all bits of all fields.
    Lookup {
        fields: Fields,
        masks: Box<[Option<u128>]>,
        set: SetId,
        negated: bool,
    },
    /// `numgen random|inc mod M` in the set: random or counting, hence never merged or moved.
    Numgen {
        random: bool,
        modulus: u32,
        set: IntervalSet,
    },
    /// `jhash` of the fields, modulo, in the set.
    Hash {
        fields: Fields,
        modulus: u32,
        seed: u32,
        set: Box<IntervalSet>,
    },
}

/// `(field & mask) == value`, or `!=` when negated.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Bits {
    pub field: Field,
    pub mask: u128,
    pub value: u128,
    pub negated: bool,
}

/// An interface or other name; `wildcard` when it ends in `*`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Name {
    pub text: BString,
    pub wildcard: bool,
}

/// One component of a row.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Component {
    Interval(Interval),
    Name(Name),
}

/// Values of several fields at once.
pub type Row = SmallVec<[Component; 1]>;

impl Test {
    /// Whether the same packet can get different answers at different times.
    pub const fn is_stateful(&self) -> bool {
        matches!(self, Test::Numgen { .. })
    }

    /// The fields that the test reads.
    pub fn fields(&self) -> &[Field] {
        match self {
            Test::In { field, .. } | Test::Named { field, .. } => std::slice::from_ref(field),
            Test::Bits(bits) => std::slice::from_ref(&bits.field),
            Test::Tuple { fields, .. } | Test::Lookup { fields, .. } | Test::Hash { fields, .. } => fields,
            Test::Numgen { .. } => &[],
        }
    }

    /// The fields together are in the set, or outside it when negated.
    pub fn lookup(fields: &[Field], set: SetId, negated: bool) -> Self {
        Test::Lookup { fields: fields.iter().copied().collect(), masks: Box::default(), set, negated }
    }

    /// The fields, each seen through its mask, are together in the set.
    pub fn in_set(key: &[KeyPart], set: SetId) -> Self {
        let masked = key.iter().any(|part| part.mask.is_some());
        let masks = key.iter().map(|part| part.mask).filter(|_| masked).collect();
        Test::Lookup { fields: key.iter().map(|part| part.field).collect(), masks, set, negated: false }
    }

    /// Of a lookup: not in the set.
    pub fn outside(&self) -> Option<Self> {
        match self {
            Test::Lookup { fields, masks, set, negated: false } => {
                Some(Test::Lookup { fields: fields.clone(), masks: masks.clone(), set: *set, negated: true })
            }
            _ => None,
        }
    }

    /// The field equals the value.
    pub fn is(field: Field, value: u128) -> Self {
        Test::In { field, set: IntervalSet::point(value) }
    }

    /// The field lies between the bounds, both included.
    pub fn between(field: Field, lo: u128, hi: u128) -> Self {
        Test::In { field, set: IntervalSet::range(lo, hi) }
    }

    /// The field's value is in the set, or outside it when negated.
    pub fn within(field: Field, set: IntervalSet, negated: bool) -> Self {
        Test::In { field, set: if negated { set.complement(field.width()) } else { set } }
    }
}

impl Bits {
    /// Whether no packet passes both, as far as they tell by themselves: the same bits are to have two values.
    pub fn clashes(&self, other: &Bits) -> bool {
        let same_bits = (self.field, self.mask) == (other.field, other.mask);
        same_bits && !self.negated && !other.negated && self.value != other.value
    }
}

impl From<Bits> for Test {
    fn from(bits: Bits) -> Self {
        Test::Bits(Box::new(bits))
    }
}

impl From<Interval> for Component {
    fn from(interval: Interval) -> Self {
        Component::Interval(interval)
    }
}

impl From<Name> for Component {
    fn from(name: Name) -> Self {
        Component::Name(name)
    }
}
