//! Tree to text, one line each; that nft reads the text as meant is for `tests/nft_print.rs`.

use super::*;
use crate::nft::ast::*;
use crate::packet::*;

fn field(field: Field) -> Expr {
    Expr::Field(field)
}

fn text(text: &str) -> Expr {
    Expr::Text { text: text.into(), wildcard: false }
}

fn range(low: u128, high: u128) -> Expr {
    Expr::Range(Box::new(Expr::Number(low)), Box::new(Expr::Number(high)))
}

fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    Expr::Binary { op, left: Box::new(left), right: Box::new(right) }
}

fn and(left: Expr, right: u128) -> Expr {
    binary(BinaryOp::And, left, Expr::Number(right))
}

fn element(key: Expr) -> Element {
    Element { key: Some(key), ..Element::default() }
}

fn set(keys: impl IntoIterator<Item = Expr>) -> Expr {
    Expr::Set(keys.into_iter().map(element).collect())
}

fn numbers(keys: &[u128]) -> Expr {
    set(keys.iter().map(|key| Expr::Number(*key)))
}

fn value_map(key: Expr, pairs: Vec<(Expr, Expr)>) -> Expr {
    let entry = |(key, value)| Element { data: Some(Data::Value(value)), ..element(key) };
    Expr::Map { key: Box::new(key), map: Lookup::Anonymous(pairs.into_iter().map(entry).collect()) }
}

fn vmap(key: Expr, pairs: Vec<(Expr, Verdict)>) -> Statement {
    let entry = |(key, verdict)| Element { data: Some(Data::Verdict(verdict)), ..element(key) };
    Statement::Vmap { key, map: Lookup::Anonymous(pairs.into_iter().map(entry).collect()) }
}

fn is(left: Field, right: Expr) -> Statement {
    Statement::Match { left: field(left), op: Op::Implicit, right }
}

fn test(left: Expr, op: Op, right: Expr) -> Statement {
    Statement::Match { left, op, right }
}

fn assign(target: Field, value: Expr) -> Statement {
    Statement::Set { target: field(target), value }
}

fn rule(statements: Vec<Statement>) -> Rule {
    Rule { statements, ..Rule::default() }
}

fn printed(family: Family, statements: Vec<Statement>) -> Result<String, Why> {
    print_rule(&rule(statements), family).map(|text| text.to_string()).map_err(|error| error.why)
}

/// One statement in a table ip.
#[track_caller]
fn check(statement: Statement, expect: &str) {
    let got = printed(Family::Ip, vec![statement.clone()]);
    assert_eq!(got.as_deref(), Ok(expect), "{statement:?}");
}

#[track_caller]
fn refused(statement: Statement) {
    let got = printed(Family::Ip, vec![statement.clone()]);
    assert!(got.is_err(), "{statement:?} became {got:?}");
}

const DPORT: Field = Field::Dport(L4::Tcp);
const STATE: Field = Field::Ct(CtKey::State);
const STATUS: Field = Field::Ct(CtKey::Status);
const LABEL: Field = Field::Ct(CtKey::Label);

#[test]
fn matches() {
    check(is(DPORT, Expr::Number(22)), "tcp dport 22");
    check(test(field(DPORT), Op::Eq, Expr::Number(22)), "tcp dport 22");
    check(test(field(DPORT), Op::Ne, range(80, 90)), "tcp dport != 80-90");
    check(test(field(DPORT), Op::Ne, numbers(&[80, 443])), "tcp dport != { 80, 443 }");
    check(test(field(Field::IpTtl), Op::Lt, Expr::Number(5)), "ip ttl < 5");
    check(is(DPORT, range(80, 80)), "tcp dport 80");
    check(is(Field::IpSaddr, range(0x0a00_0000, 0x0aff_ffff)), "ip saddr 10.0.0.0/8");
    check(is(Field::IpSaddr, range(0x0a00_0000, 0x0a00_0002)), "ip saddr 10.0.0.0-10.0.0.2");
    check(is(Field::IpSaddr, Expr::Prefix { address: 0x0a01_0203, len: 16 }), "ip saddr 10.1.0.0/16");
    check(is(Field::IpSaddr, range(0, 0xffff_ffff)), "ip saddr 0.0.0.0/0");
    check(is(Field::Ip6Saddr, range(0xfe80 << 112, (0xfe80 << 112) | ((1 << 64) - 1))), "ip6 saddr fe80::/64");
    check(is(Field::Ip6Saddr, range(0, u128::MAX)), "ip6 saddr ::/0");
    check(is(Field::IpSaddr, Expr::SetName("bad".into())), "ip saddr @bad");
    check(is(Field::L4proto, numbers(&[6, 17, 58, 47])), "meta l4proto { tcp, udp, icmpv6, 47 }");
    check(is(Field::L4proto, range(6, 17)), "meta l4proto 6-17");
    check(is(Field::Mark, range(0, 15)), "meta mark 0x00000000-0x0000000f");
    check(test(and(field(Field::Mark), 0xff), Op::Implicit, Expr::Number(1)), "meta mark & 0x000000ff == 0x00000001");
    check(test(and(field(Field::IpFragOff), 0x1fff), Op::Eq, Expr::Number(0)), "ip frag-off & 0x1fff == 0x0");
    let nh = Field::Payload { base: PayloadBase::Network, offset: 8, len: 8 };
    check(test(and(field(nh), 0x1c), Op::Ne, numbers(&[4, 8])), "@nh,8,8 & 0x1c != { 0x4, 0x8 }");
    check(is(Field::Hour, range(28800, 61200)), "meta hour 28800-61200");
    check(is(Field::Day, numbers(&[0, 6])), "meta day { \"Sunday\", \"Saturday\" }");
    check(is(Field::Priority, Expr::Number(0x10010)), "meta priority 1:10");
    check(is(Field::Ct(CtKey::Expiration), range(60_000, 120_999)), "ct expiration 1m-2m999ms");
    check(is(Field::Ct(CtKey::Expiration), Expr::Number(60_000)), "ct expiration 1m");
    check(is(Field::Ct(CtKey::Helper), text("ftp")), "ct helper \"ftp\"");
    check(is(Field::Socket(SocketKey::Transparent), Expr::Number(1)), "socket transparent 1");
    check(
        is(Field::TcpOption { kind: 8, part: TcpOptionPart::Exists }, Expr::Number(0)),
        "tcp option timestamp missing",
    );
    let address = Field::Ct(CtKey::Daddr(CtDirection::Original));
    check(is(address, numbers(&[1, 2])), "ct original ip daddr { 0.0.0.1, 0.0.0.2 }");
    refused(is(DPORT, Expr::Number(65536)));
    refused(is(DPORT, range(90, 80)));
    refused(is(DPORT, text("ssh")));
    refused(is(DPORT, set([])));
    refused(is(Field::IpSaddr, Expr::Prefix { address: 0, len: 33 }));
    refused(is(Field::Ct(CtKey::Count), Expr::Number(1)));
    refused(test(Expr::Number(1), Op::Eq, Expr::Number(1)));
    refused(test(field(DPORT), Op::NoneOf, Expr::Number(1)));
    assert!(printed(Family::Inet, vec![is(address, Expr::Number(1))]).is_err());
}

#[test]
fn bits() {
    check(is(STATE, Expr::Number(6)), "ct state established,related");
    check(is(STATE, Expr::Flags(6)), "ct state established,related");
    check(test(field(STATE), Op::Ne, Expr::Flags(6)), "ct state != established | related");
    check(test(field(STATE), Op::Eq, Expr::Number(2)), "ct state == established");
    check(test(field(STATE), Op::Ne, numbers(&[2, 4])), "ct state != { established, related }");
    check(test(field(STATE), Op::NoneOf, Expr::Flags(6)), "ct state & (established | related) == 0x0");
    check(test(and(field(STATUS), 0x30), Op::Eq, Expr::Number(0)), "ct status & (snat | dnat) == 0x0");
    check(
        test(and(field(Field::TcpFlags), 0x17), Op::Eq, Expr::Number(2)),
        "tcp flags & (fin | syn | rst | ack) == syn",
    );
    check(test(and(field(Field::TcpFlags), 3), Op::Ne, Expr::Number(3)), "tcp flags & (fin | syn) != fin | syn");
    check(test(and(field(Field::TcpFlags), 2), Op::Implicit, numbers(&[2])), "tcp flags & syn { syn }");
    check(is(LABEL, Expr::Flags(1 << 5 | 1 << 9)), "ct label 5,9");
    check(test(field(LABEL), Op::NoneOf, Expr::Number(1 << 5)), "ct label & 5 != 5");
    check(assign(LABEL, Expr::Number(1 << 5)), "ct label set 5");
    check(is(STATE, Expr::Number(0x10)), "ct state 0x10");
    refused(is(LABEL, Expr::Number(0)));
    refused(test(and(field(Field::TcpFlags), 3), Op::Implicit, Expr::Number(1)));
    refused(is(Field::TcpFlags, Expr::Number(256)));
}

#[test]
fn names_of_icmp_codes_need_their_type() {
    let code = |code| is(Field::IcmpCode, Expr::Number(code));
    let both = |kind| printed(Family::Ip, vec![is(Field::IcmpType, Expr::Number(kind)), code(1)]);
    assert_eq!(both(3).as_deref(), Ok("icmp type destination-unreachable icmp code host-unreachable"));
    assert_eq!(both(5).as_deref(), Ok("icmp type redirect icmp code 1"));
    check(code(1), "icmp code 1");
}

#[test]
fn interfaces() {
    check(is(Field::Iifname, text("eth0")), "iifname \"eth0\"");
    check(is(Field::Oifname, Expr::Text { text: "ppp".into(), wildcard: true }), "oifname \"ppp*\"");
    check(is(Field::Iifname, text("a*")), "iifname \"a\\*\"");
    check(is(Field::Iifname, set([text("eth0"), text("lo")])), "iifname { \"eth0\", \"lo\" }");
    check(is(Field::Iifname, text("lo")), "iif \"lo\"");
    check(Statement::Match { left: field(Field::Oifname), op: Op::Ne, right: text("lo") }, "oif != \"lo\"");
    check(is(Field::Oifname, Expr::Text { text: "lo".into(), wildcard: true }), "oifname \"lo*\"");
    refused(is(Field::Iifname, text("a\"b")));
    refused(is(Field::Iifname, text("")));
    refused(is(Field::Iifname, Expr::Number(1)));
    refused(is(Field::Ct(CtKey::Helper), Expr::Text { text: "f".into(), wildcard: true }));
}

#[test]
fn arithmetic() {
    let mark = || field(Field::Mark);
    check(
        assign(Field::Mark, binary(BinaryOp::Or, and(mark(), 0xffff_ff00), Expr::Number(1))),
        "meta mark set meta mark & 0xffffff00 | 0x00000001",
    );
    check(
        assign(Field::Mark, and(binary(BinaryOp::Xor, mark(), Expr::Number(1)), 2)),
        "meta mark set (meta mark ^ 0x00000001) & 0x00000002",
    );
    check(
        assign(Field::Mark, binary(BinaryOp::Lshift, and(mark(), 0xff), Expr::Number(8))),
        "meta mark set (meta mark & 0x000000ff) << 8",
    );
    check(
        assign(Field::Mark, binary(BinaryOp::Or, mark(), and(field(Field::Ct(CtKey::Mark)), 4))),
        "meta mark set meta mark | ct mark & 0x00000004",
    );
    let map = value_map(field(Field::IpSaddr), vec![(Expr::Number(1), Expr::Number(2))]);
    check(assign(Field::Mark, map), "meta mark set ip saddr map { 0.0.0.1 : 0x00000002 }");
    check(
        assign(Field::Mark, Expr::Numgen { random: true, modulus: 4, offset: 1 }),
        "meta mark set numgen random mod 4 offset 1",
    );
    let key = Box::new(Expr::Concat(vec![field(Field::IpSaddr), field(DPORT)]));
    check(
        test(Expr::Jhash { key, modulus: 8, seed: Some(16), offset: 0 }, Op::Eq, Expr::Number(3)),
        "jhash ip saddr . tcp dport mod 8 seed 0x10 3",
    );
    check(
        vmap(Expr::Symhash { modulus: 2, offset: 0 }, vec![(Expr::Number(1), Verdict::Drop)]),
        "symhash mod 2 vmap { 1 : drop }",
    );
    refused(assign(Field::Mark, Expr::Numgen { random: false, modulus: 0, offset: 0 }));
    refused(assign(Field::Mark, and(set([]), 1)));
    refused(assign(Field::Mark, (0..1000).fold(mark(), |inner, _| and(inner, 1))));
}

#[test]
fn concatenations() {
    let key = || Expr::Concat(vec![field(Field::IpSaddr), field(DPORT), field(Field::TcpFlags)]);
    let value = Expr::Concat(vec![range(0, 1), Expr::Number(80), Expr::Number(3)]);
    check(
        test(key(), Op::Implicit, set([value.clone()])),
        "ip saddr . tcp dport . tcp flags { 0.0.0.0/31 . 80 . (fin | syn) }",
    );
    check(
        vmap(key(), vec![(value, Verdict::Jump("x".into()))]),
        "ip saddr . tcp dport . tcp flags vmap { 0.0.0.0/31 . 80 . (fin | syn) : jump x }",
    );
    refused(test(key(), Op::Implicit, set([Expr::Number(1)])));
    refused(test(key(), Op::Implicit, set([Expr::Concat(vec![Expr::Number(1), Expr::Number(1)])])));
    refused(test(key(), Op::Eq, Expr::Concat(vec![Expr::Number(1), Expr::Number(1), Expr::Number(1)])));
}

#[test]
fn statements() {
    check(Statement::Counter { packets: 0, bytes: 0 }, "counter");
    check(Statement::Counter { packets: 1, bytes: 20 }, "counter packets 1 bytes 20");
    check(Statement::Quota { over: false, bytes: 1 << 20, used: 0 }, "quota until 1 mbytes");
    check(Statement::Quota { over: true, bytes: 1000, used: 10 }, "quota over 1000 bytes used 10 bytes");
    check(Statement::ConnLimit { over: true, count: 3 }, "ct count over 3");
    check(Statement::Verdict(Verdict::Goto("x".into())), "goto x");
    check(Statement::Queue { from: 1, to: 3, bypass: true, fanout: true }, "queue num 1-3 bypass,fanout");
    check(Statement::ResetTcpOption { kind: 8 }, "reset tcp option timestamp");
    check(assign(Field::IpDscp, Expr::Number(46)), "ip dscp set ef");
    check(
        Statement::Synproxy { mss: Some(1460), wscale: Some(7), timestamp: true, sack_perm: true },
        "synproxy mss 1460 wscale 7 timestamp sack-perm",
    );
    check(
        Statement::SetUpdate {
            op: SetOp::Update,
            set: "s".into(),
            key: and(field(Field::IpSaddr), 0xffff_ff00),
            timeout: Some(90),
            statements: vec![Statement::Counter { packets: 0, bytes: 0 }],
        },
        "update @s { ip saddr & 255.255.255.0 timeout 1m30s counter }",
    );
    check(
        Statement::ObjectRef { kind: ObjectKind::CtHelper, name: ObjectName::Literal("ftp".into()) },
        "ct helper set \"ftp\"",
    );
    check(Statement::Dup { address: Expr::Number(1), device: Some(text("lo")) }, "dup to 0.0.0.1 device \"lo\"");
    refused(Statement::Verdict(Verdict::Jump("a b".into())));
    refused(Statement::Verdict(Verdict::Jump("log".into())));
    refused(Statement::Opaque(Opaque { text: "accept".into(), line: 1 }));
    refused(Statement::Queue { from: 3, to: 1, bypass: false, fanout: false });
}

#[test]
fn limits() {
    let limit = |rate, bytes, burst| Limit { over: false, rate, bytes, unit: TimeUnit::Minute, burst };
    check(Statement::Limit(limit(3, false, None)), "limit rate 3/minute");
    check(
        Statement::Limit(Limit { over: true, ..limit(3, false, Some(9)) }),
        "limit rate over 3/minute burst 9 packets",
    );
    check(Statement::Limit(limit(2048, true, Some(100))), "limit rate 2 kbytes/minute burst 100 bytes");
    refused(Statement::Limit(limit(0, false, None)));
    refused(Statement::Limit(limit(1, false, Some(0))));
}

#[test]
fn logs() {
    let log = |prefix: &str| Log { prefix: Some(prefix.into()), ..Log::default() };
    check(Statement::Log(Log::default()), "log");
    check(Statement::Log(log("DROP: ")), "log prefix \"DROP: \"");
    check(Statement::Log(Log { level: Some(7), ..log("a") }), "log prefix \"a\" level debug");
    let flags = LogFlags { tcp_sequence: true, tcp_options: true, skuid: true, ..LogFlags::default() };
    check(Statement::Log(Log { flags, ..Log::default() }), "log flags tcp sequence,options flags skuid");
    let all = LogFlags { tcp_sequence: true, tcp_options: true, ip_options: true, skuid: true, ether: true };
    check(Statement::Log(Log { flags: all, ..Log::default() }), "log flags all");
    let group = Log { group: Some(2), snaplen: Some(64), queue_threshold: Some(5), ..Log::default() };
    check(Statement::Log(group.clone()), "log group 2 snaplen 64 queue-threshold 5");
    refused(Statement::Log(Log { level: Some(1), ..group }));
    refused(Statement::Log(log("a\" accept")));
    refused(Statement::Log(log("a$b")));
    refused(Statement::Log(log("")));
    refused(Statement::Log(Log { level: Some(9), ..Log::default() }));
}

#[test]
fn rejects() {
    check(Statement::Reject(Reject::Default), "reject");
    check(Statement::Reject(Reject::TcpReset), "reject with tcp reset");
    check(Statement::Reject(Reject::Icmp(13)), "reject with icmp type admin-prohibited");
    check(Statement::Reject(Reject::Icmp6(3)), "reject with icmpv6 type addr-unreachable");
    check(Statement::Reject(Reject::Icmpx(0)), "reject with icmpx type no-route");
    check(Statement::Reject(Reject::Icmp(7)), "reject with icmp type 7");
    refused(Statement::Reject(Reject::Icmpx(4)));
}

#[test]
fn translations() {
    let nat = |kind, address: Option<Expr>, port: Option<Expr>| Nat {
        kind,
        family: None,
        address,
        port,
        flags: NatFlags::default(),
    };
    let check = |family, nat: Nat, expect: &str| {
        assert_eq!(printed(family, vec![Statement::Nat(nat)]).as_deref(), Ok(expect));
    };
    let one = || Some(Expr::Number(1));
    check(Family::Ip, nat(NatKind::Snat, one(), None), "snat to 0.0.0.1");
    check(Family::Ip, nat(NatKind::Dnat, Some(range(0, 255)), Some(range(80, 90))), "dnat to 0.0.0.0-0.0.0.255:80-90");
    check(Family::Ip6, nat(NatKind::Dnat, Some(range(1, 2)), Some(Expr::Number(80))), "dnat to [::1]-[::2]:80");
    check(Family::Ip6, nat(NatKind::Dnat, one(), None), "dnat to ::1");
    check(Family::Inet, Nat { family: Some(Family::Ip), ..nat(NatKind::Dnat, one(), None) }, "dnat ip to 0.0.0.1");
    check(Family::Inet, nat(NatKind::Dnat, None, Some(Expr::Number(80))), "dnat to :80");
    check(Family::Inet, nat(NatKind::Masquerade, None, None), "masquerade");
    let flags = NatFlags { random: true, fully_random: true, persistent: true, ..NatFlags::default() };
    check(
        Family::Ip,
        Nat { flags, ..nat(NatKind::Masquerade, None, Some(range(1, 9))) },
        "masquerade to :1-9 random,fully-random,persistent",
    );
    let flags = NatFlags { prefix: true, ..NatFlags::default() };
    check(
        Family::Ip,
        Nat { flags, ..nat(NatKind::Snat, Some(Expr::Prefix { address: 0, len: 31 }), None) },
        "snat prefix to 0.0.0.0/31",
    );
    let ports = || value_map(field(DPORT), vec![(Expr::Number(80), Expr::Number(8080))]);
    check(Family::Ip, nat(NatKind::Redirect, None, Some(ports())), "redirect to :tcp dport map { 80 : 8080 }");
    let both = Expr::Concat(vec![Expr::Number(1), Expr::Number(80)]);
    let pairs = value_map(field(DPORT), vec![(Expr::Number(80), both)]);
    check(
        Family::Ip,
        nat(NatKind::Dnat, Some(pairs), None),
        "dnat ip addr . port to tcp dport map { 80 : 0.0.0.1 . 80 }",
    );
    let addresses = value_map(field(Field::IpSaddr), vec![(Expr::Number(1), Expr::Number(2))]);
    check(
        Family::Ip,
        nat(NatKind::Dnat, Some(addresses), Some(ports())),
        "dnat to ip saddr map { 0.0.0.1 : 0.0.0.2 } : tcp dport map { 80 : 8080 }",
    );
    for bad in [nat(NatKind::Snat, None, None), nat(NatKind::Masquerade, one(), None), nat(NatKind::Dnat, one(), None)]
    {
        assert!(printed(Family::Inet, vec![Statement::Nat(bad)]).is_err());
    }
    let tproxy = |family, address: Option<Expr>, port| Statement::Tproxy { family, address, port };
    let got = |statement| printed(Family::Ip6, vec![statement]);
    assert_eq!(got(tproxy(None, one(), one())).as_deref(), Ok("tproxy to [::1]:1"));
    assert_eq!(got(tproxy(None, None, one())).as_deref(), Ok("tproxy to :1"));
    assert_eq!(got(tproxy(Some(Family::Ip6), one(), None)).as_deref(), Ok("tproxy ip6 to ::1"));
}

fn table(entries: Vec<Entry>) -> Ruleset {
    let name = TableName { family: Family::Ip, name: "t".into() };
    let flags = Vec::new();
    Ruleset { items: vec![Item::Table(Table { name, comment: None, flags, entries })] }
}

fn named_set(elements: Vec<Element>) -> Set {
    Set {
        name: "s".into(),
        comment: None,
        key: vec![KeyType::Type(DataType::Ipv4Addr)],
        data: None,
        flags: SetFlags { interval: true, ..SetFlags::default() },
        timeout: None,
        gc_interval: None,
        size: None,
        auto_merge: false,
        statements: Vec::new(),
        elements,
        line: 0,
    }
}

#[test]
fn blocks() {
    let ruleset = |chain: Chain| {
        let set = named_set((0..3).map(|n| element(Expr::Number(n * 2))).collect());
        table(vec![Entry::Set(set), Entry::Comment("The way in".into()), Entry::Chain(chain)])
    };
    let base = BaseChain { kind: ChainKind::Filter, hook: Some(Hook::Input), priority: 0, policy: Policy::Drop };
    let mut first = rule(vec![is(Field::IpSaddr, Expr::SetName("s".into())), Statement::Verdict(Verdict::Drop)]);
    first.comment = Some("no \\ $way;".into());
    first.notes = vec!["from\nline 1".into()];
    let chain = Chain { name: "in".into(), base: Some(base), comment: None, rules: vec![first], line: 0 };
    let error = print(&ruleset(chain.clone()), &Style::default()).unwrap_err();
    assert_eq!(error.to_string(), "table ip t, chain in: the name \"in\": the word is a keyword of nft");
    let chain = Chain { name: "INPUT".into(), ..chain };
    let expect = "\
table ip t {
\tset s {
\t\ttype ipv4_addr
\t\tflags interval
\t\telements = { 0.0.0.0, 0.0.0.2, 0.0.0.4 }
\t}

\t# The way in
\tchain INPUT {
\t\ttype filter hook input priority filter; policy drop;
\t\t# from
\t\t# line 1
\t\tip saddr @s drop comment \"no \\ $way;\"
\t}
}
";
    assert_eq!(String::from_utf8(print(&ruleset(chain), &Style::default()).unwrap()).unwrap(), expect);
}

#[test]
fn long_lists_are_broken() {
    let mut elements: Vec<Element> = (0..20).map(|n| element(Expr::Number(n * 2))).collect();
    elements[3].comment = Some("two".into());
    let text = print(&table(vec![Entry::Set(named_set(elements))]), &Style { width: 60 }).unwrap();
    let expect = "\
\t\telements = {
\t\t\t0.0.0.0, 0.0.0.2, 0.0.0.4,
\t\t\t0.0.0.6 comment \"two\",
\t\t\t0.0.0.8, 0.0.0.10, 0.0.0.12,
";
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains(expect), "{text}");
}

#[test]
fn a_hundred_thousand_elements() {
    let elements: Vec<Element> = (0..100_000).map(|n| element(Expr::Number(n * 2))).collect();
    let ruleset = table(vec![Entry::Set(named_set(elements))]);
    let start = std::time::Instant::now();
    let text = print(&ruleset, &Style::default()).unwrap();
    assert!(text.len() > 1_000_000);
    assert!(text.split(|byte| *byte == b'\n').all(|line| line.len() <= 100));
    // Quadratic building would take minutes.
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}

#[test]
fn commands() {
    let name = TableName { family: Family::Ip, name: "t".into() };
    let accept = || rule(vec![Statement::Verdict(Verdict::Accept)]);
    let mut ruleset = table(vec![Entry::Set(named_set(Vec::new()))]);
    ruleset.items.insert(0, Item::DeleteTable(name.clone()));
    ruleset.items.insert(0, Item::Declare(name.clone()));
    let elements = vec![element(range(0, 255))];
    ruleset.items.extend([
        Item::FlushRuleset,
        Item::Flush { table: name.clone(), chain: None },
        Item::Flush { table: name.clone(), chain: Some("c".into()) },
        Item::FlushSet { table: name.clone(), set: "s".into() },
        Item::Delete { table: name.clone(), kind: EntryKind::Object(ObjectKind::CtHelper), name: "h".into() },
        Item::Rule { table: name.clone(), chain: "c".into(), front: true, rule: accept() },
        Item::Rule { table: name.clone(), chain: "c".into(), front: false, rule: accept() },
        Item::Elements { table: name, set: "s".into(), remove: false, elements },
    ]);
    let expect = "\
table ip t
delete table ip t

table ip t {
\tset s {
\t\ttype ipv4_addr
\t\tflags interval
\t}
}

flush ruleset
flush table ip t
flush chain ip t c
flush set ip t s
delete ct helper ip t h
insert rule ip t c accept
add rule ip t c accept
add element ip t s { 0.0.0.0/24 }
";
    assert_eq!(String::from_utf8(print(&ruleset, &Style::default()).unwrap()).unwrap(), expect);
}
