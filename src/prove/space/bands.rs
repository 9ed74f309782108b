//! The order of variables, coarsely: bands, tested in this order.
//!
//! The order suits firewalls: destination, protocol and port pick the service, chance and state are
//! drawn next, the source after them, marks and other things that rules change last, so that a change
//! made at the end of a path is one node there.

use crate::prove::dd::{Bands, Var};

/// Fragment offset: above everything, since it only ever cuts the whole ruleset in two.
pub const FRAGMENT: u32 = 0;
pub const DADDR: u32 = 1;
pub const PROTOCOL: u32 = 2;
/// Bits 16 to 31 of the transport header.
pub const DPORT: u32 = 3;
/// What stateful and random tests answer.
pub const ANSWER: u32 = 4;
pub const SADDR: u32 = 5;
/// Bits 0 to 15 of the transport header: source port, or ICMP type and code.
pub const SPORT: u32 = 6;
pub const IIF: u32 = 7;
pub const OIF: u32 = 8;
pub const CT_STATE: u32 = 9;
pub const TCP_FLAGS: u32 = 10;
/// All other bits of headers.
pub const HEADER: u32 = 11;
/// Numbers that the kernel knows beside the packet.
pub const META: u32 = 12;
pub const OPAQUE: u32 = 13;
pub const CT_STATUS: u32 = 15;
/// Answers of occurrences while they are not yet matched; not in any finished diagram.
pub const LOCAL_ANSWER: u32 = 16;
pub const CT_LABEL: u32 = 20;
/// Traffic class: DSCP and ECN.
pub const DSCP: u32 = 21;
pub const TTL: u32 = 22;
pub const PRIORITY: u32 = 23;
pub const CT_MARK: u32 = 24;
pub const MARK: u32 = 25;
// Lookups come behind what they read: many bits may choose among many answers, not the other way round.
/// Opaque conditions that read what rules may change.
pub const VOLATILE: u32 = 26;
/// Routes asked by mark, which also read the traffic class.
pub const BY_MARK: u32 = 27;
/// Routes asked without a mark, which read the traffic class.
pub const ROUTE: u32 = 28;

/// Bands of what belongs to the connection and outlives the packet.
pub const OF_CONNECTION: Bands = Bands(1 << CT_MARK | 1 << CT_LABEL);

/// Bands of what rules can change.
pub const CHANGEABLE: Bands = Bands(1 << CT_LABEL | 1 << DSCP | 1 << TTL | 1 << PRIORITY | 1 << CT_MARK | 1 << MARK);

/// Bands of conditions that read what rules may change.
pub const LOOKUPS: Bands = Bands(1 << VOLATILE | 1 << BY_MARK | 1 << ROUTE);

/// From this index on, variables of [`LOOKUPS`] are answers for packets that rules have changed before.
pub const BEHIND_CHANGES: u32 = 1 << 26;

/// What a lookup may read: routes the mark and the traffic class (`net/ipv4/netfilter/nft_fib_ipv4.c`,
/// `net/ipv6/netfilter/nft_fib_ipv6.c`), anything else whatever rules change.
pub fn read_by_lookup(lookup: Var) -> Bands {
    match lookup.band() {
        BY_MARK => Bands(1 << MARK | 1 << DSCP),
        ROUTE => Bands(1 << DSCP),
        _ => Bands(u32::MAX),
    }
}

/// What conditions on variables of these bands hang on: themselves, and what lookups among them may read.
pub fn asked_by(asked: Bands) -> Bands {
    let readers = [VOLATILE, BY_MARK, ROUTE].map(|band| Var::new(band, 0));
    let read = readers.into_iter().filter(|&var| Bands::of(var).meets(asked)).map(read_by_lookup);
    read.fold(asked, Bands::union)
}
