//! The words for a field (nft(8), sections *PRIMARY EXPRESSIONS* and *PAYLOAD EXPRESSIONS*).

use std::borrow::Cow;

use crate::nft::ast::{Expr, Op};
use crate::packet::{
    CtDirection, CtKey, Exthdr, ExthdrPart, Family, FibFlags, FibResult, Field, IpsecDirection, IpsecKey, L4, OsfKey,
    OsfTtl, PayloadBase, RtKey, SctpChunkPart, SocketKey, TcpOptionPart,
};

/// How nft writes `field` in a table of `family`; `None` where it has no words for it.
pub fn field_words(field: Field, family: Family) -> Option<Cow<'static, str>> {
    match fixed(field) {
        Some(words) => Some(Cow::Borrowed(words)),
        None => composed(field, family).map(Cow::Owned),
    }
}

/// Fields whose words depend on what belongs to them.
fn composed(field: Field, family: Family) -> Option<String> {
    Some(match field {
        Field::Ct(key) => ct(key, family)?,
        Field::Exthdr(header, part) => exthdr(header, part)?,
        Field::TcpOption { kind, part: TcpOptionPart::Exists } => format!("tcp option {}", tcp_option(kind)),
        Field::TcpOption { kind: 2, part: TcpOptionPart::MaxsegSize } => "tcp option maxseg size".to_owned(),
        Field::SctpChunk { kind, part: SctpChunkPart::Exists } => format!("sctp chunk {}", sctp_chunk(kind)?),
        Field::SctpChunk { kind, part: SctpChunkPart::Flags } => format!("sctp chunk {} flags", sctp_chunk(kind)?),
        Field::DccpOption { kind } => format!("dccp option {kind}"),
        Field::SocketCgroupv2 { level } => format!("socket cgroupv2 level {level}"),
        Field::Payload { base, offset, len } => format!("@{},{offset},{len}", payload_base(base)),
        Field::Fib { flags, result } => format!("fib {} {}", fib_flags(flags)?, fib_result(result)),
        Field::Ipsec { dir, spnum, key } => ipsec(dir, spnum, key),
        _ => return None,
    })
}

/// How nft writes a comparison of an interface with the loopback interface: by its number, 1 in every namespace, which
/// costs the kernel a fraction of comparing names. It is always there, so the text loads anywhere. `None` for others.
pub fn loopback_words(left: &Expr, op: Op, right: &Expr) -> Option<&'static str> {
    let loopback = matches!(right, Expr::Text { text, wildcard: false } if *text == "lo");
    match (left, op) {
        (Expr::Field(Field::Iifname), Op::Implicit | Op::Eq | Op::Ne) if loopback => Some("iif"),
        (Expr::Field(Field::Oifname), Op::Implicit | Op::Eq | Op::Ne) if loopback => Some("oif"),
        _ => None,
    }
}

/// Fields whose words depend on nothing.
const fn fixed(field: Field) -> Option<&'static str> {
    Some(match field {
        Field::Iifname => "iifname",
        Field::Oifname => "oifname",
        Field::Iifgroup => "iifgroup",
        Field::Oifgroup => "oifgroup",
        Field::Mark => "meta mark",
        Field::L4proto => "meta l4proto",
        Field::Nfproto => "meta nfproto",
        Field::Pkttype => "meta pkttype",
        Field::Length => "meta length",
        Field::Skuid => "meta skuid",
        Field::Skgid => "meta skgid",
        Field::Priority => "meta priority",
        Field::Cpu => "meta cpu",
        Field::Rtclassid => "meta rtclassid",
        Field::Secmark => "meta secmark",
        Field::Cgroup => "meta cgroup",
        Field::Hour => "meta hour",
        Field::Day => "meta day",
        Field::Time => "meta time",
        Field::Ibrname => "meta ibrname",
        Field::Obrname => "meta obrname",
        Field::Protocol => "meta protocol",
        Field::Secpath => "meta ipsec",
        Field::Nftrace => "meta nftrace",
        Field::EtherSaddr => "ether saddr",
        Field::EtherDaddr => "ether daddr",
        Field::EtherType => "ether type",
        Field::IpVersion => "ip version",
        Field::IpHdrlength => "ip hdrlength",
        Field::IpDscp => "ip dscp",
        Field::IpEcn => "ip ecn",
        Field::IpLength => "ip length",
        Field::IpId => "ip id",
        Field::IpFragOff => "ip frag-off",
        Field::IpTtl => "ip ttl",
        Field::IpProtocol => "ip protocol",
        Field::IpSaddr => "ip saddr",
        Field::IpDaddr => "ip daddr",
        Field::Ip6Dscp => "ip6 dscp",
        Field::Ip6Ecn => "ip6 ecn",
        Field::Ip6Flowlabel => "ip6 flowlabel",
        Field::Ip6Length => "ip6 length",
        Field::Ip6Nexthdr => "ip6 nexthdr",
        Field::Ip6Hoplimit => "ip6 hoplimit",
        Field::Ip6Saddr => "ip6 saddr",
        Field::Ip6Daddr => "ip6 daddr",
        Field::Sport(L4::Th) => "th sport",
        Field::Sport(L4::Tcp) => "tcp sport",
        Field::Sport(L4::Udp) => "udp sport",
        Field::Sport(L4::Udplite) => "udplite sport",
        Field::Sport(L4::Sctp) => "sctp sport",
        Field::Sport(L4::Dccp) => "dccp sport",
        Field::Dport(L4::Th) => "th dport",
        Field::Dport(L4::Tcp) => "tcp dport",
        Field::Dport(L4::Udp) => "udp dport",
        Field::Dport(L4::Udplite) => "udplite dport",
        Field::Dport(L4::Sctp) => "sctp dport",
        Field::Dport(L4::Dccp) => "dccp dport",
        Field::Ct(CtKey::State) => "ct state",
        Field::Ct(CtKey::Status) => "ct status",
        Field::Ct(CtKey::Mark) => "ct mark",
        Field::Ct(CtKey::Secmark) => "ct secmark",
        Field::Ct(CtKey::Direction) => "ct direction",
        Field::Ct(CtKey::Expiration) => "ct expiration",
        Field::Ct(CtKey::Helper) => "ct helper",
        Field::Ct(CtKey::Label) => "ct label",
        Field::Ct(CtKey::Zone) => "ct zone",
        Field::Ct(CtKey::L3proto) => "ct l3proto",
        Field::TcpFlags => "tcp flags",
        Field::TcpSeq => "tcp sequence",
        Field::TcpAck => "tcp ackseq",
        Field::TcpWindow => "tcp window",
        Field::TcpDoff => "tcp doff",
        Field::SctpVtag => "sctp vtag",
        Field::DccpType => "dccp type",
        Field::UdpLength => "udp length",
        // nft(8) says `cscov`; the grammar of every version says this.
        Field::UdpliteCscov => "udplite csumcov",
        Field::IcmpType => "icmp type",
        Field::IcmpCode => "icmp code",
        Field::Icmp6Type => "icmpv6 type",
        Field::Icmp6Code => "icmpv6 code",
        Field::IgmpType => "igmp type",
        Field::AhSpi => "ah spi",
        Field::AhReserved => "ah reserved",
        Field::AhHdrlength => "ah hdrlength",
        Field::EspSpi => "esp spi",
        Field::CompCpi => "comp cpi",
        Field::Socket(SocketKey::Transparent) => "socket transparent",
        Field::Socket(SocketKey::Mark) => "socket mark",
        Field::Socket(SocketKey::Wildcard) => "socket wildcard",
        Field::Rt(RtKey::Classid) => "rt classid",
        Field::Rt(RtKey::Mtu) => "rt mtu",
        Field::Rt(RtKey::Ipsec) => "rt ipsec",
        Field::Osf { key: OsfKey::Name, ttl: OsfTtl::Strict } => "osf name",
        Field::Osf { key: OsfKey::Name, ttl: OsfTtl::Loose } => "osf ttl loose name",
        Field::Osf { key: OsfKey::Name, ttl: OsfTtl::Skip } => "osf ttl skip name",
        Field::Osf { key: OsfKey::Version, ttl: OsfTtl::Strict } => "osf version",
        Field::Osf { key: OsfKey::Version, ttl: OsfTtl::Loose } => "osf ttl loose version",
        Field::Osf { key: OsfKey::Version, ttl: OsfTtl::Skip } => "osf ttl skip version",
        _ => return None,
    })
}

fn ct(key: CtKey, family: Family) -> Option<String> {
    let address = |dir, word| match family {
        Family::Inet => None,
        // With its family beside it, since sets take it only so.
        Family::Ip | Family::Ip6 => Some(format!("ct {} {} {word}", direction(dir), family.name())),
    };
    let either = |dir: Option<CtDirection>, word: &str| match dir {
        Some(dir) => format!("ct {} {word}", direction(dir)),
        None => format!("ct {word}"),
    };
    Some(match key {
        CtKey::ZoneIn(dir) => either(Some(dir), "zone"),
        CtKey::Saddr(dir) => address(dir, "saddr")?,
        CtKey::Daddr(dir) => address(dir, "daddr")?,
        CtKey::IpSaddr(dir) => either(Some(dir), "ip saddr"),
        CtKey::IpDaddr(dir) => either(Some(dir), "ip daddr"),
        CtKey::Ip6Saddr(dir) => either(Some(dir), "ip6 saddr"),
        CtKey::Ip6Daddr(dir) => either(Some(dir), "ip6 daddr"),
        CtKey::Protocol(dir) => either(Some(dir), "protocol"),
        CtKey::ProtoSrc(dir) => either(Some(dir), "proto-src"),
        CtKey::ProtoDst(dir) => either(Some(dir), "proto-dst"),
        CtKey::Bytes(dir) => either(dir, "bytes"),
        CtKey::Packets(dir) => either(dir, "packets"),
        CtKey::Avgpkt(dir) => either(dir, "avgpkt"),
        _ => return None,
    })
}

/// The word nft uses for a direction of a connection.
const fn direction(dir: CtDirection) -> &'static str {
    match dir {
        CtDirection::Original => "original",
        CtDirection::Reply => "reply",
    }
}

fn exthdr(header: Exthdr, part: ExthdrPart) -> Option<String> {
    let name = match header {
        Exthdr::Hbh => "hbh",
        Exthdr::Dst => "dst",
        Exthdr::Rt | Exthdr::Rt0 | Exthdr::Rt2 => "rt",
        Exthdr::Srh => "srh",
        Exthdr::Frag => "frag",
        Exthdr::Mh => "mh",
    };
    let part = match (header, part) {
        (Exthdr::Rt0 | Exthdr::Rt2, _) | (Exthdr::Srh, ExthdrPart::Exists) => return None,
        (_, ExthdrPart::Exists) => return Some(format!("exthdr {name}")),
        (Exthdr::Srh, ExthdrPart::SrhLastEntry) => "last-entry",
        (Exthdr::Srh, ExthdrPart::SrhFlags) => "flags",
        (Exthdr::Srh, ExthdrPart::SrhTag) => "tag",
        (Exthdr::Srh, ExthdrPart::SrhSid(entry)) => return Some(format!("srh sid[{entry}]")),
        (Exthdr::Srh, _) => return None,
        (_, ExthdrPart::Nexthdr) => "nexthdr",
        (Exthdr::Hbh | Exthdr::Dst | Exthdr::Rt | Exthdr::Mh, ExthdrPart::Hdrlength) => "hdrlength",
        (Exthdr::Rt | Exthdr::Mh, ExthdrPart::Type) => "type",
        (Exthdr::Rt, ExthdrPart::SegLeft) => "seg-left",
        (Exthdr::Frag, ExthdrPart::FragOff) => "frag-off",
        (Exthdr::Frag, ExthdrPart::FragReserved) => "reserved",
        (Exthdr::Frag, ExthdrPart::FragReserved2) => "reserved2",
        (Exthdr::Frag, ExthdrPart::FragMore) => "more-fragments",
        (Exthdr::Frag, ExthdrPart::FragId) => "id",
        _ => return None,
    };
    Some(format!("{name} {part}"))
}

/// A TCP option by the name 0.9.8 knows too, else by its number.
pub(in crate::nft) fn tcp_option(kind: u8) -> String {
    match kind {
        0 => "eol".to_owned(),
        1 => "nop".to_owned(),
        2 => "maxseg".to_owned(),
        3 => "window".to_owned(),
        4 => "sack-perm".to_owned(),
        5 => "sack".to_owned(),
        8 => "timestamp".to_owned(),
        _ => kind.to_string(),
    }
}

const fn sctp_chunk(kind: u8) -> Option<&'static str> {
    Some(match kind {
        0 => "data",
        1 => "init",
        2 => "init-ack",
        3 => "sack",
        4 => "heartbeat",
        5 => "heartbeat-ack",
        6 => "abort",
        7 => "shutdown",
        8 => "shutdown-ack",
        9 => "error",
        10 => "cookie-echo",
        11 => "cookie-ack",
        12 => "ecne",
        13 => "cwr",
        14 => "shutdown-complete",
        0x80 => "asconf-ack",
        0xc0 => "forward-tsn",
        0xc1 => "asconf",
        _ => return None,
    })
}

const fn payload_base(base: PayloadBase) -> &'static str {
    match base {
        PayloadBase::Link => "ll",
        PayloadBase::Network => "nh",
        PayloadBase::Transport => "th",
        PayloadBase::Inner => "ih",
    }
}

fn fib_flags(flags: FibFlags) -> Option<String> {
    let FibFlags { saddr, daddr, mark, iif, oif } = flags;
    let words = [(saddr, "saddr"), (daddr, "daddr"), (mark, "mark"), (iif, "iif"), (oif, "oif")];
    let words: Vec<&str> = words.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
    // One address, and at most one of the interfaces.
    (saddr != daddr && !(iif && oif)).then(|| words.join(" . "))
}

const fn fib_result(result: FibResult) -> &'static str {
    match result {
        FibResult::Type => "type",
        FibResult::Oif | FibResult::Exists => "oif",
        FibResult::Oifname => "oifname",
    }
}

fn ipsec(dir: IpsecDirection, spnum: u8, key: IpsecKey) -> String {
    let dir = match dir {
        IpsecDirection::In => "in",
        IpsecDirection::Out => "out",
    };
    let key = match key {
        IpsecKey::Reqid => "reqid",
        IpsecKey::Spi => "spi",
        IpsecKey::IpSaddr => "ip saddr",
        IpsecKey::IpDaddr => "ip daddr",
        IpsecKey::Ip6Saddr => "ip6 saddr",
        IpsecKey::Ip6Daddr => "ip6 daddr",
    };
    match spnum {
        0 => format!("ipsec {dir} {key}"),
        _ => format!("ipsec {dir} spnum {spnum} {key}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::L4;

    fn check(field: Field, expect: Option<&str>) {
        assert_eq!(field_words(field, Family::Ip).as_deref(), expect, "{field:?}");
    }

    #[test]
    fn fields_have_words() {
        check(Field::Dport(L4::Th), Some("th dport"));
        check(Field::Ct(CtKey::Saddr(CtDirection::Original)), Some("ct original ip saddr"));
        check(Field::Ct(CtKey::Bytes(None)), Some("ct bytes"));
        check(Field::Ct(CtKey::Count), None);
        check(Field::TcpOption { kind: 30, part: TcpOptionPart::Exists }, Some("tcp option 30"));
        check(Field::TcpOption { kind: 3, part: TcpOptionPart::MaxsegSize }, None);
        check(Field::Exthdr(Exthdr::Frag, ExthdrPart::Exists), Some("exthdr frag"));
        check(Field::Exthdr(Exthdr::Frag, ExthdrPart::SegLeft), None);
        check(Field::Exthdr(Exthdr::Srh, ExthdrPart::SrhSid(1)), Some("srh sid[1]"));
        check(Field::Payload { base: PayloadBase::Network, offset: 8, len: 8 }, Some("@nh,8,8"));
        let flags = FibFlags { saddr: true, iif: true, ..FibFlags::default() };
        check(Field::Fib { flags, result: FibResult::Exists }, Some("fib saddr . iif oif"));
        check(Field::Fib { flags: FibFlags::default(), result: FibResult::Oif }, None);
        assert_eq!(field_words(Field::Ct(CtKey::Saddr(CtDirection::Reply)), Family::Inet), None);
    }
}
