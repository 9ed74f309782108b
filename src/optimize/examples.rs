//! What each pass does and leaves alone, as dumps: `docs/optimizations.md` is made from them, and a test
//! runs each.

/// The example of one pass.
#[derive(Debug)]
pub struct Example {
    /// The pass's name.
    pub pass: &'static str,
    /// Rules that it merges.
    pub merges: Rules,
    /// Rules that look alike and must stay apart, and why.
    pub keeps: &'static [(&'static str, Rules)],
}

/// Rules of one table, as in a dump.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub table: &'static str,
    /// Names of chains that are not built in.
    pub chains: &'static [&'static str],
    /// Without the `-A`; with counters, `[1:2] INPUT ...`, they are kept.
    pub rules: &'static [&'static str],
}

const fn filter(rules: &'static [&'static str]) -> Rules {
    Rules { table: "filter", chains: &[], rules }
}

const fn of(table: &'static str, chains: &'static [&'static str], rules: &'static [&'static str]) -> Rules {
    Rules { table, chains, rules }
}

/// One for each pass, sorted.
pub const EXAMPLES: &[Example] = &[
    Example {
        pass: "count_elements",
        merges: of(
            "filter",
            &["f2b-sshd"],
            &[
                "[0:0] INPUT -p tcp -m tcp --dport 22 -j f2b-sshd",
                "[7:420] f2b-sshd -s 192.0.2.7/32 -j DROP",
                "[3:180] f2b-sshd -s 192.0.2.8/32 -j DROP",
            ],
        ),
        keeps: &[(
            "the lists are short, and nothing else feeds them: their counters read best as rules",
            filter(&["[7:420] INPUT -s 192.0.2.7/32 -j DROP", "[3:180] INPUT -s 192.0.2.8/32 -j DROP"]),
        )],
    },
    Example {
        pass: "drop_tests",
        merges: filter(&["INPUT -p udp -m multiport --ports 137,138 -j DROP"]),
        keeps: &[
            (
                "the second rule does something else, and reads better with all that it is for",
                filter(&["INPUT -i eth0 -j DROP", "INPUT ! -i eth0 -s 192.0.2.7/32 -j ACCEPT"]),
            ),
            (
                "neither matches a packet without a connection",
                filter(&["INPUT -m connmark --mark 0x1 -j DROP", "INPUT -m connmark ! --mark 0x1 -j DROP"]),
            ),
            (
                "packets of the first rule go on, and meet the second one",
                of("mangle", &["count"], &["INPUT -i eth0 -j count", "INPUT ! -i eth0 -p udp -j count"]),
            ),
        ],
    },
    Example {
        pass: "fold_chains",
        merges: of(
            "filter",
            &["trusted", "guests"],
            &[
                "INPUT -s 192.0.2.0/24 -j trusted",
                "INPUT -j guests",
                "trusted -j ACCEPT",
                "guests -p tcp -m tcp --dport 80 -j ACCEPT",
            ],
        ),
        keeps: &[
            (
                "two rules lead to the chain, and it has a name for both",
                of(
                    "filter",
                    &["trusted"],
                    &["INPUT -s 192.0.2.0/24 -j trusted", "FORWARD -s 192.0.2.0/24 -j trusted", "trusted -j ACCEPT"],
                ),
            ),
            (
                "the chain holds what is for these packets, and may grow",
                of("filter", &["lan"], &["INPUT -i eth0 -j lan", "lan -p tcp -m tcp --dport 22 -j ACCEPT"]),
            ),
            (
                "Docker keeps this chain for the rules of users",
                of("filter", &["DOCKER-USER"], &["FORWARD -j DOCKER-USER", "DOCKER-USER -i eth0 -j DROP"]),
            ),
            (
                "a limit has a state of its own, and its place is kept",
                of("filter", &["log"], &["INPUT -j log", "log -m limit --limit 3/min -j LOG --log-prefix \"in: \""]),
            ),
        ],
    },
    Example {
        pass: "fuse_actions",
        merges: filter(&[
            "INPUT -p tcp -m tcp --dport 23 -j LOG --log-prefix \"telnet: \"",
            "INPUT -p tcp -m tcp --dport 23 -j DROP",
        ]),
        keeps: &[
            (
                "the rule between them lets some of the packets pass",
                filter(&[
                    "INPUT -p tcp -m tcp --dport 23 -j LOG --log-prefix \"telnet: \"",
                    "INPUT -s 192.0.2.7/32 -j ACCEPT",
                    "INPUT -p tcp -m tcp --dport 23 -j DROP",
                ]),
            ),
            (
                "the second rule tests what the first one changes",
                of(
                    "mangle",
                    &[],
                    &[
                        "INPUT -m mark --mark 0x1 -j MARK --set-xmark 0x2/0xffffffff",
                        "INPUT -m mark --mark 0x1 -j DROP",
                    ],
                ),
            ),
        ],
    },
    Example {
        pass: "merge_assignments",
        merges: of(
            "mangle",
            &[],
            &[
                "PREROUTING -s 10.0.0.0/24 -j MARK --set-xmark 0x1/0xffffffff",
                "PREROUTING -s 10.0.1.0/24 -j MARK --set-xmark 0x2/0xffffffff",
            ],
        ),
        keeps: &[
            (
                "both set the mark of a packet to port 22, and the last one counts",
                of(
                    "mangle",
                    &[],
                    &[
                        "PREROUTING -p tcp -m tcp --dport 22 -j MARK --set-xmark 0x1/0xffffffff",
                        "PREROUTING -p tcp -m tcp --dport 22:80 -j MARK --set-xmark 0x2/0xffffffff",
                    ],
                ),
            ),
            (
                "the new mark depends on the one before",
                of(
                    "mangle",
                    &[],
                    &[
                        "PREROUTING -s 10.0.0.0/24 -j MARK --set-xmark 0x10/0xf0",
                        "PREROUTING -s 10.0.1.0/24 -j MARK --set-xmark 0x20/0xf0",
                    ],
                ),
            ),
        ],
    },
    Example {
        pass: "merge_ladders",
        merges: of(
            "nat",
            &["WEB", "A", "B", "C"],
            &[
                "PREROUTING -d 192.0.2.1/32 -p tcp -m tcp --dport 80 -j WEB",
                "WEB -m statistic --mode random --probability 0.33333333349 -j A",
                "WEB -m statistic --mode random --probability 0.50000000000 -j B",
                "WEB -j C",
                "A -p tcp -j DNAT --to-destination 10.0.0.1:8080",
                "B -p tcp -j DNAT --to-destination 10.0.0.2:8080",
                "C -p tcp -j DNAT --to-destination 10.0.0.3:8080",
            ],
        ),
        keeps: &[
            (
                "packets other than TCP come back from A and try the next rule",
                of(
                    "nat",
                    &["A", "B"],
                    &[
                        "PREROUTING -d 192.0.2.1/32 -m statistic --mode random --probability 0.50000000000 -j A",
                        "PREROUTING -d 192.0.2.1/32 -j B",
                        "A -p tcp -j DNAT --to-destination 10.0.0.1:8080",
                        "B -p tcp -j DNAT --to-destination 10.0.0.2:8080",
                    ],
                ),
            ),
            (
                "the shares are not equal",
                of(
                    "nat",
                    &[],
                    &[
                        "PREROUTING -d 192.0.2.1/32 -m statistic --mode random --probability 0.25000000000 -j DNAT --to-destination 10.0.0.1",
                        "PREROUTING -d 192.0.2.1/32 -j DNAT --to-destination 10.0.0.2",
                    ],
                ),
            ),
        ],
    },
    Example {
        pass: "merge_translations",
        merges: of(
            "nat",
            &[],
            &[
                "PREROUTING -i eth0 -p tcp -m tcp --dport 80 -m comment --comment web -j DNAT --to-destination 10.0.0.1:8080",
                "PREROUTING -i eth0 -p tcp -m tcp --dport 25 -m comment --comment mail -j DNAT --to-destination 10.0.0.2:25",
            ],
        ),
        keeps: &[(
            "one goes to any of several places",
            of(
                "nat",
                &[],
                &[
                    "PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1-10.0.0.4",
                    "PREROUTING -p tcp -m tcp --dport 25 -j DNAT --to-destination 10.0.0.5",
                ],
            ),
        )],
    },
    Example {
        pass: "merge_tuples",
        merges: filter(&[
            "INPUT -s 192.0.2.7/32 -p tcp -m tcp --dport 22 -j ACCEPT",
            "INPUT -s 192.0.2.8/32 -p tcp -m tcp --dport 80 -j ACCEPT",
        ]),
        keeps: &[(
            "each limit has tokens of its own",
            filter(&[
                "INPUT -s 192.0.2.7/32 -p tcp -m tcp --dport 22 -m limit --limit 3/min -j ACCEPT",
                "INPUT -s 192.0.2.8/32 -p tcp -m tcp --dport 80 -m limit --limit 3/min -j ACCEPT",
            ]),
        )],
    },
    Example {
        pass: "merge_values",
        merges: filter(&[
            "INPUT -p tcp -m tcp --dport 22 -j ACCEPT",
            "INPUT -p tcp -m tcp --dport 80 -j ACCEPT",
            "INPUT -p tcp -m tcp --dport 443 -j ACCEPT",
        ]),
        keeps: &[
            (
                "flags are bits, and a set would compare all of them",
                filter(&[
                    "INPUT -p tcp -m tcp --tcp-flags SYN,ACK SYN -j ACCEPT",
                    "INPUT -p tcp -m tcp --tcp-flags SYN,ACK ACK -j ACCEPT",
                ]),
            ),
            (
                "the rule between them decides for some of the packets",
                filter(&[
                    "INPUT -p tcp -m tcp --dport 22 -j ACCEPT",
                    "INPUT -s 192.0.2.0/24 -j DROP",
                    "INPUT -p tcp -m tcp --dport 80 -j ACCEPT",
                ]),
            ),
        ],
    },
    Example {
        pass: "merge_verdicts",
        merges: of(
            "filter",
            &["lan", "wan"],
            &["FORWARD -i eth0 -j lan", "FORWARD -i eth1 -j wan", "FORWARD -i eth2 -j DROP"],
        ),
        keeps: &[
            (
                "a packet to port 80 comes back from lan and meets the second rule",
                of(
                    "filter",
                    &["lan"],
                    &["FORWARD -p tcp -m tcp --dport 80 -j lan", "FORWARD -p tcp -m tcp --dport 80:90 -j ACCEPT"],
                ),
            ),
            (
                "a map holds no rejection",
                filter(&["INPUT -p tcp -m tcp --dport 22 -j ACCEPT", "INPUT -p tcp -m tcp --dport 23 -j REJECT"]),
            ),
        ],
    },
    Example {
        pass: "name_sets",
        merges: of(
            "filter",
            &["f2b-sshd"],
            &["INPUT -p tcp -m tcp --dport 22 -j f2b-sshd", "f2b-sshd -s 192.0.2.7/32 -j REJECT"],
        ),
        keeps: &[("the list is short, and nothing else feeds it", filter(&["INPUT -s 192.0.2.7/32 -j REJECT"]))],
    },
];
