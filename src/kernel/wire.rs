//! From a packet to its bytes, checksums included.
//!
//! The packet's number travels in the IPv4 identification or the IPv6 flow label, so that whatever the
//! kernel makes of the packet can be traced back to it.
//!
//! Invariant: what is built is well formed (RFC 791, 8200, 9293, 768, 792, 4443, 9260, 4340, 4303, 4302).

use std::net::IpAddr;

use super::packet::{Connection, Packet};
use super::routing;

/// The bytes of a packet, from the network header on. `number` fits into 16 bits (IPv4) or 20 (IPv6).
pub fn build(packet: &Packet, number: u32) -> Vec<u8> {
    if packet.connection != Connection::Related {
        return network(packet, number, &transport(packet, number));
    }
    let mut inner = packet.reversed();
    inner.connection = Connection::Established;
    (inner.ttl, inner.payload, inner.fragment, inner.more_fragments) = (60, 0, 0, false);
    let quoted = network(&inner, 0, &transport(&inner, number));
    let mut outer = packet.clone();
    let (protocol, kind, code) = if packet.is_v6() { (58, 1, 4) } else { (1, 3, 3) };
    outer.protocol = protocol;
    outer.extensions.clear();
    let mut body = vec![kind, code, 0, 0, 0, 0, 0, 0];
    body.extend_from_slice(&quoted);
    seal(&outer, &mut body, 2);
    network(&outer, number, &body)
}

fn network(packet: &Packet, number: u32, body: &[u8]) -> Vec<u8> {
    match (packet.src, packet.dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => {
            let more = if packet.more_fragments { 0x2000 } else { 0 };
            let mut out = vec![0x45, packet.tos];
            out.extend_from_slice(&length16(20 + body.len()).to_be_bytes());
            out.extend_from_slice(&(number as u16).to_be_bytes());
            out.extend_from_slice(&(more | packet.fragment & 0x1fff).to_be_bytes());
            out.extend_from_slice(&[packet.ttl, packet.protocol, 0, 0]);
            out.extend_from_slice(&src.octets());
            out.extend_from_slice(&dst.octets());
            let sum = checksum(0, &out).to_be_bytes();
            put(&mut out, 10, &sum);
            out.extend_from_slice(body);
            out
        }
        (src, dst) => {
            let (first, extensions) = extension_headers(packet);
            let word = 6 << 28 | u32::from(packet.tos) << 20 | number & 0xf_ffff;
            let mut out = word.to_be_bytes().to_vec();
            out.extend_from_slice(&length16(extensions.len() + body.len()).to_be_bytes());
            out.extend_from_slice(&[first, packet.ttl]);
            out.extend_from_slice(&octets6(src));
            out.extend_from_slice(&octets6(dst));
            out.extend_from_slice(&extensions);
            out.extend_from_slice(body);
            out
        }
    }
}

fn octets6(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(a) => a.to_ipv6_mapped().octets(),
        IpAddr::V6(a) => a.octets(),
    }
}

/// The number of the first header, and the extension headers.
fn extension_headers(packet: &Packet) -> (u8, Vec<u8>) {
    let mut out = Vec::new();
    for (at, kind) in packet.extensions.iter().enumerate() {
        let next = packet.extensions.get(at + 1).copied().unwrap_or(packet.protocol);
        match kind {
            44 => {
                let more = u16::from(packet.more_fragments);
                out.extend_from_slice(&[next, 0]);
                out.extend_from_slice(&((packet.fragment & 0x1fff) << 3 | more).to_be_bytes());
                out.extend_from_slice(&[0, 0, 0, 1]);
            }
            43 => {
                let (units, body) = routing::body(&packet.routing);
                out.extend_from_slice(&[next, units]);
                out.extend_from_slice(&body);
            }
            _ => out.extend_from_slice(&[next, 0, 1, 4, 0, 0, 0, 0]),
        }
    }
    (packet.extensions.first().copied().unwrap_or(packet.protocol), out)
}

/// The transport header and data.
fn transport(packet: &Packet, number: u32) -> Vec<u8> {
    let ports = [packet.sport.to_be_bytes(), packet.dport.to_be_bytes()].concat();
    let data = payload(packet);
    let seq = number.to_be_bytes();
    match packet.protocol {
        6 => tcp(packet, number, &ports, &data),
        17 | 136 => {
            let mut out = ports;
            out.extend_from_slice(&length16(8 + data.len()).to_be_bytes());
            out.extend_from_slice(&[0, 0]);
            out.extend_from_slice(&data);
            seal(packet, &mut out, 6);
            out
        }
        1 | 58 => {
            let mut out = vec![packet.icmp_type, packet.icmp_code, 0, 0];
            out.extend_from_slice(&packet.echo_id(number).to_be_bytes());
            out.extend_from_slice(&[0, 1]);
            out.extend_from_slice(&data);
            if matches!(packet.icmp_type, 3 | 4 | 5 | 11 | 12) || packet.protocol == 58 && packet.icmp_type < 5 {
                out.extend_from_slice(&[0; 40]);
            }
            seal(packet, &mut out, 2);
            out
        }
        33 => [&ports[..], &[5, 0, 0, 0, 0, 1, 0, 0], &seq, &[0; 4], &data].concat(),
        47 => [&[0, 0, 0x08, 0], &data[..]].concat(),
        50 => [&packet.spi.to_be_bytes(), &seq, &data[..]].concat(),
        51 => [&[59, 4, 0, 0], &packet.spi.to_be_bytes()[..], &seq, &[0; 12], &data].concat(),
        132 => sctp(&ports, number),
        135 => {
            // With nothing behind it, as xt_mh.c wants it: six fields of eight bytes in all.
            let mut out = vec![59, 0, packet.icmp_type, 0, 0, 0, 0, 0];
            seal(packet, &mut out, 4);
            out
        }
        // Headers that say nothing follows: without one behind such a number iptables drops the packet as malformed.
        43 if packet.is_v6() => vec![59, 0, 0, 0, 0, 0, 0, 0],
        0 | 60 if packet.is_v6() => vec![59, 0, 1, 4, 0, 0, 0, 0],
        2 => {
            let mut out = vec![packet.icmp_type, 0, 0, 0, 0, 0, 0, 0];
            let sum = checksum(0, &out).to_be_bytes();
            put(&mut out, 2, &sum);
            out
        }
        _ => [&data[..], &[0; 16]].concat(),
    }
}

fn payload(packet: &Packet) -> Vec<u8> {
    let mut data = packet.data.clone();
    data.resize(data.len().max(usize::from(packet.payload).min(1400)), b'x');
    data
}

fn tcp(packet: &Packet, number: u32, ports: &[u8], data: &[u8]) -> Vec<u8> {
    let words = packet.tcp_options.len().min(40) / 4;
    let acknowledges = u32::from(packet.tcp_flags & 16 != 0);
    let mut out = ports.to_vec();
    out.extend_from_slice(&number.to_be_bytes());
    out.extend_from_slice(&acknowledges.to_be_bytes());
    out.extend_from_slice(&[((5 + words) << 4) as u8, packet.tcp_flags, 0x10, 0, 0, 0, 0, 0]);
    out.extend(packet.tcp_options.iter().take(words * 4));
    out.extend_from_slice(data);
    seal(packet, &mut out, 16);
    out
}

/// An INIT chunk, sealed with CRC32c.
fn sctp(ports: &[u8], number: u32) -> Vec<u8> {
    let mut out = ports.to_vec();
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&[1, 0, 0, 20]);
    out.extend_from_slice(&number.to_be_bytes());
    out.extend_from_slice(&[0, 0, 4, 0, 0, 1, 0, 1, 0, 0, 0, 1]);
    let crc = crc32c(&out).to_le_bytes();
    put(&mut out, 8, &crc);
    out
}

/// The checksum of SCTP over a packet whose own is zero.
pub fn crc32c(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
        }
    }
    !crc
}

/// Writes the checksum at `at`, over the pseudo header too where the protocol wants it.
fn seal(packet: &Packet, body: &mut [u8], at: usize) {
    let start = if packet.protocol == 1 { 0 } else { pseudo(packet.src, packet.dst, packet.protocol, body.len()) };
    let sum = match checksum(start, body) {
        0 if matches!(packet.protocol, 17 | 136) => 0xffff,
        sum => sum,
    };
    put(body, at, &sum.to_be_bytes());
}

/// Sum of the pseudo header.
pub fn pseudo(src: IpAddr, dst: IpAddr, protocol: u8, length: usize) -> u64 {
    let of = |address: IpAddr| match address {
        IpAddr::V4(a) => sum(&a.octets()),
        IpAddr::V6(a) => sum(&a.octets()),
    };
    of(src) + of(dst) + u64::from(protocol) + length as u64
}

fn sum(bytes: &[u8]) -> u64 {
    bytes.chunks(2).map(|pair| u64::from(u16::from_be_bytes(super::netlink::take(pair, 0)))).sum()
}

/// The internet checksum (RFC 1071) of `bytes` and what was summed before.
pub fn checksum(start: u64, bytes: &[u8]) -> u16 {
    let mut total = start + sum(bytes);
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    !(total as u16)
}

/// Overwrites what is at `at`, as far as there is room.
pub fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    for (to, from) in bytes.iter_mut().skip(at).zip(value) {
        *to = *from;
    }
}

fn length16(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_hold() {
        for protocol in [1, 6, 17, 136] {
            let packet = Packet { protocol, payload: 5, ..Packet::default() };
            let bytes = build(&packet, 77);
            assert_eq!(checksum(0, &bytes[..20]), 0, "header of {protocol}");
            let body = &bytes[20..];
            let start = if protocol == 1 { 0 } else { pseudo(packet.src, packet.dst, protocol, body.len()) };
            assert_eq!(checksum(start, body), 0, "body of {protocol}");
            assert_eq!(bytes.len(), usize::from(u16::from_be_bytes([bytes[2], bytes[3]])));
        }
    }

    #[test]
    fn crc32c_matches_rfc3720() {
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
    }
}
