//! Replays in the running kernel: equal rulesets show no difference, planted errors are found.
//!
//! Needs root, nft and iptables-legacy-restore; says so and passes where they are missing.
#![cfg(target_os = "linux")]

mod support;

use ipt2nft::kernel::{Kind, Loader, Options, Report, Ruleset, lacking, replay};
use ipt2nft::packet::Family;

const OLD: &str = include_str!("replay/gateway.save");
const NEW: &str = include_str!("replay/gateway.nft");

fn dump(text: &str) -> Ruleset {
    Ruleset { text: text.to_owned(), kind: Kind::Save(Family::Ip), ipset: None }
}

fn nft(text: &str) -> Ruleset {
    Ruleset { text: text.to_owned(), kind: Kind::Nft, ipset: None }
}

fn can_replay() -> bool {
    let any = nft("");
    let missing = lacking([(&dump(""), Loader::Legacy), (&any, Loader::Legacy)], "nft".as_ref());
    if !missing.is_empty() {
        support::skip(&missing.join("; "));
    }
    missing.is_empty()
}

fn compare(old: &Ruleset, new: &Ruleset, packets: usize) -> Report {
    compare_until(old, new, packets, usize::MAX)
}

fn compare_until(old: &Ruleset, new: &Ruleset, packets: usize, enough: usize) -> Report {
    let options = Options { packets, enough, ..Options::default() };
    replay(old, new, &options, &mut |_| {}).expect("the replay runs")
}

#[test]
fn equal_rulesets_are_equal() {
    if can_replay() {
        let report = compare(&dump(OLD), &nft(NEW), 6000);
        println!("{report}");
        assert!(report.is_equal(), "{report}");
        for hook in ["prerouting", "input", "forward", "output", "postrouting"] {
            assert!(report.reached[hook] > 300, "{report}");
        }
    }
}

#[test]
fn a_dump_equals_itself() {
    if can_replay() {
        let report = compare(&dump(OLD), &dump(OLD), 3000);
        println!("{report}");
        assert!(report.is_equal(), "{report}");
    }
}

/// A difference that `docs/semantics.md` tells: a link-local address of another interface is local for iptables.
#[test]
fn types_of_link_local_addresses_differ() {
    if !can_replay() {
        return;
    }
    let rule = "-A FORWARD -d fe80::/10 -m addrtype --dst-type LOCAL -j DROP";
    let text = format!("*filter\n:FORWARD ACCEPT [0:0]\n{rule}\n-A INPUT -d fe80::/10 -j ACCEPT\nCOMMIT\n");
    let old = Ruleset { kind: Kind::Save(Family::Ip6), ..dump(&text) };
    let new = |rule: &str| {
        let chain = "type filter hook forward priority filter; policy accept;";
        nft(&format!("table ip6 filter {{\nchain FORWARD {{\n{chain}\n{rule}\n}}\n}}\n"))
    };
    let report = compare(&old, &new("ip6 daddr fe80::/10 fib daddr type local drop"), 200);
    assert!(!report.is_equal() && support::told::type_of_link_local(&text, &report), "{report}");
}

/// Copies that the host sends to itself are copied again, for ever, until the loopback interface goes down.
#[test]
fn copies_without_end_end() {
    if !can_replay() {
        return;
    }
    let old =
        "*mangle\n-A PREROUTING -p udp -j TEE --gateway 127.0.0.1\n-A PREROUTING -j TEE --gateway 10.0.0.1\nCOMMIT\n";
    let new = |udp: &str| {
        nft(&format!(
            "table ip mangle {{\nchain PREROUTING {{\ntype filter hook prerouting priority mangle; policy accept;\n\
             meta l4proto {udp} dup to 127.0.0.1\ndup to 10.0.0.1\n}}\n}}\n"
        ))
    };
    let report = compare(&dump(old), &new("udp"), 8);
    assert!(report.is_equal(), "{report}");
    let report = compare_until(&dump(old), &new("tcp"), 8, 1);
    assert!(report.to_string().contains("without end"), "{report}");
}

/// A name, text of `NEW`, and what it is replaced by.
const PLANTED: &[(&str, &str, &str)] = &[
    ("wrong port", "tcp dport 113 reject", "tcp dport 114 reject"),
    ("port range one short", "udp dport 33434-33534", "udp dport 33434-33533"),
    ("prefix length", "ip saddr 10.9.0.0/16", "ip saddr 10.9.0.0/17"),
    ("prefix length of a source in nat", "ip saddr 10.0.0.0/24 snat", "ip saddr 10.0.0.0/25 snat"),
    ("address mask", "ip saddr & 255.255.0.255", "ip saddr & 255.255.0.0 | 1"),
    ("chain priority", "hook prerouting priority -150", "hook prerouting priority -350"),
    ("missing negation", "ip saddr != 192.168.0.0/16 tcp", "ip saddr 192.168.0.0/16 tcp"),
    ("missing negation of an interface", "oifname != \"lo\"", "oifname \"lo\""),
    ("log prefix", "log prefix \"noisy: \"", "log prefix \"noisy\""),
    ("log level", "level notice", "level info"),
    ("log group", "group 7", "group 8"),
    ("log lost", "        log prefix \"noisy: \" level notice\n", ""),
    ("mark arithmetic", "and 0xffffff0f xor 0x10", "or 0x10"),
    ("mark test without its mask", "meta mark & 0xf0 == 0x10", "meta mark 0x10"),
    ("connmark mask", "and 0xfffffff0 xor 0x5", "and 0xffffff00 xor 0x5"),
    ("connmark test's mask", "ct mark & 0xf == 0x5", "ct mark & 0xff == 0x5"),
    ("nat port range", "198.51.100.8:20000-30000", "198.51.100.8:20000-40000"),
    ("nat address", "snat to 198.51.100.7", "snat to 198.51.100.6"),
    ("nat port", "10.0.0.80:8080", "10.0.0.80:8081"),
    ("redirect port", "redirect to :4000", "redirect to :4001"),
    ("masquerade by another interface", "oifname \"ppp*\"", "oifname \"ppp0\""),
    ("tcpmss absent case", "        tcp flags & (syn | rst) == syn tcp option maxseg missing drop\n", ""),
    ("tcpmss bound", "maxseg size < 536", "maxseg size <= 536"),
    ("tproxy drop", "        tcp dport 3129 drop\n", ""),
    ("icmp type", "icmp type timestamp-request", "icmp type timestamp-reply"),
    ("interface wildcard lost", "iifname \"vpn*\"", "iifname \"vpn\""),
    ("interface wildcard added", "iifname \"eth1\"", "iifname \"eth1*\""),
    ("ct state", "ct state invalid drop", "ct state new drop"),
    (
        "ct state related lost",
        "ct state established,related accept\n        ct state invalid",
        "ct state established accept\n        ct state invalid",
    ),
    ("notrack lost", "udp dport 5060 notrack", "udp dport 5060 counter"),
    ("reject type", "icmp type host-prohibited", "icmp type net-prohibited"),
    ("reject instead of reset", "reject with tcp reset", "reject with icmp type port-unreachable"),
    ("reset became drop", "tcp dport 113 reject with tcp reset", "tcp dport 113 drop"),
    (
        "two limits merged",
        "        udp dport 7780 limit rate 3/minute burst 5 packets accept\n        udp dport 7780",
        "        udp dport 7780",
    ),
    ("limit burst", "limit rate 6/minute burst 8 packets accept", "limit rate 6/minute burst 9 packets accept"),
    ("limit rate", "limit rate 50/second", "limit rate 20/second"),
    (
        "hashlimit became limit for all",
        "update @h { ip saddr limit rate 6/minute burst 6 packets }",
        "limit rate 6/minute burst 5 packets",
    ),
    ("statistic nth", "numgen inc mod 4 == 0", "numgen inc mod 5 == 0"),
    ("statistic random", "random mod 1000 < 500", "random mod 1000 < 250"),
    ("connlimit", "ct count 3 }", "ct count 4 }"),
    ("quota", "quota until 400", "quota until 500"),
    (
        "chain order",
        "        tcp flags & (fin | syn | rst | psh | ack | urg) == fin | psh | urg drop\n        iifname \"eth2\" meta length 500-1000 drop\n        iifname \"eth2\" ether saddr 02:aa:00:00:00:02 accept\n",
        "        iifname \"eth2\" ether saddr 02:aa:00:00:00:02 accept\n        tcp flags & (fin | syn | rst | psh | ack | urg) == fin | psh | urg drop\n        iifname \"eth2\" meta length 500-1000 drop\n",
    ),
    ("policy", "hook input priority 0; policy drop", "hook input priority 0; policy accept"),
    ("goto became jump", "goto noisy", "jump noisy"),
    ("return became accept", "tcp dport 22 return", "tcp dport 22 accept"),
    ("ttl value", "ip ttl set 50", "ip ttl set 51"),
    ("ttl bound", "ip ttl < 5", "ip ttl <= 5"),
    ("dscp test", "ip dscp 0x0a", "ip dscp 0x0b"),
    ("dscp value", "ip dscp set ef", "ip dscp set cs5"),
    ("length", "meta length 500-1000", "meta length 500-999"),
    ("mac", "02:aa:00:00:00:02", "02:aa:00:00:00:03"),
    (
        "tcp flags as a set",
        "tcp flags & (fin | syn | rst | psh | ack | urg) == fin | psh | urg",
        "tcp flags fin,psh,urg",
    ),
    ("user", "skuid 1000", "skuid 1001"),
    ("element lost", "{ 25, 465, 587 }", "{ 25, 587 }"),
    ("class", "priority set 1:10", "priority set 1:11"),
    ("packet type", "pkttype broadcast drop", "pkttype multicast drop"),
    ("spi", "esp spi 256-511", "esp spi 256-510"),
    ("multicast group", "ip daddr 224.0.0.251", "ip daddr 224.0.0.252"),
    ("udp for tcp", "tcp dport { 80, 443 }", "udp dport { 80, 443 }"),
];

#[test]
fn planted_errors_are_found() {
    if !can_replay() {
        return;
    }
    let only = std::env::var("PLANTED").unwrap_or_default();
    let (mut missed, mut found) = (Vec::new(), 0);
    for (name, from, to) in PLANTED.iter().filter(|(name, ..)| name.contains(&only)) {
        assert!(NEW.contains(from), "{name}");
        let report = compare_until(&dump(OLD), &nft(&NEW.replacen(from, to, 1)), 3500, 1);
        println!("{name}: {} of {}, {:.1} s", report.differing, report.packets, report.seconds);
        if !only.is_empty() {
            println!("{report}");
        }
        if report.is_equal() { missed.push(*name) } else { found += 1 }
    }
    println!("{found} of {} planted errors found", found + missed.len());
    assert!(missed.is_empty(), "missed: {missed:?}");
}
