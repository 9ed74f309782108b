//! Numbers for things of which there mostly are few kinds.

use std::hash::Hash;

use rustc_hash::FxHashMap;

/// Kinds that are compared one by one, before all others are hashed.
const FEW: usize = 4;

/// The kinds seen so far, each with a number: those from 0 on, in the order in which they came.
#[derive(Debug)]
pub struct Numbered<K> {
    kinds: Vec<K>,
    /// Those behind the first few.
    others: FxHashMap<K, u32>,
    /// The number of the last one that was asked for, which mostly is asked for again.
    last: u32,
}

impl<K> Default for Numbered<K> {
    fn default() -> Self {
        Numbered { kinds: Vec::new(), others: FxHashMap::default(), last: 0 }
    }
}

impl<K: Copy + Eq + Hash> Numbered<K> {
    /// The number of a kind, which is new or known.
    pub fn of(&mut self, kind: K) -> u32 {
        if self.kinds.get(self.last as usize) == Some(&kind) {
            return self.last;
        }
        self.last = self.find(kind);
        self.last
    }

    fn find(&mut self, kind: K) -> u32 {
        if let Some(known) = self.kinds.iter().take(FEW).position(|known| *known == kind) {
            return known as u32;
        }
        let next = self.kinds.len() as u32;
        let number = match self.kinds.len() {
            0..FEW => next,
            _ => *self.others.entry(kind).or_insert(next),
        };
        if number == next {
            self.kinds.push(kind);
        }
        number
    }

    /// All kinds, the place of each being its number.
    pub fn kinds(self) -> Vec<K> {
        self.kinds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_in_order() {
        let mut numbered = Numbered::default();
        let numbers: Vec<u32> = [7, 7, 3, 9, 1, 5, 3, 6, 5, 7].into_iter().map(|kind| numbered.of(kind)).collect();
        assert_eq!(numbers, [0, 0, 1, 2, 3, 4, 1, 5, 4, 0]);
        assert_eq!(numbered.kinds(), [7, 3, 9, 1, 5, 6]);
    }
}
