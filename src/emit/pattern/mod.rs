//! Patterns: the text of rules, or of elements of a set, that are alike, cut where their plain values stand.
//!
//! Machines write long dumps, so that most rules are like one before but for an address, a port, a chain or a comment.
//! Once some that are alike were seen, the text of the next ones is put together of pieces of theirs and of their own
//! values. Invariant: the same bytes as emitting and printing each by itself; what has no pattern goes that way.

mod learn;
mod segment;
mod shaped;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::Table;
use crate::nft::print::{Entries, Style};
pub(super) use learn::printed;
use segment::Pattern;
pub(super) use shaped::Listed;
use shaped::Shaped;

/// How many of a shape go by before its pattern is learnt, which takes about as long as printing four.
const BEFORE: u32 = 4;

/// Shapes that are told apart where their hashes are the same; any others have no pattern.
const MOST: usize = 8;

/// Shapes that are kept; any others have no pattern.
const SHAPES: usize = 4096;

/// The shapes of some rules of one table, or of the elements of one set.
pub(super) struct Patterns<'r, T: Shaped> {
    place: T::Place<'r>,
    shapes: Vec<Shape<'r, T>>,
    by_hash: FxHashMap<u64, SmallVec<[usize; 1]>>,
    /// The shape of the last one.
    last: usize,
}

/// What is alike.
struct Shape<'r, T> {
    first: &'r T,
    seen: u32,
    pattern: Option<Pattern>,
    /// The shape of what came behind the last one of these, which is the first guess for the next time.
    next: usize,
}

impl<'r, T: Shaped> Patterns<'r, T> {
    pub(super) fn new(place: T::Place<'r>) -> Self {
        Patterns { place, shapes: Vec::new(), by_hash: FxHashMap::default(), last: 0 }
    }

    /// Writes the rule or element, if there is a pattern for it.
    pub(super) fn write(&mut self, table: &Table, one: &'r T, out: &mut Entries, style: &Style) -> bool {
        let place = self.place;
        let Some(shape) = self.shape(one) else { return false };
        if shape.seen < BEFORE {
            shape.seen += 1;
            if shape.seen == BEFORE {
                shape.pattern = learn::learn(table, one, place, style);
            }
        }
        let mark = out.mark();
        let pattern = shape.pattern.as_ref();
        let written = pattern.is_some_and(|pattern| pattern.write(table, one, place, out));
        debug_assert!(!written || learn::printed(table, one, place, style) == out.since(mark), "{pattern:?}");
        written
    }

    /// Its shape.
    fn shape(&mut self, one: &'r T) -> Option<&mut Shape<'r, T>> {
        let guess = self.shapes.get(self.last).map_or(0, |last| last.next);
        let at = match self.shapes.get(guess).is_some_and(|shape| shape.first.is_like(one, self.place)) {
            true => guess,
            false => self.find(one)?,
        };
        if let Some(last) = self.shapes.get_mut(self.last) {
            last.next = at;
        }
        self.last = at;
        self.shapes.get_mut(at)
    }

    fn find(&mut self, one: &'r T) -> Option<usize> {
        let at = self.shapes.len();
        let hash = one.hash(self.place);
        let some = match at < SHAPES {
            true => self.by_hash.entry(hash).or_default(),
            false => self.by_hash.get_mut(&hash)?,
        };
        let is_like = |at: usize| self.shapes.get(at).is_some_and(|shape| shape.first.is_like(one, self.place));
        let found = some.iter().copied().find(|&at| is_like(at));
        if found.is_none() && some.len() < MOST && at < SHAPES {
            some.push(at);
            self.shapes.push(Shape { first: one, seen: 0, pattern: None, next: at });
            return Some(at);
        }
        found
    }
}

#[cfg(test)]
mod tests;
