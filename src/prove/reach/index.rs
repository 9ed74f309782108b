//! The rules of a chain by the bounds of what they are about: which of them may concern a packet, or packets
//! of a set, without looking at the others.
//!
//! Of the fields that tell most rules apart, rules that say something of the same ones stand together; among those,
//! one field is enough to find the few that come into question. Invariant: a rule that is not found does nothing with these packets.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use smallvec::SmallVec;

use super::bounds::{Bounds, Side, number, width};
use super::sample::Sample;

/// Fields by which rules are found; the others are only compared.
const FIELDS: usize = 3;

/// All rules of a chain.
pub(super) struct Index {
    /// By rule.
    bounds: Vec<Bounds>,
    groups: Vec<Group>,
    /// The rows by which rules are found, and of each how many variables bounds speak of.
    rows: Vec<(u32, u32)>,
    /// The rules of which no bounds are known, in order.
    unbounded: Vec<usize>,
}

/// Rules that say something of the same ones of these rows.
struct Group {
    /// In order.
    rules: Vec<usize>,
    fields: Vec<Field>,
}

/// The rules of a group by their numbers in one row.
struct Field {
    row: u32,
    /// First and last number, and the rule; sorted.
    by_lo: Vec<(u128, u128, usize)>,
    /// The last numbers, sorted.
    his: Vec<u128>,
    /// At the middle of each part of `by_lo` that halving leads to, the largest last number in the part.
    most: Vec<u128>,
}

impl Index {
    /// An index of rules whose packets are within these bounds.
    pub fn new(bounds: Vec<Bounds>) -> Index {
        let rows = telling_rows(&bounds);
        let known = |bounds: &Bounds| -> SmallVec<[u32; FIELDS]> {
            rows.iter().map(|&(row, _)| row).filter(|&row| bounds.side(row).is_some()).collect()
        };
        let mut groups: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (rule, of_rule) in bounds.iter().enumerate() {
            let known = known(of_rule);
            groups.entry((known.len(), known)).or_default().push(rule);
        }
        // The widest rules first, which take most packets.
        let groups = groups.into_iter().map(|((_, rows), rules)| Group::new(rules, &rows, &bounds)).collect();
        let unbounded = bounds.iter().enumerate().filter(|(_, bounds)| bounds.0.is_empty()).map(|(n, _)| n).collect();
        Index { groups, rows, unbounded, bounds }
    }

    /// The bounds of a rule.
    pub fn bounds(&self, rule: usize) -> Option<&Bounds> {
        self.bounds.get(rule)
    }

    /// The rules of which no bounds are known, in order.
    pub fn unbounded(&self) -> &[usize] {
        &self.unbounded
    }

    /// Calls `take` with the rules of a range that may concern a packet, in no order, as long as it wants more.
    pub fn each_of_packet(
        &self,
        sample: &Sample,
        range: Range<usize>,
        take: &mut dyn FnMut(usize) -> Option<()>,
    ) -> Option<()> {
        let side = |&(row, width): &(u32, u32)| {
            let number = number(sample, row, width);
            Side { row, lo: number, hi: number }
        };
        let packet = Bounds(self.rows.iter().map(side).collect());
        self.each(&packet, range, take)
    }

    /// The rules of a range that may concern packets within bounds, in order; `None` where they are more than `most`.
    pub fn meeting(&self, bounds: &Bounds, range: Range<usize>, most: usize) -> Option<Vec<usize>> {
        let mut found = Vec::new();
        self.each(bounds, range, &mut |rule| {
            found.push(rule);
            (found.len() <= most).then_some(())
        })?;
        found.sort_unstable();
        Some(found)
    }

    fn each(&self, bounds: &Bounds, range: Range<usize>, take: &mut dyn FnMut(usize) -> Option<()>) -> Option<()> {
        let mut take = |rule: usize| {
            let meets = range.contains(&rule) && self.bounds.get(rule).is_some_and(|own| own.meets(bounds));
            if meets { take(rule) } else { Some(()) }
        };
        self.groups.iter().try_for_each(|group| match group.field(bounds) {
            Some((field, side)) => field.each(side, &mut take),
            None => {
                let from = group.rules.partition_point(|&rule| rule < range.start);
                let rules = group.rules.get(from..).unwrap_or_default();
                rules.iter().take_while(|&&rule| rule < range.end).try_for_each(|&rule| take(rule))
            }
        })
    }
}

/// The rows that tell most rules apart, and of each how many variables matter.
fn telling_rows(bounds: &[Bounds]) -> Vec<(u32, u32)> {
    let mut sides: Vec<&Side> = bounds.iter().flat_map(|bounds| &bounds.0).collect();
    sides.sort_unstable_by_key(|side| (side.row, side.lo, side.hi));
    let rows = sides.chunk_by(|a, b| a.row == b.row).filter_map(|sides| {
        let different = sides.chunk_by(|a, b| a == b).count();
        Some((different, sides.first()?.row, sides.iter().map(|side| width(side)).max()?))
    });
    let mut rows: Vec<(usize, u32, u32)> = rows.collect();
    rows.sort_unstable_by_key(|&(different, row, _)| (Reverse(different), row));
    let mut rows: Vec<(u32, u32)> = rows.into_iter().take(FIELDS).map(|(_, row, width)| (row, width)).collect();
    rows.sort_unstable();
    rows
}

impl Group {
    fn new(rules: Vec<usize>, rows: &[u32], bounds: &[Bounds]) -> Group {
        let fields = rows.iter().map(|&row| Field::new(&rules, bounds, row)).collect();
        Group { rules, fields }
    }

    /// The field by which the fewest rules come into question; `None` where the bounds say nothing of any.
    fn field<'a>(&self, bounds: &'a Bounds) -> Option<(&Field, &'a Side)> {
        let known =
            bounds.0.iter().filter_map(|side| Some((self.fields.iter().find(|field| field.row == side.row)?, side)));
        known.min_by_key(|(field, side)| field.count(side))
    }
}

impl Field {
    /// A row of which these rules say something.
    fn new(rules: &[usize], bounds: &[Bounds], row: u32) -> Field {
        let side = |&rule: &usize| {
            let side = bounds.get(rule)?.side(row)?;
            Some((side.lo, side.hi, rule))
        };
        let mut by_lo: Vec<(u128, u128, usize)> = rules.iter().filter_map(side).collect();
        by_lo.sort_unstable();
        let mut most: Vec<u128> = by_lo.iter().map(|&(_, hi, _)| hi).collect();
        let mut his = most.clone();
        his.sort_unstable();
        fill(&mut most);
        Field { row, by_lo, his, most }
    }

    /// How many rules have numbers in common with a side.
    fn count(&self, side: &Side) -> usize {
        let begun = self.by_lo.partition_point(|&(lo, ..)| lo <= side.hi);
        begun - self.his.partition_point(|&hi| hi < side.lo)
    }

    /// Calls `take` with each of them, as long as it wants more.
    fn each(&self, side: &Side, take: &mut dyn FnMut(usize) -> Option<()>) -> Option<()> {
        let begun = self.by_lo.partition_point(|&(lo, ..)| lo <= side.hi);
        self.each_of(0..self.by_lo.len(), begun, side.lo, take)
    }

    fn each_of(
        &self,
        part: Range<usize>,
        begun: usize,
        lo: u128,
        take: &mut dyn FnMut(usize) -> Option<()>,
    ) -> Option<()> {
        let middle = part.start.midpoint(part.end);
        let ended = self.most.get(middle).is_none_or(|&most| most < lo);
        if part.is_empty() || part.start >= begun || ended {
            return Some(());
        }
        self.each_of(part.start..middle, begun, lo, take)?;
        if let Some(&(_, _, rule)) = self.by_lo.get(middle).filter(|&&(_, hi, _)| middle < begun && hi >= lo) {
            take(rule)?;
        }
        self.each_of(middle + 1..part.end, begun, lo, take)
    }
}

/// Replaces the middle of each part that halving leads to by the largest number in the part, which it returns.
fn fill(part: &mut [u128]) -> u128 {
    let (left, rest) = part.split_at_mut(part.len() / 2);
    let Some((middle, right)) = rest.split_first_mut() else { return 0 };
    *middle = (*middle).max(fill(left)).max(fill(right));
    *middle
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bounds of so many rows, 0 to 7 in each, as numbers drawn from a seed.
    fn drawn(seed: &mut u64) -> Bounds {
        let mut next = |below: u64| {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (*seed >> 33) % below
        };
        let mut bounds = Bounds::default();
        for row in 0..5 {
            if next(3) > 0 {
                let (a, b) = (next(8), next(8));
                bounds.0.push(Side { row, lo: u128::from(a.min(b)), hi: u128::from(a.max(b)) });
            }
        }
        bounds
    }

    #[test]
    fn the_rules_that_are_found_are_those_that_meet() {
        let mut seed = 1;
        for count in [0, 1, 2, 3, 50, 200] {
            let rules: Vec<Bounds> = (0..count).map(|_| drawn(&mut seed)).collect();
            let index = Index::new(rules.clone());
            for _ in 0..100 {
                let (asked, range) = (drawn(&mut seed), count / 4..count);
                let want: Vec<usize> = range.clone().filter(|&n| rules[n].meets(&asked)).collect();
                assert_eq!(index.meeting(&asked, range.clone(), usize::MAX).as_ref(), Some(&want), "{asked:?}");
                let limited = index.meeting(&asked, range, 5);
                assert_eq!(limited, (want.len() <= 5).then_some(want));
            }
        }
    }
}
