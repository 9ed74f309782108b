//! Tests for later fragments, which have no transport header.
//!
//! Invariant: `is_not_later` holds for exactly the packets that `is_later` does not hold for.

use super::{Bits, Test};
use crate::packet::{Exthdr, ExthdrPart, Family, Field, Hook, IntervalSet};

/// Whether fragments that nobody put together can be seen at a hook. IPv4 reassembles before
/// INPUT (net/ipv4/ip_input.c, `ip_local_deliver`); IPv6 does so behind it.
pub const fn are_seen(family: Family, hook: Hook) -> bool {
    !matches!((family, hook), (Family::Ip, Hook::Input))
}

/// Whether they can be seen at one of these hooks.
pub fn are_seen_at_any(family: Family, hooks: &[Hook]) -> bool {
    hooks.iter().any(|&hook| are_seen(family, hook))
}

/// True of later fragments only.
pub fn is_later(family: Family) -> Test {
    match family {
        Family::Ip6 => Test::within(Field::Exthdr(Exthdr::Frag, ExthdrPart::FragOff), IntervalSet::point(0), true),
        _ => offset_is_zero(false),
    }
}

/// True of all others, where one test says so.
pub fn is_not_later(family: Family) -> Option<Test> {
    (family == Family::Ip).then(|| offset_is_zero(true))
}

/// Whether the fragment offset of IPv4 is zero, or is not.
pub fn offset_is_zero(is: bool) -> Test {
    Test::from(Bits { field: Field::IpFragOff, mask: 0x1fff, value: 0, negated: !is })
}
