//! Elements as rows that do not overlap.
//!
//! Components that are single values are compared; at most two components of a row are intervals.
//! Of intervals inside each other the smallest decides, the first component before the second.

use std::cmp::Reverse;

use indexmap::IndexMap;
use smallvec::SmallVec;

use super::columns::{Variant, components};
use super::{Which, row};
use crate::ir::{Component, Row, SetRow};
use crate::packet::{Family, Interval, IntervalSet};
use crate::save::ext::lowering::Refusal;
use crate::save::ipset::{Element, Ipset, Part};

/// An element with its row.
struct Item<'a> {
    row: Row,
    element: &'a Element,
}

/// The rows of all elements.
pub fn rows(
    elements: &[&Element],
    ipset: &Ipset,
    variant: Variant,
    which: Which,
    family: Family,
) -> Result<Vec<SetRow>, Refusal> {
    let mut items = Vec::with_capacity(elements.len());
    for &element in elements {
        check(element, ipset)?;
        let parts: Option<Vec<_>> = element.parts.iter().map(|p| components(p, ipset, variant, family)).collect();
        let Some(parts) = parts else { continue };
        let mut row: Row = parts.into_iter().flatten().collect();
        if element.wildcard
            && let Some(Component::Name(name)) = row.iter_mut().find(|c| matches!(c, Component::Name(_)))
        {
            name.wildcard = true;
        }
        items.push(Item { row, element });
    }
    if which == Which::Matching && items.iter().all(|i| !i.element.nomatch) && are_disjoint(&items) {
        return Ok(items.into_iter().map(|i| row(i.row, i.element, ipset)).collect());
    }
    if items.iter().any(|i| i.element.timeout.or(ipset.timeout).is_some_and(|t| t > 0)) {
        let reason = "elements with timeouts lie inside each other, and a part cut out of one has no time of its own";
        return Err(Refusal::new("ipset-nested", reason, "keep such elements in sets of their own"));
    }
    let plain = Element::default();
    let without_counters = ipset.without_elements();
    Ok(cut(items, which)?.into_iter().map(|key| row(key, &plain, &without_counters)).collect())
}

fn check(element: &Element, ipset: &Ipset) -> Result<(), Refusal> {
    let refuse = |code, reason: &str, help: &str| Err(Refusal::new(code, reason, help));
    if element.parts.iter().any(|p| matches!(p, Part::Iface(_, true))) {
        return refuse(
            "ipset-physdev",
            "the set names ports of a bridge, which rules for IP packets do not see",
            "use a `table bridge`",
        );
    }
    if element.parts.contains(&Part::AnyMac) {
        return refuse(
            "ipset-mac",
            "the set learns a MAC address from the first packet",
            "write the MAC address into it",
        );
    }
    let contiguous = |mask: u128| {
        let width = if ipset.family == Some(Family::Ip6) { 128 } else { 32 };
        let all = u128::MAX >> (128 - width);
        let rest = all & !mask;
        rest & (rest + 1) == 0 || mask == 0
    };
    if ipset.netmask.is_some_and(|m| !contiguous(m)) {
        return refuse("ipset-bitmask", "the bits of addresses that count are no prefix", "write the networks out");
    }
    if ipset.markmask.is_some_and(|m| m != u32::MAX) {
        return refuse(
            "ipset-markmask",
            "marks are compared through a mask, which a key of nft is not",
            "match the mark by `-m mark`",
        );
    }
    Ok(())
}

/// Values of the components that are single, and the intervals of the others, by their place.
fn split(row: &Row, wide: &[bool]) -> (SmallVec<[Component; 3]>, SmallVec<[Interval; 2]>) {
    let mut single = SmallVec::new();
    let mut intervals = SmallVec::new();
    for (component, wide) in row.iter().zip(wide) {
        match component {
            Component::Interval(i) if *wide => intervals.push(*i),
            other => single.push(other.clone()),
        }
    }
    (single, intervals)
}

/// The places where any row has an interval of more than one value.
fn wide(items: &[Item]) -> Vec<bool> {
    let width = items.iter().map(|i| i.row.len()).max().unwrap_or(0);
    let is_wide =
        |at: usize| items.iter().any(|i| matches!(i.row.get(at), Some(Component::Interval(i)) if !i.is_point()));
    (0..width).map(is_wide).collect()
}

type Groups<'a, 'i> = IndexMap<SmallVec<[Component; 3]>, Vec<(SmallVec<[Interval; 2]>, &'i Item<'a>)>>;

fn group<'a, 'i>(items: &'i [Item<'a>], wide: &[bool]) -> Groups<'a, 'i> {
    let mut groups = Groups::new();
    for item in items {
        let (single, intervals) = split(&item.row, wide);
        groups.entry(single).or_default().push((intervals, item));
    }
    groups
}

fn are_disjoint(items: &[Item]) -> bool {
    let wide = wide(items);
    group(items, &wide).values().all(|group| match group.first().map(|(i, _)| i.len()) {
        _ if group.len() < 2 => true,
        Some(1) => {
            let mut sorted: Vec<Interval> = group.iter().filter_map(|(i, _)| i.first().copied()).collect();
            sorted.sort_unstable();
            sorted.windows(2).all(|pair| matches!(pair, [a, b] if a.hi < b.lo))
        }
        _ => false,
    })
}

/// The rows that match (or are exceptions), cut so that none overlap.
fn cut(items: Vec<Item>, which: Which) -> Result<Vec<Row>, Refusal> {
    let wide = wide(&items);
    let mut out = Vec::new();
    for (single, group) in group(&items, &wide) {
        let boxes: Vec<(SmallVec<[Interval; 2]>, bool)> =
            group.iter().map(|(i, item)| (i.clone(), !item.element.nomatch)).collect();
        let cut: Vec<SmallVec<[Interval; 2]>> = match wide.iter().filter(|w| **w).count() {
            0 => boxes.into_iter().filter(|(_, m)| *m == (which == Which::Matching)).map(|(i, _)| i).take(1).collect(),
            1 => one(&boxes, which),
            2 => two(&boxes, which),
            _ => {
                let reason = "elements with three ranges of addresses lie inside each other";
                return Err(Refusal::new("ipset-nested", reason, "keep such elements in sets of their own"));
            }
        };
        out.extend(cut.into_iter().map(|intervals| join(&single, &intervals, &wide)));
    }
    Ok(out)
}

fn join(single: &[Component], intervals: &[Interval], wide: &[bool]) -> Row {
    let (mut single, mut intervals) = (single.iter(), intervals.iter());
    let next = |wide: &bool| {
        if *wide { intervals.next().map(|i| Component::Interval(*i)) } else { single.next().cloned() }
    };
    wide.iter().filter_map(next).collect()
}

/// What matches and what is excepted, of values that something covers.
#[derive(Clone, Default)]
struct Painted {
    matching: IntervalSet,
    exceptions: IntervalSet,
}

impl Painted {
    fn of(self, which: Which) -> IntervalSet {
        if which == Which::Matching { self.matching } else { self.exceptions }
    }

    /// What `inner` says of its values, and this of the others.
    fn under(&self, inner: &Painted) -> Painted {
        let covered = inner.matching.union(&inner.exceptions);
        Painted {
            matching: self.matching.difference(&covered).union(&inner.matching),
            exceptions: self.exceptions.difference(&covered).union(&inner.exceptions),
        }
    }
}

/// Paints intervals, smaller ones over larger ones.
fn paint(intervals: impl Iterator<Item = (Interval, bool)>) -> Painted {
    let mut sorted: Vec<(Interval, bool)> = intervals.collect();
    if sorted.iter().all(|(_, matches)| *matches) {
        return Painted { matching: sorted.into_iter().map(|(i, _)| i).collect(), exceptions: IntervalSet::empty() };
    }
    sorted.sort_by_key(|(interval, _)| (interval.lo, Reverse(interval.hi)));
    let mut parts: [Vec<Interval>; 2] = [Vec::new(), Vec::new()];
    sweep(sorted, |segment, stack: &[bool]| {
        if let Some(&matches) = stack.last() {
            parts[usize::from(matches)].push(segment);
        }
    });
    let [exceptions, matching] = parts;
    Painted { matching: matching.into_iter().collect(), exceptions: exceptions.into_iter().collect() }
}

/// Walks over nested intervals, sorted by their start and the larger ones first, and calls for each
/// stretch of values with what covers it, the smallest last.
fn sweep<T: Clone>(sorted: Vec<(Interval, T)>, mut see: impl FnMut(Interval, &[T])) {
    let mut ends: Vec<u128> = Vec::new();
    let mut stack: Vec<T> = Vec::new();
    let mut at: Option<u128> = Some(0);
    let mut close = |upto: Option<u128>, ends: &mut Vec<u128>, stack: &mut Vec<T>, at: &mut Option<u128>| {
        while let Some(&end) = ends.last() {
            if upto.is_some_and(|upto| end >= upto) {
                break;
            }
            if let Some(lo) = at.filter(|&lo| lo <= end) {
                see(Interval { lo, hi: end }, stack);
                *at = end.checked_add(1);
            }
            ends.pop();
            stack.pop();
        }
        if let (Some(upto), Some(lo)) = (upto, *at)
            && lo < upto
        {
            if !stack.is_empty() {
                see(Interval { lo, hi: upto - 1 }, stack);
            }
            *at = Some(upto);
        }
    };
    for (interval, value) in sorted {
        close(Some(interval.lo), &mut ends, &mut stack, &mut at);
        ends.push(interval.hi);
        stack.push(value);
    }
    close(None, &mut ends, &mut stack, &mut at);
}

fn one(boxes: &[(SmallVec<[Interval; 2]>, bool)], which: Which) -> Vec<SmallVec<[Interval; 2]>> {
    let painted = paint(boxes.iter().filter_map(|(i, matches)| Some((*i.first()?, *matches))));
    painted.of(which).intervals().iter().map(|&i| SmallVec::from_slice(&[i])).collect()
}

fn two(boxes: &[(SmallVec<[Interval; 2]>, bool)], which: Which) -> Vec<SmallVec<[Interval; 2]>> {
    let mut firsts: IndexMap<Interval, Vec<(Interval, bool)>> = IndexMap::new();
    for (intervals, matches) in boxes {
        if let [first, second] = intervals.as_slice() {
            firsts.entry(*first).or_default().push((*second, *matches));
        }
    }
    let mut sorted: Vec<(Interval, Painted)> =
        firsts.into_iter().map(|(first, seconds)| (first, paint(seconds.into_iter()))).collect();
    sorted.sort_by_key(|(interval, _)| (interval.lo, Reverse(interval.hi)));
    let mut out = Vec::new();
    sweep(sorted, |first, stack| {
        let painted = stack.iter().fold(Painted::default(), |all, inner| all.under(inner));
        out.extend(painted.of(which).intervals().iter().map(|&second| SmallVec::from_slice(&[first, second])));
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxes(list: &[(&[(u128, u128)], bool)]) -> Vec<(SmallVec<[Interval; 2]>, bool)> {
        list.iter().map(|(i, m)| (i.iter().map(|&(lo, hi)| Interval::new(lo, hi)).collect(), *m)).collect()
    }

    fn flat(rows: Vec<SmallVec<[Interval; 2]>>) -> Vec<Vec<(u128, u128)>> {
        rows.iter().map(|r| r.iter().map(|i| (i.lo, i.hi)).collect()).collect()
    }

    #[test]
    fn smaller_nets_decide() {
        let nets = boxes(&[(&[(0, 255)], true), (&[(16, 31)], false), (&[(20, 20)], true), (&[(300, 303)], true)]);
        assert_eq!(flat(one(&nets, Which::Matching)), [[(0, 15)], [(20, 20)], [(32, 255)], [(300, 303)]]);
        assert_eq!(flat(one(&nets, Which::Exceptions)), [[(16, 19)], [(21, 31)]]);
    }

    #[test]
    fn the_first_part_decides_before_the_second() {
        let nets = boxes(&[(&[(0, 7), (0, 15)], true), (&[(4, 7), (0, 31)], false), (&[(4, 7), (8, 8)], true)]);
        assert_eq!(flat(two(&nets, Which::Matching)), [[(0, 3), (0, 15)], [(4, 7), (8, 8)]]);
    }

    #[test]
    fn the_end_of_the_address_space_is_reached() {
        let nets = boxes(&[(&[(0, u128::MAX)], true), (&[(u128::MAX, u128::MAX)], false)]);
        assert_eq!(flat(one(&nets, Which::Matching)), [[(0, u128::MAX - 1)]]);
        assert_eq!(flat(one(&nets, Which::Exceptions)), [[(u128::MAX, u128::MAX)]]);
    }
}
