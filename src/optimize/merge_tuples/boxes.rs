//! Products of value sets, one set for each field, and the rows of a concatenation that say the same.
//!
//! Invariant: the rows that come out are disjoint, since overlapping ranges load silently and the order
//! in which they were added would decide. Time is linear in the rows, but for sorting.

use std::hash::{Hash, Hasher};

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashSet, FxHasher};
use smallvec::SmallVec;

use crate::packet::{Interval, IntervalSet};

/// For each field the values that it may have.
pub(super) type Cell = SmallVec<[IntervalSet; 4]>;

/// One interval for each field.
pub(super) type Line = SmallVec<[Interval; 4]>;

/// What agrees in all fields but one, in the order in which it came, with the values of that one; nearly always one.
type Groups<K> = IndexMap<K, SmallVec<[Interval; 1]>, FxBuildHasher>;

/// Rows that may stand for one rule, on average, before the rules stay as they are.
const ROWS_PER_CELL: usize = 8;

/// Unites cells that differ in one field. `None` when two share a packet although they must not.
pub(super) fn unite(mut cells: Vec<Cell>, exclusive: bool) -> Option<Vec<Cell>> {
    let width = cells.first().map_or(0, SmallVec::len);
    let (mut field, mut idle) = (0, 0);
    while idle < width && cells.len() > 1 {
        let before = cells.len();
        if may_unite(&cells, field) {
            cells = unite_by(cells, field, exclusive)?;
        }
        idle = if cells.len() < before { 1 } else { idle + 1 };
        field = (field + 1) % width;
    }
    Some(cells)
}

/// Whether any two cells may differ in nothing but this field.
fn may_unite(cells: &[Cell], field: usize) -> bool {
    let mut seen: FxHashSet<u64> = FxHashSet::default();
    seen.reserve(cells.len());
    !cells.iter().all(|cell| seen.insert(hash_but(cell, field)))
}

/// A hash of all but one field.
fn hash_but(parts: &[impl Hash], field: usize) -> u64 {
    let mut hasher = FxHasher::default();
    let others = parts.iter().enumerate().filter(|(at, _)| *at != field);
    others.for_each(|(_, part)| part.hash(&mut hasher));
    hasher.finish()
}

/// Unites cells that differ in nothing but this field.
fn unite_by(cells: Vec<Cell>, field: usize, exclusive: bool) -> Option<Vec<Cell>> {
    let mut groups: Groups<Cell> = Groups::default();
    for mut cell in cells {
        let own = std::mem::take(&mut cell[field]);
        groups.entry(cell).or_default().extend_from_slice(own.intervals());
    }
    let close = |(mut cell, mut values): (Cell, SmallVec<[Interval; 1]>)| {
        if exclusive && overlap(&mut values) {
            return None;
        }
        cell[field] = values.into_iter().collect();
        Some(cell)
    };
    groups.into_iter().map(close).collect()
}

/// Whether two of the intervals share a value; sorts them.
fn overlap(intervals: &mut [Interval]) -> bool {
    intervals.sort_unstable();
    intervals.windows(2).any(|pair| pair[1].lo <= pair[0].hi)
}

/// Disjoint rows, sorted. `whole` says of which fields an interval must not be cut. `None` when there
/// would be too many, or two cells share a packet although they must not.
pub(super) fn rows(cells: &[Cell], whole: &[bool], exclusive: bool) -> Option<Vec<Line>> {
    let most = cells.len().saturating_mul(ROWS_PER_CELL);
    let mut lines: Vec<Line> = Vec::with_capacity(cells.len());
    for cell in cells {
        if lines.len().saturating_add(product(cell)) > most {
            return None;
        }
        expand_into(cell, &mut lines);
    }
    let crossing: Vec<usize> = (0..whole.len()).filter(|&field| crosses(&lines, field)).collect();
    // One field need not be cut: equal rows are united by it.
    let kept = crossing.iter().copied().find(|&f| whole[f]).or_else(|| crossing.last().copied());
    for &field in crossing.iter().filter(|&&f| Some(f) != kept) {
        if whole[field] {
            return None;
        }
        lines = cut(&lines, field, most)?;
    }
    let mut rows = gather(lines, kept.unwrap_or(0), exclusive)?;
    rows.sort_unstable();
    Some(rows)
}

/// How many combinations of one interval of each field there are.
pub(super) fn product(cell: &Cell) -> usize {
    cell.iter().fold(1, |n, set| n.saturating_mul(set.intervals().len()))
}

/// Every combination of one interval of each field.
pub(super) fn expand(cell: &Cell) -> Vec<Line> {
    let mut lines = Vec::new();
    expand_into(cell, &mut lines);
    lines
}

/// The same at the end of other lines.
fn expand_into(cell: &Cell, lines: &mut Vec<Line>) {
    let mut at: SmallVec<[usize; 4]> = SmallVec::from_elem(0, cell.len());
    if cell.iter().any(IntervalSet::is_empty) {
        return;
    }
    loop {
        let mut line = Line::with_capacity(cell.len());
        line.extend(cell.iter().zip(&at).map(|(set, &at)| set.intervals()[at]));
        lines.push(line);
        // The last field that has a next interval takes it, and those behind it begin anew.
        let Some(field) = (0..cell.len()).rev().find(|&field| at[field] + 1 < cell[field].intervals().len()) else {
            return;
        };
        at[field] += 1;
        at[field + 1..].fill(0);
    }
}

/// Whether two different intervals of the field share a value.
fn crosses(lines: &[Line], field: usize) -> bool {
    if lines.iter().all(|line| line[field].is_point()) {
        return false;
    }
    let mut all: Vec<Interval> = lines.iter().map(|line| line[field]).collect();
    all.sort_unstable();
    all.dedup();
    overlap(&mut all)
}

/// Cuts a field's intervals at the ends of all others.
fn cut(lines: &[Line], field: usize, most: usize) -> Option<Vec<Line>> {
    let mut starts: Vec<u128> = Vec::with_capacity(lines.len() * 2);
    for line in lines {
        starts.push(line[field].lo);
        starts.extend(line[field].hi.checked_add(1));
    }
    starts.sort_unstable();
    starts.dedup();
    let mut out = Vec::with_capacity(lines.len());
    for line in lines {
        let Interval { lo, hi } = line[field];
        let inner = starts.iter().skip(starts.partition_point(|&s| s <= lo)).take_while(|&&s| s <= hi);
        let mut from = lo;
        for &start in inner.chain(hi.checked_add(1).iter()) {
            let mut piece = line.clone();
            piece[field] = Interval::new(from, start - 1);
            out.push(piece);
            from = start;
        }
        if hi == u128::MAX {
            let mut piece = line.clone();
            piece[field] = Interval::new(from, hi);
            out.push(piece);
        }
        if out.len() > most {
            return None;
        }
    }
    Some(out)
}

/// Rows that agree in all other fields have their intervals of this one united.
fn gather(lines: Vec<Line>, field: usize, exclusive: bool) -> Option<Vec<Line>> {
    let mut seen: FxHashSet<u64> = FxHashSet::default();
    seen.reserve(lines.len());
    if lines.iter().all(|line| seen.insert(hash_but(line, field))) {
        return Some(lines);
    }
    let mut rows = Vec::with_capacity(lines.len());
    // Intervals that only touch are kept apart unless rows really share a value: they read as written.
    let mut groups: Groups<Line> = Groups::default();
    for mut line in lines {
        let own = std::mem::replace(&mut line[field], Interval::point(0));
        groups.entry(line).or_default().push(own);
    }
    for (line, mut values) in groups {
        if overlap(&mut values) {
            if exclusive {
                return None;
            }
            values = values.into_iter().collect::<IntervalSet>().intervals().into();
        }
        for value in values {
            let mut row = line.clone();
            row[field] = value;
            rows.push(row);
        }
    }
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(parts: &[(u128, u128)]) -> Cell {
        parts.iter().map(|&(lo, hi)| IntervalSet::range(lo, hi)).collect()
    }

    fn holds(cell: &Cell, point: &[u128]) -> bool {
        cell.iter().zip(point).all(|(set, &v)| set.contains(v))
    }

    #[test]
    fn rows_are_disjoint_and_say_the_same() {
        let cases: &[&[&[(u128, u128)]]] = &[
            &[&[(1, 1), (5, 5)], &[(2, 2), (6, 6)]],
            &[&[(0, 9), (0, 4)], &[(5, 12), (3, 8)], &[(7, 7), (7, 7)]],
            &[&[(0, 15), (0, 15)], &[(3, 3), (4, 4)]],
            &[&[(0, 3), (1, 1)], &[(2, 6), (1, 1)], &[(2, 2), (9, 9)]],
        ];
        for case in cases {
            let cells: Vec<Cell> = case.iter().map(|parts| cell(parts)).collect();
            let united = unite(cells.clone(), false).unwrap();
            let rows = rows(&united, &[false, false], false).unwrap();
            for x in 0..16 {
                for y in 0..16 {
                    let want = cells.iter().any(|c| holds(c, &[x, y]));
                    let inside = |r: &&Line| r[0].lo <= x && x <= r[0].hi && r[1].lo <= y && y <= r[1].hi;
                    let found = rows.iter().filter(inside).count();
                    assert_eq!(found, usize::from(want), "{case:?} at {x}, {y}");
                }
            }
        }
    }

    #[test]
    fn what_may_not_overlap_does_not() {
        let crossing = vec![cell(&[(0, 9), (0, 4)]), cell(&[(5, 12), (3, 8)])];
        assert_eq!(rows(&crossing, &[false, false], true), None);
        assert_eq!(unite(vec![cell(&[(1, 5), (1, 1)]), cell(&[(5, 6), (1, 1)])], true), None);
        let apart = vec![cell(&[(0, 9), (0, 4)]), cell(&[(5, 12), (5, 8)])];
        assert!(rows(&apart, &[false, false], true).is_some());
        assert_eq!(rows(&crossing, &[true, true], false), None);
    }
}
