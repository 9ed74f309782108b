//! Giving a field of a packet a value: what a test of a rule asks for, done to the packet.
//!
//! Invariant: a value that makes no sense for the family is left out and changes nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::packet::{Connection, Packet, Way, has_ports};
use super::{routing, wire};
use crate::packet::{CtKey, Exthdr, ExthdrPart, FibResult, Field, L4, TcpOptionPart};

/// `IPS`-independent bits of `ct state` as nft numbers them.
const INVALID: u128 = 1;
const ESTABLISHED: u128 = 2;
const RELATED: u128 = 4;

/// Sets a field. Fields that no packet from outside carries are left alone.
pub fn set(packet: &mut Packet, field: Field, value: u128) {
    let byte = value as u8;
    match field {
        Field::IpSaddr | Field::Ip6Saddr => set_address(field == Field::Ip6Saddr, &mut packet.src, value),
        Field::IpDaddr | Field::Ip6Daddr => set_address(field == Field::Ip6Daddr, &mut packet.dst, value),
        Field::L4proto | Field::IpProtocol => packet.protocol = byte,
        Field::Ip6Nexthdr if matches!(byte, 0 | 43 | 44 | 60) => packet.extensions = vec![byte],
        Field::Ip6Nexthdr => packet.protocol = byte,
        Field::Sport(l4) => {
            with_ports(packet, l4);
            packet.sport = value as u16;
        }
        Field::Dport(l4) => {
            with_ports(packet, l4);
            packet.dport = value as u16;
        }
        Field::TcpFlags => (packet.protocol, packet.tcp_flags) = (6, byte),
        Field::TcpOption { kind, part } => set_option(packet, kind, part, value),
        Field::IcmpType => (packet.protocol, packet.icmp_type) = (1, byte),
        Field::IcmpCode => (packet.protocol, packet.icmp_code) = (1, byte),
        Field::Icmp6Type => (packet.protocol, packet.icmp_type) = (58, byte),
        Field::Icmp6Code => (packet.protocol, packet.icmp_code) = (58, byte),
        Field::IgmpType => (packet.protocol, packet.icmp_type) = (2, byte),
        Field::IpTtl | Field::Ip6Hoplimit => packet.ttl = byte,
        Field::IpDscp | Field::Ip6Dscp => packet.tos = packet.tos & 3 | byte << 2,
        Field::IpEcn | Field::Ip6Ecn => packet.tos = packet.tos & !3 | byte & 3,
        Field::Mark => packet.mark = value as u32,
        Field::EtherSaddr => packet.mac = super::netlink::take(&(value as u64).to_be_bytes(), 2),
        Field::Pkttype => packet.cast = byte.min(2),
        Field::Skuid => (packet.way, packet.uid) = (Way::Out, value as u32),
        Field::Skgid => (packet.way, packet.gid) = (Way::Out, value as u32),
        Field::IpFragOff => {
            (packet.fragment, packet.more_fragments) = (value as u16 & 0x1fff, value & 0x2000 != 0);
        }
        Field::EspSpi => (packet.protocol, packet.spi) = (50, value as u32),
        Field::AhSpi => (packet.protocol, packet.spi) = (51, value as u32),
        Field::Length => set_length(packet, value),
        Field::Ct(key) => set_ct(packet, key, value),
        Field::Exthdr(header, part) => set_extension(packet, header, part, value),
        Field::Fib { flags, result: FibResult::Type } => set_address_type(packet, flags.saddr, value),
        _ => {}
    }
}

fn set_address(v6: bool, address: &mut IpAddr, value: u128) {
    if v6 && address.is_ipv6() {
        *address = Ipv6Addr::from(value).into();
    } else if !v6 && address.is_ipv4() {
        *address = Ipv4Addr::from(value as u32).into();
    }
}

fn with_ports(packet: &mut Packet, l4: L4) {
    if let Some(protocol) = l4.protocol() {
        packet.protocol = protocol;
    } else if !has_ports(packet.protocol) {
        packet.protocol = if packet.sport & 1 == 0 { 6 } else { 17 };
    }
}

/// Puts a TCP option in front of the others, or takes it out.
fn set_option(packet: &mut Packet, kind: u8, part: TcpOptionPart, value: u128) {
    packet.protocol = 6;
    packet.tcp_options.clear();
    let [high, low] = (value as u16).to_be_bytes();
    match (part, kind) {
        (TcpOptionPart::Exists, _) if value == 0 => {}
        (TcpOptionPart::MaxsegSize, _) => packet.tcp_options = vec![2, 4, high, low],
        (TcpOptionPart::Exists, 0 | 1) => packet.tcp_options = vec![kind; 4],
        (TcpOptionPart::Exists, 2) => packet.tcp_options = vec![2, 4, 5, 0xb4],
        (TcpOptionPart::Exists, 3) => packet.tcp_options = vec![3, 3, 7, 1],
        (TcpOptionPart::Exists, 4) => packet.tcp_options = vec![4, 2, 1, 1],
        (TcpOptionPart::Exists, 8) => packet.tcp_options = vec![8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1],
        (TcpOptionPart::Exists, _) => packet.tcp_options = vec![kind, 4, 0, 0],
    }
}

/// Makes the whole packet as long as asked, as far as its headers let it.
fn set_length(packet: &mut Packet, value: u128) {
    packet.payload = 0;
    let bare = wire::build(packet, 1).len();
    packet.payload = u16::try_from(value.saturating_sub(bare as u128).min(1400)).unwrap_or_default();
}

fn set_ct(packet: &mut Packet, key: CtKey, value: u128) {
    match key {
        CtKey::State if value & RELATED != 0 => packet.connection = Connection::Related,
        CtKey::State if value & ESTABLISHED != 0 && packet.connection != Connection::Reply => {
            packet.connection = Connection::Established;
        }
        CtKey::State if value & INVALID != 0 => make_invalid(packet),
        CtKey::Mark => {
            packet.ct_mark = value as u32;
            if packet.connection == Connection::New && value != 0 {
                packet.connection = Connection::Opened;
            }
        }
        // Replies, and packets of connections that were answered.
        CtKey::Direction => {
            packet.connection = if value == 0 { Connection::Established } else { Connection::Reply };
        }
        _ => {}
    }
}

/// A packet that connection tracking refuses: flags that exclude each other, an answer to nothing.
fn make_invalid(packet: &mut Packet) {
    packet.connection = Connection::New;
    match packet.protocol {
        1 => packet.icmp_type = 0,
        58 => packet.icmp_type = 129,
        6 => packet.tcp_flags = 3,
        _ => (packet.protocol, packet.tcp_flags) = (6, 3),
    }
}

fn set_extension(packet: &mut Packet, header: Exthdr, part: ExthdrPart, value: u128) {
    let number = match header {
        Exthdr::Hbh => 0,
        Exthdr::Rt | Exthdr::Rt0 | Exthdr::Rt2 | Exthdr::Srh => 43,
        Exthdr::Frag => 44,
        Exthdr::Dst => 60,
        Exthdr::Mh => {
            packet.protocol = 135;
            if part == ExthdrPart::Type {
                packet.icmp_type = value as u8;
            }
            return;
        }
    };
    packet.extensions.retain(|n| *n != number);
    if part != ExthdrPart::Exists || value != 0 {
        packet.extensions.push(number);
        packet.extensions.sort_unstable();
    }
    if number == 43 {
        routing::set(&mut packet.routing, part, value);
    }
}

/// Address types of `rtnetlink.h`: 1 unicast, 2 local, 3 broadcast, 5 multicast.
fn set_address_type(packet: &mut Packet, source: bool, value: u128) {
    let v6 = packet.is_v6();
    let address: IpAddr = match (value, v6) {
        (2, false) => Ipv4Addr::new(198, 18, 0, 0).into(),
        (2, true) => Ipv6Addr::new(0xfd99, 0, 0, 0, 0, 0, 0, 1).into(),
        (3, false) => Ipv4Addr::BROADCAST.into(),
        (5, false) => Ipv4Addr::new(224, 0, 0, 251).into(),
        (5, true) => Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb).into(),
        (1, false) => Ipv4Addr::new(203, 0, 113, 99).into(),
        (1, true) => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x99).into(),
        _ => return,
    };
    if source {
        packet.src = address;
    } else {
        packet.dst = address;
    }
}
