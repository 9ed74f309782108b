//! Names of values: words of a ruleset to numbers.
//!
//! Gathered for the reader alone, from nft(8) and `nft describe`; the printer has tables of its own,
//! so that a wrong name cannot agree with itself.

mod conntrack;
mod icmp;
mod ip;
mod link;
mod options;
mod protocols;
mod services;
mod types;

pub(super) use self::icmp::{reject_icmp, reject_icmp6, reject_icmpx};
pub(super) use self::link::classid;
pub(super) use self::options::{sctp_chunk, tcp_option};
pub(super) use self::types::{type_named, type_width};

use crate::packet::DataType;

/// The value that a word names in a data type.
pub(super) fn value(data: DataType, word: &str) -> Option<u128> {
    match data {
        DataType::InetService => sorted(services::SERVICES, word),
        DataType::InetProto => sorted(protocols::PROTOCOLS, word),
        _ => find(table(data), word),
    }
}

fn table(data: DataType) -> &'static [(&'static str, u32)] {
    match data {
        DataType::Boolean => &[("exists", 1), ("missing", 0)],
        DataType::CtDir => conntrack::DIRECTION,
        DataType::CtState => conntrack::STATE,
        DataType::CtStatus => conntrack::STATUS,
        DataType::Day => DAY,
        DataType::DccpType => ip::DCCP_TYPE,
        DataType::Devgroup => &[("default", 0)],
        DataType::Dscp => ip::DSCP,
        DataType::Ecn => ip::ECN,
        DataType::EtherType => link::ETHER_TYPE,
        DataType::FibAddrType => ip::FIB_ADDRESS_TYPE,
        DataType::Icmp6Code => icmp::ICMP6_CODE,
        DataType::Icmp6Type => icmp::ICMP6_TYPE,
        DataType::IcmpCode => icmp::ICMP_CODE,
        DataType::IcmpType => icmp::ICMP_TYPE,
        DataType::IgmpType => icmp::IGMP_TYPE,
        DataType::MhType => ip::MH_TYPE,
        DataType::NfProto => &[("ipv4", 2), ("ipv6", 10)],
        DataType::PktType => link::PACKET_TYPE,
        DataType::TcpFlag => ip::TCP_FLAG,
        // Only the one user and group that every machine has.
        DataType::Uid | DataType::Gid => &[("root", 0)],
        _ => &[],
    }
}

const DAY: &[(&str, u32)] =
    &[("Sunday", 0), ("Monday", 1), ("Tuesday", 2), ("Wednesday", 3), ("Thursday", 4), ("Friday", 5), ("Saturday", 6)];

fn find(table: &[(&str, u32)], word: &str) -> Option<u128> {
    table.iter().find(|(name, _)| *name == word).map(|(_, value)| u128::from(*value))
}

fn sorted<T: Copy + Into<u128>>(table: &[(&str, T)], word: &str) -> Option<u128> {
    let index = table.binary_search_by(|(name, _)| (*name).cmp(word)).ok()?;
    table.get(index).map(|(_, value)| (*value).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_tables_are_sorted() {
        assert!(services::SERVICES.is_sorted());
        assert!(protocols::PROTOCOLS.is_sorted());
    }

    #[test]
    fn words_name_values() {
        for (data, word, expected) in [
            (DataType::InetService, "ssh", Some(22)),
            (DataType::InetService, "https", Some(443)),
            (DataType::InetService, "nonesuch", None),
            (DataType::InetProto, "icmpv6", Some(58)),
            (DataType::InetProto, "tcp", Some(6)),
            (DataType::CtState, "untracked", Some(64)),
            (DataType::IcmpType, "echo-request", Some(8)),
            (DataType::Icmp6Type, "echo-request", Some(128)),
            (DataType::Dscp, "ef", Some(46)),
            (DataType::Day, "Monday", Some(1)),
            (DataType::Uid, "nobody", None),
        ] {
            assert_eq!(value(data, word), expected, "{data:?} {word}");
        }
    }
}
