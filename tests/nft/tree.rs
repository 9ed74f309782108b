//! A ruleset that uses every part of the syntax tree, less what a version lacks.

use bstr::BString;
use ipt2nft::nft::ast::*;
use ipt2nft::nft::version::Feature;
use ipt2nft::packet::*;

/// A statement with the feature it needs, if any.
type Needing = (Option<Feature>, Statement);

pub fn one_table(family: Family, entries: Vec<Entry>) -> Ruleset {
    let name = TableName { family, name: "t".into() };
    let table = Table { name: name.clone(), comment: None, flags: Vec::new(), entries };
    Ruleset { items: vec![Item::Declare(name.clone()), Item::DeleteTable(name), Item::Table(table)] }
}

/// Three tables; `has` says which features may be used.
pub fn ruleset(has: impl Fn(Feature) -> bool) -> Ruleset {
    let mut items = vec![Item::Comment("Everything".into())];
    for (family, entries) in
        [(Family::Ip, ip_entries(&has)), (Family::Ip6, ip6_entries(&has)), (Family::Inet, inet_entries(&has))]
    {
        items.extend(one_table(family, entries).items);
    }
    let name = TableName { family: Family::Ip, name: "t".into() };
    let drop = Rule { statements: vec![verdict(Verdict::Drop)], ..Rule::default() };
    let chain: BString = "plain".into();
    items.extend([
        Item::Flush { table: name.clone(), chain: Some(chain.clone()) },
        Item::Rule { table: name.clone(), chain: chain.clone(), front: false, rule: drop.clone() },
        Item::Rule { table: name.clone(), chain, front: true, rule: drop },
        Item::FlushSet { table: name.clone(), set: "later".into() },
        Item::Elements {
            table: name.clone(),
            set: "later".into(),
            remove: false,
            elements: vec![key(number(1)), key(number(2))],
        },
        Item::Elements { table: name.clone(), set: "later".into(), remove: true, elements: vec![key(number(1))] },
        Item::Delete { table: name, kind: EntryKind::Chain, name: "unused".into() },
    ]);
    Ruleset { items }
}

pub fn field(field: Field) -> Expr {
    Expr::Field(field)
}

pub fn number(value: u128) -> Expr {
    Expr::Number(value)
}

pub fn text(text: &str) -> Expr {
    Expr::Text { text: text.into(), wildcard: false }
}

fn wildcard(text: &str) -> Expr {
    Expr::Text { text: text.into(), wildcard: true }
}

fn range(low: u128, high: u128) -> Expr {
    Expr::Range(Box::new(number(low)), Box::new(number(high)))
}

fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    Expr::Binary { op, left: Box::new(left), right: Box::new(right) }
}

fn masked(of: Field, mask: u128) -> Expr {
    binary(BinaryOp::And, field(of), number(mask))
}

fn key(key: Expr) -> Element {
    Element { key: Some(key), ..Element::default() }
}

fn to(from: Expr, value: Expr) -> Element {
    Element { data: Some(Data::Value(value)), ..key(from) }
}

fn decides(from: Expr, verdict: Verdict) -> Element {
    Element { data: Some(Data::Verdict(verdict)), ..key(from) }
}

fn set(keys: Vec<Expr>) -> Expr {
    Expr::Set(keys.into_iter().map(key).collect())
}

fn numbers(keys: &[u128]) -> Expr {
    set(keys.iter().copied().map(number).collect())
}

fn map(key: Expr, elements: Vec<Element>) -> Expr {
    Expr::Map { key: Box::new(key), map: Lookup::Anonymous(elements) }
}

fn vmap(key: Expr, elements: Vec<Element>) -> Statement {
    Statement::Vmap { key, map: Lookup::Anonymous(elements) }
}

pub fn is(left: Field, right: Expr) -> Statement {
    test(field(left), Op::Implicit, right)
}

fn test(left: Expr, op: Op, right: Expr) -> Statement {
    Statement::Match { left, op, right }
}

fn assign(target: Field, value: Expr) -> Statement {
    Statement::Set { target: field(target), value }
}

fn verdict(verdict: Verdict) -> Statement {
    Statement::Verdict(verdict)
}

const COUNTER: Statement = Statement::Counter { packets: 0, bytes: 0 };
const DPORT: Field = Field::Dport(L4::Tcp);
const MARK: Field = Field::Mark;
const CT_MARK: Field = Field::Ct(CtKey::Mark);

/// One rule per statement, and a few with several.
fn rules(statements: Vec<Needing>, has: &impl Fn(Feature) -> bool) -> Vec<Rule> {
    let usable = |(need, _): &Needing| need.is_none_or(has);
    let rule = |(_, statement)| Rule { statements: vec![statement], ..Rule::default() };
    statements.into_iter().filter(usable).map(rule).collect()
}

fn always(statements: Vec<Statement>) -> Vec<Needing> {
    statements.into_iter().map(|statement| (None, statement)).collect()
}

fn chain(name: &str, base: Option<BaseChain>, rules: Vec<Rule>) -> Entry {
    Entry::Chain(Chain { name: name.into(), base, comment: Some(format!("about {name}").into()), rules, line: 0 })
}

fn base(kind: ChainKind, hook: Hook, priority: i32) -> Option<BaseChain> {
    Some(BaseChain { kind, hook: Some(hook), priority, policy: Policy::Accept })
}

fn named_set(name: &str, key: Vec<KeyType>, data: Option<DataKind>, elements: Vec<Element>) -> Set {
    Set {
        name: name.into(),
        comment: None,
        key,
        data,
        flags: SetFlags::default(),
        timeout: None,
        gc_interval: None,
        size: None,
        auto_merge: false,
        statements: Vec::new(),
        elements,
        line: 0,
    }
}

fn ip_entries(has: &impl Fn(Feature) -> bool) -> Vec<Entry> {
    let mut entries = vec![Entry::Comment("sets".into())];
    entries.extend(sets(has).into_iter().map(Entry::Set));
    entries.extend(objects(has).into_iter().map(Entry::Object));
    entries.extend([
        chain("unused", None, Vec::new()),
        chain("plain", None, Vec::new()),
        chain("fields", None, rules(always(field_tests()), has)),
        chain("members", None, rules(set_tests(), has)),
        chain("does", None, rules(actions(), has)),
        chain("long", None, long_rules()),
        chain("filters", base(ChainKind::Filter, Hook::Input, 7), rules(always(verdicts()), has)),
        chain("routes", base(ChainKind::Route, Hook::Output, -150), rules(always(marks()), has)),
        chain(
            "raw",
            base(ChainKind::Filter, Hook::Prerouting, -300),
            rules(always(vec![Statement::Notrack, assign(Field::Pkttype, number(0))]), has),
        ),
        chain("dstnat", base(ChainKind::Nat, Hook::Prerouting, -100), rules(dnats(), has)),
        chain("srcnat", base(ChainKind::Nat, Hook::Postrouting, 100), rules(always(snats()), has)),
        chain("redirects", base(ChainKind::Nat, Hook::Output, -100), rules(always(redirects()), has)),
    ]);
    entries
}

fn field_tests() -> Vec<Statement> {
    let orig = CtDirection::Original;
    let flags = |saddr, iif| FibFlags { saddr, daddr: !saddr, iif, mark: !saddr, oif: false };
    let option = |kind| Field::TcpOption { kind, part: TcpOptionPart::Exists };
    vec![
        is(Field::Iifname, text("eth0")),
        is(Field::Oifname, wildcard("ppp")),
        test(field(Field::Iifname), Op::Ne, text("a*")),
        is(Field::Iifgroup, number(3)),
        is(Field::Oifgroup, numbers(&[1, 2])),
        is(MARK, number(0x10)),
        test(masked(MARK, 0xff), Op::Eq, number(0x10)),
        test(masked(MARK, 0xff), Op::Ne, numbers(&[0x10, 0x20])),
        is(MARK, range(1, 9)),
        is(Field::L4proto, numbers(&[1, 2, 6, 17, 33, 47, 50, 51, 58, 132, 136])),
        is(Field::L4proto, range(6, 17)),
        is(Field::Pkttype, numbers(&[0, 1, 2, 3])),
        is(Field::Length, range(100, 1500)),
        is(Field::Skuid, numbers(&[0, 1000])),
        test(field(Field::Skgid), Op::Ne, range(5, 10)),
        is(Field::Priority, number(0x10010)),
        is(Field::Priority, number(0)),
        is(Field::Priority, range(0x10010, 0x10020)),
        is(Field::Cpu, number(1)),
        is(Field::Rtclassid, number(5)),
        is(Field::Cgroup, number(5)),
        is(Field::Hour, range(28800, 61200)),
        test(field(Field::Day), Op::Ne, numbers(&[0, 6])),
        is(Field::Day, range(1, 5)),
        test(field(Field::Time), Op::Lt, number(1_800_000_000_000_000_000)),
        is(Field::Protocol, numbers(&[0x800, 0x806, 0x88cc])),
        is(Field::Secpath, number(1)),
        is(Field::Ct(CtKey::State), Expr::Flags(0x4f)),
        is(Field::Ct(CtKey::State), numbers(&[1, 8])),
        test(field(Field::Ct(CtKey::State)), Op::Ne, number(6)),
        test(field(Field::Ct(CtKey::State)), Op::NoneOf, Expr::Flags(6)),
        is(Field::Ct(CtKey::Status), Expr::Flags(0x23f)),
        test(masked(Field::Ct(CtKey::Status), 0x30), Op::Eq, number(0)),
        test(masked(CT_MARK, 0xf0), Op::Eq, number(0x10)),
        is(Field::Ct(CtKey::Direction), number(1)),
        is(Field::Ct(CtKey::Expiration), range(60, 3600)),
        is(Field::Ct(CtKey::Helper), text("ftp")),
        is(Field::Ct(CtKey::Label), Expr::Flags(1 << 5 | 1 << 100)),
        test(field(Field::Ct(CtKey::Label)), Op::NoneOf, number(1 << 7)),
        is(Field::Ct(CtKey::Zone), number(7)),
        is(Field::Ct(CtKey::L3proto), number(2)),
        is(Field::Ct(CtKey::Saddr(orig)), Expr::Prefix { address: 0x0a00_0000, len: 8 }),
        is(Field::Ct(CtKey::Daddr(CtDirection::Reply)), numbers(&[1, 2])),
        is(Field::Ct(CtKey::Protocol(orig)), number(6)),
        test(field(Field::Ct(CtKey::Bytes(None))), Op::Gt, number(5000)),
        is(Field::Ct(CtKey::Packets(Some(orig))), range(1, 10)),
        test(field(Field::Ct(CtKey::Avgpkt(Some(CtDirection::Reply)))), Op::Le, number(10)),
        is(Field::EtherSaddr, number(0x0011_2233_4455)),
        is(Field::EtherType, number(0x800)),
        is(Field::IpVersion, number(4)),
        is(Field::IpHdrlength, number(5)),
        is(Field::IpDscp, numbers(&[0, 8, 10, 46, 5])),
        is(Field::IpDscp, range(1, 7)),
        is(Field::IpEcn, number(3)),
        is(Field::IpLength, range(20, 60)),
        is(Field::IpId, number(0x1234)),
        test(masked(Field::IpFragOff, 0x1fff), Op::Ne, number(0)),
        test(field(Field::IpTtl), Op::Ge, number(64)),
        is(Field::IpProtocol, number(47)),
        is(Field::IpSaddr, number(0x0a00_0001)),
        is(Field::IpSaddr, range(0x0a00_0000, 0x0aff_ffff)),
        is(Field::IpSaddr, range(0x0a00_0000, 0x0a00_0002)),
        is(Field::IpDaddr, Expr::Prefix { address: 0, len: 0 }),
        test(masked(Field::IpDaddr, 0xff00_ff00), Op::Eq, number(0x0a00_0100)),
        is(DPORT, number(22)),
        is(Field::Sport(L4::Th), range(1024, 65535)),
        is(Field::Dport(L4::Udp), number(53)),
        is(Field::Dport(L4::Udplite), number(53)),
        is(Field::Dport(L4::Sctp), number(53)),
        is(Field::Dport(L4::Dccp), number(53)),
        is(Field::TcpFlags, Expr::Flags(6)),
        test(field(Field::TcpFlags), Op::Eq, number(0x12)),
        test(field(Field::TcpFlags), Op::Ne, number(0)),
        test(masked(Field::TcpFlags, 0x17), Op::Eq, number(2)),
        test(masked(Field::TcpFlags, 0xff), Op::Ne, number(0x12)),
        test(masked(Field::TcpFlags, 3), Op::Implicit, numbers(&[1, 3])),
        is(Field::TcpSeq, number(5)),
        is(Field::TcpAck, number(5)),
        is(Field::TcpWindow, number(5)),
        is(Field::TcpDoff, number(5)),
        is(option(0), number(1)),
        is(option(1), number(1)),
        is(option(2), number(0)),
        is(option(3), number(1)),
        is(option(4), number(1)),
        is(option(5), number(1)),
        is(option(8), number(0)),
        is(option(30), number(1)),
        is(Field::TcpOption { kind: 2, part: TcpOptionPart::MaxsegSize }, range(536, 1460)),
        is(Field::SctpVtag, number(5)),
        is(Field::DccpType, numbers(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9])),
        is(Field::UdpLength, number(8)),
        is(Field::IcmpType, numbers(&[0, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 42])),
        is(Field::IcmpCode, number(4)),
        is(Field::IgmpType, numbers(&[0x11, 0x12, 0x16, 0x17, 0x22])),
        is(Field::AhSpi, range(1, 9)),
        is(Field::AhReserved, number(0)),
        is(Field::AhHdrlength, number(4)),
        is(Field::EspSpi, number(9)),
        is(Field::CompCpi, number(9)),
        test(masked(Field::Payload { base: PayloadBase::Transport, offset: 32, len: 32 }, 0xff), Op::Eq, number(3)),
        is(Field::Payload { base: PayloadBase::Link, offset: 0, len: 48 }, number(1)),
        is(Field::Fib { flags: flags(true, true), result: FibResult::Exists }, number(0)),
        is(Field::Fib { flags: flags(false, false), result: FibResult::Type }, numbers(&[0, 1, 2, 3, 4, 5, 6, 7, 8])),
        is(Field::Fib { flags: flags(true, false), result: FibResult::Oif }, number(1)),
        is(Field::Fib { flags: flags(true, false), result: FibResult::Oifname }, text("lo")),
        is(Field::Socket(SocketKey::Transparent), number(1)),
        is(Field::Socket(SocketKey::Mark), number(1)),
        is(Field::Rt(RtKey::Classid), number(5)),
        test(field(Field::Rt(RtKey::Mtu)), Op::Lt, number(1400)),
        is(Field::Rt(RtKey::Ipsec), number(0)),
        is(Field::Ipsec { dir: IpsecDirection::In, spnum: 0, key: IpsecKey::Reqid }, number(1)),
        is(Field::Ipsec { dir: IpsecDirection::Out, spnum: 1, key: IpsecKey::IpDaddr }, number(1)),
        is(Field::Osf { key: OsfKey::Name, ttl: OsfTtl::Strict }, text("Linux")),
        is(Field::Osf { key: OsfKey::Version, ttl: OsfTtl::Loose }, text("Linux:4.20")),
    ]
}

fn set_tests() -> Vec<Needing> {
    let pair = || Expr::Concat(vec![field(Field::IpSaddr), field(DPORT)]);
    let exact = || Expr::Concat(vec![number(1), number(80)]);
    let wide = || Expr::Concat(vec![range(0, 255), range(80, 90)]);
    let names = || Expr::Concat(vec![field(Field::Iifname), field(Field::IpSaddr)]);
    let mut rich = vec![key(number(1)), key(number(2))];
    rich[0].comment = Some("one".into());
    let mut tests = always(vec![
        is(Field::IpSaddr, Expr::SetName("hosts".into())),
        test(field(Field::IpSaddr), Op::Ne, Expr::SetName("nets".into())),
        is(Field::IpSaddr, Expr::Set(rich)),
        is(Field::IpSaddr, numbers(&(0..200).map(|n| n * 1000).collect::<Vec<_>>())),
        is(DPORT, set(vec![number(22), range(80, 90)])),
        is(Field::Iifname, set(vec![text("eth0"), text("lo")])),
        test(pair(), Op::Implicit, set(vec![exact()])),
        test(pair(), Op::Ne, set(vec![exact(), Expr::Concat(vec![number(2), number(443)])])),
        test(names(), Op::Implicit, set(vec![Expr::Concat(vec![text("eth0"), number(1)])])),
        vmap(
            field(DPORT),
            vec![decides(number(22), Verdict::Accept), decides(range(80, 90), Verdict::Jump("plain".into()))],
        ),
        vmap(pair(), vec![decides(exact(), Verdict::Goto("plain".into()))]),
        vmap(
            field(Field::Ct(CtKey::State)),
            vec![decides(number(2), Verdict::Accept), decides(number(1), Verdict::Drop)],
        ),
        vmap(field(Field::TcpFlags), vec![decides(number(3), Verdict::Return), decides(number(2), Verdict::Continue)]),
        vmap(masked(MARK, 0xff), vec![decides(number(1), Verdict::Drop), decides(number(2), Verdict::Accept)]),
        Statement::Vmap { key: field(DPORT), map: Lookup::Named("jumps".into()) },
    ]);
    let addresses = Field::Payload { base: PayloadBase::Network, offset: 8, len: 8 };
    let wild = || Expr::Concat(vec![wildcard("ppp"), number(1)]);
    let everything = Element { data: Some(Data::Verdict(Verdict::Drop)), ..Element::default() };
    tests.extend([
        (Some(Feature::RangeInConcat), test(pair(), Op::Implicit, set(vec![wide()]))),
        (Some(Feature::RangeInConcatMap), vmap(pair(), vec![decides(wide(), Verdict::Drop)])),
        (Some(Feature::WildcardInSet), is(Field::Iifname, set(vec![text("eth0"), wildcard("ppp")]))),
        (Some(Feature::WildcardInConcat), test(names(), Op::Implicit, set(vec![wild()]))),
        (Some(Feature::CatchAllElement), vmap(field(DPORT), vec![decides(number(1), Verdict::Accept), everything])),
        (
            Some(Feature::IntegerInConcat),
            test(Expr::Concat(vec![field(DPORT), field(addresses)]), Op::Implicit, set(vec![exact()])),
        ),
        (Some(Feature::InnerPayload), is(Field::Payload { base: PayloadBase::Inner, offset: 0, len: 8 }, number(1))),
        (Some(Feature::NoneOfLabels), test(field(Field::Ct(CtKey::Label)), Op::NoneOf, Expr::Flags(3))),
        (Some(Feature::SctpChunk), is(Field::SctpChunk { kind: 0, part: SctpChunkPart::Exists }, number(1))),
        (Some(Feature::SctpChunk), is(Field::SctpChunk { kind: 0xc1, part: SctpChunkPart::Flags }, number(1))),
        (Some(Feature::UdpliteCoverage), is(Field::UdpliteCscov, number(8))),
        (Some(Feature::SocketWildcard), is(Field::Socket(SocketKey::Wildcard), number(0))),
    ]);
    tests
}

fn actions() -> Vec<Needing> {
    let limit = |over, rate, bytes, unit, burst| Statement::Limit(Limit { over, rate, bytes, unit, burst });
    let log = |prefix: Option<&str>| Log { prefix: prefix.map(Into::into), ..Log::default() };
    let all = LogFlags { tcp_sequence: true, tcp_options: true, ip_options: true, skuid: true, ether: true };
    let named = |kind, name: &str| Statement::ObjectRef { kind, name: ObjectName::Literal(name.into()) };
    let looked_up = |kind, name: &str| {
        let elements = vec![to(number(80), text(name)), to(number(90), text(name))];
        Statement::ObjectRef { kind, name: ObjectName::Map { key: field(DPORT), map: Lookup::Anonymous(elements) } }
    };
    let update = |op, set: &str, timeout, statements| Statement::SetUpdate {
        op,
        set: set.into(),
        key: masked(Field::IpSaddr, 0xffff_ff00),
        timeout,
        statements,
    };
    let meter = |name: &str, timeout, size| Statement::Meter {
        name: name.into(),
        size,
        key: Expr::Concat(vec![field(Field::IpSaddr), field(Field::IpDaddr)]),
        timeout,
        statements: vec![limit(true, 5, false, TimeUnit::Second, None)],
    };
    let mut actions = always(vec![
        COUNTER,
        Statement::Counter { packets: 3, bytes: 180 },
        limit(false, 3, false, TimeUnit::Minute, None),
        limit(true, 10, false, TimeUnit::Day, Some(7)),
        limit(false, 10, false, TimeUnit::Week, None),
        limit(true, 2048, true, TimeUnit::Second, Some(4096)),
        limit(false, 1 << 20, true, TimeUnit::Hour, Some(100)),
        Statement::Quota { over: false, bytes: 1000, used: 0 },
        Statement::Quota { over: true, bytes: 1 << 30, used: 5 },
        Statement::ConnLimit { over: true, count: 5 },
        Statement::ConnLimit { over: false, count: 5 },
        Statement::Log(log(None)),
        Statement::Log(log(Some("DROP \\ ; # {} 'x' "))),
        Statement::Log(Log { level: Some(7), ..log(Some("a")) }),
        Statement::Log(Log { level: Some(8), ..log(None) }),
        Statement::Log(Log { flags: all, ..log(None) }),
        Statement::Log(Log { flags: LogFlags { tcp_options: true, skuid: true, ..LogFlags::default() }, ..log(None) }),
        Statement::Log(Log { group: Some(3), snaplen: Some(64), queue_threshold: Some(9), ..log(Some("g")) }),
        named(ObjectKind::Counter, "hits"),
        named(ObjectKind::Quota, "volume"),
        named(ObjectKind::Limit, "slow"),
        named(ObjectKind::CtHelper, "ftp-standard"),
        named(ObjectKind::CtTimeout, "short"),
        looked_up(ObjectKind::Counter, "hits"),
        looked_up(ObjectKind::Limit, "slow"),
        update(SetOp::Add, "seen", Some(90), vec![COUNTER]),
        update(SetOp::Update, "seen", None, vec![limit(true, 5, false, TimeUnit::Second, Some(3))]),
        update(SetOp::Delete, "seen", None, Vec::new()),
        meter("m1", None, None),
        meter("m2", Some(60), Some(100)),
        Statement::Synproxy { mss: Some(1460), wscale: Some(7), timestamp: true, sack_perm: true },
        Statement::Synproxy { mss: None, wscale: None, timestamp: false, sack_perm: false },
        Statement::Dup { address: number(0x0a00_0001), device: None },
        Statement::Dup { address: number(0x0a00_0001), device: Some(text("lo")) },
        Statement::Reject(Reject::Default),
        Statement::Reject(Reject::TcpReset),
        Statement::Reject(Reject::Icmp(9)),
    ]);
    actions.extend([
        (Some(Feature::ResetTcpOption), Statement::ResetTcpOption { kind: 8 }),
        (Some(Feature::ResetTcpOption), Statement::ResetTcpOption { kind: 34 }),
        (Some(Feature::Synproxy), named(ObjectKind::Synproxy, "shield")),
        (Some(Feature::LastStatement), Statement::Last),
        (Some(Feature::RejectCodeNumber), Statement::Reject(Reject::Icmp(7))),
    ]);
    actions
}

fn verdicts() -> Vec<Statement> {
    let jump = |verdict: fn(BString) -> Verdict| verdict("plain".into());
    [Verdict::Continue, Verdict::Return, Verdict::Drop, Verdict::Accept, jump(Verdict::Jump), jump(Verdict::Goto)]
        .map(verdict)
        .into()
}

fn marks() -> Vec<Statement> {
    let chance = |random| Expr::Numgen { random, modulus: 4, offset: 1 };
    let hash = Expr::Jhash {
        key: Box::new(Expr::Concat(vec![field(Field::IpSaddr), field(Field::IpDaddr)])),
        modulus: 8,
        seed: Some(0xdead),
        offset: 1,
    };
    vec![
        assign(MARK, number(1)),
        assign(MARK, field(CT_MARK)),
        assign(CT_MARK, masked(MARK, 0xff)),
        assign(MARK, binary(BinaryOp::Or, masked(MARK, 0xffff_ff00), number(1))),
        assign(MARK, binary(BinaryOp::Xor, masked(MARK, 0xffff_ff00), number(1))),
        assign(MARK, binary(BinaryOp::Lshift, masked(MARK, 0xff), number(8))),
        assign(MARK, binary(BinaryOp::Rshift, field(CT_MARK), number(8))),
        assign(MARK, map(field(Field::IpSaddr), vec![to(number(1), number(5)), to(range(16, 31), number(6))])),
        assign(MARK, map(chance(true), vec![to(number(1), number(5)), to(number(2), number(6))])),
        assign(MARK, hash),
        assign(MARK, Expr::Map { key: Box::new(field(Field::IpSaddr)), map: Lookup::Named("marks".into()) }),
        assign(Field::Priority, number(0x10010)),
        assign(Field::Nftrace, number(1)),
        assign(Field::Ct(CtKey::Zone), number(3)),
        assign(Field::Ct(CtKey::Label), number(1 << 9)),
        assign(Field::IpDscp, number(46)),
        assign(Field::IpEcn, number(0)),
        assign(Field::IpTtl, number(64)),
        assign(Field::TcpOption { kind: 2, part: TcpOptionPart::MaxsegSize }, number(1400)),
        assign(Field::TcpOption { kind: 2, part: TcpOptionPart::MaxsegSize }, field(Field::Rt(RtKey::Mtu))),
        test(chance(false), Op::Eq, number(1)),
        test(chance(true), Op::Lt, number(3)),
        vmap(Expr::Symhash { modulus: 2, offset: 0 }, vec![decides(number(0), Verdict::Drop)]),
    ]
}

fn nat(kind: NatKind, address: Option<Expr>, port: Option<Expr>) -> Nat {
    Nat { kind, family: None, address, port, flags: NatFlags::default() }
}

/// Ports are looked at once the protocol is known.
fn with_tcp(nat: Nat) -> Vec<Statement> {
    vec![is(Field::L4proto, number(6)), Statement::Nat(nat)]
}

fn dnats() -> Vec<Needing> {
    let pool = map(field(Field::IpSaddr), vec![to(number(1), range(2, 9))]);
    let balanced = map(
        Expr::Numgen { random: false, modulus: 2, offset: 0 },
        vec![to(number(0), number(1)), to(number(1), number(2))],
    );
    let named = |key, name: &str| Expr::Map { key: Box::new(key), map: Lookup::Named(name.into()) };
    let to = |address| (None, Statement::Nat(nat(NatKind::Dnat, Some(address), None)));
    vec![
        to(number(1)),
        to(range(16, 31)),
        to(balanced),
        to(pool),
        to(named(field(Field::IpSaddr), "pools")),
        to(named(field(DPORT), "backends")),
    ]
}

fn snats() -> Vec<Statement> {
    let prefix = NatFlags { prefix: true, ..NatFlags::default() };
    let flags = NatFlags { random: true, fully_random: true, persistent: true, ..NatFlags::default() };
    vec![
        Statement::Nat(nat(NatKind::Snat, Some(number(1)), None)),
        Statement::Nat(Nat { flags, ..nat(NatKind::Snat, Some(range(1, 8)), None) }),
        Statement::Nat(Nat {
            flags: prefix,
            ..nat(NatKind::Snat, Some(Expr::Prefix { address: 0x0a00_0000, len: 24 }), None)
        }),
        Statement::Nat(Nat { flags, ..nat(NatKind::Masquerade, None, None) }),
    ]
}

fn redirects() -> Vec<Statement> {
    vec![Statement::Nat(nat(NatKind::Redirect, None, None))]
}

/// Rules of several statements, with comments and notes.
fn long_rules() -> Vec<Rule> {
    let commented = Rule {
        statements: vec![is(DPORT, number(22)), COUNTER, Statement::Log(Log::default()), verdict(Verdict::Drop)],
        comment: Some("$x \\ ;#{}'".into()),
        notes: vec!["-A INPUT -p tcp --dport 22 \\\nsecond".into()],
        line: 0,
    };
    let two = |first, second| Rule { statements: vec![first, second], ..Rule::default() };
    let original = CtDirection::Original;
    vec![
        commented,
        two(is(Field::IcmpType, number(3)), is(Field::IcmpCode, number(4))),
        two(is(Field::IcmpType, number(5)), is(Field::IcmpCode, number(1))),
        two(is(Field::Ct(CtKey::Protocol(original)), number(6)), is(Field::Ct(CtKey::ProtoDst(original)), number(80))),
        two(is(Field::L4proto, number(6)), Statement::Reject(Reject::TcpReset)),
    ]
}

fn sets(has: &impl Fn(Feature) -> bool) -> Vec<Set> {
    let kind = |data| KeyType::Type(data);
    let address = || vec![kind(DataType::Ipv4Addr)];
    let mut rich = Element { comment: Some("one \\ $x".into()), timeout: Some(3600), ..key(number(1)) };
    rich.counter = has(Feature::StatementsInSet).then_some((1, 60));
    let interval = SetFlags { interval: true, ..SetFlags::default() };
    let timed = SetFlags { timeout: true, ..SetFlags::default() };
    let statements = if has(Feature::StatementsInSet) { vec![COUNTER] } else { Vec::new() };
    let pair = || vec![kind(DataType::Ipv4Addr), kind(DataType::InetService)];
    let both = || Expr::Concat(vec![range(0, 255), range(80, 90)]);
    let mut all = vec![
        named_set("later", address(), None, Vec::new()),
        Set {
            flags: timed,
            statements,
            timeout: Some(90_061),
            gc_interval: Some(60),
            size: Some(1000),
            ..named_set("hosts", address(), None, vec![rich])
        },
        Set {
            flags: interval,
            auto_merge: true,
            comment: Some("nets".into()),
            ..named_set("nets", address(), None, (0..300).map(|n| key(range(n * 512, n * 512 + 255))).collect())
        },
        Set {
            flags: SetFlags { constant: true, ..SetFlags::default() },
            ..named_set("fixed", vec![kind(DataType::EtherAddr)], None, vec![key(number(5))])
        },
        Set {
            flags: SetFlags { dynamic: true, timeout: true, ..SetFlags::default() },
            size: Some(65535),
            ..named_set("seen", address(), None, Vec::new())
        },
        Set { flags: interval, ..named_set("pairs", pair(), None, vec![key(both())]) },
        named_set("links", vec![kind(DataType::Ifname)], None, vec![key(text("eth0")), key(text("lo"))]),
        named_set(
            "protos",
            vec![kind(DataType::InetProto)],
            None,
            vec![key(number(6)), key(number(58)), key(number(47))],
        ),
        named_set("by-expression", vec![KeyType::Typeof(Field::IpTtl)], None, vec![key(number(5))]),
        named_set(
            "jumps",
            vec![kind(DataType::InetService)],
            Some(DataKind::Verdict),
            vec![decides(number(22), Verdict::Jump("plain".into())), decides(number(23), Verdict::Drop)],
        ),
        named_set(
            "marks",
            address(),
            Some(DataKind::Value(vec![kind(DataType::Mark)])),
            vec![to(number(1), number(2))],
        ),
        named_set(
            "backends",
            vec![kind(DataType::InetService)],
            Some(DataKind::Value(pair())),
            vec![to(number(80), Expr::Concat(vec![number(1), number(8080)]))],
        ),
        named_set("pools", address(), Some(DataKind::Value(address())), vec![to(number(1), range(2, 9))]),
        named_set(
            "tallies",
            vec![kind(DataType::InetService)],
            Some(DataKind::Object(ObjectKind::Counter)),
            vec![to(number(80), text("hits"))],
        ),
        named_set("dscps", vec![kind(DataType::Dscp)], None, vec![key(number(46)), key(number(5))]),
        named_set(
            "states",
            vec![kind(DataType::CtState), kind(DataType::TcpFlag)],
            None,
            vec![key(Expr::Concat(vec![number(8), number(0x12)]))],
        ),
        named_set(
            "icmps",
            vec![kind(DataType::IcmpType), kind(DataType::IcmpCode)],
            None,
            vec![key(Expr::Concat(vec![number(3), number(4)]))],
        ),
    ];
    if has(Feature::WildcardInSet) {
        let elements = vec![key(text("eth0")), key(wildcard("ppp"))];
        all.push(Set { flags: interval, ..named_set("wild", vec![kind(DataType::Ifname)], None, elements) });
    }
    if has(Feature::CatchAllElement) {
        let elements = vec![
            decides(number(1), Verdict::Drop),
            Element { data: Some(Data::Verdict(Verdict::Accept)), ..Element::default() },
        ];
        all.push(named_set("rest", address(), Some(DataKind::Verdict), elements));
    }
    all
}

fn objects(has: &impl Fn(Feature) -> bool) -> Vec<Object> {
    let object = |name: &str, body| Object { name: name.into(), comment: Some("why".into()), body, line: 0 };
    let limit = Limit { over: false, rate: 5, bytes: false, unit: TimeUnit::Hour, burst: Some(10) };
    let policy = vec![("established".to_owned(), 100), ("close".to_owned(), 4)];
    let mut all = vec![
        object("hits", ObjectBody::Counter { packets: 1, bytes: 60 }),
        object("volume", ObjectBody::Quota { over: true, bytes: 1 << 20, used: 7 }),
        object("slow", ObjectBody::Limit(limit)),
        object("ftp-standard", ObjectBody::CtHelper { helper: "ftp".into(), protocol: 6, l3proto: Some(Family::Ip) }),
        object("short", ObjectBody::CtTimeout { protocol: 6, l3proto: Some(Family::Ip), policy }),
    ];
    if has(Feature::Synproxy) {
        all.push(object("shield", ObjectBody::Synproxy { mss: 1460, wscale: 7, timestamp: true, sack_perm: true }));
    }
    all
}

fn ip6_entries(has: &impl Fn(Feature) -> bool) -> Vec<Entry> {
    let exists = |header| is(Field::Exthdr(header, ExthdrPart::Exists), number(1));
    let part = |header, part| is(Field::Exthdr(header, part), number(1));
    let fields = vec![
        is(Field::Ip6Saddr, number(1)),
        is(Field::Ip6Saddr, Expr::Prefix { address: 0xfe80 << 112, len: 10 }),
        is(
            Field::Ip6Daddr,
            set(vec![range(1, 9), number(0xffff_0102_0304), Expr::Prefix { address: 0x2001 << 112, len: 32 }]),
        ),
        test(masked(Field::Ip6Saddr, 0xffff << 64), Op::Eq, number(1 << 64)),
        is(Field::Ip6Dscp, number(10)),
        is(Field::Ip6Ecn, number(2)),
        is(Field::Ip6Flowlabel, number(0xfffff)),
        is(Field::Ip6Length, number(5)),
        is(Field::Ip6Nexthdr, number(6)),
        is(Field::Ip6Hoplimit, number(255)),
        is(
            Field::Icmp6Type,
            numbers(&[1, 2, 3, 4, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 141, 142, 143]),
        ),
        is(Field::Icmp6Code, number(1)),
        exists(Exthdr::Hbh),
        exists(Exthdr::Dst),
        exists(Exthdr::Rt),
        exists(Exthdr::Frag),
        exists(Exthdr::Mh),
        part(Exthdr::Hbh, ExthdrPart::Hdrlength),
        part(Exthdr::Dst, ExthdrPart::Nexthdr),
        part(Exthdr::Rt, ExthdrPart::Type),
        part(Exthdr::Rt, ExthdrPart::SegLeft),
        part(Exthdr::Srh, ExthdrPart::SrhTag),
        part(Exthdr::Srh, ExthdrPart::SrhFlags),
        part(Exthdr::Srh, ExthdrPart::SrhLastEntry),
        part(Exthdr::Srh, ExthdrPart::SrhSid(1)),
        part(Exthdr::Frag, ExthdrPart::FragOff),
        part(Exthdr::Frag, ExthdrPart::FragReserved),
        part(Exthdr::Frag, ExthdrPart::FragReserved2),
        part(Exthdr::Frag, ExthdrPart::FragMore),
        part(Exthdr::Frag, ExthdrPart::FragId),
        is(Field::Exthdr(Exthdr::Mh, ExthdrPart::Type), numbers(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])),
        is(Field::Ct(CtKey::Saddr(CtDirection::Original)), number(1)),
        is(Field::Ipsec { dir: IpsecDirection::In, spnum: 0, key: IpsecKey::Ip6Saddr }, number(1)),
        assign(Field::Ip6Hoplimit, map(field(Field::Ip6Hoplimit), vec![to(number(64), number(63))])),
        assign(Field::Ip6Dscp, number(46)),
        Statement::Reject(Reject::Icmp6(5)),
        Statement::Dup { address: number(1), device: None },
    ];
    let dnat =
        |address, port| Rule { statements: with_tcp(nat(NatKind::Dnat, Some(address), port)), ..Rule::default() };
    let nats = vec![dnat(number(1), Some(number(80))), dnat(range(1, 5), Some(range(80, 90))), dnat(range(1, 5), None)];
    let tproxy = |address, port| Rule {
        statements: vec![is(Field::L4proto, number(6)), Statement::Tproxy { family: None, address, port }],
        ..Rule::default()
    };
    let proxies =
        vec![tproxy(Some(number(1)), Some(number(80))), tproxy(None, Some(number(80))), tproxy(Some(number(1)), None)];
    vec![
        chain("fields", None, rules(always(fields), has)),
        chain("proxies", base(ChainKind::Filter, Hook::Prerouting, -150), proxies),
        chain("dstnat", base(ChainKind::Nat, Hook::Prerouting, -100), nats),
    ]
}

fn inet_entries(has: &impl Fn(Feature) -> bool) -> Vec<Entry> {
    let mut fields = always(vec![
        is(Field::Nfproto, number(2)),
        is(Field::Nfproto, numbers(&[2, 10])),
        is(Field::Ct(CtKey::IpSaddr(CtDirection::Original)), number(1)),
        is(Field::Ct(CtKey::Ip6Daddr(CtDirection::Reply)), number(1)),
        Statement::Reject(Reject::Icmpx(0)),
        Statement::Reject(Reject::Icmpx(1)),
        Statement::Reject(Reject::Icmpx(2)),
        Statement::Reject(Reject::Icmpx(3)),
        Statement::Reject(Reject::Icmp(3)),
        Statement::Reject(Reject::Icmp6(4)),
    ]);
    let two = binary(BinaryOp::Or, masked(CT_MARK, 0xff), masked(MARK, 0xff00));
    let dscp = binary(BinaryOp::Or, field(Field::IpDscp), number(3));
    fields.extend([
        (Some(Feature::BitwiseOfTwoFields), assign(MARK, two)),
        (Some(Feature::MarkFromOtherType), assign(MARK, field(Field::IpDscp))),
        (Some(Feature::DscpArithmetic), assign(Field::IpDscp, dscp)),
    ]);
    let in_family = |family, nat| Rule { statements: with_tcp(Nat { family: Some(family), ..nat }), ..Rule::default() };
    let ports = map(field(DPORT), vec![to(number(80), number(8080))]);
    let addresses = || map(field(Field::IpSaddr), vec![to(number(1), number(2)), to(range(16, 31), number(3))]);
    let pairs = map(field(Field::IpSaddr), vec![to(number(1), Expr::Concat(vec![number(2), number(80)]))]);
    let mut nats = vec![
        in_family(Family::Ip, nat(NatKind::Dnat, Some(number(1)), Some(number(80)))),
        in_family(Family::Ip6, nat(NatKind::Dnat, Some(number(1)), Some(range(80, 90)))),
        in_family(Family::Ip, nat(NatKind::Dnat, Some(addresses()), None)),
        in_family(Family::Ip, nat(NatKind::Dnat, Some(addresses()), Some(ports.clone()))),
        in_family(Family::Ip, nat(NatKind::Dnat, Some(pairs), None)),
        Rule { statements: with_tcp(nat(NatKind::Redirect, None, Some(ports))), ..Rule::default() },
        Rule { statements: with_tcp(nat(NatKind::Redirect, None, Some(range(80, 90)))), ..Rule::default() },
    ];
    if has(Feature::DnatPortInInet) {
        nats.push(Rule { statements: with_tcp(nat(NatKind::Dnat, None, Some(number(80)))), ..Rule::default() });
    }
    let tproxy = |family, address: Option<Expr>| Rule {
        statements: vec![is(Field::L4proto, number(6)), Statement::Tproxy { family, address, port: Some(number(80)) }],
        ..Rule::default()
    };
    let proxies =
        vec![tproxy(None, None), tproxy(Some(Family::Ip), Some(number(1))), tproxy(Some(Family::Ip6), Some(number(1)))];
    vec![
        chain("fields", None, rules(fields, has)),
        chain("proxies", base(ChainKind::Filter, Hook::Prerouting, -150), proxies),
        chain("dstnat", base(ChainKind::Nat, Hook::Prerouting, -100), nats),
    ]
}
