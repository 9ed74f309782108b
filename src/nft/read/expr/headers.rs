//! Fields of headers (nft(8), *PAYLOAD EXPRESSIONS*).

use crate::nft::read::cursor::{Parsed, Reader, Unread};
use crate::packet::{Field, L4, PayloadBase};

impl Reader<'_> {
    /// A field of `header`, whose name was read.
    pub fn header_field(&mut self, header: &str) -> Parsed<Field> {
        let key = self.word()?;
        let field = match header {
            "ether" => ether(key),
            "ip" => ip(key),
            "ip6" => ip6(key),
            "icmp" | "icmpv6" | "igmp" => control(header, key),
            "ah" | "esp" | "comp" => security(header, key),
            _ => transport(header, key),
        };
        field.ok_or(Unread)
    }
}

fn ether(key: &str) -> Option<Field> {
    Some(match key {
        "daddr" => Field::EtherDaddr,
        "saddr" => Field::EtherSaddr,
        "type" => Field::EtherType,
        _ => return None,
    })
}

fn ip(key: &str) -> Option<Field> {
    Some(match key {
        // Nobody asks for it by name, but nft lists bytes at that place so.
        "checksum" => Field::Payload { base: PayloadBase::Network, offset: 80, len: 16 },
        "daddr" => Field::IpDaddr,
        "dscp" => Field::IpDscp,
        "ecn" => Field::IpEcn,
        "frag-off" => Field::IpFragOff,
        "hdrlength" => Field::IpHdrlength,
        "id" => Field::IpId,
        "length" => Field::IpLength,
        "protocol" => Field::IpProtocol,
        "saddr" => Field::IpSaddr,
        "ttl" => Field::IpTtl,
        "version" => Field::IpVersion,
        _ => return None,
    })
}

fn ip6(key: &str) -> Option<Field> {
    Some(match key {
        "daddr" => Field::Ip6Daddr,
        "dscp" => Field::Ip6Dscp,
        "ecn" => Field::Ip6Ecn,
        "flowlabel" => Field::Ip6Flowlabel,
        "hoplimit" => Field::Ip6Hoplimit,
        "length" => Field::Ip6Length,
        "nexthdr" => Field::Ip6Nexthdr,
        "saddr" => Field::Ip6Saddr,
        _ => return None,
    })
}

fn control(header: &str, key: &str) -> Option<Field> {
    Some(match (header, key) {
        ("icmp", "code") => Field::IcmpCode,
        ("icmp", "type") => Field::IcmpType,
        ("icmpv6", "code") => Field::Icmp6Code,
        ("icmpv6", "type") => Field::Icmp6Type,
        ("igmp", "type") => Field::IgmpType,
        _ => return None,
    })
}

fn security(header: &str, key: &str) -> Option<Field> {
    Some(match (header, key) {
        ("ah", "hdrlength") => Field::AhHdrlength,
        ("ah", "reserved") => Field::AhReserved,
        ("ah", "spi") => Field::AhSpi,
        ("comp", "cpi") => Field::CompCpi,
        ("esp", "spi") => Field::EspSpi,
        _ => return None,
    })
}

fn transport(header: &str, key: &str) -> Option<Field> {
    let l4 = [L4::Th, L4::Tcp, L4::Udp, L4::Udplite, L4::Sctp, L4::Dccp].into_iter().find(|l4| l4.name() == header)?;
    Some(match (l4, key) {
        (_, "dport") => Field::Dport(l4),
        (_, "sport") => Field::Sport(l4),
        (L4::Dccp, "type") => Field::DccpType,
        (L4::Sctp, "vtag") => Field::SctpVtag,
        (L4::Tcp, "ackseq") => Field::TcpAck,
        (L4::Tcp, "doff") => Field::TcpDoff,
        (L4::Tcp, "flags") => Field::TcpFlags,
        (L4::Tcp, "sequence") => Field::TcpSeq,
        (L4::Tcp, "window") => Field::TcpWindow,
        (L4::Udp, "length") => Field::UdpLength,
        (L4::Udplite, "csumcov" | "cscov") => Field::UdpliteCscov,
        _ => return None,
    })
}
