//! What kind of value an expression has: the type that decides how constants beside it are written.

use smallvec::SmallVec;

use crate::nft::ast::{Expr, KeyType};
use crate::packet::{CtKey, DataType, Family, Field, SocketKey};

/// Data type and width in bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kind {
    pub data: DataType,
    pub width: u32,
}

impl Kind {
    pub const PORT: Kind = Kind { data: DataType::InetService, width: 16 };
    /// Hashes and `numgen`.
    pub const NUMBER: Kind = Kind { data: DataType::Integer, width: 32 };

    /// The kind of a field's values in a table of `family`.
    pub fn of_field(field: Field, family: Family) -> Kind {
        match field {
            Field::Ct(CtKey::Saddr(_) | CtKey::Daddr(_)) => match Kind::address(family) {
                Some(kind) => kind,
                None => Kind { data: DataType::Integer, width: 128 },
            },
            // Written 0 and 1, where header and option tests are written `missing` and `exists`.
            Field::Nftrace | Field::Socket(SocketKey::Transparent | SocketKey::Wildcard) => {
                Kind { data: DataType::Integer, width: 1 }
            }
            _ => Kind { data: field.data_type(), width: field.width() },
        }
    }

    /// The kind of a family's addresses; an inet table has two.
    pub const fn address(family: Family) -> Option<Kind> {
        match family {
            Family::Ip => Some(Kind { data: DataType::Ipv4Addr, width: 32 }),
            Family::Ip6 => Some(Kind { data: DataType::Ipv6Addr, width: 128 }),
            Family::Inet => None,
        }
    }

    /// The kind of one component of a set's key or data.
    pub fn of_key(key: &KeyType, family: Family) -> Kind {
        match key {
            KeyType::Type(data) => Kind { data: *data, width: width_of(*data) },
            KeyType::Typeof(field) => Kind::of_field(*field, family),
        }
    }

    /// Whether values are sets of bits, which nft tests bit by bit when no operator is written.
    pub const fn is_bits(self) -> bool {
        matches!(self.data, DataType::CtState | DataType::CtStatus | DataType::CtLabel | DataType::TcpFlag)
    }

    /// Whether `value` fits.
    pub const fn holds(self, value: u128) -> bool {
        self.width >= 128 || value >> self.width == 0
    }
}

/// The kinds of an expression's components: one, or one per part of a concatenation. Empty for
/// constants, whose kind is that of what stands beside them.
pub fn kinds_of(expr: &Expr, family: Family) -> SmallVec<[Kind; 2]> {
    let mut kinds = SmallVec::new();
    match expr {
        Expr::Concat(parts) => kinds.extend(parts.iter().filter_map(|part| kind_of_value(part, family))),
        _ => kind_of_value(expr, family).into_iter().for_each(|kind| kinds.push(kind)),
    }
    kinds
}

/// The kind of an expression that is no concatenation: that of the leftmost operand that has one.
fn kind_of_value(expr: &Expr, family: Family) -> Option<Kind> {
    let (mut at, mut other) = (expr, None);
    while let Expr::Binary { left, right, .. } = at {
        (at, other) = (left, Some(right.as_ref()));
    }
    match at {
        Expr::Field(field) => Some(Kind::of_field(*field, family)),
        Expr::Numgen { .. } | Expr::Jhash { .. } | Expr::Symhash { .. } => Some(Kind::NUMBER),
        _ => match other {
            Some(Expr::Field(field)) => Some(Kind::of_field(*field, family)),
            _ => None,
        },
    }
}

/// Width of a type's values in bits, where the type alone decides it.
const fn width_of(data: DataType) -> u32 {
    use DataType as T;
    match data {
        T::Boolean | T::CtDir => 1,
        T::Ecn => 2,
        T::Day => 3,
        T::DccpType => 4,
        T::Dscp => 6,
        T::InetProto | T::NfProto | T::PktType | T::TcpFlag | T::MhType | T::FibAddrType => 8,
        T::IcmpType | T::IcmpCode | T::Icmp6Type | T::Icmp6Code | T::IgmpType => 8,
        T::EtherType | T::InetService => 16,
        T::Hour => 17,
        T::EtherAddr => 48,
        T::Cgroupv2 | T::Time => 64,
        T::Ipv6Addr | T::CtLabel | T::Ifname | T::String => 128,
        T::Integer | T::Devgroup | T::Ipv4Addr | T::Mark | T::Uid | T::Gid | T::Realm | T::Classid => 32,
        T::CtState | T::CtStatus | T::Milliseconds | T::IfIndex => 32,
    }
}
