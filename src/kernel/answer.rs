//! Answers to what a side let out, so that connections come about as in life.
//!
//! Invariant: the answer is made from the bytes that came out, translated addresses included.

use super::dissect::endpoints;
use super::packet::{Connection, Packet, Way};

/// The answer to a packet that came out as `bytes`; `None` where nothing answers.
pub fn to(packet: &Packet, bytes: &[u8]) -> Option<Packet> {
    let (src, dst) = endpoints(bytes)?;
    let mut reply = packet.reversed();
    (reply.src, reply.dst) = (dst.0, src.0);
    if packet.has_ports() {
        (reply.sport, reply.dport) = (dst.1, src.1);
    }
    (reply.connection, reply.mark) = (Connection::New, 0);
    (reply.iif, reply.oif) = (packet.oif.clone(), packet.iif.clone());
    reply.way = match packet.way {
        Way::In => Way::Out,
        Way::Forward => Way::Forward,
        Way::Out => Way::In,
    };
    match packet.protocol {
        6 => reply.tcp_flags = 0x12,
        1 if packet.icmp_type == 8 => reply.icmp_type = 0,
        58 if packet.icmp_type == 128 => reply.icmp_type = 129,
        1 | 58 => return None,
        _ => {}
    }
    Some(reply)
}

/// The opener's next packet.
pub fn goes_on(packet: &Packet) -> Packet {
    let mut next = packet.clone();
    if next.protocol == 6 {
        next.tcp_flags = 0x10;
    }
    next
}
