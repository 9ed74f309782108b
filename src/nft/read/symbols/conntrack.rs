//! Connection tracking (nft(8), *CONNTRACK TYPES*; bits as `nft describe ct_state` and
//! `include/uapi/linux/netfilter/nf_conntrack_common.h` number them).

pub(super) const STATE: &[(&str, u32)] =
    &[("invalid", 1), ("established", 2), ("related", 4), ("new", 8), ("untracked", 64)];

pub(super) const STATUS: &[(&str, u32)] = &[
    ("expected", 0x1),
    ("seen-reply", 0x2),
    ("assured", 0x4),
    ("confirmed", 0x8),
    ("snat", 0x10),
    ("dnat", 0x20),
    ("dying", 0x200),
];

pub(super) const DIRECTION: &[(&str, u32)] = &[("original", 0), ("reply", 1)];
