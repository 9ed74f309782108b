//! Rulesets against rulesets: what nft means by what it writes.

use super::*;
use crate::nft::read::{Resolved, read, resolve};
use crate::prove::compare::{Answer, Options, Report, compare};

/// A table whose chain `f` is a base chain of FORWARD; `{c}` begins another chain.
fn table(family: &str, rules: &str) -> Resolved {
    let (rules, rest) = rules.split_once("---").unwrap_or((rules, ""));
    let base = "type filter hook forward priority 0; policy accept;";
    let text = format!("table {family} t {{\n{rest}\nchain f {{\n{base}\n{rules}\n}}\n}}\n");
    let ruleset = read("test", text.as_bytes()).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"));
    resolve(ruleset).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"))
}

fn report(left: (&str, &str), right: (&str, &str)) -> Report {
    let (left, right) = (table(left.0, left.1), table(right.0, right.1));
    let rules = |resolved: &'static Resolved| NftRules { tables: &resolved.tables, unknown: &resolved.unknown };
    let (left, right) = (Box::leak(Box::new(left)), Box::leak(Box::new(right)));
    compare(&rules(left), &rules(right), &Options::default())
}

#[track_caller]
fn check(family: &str, left: &str, right: &str, answer: Answer) {
    let report = report((family, left), (family, right));
    assert_eq!(report.answer(), answer, "{left}\n{right}\n{report:#?}");
}

#[track_caller]
fn same(left: &str, right: &str) {
    check("ip", left, right, Answer::Equivalent);
}

#[track_caller]
fn differs(left: &str, right: &str) {
    check("ip", left, right, Answer::Different);
}

#[test]
fn flags_without_operator_ask_for_any_bit() {
    same("ct state established,related accept", "ct state { established, related } accept");
    same("ct state new,invalid drop", "ct state new drop\nct state invalid drop");
    same("tcp flags syn,ack drop", "tcp flags & (syn | ack) != 0 drop");
    same("tcp flags ! syn drop", "tcp flags & syn == 0 drop");
    same("tcp flags syn / syn,ack drop", "tcp flags & (syn | ack) == syn drop");
    differs("tcp flags syn drop\ntcp flags ack drop", "tcp flags { syn, ack } drop");
    // Both bits at once is no state, so this is true of every packet.
    same("ct state != established,related drop", "drop\nct state new accept");
    differs("ct state != established,related drop", "ct state != { established, related } drop\nct state new accept");
}

#[test]
fn sets_maps_and_ranges() {
    same("ip saddr { 10.0.0.0/8, 192.168.1.1 } drop", "ip saddr 10.0.0.0/8 drop\nip saddr 192.168.1.1 drop");
    same("tcp dport != 22 drop", "tcp dport { 0-21, 23-65535 } drop");
    same("tcp dport < 1024 drop", "tcp dport 0-1023 drop");
    same("tcp dport >= 1024 drop", "tcp dport != 0-1023 drop");
    same(
        "ip saddr . tcp dport { 10.0.0.1 . 22, 10.0.0.2 . 80-90 } drop",
        "ip saddr 10.0.0.1 tcp dport 22 drop\nip saddr 10.0.0.2 tcp dport 80-90 drop",
    );
    same("tcp dport vmap { 22 : accept, 80 : drop }", "tcp dport 22 accept\ntcp dport 80 drop");
    same("tcp dport vmap { 22 : accept, * : drop }", "tcp dport 22 accept\nmeta l4proto tcp drop");
    same(
        "ip saddr @s drop --- set s { type ipv4_addr; elements = { 10.0.0.1, 10.0.0.2 } }",
        "ip saddr 10.0.0.1-10.0.0.2 drop",
    );
    differs(
        "ip saddr @s drop --- set s { type ipv4_addr; elements = { 10.0.0.1 } }",
        "ip saddr 10.0.0.1-10.0.0.2 drop",
    );
    same(
        "ip saddr @s drop --- set s { type ipv4_addr; flags interval; }",
        "ip saddr @s drop --- set s { type ipv4_addr; flags interval; }",
    );
    same("iifname \"eth*\" drop", "iifname { \"eth0\", \"eth*\" } drop");
    differs("iifname \"eth*\" drop", "iifname \"eth0\" drop");
    check(
        "ip",
        "ip saddr . tcp dport vmap { 10.0.0.0/8 . 22 : drop, 10.0.0.1 . 22 : accept }\ndrop",
        "drop",
        Answer::Undecided,
    );
}

#[test]
fn jumps_into_chains_by_map() {
    same(
        "tcp dport vmap { 22 : jump a, 80 : goto b }\ndrop --- chain a { ip saddr 10.0.0.1 accept; }\nchain b { ip saddr 10.0.0.2 drop; }",
        "tcp dport 22 ip saddr 10.0.0.1 accept\ntcp dport 80 ip saddr 10.0.0.2 drop\ntcp dport 80 accept\ndrop",
    );
}

#[test]
fn protocols_that_nft_adds_by_itself() {
    same("tcp dport 22 drop", "meta l4proto tcp th dport 22 drop");
    differs("tcp dport 22 drop", "th dport 22 drop");
    check("inet", "ip saddr 10.0.0.1 drop", "meta nfproto ipv4 ip saddr 10.0.0.1 drop", Answer::Equivalent);
    check("inet", "icmp type 8 drop", "meta nfproto ipv4 meta l4proto icmp icmp type 8 drop", Answer::Equivalent);
    check("inet", "icmp type 8 drop", "meta l4proto icmp icmp type 8 drop", Answer::Different);
    check("ip6", "ip6 nexthdr tcp tcp dport 22 drop", "tcp dport 22 drop", Answer::Different);
    check("ip6", "ip6 nexthdr tcp tcp dport 22 drop", "ip6 nexthdr tcp th dport 22 drop", Answer::Equivalent);
    let report = report(("inet", "tcp dport 22 drop"), ("ip", "tcp dport 22 drop"));
    assert_eq!(report.answer(), Answer::Different, "IPv6 is open");
}

#[test]
fn missing_things_leave_the_rule() {
    differs("ct mark 0 drop", "ct mark & 0 == 0 drop\naccept");
    differs("ct mark != 1 drop", "ct mark 1 accept\nct state new drop");
    same("ct mark != 1 drop", "ct mark 1 accept\nct state { new, established, related } drop");
    differs(
        "tcp option maxseg size != 536-65535 drop",
        "meta l4proto tcp tcp option maxseg size 536-65535 accept\nmeta l4proto tcp drop",
    );
    same(
        "tcp option maxseg size != 536-65535 drop\ntcp option maxseg missing drop",
        "tcp option maxseg size 536-65535 accept\nip frag-off & 0x1fff == 0 meta l4proto tcp drop",
    );
    same("meta mark set ct mark accept", "ct state { new, established, related } meta mark set ct mark accept");
    differs("meta mark set ct mark accept\ndrop", "meta mark set ct mark\naccept");
}

#[test]
fn changes_are_seen_by_what_follows() {
    same("meta mark set 5 meta mark 5 drop", "meta mark set 5 drop");
    same("meta mark set meta mark | 0x10\nmeta mark & 0x10 == 0 drop", "meta mark set meta mark | 0x10");
    same("meta mark set 1\nmeta mark set 2", "meta mark set 2");
    differs("meta mark set 1\nmeta mark set 2", "meta mark set 1");
    same("meta mark set 1 drop", "drop");
    differs("ct mark set 1 drop", "ct mark 0 drop\ndrop");
    same(
        "meta mark set ip saddr map { 10.0.0.1 : 1, 10.0.0.2 : 2 }",
        "ip saddr 10.0.0.1 meta mark set 1\nip saddr 10.0.0.2 meta mark set 2",
    );
    same("meta mark set ct mark & 0xff", "meta mark set ct mark & 0x0f | ct mark & 0xf0");
    same("ip dscp set 10\nip dscp 10 drop", "ip dscp set 10 drop");
    same("notrack\nct state untracked drop", "notrack\nct state invalid,untracked drop");
}

#[test]
fn effects_and_state() {
    same("tcp dport 22 log prefix \"x\" drop", "tcp dport 22 log prefix \"x\"\ntcp dport 22 drop");
    same("log prefix \"x\" level warn drop", "log prefix \"x\" drop");
    differs("log prefix \"x\" drop", "log prefix \"y\" drop");
    same(
        "tcp dport 22 limit rate 60/minute accept\ndrop",
        "tcp dport 22 limit rate 1/second burst 5 packets accept\ndrop",
    );
    differs("tcp dport 22 limit rate 1/second accept\ndrop", "limit rate 1/second tcp dport 22 accept\ndrop");
    same("limit rate over 1/second drop", "limit rate 1/second accept\ndrop");
    differs("limit rate 1/second accept\nlimit rate 1/second accept\ndrop", "limit rate 1/second accept\ndrop");
    differs(
        "ip saddr { 10.0.0.1, 10.0.0.2 } limit rate 1/second accept",
        "ip saddr 10.0.0.1 limit rate 1/second accept\nip saddr 10.0.0.2 limit rate 1/second accept",
    );
    same("limit name \"l\" accept --- limit l { rate 1/second }", "limit rate 1/second accept");
    differs(
        "tcp dport 22 limit name \"l\" accept\nudp dport 53 limit name \"l\" accept --- limit l { rate 1/second }",
        "tcp dport 22 limit rate 1/second accept\nudp dport 53 limit rate 1/second accept",
    );
    same("numgen random mod 2 < 1 accept\ndrop", "numgen random mod 100 < 50 accept\ndrop");
    differs("numgen random mod 2 < 1 accept\ndrop", "numgen random mod 100 < 51 accept\ndrop");
    same("numgen inc mod 3 0 accept", "numgen inc mod 3 == 0 accept");
    same("numgen inc mod 3 vmap { 0 : drop, 1 : accept }", "numgen inc mod 3 vmap { 1 : accept, 0 : drop }");
    differs("numgen inc mod 3 vmap { 0 : drop, 1 : accept }", "numgen inc mod 3 vmap { 1 : drop, 0 : accept }");
    differs(
        "add @s { ip saddr } drop --- set s { type ipv4_addr; flags dynamic; size 10; }",
        "add @s { ip saddr }\ndrop --- set s { type ipv4_addr; flags dynamic; size 10; }",
    );
}

#[test]
fn verdicts_with_arguments() {
    differs("reject", "reject with icmp host-unreachable");
    same("reject", "reject with icmp port-unreachable");
    check("inet", "reject", "reject with icmpx port-unreachable", Answer::Equivalent);
    same("meta l4proto tcp reject with tcp reset", "reject with tcp reset");
    differs("queue num 1", "queue num 2");
    same(
        "dnat to tcp dport map { 22 : 10.0.0.1, 80 : 10.0.0.2 }",
        "tcp dport 22 dnat to 10.0.0.1\ntcp dport 80 dnat to 10.0.0.2",
    );
    same("dnat to tcp dport map { 22 : 10.0.0.1 . 2222 }", "tcp dport 22 dnat to 10.0.0.1:2222");
    differs("snat to 10.0.0.1", "masquerade");
}

#[test]
fn unknown_is_never_equal() {
    check("ip", "flow add @f", "flow add @f", Answer::Undecided);
    check("ip", "drop\nflow add @f", "drop", Answer::Equivalent);
    check("ip", "tcp dport 22 drop\nflow add @f", "tcp dport 22 accept\nflow add @f", Answer::Different);
}

#[test]
fn what_nft_writes_elsewhere_than_it_says_is_undecided() {
    for text in ["ip dscp set ip dscp & 0x30 | 0x04", "ip ttl set ip ttl & 0xf0 ^ 0x0f"] {
        check("ip", text, text, Answer::Undecided);
    }
    check("ip6", "ip6 dscp & 0x0f == 0x04 drop", "ip6 dscp & 0x0f == 0x04 drop", Answer::Undecided);
    same(
        "ip dscp set ip dscp & 0x30 ip dscp set ip dscp | 0x04",
        "ip dscp set ip dscp | 0x0f ip dscp set ip dscp & 0x34",
    );
}

#[test]
fn security_marks_are_compared_bit_by_bit() {
    let with = |rule: &str| format!("{rule} --- secmark a {{ \"u:r:a:s0\" }}\nsecmark b {{ \"u:r:b:s0\" }}");
    same(&with("meta secmark set \"a\""), &with("meta secmark set \"b\"\nmeta secmark set \"a\""));
    differs(&with("meta secmark set \"a\""), &with("meta secmark 0"));
    differs("ct secmark set meta secmark", "meta secmark set ct secmark");
    differs("ct secmark set meta secmark", "ct secmark & 0xffffffff == 0 ct secmark set meta secmark");
    same(
        "meta secmark & 0xffffffff == 0 meta secmark set ct secmark drop",
        "meta secmark & 0xffffffff == 0 ct state { new, established, related } drop",
    );
}

#[test]
fn zones_of_one_direction_are_others() {
    differs("ct zone set 5", "ct original zone set 5");
    differs("ct reply zone set 5", "ct original zone set 5");
    same("ct original zone set 5 ct reply zone set 6", "ct original zone set 5");
}

#[test]
fn lone_flags_in_a_set_mean_different_things_to_versions_of_nft() {
    check("ip", "tcp flags { syn } drop", "tcp flags == syn drop", Answer::Undecided);
    check("ip", "tcp flags { syn } drop", "tcp flags syn drop", Answer::Undecided);
    check("ip", "ct state { 100 } drop", "ct state 100 drop", Answer::Undecided);
    same("ct state { new } drop", "ct state new drop");
    check("ip", "iifname \"*\" drop", "drop", Answer::Undecided);
    check("ip", "fib saddr . iif oif 1 drop", "fib saddr . iif oif exists drop", Answer::Undecided);
    same("fib saddr . iif oif 0 drop", "fib saddr . iif oif missing drop");
    same("tcp flags { syn, ack } drop", "tcp flags { ack, syn } drop");
}

#[test]
fn tracking_is_part_of_the_meaning() {
    let report = report(("ip", "ct state new accept"), ("ip", "accept"));
    assert_eq!(report.tracking, [(Family::Ip, true, false)]);
    assert_eq!(report.answer(), Answer::Different);
}

/// Two rulesets that the kernel tells apart, where a shorter look would not.
#[test]
fn what_is_easily_overlooked() {
    let set = "--- set s { type ipv4_addr; flags dynamic; size 10; }";
    // Who is asked before an element is added gets another answer than who is asked after.
    let (add, ask) = ("add @s { ip saddr }", "ip saddr @s meta mark set 1");
    differs(&format!("{add}\n{ask} {set}"), &format!("{ask}\n{add} {set}"));
    same(&format!("{add}\n{ask} {set}"), &format!("{add}\n{ask} {set}"));
    // Elements that expire are there as long as others with as many seconds left.
    let expiring = |elements: &str| {
        format!("ip saddr @s drop --- set s {{ type ipv4_addr; flags timeout; elements = {{ {elements} }}; }}")
    };
    same(
        &expiring("10.0.0.1 timeout 1m, 10.0.0.2"),
        &format!("ip saddr 10.0.0.2 drop\n{}", expiring("10.0.0.1 timeout 60s")),
    );
    same(&expiring("10.0.0.1 timeout 1h expires 1m"), &expiring("10.0.0.1 timeout 1m"));
    differs(&expiring("10.0.0.1 timeout 1m"), &expiring("10.0.0.1 timeout 2m"));
    differs(&expiring("10.0.0.1 timeout 1m"), &expiring("10.0.0.1"));
    // What a set that changes holds at first, for how long, and how much there is room for.
    let begin = |set: &str| format!("{ask}\n{add} --- set s {{ type ipv4_addr; {set} }}");
    let first = begin("flags dynamic; size 10; elements = { 10.0.0.1, 10.0.0.3 };");
    same(&first, &begin("flags dynamic; size 10; elements = { 10.0.0.3, 10.0.0.1 };"));
    differs(&first, &begin("flags dynamic; size 10; elements = { 10.0.0.1, 10.0.0.2 };"));
    differs(&first, &begin("flags dynamic; size 11; elements = { 10.0.0.1, 10.0.0.3 };"));
    differs(&begin("timeout 1h;"), &begin("timeout 2h;"));
    differs(&begin("timeout 1h;"), &begin("timeout 1h; elements = { 10.0.0.1 };"));
    // An element's own limit is asked by a lookup.
    let limited = "--- set s { type ipv4_addr; elements = { 10.0.0.1 limit rate 1/second }; }";
    check("ip", &format!("ip saddr @s drop {limited}"), "ip saddr 10.0.0.1 drop", Answer::Undecided);
    // Labels outlive the packet, and what is rejected comes back in the answer.
    differs("ct label set 1 drop", "ct label 1 drop\ndrop");
    differs("ip dscp set 10 reject", "reject");
    same("ip dscp set 10 drop", "drop");
    differs("@nh,8,6 set 10", "ip dscp set 10");
    // A lookup by address, and by mark, after a change of it.
    let local = "fib daddr type local";
    check("ip", &format!("ip daddr set 10.0.0.1\n{local} drop"), &format!("{local} drop"), Answer::Undecided);
    let by_mark = "fib daddr . mark type local";
    check(
        "ip",
        &format!("{by_mark} jump c --- chain c {{ meta mark set 1; {by_mark} drop; }}"),
        &format!("{by_mark} jump c --- chain c {{ meta mark set 1; drop; }}"),
        Answer::Undecided,
    );
}

fn rules(text: &str) -> NftRules<'static> {
    let resolved: &'static Resolved = Box::leak(Box::new(resolve(read("test", text.as_bytes()).unwrap()).unwrap()));
    NftRules { tables: &resolved.tables, unknown: &resolved.unknown }
}

#[track_caller]
fn whole(left: &str, right: &str, answer: Answer) {
    let report = compare(&rules(left), &rules(right), &Options::default());
    assert_eq!(report.answer(), answer, "{left}\n{right}\n{report:#?}");
}

#[test]
fn chains_before_fragments_are_whole() {
    let ruleset = |priority: i32, rule: &str| {
        format!(
            "table ip t {{\nchain e {{ type filter hook prerouting priority {priority}; {rule}; }}\n\
             chain f {{ type filter hook prerouting priority 0; ct state invalid drop; }}\n}}\n"
        )
    };
    let (later, first) = ("ip frag-off & 0x1fff != 0 drop", "ip frag-off & 0x1fff == 0 accept");
    whole(&ruleset(-450, later), &ruleset(-450, first), Answer::Different);
    whole(&ruleset(-350, later), &ruleset(-350, first), Answer::Equivalent);
}

#[test]
fn base_chains_of_one_priority_have_no_order() {
    let chain = |name: &str, kind: &str, rule: &str| {
        format!("chain {name} {{ type {kind} hook output priority 0; {rule}; }}\n")
    };
    let (mark, ask) = (chain("a", "route", "meta mark set 1"), chain("b", "filter", "meta mark 1 drop"));
    let (one, other) = (format!("table ip t {{\n{mark}{ask}}}\n"), format!("table ip t {{\n{ask}{mark}}}\n"));
    whole(&one, &other, Answer::Undecided);
    let ask = chain("b", "filter", "tcp dport 1 log");
    let (one, other) = (format!("table ip t {{\n{mark}{ask}}}\n"), format!("table ip t {{\n{ask}{mark}}}\n"));
    whole(&one, &other, Answer::Equivalent);
}

#[test]
fn other_families_and_other_sets() {
    let bridge = "table bridge t {\nchain f { type filter hook forward priority 0; drop; }\n}\n";
    whole(bridge, "", Answer::Undecided);
    let table = |name: &str| {
        format!(
            "table ip {name} {{\nset s {{ type ipv4_addr; }}\n\
             chain f {{ type filter hook forward priority 0; ip saddr @s drop; }}\n}}\n"
        )
    };
    whole(&table("a"), &table("a"), Answer::Equivalent);
    whole(&table("a"), &table("b"), Answer::Different);
}

#[test]
fn hours_of_a_listing_say_why_they_cannot_be_compared() {
    let rule = ("ip", "meta hour \"07:00\"-\"19:00\" accept");
    let said = format!("{:?}", report(rule, rule));
    assert!(said.contains("in the time zone of the machine"), "{said}");
}
