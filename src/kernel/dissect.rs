//! From bytes back to words, and away with what the kernel picks at random.
//!
//! Settled bytes of two runs are equal when the kernel did the same: packet numbers and identifications
//! are cleared, each checksum turns into whether it holds, and a port that the kernel picked itself turns
//! into the range it was picked from.
//!
//! Invariant: any bytes can be settled and described; what is cut short stays as it is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::netlink::take;
use super::packet::{flag_words, has_ports, protocol_word};
use super::wire::{checksum, crc32c, pseudo, put};

/// Ranges of ports that source NAT may pick from; see [`Ranges::settle`].
#[derive(Clone, Debug)]
pub struct Ranges(Vec<u16>);

impl Ranges {
    /// Cuts the ports at each of `bounds` and behind it, and where the kernel's own ranges end
    /// (`nf_nat_core.c`: below 512, below 1024, the rest).
    pub fn new(bounds: impl Iterator<Item = u16>) -> Self {
        let mut starts: Vec<u16> = bounds.flat_map(|b| [b, b.saturating_add(1)]).chain([0, 512, 1024]).collect();
        starts.sort_unstable();
        starts.dedup();
        Ranges(starts)
    }

    /// First port of the range that `port` is in.
    fn settle(&self, port: u16) -> u16 {
        let above = self.0.partition_point(|start| *start <= port);
        above.checked_sub(1).and_then(|at| self.0.get(at)).copied().unwrap_or_default()
    }
}

/// What settling needs to know of the packet that was sent.
pub struct Sent<'a> {
    /// As it was on the wire.
    pub number: u32,
    pub echo_id: u16,
    pub ports: [u16; 2],
    pub ranges: &'a Ranges,
}

/// Where the headers of a packet are.
struct Headers {
    v6: bool,
    src: IpAddr,
    dst: IpAddr,
    ttl: u8,
    tos: u8,
    number: u32,
    protocol: u8,
    /// Start of the transport header; `None` in later fragments and where it is missing.
    transport: Option<usize>,
    fragment: u16,
}

fn headers(bytes: &[u8]) -> Option<Headers> {
    match bytes.first()? >> 4 {
        4 if bytes.len() >= 20 => {
            let fragment = u16::from_be_bytes(take(bytes, 6)) & 0x3fff;
            let start = usize::from(bytes.first()? & 15) * 4;
            Some(Headers {
                v6: false,
                src: Ipv4Addr::from(take::<4>(bytes, 12)).into(),
                dst: Ipv4Addr::from(take::<4>(bytes, 16)).into(),
                ttl: *bytes.get(8)?,
                tos: *bytes.get(1)?,
                number: u16::from_be_bytes(take(bytes, 4)).into(),
                protocol: *bytes.get(9)?,
                transport: (fragment & 0x1fff == 0 && start < bytes.len()).then_some(start),
                fragment,
            })
        }
        6 if bytes.len() >= 40 => Some(headers6(bytes)),
        _ => None,
    }
}

fn headers6(bytes: &[u8]) -> Headers {
    let word = u32::from_be_bytes(take(bytes, 0));
    let mut found = Headers {
        v6: true,
        src: Ipv6Addr::from(take::<16>(bytes, 8)).into(),
        dst: Ipv6Addr::from(take::<16>(bytes, 24)).into(),
        ttl: bytes.get(7).copied().unwrap_or_default(),
        tos: (word >> 20) as u8,
        number: word & 0xf_ffff,
        protocol: bytes.get(6).copied().unwrap_or_default(),
        transport: None,
        fragment: 0,
    };
    let mut at = 40;
    while matches!(found.protocol, 0 | 43 | 44 | 60) {
        let [next, length, high, low] = take(bytes, at);
        let mut size = (usize::from(length) + 1) * 8;
        if found.protocol == 44 {
            (found.fragment, size) = (u16::from_be_bytes([high, low]) >> 3, 8);
        }
        if at + size >= bytes.len() {
            return found;
        }
        (found.protocol, at) = (next, at + size);
        if found.fragment != 0 {
            return found;
        }
    }
    found.transport = (at < bytes.len()).then_some(at);
    found
}

/// One end of a packet: its address, and its port or 0.
pub type End = (IpAddr, u16);

/// Where bytes come from and where they go.
pub fn endpoints(bytes: &[u8]) -> Option<(End, End)> {
    let found = headers(bytes)?;
    let ports = match found.transport {
        Some(at) if has_ports(found.protocol) => [take(bytes, at), take(bytes, at + 2)],
        _ => [[0; 2]; 2],
    };
    let [sport, dport] = ports.map(u16::from_be_bytes);
    Some(((found.src, sport), (found.dst, dport)))
}

/// Whether bytes carry a packet's number: it is that packet, or what rules made of it.
pub fn is_number(bytes: &[u8], number: u32) -> bool {
    headers(bytes).is_some_and(|found| found.number == number)
}

/// Whether the kernel tells a router about groups it is in (IGMP, MLD), by its own clock and unasked.
pub fn is_membership(bytes: &[u8], number: u32) -> bool {
    headers(bytes).is_some_and(|found| {
        let kind = found.transport.and_then(|at| bytes.get(at)).copied().unwrap_or_default();
        found.number != number && (found.protocol == 2 || found.protocol == 58 && matches!(kind, 131 | 132 | 143))
    })
}

/// The bytes without what differs from run to run.
pub fn settle(mut bytes: Vec<u8>, sent: &Sent) -> Vec<u8> {
    let Some(found) = headers(&bytes) else { return bytes };
    let own = found.number == sent.number;
    if found.v6 {
        let word = u32::from_be_bytes(take(&bytes, 0)) & !0xf_ffff;
        put(&mut bytes, 0, &word.to_be_bytes());
    } else {
        let length = usize::from(bytes.first().copied().unwrap_or_default() & 15) * 4;
        let holds = checksum(0, bytes.get(..length).unwrap_or_default()) == 0;
        put(&mut bytes, 4, &[0, 0]);
        put(&mut bytes, 10, &[0, u8::from(!holds)]);
    }
    let Some(at) = found.transport else { return bytes };
    let whole = found.fragment == 0;
    settle_checksum(&mut bytes, &found, at, whole);
    if has_ports(found.protocol) {
        settle_ports(&mut bytes, at, sent);
        if found.protocol == 6 && !own && bytes.get(at + 13).is_some_and(|flags| flags & 0x12 == 0x12) {
            settle_cookie(&mut bytes, at);
        }
    } else if let Some(inner) = quoted(&bytes, &found, at) {
        settle_quote(&mut bytes, inner, sent);
    } else if has_identifier(&bytes, &found, at) {
        if found.protocol == 1 && bytes.get(at) == Some(&TIMESTAMP_REPLY) {
            bytes.truncate(at + 8);
        }
        let kept = u16::from_be_bytes(take(&bytes, at + 4)) == sent.echo_id;
        put(&mut bytes, at + 4, if kept { &[0, 0] } else { &[0xff, 0xff] });
    }
    bytes
}

/// ICMP type; the answer carries the time of day.
const TIMESTAMP_REPLY: u8 = 14;

/// Echoes, time stamps, address masks: queries and answers, whose identifiers address translation may change.
fn has_identifier(bytes: &[u8], found: &Headers, at: usize) -> bool {
    matches!((found.protocol, bytes.get(at)), (1, Some(0 | 8 | 13..=18)) | (58, Some(128 | 129)))
}

/// Start of the packet that an ICMP error quotes.
fn quoted(bytes: &[u8], found: &Headers, at: usize) -> Option<usize> {
    let error = matches!((found.protocol, bytes.get(at)?), (1, 3 | 4 | 5 | 11 | 12) | (58, 1..=4));
    (error && bytes.len() >= at + 8 + 20).then_some(at + 8)
}

fn settle_checksum(bytes: &mut [u8], found: &Headers, at: usize, whole: bool) {
    if found.protocol == SCTP {
        return settle_crc(bytes, at, whole);
    }
    let place = match found.protocol {
        6 => 16,
        17 | 33 | 136 => 6,
        1 | 58 => 2,
        _ => return,
    };
    let body = bytes.get(at..).unwrap_or_default();
    let start = if found.protocol == 1 { 0 } else { pseudo(found.src, found.dst, found.protocol, body.len()) };
    let holds = !whole || checksum(start, body) == 0;
    put(bytes, at + place, &[0, u8::from(!holds)]);
}

const SCTP: u8 = 132;

/// The sum of SCTP, which is none of the internet's (RFC 9260, 6.8).
fn settle_crc(bytes: &mut [u8], at: usize, whole: bool) {
    if bytes.len() < at + 12 {
        return;
    }
    let said = u32::from_le_bytes(take(bytes, at + 8));
    put(bytes, at + 8, &[0; 4]);
    let holds = !whole || crc32c(bytes.get(at..).unwrap_or_default()) == said;
    put(bytes, at + 11, &[u8::from(!holds)]);
}

fn settle_ports(bytes: &mut [u8], at: usize, sent: &Sent) {
    for place in [at, at + 2] {
        let port = u16::from_be_bytes(take(bytes, place));
        if place + 1 < bytes.len() && !sent.ports.contains(&port) {
            put(bytes, place, &sent.ranges.settle(port).to_be_bytes());
        }
    }
}

/// A SYN+ACK that the kernel made (SYNPROXY) carries a cookie and time stamps.
fn settle_cookie(bytes: &mut [u8], at: usize) {
    put(bytes, at + 4, &[0; 4]);
    let end = at + usize::from(bytes.get(at + 12).copied().unwrap_or_default() >> 4) * 4;
    let mut option = at + 20;
    while option < end.min(bytes.len()) {
        let [kind, length] = take(bytes, option);
        if kind == 8 {
            put(bytes, option + 2, &[0; 8]);
        }
        option += if kind < 2 { 1 } else { usize::from(length).max(2) };
    }
}

/// Of a quoted packet the header and ports count.
fn settle_quote(bytes: &mut Vec<u8>, inner: usize, sent: &Sent) {
    let Some(quote) = bytes.get(inner..).and_then(headers) else { return };
    if quote.v6 {
        put(bytes, inner + 1, &[0, 0, 0]);
    } else {
        put(bytes, inner + 4, &[0, 0]);
        put(bytes, inner + 10, &[0, 0]);
    }
    let Some(at) = quote.transport.map(|t| inner + t) else { return };
    if has_ports(quote.protocol) {
        settle_ports(bytes, at, sent);
        bytes.truncate(at + 4);
    } else {
        bytes.truncate(at + 2);
    }
}

/// One line about settled bytes.
pub fn describe(bytes: &[u8]) -> String {
    let Some(found) = headers(bytes) else { return format!("{} bytes", bytes.len()) };
    let mut line = protocol_word(found.protocol);
    let at = found.transport.unwrap_or(usize::MAX);
    let port = |place: usize| match found.transport {
        Some(_) if has_ports(found.protocol) => {
            format!(" port {}", u16::from_be_bytes(take(bytes, at.saturating_add(place))))
        }
        _ => String::new(),
    };
    line += &format!(" {}{} > {}{}", found.src, port(0), found.dst, port(2));
    line += &format!(" ttl {} tos {:#04x} length {}", found.ttl, found.tos, bytes.len());
    if found.transport.is_some() {
        line += &describe_transport(bytes, &found, at);
    }
    if found.fragment != 0 {
        line += &format!(" fragment {:#x}", found.fragment);
    }
    if !found.v6 && bytes.get(11) == Some(&1) {
        line += " BROKEN HEADER CHECKSUM";
    }
    line
}

fn describe_transport(bytes: &[u8], found: &Headers, at: usize) -> String {
    let byte = |place: usize| bytes.get(at + place).copied().unwrap_or_default();
    match found.protocol {
        6 => {
            let options = bytes.get(at + 20..at + usize::from(byte(12) >> 4) * 4).unwrap_or_default();
            let seen = if options.is_empty() { String::new() } else { format!(" options {options:02x?}") };
            format!(" flags {}{seen}", flag_words(byte(13)))
        }
        1 | 58 => match quoted(bytes, found, at) {
            Some(inner) => {
                let quote = bytes.get(inner..).and_then(headers);
                let about = quote.map(|q| format!(" about {} > {}", q.src, q.dst)).unwrap_or_default();
                format!(" type {} code {}{about}", byte(0), byte(1))
            }
            None => format!(" type {} code {}", byte(0), byte(1)),
        },
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::packet::Packet;
    use crate::kernel::wire::build;

    fn sent(ranges: &Ranges, number: u32) -> Sent<'_> {
        Sent { number, echo_id: Packet::default().echo_id(number), ports: [40000, 80], ranges }
    }

    #[test]
    fn numbers_and_sums_settle() {
        let ranges = Ranges::new([5000, 6000].into_iter());
        for protocol in [1, 6, 17, 47, 132] {
            let packet = Packet { protocol, ..Packet::default() };
            let one = settle(build(&packet, 1), &sent(&ranges, 1));
            let mut two = settle(build(&packet, 2), &sent(&ranges, 2));
            if protocol == 6 {
                put(&mut two, 24, &[0, 0, 0, 1]);
            }
            if protocol != 132 {
                assert_eq!(one, two, "{protocol}");
            }
        }
    }

    /// Also where the sum covers them.
    #[test]
    fn packets_with_ports_that_the_kernel_picked_settle() {
        let ranges = Ranges::new([5000, 6000].into_iter());
        for protocol in [6, 17, 33, 132, 136] {
            let from = |sport| build(&Packet { protocol, sport, ..Packet::default() }, 1);
            let one = settle(from(50_001), &sent(&ranges, 1));
            assert_eq!(one, settle(from(50_002), &sent(&ranges, 1)), "{protocol}");
            // Another one has been asked for, or the packet was damaged.
            assert_ne!(one, settle(from(5000), &sent(&ranges, 1)), "{protocol}");
            let mut damaged = from(50_001);
            damaged.last_mut().into_iter().for_each(|byte| *byte ^= 1);
            assert_ne!(one, settle(damaged, &sent(&ranges, 1)), "{protocol}");
        }
    }

    #[test]
    fn picked_ports_turn_into_their_range() {
        let ranges = Ranges::new([5000, 6000].into_iter());
        let picked: Vec<u16> = [4999, 5000, 5001, 5500, 6000, 6001].map(|p| ranges.settle(p)).to_vec();
        assert_eq!(picked, [1024, 5000, 5001, 5001, 6000, 6001]);
    }

    #[test]
    fn any_bytes_are_described() {
        for n in 0..200u8 {
            let bytes: Vec<u8> = (0..n).map(|i| i.wrapping_mul(n) ^ if i == 0 { 0x60 } else { n }).collect();
            let ranges = Ranges::new(std::iter::empty());
            assert!(!describe(&settle(bytes, &sent(&ranges, 1))).is_empty());
        }
    }
}
