//! Connections put into and read from the kernel's table (ctnetlink, `nfnetlink_conntrack.h`).
//!
//! Invariant: only the calling thread's namespace is touched; entries alone do not switch tracking on.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nix::sys::socket::SockProtocol;
use serde::Serialize;

use super::netlink::{CREATE, Message, Socket, attributes, take};
use super::packet::{Connection, Flow, Packet};

const NEW: u16 = 0x100;
const GET: u16 = 0x101;
const DELETE: u16 = 0x102;
const TUPLE_ORIGINAL: u16 = 1;
const TUPLE_REPLY: u16 = 2;
const STATUS: u16 = 3;
const PROTOCOL_INFO: u16 = 4;
const HELPER: u16 = 5;
const TIMEOUT: u16 = 7;
const MARK: u16 = 8;
const ZONE: u16 = 18;
const LABELS: u16 = 22;
/// `IPS_SEEN_REPLY | IPS_ASSURED | IPS_CONFIRMED`
const STATUS_ESTABLISHED: u32 = 2 | 4 | 8;
/// `IPS_CONFIRMED`
const STATUS_OPENED: u32 = 8;
const TCP_SYN_SENT: u8 = 1;
const TCP_ESTABLISHED: u8 = 3;

/// What a connection carries that rules can set.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize)]
pub struct Kept {
    pub mark: u32,
    pub zone: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub helper: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<u8>,
}

/// The entries that packets ask for, in one batch. Packets whose connection cannot be entered are sent without one;
/// both sides do the same.
pub fn enter<'a>(packets: impl Iterator<Item = (&'a Packet, u32)>) -> io::Result<()> {
    let messages: Vec<Message> = packets.filter_map(|(packet, number)| entry(packet, number)).collect();
    if !messages.is_empty() {
        Socket::open(SockProtocol::NetlinkNetFilter, 4 << 20)?.batch(&messages)?;
    }
    Ok(())
}

fn entry(packet: &Packet, number: u32) -> Option<Message> {
    let original = match packet.connection {
        Connection::New => return None,
        Connection::Opened | Connection::Established => packet.clone(),
        Connection::Reply | Connection::Related => packet.reversed(),
    };
    if !matches!(packet.protocol, 1 | 6 | 17 | 33 | 58 | 132 | 136) || packet.is_icmp() && !is_echo(packet) {
        return None;
    }
    let family = if packet.is_v6() { 10 } else { 2 };
    let opened = packet.connection == Connection::Opened;
    let status = if opened { STATUS_OPENED } else { STATUS_ESTABLISHED };
    let message = Message::new(NEW, CREATE, &[family, 0, 0, 0])
        .nest(TUPLE_ORIGINAL, |m| tuple(m, &original, number))
        .nest(TUPLE_REPLY, |m| tuple(m, &answer(&original), number))
        .attr(TIMEOUT, &600u32.to_be_bytes())
        .attr(STATUS, &status.to_be_bytes())
        .attr(MARK, &packet.ct_mark.to_be_bytes());
    let state = if opened { TCP_SYN_SENT } else { TCP_ESTABLISHED };
    Some(match packet.protocol {
        6 => message.nest(PROTOCOL_INFO, |m| m.nest(1, |tcp| tcp.attr(1, &[state]))),
        _ => message,
    })
}

fn is_echo(packet: &Packet) -> bool {
    matches!((packet.protocol, packet.icmp_type), (1, 0 | 8) | (58, 128 | 129))
}

/// The reply tuple's packet: for ICMP the type turns from request to answer.
fn answer(original: &Packet) -> Packet {
    let mut back = original.reversed();
    back.icmp_type = match (original.protocol, original.icmp_type) {
        (1, 8) => 0,
        (1, 0) => 8,
        (58, 128) => 129,
        (58, 129) => 128,
        (_, other) => other,
    };
    back
}

fn tuple(message: Message, packet: &Packet, number: u32) -> Message {
    let message = message.nest(1, |ip| match (packet.src, packet.dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => ip.attr(1, &src.octets()).attr(2, &dst.octets()),
        (IpAddr::V6(src), IpAddr::V6(dst)) => ip.attr(3, &src.octets()).attr(4, &dst.octets()),
        _ => ip,
    });
    message.nest(2, |proto| {
        let proto = proto.attr(1, &[packet.protocol]);
        let id = packet.echo_id(number).to_be_bytes();
        match packet.protocol {
            1 => proto.attr(4, &id).attr(5, &[packet.icmp_type]).attr(6, &[packet.icmp_code]),
            58 => proto.attr(7, &id).attr(8, &[packet.icmp_type]).attr(9, &[packet.icmp_code]),
            _ => proto.attr(2, &packet.sport.to_be_bytes()).attr(3, &packet.dport.to_be_bytes()),
        }
    })
}

/// Empties the table of one family.
pub fn flush(v6: bool) -> io::Result<()> {
    let all = Message::new(DELETE, 0, &[if v6 { 10 } else { 2 }, 0, 0, 0]);
    Socket::open(SockProtocol::NetlinkNetFilter, 1 << 20)?.batch(&[all]).map(drop)
}

/// Everything in the table of one family, by the connection's original direction.
pub fn table(v6: bool) -> io::Result<BTreeMap<Flow, Kept>> {
    let mut found = BTreeMap::new();
    let request = Message::new(GET, 0, &[if v6 { 10 } else { 2 }, 0, 0, 0]);
    Socket::open(SockProtocol::NetlinkNetFilter, 16 << 20)?.dump(&request, |body| {
        if let Some((flow, kept)) = read_entry(body) {
            found.insert(flow, kept);
        }
    })?;
    Ok(found)
}

fn read_entry(body: &[u8]) -> Option<(Flow, Kept)> {
    let (mut flow, mut kept) = (None, Kept::default());
    for (kind, value) in attributes(body.get(4..)?) {
        match kind {
            TUPLE_ORIGINAL => flow = read_tuple(value),
            MARK => kept.mark = u32::from_be_bytes(take(value, 0)),
            ZONE => kept.zone = u16::from_be_bytes(take(value, 0)),
            LABELS if value.iter().any(|b| *b != 0) => kept.labels = value.to_vec(),
            HELPER => {
                let name = attributes(value).find(|(kind, _)| *kind == 1).map(|(_, name)| name);
                kept.helper = name.map(|n| String::from_utf8_lossy(n).trim_end_matches('\0').to_owned());
            }
            _ => {}
        }
    }
    Some((flow?, kept))
}

fn read_tuple(value: &[u8]) -> Option<Flow> {
    let (mut packet, mut number) = (Packet { sport: 0, dport: 0, ..Packet::default() }, 0u32);
    for (kind, inner) in attributes(value) {
        for (part, bytes) in attributes(inner) {
            match (kind, part) {
                (1, 1) => packet.src = Ipv4Addr::from(take::<4>(bytes, 0)).into(),
                (1, 2) => packet.dst = Ipv4Addr::from(take::<4>(bytes, 0)).into(),
                (1, 3) => packet.src = Ipv6Addr::from(take::<16>(bytes, 0)).into(),
                (1, 4) => packet.dst = Ipv6Addr::from(take::<16>(bytes, 0)).into(),
                (2, 1) => packet.protocol = *bytes.first()?,
                (2, 4 | 7) => number = u16::from_be_bytes(take(bytes, 0)).into(),
                (2, 2) => packet.sport = u16::from_be_bytes(take(bytes, 0)),
                (2, 3) => packet.dport = u16::from_be_bytes(take(bytes, 0)),
                _ => {}
            }
        }
    }
    Some(packet.flow(number))
}
