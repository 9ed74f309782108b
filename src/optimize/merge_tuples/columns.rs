//! The fields of a concatenation: which may stand in one, and their values as numbers.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::boxes::Lines;
use crate::ir::{Component, Name, NatData, Row, Rule, Statement, Step, Test, Verdict};
use crate::nft::version::{Feature, Target};
use crate::optimize::domain::name_interval;
use crate::optimize::shape;
use crate::packet::{DataType, Field, Interval, IntervalSet, L4};

/// A field that may vary, and the step that tests it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Column {
    /// Ports beside a test of the protocol are those of any protocol.
    pub field: Field,
    pub step: u32,
}

/// The columns of a rule, sorted by field.
pub(super) type Columns = SmallVec<[Column; 6]>;

/// Bytes that a key may have (include/uapi/linux/netfilter/nf_tables.h, NFT_REG32_COUNT of 4 bytes).
const KEY_BYTES: u32 = 64;

/// See [`Columns`].
pub(super) fn columns(rule: &Rule, target: Target) -> Columns {
    let by_protocol = !maps_ports(rule) && rule.tests().any(|t| matches!(t, Test::In { field: Field::L4proto, .. }));
    let mut columns = Columns::new();
    let twice = shape::Twice::of(rule);
    for (step, number) in rule.steps.iter().zip(0..) {
        let Step::Test(test) = step else { continue };
        let Some(field) = shape::field_of_values(rule, test, &twice, target).filter(|&f| fits(f)) else { continue };
        // nft wants to see the protocol in a test of its own where ports are translated.
        if field == Field::L4proto && maps_ports(rule) {
            continue;
        }
        if !numbers(test).is_some_and(|values| may_be_part(field, &values, target)) {
            continue;
        }
        let field = match field {
            Field::Sport(_) if by_protocol => Field::Sport(L4::Th),
            Field::Dport(_) if by_protocol => Field::Dport(L4::Th),
            other => other,
        };
        columns.push(Column { field, step: number });
    }
    columns.sort_by_key(|column| (order(column.field), column.field));
    columns
}

impl Column {
    /// The values of the rule that it is of.
    pub fn values(self, rule: &Rule) -> Option<Cow<'_, IntervalSet>> {
        numbers(rule.steps.get(self.step as usize)?.as_test()?)
    }
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
fn numbers(test: &Test) -> Option<Cow<'_, IntervalSet>> {
    match test {
        Test::In { set, .. } => Some(Cow::Borrowed(set)),
        Test::Named { names, .. } => names.iter().map(name_interval).collect::<Option<_>>().map(Cow::Owned),
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
pub(super) fn apart(key: &[Field], lines: &Lines) -> Option<Lines> {
    let is_pair = |i: &Interval, field: Field| i.hi - i.lo == 1 && field.data_type() == DataType::InetService;
    let mut more = 0;
    for line in lines.rows() {
        let ranges = || line.iter().zip(key).filter(|(i, _)| !i.is_point());
        if !ranges().all(|(i, &field)| is_pair(i, field)) {
            return None;
        }
        more += (1 << ranges().count()) - 1;
    }
    (more > 0 && more <= lines.len().div_ceil(2)).then(|| {
        let mut out = Lines::new(lines.width(), lines.len() + more);
        lines.rows().for_each(|line| points(line).rows().for_each(|point| out.push(point.iter().copied())));
        out
    })
}

/// Every combination of single values in a row.
pub(super) fn points(line: &[Interval]) -> Lines {
    let mut out = vec![Vec::new()];
    for &Interval { lo, hi } in line {
        let longer = |line: &Vec<Interval>| -> Vec<Vec<Interval>> {
            (lo..=hi).map(|value| line.iter().copied().chain([Interval::point(value)]).collect()).collect()
        };
        out = out.iter().flat_map(longer).collect();
    }
    let mut lines = Lines::new(line.len(), out.len());
    out.into_iter().for_each(|line| lines.push(line));
    lines
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
        type Parts = [(u128, u128); 2];
        let lines = |all: &[Parts]| {
            let mut lines = Lines::new(2, all.len());
            all.iter().for_each(|parts| lines.push(parts.map(|(lo, hi)| Interval::new(lo, hi))));
            lines
        };
        let key = [Field::L4proto, Field::Dport(L4::Th)];
        let (web, names) = ([(6, 6), (80, 80)], [(17, 17), (137, 138)]);
        let both = [[(17, 17), (137, 137)], [(17, 17), (138, 138)]];
        assert_eq!(apart(&key, &lines(&[web, names])), Some(lines(&[web, both[0], both[1]])));
        assert_eq!(apart(&key, &lines(&[web, names, [(6, 6), (90, 92)]])), None);
        assert_eq!(apart(&key, &lines(&[names, [(6, 6), (137, 138)], [(33, 33), (137, 138)]])), None);
        assert_eq!(apart(&[Field::IpSaddr, key[1]], &lines(&[[(2, 3), (80, 80)], web])), None);
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
