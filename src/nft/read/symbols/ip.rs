//! Network and transport headers, and what a route lookup answers.

/// nft(8), *IPV4 HEADER EXPRESSION*; RFC 2474, 2597, 3246, 5865, 8622.
pub(super) const DSCP: &[(&str, u32)] = &[
    ("cs0", 0x00),
    ("df", 0x00),
    ("be", 0x00),
    ("lephb", 0x01),
    ("cs1", 0x08),
    ("af11", 0x0a),
    ("af12", 0x0c),
    ("af13", 0x0e),
    ("cs2", 0x10),
    ("af21", 0x12),
    ("af22", 0x14),
    ("af23", 0x16),
    ("cs3", 0x18),
    ("af31", 0x1a),
    ("af32", 0x1c),
    ("af33", 0x1e),
    ("cs4", 0x20),
    ("af41", 0x22),
    ("af42", 0x24),
    ("af43", 0x26),
    ("cs5", 0x28),
    ("va", 0x2c),
    ("ef", 0x2e),
    ("cs6", 0x30),
    ("cs7", 0x38),
];

/// RFC 3168.
pub(super) const ECN: &[(&str, u32)] = &[("not-ect", 0), ("ect1", 1), ("ect0", 2), ("ce", 3)];

pub(super) const TCP_FLAG: &[(&str, u32)] = &[
    ("fin", 0x01),
    ("syn", 0x02),
    ("rst", 0x04),
    ("psh", 0x08),
    ("ack", 0x10),
    ("urg", 0x20),
    ("ecn", 0x40),
    ("cwr", 0x80),
];

/// RFC 4340, section 5.1.
pub(super) const DCCP_TYPE: &[(&str, u32)] = &[
    ("request", 0),
    ("response", 1),
    ("data", 2),
    ("ack", 3),
    ("dataack", 4),
    ("closereq", 5),
    ("close", 6),
    ("reset", 7),
    ("sync", 8),
    ("syncack", 9),
];

/// Mobility headers, RFC 6275 and followers.
pub(super) const MH_TYPE: &[(&str, u32)] = &[
    ("binding-refresh-request", 0),
    ("home-test-init", 1),
    ("careof-test-init", 2),
    ("home-test", 3),
    ("careof-test", 4),
    ("binding-update", 5),
    ("binding-acknowledgement", 6),
    ("binding-error", 7),
    ("fast-binding-update", 8),
    ("fast-binding-acknowledgement", 9),
    ("fast-binding-advertisement", 10),
    ("experimental-mobility-header", 11),
    ("home-agent-switch-message", 12),
];

/// `RTN_*` of `include/uapi/linux/rtnetlink.h`.
pub(super) const FIB_ADDRESS_TYPE: &[(&str, u32)] = &[
    ("unspec", 0),
    ("unicast", 1),
    ("local", 2),
    ("broadcast", 3),
    ("anycast", 4),
    ("multicast", 5),
    ("blackhole", 6),
    ("unreachable", 7),
    ("prohibit", 8),
];
