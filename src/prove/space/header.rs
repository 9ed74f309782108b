//! Header fields as ranges of bits, and each bit's variable.
//!
//! A header is seen as what it is, a row of bits, so two fields that overlap in the packet overlap in
//! the model: no relation between them has to be stated. Offsets are those of RFC 791, 8200, 9293,
//! 768, 9260, 4340, 792, 4302, 4303 and 3173.

use super::bands;
use crate::packet::{Family, Field, L4, PayloadBase};
use crate::prove::dd::Var;

/// A range of bits in a header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub base: PayloadBase,
    pub offset: u32,
    pub len: u32,
}

const fn place(base: PayloadBase, offset: u32, len: u32) -> Option<Place> {
    Some(Place { base, offset, len })
}

/// Where a field of a fixed header stands; `None` for all other fields.
pub(super) fn place_of(field: Field) -> Option<Place> {
    use PayloadBase::{Link, Network as N, Transport as T};
    match field {
        Field::EtherDaddr => place(Link, 0, 48),
        Field::EtherSaddr => place(Link, 48, 48),
        Field::EtherType => place(Link, 96, 16),
        Field::IpVersion => place(N, 0, 4),
        Field::IpHdrlength => place(N, 4, 4),
        Field::IpDscp => place(N, 8, 6),
        Field::IpEcn => place(N, 14, 2),
        Field::IpLength => place(N, 16, 16),
        Field::IpId => place(N, 32, 16),
        Field::IpFragOff => place(N, 48, 16),
        Field::IpTtl => place(N, 64, 8),
        Field::IpProtocol => place(N, 72, 8),
        Field::IpSaddr => place(N, 96, 32),
        Field::IpDaddr => place(N, 128, 32),
        Field::Ip6Dscp => place(N, 4, 6),
        Field::Ip6Ecn => place(N, 10, 2),
        Field::Ip6Flowlabel => place(N, 12, 20),
        Field::Ip6Length => place(N, 32, 16),
        Field::Ip6Nexthdr => place(N, 48, 8),
        Field::Ip6Hoplimit => place(N, 56, 8),
        Field::Ip6Saddr => place(N, 64, 128),
        Field::Ip6Daddr => place(N, 192, 128),
        Field::Sport(_) => place(T, 0, 16),
        Field::Dport(_) => place(T, 16, 16),
        Field::TcpSeq => place(T, 32, 32),
        Field::TcpAck => place(T, 64, 32),
        Field::TcpDoff => place(T, 96, 4),
        Field::TcpFlags => place(T, 104, 8),
        Field::TcpWindow => place(T, 112, 16),
        Field::SctpVtag => place(T, 32, 32),
        Field::DccpType => place(T, 67, 4),
        Field::UdpLength | Field::UdpliteCscov => place(T, 32, 16),
        Field::IcmpType | Field::Icmp6Type | Field::IgmpType => place(T, 0, 8),
        Field::IcmpCode | Field::Icmp6Code => place(T, 8, 8),
        Field::AhHdrlength => place(T, 8, 8),
        Field::AhReserved => place(T, 16, 16),
        Field::AhSpi => place(T, 32, 32),
        Field::EspSpi => place(T, 0, 32),
        Field::CompCpi => place(T, 16, 16),
        Field::Payload { base, offset, len } => place(base, offset as u32, len as u32),
        _ => None,
    }
}

/// The variable of one bit of a header.
pub(super) fn bit(family: Family, base: PayloadBase, at: u32) -> Var {
    match base {
        PayloadBase::Network if family == Family::Ip6 => ip6_bit(at),
        PayloadBase::Network => ip_bit(at),
        PayloadBase::Transport => match at {
            0..16 => Var::new(bands::SPORT, at),
            16..32 => Var::new(bands::DPORT, at - 16),
            104..112 => Var::new(bands::TCP_FLAGS, at - 104),
            _ => other(2, at),
        },
        PayloadBase::Link => other(0, at),
        PayloadBase::Inner => other(3, at),
    }
}

fn ip_bit(at: u32) -> Var {
    match at {
        8..16 => Var::new(bands::DSCP, at - 8),
        51..64 => Var::new(bands::FRAGMENT, at - 51),
        64..72 => Var::new(bands::TTL, at - 64),
        72..80 => Var::new(bands::PROTOCOL, at - 72),
        96..128 => Var::new(bands::SADDR, at - 96),
        128..160 => Var::new(bands::DADDR, at - 128),
        _ => other(1, at),
    }
}

fn ip6_bit(at: u32) -> Var {
    match at {
        4..12 => Var::new(bands::DSCP, at - 4),
        56..64 => Var::new(bands::TTL, at - 56),
        64..192 => Var::new(bands::SADDR, at - 64),
        192..320 => Var::new(bands::DADDR, at - 192),
        _ => other(1, at),
    }
}

fn other(base: u32, at: u32) -> Var {
    Var::new(bands::HEADER, base << 17 | at)
}

/// The layer-4 protocol that a field belongs to.
pub(super) fn protocol_of(field: Field) -> Option<u8> {
    match field {
        Field::Sport(l4) | Field::Dport(l4) => l4.protocol(),
        Field::TcpFlags | Field::TcpSeq | Field::TcpAck | Field::TcpWindow | Field::TcpDoff => L4::Tcp.protocol(),
        Field::TcpOption { .. } => L4::Tcp.protocol(),
        Field::SctpChunk { .. } | Field::SctpVtag => L4::Sctp.protocol(),
        Field::DccpType | Field::DccpOption { .. } => L4::Dccp.protocol(),
        Field::UdpLength => L4::Udp.protocol(),
        Field::UdpliteCscov => L4::Udplite.protocol(),
        Field::IcmpType | Field::IcmpCode => Some(1),
        Field::Icmp6Type | Field::Icmp6Code => Some(58),
        Field::IgmpType => Some(2),
        Field::AhSpi | Field::AhReserved | Field::AhHdrlength => Some(51),
        Field::EspSpi => Some(50),
        Field::CompCpi => Some(108),
        _ => None,
    }
}

/// The family whose network header holds a field.
pub(super) fn family_of(field: Field) -> Option<Family> {
    match field {
        Field::IpVersion
        | Field::IpHdrlength
        | Field::IpDscp
        | Field::IpEcn
        | Field::IpLength
        | Field::IpId
        | Field::IpFragOff
        | Field::IpTtl
        | Field::IpProtocol
        | Field::IpSaddr
        | Field::IpDaddr => Some(Family::Ip),
        Field::Ip6Dscp
        | Field::Ip6Ecn
        | Field::Ip6Flowlabel
        | Field::Ip6Length
        | Field::Ip6Nexthdr
        | Field::Ip6Hoplimit
        | Field::Ip6Saddr
        | Field::Ip6Daddr
        | Field::Exthdr(..) => Some(Family::Ip6),
        _ => None,
    }
}
