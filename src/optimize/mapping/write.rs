//! Rules with maps, from the parts of a chain.

use bstr::BString;
use rustc_hash::FxHashSet;

use super::case::general;
use super::resolve::{Map, Part};
use crate::ir::{
    Assigned, Carried, Component, Fields, MapRow, NamedMap, Nat, NatData, NatTarget, Origin, Row, Rule, Set, SetData,
    SetId, SetRow, Statement, Step, Table, Test, Verdict, VerdictMap,
};
use crate::optimize::take;
use crate::packet::{Family, Field, Interval, IntervalSet, L4};
use crate::parallel;

/// Rows from which a map gets a name of its own.
const LONG: usize = 32;

/// Writes the rules of one chain.
pub struct Writer<'a> {
    pub table: &'a mut Table,
    pub chain: &'a BString,
}

impl Writer<'_> {
    /// The rules in their new order, each with how many became it when it is new.
    pub fn write(&mut self, mut rules: Vec<Rule>, parts: Vec<Part>) -> Vec<(Rule, usize)> {
        let mut out = Vec::with_capacity(parts.len());
        for part in parts {
            let members = part.members.iter();
            match part.map {
                None => out.extend(members.filter_map(|&at| rules.get_mut(at).map(|rule| (take(rule), 0)))),
                Some(map) => {
                    let members: Vec<&Rule> = members.filter_map(|&at| rules.get(at)).collect();
                    out.push((self.merge(&members, &part.members, map), members.len()));
                }
            }
        }
        parallel::let_go(rules.len(), rules);
        out
    }

    fn merge(&mut self, members: &[&Rule], indices: &[usize], map: Map) -> Rule {
        let mut origin = Origin::default();
        origin.absorb_all(members.iter().map(|member| &member.origin));
        let mut merged = Rule::new([], Verdict::Continue, origin);
        let Some(first) = members.first() else { return merged };
        let order = Order::of(first, &map.key);
        merged.steps = first.steps.iter().filter(|step| !order.holds(step)).map(|step| order.spell(step)).collect();
        let member = |index: usize| indices.binary_search(&index).ok().and_then(|at| members.get(at).copied());
        let rows: Vec<(Row, &Rule)> =
            map.rows.iter().filter_map(|(row, index)| Some((order.row(row), member(*index)?))).collect();
        let comments = comments(&rows, members, &mut merged);
        let rows = rows.into_iter().zip(comments).map(|((row, rule), comment)| (row, rule, comment)).collect();
        self.fill(&mut merged, first, order.key, rows, &map);
        merged
    }

    /// Gives the rule its map.
    fn fill(
        &mut self,
        merged: &mut Rule,
        first: &Rule,
        key: Fields,
        rows: Vec<(Row, &Rule, Option<BString>)>,
        map: &Map,
    ) {
        let named = (map.named || rows.len() >= LONG) && can_be_named(&key);
        match &first.verdict {
            Verdict::Nat(nat) => {
                let ports = nat.single().is_some_and(|target| target.port.is_some());
                if ports && key.contains(&Field::L4proto) {
                    let test = Test::In { field: Field::L4proto, set: protocols(&key, &rows) };
                    merged.steps.insert(before_ports(&merged.steps), test.into());
                }
                let rows = data(rows, |rule| match &rule.verdict {
                    Verdict::Nat(nat) => nat.single(),
                    _ => None,
                });
                let data = match named {
                    true => {
                        let kind = self.place(&rows);
                        NatData::MapNamed { set: self.add(&key, kind, map, rows, place_values), key }
                    }
                    false => NatData::Map { key, rows },
                };
                merged.verdict = Verdict::Nat(Box::new(Nat { kind: nat.kind, data, flags: nat.flags }));
            }
            verdict => match first.statements().next() {
                Some(Statement::Assign { field, .. }) => {
                    let rows = data(rows, |rule| rule.statements().find_map(constant));
                    let values = SetData::Values(Some(*field), None);
                    let value = match named {
                        true => Assigned::MapNamed { set: self.add(&key, values, map, rows, number), key },
                        false => Assigned::Map { key, rows },
                    };
                    merged.steps.retain(|step| matches!(step, Step::Test(_)));
                    merged.steps.push(Statement::Assign { field: *field, value }.into());
                    merged.verdict = verdict.clone();
                }
                _ => {
                    let rows = data(rows, |rule| Some(rule.verdict.clone()));
                    merged.verdict = match named {
                        true => Verdict::MapNamed(Box::new(NamedMap { set: self.add_verdicts(&key, map, rows), key })),
                        false => Verdict::Map(Box::new(VerdictMap { key, rows })),
                    };
                }
            },
        }
    }

    /// What a map of places holds: addresses, ports, or both.
    fn place(&self, rows: &[MapRow<NatTarget>]) -> SetData {
        let address = if self.table.family == Family::Ip6 { Field::Ip6Daddr } else { Field::IpDaddr };
        let first = rows.first().map(|row| row.data);
        let has = |what: fn(&NatTarget) -> bool| first.as_ref().is_some_and(what);
        match (has(|t| t.address.is_some()), has(|t| t.port.is_some())) {
            (true, true) => SetData::Values(Some(address), Some(Field::Dport(L4::Th))),
            (true, false) => SetData::Values(Some(address), None),
            (false, _) => SetData::Values(Some(Field::Dport(L4::Th)), None),
        }
    }

    fn add_verdicts(&mut self, key: &Fields, map: &Map, rows: Vec<MapRow<Verdict>>) -> SetId {
        let row = |row: MapRow<Verdict>| {
            let carried = Carried { verdict: Some(row.data), comment: row.comment, ..Carried::default() };
            SetRow::carrying(row.key, carried)
        };
        self.add_set(key, SetData::Verdict, map, rows.into_iter().map(row).collect())
    }

    fn add<T>(
        &mut self,
        key: &Fields,
        data: SetData,
        map: &Map,
        rows: Vec<MapRow<T>>,
        values: fn(&T) -> Vec<Component>,
    ) -> SetId {
        let row = |row: MapRow<T>| {
            let carried = Carried { values: values(&row.data), comment: row.comment, ..Carried::default() };
            SetRow::carrying(row.key, carried)
        };
        self.add_set(key, data, map, rows.into_iter().map(row).collect())
    }

    fn add_set(&mut self, key: &Fields, data: SetData, map: &Map, rows: Vec<SetRow>) -> SetId {
        self.table.add_set(Set {
            name: name(self.chain, key),
            key: key.to_vec(),
            comment: None,
            dynamic: false,
            interval: map.ranges,
            auto_merge: false,
            timeout: None,
            size: None,
            data,
            rows,
            counter: false,
        })
    }
}

/// The fields of a key in the order in which people write them: that of the first rule's tests.
struct Order {
    key: Fields,
    /// Where each field of the key stands in the rows.
    from: Vec<usize>,
}

impl Order {
    fn of(first: &Rule, key: &[Field]) -> Self {
        let protocol = key.contains(&Field::L4proto);
        let mut order = Order { key: Fields::new(), from: Vec::new() };
        for &field in first.tests().flat_map(|test| test.fields()) {
            if let Some(at) = key.iter().position(|&k| k == general(field))
                && !order.from.contains(&at)
            {
                order.key.push(if protocol { general(field) } else { field });
                order.from.push(at);
            }
        }
        order
    }

    fn holds(&self, step: &Step) -> bool {
        match step {
            Step::Test(Test::In { field, .. } | Test::Named { field, .. }) => {
                self.key.iter().any(|&k| general(k) == general(*field))
            }
            _ => false,
        }
    }

    /// A step that stays: where rows tell the protocol, its ports are those of any.
    fn spell(&self, step: &Step) -> Step {
        match step {
            Step::Test(Test::In { field, set }) if self.key.contains(&Field::L4proto) => {
                Test::In { field: general(*field), set: set.clone() }.into()
            }
            step => step.clone(),
        }
    }

    fn row(&self, row: &Row) -> Row {
        self.from.iter().filter_map(|&at| row.get(at).cloned()).collect()
    }
}

/// The comment of each row. One that all rules share becomes the merged rule's, and those of rules
/// without a row become notes.
fn comments(rows: &[(Row, &Rule)], members: &[&Rule], merged: &mut Rule) -> Vec<Option<BString>> {
    let shared = members.first().and_then(|first| first.comment());
    let labels = members.iter().any(|member| !member.labels().is_empty());
    if let Some(shared) = shared.filter(|s| !labels && members.iter().all(|m| m.comment().as_ref() == Some(s))) {
        merged.remarks_mut().comments.push(shared);
        return vec![None; rows.len()];
    }
    let with_row: FxHashSet<*const Rule> = rows.iter().map(|(_, rule)| std::ptr::from_ref(*rule)).collect();
    let without = members.iter().filter(|member| !with_row.contains(&std::ptr::from_ref(**member)));
    let notes: Vec<BString> = without.filter_map(|member| member.comment()).collect();
    if !notes.is_empty() {
        merged.remarks_mut().notes.extend(notes);
    }
    let label = |(row, rule): &(Row, &Rule)| {
        let own = rule.labels().iter().find(|(of, _)| of.iter().all(|component| row.contains(component)));
        own.map(|(_, text)| text.clone()).or_else(|| rule.comment())
    };
    rows.iter().map(label).collect()
}

fn data<T>(rows: Vec<(Row, &Rule, Option<BString>)>, read: impl Fn(&Rule) -> Option<T>) -> Vec<MapRow<T>> {
    let row = |(key, rule, comment): (Row, &Rule, _)| Some(MapRow { key, data: read(rule)?, comment });
    rows.into_iter().filter_map(row).collect()
}

fn constant(statement: &Statement) -> Option<u128> {
    match statement {
        Statement::Assign { value: Assigned::Constant(value), .. } => Some(*value),
        _ => None,
    }
}

/// Where a test of the protocol stands: in front of what reads ports, behind what people write first.
fn before_ports(steps: &[Step]) -> usize {
    let is_behind = |f: &Field| f.protocol().is_some() || matches!(f, Field::Sport(_) | Field::Dport(_));
    let first = steps.iter().position(|step| !matches!(step, Step::Test(_)) || step.fields().iter().any(is_behind));
    first.unwrap_or(steps.len())
}

/// Protocols in the rows: what stands before a translation of ports tells nft that there are some.
fn protocols<R>(key: &[Field], rows: &[(Row, R, Option<BString>)]) -> IntervalSet {
    let at = key.iter().position(|&field| field == Field::L4proto).unwrap_or(key.len());
    let protocol = |(row, ..): &(Row, R, Option<BString>)| match row.get(at) {
        Some(Component::Interval(i)) => Some(*i),
        _ => None,
    };
    rows.iter().filter_map(protocol).collect()
}

fn number(value: &u128) -> Vec<Component> {
    vec![Interval::point(*value).into()]
}

fn place_values(target: &NatTarget) -> Vec<Component> {
    let port = target.port.map(u128::from);
    target.address.into_iter().chain(port).map(|value| Interval::point(value).into()).collect()
}

/// The type of an address's kind has no name in older versions.
fn can_be_named(key: &[Field]) -> bool {
    !key.iter().any(|field| matches!(field, Field::Fib { .. }))
}

/// `CHAIN-daddr-l4proto-dport`
fn name(chain: &BString, key: &[Field]) -> BString {
    let mut name = chain.clone();
    for field in key {
        name.push(b'-');
        name.extend_from_slice(word(*field).as_bytes());
    }
    name
}

const fn word(field: Field) -> &'static str {
    match field {
        Field::Iifname => "iif",
        Field::Oifname => "oif",
        Field::IpSaddr | Field::Ip6Saddr => "saddr",
        Field::IpDaddr | Field::Ip6Daddr => "daddr",
        Field::Sport(_) => "sport",
        Field::Dport(_) => "dport",
        Field::L4proto => "proto",
        Field::Mark => "mark",
        Field::IcmpType | Field::Icmp6Type => "type",
        Field::Ct(_) => "ct",
        _ => "map",
    }
}
