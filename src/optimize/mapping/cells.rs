//! Boxes of values, cut apart: every packet lies in at most one.
//!
//! One dimension is kept sorted. In more, boxes that are single points are found by hashing, and the
//! others, of which only so many are taken, one by one.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use crate::packet::Interval;

/// A product of intervals.
pub type Cell = SmallVec<[Interval; 3]>;

/// Boxes other than points that are looked at one by one.
const MOST_BROAD: usize = 64;
/// Pieces that one box may fall into.
const MOST_PIECES: usize = 32;

/// The boxes taken in so far, and whether packets in them go on to later ones.
#[derive(Debug, Default)]
pub struct Cells {
    line: BTreeMap<u128, (u128, bool)>,
    points: FxHashSet<Cell>,
    /// Points from which packets go on.
    open: FxHashSet<Cell>,
    broad: Vec<(Cell, bool)>,
}

/// What is left of a box beside earlier ones.
#[derive(Debug)]
pub enum Left {
    Whole,
    Pieces(Vec<Cell>),
}

impl Cells {
    /// What is left of the box beside those taken in before, which it then joins; `None`, and nothing
    /// changes, where packets would have gone on from an earlier one to this one, or where there are too
    /// many to tell.
    pub fn add(&mut self, cell: &Cell, is_final: bool) -> Option<Left> {
        match cell.as_slice() {
            [only] => self.add_to_line(*only, is_final),
            _ if is_point(cell) && !self.broad.iter().any(|(other, _)| meet(cell, other)) => {
                self.add_point(cell, is_final)
            }
            _ => self.add_to_space(cell, is_final).map(Left::Pieces),
        }
    }

    /// A point beside all broad boxes.
    fn add_point(&mut self, cell: &Cell, is_final: bool) -> Option<Left> {
        if self.open.contains(cell) {
            return None;
        }
        if self.points.contains(cell) {
            return Some(Left::Pieces(Vec::new()));
        }
        if is_final { &mut self.points } else { &mut self.open }.insert(cell.clone());
        Some(Left::Whole)
    }

    fn add_to_line(&mut self, i: Interval, is_final: bool) -> Option<Left> {
        let mut left = Vec::new();
        let mut from = Some(i.lo);
        let below = self.line.range(..i.lo).next_back().filter(|(_, (hi, _))| *hi >= i.lo);
        for (&lo, &(hi, ended)) in below.into_iter().chain(self.line.range(i.lo..=i.hi)) {
            if !ended {
                return None;
            }
            if let Some(from) = from.filter(|&from| from < lo) {
                left.push(Interval::new(from, lo - 1));
            }
            from = hi.checked_add(1);
        }
        left.extend(from.filter(|&from| from <= i.hi).map(|from| Interval::new(from, i.hi)));
        self.line.extend(left.iter().map(|i| (i.lo, (i.hi, is_final))));
        if left.as_slice() == [i] {
            return Some(Left::Whole);
        }
        Some(Left::Pieces(left.into_iter().map(|i| SmallVec::from_slice(&[i])).collect()))
    }

    fn add_to_space(&mut self, cell: &Cell, is_final: bool) -> Option<Vec<Cell>> {
        let mut left = vec![cell.clone()];
        for (other, ended) in self.meeting(cell) {
            if !ended {
                return None;
            }
            left = left.iter().flat_map(|piece| minus(piece, &other)).collect();
            if left.len() > MOST_PIECES {
                return None;
            }
        }
        let broad = left.iter().filter(|piece| !is_point(piece)).count();
        if self.broad.len() + broad > MOST_BROAD {
            return None;
        }
        for piece in &left {
            match is_point(piece) {
                true if is_final => _ = self.points.insert(piece.clone()),
                true => _ = self.open.insert(piece.clone()),
                false => self.broad.push((piece.clone(), is_final)),
            }
        }
        Some(left)
    }

    /// The earlier boxes that share a value with this one.
    fn meeting(&self, cell: &Cell) -> Vec<(Cell, bool)> {
        let broad = self.broad.iter().filter(|(other, _)| meet(cell, other)).cloned();
        let mut found: Vec<(Cell, bool)> = broad.collect();
        if is_point(cell) {
            found.extend(self.points.get(cell).map(|point| (point.clone(), true)));
            found.extend(self.open.get(cell).map(|point| (point.clone(), false)));
            return found;
        }
        found.extend(self.points.iter().filter(|point| meet(cell, point)).map(|point| (point.clone(), true)));
        found.extend(self.open.iter().filter(|point| meet(cell, point)).map(|point| (point.clone(), false)));
        found.sort_unstable();
        found
    }
}

fn is_point(cell: &Cell) -> bool {
    cell.iter().all(|i| i.is_point())
}

fn meet(a: &Cell, b: &Cell) -> bool {
    a.iter().zip(b).all(|(a, b)| a.lo <= b.hi && b.lo <= a.hi)
}

/// `a` without `b`, in disjoint boxes.
fn minus(a: &Cell, b: &Cell) -> Vec<Cell> {
    if !meet(a, b) {
        return vec![a.clone()];
    }
    let mut rest = a.clone();
    let mut out = Vec::new();
    for at in 0..a.len() {
        let (Some(&mine), Some(&other)) = (rest.get(at), b.get(at)) else { break };
        let mut put = |lo: u128, hi: u128| {
            let mut piece = rest.clone();
            piece[at] = Interval::new(lo, hi);
            out.push(piece);
        };
        if mine.lo < other.lo {
            put(mine.lo, other.lo - 1);
        }
        if mine.hi > other.hi {
            put(other.hi + 1, mine.hi);
        }
        rest[at] = Interval::new(mine.lo.max(other.lo), mine.hi.min(other.hi));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(sides: &[(u128, u128)]) -> Cell {
        sides.iter().map(|&(lo, hi)| Interval::new(lo, hi)).collect()
    }

    /// Every value goes to the first box that holds it, and to no piece of a later one.
    #[test]
    fn the_first_box_keeps_a_value() {
        let mut state = 1u32;
        let mut next = move |below: u32| {
            state = state.wrapping_mul(1_103_515_245).wrapping_add(12345);
            u128::from((state >> 16) % below)
        };
        for dims in [1, 2, 3] {
            for _ in 0..40 {
                let mut cells = Cells::default();
                let mut boxes = Vec::new();
                for _ in 0..12 {
                    let sides: Vec<(u128, u128)> = (0..dims)
                        .map(|_| {
                            let lo = next(6);
                            (lo, lo + next(3))
                        })
                        .collect();
                    let new = cell(&sides);
                    let pieces = match cells.add(&new, true) {
                        Some(Left::Whole) => vec![new.clone()],
                        Some(Left::Pieces(pieces)) => pieces,
                        None => continue,
                    };
                    boxes.push((new, pieces));
                }
                for value in 0..8u128.pow(dims) {
                    let point: Cell = (0..dims).map(|d| Interval::point(value / 8u128.pow(d) % 8)).collect();
                    let first = boxes.iter().position(|(whole, _)| meet(whole, &point));
                    let holders: Vec<usize> = (0..boxes.len())
                        .flat_map(|at| boxes[at].1.iter().filter(|piece| meet(piece, &point)).map(move |_| at))
                        .collect();
                    assert_eq!(holders, first.into_iter().collect::<Vec<_>>());
                }
            }
        }
    }

    #[test]
    fn packets_that_go_on_are_not_cut_off() {
        let mut cells = Cells::default();
        assert!(cells.add(&cell(&[(10, 20)]), false).is_some());
        assert!(cells.add(&cell(&[(20, 30)]), true).is_none());
        assert!(cells.add(&cell(&[(21, 30)]), true).is_some());
        let mut cells = Cells::default();
        assert!(cells.add(&cell(&[(1, 1), (2, 2)]), false).is_some());
        assert!(cells.add(&cell(&[(1, 1), (2, 2)]), true).is_none());
        assert!(cells.add(&cell(&[(0, 5), (2, 2)]), true).is_none());
        assert!(cells.add(&cell(&[(0, 5), (3, 3)]), true).is_some());
    }
}
