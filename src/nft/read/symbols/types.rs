//! Names and widths of data types, as `type` in a set's declaration says them.

use crate::packet::DataType;

/// The data type that `type NAME` means. `integer` and `string` have no width of their own, and `time`
/// names two types: no set can be declared with them here.
pub fn type_named(word: &str) -> Option<DataType> {
    Some(match word {
        "boolean" => DataType::Boolean,
        "cgroupsv2" => DataType::Cgroupv2,
        "classid" => DataType::Classid,
        "ct_dir" => DataType::CtDir,
        "ct_label" => DataType::CtLabel,
        "ct_state" => DataType::CtState,
        "ct_status" => DataType::CtStatus,
        "day" => DataType::Day,
        "dccp_pkttype" => DataType::DccpType,
        "devgroup" => DataType::Devgroup,
        "dscp" => DataType::Dscp,
        "ether_addr" => DataType::EtherAddr,
        "ether_type" => DataType::EtherType,
        "fib_addrtype" => DataType::FibAddrType,
        "gid" => DataType::Gid,
        "hour" => DataType::Hour,
        "icmp_code" => DataType::IcmpCode,
        "icmp_type" => DataType::IcmpType,
        "icmpv6_code" => DataType::Icmp6Code,
        "icmpv6_type" => DataType::Icmp6Type,
        "iface_index" => DataType::IfIndex,
        "ifname" => DataType::Ifname,
        "igmp_type" => DataType::IgmpType,
        "inet_proto" => DataType::InetProto,
        "inet_service" => DataType::InetService,
        "ipv4_addr" => DataType::Ipv4Addr,
        "ipv6_addr" => DataType::Ipv6Addr,
        "mark" => DataType::Mark,
        "mh_type" => DataType::MhType,
        "nf_proto" => DataType::NfProto,
        "pkt_type" => DataType::PktType,
        "realm" => DataType::Realm,
        "tcp_flag" => DataType::TcpFlag,
        "uid" => DataType::Uid,
        _ => return None,
    })
}

/// Bits of a data type's values.
pub const fn type_width(data: DataType) -> u32 {
    match data {
        DataType::Boolean | DataType::CtDir => 1,
        DataType::Ecn => 2,
        DataType::DccpType => 4,
        DataType::Dscp => 6,
        DataType::InetProto | DataType::NfProto | DataType::PktType | DataType::IcmpType | DataType::IcmpCode => 8,
        DataType::Icmp6Type | DataType::Icmp6Code | DataType::IgmpType | DataType::TcpFlag | DataType::MhType => 8,
        DataType::Day => 8,
        DataType::EtherType | DataType::InetService => 16,
        DataType::EtherAddr => 48,
        DataType::Time | DataType::Cgroupv2 => 64,
        DataType::Ipv6Addr | DataType::CtLabel | DataType::Ifname | DataType::String => 128,
        DataType::Integer | DataType::Devgroup | DataType::Ipv4Addr | DataType::Mark | DataType::Uid => 32,
        DataType::Gid | DataType::Realm | DataType::Classid | DataType::Hour | DataType::CtState => 32,
        DataType::CtStatus | DataType::Milliseconds | DataType::FibAddrType | DataType::IfIndex => 32,
    }
}
