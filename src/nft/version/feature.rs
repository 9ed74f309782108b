//! Constructs that not every nft or kernel in use has.
//!
//! What 0.9.8 with Linux 5.10 has (Debian 11, the oldest target) needs no feature, unless an older
//! named distribution lacks it.

use super::Version;

/// Something a translation may want to write.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Feature {
    /// Two fields in one value: `ct mark & 0xff | meta mark & 0xff00`.
    BitwiseOfTwoFields,
    /// `*` in a set or map, for everything that is not in it.
    CatchAllElement,
    /// Statements in elements of a map: `map { type ..: verdict; counter; elements = { 22 counter : accept } }`.
    CounterInMap,
    /// `dccp option 5 exists`
    DccpOption,
    /// `destroy table`: no error where there is none.
    Destroy,
    /// `dnat to :80` in a table inet; one of the two families cannot be named without an address.
    DnatPortInInet,
    /// `ip dscp set ip dscp | 3`: a part of a header from itself.
    DscpArithmetic,
    /// A range of a number in host byte order (marks, ids, ct state) in a concatenation. 0.9.8 takes
    /// it and compares the bytes in the wrong order.
    HostOrderRangeInConcat,
    /// `snat`, `dnat`, `masquerade` and `redirect` in a table inet.
    InetNat,
    /// `@ih,0,32`: what stands behind the transport header.
    InnerPayload,
    /// A field with no type of its own (`ip ttl`, `@nh,8,8`) in a concatenation.
    IntegerInConcat,
    /// `last`
    LastStatement,
    /// `meta mark set ip dscp`: a field of one type into one of another.
    MarkFromOtherType,
    /// `meta hour`, `meta day`, `meta time`
    MetaTime,
    /// `ct label ! 5,6`: none of several bits, where no literal is zero.
    NoneOfLabels,
    /// Ranges and prefixes in the parts of an anonymous set's elements, or of a named set or map.
    RangeInConcat,
    /// The same in an anonymous map or verdict map; 0.9.8 aborts.
    RangeInConcatMap,
    /// A range of ports in `addr . port` data: `dnat ip addr . port to ip saddr map { 10.0.0.1 : 10.0.0.2 . 80-90 }`.
    RangeInNatMapPort,
    /// `reject with icmp type 7`: a code without a name.
    RejectCodeNumber,
    /// `reset tcp option timestamp`
    ResetTcpOption,
    /// `sctp chunk data exists`
    SctpChunk,
    /// `socket cgroupv2 level 1 "path"`
    SocketCgroupv2,
    /// `socket wildcard 1`
    SocketWildcard,
    /// Statements that each element of a set carries: `set { type ..; counter }`.
    StatementsInSet,
    /// `synproxy`, alone and as an object.
    Synproxy,
    /// Keys of sets as expressions: `typeof ip ttl`.
    Typeof,
    /// `udplite csumcov 8`
    UdpliteCoverage,
    /// `iifname { "eth0", "ppp*" }`
    WildcardInSet,
    /// `iifname . tcp dport { "ppp*" . 80 }`; 0.9.8 aborts.
    WildcardInConcat,
}

/// Where a version comes from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Evidence {
    /// The first of 0.9.8, 1.0.6, 1.1.3 and 1.1.7 that was seen to take it; a version between that one
    /// and the one before may have it too.
    Measured,
    /// The project's release announcement; where one of the four versions could contradict, it agreed.
    ReleaseNotes,
}

/// What a feature needs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Need {
    /// The first nft.
    pub nft: Version,
    pub evidence: Evidence,
    /// The first mainline kernel (from the kernel's history, not measured); `None` where every kernel
    /// that runs nftables since 5.4 will do.
    pub kernel: Option<Version>,
}

impl Feature {
    /// Every feature, sorted.
    pub const ALL: [Feature; 29] = [
        Feature::BitwiseOfTwoFields,
        Feature::CatchAllElement,
        Feature::CounterInMap,
        Feature::DccpOption,
        Feature::Destroy,
        Feature::DnatPortInInet,
        Feature::DscpArithmetic,
        Feature::HostOrderRangeInConcat,
        Feature::InetNat,
        Feature::InnerPayload,
        Feature::IntegerInConcat,
        Feature::LastStatement,
        Feature::MarkFromOtherType,
        Feature::MetaTime,
        Feature::NoneOfLabels,
        Feature::RangeInConcat,
        Feature::RangeInConcatMap,
        Feature::RangeInNatMapPort,
        Feature::RejectCodeNumber,
        Feature::ResetTcpOption,
        Feature::SctpChunk,
        Feature::SocketCgroupv2,
        Feature::SocketWildcard,
        Feature::StatementsInSet,
        Feature::Synproxy,
        Feature::Typeof,
        Feature::UdpliteCoverage,
        Feature::WildcardInSet,
        Feature::WildcardInConcat,
    ];

    /// What it needs.
    pub const fn need(self) -> Need {
        match self {
            Feature::BitwiseOfTwoFields => notes(1, 1, 2).on(6, 13),
            Feature::CatchAllElement => notes(0, 9, 9).on(5, 13),
            Feature::CounterInMap => notes(1, 0, 0).on(5, 7),
            Feature::DccpOption => measured(1, 1, 3).on(6, 4),
            Feature::Destroy => measured(1, 1, 3).on(6, 3),
            Feature::DnatPortInInet => measured(1, 0, 6),
            Feature::DscpArithmetic => measured(1, 1, 3),
            Feature::HostOrderRangeInConcat => measured(1, 0, 6).on(5, 6),
            Feature::InetNat => notes(0, 9, 2),
            Feature::InnerPayload => measured(1, 0, 6).on(5, 16),
            Feature::IntegerInConcat => measured(1, 0, 6),
            Feature::LastStatement => measured(1, 1, 3).on(5, 14),
            Feature::MarkFromOtherType => measured(1, 1, 3),
            Feature::MetaTime => notes(0, 9, 3),
            Feature::NoneOfLabels => measured(1, 0, 6),
            Feature::RangeInConcat => notes(0, 9, 4).on(5, 6),
            Feature::RangeInConcatMap => measured(1, 0, 6).on(5, 6),
            Feature::RangeInNatMapPort => measured(1, 0, 6).on(5, 6),
            Feature::RejectCodeNumber => measured(1, 0, 6),
            Feature::ResetTcpOption => notes(1, 0, 2).on(5, 18),
            Feature::SctpChunk => notes(0, 9, 9).on(5, 14),
            Feature::SocketCgroupv2 => notes(0, 9, 9).on(5, 13),
            Feature::SocketWildcard => notes(0, 9, 8).on(5, 11),
            Feature::StatementsInSet => notes(0, 9, 5).on(5, 7),
            Feature::Synproxy => notes(0, 9, 3).on(5, 4),
            Feature::Typeof => notes(0, 9, 4),
            Feature::UdpliteCoverage => measured(1, 0, 6),
            Feature::WildcardInSet => notes(1, 0, 3),
            Feature::WildcardInConcat => measured(1, 0, 6).on(5, 6),
        }
    }
}

impl Need {
    const fn on(self, major: u16, minor: u16) -> Need {
        Need { kernel: Some(Version::new(major, minor, 0)), ..self }
    }
}

const fn measured(major: u16, minor: u16, patch: u16) -> Need {
    Need { nft: Version::new(major, minor, patch), evidence: Evidence::Measured, kernel: None }
}

const fn notes(major: u16, minor: u16, patch: u16) -> Need {
    Need { nft: Version::new(major, minor, patch), evidence: Evidence::ReleaseNotes, kernel: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_sorted_and_complete() {
        assert!(Feature::ALL.is_sorted());
        // Discriminants are dense, so the last one counts them.
        assert_eq!(Feature::WildcardInConcat as usize + 1, Feature::ALL.len());
    }
}
