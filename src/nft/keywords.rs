//! The words that nft's grammar keeps for itself.
//!
//! Measured, not copied: each word of the four libraries (0.9.8, 1.0.6, 1.1.3, 1.1.7) and of their
//! manual pages was tried as the name of a table, chain, set, map and object, behind `jump`, behind
//! `goto` in a map, and behind `@`. A word stands here when any version refuses it in any of them.

/// Sorted.
#[rustfmt::skip]
const KEYWORDS: &[&str] = &[
    "accept", "ackseq", "add", "addr", "ah", "all", "and", "arp", "auto-merge", "avgpkt", "bridge", "burst", "bypass",
    "bytes", "cfi", "cgroup", "chain", "chains", "checksum", "classid", "code", "comment", "comp", "constant",
    "continue", "count", "counter", "counters", "cpi", "cpu", "create", "ct", "daddr", "day", "dccp", "define",
    "delete", "describe", "destroy", "device", "devices", "direction", "dnat", "doff", "dport", "drop", "dscp", "dst",
    "dup", "dynamic", "echo", "ecn", "element", "elements", "eol", "eq", "esp", "ether", "event", "exists",
    "expectation", "expiration", "expires", "export", "exthdr", "fanout", "fib", "flags", "flow", "flowlabel",
    "flowtable", "flowtables", "flush", "frag", "frag-off", "fully-random", "fwd", "gateway", "gc-interval", "ge",
    "geneve", "get", "goto", "gre", "gretap", "group", "gt", "handle", "hbh", "hdrlength", "helper", "helpers",
    "hlen", "hook", "hoplimit", "hour", "htype", "ibriport", "ibrname", "icmp", "icmpv6", "icmpx", "id", "igmp",
    "iif", "iifgroup", "iifname", "iiftype", "import", "in", "inc", "include", "index", "inet", "insert", "interval",
    "ip", "ip6", "ipsec", "jhash", "json", "jump", "kind", "l3proto", "label", "last-entry", "le", "left", "length",
    "level", "limit", "limits", "list", "ll", "log", "lshift", "lsrr", "lt", "map", "maps", "mark", "masquerade",
    "max-delay", "maxseg", "memory", "meta", "meter", "meters", "mh", "microsecond", "millisecond", "minute",
    "missing", "mod", "mode", "monitor", "more-fragments", "mrt", "mss", "mtu", "name", "nanosecond", "ne", "netdev",
    "nexthdr", "nexthop", "nftrace", "nh", "noop", "nop", "not", "notrack", "num", "numgen", "obriport", "obrname",
    "offload", "offset", "oif", "oifgroup", "oifname", "oiftype", "operation", "option", "options", "or", "original",
    "osf", "out", "over", "packets", "param-problem", "pcp", "performance", "persistent", "pkttype", "plen", "policy",
    "port", "position", "prefix", "priority", "proto-dst", "proto-src", "protocol", "ptr", "ptype", "queue",
    "queue-threshold", "quota", "quotas", "ra", "random", "rate", "redefine", "redirect", "reject", "rename",
    "replace", "reply", "reqid", "reserved", "reserved2", "reset", "return", "right", "rr", "rshift", "rt", "rt0",
    "rt2", "rtclassid", "rule", "rules", "ruleset", "sack", "sack-perm", "sack-permitted", "sack0", "sack1", "sack2",
    "sack3", "saddr", "sctp", "secmark", "secmarks", "second", "seed", "seg-left", "sequence", "set", "sets", "sid",
    "size", "skgid", "skuid", "snaplen", "snat", "socket", "spi", "spnum", "sport", "srh", "ssrr", "state", "status",
    "symhash", "synproxy", "synproxys", "table", "tables", "tag", "tcp", "th", "time", "timeout", "timestamp", "to",
    "tproxy", "trace", "transparent", "transport", "tsecr", "tsval", "ttl", "tunnel", "type", "typeof", "udp",
    "udplite", "undefine", "until", "update", "urgptr", "used", "value", "version", "vlan", "vm", "vmap", "vni",
    "vtag", "vxlan", "week", "wildcard", "window", "with", "wscale", "xml", "xor", "xt", "zone",
];

/// Whether some version of nft refuses `word` as a name. Keywords are in lower case; `TCP` is a fine name.
pub fn is_keyword(word: &[u8]) -> bool {
    let lower = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    word.iter().all(lower) && KEYWORDS.binary_search_by(|keyword| keyword.as_bytes().cmp(word)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted() {
        assert!(KEYWORDS.is_sorted());
        assert!(KEYWORDS.iter().all(|word| is_keyword(word.as_bytes())));
    }

    #[test]
    fn words() {
        for word in ["reject", "dynamic", "tcp", "destroy", "last-entry"] {
            assert!(is_keyword(word.as_bytes()), "{word}");
        }
        for word in ["input", "INPUT", "REJECT", "", "tcps", "log-drop"] {
            assert!(!is_keyword(word.as_bytes()), "{word}");
        }
    }
}
