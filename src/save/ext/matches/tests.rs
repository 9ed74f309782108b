//! What the tricky matches say must hold.

use std::collections::BTreeSet;

use bstr::BString;

use crate::diag::Source;
use crate::ir::{self, Assigned, Bits, Statement, Step, Test};
use crate::packet::{CtKey, Exthdr, ExthdrPart, Family, Field, Interval, IntervalSet, L4, TcpOptionPart};
use crate::save::ast::TableKind;
use crate::save::ext::Lower;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ipset::{self, Ipsets};

/// The conditions of the rule's matches, with `--approximate` or without.
fn lowered(family: Family, rule: &str, approximate: bool, ipsets: &Ipsets) -> Result<(Vec<Cond>, ir::Table), Refusal> {
    let chain = if rule.contains("-m owner") { "OUTPUT" } else { "INPUT" };
    let text = format!("*filter\n-A {chain} {rule}\nCOMMIT\n");
    let parsed = crate::save::parse(&Source::new(0, "test", text.into()).unwrap(), Some(family));
    assert!(parsed.diagnostics.iter().all(|d| !d.is_error()), "{rule}: {:?}", parsed.diagnostics);
    let rule = parsed.dump.documents[0].tables[0].rules().next().unwrap();
    let mut table = ir::Table {
        family,
        name: "filter".into(),
        chains: Vec::new(),
        sets: Vec::new(),
        objects: Vec::new(),
        notes: Vec::new(),
    };
    let (mut comments, mut notes): (Vec<BString>, Vec<BString>) = (Vec::new(), Vec::new());
    let target = crate::nft::version::Target::default();
    let mut sets = crate::save::ext::dynamic::KnownSets::default();
    let mut cx = Cx {
        family,
        table_kind: TableKind::Filter,
        hook: None,
        hooks: &[],
        protocol: rule.protocol(),
        matches: &rule.matches,
        target: &target,
        ipsets,
        written: &crate::save::ext::written::Written::of(
            &crate::save::forms::Skimmed::whole(parsed.dump.clone(), 0).dump,
            ipsets,
        ),
        reassembled: false,
        approximate,
        shared_buckets: &BTreeSet::from(["both".into()]),
        table: &mut table,
        sets: &mut sets,
        comments: &mut comments,
        notes: &mut notes,
    };
    let mut out = Vec::new();
    for part in &rule.matches {
        if let Lower::Match(lower) = part.extension.lower {
            out.extend(lower(part, &mut cx)?);
        }
    }
    Ok((out, table))
}

fn conds(rule: &str) -> Vec<Cond> {
    lowered(Family::Ip, rule, false, &Ipsets::default()).unwrap().0
}

fn conds6(rule: &str) -> Vec<Cond> {
    lowered(Family::Ip6, rule, false, &Ipsets::default()).unwrap().0
}

fn within(field: Field, values: &[u128], negated: bool) -> Test {
    let set: IntervalSet = values.iter().map(|&v| crate::packet::Interval::point(v)).collect();
    Test::within(field, set, negated)
}

const STATE: Field = Field::Ct(CtKey::State);

fn status(mask: u128, negated: bool) -> Test {
    Test::from(Bits { field: Field::Ct(CtKey::Status), mask, value: 0, negated })
}

#[test]
fn conntrack_reads_nothing_else_of_packets_without_a_connection() {
    let protocol = within(Field::Ct(CtKey::Protocol(crate::packet::CtDirection::Original)), &[17], false);
    for (rule, want) in [
        ("-m conntrack --ctstate INVALID --ctproto udp", vec![within(STATE, &[1], false).into()]),
        ("-m conntrack --ctproto udp", vec![protocol.clone().into()]),
        (
            "-m conntrack --ctstate INVALID,NEW --ctproto udp",
            vec![Cond::OneOf(vec![
                vec![within(STATE, &[1], false).into()],
                vec![within(STATE, &[8], false).into(), protocol.clone().into()],
            ])],
        ),
        (
            "-m conntrack --ctstate NEW,DNAT",
            vec![Cond::OneOf(vec![
                vec![within(STATE, &[8], false).into()],
                vec![within(STATE, &[2, 4], false).into(), status(0x20, true).into()],
            ])],
        ),
        (
            "-m conntrack ! --ctstate NEW,DNAT",
            vec![Cond::OneOf(vec![
                vec![within(STATE, &[1, 64], false).into()],
                vec![within(STATE, &[2, 4], false).into(), status(0x20, false).into()],
            ])],
        ),
        ("-m conntrack ! --ctstate INVALID", vec![within(STATE, &[1], true).into()]),
        ("-m conntrack --ctstate INVALID,NEW,RELATED,ESTABLISHED,UNTRACKED", vec![]),
        ("-m conntrack --ctstatus NONE", vec![Cond::Never]),
        ("-m conntrack ! --ctstatus NONE", vec![within(STATE, &[1, 64], true).into()]),
        ("-m conntrack --ctstate NEW --ctstatus NONE", vec![Cond::Never]),
        ("-m conntrack --ctstate INVALID,NEW --ctstatus NONE", vec![within(STATE, &[1], false).into()]),
        ("-m conntrack ! --ctstatus SEEN_REPLY,ASSURED", vec![status(6, false).into()]),
        ("-m conntrack --ctexpire 10:20", vec![Test::between(Field::Ct(CtKey::Expiration), 10_000, 20_999).into()]),
    ] {
        assert_eq!(conds(rule), want, "{rule}");
    }
}

#[test]
fn negations_hold_where_the_field_is_missing() {
    let label = Test::from(Bits { field: Field::Ct(CtKey::Label), mask: 32, value: 0, negated: true });
    let set = Statement::Assign { field: Field::Ct(CtKey::Label), value: Assigned::Constant(32) };
    let mss = Field::TcpOption { kind: 2, part: TcpOptionPart::MaxsegSize };
    for (rule, want) in [
        ("-m connlabel ! --label 5", vec![Cond::Not(vec![label.clone().into()])]),
        ("-m connlabel --label 5 --set", vec![set.clone().into(), label.clone().into()]),
        ("-m connlabel ! --label 5 --set", vec![set.into(), Cond::Not(vec![label.into()])]),
        ("-p tcp -m tcpmss ! --mss 536:65535", vec![Cond::Not(vec![Test::between(mss, 536, 65535).into()])]),
        // Without a connection these are false, negated or not.
        ("-m connmark ! --mark 1", vec![within(Field::Ct(CtKey::Mark), &[1], true).into()]),
        ("-m connmark ! --mark 2/1", vec![within(STATE, &[1, 64], true).into()]),
        ("-m connmark --mark 2/1", vec![Cond::Never]),
    ] {
        assert_eq!(conds(rule), want, "{rule}");
    }
}

#[test]
fn ports_ask_for_a_header() {
    let (sport, dport) = (Field::Sport(L4::Tcp), Field::Dport(L4::Tcp));
    let first = Cond::NotLaterFragment;
    for (rule, want) in [
        ("-p tcp -m tcp", vec![first.clone(), Test::between(dport, 0, 65535).into()]),
        ("-p tcp --tcp-flags NONE NONE", vec![first.clone(), Test::between(dport, 0, 65535).into()]),
        ("-p tcp --tcp-flags SYN FIN", vec![first.clone(), Cond::Never]),
        ("-p udp --dport 7:5", vec![first.clone(), Cond::Never]),
        (
            "-p tcp -m multiport --ports 22,80",
            vec![
                first.clone(),
                Cond::OneOf(vec![
                    vec![within(sport, &[22, 80], false).into()],
                    vec![within(sport, &[22, 80], true).into(), within(dport, &[22, 80], false).into()],
                ]),
            ],
        ),
        (
            "-p icmp ! --icmp-type 3/4",
            vec![
                first.clone(),
                Cond::OneOf(vec![
                    vec![within(Field::IcmpType, &[3], true).into()],
                    vec![within(Field::IcmpType, &[3], false).into(), within(Field::IcmpCode, &[4], true).into()],
                ]),
            ],
        ),
        ("-p icmp --icmp-type any", vec![first.clone(), Test::between(Field::IcmpType, 0, 255).into()]),
        ("-p icmp ! --icmp-type any", vec![first.clone(), Cond::Never]),
        ("-m length --length 40", vec![within(Field::Length, &[40], false).into()]),
    ] {
        assert_eq!(conds(rule), want, "{rule}");
    }
}

#[test]
fn chance_is_exact() {
    let random = |modulus, below: u128| Test::Numgen { random: true, modulus, set: IntervalSet::range(0, below) };
    for (rule, want) in [
        ("-m statistic --mode random --probability 0.5", vec![random(2, 0).into()]),
        ("-m statistic --mode random --probability 0.75", vec![random(4, 2).into()]),
        ("-m statistic --mode random ! --probability 0.75", vec![random(4, 0).into()]),
        ("-m statistic --mode random --probability 0.33333333349", vec![random(1 << 31, 715_827_882).into()]),
        ("-m statistic --mode random --probability 1", vec![]),
        ("-m statistic --mode random --probability 0", vec![Cond::Never]),
        ("-m statistic --mode nth --every 1 --packet 0", vec![]),
        (
            "-m statistic --mode nth ! --every 3 --packet 1",
            vec![
                Test::Numgen {
                    random: false,
                    modulus: 3,
                    set: [0, 2].into_iter().map(crate::packet::Interval::point).collect(),
                }
                .into(),
            ],
        ),
    ] {
        assert_eq!(conds(rule), want, "{rule}");
    }
}

#[test]
fn bytes_at_fixed_places_are_found() {
    use crate::packet::PayloadBase::Network;
    let payload = |offset, len| Field::Payload { base: Network, offset, len };
    let bits = |offset, len, mask, value| Test::from(Bits { field: payload(offset, len), mask, value, negated: false });
    for (rule, want) in [
        ("-m string --algo bm --from 28 --to 30 --string ab", vec![bits(224, 16, 0xffff, 0x6162).into()]),
        ("-m string --algo bm --icase --from 28 --to 30 --string a1", vec![bits(224, 16, 0xdfff, 0x4131).into()]),
        ("-m string --algo bm --from 28 --to 29 --string ab", vec![Cond::Never]),
        ("-m u32 --u32 0>>24&0xf=5", vec![Test::is(payload(4, 4), 5).into()]),
        ("-m u32 --u32 6&0xFF=1", vec![Test::is(payload(72, 8), 1).into()]),
        ("-m u32 --u32 0<<8=0x100", vec![Test::is(payload(8, 24), 1).into()]),
        ("-m u32 --u32 0<<8>>8<<4=0x10", vec![Test::is(payload(8, 24), 1).into()]),
        ("-m u32 --u32 20&0xFF=1", vec![bits(160, 32, 0xff, 1).into()]),
        (
            "-m u32 --u32 20&0xFF00=0x100:0x2ff",
            vec![
                Test::In { field: payload(160, 32), set: IntervalSet::full(32) }.into(),
                Test::between(payload(176, 8), 1, 2).into(),
            ],
        ),
        ("-m u32 --u32 0&0xF0F=0x101,0x11", vec![bits(0, 32, 0x0f0f, 0x101).into()]),
        (
            "-m u32 --u32 6&0xFF=1,6:7",
            vec![
                Test::In {
                    field: payload(72, 8),
                    set: [crate::packet::Interval::point(1), crate::packet::Interval::new(6, 7)].into_iter().collect(),
                }
                .into(),
            ],
        ),
        ("-m u32 --u32 4=9:5", vec![Cond::Never]),
        ("-m bpf --bytecode \"4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0\"", vec![Test::is(payload(72, 8), 6).into()]),
        ("-m bpf --bytecode \"1,6 0 0 1\"", vec![]),
        ("-m bpf --bytecode \"1,6 0 0 0\"", vec![Cond::Never]),
        (
            "-m bpf --bytecode \"2,40 0 0 30,6 0 0 1\"",
            vec![Test::In { field: payload(240, 16), set: IntervalSet::full(16) }.into()],
        ),
    ] {
        assert_eq!(conds(rule), want, "{rule}");
    }
}

#[test]
fn ipv6_headers_are_counted_in_bytes() {
    let field = |part| Field::Exthdr(Exthdr::Rt, part);
    for (rule, want) in [
        ("-m rt --rt-len 24", vec![within(field(ExthdrPart::Hdrlength), &[2], false).into()]),
        ("-m rt --rt-len 20", vec![Cond::Never]),
        ("-m rt ! --rt-len 20", vec![Test::is(field(ExthdrPart::Exists), 1).into()]),
        ("-m rt --rt-type 256", vec![Cond::Never]),
        ("-m rt --rt-segsleft 3:1", vec![Cond::Never]),
    ] {
        assert_eq!(conds6(rule), want, "{rule}");
    }
}

#[test]
fn what_cannot_be_said_is_refused() {
    for (rule, code) in [
        ("-m string --algo bm --string abc", "string-search"),
        ("-m owner --gid-owner 5 --suppl-groups", "owner-groups"),
        ("-m owner --socket-exists", "owner-socket"),
        ("-m recent --set", "recent"),
        ("-m physdev --physdev-is-bridged", "physdev"),
        ("-m limit --limit 1/hour --limit-burst 121", "limit-overflow"),
        ("-m quota --quota 9223372036854775808", "quota-overflow"),
        ("-m time --timestart 8:00 --kerneltz", "time-zone"),
        ("-m u32 --u32 0>>22&0x7C@0=5", "u32-jump"),
        ("-m u32 --u32 0>>22&0x3C@12>>26&0x3C@0=5", "u32-many"),
        ("-m u32 --u32 0<<32=5", "u32-shape"),
        ("-m u32 --u32 8192=5", "u32-far"),
        ("-m hashlimit --hashlimit-upto 5/s --hashlimit-name a --hashlimit-mode srcport", "hashlimit-ports"),
        ("-m hashlimit --hashlimit-upto 5/s --hashlimit-name both", "hashlimit-tables"),
        ("-m policy --dir in --pol ipsec --proto esp", "policy-element"),
        ("-m set --match-set nosuch src", "ipset-missing"),
        ("-m bpf --bytecode \"1,22 0 0 0\"", "bpf"),
        ("-m bpf --bytecode \"3,32 0 0 4294963200,21 0 0 1,6 0 0 1\"", "bpf"),
        ("-m bpf --object-pinned /sys/fs/bpf/p", "bpf"),
    ] {
        let found = lowered(Family::Ip, rule, false, &Ipsets::default()).err();
        assert_eq!(found.as_ref().map(|r| r.code), Some(code), "{rule}: {found:?}");
    }
}

/// Rows of the only set, each component as `lo-hi` or a name.
fn rows(table: &ir::Table, at: usize) -> Vec<String> {
    let component = |c: &ir::Component| match c {
        ir::Component::Interval(i) => {
            let Interval { lo, hi } = *i;
            if lo == hi { format!("{lo:x}") } else { format!("{lo:x}-{hi:x}") }
        }
        ir::Component::Name(name) => name.text.to_string(),
    };
    table.sets[at].rows.iter().map(|r| r.key.iter().map(component).collect::<Vec<_>>().join(".")).collect()
}

#[test]
fn ipsets_become_sets() {
    let text = "\
create nets hash:net family inet
add nets 10.0.0.0/8
add nets 10.1.0.0/16 nomatch
create hosts hash:ip family inet timeout 60
add hosts 10.0.0.1 timeout 30
add hosts 10.0.0.2 timeout 0
create web hash:ip,port family inet
add web 10.0.0.1,tcp:80
add web 10.0.0.1,icmp:echo-request
add web 10.0.0.2,47:0
create both list:set
add both nets
add both hosts
";
    let (ipsets, problems) = ipset::parse(text.as_bytes());
    assert_eq!(problems, []);
    let run = |rule: &str| lowered(Family::Ip, rule, false, &ipsets).unwrap();
    let lookup = |fields: &[Field], set, negated| Test::lookup(fields, set, negated);
    let first = ir::SetId(0);

    let (conds, table) = run("-m set --match-set nets src");
    assert_eq!(conds, [lookup(&[Field::IpSaddr], first, false).into()]);
    assert_eq!(rows(&table, 0), ["a000000-a00ffff", "a020000-affffff"]);

    let (conds, table) = run("-m set --match-set nets dst --return-nomatch");
    assert_eq!(conds, [lookup(&[Field::IpDaddr], first, false).into()]);
    assert_eq!(rows(&table, 0), ["a010000-a01ffff"]);

    let (conds, _) = run("-m set --match-set hosts src --return-nomatch");
    assert_eq!(conds, [lookup(&[Field::IpSaddr], first, false).into()]);

    let (conds, table) = run("-m set ! --match-set hosts src");
    assert_eq!(conds, [lookup(&[Field::IpSaddr], first, true).into()]);
    assert_eq!(
        (table.sets[0].timeout, table.sets[0].rows[0].carried().timeout, table.sets[0].rows[1].carried().timeout),
        (Some(0), Some(30), None)
    );

    let (conds, table) = run("-m set --match-set web src,dst");
    let [Cond::OneOf(ways)] = conds.as_slice() else { panic!("{conds:?}") };
    assert_eq!(ways.len(), 3);
    assert_eq!(rows(&table, 0), ["a000001.6.50"]);
    assert_eq!(rows(&table, 1), ["a000001.8.0"]);
    assert_eq!(rows(&table, 2), ["a000002.2f"]);

    let (conds, _) = run("-m set ! --match-set web src,dst");
    assert_eq!(conds.iter().filter(|c| matches!(c, Cond::Not(_))).count(), 2, "{conds:?}");
    // Too few directions, and the wrong family.
    assert_eq!(run("-m set --match-set web src").0, [Cond::Never]);
    assert_eq!(run("-m set ! --match-set web src").0, []);

    let (conds, table) = run("-m set --match-set both src");
    let [Cond::OneOf(ways)] = conds.as_slice() else { panic!("{conds:?}") };
    assert_eq!(ways[1][0], Step::Test(lookup(&[Field::IpSaddr], ir::SetId(0), true)));
    assert_eq!(table.sets.len(), 2);
}

#[test]
fn rules_with_one_hashlimit_name_share_their_buckets() {
    let rule = "-m hashlimit --hashlimit-upto 5/min --hashlimit-mode srcip --hashlimit-srcmask 24 --hashlimit-name a";
    let (conds, table) = lowered(Family::Ip, rule, false, &Ipsets::default()).unwrap();
    assert_eq!(table.sets.len(), 1);
    let [Cond::Step(Step::Do(update))] = conds.as_slice() else { panic!("{conds:?}") };
    let Statement::SetUpdate { key, timeout, inner, .. } = &**update else { panic!("{conds:?}") };
    assert_eq!((key[0].field, key[0].mask, *timeout), (Field::IpSaddr, Some(0xffff_ff00), Some(60)));
    assert!(matches!(inner.as_slice(), [Statement::Limit(limit)] if !limit.over && limit.burst == Some(5)));
}
