//! Long lists of conditions, each with what it leads to, made into one function top down.
//!
//! Entries are sorted into those where the first variable is false and those where it is true, and so on
//! (a radix partition), so n disjoint conditions of w bits take O(n * w) steps and no diagram is made that
//! is not part of the result. Where too many entries do not say anything of the variable, the list is cut
//! in two halves instead, which are made by themselves and put one after the other.

use smallvec::SmallVec;

use super::arena::Arena;
use super::range::Range;
use super::{Bounded, Dd, Var};

/// Conditions that hold together, sorted, on different variables.
pub type Ranges = SmallVec<[Range; 2]>;

/// All conditions of one entry, brought into the form of [`Ranges`]; `None` where they exclude each other.
/// Ranges that overlap in part, which are on different numbers of the same variables, are left over.
pub fn together(ranges: impl IntoIterator<Item = Range>) -> Option<(Ranges, Ranges)> {
    let mut all: Ranges = ranges.into_iter().filter(|range| !range.is_everything()).collect();
    all.sort_unstable();
    let (mut sorted, mut over) = (Ranges::new(), Ranges::new());
    for range in all {
        match sorted.last_mut() {
            Some(last) if (last.first, last.width) == (range.first, range.width) => *last = last.intersection(range)?,
            Some(last) if range.first.0 < last.first.0 + last.width => over.push(range),
            _ => sorted.push(range),
        }
    }
    Some((sorted, over))
}

/// A set whose members all have the same values of the variables it tests, as ranges.
pub fn as_ranges(dd: &Arena, mut set: Dd) -> Option<Ranges> {
    let mut ranges = Ranges::new();
    while let Some((var, lo, hi)) = dd.split(set) {
        let value = match (lo, hi) {
            (Dd::FALSE, _) => true,
            (_, Dd::FALSE) => false,
            _ => return None,
        };
        set = if value { hi } else { lo };
        match ranges.last_mut() {
            Some(last) if last.first.0 + last.width == var.0 && last.width < 128 => {
                let number = last.lo << 1 | u128::from(value);
                *last = Range { width: last.width + 1, lo: number, hi: number, ..*last };
            }
            _ => ranges.push(Range { first: var, width: 1, lo: value.into(), hi: value.into() }),
        }
    }
    (set == Dd::TRUE).then_some(ranges)
}

/// Whether two entries with different data apply to the same packet; `None` where that is not quickly told.
pub fn overlap<E: PartialEq>(entries: &[(Ranges, E)]) -> Option<bool> {
    overlap_step(entries.iter().map(|(ranges, entry)| Item::new(entry, ranges)).collect())
}

fn overlap_step<E: PartialEq>(items: Vec<Item<'_, E>>) -> Option<bool> {
    let Some((first, rest)) = items.split_first() else { return Some(false) };
    if rest.iter().all(|item| item.entry == first.entry) {
        return Some(false);
    }
    if items.iter().any(Item::is_done) {
        // An entry that applies everywhere, and another one.
        return Some(true);
    }
    let var = items.iter().map(Item::var).min()?;
    let elsewhere = items.iter().filter(|item| item.var() != var).count();
    if elsewhere * SELDOM > items.len() && items.len() > SELDOM {
        return None;
    }
    for value in [false, true] {
        let side = items.iter().filter_map(|item| item.with(var, value)).collect();
        match overlap_step(side) {
            Some(false) => {}
            other => return other,
        }
    }
    Some(false)
}

/// What lists are made into.
pub trait Outcome {
    /// What an entry leads to.
    type Entry;
    /// A function of the packet.
    type Value: Clone;

    /// Nothing applies.
    fn nothing(&mut self) -> Self::Value;

    /// Whether no later entry matters where this one applies.
    fn is_final(&self, entry: &Self::Entry) -> bool;

    /// Whether an entry is the same for all packets to which it applies.
    fn is_constant(&self, entry: &Self::Entry) -> bool;

    /// The entry for all packets.
    fn everywhere(&mut self, entry: &Self::Entry) -> Self::Value;

    /// `hi` where `ranges` hold, and `lo` elsewhere.
    fn inside(&mut self, ranges: &[Range], hi: Self::Value, lo: Self::Value) -> Bounded<Self::Value>;

    /// The one, then the other where it goes on.
    fn then(&mut self, left: Self::Value, right: Self::Value) -> Bounded<Self::Value>;

    /// `hi` where `var` holds, and `lo` elsewhere.
    fn choose(&mut self, var: Var, lo: Self::Value, hi: Self::Value) -> Bounded<Self::Value>;
}

/// An entry on its way down.
#[derive(Clone, Copy)]
struct Item<'a, E> {
    entry: &'a E,
    /// What is left of the range at hand; of width 0 when nothing is.
    here: Range,
    /// The ranges behind it.
    rest: &'a [Range],
}

impl<'a, E> Item<'a, E> {
    fn new(entry: &'a E, ranges: &'a [Range]) -> Self {
        let done = Range { first: Var(u32::MAX), width: 0, lo: 0, hi: 0 };
        Item { entry, here: done, rest: ranges }.normal()
    }

    /// Goes on to the next range when this one says nothing more.
    fn normal(mut self) -> Self {
        while self.here.width == 0 || self.here.is_everything() {
            let Some((next, rest)) = self.rest.split_first() else {
                self.here = Range { first: Var(u32::MAX), width: 0, lo: 0, hi: 0 };
                break;
            };
            (self.here, self.rest) = (*next, rest);
        }
        self
    }

    fn var(&self) -> Var {
        self.here.first
    }

    fn is_done(&self) -> bool {
        self.here.width == 0
    }

    fn with(&self, var: Var, value: bool) -> Option<Self> {
        if self.var() != var {
            return Some(Item { ..*self });
        }
        self.here.with_first(value).map(|here| Item { here, ..*self }.normal())
    }

    fn ranges(&self) -> Ranges {
        let here = (!self.is_done()).then_some(self.here);
        here.into_iter().chain(self.rest.iter().copied()).collect()
    }
}

/// The function that a list means: each entry applies where its ranges hold and nothing before it was final.
pub fn build<O: Outcome>(outcome: &mut O, entries: &[(Ranges, O::Entry)]) -> Bounded<O::Value> {
    let items = entries.iter().map(|(ranges, entry)| Item::new(entry, ranges)).collect();
    step(outcome, items)
}

/// Entries that say nothing of a variable go both ways; one in so many may.
const SELDOM: usize = 64;

fn step<O: Outcome>(outcome: &mut O, mut items: Vec<Item<'_, O::Entry>>) -> Bounded<O::Value> {
    if let Some(last) = items.iter().position(|item| item.is_done() && outcome.is_final(item.entry)) {
        items.truncate(last + 1);
    }
    let Some((first, rest)) = items.split_first() else { return Ok(outcome.nothing()) };
    if rest.is_empty() && first.is_done() {
        return Ok(outcome.everywhere(first.entry));
    }
    if decides_alone(outcome, first, rest) {
        let lo = step(outcome, rest.iter().map(|item| Item { ..*item }).collect())?;
        let mut hi = outcome.everywhere(first.entry);
        if !rest.is_empty() && !outcome.is_final(first.entry) {
            hi = outcome.then(hi, lo.clone())?;
        }
        return outcome.inside(&first.ranges(), hi, lo);
    }
    let var = items.iter().map(Item::var).min().unwrap_or(first.var());
    if let Some(cut) = cut(outcome, &items, var) {
        let right = items.split_off(cut);
        let left = step(outcome, items)?;
        let right = step(outcome, right)?;
        return outcome.then(left, right);
    }
    let side = |value: bool| items.iter().filter_map(|item| item.with(var, value)).collect::<Vec<_>>();
    let (lo, hi) = (side(false), side(true));
    drop(items);
    let lo = step(outcome, lo)?;
    let hi = step(outcome, hi)?;
    outcome.choose(var, lo, hi)
}

/// Whether only the first entry is about some packets, and what comes then is quickly put together.
fn decides_alone<O: Outcome>(outcome: &O, first: &Item<'_, O::Entry>, rest: &[Item<'_, O::Entry>]) -> bool {
    !first.is_done()
        && rest.iter().all(Item::is_done)
        && (outcome.is_final(first.entry) || rest.iter().all(|item| outcome.is_constant(item.entry)))
}

/// Where to cut a list that is not to be parted by `var`: where a row of entries of one kind begins or ends, if
/// that is most of the list, else in the middle.
fn cut<O: Outcome>(outcome: &O, items: &[Item<'_, O::Entry>], var: Var) -> Option<usize> {
    if items.first().is_some_and(Item::is_done) {
        let done = items.iter().take_while(|item| item.is_done()).count();
        return Some(if done < items.len() { done } else { done / 2 });
    }
    // Going both ways costs little for entries that are the same everywhere behind the variable.
    let goes_down = |item: &Item<'_, O::Entry>| match item.is_done() {
        true => outcome.is_constant(item.entry),
        false => item.var() == var,
    };
    let heavy = items.iter().filter(|item| item.is_done() && !goes_down(item)).count();
    let elsewhere = items.iter().filter(|item| !goes_down(item)).count();
    if heavy == 0 && elsewhere * SELDOM <= items.len() {
        return None;
    }
    let half = items.len() / 2;
    let (first, last) = (goes_down(items.first()?), goes_down(items.last()?));
    let head = items.iter().take_while(|item| goes_down(item) == first).count();
    let tail = items.iter().rev().take_while(|item| goes_down(item) == last).count();
    Some(if head >= half && head < items.len() {
        head
    } else if tail >= half && tail < items.len() {
        items.len() - tail
    } else {
        half
    })
}

/// Lists whose entries are diagrams.
struct Firsts<'a> {
    dd: &'a mut Arena,
    /// The leaf where nothing applies, 0, 1 or 2; entries do not have it.
    nothing: u32,
    overlap: bool,
}

impl Outcome for Firsts<'_> {
    type Entry = Dd;
    type Value = Dd;

    fn nothing(&mut self) -> Dd {
        Dd::leaf(self.nothing)
    }

    fn is_final(&self, _: &Dd) -> bool {
        false
    }

    fn is_constant(&self, entry: &Dd) -> bool {
        entry.as_leaf().is_some()
    }

    fn everywhere(&mut self, entry: &Dd) -> Dd {
        *entry
    }

    fn inside(&mut self, ranges: &[Range], hi: Dd, lo: Dd) -> Bounded<Dd> {
        self.dd.inside(ranges, hi, lo)
    }

    fn then(&mut self, left: Dd, right: Dd) -> Bounded<Dd> {
        if !self.overlap {
            let (nothing, mut overlap) = (self.nothing, false);
            // Where both apply, they have to say the same.
            self.dd.zip(left, right, &mut |a, b| {
                overlap |= a != nothing && b != nothing && a != b;
                0
            })?;
            self.overlap = overlap;
        }
        self.dd.otherwise(left, self.nothing, right)
    }

    fn choose(&mut self, var: Var, lo: Dd, hi: Dd) -> Bounded<Dd> {
        self.dd.choose(var, lo, hi)
    }
}

impl Arena {
    /// The function that is each entry's diagram where its ranges hold, and the leaf `nothing` (0, 1 or 2,
    /// which no entry has) where none do; `None` where entries with different diagrams overlap.
    pub fn table(&mut self, entries: &[(Ranges, Dd)], nothing: u32) -> Bounded<Option<Dd>> {
        let mut firsts = Firsts { dd: self, nothing, overlap: false };
        let all = build(&mut firsts, entries)?;
        let overlap = firsts.overlap;
        Ok((!overlap).then_some(all))
    }

    /// `hi` where `var` holds, and `lo` elsewhere, whatever variables these test first.
    pub fn choose(&mut self, var: Var, lo: Dd, hi: Dd) -> Bounded<Dd> {
        self.tick()?;
        if var.0 < self.node(lo).var && var.0 < self.node(hi).var {
            return self.mk(var.0, lo, hi);
        }
        let test = self.var(var)?;
        self.ite(test, hi, lo)
    }
}
