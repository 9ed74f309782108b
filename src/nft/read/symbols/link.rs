//! The link layer and traffic control.

/// Values in the order of the wire.
pub(super) const ETHER_TYPE: &[(&str, u32)] =
    &[("ip", 0x0800), ("arp", 0x0806), ("ip6", 0x86dd), ("8021q", 0x8100), ("8021ad", 0x88a8), ("vlan", 0x8100)];

/// `PACKET_*` of `include/uapi/linux/if_packet.h`.
pub(super) const PACKET_TYPE: &[(&str, u32)] =
    &[("host", 0), ("unicast", 0), ("broadcast", 1), ("multicast", 2), ("other", 3)];

/// A traffic control handle: `none`, `root`, or `major:minor` in hexadecimal.
pub fn classid(text: &[u8]) -> Option<u128> {
    let text = std::str::from_utf8(text).ok()?;
    match text {
        "none" => return Some(0),
        "root" => return Some(0xffff_ffff),
        _ => {}
    }
    let (major, minor) = text.split_once(':')?;
    let half = |text: &str| match text {
        "" => Some(0),
        _ => u16::from_str_radix(text, 16).ok(),
    };
    Some(u128::from(half(major)?) << 16 | u128::from(half(minor)?))
}
