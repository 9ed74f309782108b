//! Rules that are written by patterns read as those that are emitted and printed one by one.

use proptest::prelude::*;

use super::*;
use crate::diag::SourceId;
use crate::emit::{Options, emit, text};
use crate::ir::{
    self, Carried, Chain, ChainId, Component, Counters, Draw, MapRow, Nat, NatData, Origin, Rule, Set, SetData, SetRow,
    Statement, Test, Verdict,
};
use crate::nft::ast::{Limit, Log, NatFlags, NatKind, Reject, TableName, TimeUnit};
use crate::nft::print::{Text, print};
use crate::packet::{CtKey, Family, Field, Interval, IntervalSet, L4};

/// Plain values of one rule.
#[derive(Clone, Debug)]
struct Values {
    numbers: [u128; 2],
    port: u16,
    chain: usize,
    comment: Vec<u8>,
}

fn values() -> impl Strategy<Value = Values> {
    let number = || prop_oneof![any::<u128>(), Just(0), Just(u128::MAX), 0..300u128];
    let byte = prop_oneof![8 => b' '..=b'~', 1 => any::<u8>()];
    let comment = prop_oneof![
        4 => proptest::collection::vec(b' '..=b'~', 1..20),
        1 => proptest::collection::vec(byte, 0..140),
    ];
    let chain = 0..CHAINS.len();
    ([number(), number()], prop_oneof![any::<u16>(), 20..25u16], chain, comment)
        .prop_map(|(numbers, port, chain, comment)| Values { numbers, port, chain, comment })
}

/// Some are no names, and some are like what stands in for others.
const CHAINS: &[&str] = &["a", "log", "s-00", "{ x }", "KUBE-SEP-SA4JKDZ5NAIDOYTF", "comment", "10.0.0.1"];

fn block(width: u32, len: u32, number: u128) -> IntervalSet {
    let rest = IntervalSet::full(width).intervals()[0].hi.checked_shr(len).unwrap_or(0);
    let number = number & IntervalSet::full(width).intervals()[0].hi;
    IntervalSet::range(number & !rest, number | rest)
}

/// A rule of the shape that the bits of `shape` say.
fn rule(shape: u32, family: Family, values: &Values) -> Rule {
    let bit = |bit: u32| shape >> bit & 1 == 1;
    let [source, target] = match family {
        Family::Ip6 => [Field::Ip6Saddr, Field::Ip6Daddr],
        _ => [Field::IpSaddr, Field::IpDaddr],
    };
    let address = source.width();
    let lens = [0, 1, 2, 8, 24, 31, 32, 48, 128].map(|len| len.min(address));
    let len = |at: u32| lens[(shape >> at) as usize % lens.len()];
    let port = |len, port: u16| block(16, len, port.into());
    let mut steps: Vec<crate::ir::Step> = Vec::new();
    if bit(0) {
        // One network, or a list of some.
        let network = |n: u32| block(address, len(8 + n % 2), values.numbers[0].rotate_left(13 * n)).intervals()[0];
        steps.push(Test::In { field: source, set: (0..=(shape >> 27) % 20).map(network).collect() }.into());
    }
    if bit(1) {
        steps.push(Test::In { field: target, set: block(address, len(12), values.numbers[1]) }.into());
    }
    if bit(2) {
        steps.push(Test::is(Field::L4proto, 6).into());
        steps.push(Test::In { field: Field::Dport(L4::Tcp), set: port(16 - (shape >> 16) % 3, values.port) }.into());
    }
    if bit(3) {
        let few = [22, 80, 443].into_iter().map(|port| IntervalSet::point(port).intervals()[0]);
        steps.push(Test::In { field: Field::Sport(L4::Tcp), set: few.collect() }.into());
    }
    if bit(4) {
        steps.push(Test::within(Field::Ct(CtKey::State), IntervalSet::range(2, 2), bit(5)).into());
    }
    if bit(6) {
        steps.push(Statement::Log(Log { prefix: Some("}10.0.0.1".into()), ..Log::default() }).into());
    }
    if bit(7) {
        steps.push(Statement::Limit(limit()).into());
    }
    let mut rule = Rule::new(steps, verdict(shape >> 20, values, address), Origin::line(SourceId::default(), 1));
    if bit(24) {
        rule.remarks_mut().comments = vec![values.comment.clone().into()].into();
    }
    if bit(26) {
        rule.remarks_mut().labels = vec![([Interval::point(22).into()].into_iter().collect(), "ssh".into())];
    }
    if bit(25) {
        rule.remarks_mut().counters = Some(Counters { packets: 1, bytes: 2 });
    }
    rule
}

fn limit() -> Limit {
    Limit { over: false, rate: 3, bytes: false, unit: TimeUnit::Second, burst: None }
}

fn verdict(shape: u32, values: &Values, address: u32) -> Verdict {
    let fits = |number| number & IntervalSet::full(address).intervals()[0].hi;
    let one = fits(values.numbers[0]);
    let port = (values.port, values.port);
    let nat = |address, port| {
        let data = NatData::Fixed { address, port };
        Verdict::Nat(Box::new(Nat { kind: NatKind::Dnat, data, flags: NatFlags::default() }))
    };
    let row = |at: usize| MapRow {
        key: [Component::from(Interval::point(at as u128))].into_iter().collect(),
        data: Verdict::Jump(ChainId(((values.chain + at) % CHAINS.len()) as u32)),
        comment: (shape >> 4 & 1 == 1).then(|| values.comment.clone().into()),
    };
    match shape % 8 {
        0 => Verdict::Accept,
        1 => Verdict::Jump(ChainId(values.chain as u32)),
        2 => Verdict::Goto(ChainId(values.chain as u32)),
        3 => nat(Some((one, one)), Some(port)),
        4 => nat(Some((one, one)), None),
        5 => Verdict::Draw(Box::new(Draw { random: true, rows: (0..3).map(row).collect() })),
        6 => nat(Some((0, one)), Some(port)),
        _ => Verdict::Reject(Reject::Default),
    }
}

/// A set with a row for each of these, or a map that goes to their chains.
fn set(shape: u32, family: Family, all: &[Values]) -> Set {
    let bit = |bit: u32| shape >> bit & 1 == 1;
    let source = if family == Family::Ip6 { Field::Ip6Saddr } else { Field::IpSaddr };
    let row = |values: &Values| {
        let lens = [1, 24, 32, source.width()];
        let source = block(source.width(), lens[values.port as usize % lens.len()], values.numbers[0]);
        let port = block(16, 16 - shape % 2, values.port.into());
        let protocol = Interval::point(if bit(2) { 6 } else { u128::from(values.port % 3) });
        let key = [source.intervals()[0], protocol, port.intervals()[0]];
        let carried = Carried {
            verdict: bit(3).then_some(Verdict::Goto(ChainId(values.chain as u32))),
            comment: bit(4).then(|| values.comment.clone().into()),
            timeout: bit(5).then_some(60),
            ..Carried::default()
        };
        SetRow::carrying(key.map(Component::from).into_iter().take(key_len(shape)).collect(), carried)
    };
    Set {
        name: "s".into(),
        key: [source, Field::L4proto, Field::Dport(L4::Tcp)][..key_len(shape)].to_vec(),
        comment: None,
        dynamic: false,
        interval: true,
        auto_merge: false,
        timeout: None,
        size: None,
        data: if bit(3) { SetData::Verdict } else { SetData::None },
        rows: all.iter().map(row).collect(),
        counter: false,
    }
}

/// The fields of the set's key.
const fn key_len(shape: u32) -> usize {
    if shape >> 6 & 1 == 1 { 1 } else { 3 }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn same_text(
        shapes in proptest::collection::vec(any::<u32>(), 1..4),
        v6: bool,
        all in proptest::collection::vec((0..4usize, values()), 40),
    ) {
        let family = if v6 { Family::Ip6 } else { Family::Ip };
        let rules = all.iter().map(|(at, values)| rule(shapes[at % shapes.len()], family, values)).collect();
        check_same_text(family, Vec::new(), rules)?;
    }

    #[test]
    fn same_sets(shape: u32, v6: bool, all in proptest::collection::vec(values(), 90..130)) {
        let family = if v6 { Family::Ip6 } else { Family::Ip };
        check_same_text(family, vec![set(shape, family, &all), set(shape >> 8, family, &all)], Vec::new())?;
    }
}

#[test]
fn sets_that_are_written_on_several_threads() {
    let all: Vec<Values> = (0..5000)
        .map(|n: u16| Values { numbers: [u128::from(n) << 9, 0], port: n, chain: 0, comment: vec![b'c'] })
        .collect();
    let sets = [0, 1 << 6, 0b11100].map(|shape| set(shape, Family::Ip, &all));
    check_same_text(Family::Ip, sets.into(), Vec::new()).expect("the same text");
}

/// What is put together and what is printed from the tree.
fn check_same_text(family: Family, sets: Vec<Set>, rules: Vec<Rule>) -> Result<(), TestCaseError> {
    let mut chains: Vec<Chain> = CHAINS.iter().map(|name| chain(name, Vec::new())).collect();
    chains.push(chain("all", rules));
    let table = ir::Table { family, name: "t".into(), chains, sets, objects: Vec::new(), notes: Vec::new() };
    let ruleset = ir::Ruleset { tables: vec![table] };
    let (options, style) = (Options { table_prefix: "x-".into() }, Style::default());
    let (_, short) = text(&ruleset, &options, &style);
    prop_assert_eq!(short.map(Text::into_bytes), print(&emit(&ruleset, &options).ruleset, &style));
    Ok(())
}

fn chain(name: &str, rules: Vec<Rule>) -> Chain {
    Chain { name: name.into(), base: None, rules, helper: false, foreign: false }
}

/// How many of these rules are written by a pattern.
fn written(rules: &[Rule]) -> usize {
    let chains = ["c", "d", "e"].map(|name| chain(name, Vec::new())).into();
    let (sets, objects, notes) = (Vec::new(), Vec::new(), Vec::new());
    let ir = ir::Table { family: Family::Ip, name: "t".into(), chains, sets, objects, notes };
    let names = crate::emit::Names::choose(&ir);
    let name = TableName { family: Family::Ip, name: "t".into() };
    let table = Table { ir: &ir, name, names: &names, order: Vec::new() };
    let style = Style::default();
    let (mut patterns, mut out) = (Patterns::new(()), Entries::new(&table.name, &style, 0));
    out.resume_chain();
    let mut write = |rule| {
        let written = patterns.write(&table, rule, &mut out, &style);
        out.end_rule();
        written
    };
    rules.iter().filter(|&rule| write(rule)).count()
}

#[test]
fn rules_that_are_alike_are_written_by_patterns() {
    let values = |n: u128| Values { numbers: [n << 8, n], port: 1000 + n as u16, chain: 0, comment: b"c".to_vec() };
    let count = |shape: u32| {
        let rules: Vec<Rule> = (1..=10).map(|n| rule(shape, Family::Ip, &values(n))).collect();
        written(&rules)
    };
    let by_pattern = 11 - BEFORE as usize;
    for shape in [
        0b1,
        0b111,
        0b1111,
        0b1_1000_0000,
        0b0001_0001_0000_0000_0000_0000_0000,
        1 << 20 | 7,
        3 << 20 | 4,
        5 << 20 | 1 << 24,
        // A list of two hosts.
        1 << 27 | 6 << 8 | 1,
    ] {
        assert_eq!(count(shape), by_pattern, "{shape:b}");
    }
}
