//! The shortest way to write an interval: one value, a prefix, or two bounds.

use super::Kind;
use crate::packet::{DataType, Interval};

/// An interval of values, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Span {
    One(u128),
    /// Addresses that share their first `len` bits.
    Prefix {
        address: u128,
        len: u32,
    },
    Bounds(u128, u128),
}

impl Span {
    /// The span from `low` to `high`; `None` when they are out of order or too wide for the kind.
    pub fn new(low: u128, high: u128, kind: Kind) -> Option<Span> {
        if low > high || !kind.holds(high) {
            return None;
        }
        if low == high {
            return Some(Span::One(low));
        }
        let address = matches!(kind.data, DataType::Ipv4Addr | DataType::Ipv6Addr);
        let len = if address { Interval::new(low, high).prefix_len(kind.width) } else { None };
        Some(match len {
            Some(len) => Span::Prefix { address: low, len },
            None => Span::Bounds(low, high),
        })
    }

    /// The span of a prefix, whose bits behind `len` do not count; `None` when it is longer than the value.
    pub fn of_prefix(address: u128, len: u8, kind: Kind) -> Option<Span> {
        let rest = kind.width.checked_sub(len.into())?;
        let host = if rest >= 128 { u128::MAX } else { (1 << rest) - 1 };
        Span::new(address & !host, address | host, kind)
    }

    /// First and last value.
    pub fn bounds(self, kind: Kind) -> (u128, u128) {
        match self {
            Span::One(value) => (value, value),
            Span::Bounds(low, high) => (low, high),
            Span::Prefix { address, len } => {
                let rest = kind.width.saturating_sub(len);
                (address, address | if rest >= 128 { u128::MAX } else { (1 << rest) - 1 })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        let v4 = Kind { data: DataType::Ipv4Addr, width: 32 };
        let v6 = Kind { data: DataType::Ipv6Addr, width: 128 };
        assert_eq!(Span::new(0, 255, v4), Some(Span::Prefix { address: 0, len: 24 }));
        assert_eq!(Span::new(1, 255, v4), Some(Span::Bounds(1, 255)));
        assert_eq!(Span::new(7, 7, v4), Some(Span::One(7)));
        assert_eq!(Span::new(0, 255, Kind::PORT), Some(Span::Bounds(0, 255)));
        assert_eq!(Span::new(0, u128::MAX, v6), Some(Span::Prefix { address: 0, len: 0 }));
        assert_eq!(Span::new(2, 1, v4), None);
        assert_eq!(Span::new(0, 1 << 32, v4), None);
        assert_eq!(Span::of_prefix(0x0a01_0203, 8, v4), Some(Span::Prefix { address: 0x0a00_0000, len: 8 }));
        assert_eq!(Span::of_prefix(5, 32, v4), Some(Span::One(5)));
        assert_eq!(Span::of_prefix(5, 33, v4), None);
        assert_eq!(Span::of_prefix(5, 0, v6).map(|span| span.bounds(v6)), Some((0, u128::MAX)));
    }
}
