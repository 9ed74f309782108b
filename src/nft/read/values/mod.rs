//! Values: what stands right of an operator, in a set, or behind `set`.
//!
//! A value's spelling depends on the type of what it is compared with or assigned to; [`Type`]
//! carries that type from the left side to the right.

mod duration;
mod literal;
mod rhs;
mod units;

use smallvec::{SmallVec, smallvec};

use super::symbols::type_width;
use crate::nft::ast::{Expr, KeyType};
use crate::packet::{CtKey, DataType, ExthdrPart, Family, Field};

pub(super) use self::units::{byte_unit, time_unit};

/// How a value is to be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Type {
    /// A data type and its width in bits.
    Of(DataType, u32),
    /// An address of either family: its spelling tells.
    Address,
    /// Not known; only numbers and addresses can be read.
    Any,
}

/// The types of a concatenation's parts; one for a plain value.
pub(super) type Types = SmallVec<[Type; 4]>;

/// What a map's elements hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Want {
    Nothing,
    Verdict,
    /// Names of objects.
    Object,
    Values(Types),
}

/// Types of a declared set, for elements added later.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct SetShape {
    pub key: Types,
    pub data: Want,
}

impl Type {
    /// The type of a field's values in a table of this family.
    pub fn field(field: Field, family: Family) -> Self {
        match (field, family) {
            (Field::Ct(CtKey::Saddr(_) | CtKey::Daddr(_)), Family::Ip) => Type::Of(DataType::Ipv4Addr, 32),
            (Field::Ct(CtKey::Saddr(_) | CtKey::Daddr(_)), Family::Ip6) => Type::Of(DataType::Ipv6Addr, 128),
            (Field::Ct(CtKey::Saddr(_) | CtKey::Daddr(_)), Family::Inet) => Type::Address,
            (Field::Exthdr(_, ExthdrPart::SrhSid(_)), _) => Type::Of(DataType::Ipv6Addr, 128),
            _ => Type::Of(field.data_type(), field.width()),
        }
    }

    pub fn key(key: &KeyType, family: Family) -> Self {
        match key {
            KeyType::Type(data) => Type::Of(*data, type_width(*data)),
            KeyType::Typeof(field) => Type::field(*field, family),
        }
    }

    pub const fn port() -> Self {
        Type::Of(DataType::InetService, 16)
    }

    pub const fn integer(width: u32) -> Self {
        Type::Of(DataType::Integer, width)
    }

    /// Whether values are sets of bits, which commas join.
    pub const fn is_flags(self) -> bool {
        matches!(self, Type::Of(DataType::CtState | DataType::CtStatus | DataType::CtLabel | DataType::TcpFlag, _))
    }

    pub const fn width(self) -> u32 {
        match self {
            Type::Of(_, width) => width,
            Type::Address | Type::Any => 128,
        }
    }
}

/// The types of what an expression yields.
pub(super) fn types_of(expr: &Expr, family: Family) -> Types {
    match expr {
        Expr::Field(field) => smallvec![Type::field(*field, family)],
        Expr::Concat(parts) => parts.iter().flat_map(|part| types_of(part, family)).collect(),
        Expr::Binary { left, .. } => types_of(left, family),
        Expr::Numgen { .. } | Expr::Jhash { .. } | Expr::Symhash { .. } => smallvec![Type::integer(32)],
        _ => smallvec![Type::Any],
    }
}
