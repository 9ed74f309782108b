//! Rows that agree in all columns but one.

use std::hash::{BuildHasher, Hash};

use rustc_hash::{FxBuildHasher, FxHashMap};
use smallvec::SmallVec;

use super::grid::Grid;
use crate::optimize::repeats::Repeats;

/// Hashes of all items and of all rows; taking an item out is a subtraction.
pub(super) struct Sums {
    items: Vec<u64>,
    rows: Vec<u64>,
}

impl Sums {
    /// Of all rows.
    pub fn of<T: Hash>(grid: &Grid<T>) -> Self {
        let mut items = Vec::with_capacity(grid.len() * grid.width());
        let mut rows = Vec::with_capacity(grid.len());
        for row in grid.rows() {
            let mut sum = 0_u64;
            for (item, column) in row.iter().zip(1_u64..) {
                // The same in another column is something else.
                let hash = FxBuildHasher.hash_one(item).wrapping_mul(2 * column + 1);
                items.push(hash);
                sum = sum.wrapping_add(hash);
            }
            rows.push(sum);
        }
        Sums { items, rows }
    }

    /// For each row a hash of all but one column.
    fn but(&self, column: usize) -> impl ExactSizeIterator<Item = u64> {
        let width = self.items.len() / self.rows.len().max(1);
        let own = self.items.iter().skip(column).step_by(width.max(1));
        self.rows.iter().zip(own).map(|(row, own)| row.wrapping_sub(*own))
    }
}

/// Rows that agree with others in all columns but one: for the first of each kind, the others in order.
pub(super) fn groups<T: Eq>(grid: &Grid<T>, sums: &Sums, column: usize) -> FxHashMap<u32, Vec<u32>> {
    let repeats = Repeats::of(sums.rows.len(), sums.but(column));
    let mut seen: FxHashMap<u64, SmallVec<[u32; 2]>> = FxHashMap::default();
    let mut groups: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    for (sum, at) in sums.but(column).zip(0_u32..).filter(|(sum, _)| repeats.may_repeat(*sum)) {
        let firsts = seen.entry(sum).or_default();
        let row = grid.row(at as usize);
        let agrees = |first: &&u32| {
            let first = grid.row(**first as usize);
            first[..column] == row[..column] && first[column + 1..] == row[column + 1..]
        };
        match firsts.iter().find(agrees) {
            Some(&first) => groups.entry(first).or_default().push(at),
            None => firsts.push(at),
        }
    }
    groups
}
