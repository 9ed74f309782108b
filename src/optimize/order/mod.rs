//! How far up a rule may move.
//!
//! A pass walks a chain's rules in order and puts each at a place: a new one at the end, or one where
//! rules are that it joins. A rule may join a place when it commutes with all that stands behind it.
//! In most chains nothing ever asks to pass another rule; the index of what rules do is made when one does.
//! Invariant: `may_join` never says yes to a rule that would pass one it does not commute with.

mod claims;
mod clashes;
mod index;
mod segments;
#[cfg(test)]
mod tests;

use super::facts::Facts;
pub use claims::Claims;
use index::Index;

/// The order of one chain's rules while a pass puts them into places.
#[derive(Debug)]
pub struct Order<'f> {
    facts: &'f Facts<'f>,
    /// The rules that have a place, with it, in the order in which they got it.
    placed: Vec<(u32, u32)>,
    places: usize,
    /// With all that are placed.
    index: Option<Index<'f>>,
}

impl<'f> Order<'f> {
    /// Of a chain's rules, none of which has a place yet.
    pub const fn new(facts: &'f Facts<'f>) -> Self {
        Order { facts, placed: Vec::new(), places: 0, index: None }
    }

    /// Whether the rule may stand at the end of the place: it commutes with all that is behind it.
    pub fn may_join(&mut self, rule: usize, place: usize) -> bool {
        place + 1 == self.places || self.index().is_free(rule, place)
    }

    /// Puts the rule at an existing place.
    pub fn join(&mut self, rule: usize, place: usize) {
        let (rule, place) = (rule as u32, place as u32);
        match &mut self.index {
            Some(index) => index.add(rule, place),
            None => self.placed.push((rule, place)),
        }
    }

    /// Puts the rule at a new place at the end, and says which.
    pub fn append(&mut self, rule: usize) -> usize {
        self.join(rule, self.places);
        self.places += 1;
        self.places - 1
    }

    fn index(&mut self) -> &Index<'f> {
        let placed = std::mem::take(&mut self.placed);
        self.index.get_or_insert_with(|| {
            let mut index = Index::new(self.facts);
            placed.into_iter().for_each(|(rule, place)| index.add(rule, place));
            index
        })
    }
}
