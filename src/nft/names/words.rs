//! Names of single values, of data types, and of log levels.

use super::icmp;
use crate::packet::DataType;

type Names = &'static [(u128, &'static str)];

/// What nft's own grammar knows. `ipv6-icmp` and, before 1.1, `gre` come from `/etc/protocols`.
const INET_PROTO: Names = &[
    (1, "icmp"),
    (2, "igmp"),
    (6, "tcp"),
    (17, "udp"),
    (33, "dccp"),
    (50, "esp"),
    (51, "ah"),
    (58, "icmpv6"),
    (108, "comp"),
    (132, "sctp"),
    (136, "udplite"),
];
/// `df`, `va` and `lephb` are newer than 0.9.8.
const DSCP: Names = &[
    (0, "cs0"),
    (8, "cs1"),
    (16, "cs2"),
    (24, "cs3"),
    (32, "cs4"),
    (40, "cs5"),
    (48, "cs6"),
    (56, "cs7"),
    (10, "af11"),
    (12, "af12"),
    (14, "af13"),
    (18, "af21"),
    (20, "af22"),
    (22, "af23"),
    (26, "af31"),
    (28, "af32"),
    (30, "af33"),
    (34, "af41"),
    (36, "af42"),
    (38, "af43"),
    (46, "ef"),
];
const ECN: Names = &[(0, "not-ect"), (1, "ect1"), (2, "ect0"), (3, "ce")];
const ETHER_TYPE: Names = &[(0x0800, "ip"), (0x0806, "arp"), (0x8100, "vlan"), (0x86dd, "ip6")];
const NF_PROTO: Names = &[(2, "ipv4"), (10, "ipv6")];
/// `include/uapi/linux/if_packet.h`; nft's `host` is the same as `unicast`.
const PKT_TYPE: Names = &[(0, "unicast"), (1, "broadcast"), (2, "multicast"), (3, "other")];
const CT_DIR: Names = &[(0, "original"), (1, "reply")];
const IGMP_TYPE: Names = &[
    (0x11, "membership-query"),
    (0x12, "membership-report-v1"),
    (0x16, "membership-report-v2"),
    (0x17, "leave-group"),
    (0x22, "membership-report-v3"),
];
const DCCP_TYPE: Names = &[
    (0, "request"),
    (1, "response"),
    (2, "data"),
    (3, "ack"),
    (4, "dataack"),
    (5, "closereq"),
    (6, "close"),
    (7, "reset"),
    (8, "sync"),
    (9, "syncack"),
];
const MH_TYPE: Names = &[
    (0, "binding-refresh-request"),
    (1, "home-test-init"),
    (2, "careof-test-init"),
    (3, "home-test"),
    (4, "careof-test"),
    (5, "binding-update"),
    (6, "binding-acknowledgement"),
    (7, "binding-error"),
    (8, "fast-binding-update"),
    (9, "fast-binding-acknowledgement"),
    (10, "fast-binding-advertisement"),
    (11, "experimental-mobility-header"),
    (12, "home-agent-switch-message"),
];
/// RTN_* of `include/uapi/linux/rtnetlink.h`.
const FIB_ADDR_TYPE: Names = &[
    (0, "unspec"),
    (1, "unicast"),
    (2, "local"),
    (3, "broadcast"),
    (4, "anycast"),
    (5, "multicast"),
    (6, "blackhole"),
    (7, "unreachable"),
    (8, "prohibit"),
];

/// The name of one value of a type, unless only its number is known everywhere.
pub fn name_of(data: DataType, value: u128) -> Option<&'static str> {
    let names = match data {
        DataType::InetProto => INET_PROTO,
        DataType::Dscp => DSCP,
        DataType::Ecn => ECN,
        DataType::EtherType => ETHER_TYPE,
        DataType::NfProto => NF_PROTO,
        DataType::PktType => PKT_TYPE,
        DataType::CtDir => CT_DIR,
        DataType::IcmpType => icmp::TYPE,
        DataType::IcmpCode => icmp::CODE,
        DataType::Icmp6Type => icmp::TYPE6,
        DataType::Icmp6Code => icmp::CODE6,
        DataType::IgmpType => IGMP_TYPE,
        DataType::DccpType => DCCP_TYPE,
        DataType::MhType => MH_TYPE,
        DataType::FibAddrType => FIB_ADDR_TYPE,
        _ => return None,
    };
    names.iter().find(|(number, _)| *number == value).map(|(_, name)| *name)
}

/// The word after `log level`; 8 is `audit`.
pub fn log_level(level: u8) -> Option<&'static str> {
    ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug", "audit"].get(usize::from(level)).copied()
}

/// The word after `type` in a set; `None` where nft wants `typeof` and an expression.
pub const fn type_name(data: DataType) -> Option<&'static str> {
    use DataType as T;
    Some(match data {
        T::Integer | T::String | T::Hour | T::Day | T::Time | T::CtLabel => return None,
        T::Boolean => "boolean",
        T::Ifname => "ifname",
        T::Devgroup => "devgroup",
        T::Ipv4Addr => "ipv4_addr",
        T::Ipv6Addr => "ipv6_addr",
        T::EtherAddr => "ether_addr",
        T::EtherType => "ether_type",
        T::InetProto => "inet_proto",
        T::InetService => "inet_service",
        T::Mark => "mark",
        T::NfProto => "nf_proto",
        T::PktType => "pkt_type",
        T::Uid => "uid",
        T::Gid => "gid",
        T::Realm => "realm",
        T::Classid => "classid",
        T::Cgroupv2 => "cgroupsv2",
        T::CtState => "ct_state",
        T::CtStatus => "ct_status",
        T::CtDir => "ct_dir",
        T::Milliseconds => "time",
        T::IcmpType => "icmp_type",
        T::IcmpCode => "icmp_code",
        T::Icmp6Type => "icmpv6_type",
        T::Icmp6Code => "icmpv6_code",
        T::IgmpType => "igmp_type",
        T::TcpFlag => "tcp_flag",
        T::DccpType => "dccp_pkttype",
        T::MhType => "mh_type",
        T::Dscp => "dscp",
        T::Ecn => "ecn",
        T::FibAddrType => "fib_addrtype",
        T::IfIndex => "iface_index",
    })
}
