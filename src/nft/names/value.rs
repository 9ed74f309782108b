//! How one number is written: by its name, or as the literal its type calls for.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Kind, name_of};
use crate::packet::DataType;

/// Where a number stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// A value of its own; a name is welcome.
    Alone,
    /// A bound of a range: names with `-` in them would be misread, so numbers only.
    Bound,
    /// Beside a bit mask: numbers in hexadecimal.
    Masked,
}

/// A number as nft writes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Spelling {
    Word(&'static str),
    /// A name that nft takes only in quotes.
    Quoted(&'static str),
    Decimal(u128),
    /// Hexadecimal, with so many digits at least.
    Hex(u128, usize),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
    Ether(u64),
    /// Major and minor number of a traffic class, in hexadecimal.
    Class(u16, u16),
    /// Milliseconds.
    Duration(u64),
}

impl fmt::Display for Spelling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Spelling::Word(word) => f.write_str(word),
            Spelling::Quoted(word) => write!(f, "\"{word}\""),
            Spelling::Decimal(value) => write!(f, "{value}"),
            Spelling::Hex(value, digits) => write!(f, "0x{value:0digits$x}"),
            Spelling::V4(address) => write!(f, "{address}"),
            Spelling::V6(address) => write!(f, "{address}"),
            Spelling::Ether(address) => {
                let [_, _, a, b, c, d, e, g] = address.to_be_bytes();
                write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
            }
            Spelling::Class(major, minor) => write!(f, "{major:x}:{minor:x}"),
            Spelling::Duration(time) => f.write_str(&precise_duration(*time)),
        }
    }
}

/// Seconds as nft lists them: `1d2h3m4s`.
pub fn duration(seconds: u64) -> String {
    let parts = [(seconds / 86400, 'd'), (seconds / 3600 % 24, 'h'), (seconds / 60 % 60, 'm'), (seconds % 60, 's')];
    let text: String = parts.iter().filter(|(n, _)| *n != 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Milliseconds as nft lists them: `1m3s20ms`.
fn precise_duration(time: u64) -> String {
    match (time / 1000, time % 1000) {
        (seconds, 0) => duration(seconds),
        (0, rest) => format!("{rest}ms"),
        (seconds, rest) => format!("{}{rest}ms", duration(seconds)),
    }
}

/// Nanoseconds in a second: numeric `meta time` is in seconds.
const NANOSECONDS: u128 = 1_000_000_000;

/// The spelling of `value`, or `None` when nft has none: the value is too wide, or the type's
/// values are strings. Values of several named bits are spelled by `bit_names` instead.
pub fn spell(kind: Kind, value: u128, place: Place) -> Option<Spelling> {
    use DataType as T;
    if !kind.holds(value) {
        return None;
    }
    if place == Place::Alone
        && let Some(word) = name_of(kind.data, value)
    {
        return Some(Spelling::Word(word));
    }
    let narrow = u64::try_from(value).unwrap_or(u64::MAX);
    Some(match kind.data {
        T::Ipv4Addr => Spelling::V4(Ipv4Addr::from(u32::try_from(value).ok()?)),
        T::Ipv6Addr => Spelling::V6(Ipv6Addr::from(value)),
        T::EtherAddr => Spelling::Ether(narrow),
        T::Mark => Spelling::Hex(value, 8),
        T::EtherType => Spelling::Hex(value, 4),
        T::Dscp => Spelling::Hex(value, 2),
        T::CtState | T::CtStatus | T::TcpFlag => Spelling::Hex(value, 1),
        T::Classid => classid(value, place)?,
        T::Day if place == Place::Alone => Spelling::Quoted(day(value)?),
        T::Time if value.is_multiple_of(NANOSECONDS) => Spelling::Decimal(value / NANOSECONDS),
        T::Milliseconds => Spelling::Duration(narrow),
        T::Boolean if place == Place::Alone => Spelling::Word(if value == 0 { "missing" } else { "exists" }),
        T::Time | T::CtLabel | T::Ifname | T::String | T::Cgroupv2 => return None,
        T::Integer if place == Place::Masked || value > u128::from(u64::MAX) => Spelling::Hex(value, 1),
        _ => Spelling::Decimal(value),
    })
}

fn classid(value: u128, place: Place) -> Option<Spelling> {
    let value = u32::try_from(value).ok()?;
    Some(match (value, place) {
        (0, Place::Alone) => Spelling::Word("none"),
        (u32::MAX, Place::Alone) => Spelling::Word("root"),
        (_, Place::Masked) => Spelling::Hex(value.into(), 8),
        _ => Spelling::Class((value >> 16) as u16, (value & 0xffff) as u16),
    })
}

fn day(value: u128) -> Option<&'static str> {
    let days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
    days.get(usize::try_from(value).ok()?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(data: DataType, width: u32, value: u128, place: Place, expect: Option<&str>) {
        let text = spell(Kind { data, width }, value, place).map(|s| s.to_string());
        assert_eq!(text.as_deref(), expect, "{data:?} {value}");
    }

    #[test]
    fn numbers_are_spelled_by_type() {
        use DataType as T;
        check(T::InetProto, 8, 6, Place::Alone, Some("tcp"));
        check(T::InetProto, 8, 58, Place::Alone, Some("icmpv6"));
        check(T::InetProto, 8, 47, Place::Alone, Some("47"));
        check(T::InetProto, 8, 6, Place::Bound, Some("6"));
        check(T::InetProto, 8, 256, Place::Alone, None);
        check(T::InetService, 16, 22, Place::Alone, Some("22"));
        check(T::Ipv4Addr, 32, 0x0a00_0001, Place::Alone, Some("10.0.0.1"));
        check(T::Ipv6Addr, 128, 1, Place::Alone, Some("::1"));
        check(T::EtherAddr, 48, 0x0011_2233_4455, Place::Alone, Some("00:11:22:33:44:55"));
        check(T::Mark, 32, 1, Place::Alone, Some("0x00000001"));
        check(T::EtherType, 16, 0x88cc, Place::Alone, Some("0x88cc"));
        check(T::Dscp, 6, 5, Place::Alone, Some("0x05"));
        check(T::Classid, 32, 0x10010, Place::Alone, Some("1:10"));
        check(T::Classid, 32, 0, Place::Alone, Some("none"));
        check(T::Day, 3, 1, Place::Alone, Some("\"Monday\""));
        check(T::Day, 3, 1, Place::Bound, Some("1"));
        check(T::Day, 3, 7, Place::Alone, None);
        check(T::Time, 64, 1_700_000_000_000_000_000, Place::Alone, Some("1700000000"));
        check(T::Time, 64, 1_700_000_000_000_000_001, Place::Alone, None);
        check(T::Milliseconds, 32, 3_723_000, Place::Alone, Some("1h2m3s"));
        check(T::Milliseconds, 32, 20_999, Place::Bound, Some("20s999ms"));
        check(T::Milliseconds, 32, 7, Place::Bound, Some("7ms"));
        check(T::Hour, 17, 28800, Place::Alone, Some("28800"));
        check(T::Integer, 16, 8191, Place::Masked, Some("0x1fff"));
        check(T::Integer, 16, 8191, Place::Alone, Some("8191"));
        check(T::Ifname, 128, 1, Place::Alone, None);
        check(T::Boolean, 1, 1, Place::Alone, Some("exists"));
    }

    #[test]
    fn durations() {
        assert_eq!(duration(0), "0s");
        assert_eq!(duration(86400 + 5), "1d5s");
        assert_eq!(duration(3600), "1h");
    }
}
