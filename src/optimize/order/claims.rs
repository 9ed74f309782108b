//! Which values of each dimension the rules of a chain are for, and where those of different deeds meet.

use std::ops::Range;

use super::clashes::Clashes;
use super::segments::Segments;
use crate::optimize::commute::Effect;
use crate::optimize::domain::{self, Dim, Domain};
use crate::optimize::facts::Facts;
use crate::optimize::numbered::Numbered;
use crate::packet::{Interval, IntervalSet};
use crate::parallel;

/// What all rules claim of all dimensions.
#[derive(Debug)]
pub struct Claims {
    pub(super) dims: Vec<(Dim, Values)>,
    /// The dimensions that each rule claims a part of, as indices into `dims`, rule for rule.
    claimed: Vec<u32>,
    /// Where those of each rule end.
    ends: Vec<u32>,
}

/// Rules that do not allow every value of a dimension.
#[derive(Debug)]
pub(super) enum Values {
    Few(Clashes),
    /// With no place yet.
    Many(Segments),
}

/// Intervals of one dimension, each with the rule that claims it.
#[derive(Default)]
struct List {
    /// Low end, high end and rule, where the ends are of 32 bits: so they take least room, and sort fastest.
    packed: Vec<[u32; 3]>,
    others: Vec<(Interval, u32)>,
}

/// What some rules that stand together claim.
#[derive(Default)]
struct Piece {
    dims: Numbered<Dim>,
    lists: Vec<List>,
    claimed: Vec<u32>,
    ends: Vec<u32>,
}

impl Claims {
    /// Of all rules of a chain.
    pub fn of(facts: &Facts) -> Self {
        let (rules, chains) = (facts.rules, facts.chains);
        let piece = |range: Range<usize>| {
            let mut piece = Piece::with_room(range.len());
            for (at, rule) in range.clone().zip(rules.get(range).unwrap_or_default()) {
                let changes = chains.of_rule(rule);
                match domain::only(rule, &changes) {
                    Some(only) => piece.add(at as u32, [only]),
                    None => piece.add(at as u32, Domain::of(rule, &changes).dims()),
                }
            }
            piece
        };
        let mut whole = Piece::with_room(rules.len());
        parallel::flow_pieces(rules.len(), piece, |piece| whole.take_in(piece));
        let number = |rule: u32| number(rule, facts.effect(rule as usize));
        let dims = whole.dims.kinds().into_iter().zip(whole.lists);
        let dims = dims.map(|(dim, list)| (dim, Values::of(list, &number))).collect();
        Claims { dims, claimed: whole.claimed, ends: whole.ends }
    }

    /// The clashes of the only dimension, where all rules claim a part of it and those are known one by one.
    pub(super) fn lone(&self) -> Option<&Clashes> {
        match self.dims.as_slice() {
            [(_, Values::Few(clashes))] if self.claimed.len() == self.ends.len() => Some(clashes),
            _ => None,
        }
    }

    /// The dimensions of which the rule does not allow every value.
    pub(super) fn claimed(&self, rule: usize) -> &[u32] {
        let start = rule.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.claimed[start as usize..self.ends[rule] as usize]
    }
}

/// Rules of one number need not be told apart; others have a number of their own.
pub(super) const fn number(rule: u32, effect: Effect) -> u32 {
    match effect {
        Effect::Ends(number) => number,
        Effect::Assigns(_) | Effect::Other | Effect::Gap => u32::MAX - rule,
    }
}

impl Piece {
    /// For so many rules, of which most claim a part of one dimension.
    fn with_room(rules: usize) -> Self {
        let room = || Vec::with_capacity(rules);
        Piece { claimed: room(), ends: room(), ..Piece::default() }
    }

    fn add<'d>(&mut self, rule: u32, dims: impl IntoIterator<Item = (Dim, &'d IntervalSet)>) {
        for (dim, set) in dims {
            let number = self.dims.of(dim);
            if number as usize == self.lists.len() {
                let packed = Vec::with_capacity(self.ends.capacity() - self.ends.len());
                self.lists.push(List { packed, others: Vec::new() });
            }
            self.lists[number as usize].add(set.intervals(), rule);
            self.claimed.push(number);
        }
        self.ends.push(self.claimed.len() as u32);
    }

    /// With what the rules behind its own claim.
    fn take_in(&mut self, piece: Piece) {
        let before = self.claimed.len() as u32;
        let mut numbers = Vec::with_capacity(piece.lists.len());
        for (dim, list) in piece.dims.kinds().into_iter().zip(piece.lists) {
            let number = self.dims.of(dim);
            if number as usize == self.lists.len() {
                self.lists.push(List::default());
            }
            // What is most of one piece is most of the others.
            let known = &mut self.lists[number as usize];
            if known.packed.capacity() == 0 && list.packed.len() * 2 > piece.ends.len() {
                known.packed.reserve_exact(self.ends.capacity() - self.ends.len());
            }
            known.append(list);
            numbers.push(number);
        }
        self.claimed.extend(piece.claimed.iter().map(|&number| numbers[number as usize]));
        self.ends.extend(piece.ends.iter().map(|end| before + end));
    }
}

impl List {
    fn add(&mut self, intervals: &[Interval], rule: u32) {
        for &Interval { lo, hi } in intervals {
            match hi <= u32::MAX.into() {
                true => self.packed.push([lo as u32, hi as u32, rule]),
                false => self.others.push((Interval { lo, hi }, rule)),
            }
        }
    }

    fn append(&mut self, other: List) {
        self.packed.extend(other.packed);
        self.others.extend(other.others);
    }
}

fn unpacked(&[lo, hi, rule]: &[u32; 3]) -> (Interval, u32) {
    (Interval { lo: lo.into(), hi: hi.into() }, rule)
}

impl Values {
    fn of(mut list: List, number: &impl Fn(u32) -> u32) -> Self {
        if list.others.is_empty() {
            // By the low ends alone, which is all that matters.
            radsort::sort_by_key(&mut list.packed, |[low, ..]| *low);
            return Values::of_sorted(list.packed.iter().map(unpacked), number);
        }
        list.others.extend(list.packed.iter().map(unpacked));
        parallel::sort(&mut list.others);
        Values::of_sorted(list.others.iter().copied(), number)
    }

    fn of_sorted(claims: impl ExactSizeIterator<Item = (Interval, u32)> + Clone, number: &impl Fn(u32) -> u32) -> Self {
        match Clashes::of(claims.clone(), number) {
            Some(clashes) => Values::Few(clashes),
            None => Values::Many(Segments::new(claims.map(|(interval, _)| interval))),
        }
    }
}
