//! Which packets satisfy which matches.

use super::*;
use crate::packet::{CtDirection, FibFlags, FibResult, TcpOptionPart};
use crate::prove::block::Verdict;

/// A rule with these matches matches the packets of the first list, and none of the second.
#[track_caller]
fn check_in(family: Family, table: &str, chain: &str, matches: &str, yes: &[Packet], no: &[Packet]) {
    let rule = format!("-A {chain} {matches} -j DROP");
    for (packets, wanted) in [(yes, Verdict::Drop), (no, Verdict::Accept)] {
        for (packet, number) in packets.iter().zip(1..) {
            let verdict = run(family, table, &rule, packet).trace.verdict;
            assert_eq!(verdict, wanted, "{matches}: packet {number} of those that get {wanted}");
        }
    }
}

#[track_caller]
fn check(matches: &str, yes: &[Packet], no: &[Packet]) {
    check_in(Family::Ip, "filter", "INPUT", matches, yes, no);
}

#[track_caller]
fn check6(matches: &str, yes: &[Packet], no: &[Packet]) {
    check_in(Family::Ip6, "filter", "INPUT", matches, yes, no);
}

#[track_caller]
fn leaving(matches: &str, yes: &[Packet], no: &[Packet]) {
    check_in(Family::Ip, "filter", "OUTPUT", matches, yes, no);
}

#[test]
fn addresses_of_the_head() {
    let from = |address| packet().with(Field::IpSaddr, address);
    check("-s 10.0.0.0/8", &[from(0x0a00_0000), from(0x0aff_ffff)], &[from(0x0b00_0000), packet()]);
    check("! -s 10.0.0.0/8", &[packet()], &[from(0x0a01_0203)]);
    check("-s 10.0.0.1/255.0.0.255", &[from(0x0a05_0601)], &[from(0x0a05_0602), from(0x0b00_0001)]);
    check("-p 6", &[tcp(1, 2)], &[udp(1, 2)]);
    check("! -p 6", &[udp(1, 2)], &[tcp(1, 2)]);
    check("-f", &[packet().later_fragment()], &[packet()]);
    check("! -f", &[packet()], &[packet().later_fragment()]);
}

#[test]
fn ports_are_in_the_first_fragment_only() {
    check("-p tcp --dport 22", &[tcp(1, 22)], &[tcp(22, 1), udp(1, 22), tcp(1, 22).later_fragment()]);
    check("-p tcp ! --dport 22", &[tcp(22, 1)], &[tcp(1, 22), tcp(1, 2).later_fragment()]);
    check("-p tcp -m tcp", &[tcp(0, 0)], &[tcp(0, 0).later_fragment()]);
    check("-p tcp", &[tcp(0, 0), tcp(0, 0).later_fragment()], &[]);
    check("-p udp --sport 1000:", &[udp(1000, 1), udp(65535, 1)], &[udp(999, 1), tcp(1000, 1)]);
}

#[test]
fn tcp_flags_are_compared_through_their_mask() {
    let flags = |bits| tcp(1, 2).with(Field::TcpFlags, bits);
    check("-p tcp --syn", &[flags(0x02), flags(0xc2), flags(0x0a)], &[flags(0x12), flags(0), flags(0x03)]);
    check("-p tcp ! --syn", &[flags(0x12), flags(0)], &[flags(0x02), flags(0x12).later_fragment()]);
    check("-p tcp --tcp-flags SYN,RST RST", &[flags(0x04), flags(0x14)], &[flags(0x06), flags(0)]);
    check("-p tcp --tcp-flags SYN ACK", &[], &[flags(0x02), flags(0x10), flags(0x12)]);
    let timestamps = tcp(1, 2).with(Field::TcpOption { kind: 8, part: TcpOptionPart::Exists }, 1);
    check("-p tcp --tcp-option 8", std::slice::from_ref(&timestamps), &[tcp(1, 2)]);
    check("-p tcp ! --tcp-option 8", &[tcp(1, 2)], &[timestamps]);
}

#[test]
fn multiport_takes_either_port() {
    check("-p tcp -m multiport --ports 22,80:90", &[tcp(1, 85), tcp(22, 1)], &[tcp(1, 79), tcp(1, 2)]);
    check("-p tcp -m multiport ! --ports 22,80:90", &[tcp(1, 2)], &[tcp(22, 1), tcp(1, 90)]);
    check("-p udp -m multiport --dports 53", &[udp(1, 53)], &[udp(53, 1), udp(1, 53).later_fragment()]);
    check("-p udp -m multiport ! --sports 53", &[udp(1, 53)], &[udp(53, 1), udp(1, 53).later_fragment()]);
}

#[test]
fn icmp_types_and_codes() {
    let icmp = |kind, code| packet().with(Field::L4proto, 1).with(Field::IcmpType, kind).with(Field::IcmpCode, code);
    check("-p icmp --icmp-type 8", &[icmp(8, 0), icmp(8, 9)], &[icmp(0, 0)]);
    check("-p icmp --icmp-type 3/4", &[icmp(3, 4)], &[icmp(3, 3), icmp(4, 4)]);
    check("-p icmp ! --icmp-type 3/4", &[icmp(3, 3)], &[icmp(3, 4), icmp(3, 3).later_fragment()]);
    check("-p icmp --icmp-type any", &[icmp(0, 0), icmp(255, 1)], &[icmp(0, 0).later_fragment(), tcp(1, 1)]);
    let icmp6 =
        |kind, code| packet().with(Field::L4proto, 58).with(Field::Icmp6Type, kind).with(Field::Icmp6Code, code);
    check6("-p ipv6-icmp --icmpv6-type 128", &[icmp6(128, 0)], &[icmp6(129, 0)]);
    check6("-p ipv6-icmp ! --icmpv6-type 1/4", &[icmp6(1, 3), icmp6(2, 4)], &[icmp6(1, 4)]);
}

#[test]
fn a_state_is_enough_for_packets_without_connection() {
    let (new, est) = (tcp(1, 2).state(NEW), udp(1, 2).state(ESTABLISHED));
    let (invalid, untracked) = (tcp(1, 2).state(INVALID), tcp(1, 2).state(UNTRACKED));
    check("-m state --state NEW", std::slice::from_ref(&new), &[est.clone(), invalid.clone(), untracked.clone()]);
    check("-m conntrack ! --ctstate NEW,INVALID", &[est.clone(), untracked.clone()], &[new.clone(), invalid.clone()]);
    let proto = |p: &Packet, n| p.clone().with(Field::Ct(CtKey::Protocol(CtDirection::Original)), n);
    check("-m conntrack --ctproto 6", &[proto(&new, 6)], &[proto(&new, 17), proto(&invalid, 6), proto(&untracked, 6)]);
    check("-m conntrack ! --ctproto 6", &[proto(&new, 17)], &[proto(&new, 6), invalid.clone(), untracked.clone()]);
    check(
        "-m conntrack --ctstate INVALID,NEW --ctproto 17",
        &[proto(&new, 17), invalid.clone()],
        &[proto(&new, 6), untracked.clone(), est.clone()],
    );
    check("-m conntrack --ctstate UNTRACKED --ctorigdst 10.0.0.1", &[untracked], &[new, invalid, est]);
}

#[test]
fn translated_is_a_state_and_a_status() {
    let status = |bits| tcp(1, 2).state(ESTABLISHED).with(Field::Ct(CtKey::Status), bits);
    check("-m conntrack --ctstate NEW,DNAT", &[status(0x20), tcp(1, 2).state(NEW)], &[status(0x10), status(0)]);
    check("-m conntrack ! --ctstate NEW,DNAT", &[status(0x10), tcp(1, 2).state(INVALID)], &[status(0x20)]);
    check("-m conntrack --ctstate SNAT", &[status(0x10)], &[tcp(1, 2).with(Field::Ct(CtKey::Status), 0x10)]);
    check("-m conntrack --ctstatus ASSURED", &[status(4), status(6)], &[status(2), status(0)]);
    check("-m conntrack ! --ctstatus ASSURED", &[status(2)], &[status(4), tcp(1, 2)]);
    check("-m conntrack --ctstatus NONE", &[], &[status(0), status(1)]);
    check("-m conntrack ! --ctstatus NONE", &[status(0), status(1)], &[tcp(1, 2)]);
}

#[test]
fn addresses_ports_and_age_of_connections() {
    let of = |key, value| tcp(1, 2).state(NEW).with(Field::Ct(key), value);
    let source = |address| of(CtKey::Saddr(CtDirection::Original), address);
    check("-m conntrack --ctorigsrc 10.0.0.0/8", &[source(0x0a00_0001)], &[source(0x0b00_0001), tcp(1, 2)]);
    check("-m conntrack ! --ctorigsrc 10.0.0.0/8", &[source(1)], &[source(0x0a00_0001), tcp(1, 2)]);
    let port = |n| of(CtKey::ProtoDst(CtDirection::Reply), n);
    check("-m conntrack --ctrepldstport 80:90", &[port(80), port(90)], &[port(91)]);
    check("-m conntrack --ctdir REPLY", &[of(CtKey::Direction, 1)], &[of(CtKey::Direction, 0)]);
    let left = |ms| of(CtKey::Expiration, ms);
    check("-m conntrack --ctexpire 10:20", &[left(10_000), left(20_999)], &[left(9_999), left(21_000)]);
}

#[test]
fn marks_are_compared_through_their_mask() {
    let mark = |n| packet().with(Field::Mark, n);
    check("-m mark --mark 0x10/0xf0", &[mark(0x10), mark(0xff1f)], &[mark(0x20)]);
    check("-m mark ! --mark 0x10/0xf0", &[mark(0x20)], &[mark(0x1f)]);
    check("-m mark --mark 0x1/0xf0", &[], &[mark(0), mark(1), mark(0xf1)]);
    let connection = |n| packet().state(NEW).with(Field::Ct(CtKey::Mark), n);
    check("-m connmark --mark 1", &[connection(1)], &[connection(2), packet()]);
    check("-m connmark ! --mark 1", &[connection(2)], &[connection(1), packet()]);
}

#[test]
fn absent_owners_and_headers() {
    const SOCKET: &str = "the packet belongs to a socket of this host";
    const KERNEL: &str = "owner socket without a file";
    let user = |n| packet().that(SOCKET).with(Field::Skuid, n);
    leaving("-m owner --uid-owner 0", &[user(0)], &[user(1), packet()]);
    leaving("-m owner ! --uid-owner 0", &[user(1), packet()], &[user(0)]);
    leaving("-m owner --uid-owner 5-7", &[user(5), user(7)], &[user(8)]);
    leaving("-m owner --uid-owner 0 ! --gid-owner 0", &[user(0).with(Field::Skgid, 3)], &[user(0), packet()]);
    leaving("-m owner --socket-exists", &[user(0), packet().that(KERNEL)], &[packet()]);
    const ETHERNET: &str = "the packet has an Ethernet header";
    let mac = |n| packet().that(ETHERNET).with(Field::EtherSaddr, n);
    check("-m mac --mac-source 00:11:22:33:44:55", &[mac(0x0011_2233_4455)], &[mac(1), packet()]);
    check("-m mac ! --mac-source 00:11:22:33:44:55", &[mac(1)], &[mac(0x0011_2233_4455), packet()]);
}

#[test]
fn numbers_of_the_packet() {
    let ttl = |n| packet().with(Field::IpTtl, n);
    check("-m ttl --ttl-eq 64", &[ttl(64)], &[ttl(63)]);
    check("-m ttl ! --ttl-eq 64", &[ttl(63)], &[ttl(64)]);
    check("-m ttl --ttl-lt 64", &[ttl(63), ttl(0)], &[ttl(64)]);
    check("-m ttl --ttl-gt 64", &[ttl(65), ttl(255)], &[ttl(64)]);
    check("-m ttl --ttl-lt 0", &[], &[ttl(0)]);
    check6("-m hl --hl-eq 255", &[packet().with(Field::Ip6Hoplimit, 255)], &[packet()]);
    let length = |n| packet().with(Field::Length, n);
    check("-m length --length 100:200", &[length(100), length(200)], &[length(99), length(201)]);
    check("-m length ! --length 100:200", &[length(99)], &[length(150)]);
    let kind = |n| packet().with(Field::Pkttype, n);
    check("-m pkttype --pkt-type broadcast", &[kind(1)], &[kind(0), kind(2)]);
    check("-m pkttype ! --pkt-type unicast", &[kind(1)], &[kind(0)]);
    let from = |address| packet().with(Field::IpSaddr, address);
    check("-m iprange --src-range 10.0.0.5-10.0.0.9", &[from(0x0a00_0005), from(0x0a00_0009)], &[from(0x0a00_000a)]);
    check("-m iprange ! --src-range 10.0.0.5-10.0.0.9", &[packet()], &[from(0x0a00_0007)]);
}

#[test]
fn types_of_addresses() {
    let to = FibFlags { daddr: true, ..FibFlags::default() };
    let kind = |n| packet().with(Field::Fib { flags: to, result: FibResult::Type }, n);
    check("-m addrtype --dst-type LOCAL,BROADCAST", &[kind(2), kind(3)], &[kind(1), kind(5)]);
    check("-m addrtype ! --dst-type LOCAL", &[kind(1)], &[kind(2)]);
    let near = FibFlags { iif: true, ..to };
    let here = packet().with(Field::Fib { flags: near, result: FibResult::Type }, 2);
    check("-m addrtype --dst-type LOCAL --limit-iface-in", &[here], &[kind(2)]);
    let address = |high: u128| packet().with(Field::Ip6Daddr, high << 112);
    check6("-m addrtype --dst-type MULTICAST", &[address(0xff02)], &[address(0x2001), packet()]);
    check6("-m addrtype --dst-type UNICAST", &[address(0x2001)], &[address(0xff02), packet()]);
    // All of them must hold, and they cannot.
    check6("-m addrtype --dst-type UNICAST,MULTICAST", &[], &[address(0xff02), address(0x2001)]);
    let local = |p: Packet| p.with(Field::Fib { flags: to, result: FibResult::Type }, 2);
    check6("-m addrtype --dst-type UNICAST,LOCAL", &[local(address(0x2001))], &[address(0x2001), local(packet())]);
}

#[test]
fn limits_are_asked_by_those_who_come_so_far() {
    check("-m limit --limit 3/min", &[packet().lucky()], &[packet()]);
    let asked = |packet| run(Family::Ip, "filter", "-A INPUT -p tcp -m limit -j DROP", packet).trace.consulted.len();
    assert_eq!([asked(&tcp(1, 2)), asked(&udp(1, 2))], [1, 0]);
}
