//! The fields of a packet, and of what the kernel knows about it, that rules can test or change.
//!
//! Names follow nft(8), section *EXPRESSIONS*, since nft names more fields than iptables does.
//! Each field has a width in bits and a data type (how nft writes its values).

/// One thing that can be read from a packet. Ordering is arbitrary but fixed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Field {
    // meta
    Iifname,
    Oifname,
    Iifgroup,
    Oifgroup,
    Mark,
    L4proto,
    Nfproto,
    Pkttype,
    /// Length of the packet from its network header, in bytes.
    Length,
    Skuid,
    Skgid,
    Priority,
    Cpu,
    Rtclassid,
    /// The number that a security module has for the packet's context; 0 for none.
    Secmark,
    Cgroup,
    /// Path of a cgroup v2 at a given level.
    SocketCgroupv2 {
        level: u8,
    },
    /// Seconds since midnight; numeric values are UTC.
    Hour,
    /// 0 is Sunday.
    Day,
    /// Nanoseconds since the epoch.
    Time,
    /// Name of the bridge port's bridge interface (`meta ibrname`).
    Ibrname,
    Obrname,
    /// Ethertype seen by the network stack (`meta protocol`).
    Protocol,
    /// 1 when the packet went through IPsec (`meta ipsec`).
    Secpath,
    /// Only written: 1 makes the kernel trace the packet (`meta nftrace`).
    Nftrace,
    // conntrack
    Ct(CtKey),
    // network headers
    EtherSaddr,
    EtherDaddr,
    EtherType,
    IpVersion,
    IpHdrlength,
    IpDscp,
    IpEcn,
    IpLength,
    IpId,
    /// The 16 bits that hold the flags and the fragment offset.
    IpFragOff,
    IpTtl,
    IpProtocol,
    IpSaddr,
    IpDaddr,
    Ip6Dscp,
    Ip6Ecn,
    Ip6Flowlabel,
    Ip6Length,
    Ip6Nexthdr,
    Ip6Hoplimit,
    Ip6Saddr,
    Ip6Daddr,
    Exthdr(Exthdr, ExthdrPart),
    // transport headers
    Sport(L4),
    Dport(L4),
    TcpFlags,
    TcpSeq,
    TcpAck,
    TcpWindow,
    TcpDoff,
    TcpOption {
        kind: u8,
        part: TcpOptionPart,
    },
    SctpChunk {
        kind: u8,
        part: SctpChunkPart,
    },
    SctpVtag,
    DccpType,
    DccpOption {
        kind: u8,
    },
    UdpLength,
    UdpliteCscov,
    IcmpType,
    IcmpCode,
    Icmp6Type,
    Icmp6Code,
    IgmpType,
    AhSpi,
    AhReserved,
    AhHdrlength,
    EspSpi,
    CompCpi,
    /// `len` bits at `offset` bits from a header.
    Payload {
        base: PayloadBase,
        offset: u16,
        len: u8,
    },
    // lookups
    Fib {
        flags: FibFlags,
        result: FibResult,
    },
    Socket(SocketKey),
    Rt(RtKey),
    Ipsec {
        dir: IpsecDirection,
        spnum: u8,
        key: IpsecKey,
    },
    Osf {
        key: OsfKey,
        ttl: OsfTtl,
    },
}

/// Which transport header a port is read from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum L4 {
    /// Whatever the packet's protocol is (`th dport`).
    Th,
    Tcp,
    Udp,
    Udplite,
    Sctp,
    Dccp,
}

/// What conntrack knows about the packet's connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum CtKey {
    State,
    Status,
    Mark,
    Direction,
    /// Milliseconds left.
    Expiration,
    Helper,
    /// The number that a security module has for the connection's context; 0 for none.
    Secmark,
    Label,
    Zone,
    /// A zone that connections have in one direction only; rules can set it, not test it.
    ZoneIn(CtDirection),
    L3proto,
    /// Number of connections the key has (`ct count` is a statement; this is its argument).
    Count,
    /// An address in a table of one family, whose width it has.
    Saddr(CtDirection),
    Daddr(CtDirection),
    /// An address with its family beside it, as an inet table needs (`ct original ip saddr`).
    IpSaddr(CtDirection),
    IpDaddr(CtDirection),
    Ip6Saddr(CtDirection),
    Ip6Daddr(CtDirection),
    Protocol(CtDirection),
    ProtoSrc(CtDirection),
    ProtoDst(CtDirection),
    /// `None` counts both directions.
    Bytes(Option<CtDirection>),
    Packets(Option<CtDirection>),
    Avgpkt(Option<CtDirection>),
}

/// Direction of a tracked connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum CtDirection {
    Original,
    Reply,
}

/// IPv6 extension headers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Exthdr {
    Hbh,
    Dst,
    Rt,
    /// Routing header type 0.
    Rt0,
    /// Routing header type 2 (mobile IPv6).
    Rt2,
    /// Segment routing header.
    Srh,
    Frag,
    Mh,
}

/// Parts of an extension header.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum ExthdrPart {
    /// 1 when the header is there.
    Exists,
    Nexthdr,
    Hdrlength,
    /// Routing type, or mobility header type.
    Type,
    SegLeft,
    FragOff,
    FragReserved,
    FragReserved2,
    FragMore,
    FragId,
    SrhLastEntry,
    SrhFlags,
    SrhTag,
    SrhSid(u8),
}

/// Parts of a TCP option.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum TcpOptionPart {
    Exists,
    /// The 16-bit value of option 2.
    MaxsegSize,
}

/// Parts of an SCTP chunk.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum SctpChunkPart {
    Exists,
    Flags,
}

/// Where raw payload offsets count from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum PayloadBase {
    /// `@ll`
    Link,
    /// `@nh`
    Network,
    /// `@th`
    Transport,
    /// `@ih`, the data behind the transport header
    Inner,
}

/// Inputs of a route lookup, in the order nft prints them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct FibFlags {
    pub saddr: bool,
    pub daddr: bool,
    pub mark: bool,
    pub iif: bool,
    pub oif: bool,
}

/// What a route lookup answers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum FibResult {
    /// Address type, numbered as in `include/uapi/linux/rtnetlink.h` (RTN_*).
    Type,
    Oif,
    Oifname,
    /// 1 when a route exists (`fib ... oif exists`).
    Exists,
}

/// Attributes of the local socket that would take the packet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum SocketKey {
    Transparent,
    Mark,
    Wildcard,
}

/// Attributes of the packet's route.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum RtKey {
    Classid,
    Mtu,
    /// 1 when the route carries IPsec (`rt ipsec`).
    Ipsec,
}

/// Direction of an IPsec policy.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum IpsecDirection {
    In,
    Out,
}

/// Attributes of one element of the packet's IPsec path.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum IpsecKey {
    Reqid,
    Spi,
    IpSaddr,
    IpDaddr,
    Ip6Saddr,
    Ip6Daddr,
}

/// Passive operating system fingerprint.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum OsfKey {
    Name,
    Version,
}

/// How a fingerprint's TTL is compared (include/uapi/linux/netfilter/nf_tables.h, `NF_OSF_TTL_*`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum OsfTtl {
    /// It must be the packet's, but on the way from a network that is not the host's own.
    Strict,
    /// The packet's may be less.
    Loose,
    /// It is not compared.
    Skip,
}

/// How nft writes a field's values (nft(8), section *DATA TYPES*).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum DataType {
    Integer,
    Boolean,
    String,
    Ifname,
    Devgroup,
    Ipv4Addr,
    Ipv6Addr,
    EtherAddr,
    EtherType,
    InetProto,
    InetService,
    Mark,
    NfProto,
    PktType,
    Uid,
    Gid,
    Realm,
    Classid,
    Cgroupv2,
    Hour,
    Day,
    Time,
    CtState,
    CtStatus,
    CtDir,
    CtLabel,
    /// Written `1h30m` or `20s500ms`; a bare number is seconds.
    Milliseconds,
    IcmpType,
    IcmpCode,
    Icmp6Type,
    Icmp6Code,
    IgmpType,
    TcpFlag,
    DccpType,
    MhType,
    Dscp,
    Ecn,
    FibAddrType,
    IfIndex,
}

impl L4 {
    /// The protocol number that the header implies; `None` for `th`.
    pub const fn protocol(self) -> Option<u8> {
        match self {
            L4::Th => None,
            L4::Tcp => Some(6),
            L4::Udp => Some(17),
            L4::Udplite => Some(136),
            L4::Sctp => Some(132),
            L4::Dccp => Some(33),
        }
    }

    /// The word nft uses.
    pub const fn name(self) -> &'static str {
        match self {
            L4::Th => "th",
            L4::Tcp => "tcp",
            L4::Udp => "udp",
            L4::Udplite => "udplite",
            L4::Sctp => "sctp",
            L4::Dccp => "dccp",
        }
    }
}

impl Field {
    /// The protocol whose header holds the field; nft makes sure of it before it reads the field.
    pub const fn protocol(self) -> Option<u8> {
        match self {
            Field::Sport(l4) | Field::Dport(l4) => l4.protocol(),
            Field::TcpFlags | Field::TcpSeq | Field::TcpAck | Field::TcpWindow | Field::TcpDoff => Some(6),
            Field::IcmpType | Field::IcmpCode => Some(1),
            Field::Icmp6Type | Field::Icmp6Code => Some(58),
            Field::SctpVtag => Some(132),
            Field::DccpType => Some(33),
            Field::UdpLength => Some(17),
            Field::UdpliteCscov => Some(136),
            Field::EspSpi => Some(50),
            Field::AhSpi | Field::AhReserved | Field::AhHdrlength => Some(51),
            Field::CompCpi => Some(108),
            _ => None,
        }
    }

    /// How nft writes the field's values.
    pub const fn data_type(self) -> DataType {
        use DataType as T;
        match self {
            Field::Iifname | Field::Oifname | Field::Ibrname | Field::Obrname => T::Ifname,
            Field::Iifgroup | Field::Oifgroup => T::Devgroup,
            Field::Mark | Field::Ct(CtKey::Mark) | Field::Socket(SocketKey::Mark) => T::Mark,
            Field::L4proto | Field::IpProtocol | Field::Ip6Nexthdr | Field::Ct(CtKey::Protocol(_)) => T::InetProto,
            Field::Exthdr(_, ExthdrPart::Nexthdr) => T::InetProto,
            Field::Exthdr(_, ExthdrPart::SrhSid(_)) => T::Ipv6Addr,
            Field::Nfproto | Field::Ct(CtKey::L3proto) => T::NfProto,
            Field::Pkttype => T::PktType,
            Field::Skuid => T::Uid,
            Field::Skgid => T::Gid,
            Field::Priority => T::Classid,
            Field::Rtclassid | Field::Rt(RtKey::Classid) => T::Realm,
            Field::SocketCgroupv2 { .. } => T::Cgroupv2,
            Field::Hour => T::Hour,
            Field::Day => T::Day,
            Field::Time => T::Time,
            Field::Protocol | Field::EtherType => T::EtherType,
            Field::Nftrace => T::Boolean,
            Field::Secpath | Field::Rt(RtKey::Ipsec) | Field::Socket(SocketKey::Transparent | SocketKey::Wildcard) => {
                T::Boolean
            }
            Field::Exthdr(_, ExthdrPart::Exists)
            | Field::TcpOption { part: TcpOptionPart::Exists, .. }
            | Field::SctpChunk { part: SctpChunkPart::Exists, .. }
            | Field::DccpOption { .. }
            | Field::Fib { result: FibResult::Exists, .. } => T::Boolean,
            Field::Ct(CtKey::State) => T::CtState,
            Field::Ct(CtKey::Status) => T::CtStatus,
            Field::Ct(CtKey::Direction) => T::CtDir,
            Field::Ct(CtKey::Label) => T::CtLabel,
            Field::Ct(CtKey::Expiration) => T::Milliseconds,
            Field::Ct(CtKey::Helper) | Field::Osf { .. } => T::String,
            Field::EtherSaddr | Field::EtherDaddr => T::EtherAddr,
            Field::IpSaddr | Field::IpDaddr | Field::Ct(CtKey::IpSaddr(_) | CtKey::IpDaddr(_)) => T::Ipv4Addr,
            Field::Ip6Saddr | Field::Ip6Daddr | Field::Ct(CtKey::Ip6Saddr(_) | CtKey::Ip6Daddr(_)) => T::Ipv6Addr,
            Field::Ipsec { key: IpsecKey::IpSaddr | IpsecKey::IpDaddr, .. } => T::Ipv4Addr,
            Field::Ipsec { key: IpsecKey::Ip6Saddr | IpsecKey::Ip6Daddr, .. } => T::Ipv6Addr,
            Field::IpDscp | Field::Ip6Dscp => T::Dscp,
            Field::IpEcn | Field::Ip6Ecn => T::Ecn,
            Field::Exthdr(Exthdr::Mh, ExthdrPart::Type) => T::MhType,
            Field::Sport(_) | Field::Dport(_) | Field::Ct(CtKey::ProtoSrc(_) | CtKey::ProtoDst(_)) => T::InetService,
            Field::TcpFlags => T::TcpFlag,
            Field::DccpType => T::DccpType,
            Field::IcmpType => T::IcmpType,
            Field::IcmpCode => T::IcmpCode,
            Field::Icmp6Type => T::Icmp6Type,
            Field::Icmp6Code => T::Icmp6Code,
            Field::IgmpType => T::IgmpType,
            Field::Fib { result: FibResult::Type, .. } => T::FibAddrType,
            Field::Fib { result: FibResult::Oif, .. } => T::IfIndex,
            Field::Fib { result: FibResult::Oifname, .. } => T::Ifname,
            // Addresses of a connection have the table's family: the caller knows it.
            _ => T::Integer,
        }
    }

    /// Width of the field's values in bits; strings count their buffer (16 bytes).
    pub const fn width(self) -> u32 {
        match self {
            Field::Iifname | Field::Oifname | Field::Ibrname | Field::Obrname => 128,
            Field::Ct(key) => key.width(),
            Field::EtherSaddr | Field::EtherDaddr => 48,
            Field::Ip6Saddr | Field::Ip6Daddr | Field::Osf { .. } => 128,
            Field::Hour => 17,
            Field::Day => 3,
            Field::Time | Field::SocketCgroupv2 { .. } => 64,
            Field::Protocol | Field::EtherType | Field::IpLength | Field::IpId | Field::IpFragOff => 16,
            Field::Ip6Length | Field::Sport(_) | Field::Dport(_) | Field::TcpWindow | Field::UdpLength => 16,
            Field::UdpliteCscov | Field::AhReserved | Field::CompCpi => 16,
            Field::TcpOption { part: TcpOptionPart::MaxsegSize, .. } => 16,
            Field::L4proto | Field::Nfproto | Field::Pkttype | Field::IpTtl | Field::IpProtocol => 8,
            Field::Ip6Nexthdr | Field::Ip6Hoplimit | Field::TcpFlags | Field::AhHdrlength => 8,
            Field::IcmpType | Field::IcmpCode | Field::Icmp6Type | Field::Icmp6Code | Field::IgmpType => 8,
            Field::SctpChunk { part: SctpChunkPart::Flags, .. } => 8,
            Field::IpDscp | Field::Ip6Dscp => 6,
            Field::IpEcn | Field::Ip6Ecn => 2,
            Field::IpVersion | Field::IpHdrlength | Field::TcpDoff | Field::DccpType => 4,
            Field::Ip6Flowlabel => 20,
            Field::Exthdr(_, part) => part.width(),
            Field::Payload { len, .. } => len as u32,
            Field::Ipsec { key: IpsecKey::Ip6Saddr | IpsecKey::Ip6Daddr, .. } => 128,
            Field::Fib { result: FibResult::Oifname, .. } => 128,
            Field::Fib { result: FibResult::Exists, .. }
            | Field::Secpath
            | Field::Nftrace
            | Field::Socket(SocketKey::Transparent | SocketKey::Wildcard)
            | Field::Rt(RtKey::Ipsec)
            | Field::TcpOption { part: TcpOptionPart::Exists, .. }
            | Field::SctpChunk { part: SctpChunkPart::Exists, .. }
            | Field::DccpOption { .. } => 1,
            Field::Fib { result: FibResult::Type, .. } => 8,
            Field::Rt(RtKey::Mtu) => 16,
            _ => 32,
        }
    }
}

impl CtKey {
    const fn width(self) -> u32 {
        match self {
            CtKey::Direction => 1,
            CtKey::L3proto | CtKey::Protocol(_) => 8,
            CtKey::Zone | CtKey::ZoneIn(_) | CtKey::ProtoSrc(_) | CtKey::ProtoDst(_) => 16,
            CtKey::Bytes(_) | CtKey::Packets(_) | CtKey::Avgpkt(_) => 64,
            CtKey::Helper | CtKey::Label | CtKey::Saddr(_) | CtKey::Daddr(_) => 128,
            CtKey::Ip6Saddr(_) | CtKey::Ip6Daddr(_) => 128,
            CtKey::IpSaddr(_) | CtKey::IpDaddr(_) => 32,
            CtKey::State | CtKey::Status | CtKey::Mark | CtKey::Secmark | CtKey::Expiration | CtKey::Count => 32,
        }
    }
}

impl ExthdrPart {
    const fn width(self) -> u32 {
        match self {
            ExthdrPart::Exists | ExthdrPart::FragMore => 1,
            ExthdrPart::FragReserved2 => 2,
            ExthdrPart::FragOff => 13,
            ExthdrPart::SrhTag => 16,
            ExthdrPart::FragId => 32,
            ExthdrPart::SrhSid(_) => 128,
            ExthdrPart::Nexthdr
            | ExthdrPart::Hdrlength
            | ExthdrPart::Type
            | ExthdrPart::SegLeft
            | ExthdrPart::FragReserved
            | ExthdrPart::SrhLastEntry
            | ExthdrPart::SrhFlags => 8,
        }
    }
}
