//! Products of value sets, one set for each field, and the rows of a concatenation that say the same.
//!
//! Invariant: the rows that come out are disjoint, since overlapping ranges load silently and the order
//! in which they were added would decide. Time is linear in the rows, but for sorting.

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::alike::{Sums, groups};
use super::grid::Grid;
use crate::packet::{Interval, IntervalSet};
use crate::parallel;

/// For each field the values that it may have.
pub(super) type Cells = Grid<IntervalSet>;

/// One interval for each field.
pub(super) type Lines = Grid<Interval>;

/// Rows that may stand for one rule, on average, before the rules stay as they are.
const ROWS_PER_CELL: usize = 8;

/// Unites cells that differ in one field. `None` when two share a packet although they must not.
pub(super) fn unite(mut cells: Cells, exclusive: bool) -> Option<Cells> {
    let width = cells.width();
    let mut sums = Sums::of(&cells);
    let (mut field, mut idle) = (0, 0);
    while idle < width && cells.len() > 1 {
        let groups = groups(&cells, &sums, field);
        if groups.is_empty() {
            idle += 1;
        } else {
            cells = unite_groups(cells, &groups, field, exclusive)?;
            sums = Sums::of(&cells);
            idle = 1;
        }
        field = (field + 1) % width;
    }
    Some(cells)
}

/// Unites cells that differ in nothing but this field, where the first of each group stands.
fn unite_groups(mut cells: Cells, groups: &FxHashMap<u32, Vec<u32>>, field: usize, exclusive: bool) -> Option<Cells> {
    let mut gone = vec![false; cells.len()];
    for (&first, others) in groups {
        let members = || std::iter::once(first).chain(others.iter().copied());
        let mut values: Vec<Interval> =
            members().flat_map(|at| cells.row(at as usize)[field].intervals()).copied().collect();
        if exclusive && overlap(&mut values) {
            return None;
        }
        cells.row_mut(first as usize)[field] = values.into();
        others.iter().for_each(|&other| gone[other as usize] = true);
    }
    cells.drop_rows(&gone);
    Some(cells)
}

/// Whether two of the intervals share a value; sorts them.
fn overlap(intervals: &mut [Interval]) -> bool {
    intervals.sort_unstable();
    intervals.windows(2).any(|pair| pair[1].lo <= pair[0].hi)
}

/// Disjoint rows, sorted, of cells that are united. `whole` says of which fields an interval must not be cut. `None` when there
/// would be too many, or two cells share a packet although they must not.
pub(super) fn rows(cells: &Cells, whole: &[bool], exclusive: bool) -> Option<Lines> {
    let most = cells.len().saturating_mul(ROWS_PER_CELL);
    let mut lines = Lines::new(cells.width(), cells.len());
    for cell in cells.rows() {
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
    // United cells of one row each agree in all fields but one nowhere, as long as none is cut.
    let as_united = crossing.len() < 2 && cells.rows().all(|cell| product(cell) == 1);
    Some(sorted(&if as_united { lines } else { gather(lines, kept.unwrap_or(0), exclusive)? }))
}

/// How many combinations of one interval of each field there are.
pub(super) fn product(cell: &[IntervalSet]) -> usize {
    cell.iter().fold(1, |n, set| n.saturating_mul(set.intervals().len()))
}

/// Every combination of one interval of each field.
pub(super) fn expand(cell: &[IntervalSet]) -> Lines {
    let mut lines = Lines::new(cell.len(), 1);
    expand_into(cell, &mut lines);
    lines
}

/// The same at the end of other lines.
fn expand_into(cell: &[IntervalSet], lines: &mut Lines) {
    match product(cell) {
        0 => return,
        1 => return lines.push(cell.iter().flat_map(IntervalSet::intervals).copied()),
        _ => {}
    }
    let mut at: SmallVec<[usize; 6]> = SmallVec::from_elem(0, cell.len());
    loop {
        lines.push(cell.iter().zip(&at).map(|(set, &at)| set.intervals()[at]));
        // The last field that has a next interval takes it, and those behind it begin anew.
        let Some(field) = (0..cell.len()).rev().find(|&field| at[field] + 1 < cell[field].intervals().len()) else {
            return;
        };
        at[field] += 1;
        at[field + 1..].fill(0);
    }
}

/// Whether two different intervals of the field share a value.
fn crosses(lines: &Lines, field: usize) -> bool {
    let own = || lines.rows().map(|line| line[field]);
    let size = own().next().map_or(0, |i| i.hi - i.lo);
    // Blocks of one size are the same or apart.
    if own().all(|i| i.hi - i.lo == size && i.is_block()) {
        return false;
    }
    let mut all: Vec<Interval> = own().collect();
    all.sort_unstable();
    all.dedup();
    overlap(&mut all)
}

/// Cuts a field's intervals at the ends of all others.
fn cut(lines: &Lines, field: usize, most: usize) -> Option<Lines> {
    let mut starts: Vec<u128> = Vec::with_capacity(lines.len() * 2);
    for line in lines.rows() {
        starts.push(line[field].lo);
        starts.extend(line[field].hi.checked_add(1));
    }
    starts.sort_unstable();
    starts.dedup();
    let mut out = Lines::new(lines.width(), lines.len());
    for line in lines.rows() {
        let Interval { lo, hi } = line[field];
        let mut put = |lo, hi| {
            let piece = Interval::new(lo, hi);
            out.push(line.iter().enumerate().map(|(at, &own)| if at == field { piece } else { own }));
        };
        let inner = starts.iter().skip(starts.partition_point(|&s| s <= lo)).take_while(|&&s| s <= hi);
        let mut from = lo;
        for &start in inner.chain(hi.checked_add(1).iter()) {
            put(from, start - 1);
            from = start;
        }
        if hi == u128::MAX {
            put(from, hi);
        }
        if out.len() > most {
            return None;
        }
    }
    Some(out)
}

/// Rows that agree in all other fields have their intervals of this one united.
fn gather(lines: Lines, field: usize, exclusive: bool) -> Option<Lines> {
    let groups = groups(&lines, &Sums::of(&lines), field);
    if groups.is_empty() {
        return Some(lines);
    }
    let mut out = Lines::new(lines.width(), lines.len());
    let taken: FxHashSet<u32> = groups.values().flatten().copied().collect();
    for (line, at) in lines.rows().zip(0..).filter(|(_, at)| !taken.contains(at)) {
        let Some(others) = groups.get(&at) else {
            out.push(line.iter().copied());
            continue;
        };
        // Intervals that only touch are kept apart unless rows really share a value: they read as written.
        let others = others.iter().map(|&other| lines.row(other as usize)[field]);
        let mut values: Vec<Interval> = std::iter::once(line[field]).chain(others).collect();
        if overlap(&mut values) {
            if exclusive {
                return None;
            }
            values = IntervalSet::from(values).intervals().to_vec();
        }
        for value in values {
            out.push(line.iter().enumerate().map(|(at, &own)| if at == field { value } else { own }));
        }
    }
    Some(out)
}

/// What most rows differ in stands beside each, so that sorting need not look for it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Sorted<'l> {
    head: [Option<Interval>; 2],
    line: &'l [Interval],
}

fn sorted(lines: &Lines) -> Lines {
    let head = |line: &[Interval]| [line.first().copied(), line.get(1).copied()];
    let mut order: Vec<Sorted> = lines.rows().map(|line| Sorted { head: head(line), line }).collect();
    parallel::sort(&mut order);
    let mut out = Lines::new(lines.width(), lines.len());
    order.into_iter().for_each(|row| out.push(row.line.iter().copied()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    type Parts<'p> = &'p [(u128, u128)];

    fn cells(all: &[Parts]) -> Cells {
        let mut cells = Cells::new(2, all.len());
        all.iter().for_each(|parts| cells.push(parts.iter().map(|&(lo, hi)| IntervalSet::range(lo, hi))));
        cells
    }

    fn holds(cell: &[IntervalSet], point: &[u128]) -> bool {
        cell.iter().zip(point).all(|(set, &v)| set.contains(v))
    }

    #[test]
    fn rows_are_disjoint_and_say_the_same() {
        let cases: &[&[Parts]] = &[
            &[&[(1, 1), (5, 5)], &[(2, 2), (6, 6)]],
            &[&[(0, 9), (0, 4)], &[(5, 12), (3, 8)], &[(7, 7), (7, 7)]],
            &[&[(0, 15), (0, 15)], &[(3, 3), (4, 4)]],
            &[&[(0, 3), (1, 1)], &[(2, 6), (1, 1)], &[(2, 2), (9, 9)]],
        ];
        for case in cases {
            let cells = cells(case);
            let united = unite(cells.clone(), false).unwrap();
            let rows = rows(&united, &[false, false], false).unwrap();
            for x in 0..16 {
                for y in 0..16 {
                    let want = cells.rows().any(|c| holds(c, &[x, y]));
                    let inside = |r: &&[Interval]| r[0].lo <= x && x <= r[0].hi && r[1].lo <= y && y <= r[1].hi;
                    let found = rows.rows().filter(inside).count();
                    assert_eq!(found, usize::from(want), "{case:?} at {x}, {y}");
                }
            }
        }
    }

    #[test]
    fn what_may_not_overlap_does_not() {
        let crossing = cells(&[&[(0, 9), (0, 4)], &[(5, 12), (3, 8)]]);
        assert_eq!(rows(&crossing, &[false, false], true), None);
        assert_eq!(unite(cells(&[&[(1, 5), (1, 1)], &[(5, 6), (1, 1)]]), true), None);
        let apart = cells(&[&[(0, 9), (0, 4)], &[(5, 12), (5, 8)]]);
        assert!(rows(&apart, &[false, false], true).is_some());
        assert_eq!(rows(&crossing, &[true, true], false), None);
    }
}
