//! The fields of a concatenation: which may stand in one, and their values as numbers.

use smallvec::SmallVec;

use super::boxes::Line;
use crate::ir::{Component, Name, NatData, Row, Rule, Statement, Step, Test, Verdict};
use crate::nft::version::{Feature, Target};
use crate::optimize::domain::name_interval;
use crate::optimize::shape;
use crate::packet::{DataType, Field, Interval, IntervalSet, L4};

/// A field that may vary, the step that tests it, and its values.
#[derive(Debug)]
pub(super) struct Column {
    /// Ports beside a test of the protocol are those of any protocol.
    pub field: Field,
    pub step: usize,
    pub values: IntervalSet,
}

/// Bytes that a key may have (include/uapi/linux/netfilter/nf_tables.h, NFT_REG32_COUNT of 4 bytes).
const KEY_BYTES: u32 = 64;

/// The columns of a rule, sorted by field.
pub(super) fn columns(rule: &Rule, target: Target) -> SmallVec<[Column; 4]> {
    let by_protocol = !maps_ports(rule) && rule.tests().any(|t| matches!(t, Test::In { field: Field::L4proto, .. }));
    let mut columns: SmallVec<[Column; 4]> = SmallVec::new();
    let twice = shape::Twice::of(rule);
    for (step, test) in rule.steps.iter().enumerate() {
        let Step::Test(test) = test else { continue };
        let Some(field) = shape::field_of_values(rule, test, &twice, target).filter(|&f| fits(f)) else { continue };
        // nft wants to see the protocol in a test of its own where ports are translated.
        if field == Field::L4proto && maps_ports(rule) {
            continue;
        }
        let Some(values) = numbers(test).filter(|values| may_be_part(field, values, target)) else { continue };
        let field = match field {
            Field::Sport(_) if by_protocol => Field::Sport(L4::Th),
            Field::Dport(_) if by_protocol => Field::Dport(L4::Th),
            other => other,
        };
        columns.push(Column { field, step, values });
    }
    columns.sort_by_key(|column| (order(column.field), column.field));
    columns
}

/// Whether the rule writes a port.
fn maps_ports(rule: &Rule) -> bool {
    let nat = match &rule.verdict {
        Verdict::Nat(nat) => !matches!(nat.data, NatData::Fixed { port: None, .. } | NatData::Prefix { .. }),
        _ => false,
    };
    nat || rule.statements().any(|s| matches!(s, Statement::Tproxy { .. }))
}

/// As people write them: interfaces, addresses, protocol, ports.
const fn order(field: Field) -> u8 {
    match field {
        Field::Iifname => 0,
        Field::Oifname => 1,
        Field::IpSaddr | Field::Ip6Saddr => 2,
        Field::IpDaddr | Field::Ip6Daddr => 3,
        Field::L4proto => 4,
        Field::Sport(_) => 5,
        Field::Dport(_) => 6,
        _ => 7,
    }
}

/// Fields whose type every nft takes in a concatenation, and whose values are no bits.
const fn fits(field: Field) -> bool {
    shape::is_plain(field)
        || matches!(field.data_type(), DataType::InetProto | DataType::IcmpType | DataType::Icmp6Type)
}

/// Whether names are its values.
pub(super) fn is_name(field: Field) -> bool {
    field.data_type() == DataType::Ifname
}

/// Whether people would write these values as parts of a key, and the target takes them.
fn may_be_part(field: Field, values: &IntervalSet, target: Target) -> bool {
    if shape::reads_negated(field, values) {
        return false;
    }
    let ranges = values.intervals().iter().any(|i| !i.is_point());
    let needed = match field.data_type() {
        DataType::Ifname => Feature::WildcardInConcat,
        DataType::Mark | DataType::Uid | DataType::Gid => Feature::HostOrderRangeInConcat,
        _ => Feature::RangeInConcat,
    };
    !ranges || target.supports(needed)
}

/// Whether the fields are few enough for one key; each takes whole words.
pub(super) fn fit_key(fields: impl Iterator<Item = Field>) -> bool {
    fields.map(|f| f.width().div_ceil(32) * 4).sum::<u32>() <= KEY_BYTES
}

/// The values that a test allows; names as 16 bytes.
fn numbers(test: &Test) -> Option<IntervalSet> {
    match test {
        Test::In { set, .. } => Some(set.clone()),
        Test::Named { names, .. } => names.iter().map(name_interval).collect(),
        _ => None,
    }
}

/// A test of one field for these values.
pub(super) fn test(field: Field, set: &IntervalSet) -> Option<Test> {
    if !is_name(field) {
        return Some(Test::In { field, set: set.clone() });
    }
    let names: Option<Vec<Vec<Name>>> = set.intervals().iter().map(|&i| names(i)).collect();
    Some(Test::Named { field, names: names?.into_iter().flatten().collect(), negated: false })
}

/// The values of the fields as a row.
pub(super) fn row(key: &[Field], line: &[Interval]) -> Option<Row> {
    let mut row = Row::with_capacity(line.len());
    for (&field, &interval) in key.iter().zip(line) {
        row.push(component(field, interval)?);
    }
    Some(row)
}

/// Rows with two neighbouring ports, each in a row of its own, where all rows then hold single values: the kernel finds
/// those by a hash, which takes a fraction of the time that ranges take. `None` where there would be ranges still, or
/// half as many rows again, and where there are none.
pub(super) fn apart(key: &[Field], lines: &[Line]) -> Option<Vec<Line>> {
    let is_pair = |i: &Interval, field: Field| i.hi - i.lo == 1 && field.data_type() == DataType::InetService;
    let mut more = 0;
    for line in lines {
        let ranges = || line.iter().zip(key).filter(|(i, _)| !i.is_point());
        if !ranges().all(|(i, &field)| is_pair(i, field)) {
            return None;
        }
        more += (1 << ranges().count()) - 1;
    }
    (more > 0 && more <= lines.len().div_ceil(2)).then(|| lines.iter().flat_map(points).collect())
}

/// Every combination of single values in a row.
pub(super) fn points(line: &Line) -> Vec<Line> {
    let mut out = vec![Line::new()];
    for &Interval { lo, hi } in line {
        let longer = |line: &Line| -> Vec<Line> {
            (lo..=hi).map(|value| line.iter().copied().chain([Interval::point(value)]).collect()).collect()
        };
        out = out.iter().flat_map(longer).collect();
    }
    out
}

fn component(field: Field, interval: Interval) -> Option<Component> {
    if !is_name(field) {
        return Some(interval.into());
    }
    let mut names = names(interval)?;
    names.pop().filter(|_| names.is_empty()).map(Component::from)
}

/// The names of an interval: one, or wildcards.
fn names(interval: Interval) -> Option<Vec<Name>> {
    let text = |value: u128, bytes: usize| value.to_be_bytes().get(..bytes).map(|b| b.to_vec());
    if interval.is_point() {
        let end = interval.lo.to_be_bytes().iter().position(|&b| b == 0)?;
        return Some(vec![Name { text: text(interval.lo, end)?.into(), wildcard: false }]);
    }
    let mut out = Vec::new();
    let mut from = interval.lo;
    loop {
        // The largest block of names with one beginning that starts here and ends inside.
        let fits = |bytes: &u32| {
            let rest = u128::MAX >> (8 * bytes);
            from & rest == 0 && interval.hi - from >= rest
        };
        let bytes = (1..16).find(fits)?;
        out.push(Name { text: text(from, bytes as usize)?.into(), wildcard: true });
        match from.checked_add((u128::MAX >> (8 * bytes)) + 1) {
            Some(next) if next <= interval.hi => from = next,
            _ => return Some(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_ports_stand_apart_where_nothing_else_is_a_range() {
        let line = |parts: &[(u128, u128)]| -> Line { parts.iter().map(|&(lo, hi)| Interval::new(lo, hi)).collect() };
        let key = [Field::L4proto, Field::Dport(L4::Th)];
        let (web, names) = (line(&[(6, 6), (80, 80)]), line(&[(17, 17), (137, 138)]));
        let both = [line(&[(17, 17), (137, 137)]), line(&[(17, 17), (138, 138)])];
        let rows = [web.clone(), names.clone()];
        assert_eq!(apart(&key, &rows), Some(vec![web.clone(), both[0].clone(), both[1].clone()]));
        assert_eq!(apart(&key, &[web.clone(), names.clone(), line(&[(6, 6), (90, 92)])]), None);
        assert_eq!(apart(&key, &[names, line(&[(6, 6), (137, 138)]), line(&[(33, 33), (137, 138)])]), None);
        assert_eq!(apart(&[Field::IpSaddr, key[1]], &[line(&[(2, 3), (80, 80)]), web]), None);
    }

    #[test]
    fn names_come_back() {
        let name = |text: &str, wildcard| Name { text: text.into(), wildcard };
        for n in [name("eth0", false), name("eth", true), name("a", true)] {
            assert_eq!(names(name_interval(&n).unwrap()), Some(vec![n]));
        }
        let two: IntervalSet = [name("eth1", true), name("eth2", true)].iter().filter_map(name_interval).collect();
        assert_eq!(names(two.intervals()[0]), Some(vec![name("eth1", true), name("eth2", true)]));
    }
}
