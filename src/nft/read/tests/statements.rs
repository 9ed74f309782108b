//! Everything that is no match.

use super::*;
use crate::nft::ast::{
    Data, Limit, Log, LogFlags, Lookup, Nat, NatFlags, NatKind, ObjectKind, ObjectName, Reject, SetOp, TimeUnit,
    Verdict,
};
use crate::packet::{CtDirection, CtKey, Family, L4, TcpOptionPart};

fn nat(kind: NatKind) -> Nat {
    Nat { kind, family: None, address: None, port: None, flags: NatFlags::default() }
}

fn pairs(data: impl IntoIterator<Item = (u128, Data)>) -> Lookup {
    let element = |(key, data)| Element { data: Some(data), ..element(number(key)) };
    Lookup::Anonymous(data.into_iter().map(element).collect())
}

fn value(value: u128) -> Data {
    Data::Value(number(value))
}

#[test]
fn verdicts() {
    for (text, verdict) in [
        ("accept", Verdict::Accept),
        ("drop", Verdict::Drop),
        ("return", Verdict::Return),
        ("continue", Verdict::Continue),
        ("jump a-b", Verdict::Jump("a-b".into())),
        ("goto other", Verdict::Goto("other".into())),
    ] {
        assert_eq!(rule(text), [Statement::Verdict(verdict)], "{text}");
    }
}

#[test]
fn verdict_maps() {
    let verdicts = [(22, Data::Verdict(Verdict::Accept)), (80, Data::Verdict(Verdict::Jump("web".into())))];
    let key = field(Field::Dport(L4::Tcp));
    assert_eq!(
        rule("tcp dport vmap { 22 : accept, 80 : jump web }"),
        [Statement::Vmap { key: key.clone(), map: pairs(verdicts) }]
    );
    assert_eq!(rule("tcp dport vmap @ports"), [Statement::Vmap { key, map: Lookup::Named("ports".into()) }]);
    let default = Element { data: Some(Data::Verdict(Verdict::Drop)), ..Element::default() };
    assert_eq!(
        rule("iifname vmap { * : drop }"),
        [Statement::Vmap { key: field(Field::Iifname), map: Lookup::Anonymous(vec![default]) }]
    );
}

#[test]
fn state_keepers() {
    let limit = |over, rate, bytes, unit, burst| Statement::Limit(Limit { over, rate, bytes, unit, burst });
    let named = |kind, name: &str| Statement::ObjectRef { kind, name: ObjectName::Literal(name.into()) };
    for (text, expected) in [
        ("counter", Statement::Counter { packets: 0, bytes: 0 }),
        ("counter packets 5 bytes 70", Statement::Counter { packets: 5, bytes: 70 }),
        ("counter name \"c\"", named(ObjectKind::Counter, "c")),
        ("counter name c", named(ObjectKind::Counter, "c")),
        ("limit name \"l\"", named(ObjectKind::Limit, "l")),
        ("quota name q", named(ObjectKind::Quota, "q")),
        ("ct helper set \"h\"", named(ObjectKind::CtHelper, "h")),
        ("ct timeout set \"t\"", named(ObjectKind::CtTimeout, "t")),
        ("synproxy name s", named(ObjectKind::Synproxy, "s")),
        ("meta secmark set \"ssh\"", named(ObjectKind::Secmark, "ssh")),
        ("limit rate 5/second", limit(false, 5, false, TimeUnit::Second, None)),
        ("limit rate over 400/minute burst 9 packets", limit(true, 400, false, TimeUnit::Minute, Some(9))),
        ("limit rate until 1/hour", limit(false, 1, false, TimeUnit::Hour, None)),
        ("limit rate 10 kbytes/day", limit(false, 10240, true, TimeUnit::Day, None)),
        ("limit rate over 1 mbytes/week burst 2 kbytes", limit(true, 1 << 20, true, TimeUnit::Week, Some(2048))),
        ("quota 1 kbytes", Statement::Quota { over: false, bytes: 1024, used: 0 }),
        ("quota over 5 mbytes used 3 bytes", Statement::Quota { over: true, bytes: 5 << 20, used: 3 }),
        ("ct count 5", Statement::ConnLimit { over: false, count: 5 }),
        ("ct count over 5", Statement::ConnLimit { over: true, count: 5 }),
        ("last used never", Statement::Last),
        ("last used 1m5s", Statement::Last),
    ] {
        assert_eq!(rule(text), [expected], "{text}");
    }
    let key = field(Field::IpSaddr);
    let map = Lookup::Named("m".into());
    let expected = Statement::ObjectRef { kind: ObjectKind::Counter, name: ObjectName::Map { key, map } };
    assert_eq!(rule("counter name ip saddr map @m"), [expected]);
}

#[test]
fn logs() {
    let flags = LogFlags { tcp_sequence: true, tcp_options: true, ..LogFlags::default() };
    let all = LogFlags { tcp_sequence: true, tcp_options: true, ip_options: true, skuid: true, ether: true };
    for (text, expected) in [
        ("log", Log::default()),
        ("log prefix \"a # b \"", Log { prefix: Some("a # b ".into()), ..Log::default() }),
        ("log level err", Log { level: Some(3), ..Log::default() }),
        ("log level audit", Log { level: Some(8), ..Log::default() }),
        ("log flags tcp sequence,options", Log { flags, ..Log::default() }),
        ("log flags all", Log { flags: all, ..Log::default() }),
        (
            "log prefix x group 5 snaplen 9 queue-threshold 7",
            Log {
                prefix: Some("x".into()),
                group: Some(5),
                snaplen: Some(9),
                queue_threshold: Some(7),
                ..Log::default()
            },
        ),
    ] {
        assert_eq!(rule(text), [Statement::Log(expected)], "{text}");
    }
}

#[test]
fn rejects() {
    for (text, expected) in [
        ("reject", Reject::Default),
        ("reject with tcp reset", Reject::TcpReset),
        ("reject with icmp type host-unreachable", Reject::Icmp(1)),
        ("reject with icmp host-unreachable", Reject::Icmp(1)),
        ("reject with icmp 13", Reject::Icmp(13)),
        ("reject with icmpv6 type addr-unreachable", Reject::Icmp6(3)),
        ("reject with icmpv6 no-route", Reject::Icmp6(0)),
        ("reject with icmpx type port-unreachable", Reject::Icmpx(1)),
        ("reject with icmpx admin-prohibited", Reject::Icmpx(3)),
    ] {
        assert_eq!(rule(text), [Statement::Reject(expected)], "{text}");
    }
}

#[test]
fn queues() {
    let queue = |from, to, bypass, fanout| Statement::Queue { from, to, bypass, fanout };
    for (text, expected) in [
        ("queue", queue(0, 0, false, false)),
        ("queue num 5", queue(5, 5, false, false)),
        ("queue num 0-3 bypass,fanout", queue(0, 3, true, true)),
        ("queue num 3 bypass", queue(3, 3, true, false)),
        ("queue to 5", queue(5, 5, false, false)),
        ("queue flags bypass to 0-3", queue(0, 3, true, false)),
        ("queue flags bypass,fanout to 0-3", queue(0, 3, true, true)),
    ] {
        assert_eq!(rule(text), [expected], "{text}");
    }
}

#[test]
fn address_translation() {
    let ip = 0x0a00_0001;
    let random = NatFlags { random: true, ..NatFlags::default() };
    let dnat = || nat(NatKind::Dnat);
    let map = |map| Expr::Map { key: Box::new(field(Field::Dport(L4::Tcp))), map };
    let pair = Data::Value(Expr::Concat(vec![number(ip), number(8080)]));
    for (text, expected) in [
        ("snat to 10.0.0.1", Nat { address: Some(number(ip)), ..nat(NatKind::Snat) }),
        ("snat 10.0.0.1", Nat { address: Some(number(ip)), ..nat(NatKind::Snat) }),
        ("dnat to 10.0.0.1:80", Nat { address: Some(number(ip)), port: Some(number(80)), ..dnat() }),
        ("dnat to :80-90", Nat { port: Some(range(80, 90)), ..dnat() }),
        (
            "dnat to 10.0.0.1-10.0.0.3:80-90 random",
            Nat { address: Some(range(ip, ip + 2)), port: Some(range(80, 90)), flags: random, ..dnat() },
        ),
        ("dnat ip to 10.0.0.1", Nat { family: Some(Family::Ip), address: Some(number(ip)), ..dnat() }),
        ("dnat to tcp dport map { 80 : 10.0.0.1 }", Nat { address: Some(map(pairs([(80, value(ip))]))), ..dnat() }),
        (
            "dnat to tcp dport map { 80 : 10.0.0.1 . 8080 }",
            Nat { address: Some(map(pairs([(80, pair.clone())]))), ..dnat() },
        ),
        (
            "dnat ip addr . port to tcp dport map { 80 : 10.0.0.1 . 8080 }",
            Nat {
                family: Some(Family::Ip),
                address: Some(map(pairs([(80, pair)]))),
                flags: NatFlags { interval: true, ..NatFlags::default() },
                ..dnat()
            },
        ),
        ("masquerade", nat(NatKind::Masquerade)),
        (
            "masquerade to :1024-2048 random",
            Nat { port: Some(range(1024, 2048)), flags: random, ..nat(NatKind::Masquerade) },
        ),
        ("redirect to :80", Nat { port: Some(number(80)), ..nat(NatKind::Redirect) }),
        (
            "redirect to :tcp dport map { 80 : 81 }",
            Nat { port: Some(map(pairs([(80, value(81))]))), ..nat(NatKind::Redirect) },
        ),
    ] {
        assert_eq!(rule(text), [Statement::Nat(expected)], "{text}");
    }
    let six = Nat { family: Some(Family::Ip6), address: Some(number(1)), port: Some(number(80)), ..dnat() };
    assert_eq!(rule_in("inet", "dnat to [::1]:80"), [Statement::Nat(six)]);
}

#[test]
fn assignments() {
    let set = |target, value| Statement::Set { target: field(target), value };
    let map = |key, map| Expr::Map { key: Box::new(field(key)), map };
    for (text, expected) in [
        ("meta mark set 0x10", set(Field::Mark, number(16))),
        ("mark set 1", set(Field::Mark, number(1))),
        ("ct mark set meta mark", set(Field::Ct(CtKey::Mark), field(Field::Mark))),
        ("ct zone set 7", set(Field::Ct(CtKey::Zone), number(7))),
        ("ct original zone set 7", set(Field::Ct(CtKey::ZoneIn(CtDirection::Original)), number(7))),
        ("ct reply zone set 7", set(Field::Ct(CtKey::ZoneIn(CtDirection::Reply)), number(7))),
        ("ct secmark set meta secmark", set(Field::Ct(CtKey::Secmark), field(Field::Secmark))),
        ("meta secmark set ct secmark", set(Field::Secmark, field(Field::Ct(CtKey::Secmark)))),
        ("ct label set 5", set(Field::Ct(CtKey::Label), number(32))),
        ("ip dscp set cs1", set(Field::IpDscp, number(8))),
        ("ip protocol set tcp", set(Field::IpProtocol, number(6))),
        ("meta nftrace set 1", set(Field::Nftrace, number(1))),
        (
            "tcp option maxseg size set 1400",
            set(Field::TcpOption { kind: 2, part: TcpOptionPart::MaxsegSize }, number(1400)),
        ),
        ("meta mark set ip dscp map { cs1 : 0x1 }", set(Field::Mark, map(Field::IpDscp, pairs([(8, value(1))])))),
        ("meta mark set ip saddr map @m", set(Field::Mark, map(Field::IpSaddr, Lookup::Named("m".into())))),
        (
            "ip6 hoplimit set ip6 hoplimit map { 64 : 63 }",
            set(Field::Ip6Hoplimit, map(Field::Ip6Hoplimit, pairs([(64, value(63))]))),
        ),
        (
            "meta mark set jhash ip saddr mod 2 seed 0x5 offset 1",
            set(
                Field::Mark,
                Expr::Jhash { key: Box::new(field(Field::IpSaddr)), modulus: 2, seed: Some(5), offset: 1 },
            ),
        ),
    ] {
        assert_eq!(rule(text), [expected], "{text}");
    }
}

#[test]
fn set_updates() {
    let key = || field(Field::IpSaddr);
    let update =
        |op, timeout, statements| Statement::SetUpdate { op, set: "s".into(), key: key(), timeout, statements };
    let limit = Limit { over: true, rate: 5, bytes: false, unit: TimeUnit::Second, burst: None };
    for (text, expected) in [
        ("add @s { ip saddr }", update(SetOp::Add, None, vec![])),
        ("update @s { ip saddr timeout 1m }", update(SetOp::Update, Some(60), vec![])),
        ("delete @s { ip saddr }", update(SetOp::Delete, None, vec![])),
        ("set add ip saddr @s", update(SetOp::Add, None, vec![])),
        ("set update ip saddr timeout 5s @s", update(SetOp::Update, Some(5), vec![])),
        (
            "add @s { ip saddr limit rate over 5/second }",
            update(SetOp::Add, None, vec![Statement::Limit(limit.clone())]),
        ),
        (
            "meter s size 9 { ip saddr timeout 1m limit rate over 5/second }",
            Statement::Meter {
                name: "s".into(),
                size: Some(9),
                key: key(),
                timeout: Some(60),
                statements: vec![Statement::Limit(limit)],
            },
        ),
    ] {
        assert_eq!(rule(text), [expected], "{text}");
    }
}

#[test]
fn others() {
    let synproxy = |mss, wscale, timestamp, sack_perm| Statement::Synproxy { mss, wscale, timestamp, sack_perm };
    for (text, expected) in [
        ("notrack", Statement::Notrack),
        ("reset tcp option sack-perm", Statement::ResetTcpOption { kind: 4 }),
        ("synproxy", synproxy(None, None, false, false)),
        ("synproxy mss 1460 wscale 7 timestamp sack-perm", synproxy(Some(1460), Some(7), true, true)),
        ("tproxy to :80", Statement::Tproxy { family: None, address: None, port: Some(number(80)) }),
        (
            "tproxy ip to 127.0.0.1:80",
            Statement::Tproxy { family: Some(Family::Ip), address: Some(number(0x7f00_0001)), port: Some(number(80)) },
        ),
        ("dup to 10.0.0.1", Statement::Dup { address: number(0x0a00_0001), device: None }),
        ("dup to 10.0.0.1 device \"lo\"", Statement::Dup { address: number(0x0a00_0001), device: Some(name("lo")) }),
        (
            "numgen inc mod 10 offset 2 < 5",
            Statement::Match {
                left: Expr::Numgen { random: false, modulus: 10, offset: 2 },
                op: Op::Lt,
                right: number(5),
            },
        ),
        (
            "symhash mod 2 1",
            Statement::Match { left: Expr::Symhash { modulus: 2, offset: 0 }, op: Op::Implicit, right: number(1) },
        ),
    ] {
        assert_eq!(rule(text), [expected], "{text}");
    }
}
