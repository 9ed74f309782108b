//! Fields, operators and values.

use super::*;
use crate::packet::{
    CtDirection, CtKey, Exthdr, ExthdrPart, FibFlags, FibResult, IpsecDirection, IpsecKey, L4, OsfKey, OsfTtl,
    PayloadBase, RtKey, SctpChunkPart, SocketKey, TcpOptionPart,
};

const V4: u128 = 0x0a00_0001;

#[test]
fn fields() {
    let ct = |key| Field::Ct(key);
    let tcp_option = |kind, part| Field::TcpOption { kind, part };
    let fib =
        |saddr, daddr, iif, result| Field::Fib { flags: FibFlags { saddr, daddr, iif, ..FibFlags::default() }, result };
    for (text, expected, value) in [
        ("iifname \"eth0\"", Field::Iifname, name("eth0")),
        ("meta oifname eth0", Field::Oifname, name("eth0")),
        ("iifgroup default", Field::Iifgroup, number(0)),
        ("meta mark 0x10", Field::Mark, number(16)),
        ("mark 010", Field::Mark, number(8)),
        ("meta l4proto tcp", Field::L4proto, number(6)),
        ("meta nfproto ipv6", Field::Nfproto, number(10)),
        ("meta protocol ip6", Field::Protocol, number(0x86dd)),
        ("pkttype multicast", Field::Pkttype, number(2)),
        ("meta length 20-100", Field::Length, range(20, 100)),
        ("meta skuid root", Field::Skuid, number(0)),
        ("skgid 1000", Field::Skgid, number(1000)),
        ("meta priority 1:10", Field::Priority, number(0x1_0010)),
        ("meta priority abcd:12", Field::Priority, number(0xabcd_0012)),
        ("meta hour 28800-61200", Field::Hour, range(28800, 61200)),
        ("meta day \"Monday\"", Field::Day, number(1)),
        ("meta time 1577836800", Field::Time, number(1_577_836_800_000_000_000)),
        ("meta ipsec exists", Field::Secpath, number(1)),
        ("ct state 0x8", ct(CtKey::State), number(8)),
        ("ct label 5", ct(CtKey::Label), number(32)),
        ("ct expiration 1h30m", ct(CtKey::Expiration), number(5_400_000)),
        ("ct expiration 90", ct(CtKey::Expiration), number(90_000)),
        ("ct expiration 30s500ms", ct(CtKey::Expiration), number(30_500)),
        ("ct helper \"ftp\"", ct(CtKey::Helper), name("ftp")),
        ("ct direction reply", ct(CtKey::Direction), number(1)),
        ("ct original saddr 10.0.0.1", ct(CtKey::Saddr(CtDirection::Original)), number(V4)),
        ("ct reply ip daddr 10.0.0.1", ct(CtKey::Daddr(CtDirection::Reply)), number(V4)),
        ("ct original proto-dst 22", ct(CtKey::ProtoDst(CtDirection::Original)), number(22)),
        ("ct reply bytes 5", ct(CtKey::Bytes(Some(CtDirection::Reply))), number(5)),
        ("ct packets 5", ct(CtKey::Packets(None)), number(5)),
        ("ip saddr 10.0.0.1", Field::IpSaddr, number(V4)),
        ("ip saddr 10.0.0.0/8", Field::IpSaddr, Expr::Prefix { address: 0x0a00_0000, len: 8 }),
        ("ip daddr 10.0.0.1-10.0.0.9", Field::IpDaddr, range(V4, V4 + 8)),
        ("ip dscp ef", Field::IpDscp, number(46)),
        ("ip ecn ce", Field::IpEcn, number(3)),
        ("ip frag-off 0x2000", Field::IpFragOff, number(0x2000)),
        ("ip protocol icmpv6", Field::IpProtocol, number(58)),
        ("ip6 saddr ::1", Field::Ip6Saddr, number(1)),
        ("ip6 daddr fe80::/10", Field::Ip6Daddr, Expr::Prefix { address: 0xfe80 << 112, len: 10 }),
        ("exthdr frag exists", Field::Exthdr(Exthdr::Frag, ExthdrPart::Exists), number(1)),
        ("frag more-fragments 1", Field::Exthdr(Exthdr::Frag, ExthdrPart::FragMore), number(1)),
        ("rt type 0", Field::Exthdr(Exthdr::Rt, ExthdrPart::Type), number(0)),
        ("rt classid 5", Field::Rt(RtKey::Classid), number(5)),
        ("mh type binding-update", Field::Exthdr(Exthdr::Mh, ExthdrPart::Type), number(5)),
        ("th dport 53", Field::Dport(L4::Th), number(53)),
        ("tcp dport ssh", Field::Dport(L4::Tcp), number(22)),
        ("tcp dport \"https\"", Field::Dport(L4::Tcp), number(443)),
        ("udplite sport 1-2", Field::Sport(L4::Udplite), range(1, 2)),
        ("tcp option maxseg size 536", tcp_option(2, TcpOptionPart::MaxsegSize), number(536)),
        ("tcp option sack-perm missing", tcp_option(4, TcpOptionPart::Exists), number(0)),
        ("tcp option 77 exists", tcp_option(77, TcpOptionPart::Exists), number(1)),
        ("sctp chunk init exists", Field::SctpChunk { kind: 1, part: SctpChunkPart::Exists }, number(1)),
        ("dccp type reset", Field::DccpType, number(7)),
        ("icmp type echo-request", Field::IcmpType, number(8)),
        ("icmp code port-unreachable", Field::IcmpCode, number(3)),
        ("icmpv6 type nd-redirect", Field::Icmp6Type, number(137)),
        ("igmp type leave-group", Field::IgmpType, number(0x17)),
        ("esp spi 0x100", Field::EspSpi, number(256)),
        ("ether saddr 00:11:22:33:44:55", Field::EtherSaddr, number(0x0011_2233_4455)),
        ("@th,16,8 0xff", Field::Payload { base: PayloadBase::Transport, offset: 16, len: 8 }, number(255)),
        ("fib daddr type local", fib(false, true, false, FibResult::Type), number(2)),
        ("fib saddr . iif oif missing", fib(true, false, true, FibResult::Exists), number(0)),
        ("fib saddr . iif check exists", fib(true, false, true, FibResult::Exists), number(1)),
        ("fib saddr oif 5", fib(true, false, false, FibResult::Oif), number(5)),
        ("socket transparent 1", Field::Socket(SocketKey::Transparent), number(1)),
        ("socket cgroupv2 level 2 \"a/b\"", Field::SocketCgroupv2 { level: 2 }, name("a/b")),
        ("osf name \"Linux\"", Field::Osf { key: OsfKey::Name, ttl: OsfTtl::Strict }, name("Linux")),
        ("osf ttl loose name \"Linux\"", Field::Osf { key: OsfKey::Name, ttl: OsfTtl::Loose }, name("Linux")),
        ("osf ttl skip version \"Linux\"", Field::Osf { key: OsfKey::Version, ttl: OsfTtl::Skip }, name("Linux")),
        (
            "ipsec in spnum 1 ip saddr 10.0.0.1",
            Field::Ipsec { dir: IpsecDirection::In, spnum: 1, key: IpsecKey::IpSaddr },
            number(V4),
        ),
    ] {
        assert_eq!(rule(text), [is(expected, value)], "{text}");
    }
}

#[test]
fn interface_names() {
    let wildcard = |text: &str| Expr::Text { text: text.into(), wildcard: true };
    for (text, expected) in [
        ("\"eth*\"", wildcard("eth")),
        ("eth*", wildcard("eth")),
        ("\"*\"", wildcard("")),
        ("\"eth\\*\"", name("eth*")),
        ("br-1.5", name("br-1.5")),
        ("\"5g\"", name("5g")),
    ] {
        assert_eq!(rule(&format!("iifname {text}")), [is(Field::Iifname, expected)], "{text}");
    }
}

#[test]
fn operators() {
    let port = Field::Dport(L4::Tcp);
    for (text, op) in [
        ("", Op::Implicit),
        ("==", Op::Eq),
        ("eq", Op::Eq),
        ("!=", Op::Ne),
        ("ne", Op::Ne),
        ("<", Op::Lt),
        ("lt", Op::Lt),
        (">", Op::Gt),
        ("gt", Op::Gt),
        ("<=", Op::Le),
        ("le", Op::Le),
        (">=", Op::Ge),
        ("ge", Op::Ge),
    ] {
        assert_eq!(rule(&format!("tcp dport {text} 80")), [test(port, op, number(80))], "{text}");
    }
}

#[test]
fn flags() {
    let state = Field::Ct(CtKey::State);
    let masked = |mask, op, value| Statement::Match {
        left: binary(field(Field::TcpFlags), BinaryOp::And, number(mask)),
        op,
        right: number(value),
    };
    for (text, expected) in [
        ("ct state established,related", is(state, Expr::Flags(6))),
        ("ct state established | related", is(state, number(6))),
        ("ct state != new,established", test(state, Op::Ne, Expr::Flags(10))),
        ("ct state ! new", test(state, Op::NoneOf, number(8))),
        ("ct state { new, established }", is(state, keys([number(8), number(2)]))),
        ("tcp flags syn", is(Field::TcpFlags, number(2))),
        ("tcp flags == syn", test(Field::TcpFlags, Op::Eq, number(2))),
        ("tcp flags { syn, syn | ack }", is(Field::TcpFlags, keys([number(2), number(18)]))),
        ("tcp flags & (fin|syn|rst|ack) == syn", masked(0x17, Op::Eq, 2)),
        ("tcp flags & (fin | syn) == fin | syn", masked(3, Op::Eq, 3)),
        ("tcp flags & (fin|syn) == (fin|syn)", masked(3, Op::Eq, 3)),
        ("tcp flags & syn != 0", masked(2, Op::Ne, 0)),
        ("tcp flags syn / fin,syn,rst,ack", masked(0x17, Op::Eq, 2)),
        ("tcp flags fin,syn / fin,syn", masked(3, Op::Eq, 3)),
        ("tcp flags 0x2 / 0x2,0x10", masked(0x12, Op::Eq, 2)),
        ("tcp flags != syn / syn,ack", masked(0x12, Op::Ne, 2)),
    ] {
        assert_eq!(rule(text), [expected], "{text}");
    }
}

#[test]
fn operations_bind_as_in_c() {
    let mark = || field(Field::Mark);
    for (text, expected) in [
        ("meta mark & 0xff", binary(mark(), BinaryOp::And, number(255))),
        ("meta mark and 0xff", binary(mark(), BinaryOp::And, number(255))),
        ("meta mark & 0xf0 | 0x1", binary(binary(mark(), BinaryOp::And, number(0xf0)), BinaryOp::Or, number(1))),
        ("meta mark | 0xf0 & 0x11", binary(mark(), BinaryOp::Or, number(0x10))),
        ("meta mark xor 1 or 2", binary(binary(mark(), BinaryOp::Xor, number(1)), BinaryOp::Or, number(2))),
        ("meta mark << 8", binary(mark(), BinaryOp::Lshift, number(8))),
        (
            "(meta mark & 1) | ct mark & 2",
            binary(
                binary(mark(), BinaryOp::And, number(1)),
                BinaryOp::Or,
                binary(field(Field::Ct(CtKey::Mark)), BinaryOp::And, number(2)),
            ),
        ),
        ("0x1 | 0x2", number(3)),
        ("(0x1 | 0x2) << 4", number(0x30)),
    ] {
        let expected = Statement::Set { target: mark(), value: expected };
        assert_eq!(rule(&format!("meta mark set {text}")), [expected], "{text}");
    }
    let masked = binary(field(Field::IpSaddr), BinaryOp::And, number(0xff00_00ff));
    assert_eq!(
        rule("ip saddr & 255.0.0.255 == 10.0.0.1"),
        [Statement::Match { left: masked, op: Op::Eq, right: number(0x0a00_0001) }]
    );
}

#[test]
fn concatenations() {
    let left = Expr::Concat(vec![field(Field::IpSaddr), field(Field::Dport(L4::Tcp))]);
    let right = |text: &str| match rule(text).as_slice() {
        [Statement::Match { left: found, right, .. }] if *found == left => right.clone(),
        other => panic!("{text}: {other:?}"),
    };
    let pair = |address: Expr, port: Expr| Expr::Concat(vec![address, port]);
    assert_eq!(right("ip saddr . tcp dport @pairs"), Expr::SetName("pairs".into()));
    assert_eq!(
        right("ip saddr . tcp dport { 10.0.0.1 . ssh, 10.0.0.0/8 . 80-90 }"),
        keys([pair(number(V4), number(22)), pair(Expr::Prefix { address: 0x0a00_0000, len: 8 }, range(80, 90))])
    );
    assert_eq!(right("ip saddr . tcp dport 10.0.0.1 . 22"), pair(number(V4), number(22)));
}

#[test]
fn addresses_of_connections_know_their_family() {
    let original = CtDirection::Original;
    for (family, text, key, value) in [
        ("ip", "ct original ip saddr 10.0.0.1", CtKey::Saddr(original), V4),
        ("ip6", "ct original saddr ::1", CtKey::Saddr(original), 1),
        ("inet", "ct original ip saddr 10.0.0.1", CtKey::IpSaddr(original), V4),
        ("inet", "ct original ip6 daddr ::1", CtKey::Ip6Daddr(original), 1),
    ] {
        assert_eq!(rule_in(family, text), [is(Field::Ct(key), number(value))], "{family} {text}");
    }
}
