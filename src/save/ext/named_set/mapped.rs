//! What the elements of a set give to packets: marks and priorities (`--map-set` of `-j SET`).
//!
//! Of networks that hold the packet the smallest gives. An element that says nothing of the mark leaves it, and one that
//! says nothing of the priority makes it 0 (net/netfilter/xt_set.c, `set_target_v3`).

use bstr::BStr;
use indexmap::IndexMap;

use super::columns::{self, Variant};
use crate::ir::{Component, Row, Test};
use crate::packet::{Field, Interval, IntervalSet};
use crate::save::ext::lowering::{Cx, Refusal};
use crate::save::ipset::{Element, Ipset, Kind, Mapped, Part, PartKind};

/// What an element gives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Given {
    pub mark: Mapped,
    pub priority: u32,
}

/// The packets that get something, each with what that is; a packet passes one of the tests at most.
pub fn given(name: &BStr, source: &[bool], cx: &Cx) -> Result<Vec<(Test, Given)>, Refusal> {
    let refuse = |reason: &str, help: &str| Err(Refusal::new("ipset-map", reason, help).at("map-set"));
    let Some(ipset) = cx.ipsets.get(name) else { return Err(super::missing(name, cx)) };
    let Kind::Parts { parts, .. } = &ipset.kind else {
        return refuse(
            "a list gives what the first of its sets does that holds the packet",
            "name the sets one by one",
        );
    };
    if cx.written.get(name).is_some() {
        return refuse(
            "rules change what is in the set, and with it what it gives",
            "use another set for what rules add",
        );
    }
    if ipset.elements.iter().any(|element| element.timeout.or(ipset.timeout).is_some_and(|left| left > 0)) {
        return refuse("elements that expire stop giving", "use a map of nft: `meta mark set ip saddr map @name`");
    }
    if source.len() < parts.len() || ipset.family.is_some_and(|family| family != cx.family) {
        return Ok(Vec::new());
    }
    let unknown = |part: &PartKind| matches!(part, PartKind::Port | PartKind::Iface);
    let elements = rows(ipset, cx).filter(|_| !parts.iter().any(unknown));
    let tests = match (elements, columns::fields(parts, source, Variant::Plain, cx)) {
        (Some(elements), Some(fields)) if fields.len() == 1 => smallest_first(fields[0], elements),
        (Some(elements), Some(fields)) => one_by_one(&fields, elements),
        _ => None,
    };
    match tests {
        Some(tests) => Ok(tests),
        None => refuse(
            "only sets of addresses, or of single values, become tests of what they give",
            "use a map of nft: `meta mark set ip saddr . tcp dport map { .. }`",
        ),
    }
}

/// The elements as rows; `None` where one is none.
fn rows<'a>(ipset: &'a Ipset, cx: &Cx) -> Option<Vec<(Row, &'a Element)>> {
    let family = cx.family;
    let row = |element: &'a Element| {
        let known = |part: &Part| !matches!(part, Part::AnyMac | Part::Set(_));
        let parts = element.parts.iter().filter(|part| known(part));
        let rows: Option<Vec<Row>> =
            parts.map(|part| columns::components(part, ipset, Variant::Plain, family)).collect();
        Some((rows?.into_iter().flatten().collect::<Row>(), element))
    };
    ipset.elements.iter().map(row).collect()
}

/// Values of one field, smaller networks taken out of larger ones.
fn smallest_first(field: Field, elements: Vec<(Row, &Element)>) -> Option<Vec<(Test, Given)>> {
    let interval = |(row, element): (Row, _)| match row.as_slice() {
        [Component::Interval(interval)] => Some((*interval, element)),
        _ => None,
    };
    let mut intervals: Vec<(Interval, &Element)> = elements.into_iter().map(interval).collect::<Option<_>>()?;
    intervals.sort_by_key(|(interval, _)| interval.hi - interval.lo);
    let mut taken = IntervalSet::empty();
    let mut groups: IndexMap<Given, IntervalSet> = IndexMap::new();
    for (interval, element) in intervals {
        let own = IntervalSet::from(interval);
        if !element.nomatch {
            let group = groups.entry(of(element)).or_insert_with(IntervalSet::empty);
            *group = group.union(&own.difference(&taken));
        }
        taken = taken.union(&own);
    }
    let groups = groups.into_iter().filter(|(_, set)| !set.is_empty());
    Some(groups.map(|(given, set)| (Test::In { field, set }, given)).collect())
}

/// Values of several fields, all of them single.
fn one_by_one(fields: &[Field], elements: Vec<(Row, &Element)>) -> Option<Vec<(Test, Given)>> {
    let single = |component: &Component| matches!(component, Component::Interval(interval) if interval.is_point());
    let mut groups: IndexMap<Given, Vec<Row>> = IndexMap::new();
    for (row, element) in elements {
        if element.nomatch || row.len() != fields.len() || !row.iter().all(single) {
            return None;
        }
        groups.entry(of(element)).or_default().push(row);
    }
    let fields = || fields.iter().copied().collect();
    let test = |rows: Vec<Row>| Test::Tuple { fields: fields(), rows: rows.into(), negated: false };
    Some(groups.into_iter().map(|(given, rows)| (test(rows), given)).collect())
}

fn of(element: &Element) -> Given {
    let mark = element.mark.unwrap_or(Mapped { value: 0, mask: 0 });
    Given { mark, priority: element.priority.unwrap_or(0) }
}
