//! Patterns: the text of rules that are alike, cut where their plain values stand.
//!
//! Machines write long dumps, so that most rules are like one before but for an address, a port, a chain or a comment.
//! Once some that are alike were seen, the text of the next ones is put together of pieces of theirs and of their own
//! values. Invariant: the same bytes as emitting and printing the rule by itself; what has no pattern goes that way.

mod learn;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::Table;
use crate::ir;
use crate::ir::slots::{self, Slot};
use crate::nft::names::Kind;
use crate::nft::print::{Chains, Style};
use crate::nft::quoted;
use crate::packet::{DataType, Family};

/// How many rules of a shape go by before its pattern is learnt, which takes about as long as printing four.
const BEFORE: u32 = 4;

/// Shapes that are told apart where their keys are the same; rules of any others have no pattern.
const MOST: usize = 8;

/// The shapes of the rules of some chains of one table.
pub(super) struct Patterns<'r> {
    shapes: Vec<Shape<'r>>,
    by_key: FxHashMap<u64, SmallVec<[usize; 1]>>,
    /// The shape of the last rule.
    last: usize,
}

/// Rules that are alike.
struct Shape<'r> {
    first: &'r ir::Rule,
    seen: u32,
    pattern: Option<Pattern>,
    /// The shape of the rule that came behind the last one of these, which is the first guess for the next time.
    next: usize,
}

/// Segments of text; between two of them stands a slot.
#[derive(PartialEq, Debug)]
struct Pattern {
    segments: Vec<Segment>,
}

/// Text, and what is to be said of the slot behind it; the last one ends the rule.
#[derive(PartialEq, Debug)]
struct Segment {
    text: Vec<u8>,
    /// Where the last list of elements closes, if that is here: to there the line must not be longer than the page.
    fits: Option<usize>,
    next: Said,
}

/// What is said of a slot.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Said {
    /// The first of its values; how many there are is the same for all.
    First(Kind),
    /// The first and the last of its values.
    Both(Kind),
    Chain,
    Comment,
    Nothing,
}

impl<'r> Patterns<'r> {
    pub(super) fn new() -> Self {
        Patterns { shapes: Vec::new(), by_key: FxHashMap::default(), last: 0 }
    }

    /// Writes the rule, if there is a pattern for it.
    pub(super) fn write(&mut self, table: &Table, rule: &'r ir::Rule, chains: &mut Chains, style: &Style) -> bool {
        let Some(shape) = self.shape(rule) else { return false };
        if shape.seen < BEFORE {
            shape.seen += 1;
            if shape.seen == BEFORE {
                shape.pattern = learn::learn(table, rule, style);
            }
        }
        let mark = chains.mark();
        let written = shape.pattern.as_ref().is_some_and(|pattern| pattern.write(table, rule, chains));
        debug_assert!(!written || by_itself(table, rule, style) == chains.since(mark), "{:?}", shape.pattern);
        written
    }

    /// The shape of the rule.
    fn shape(&mut self, rule: &'r ir::Rule) -> Option<&mut Shape<'r>> {
        let guess = self.shapes.get(self.last).map_or(0, |last| last.next);
        let at = match self.shapes.get(guess).is_some_and(|shape| slots::alike(shape.first, rule)) {
            true => guess,
            false => self.find(rule)?,
        };
        if let Some(last) = self.shapes.get_mut(self.last) {
            last.next = at;
        }
        self.last = at;
        self.shapes.get_mut(at)
    }

    fn find(&mut self, rule: &'r ir::Rule) -> Option<usize> {
        let at = self.shapes.len();
        let some = self.by_key.entry(slots::key(rule)).or_default();
        let is_alike = |at: usize| self.shapes.get(at).is_some_and(|shape| slots::alike(shape.first, rule));
        let found = some.iter().copied().find(|&at| is_alike(at));
        if found.is_none() && some.len() < MOST {
            some.push(at);
            self.shapes.push(Shape { first: rule, seen: 0, pattern: None, next: at });
            return Some(at);
        }
        found
    }
}

/// The rule as it is emitted and printed without a pattern.
fn by_itself(table: &Table, rule: &ir::Rule, style: &Style) -> Vec<u8> {
    let mut chains = Chains::new(table.family(), style, 0);
    chains.resume();
    match chains.rules(&[table.rule(rule)], |_| String::new()) {
        Ok(_) => chains.finish(),
        Err(_) => Vec::new(),
    }
}

impl Pattern {
    /// Writes a rule that is like those the pattern was learnt from; nothing where one of its values asks for more than
    /// being put in its place.
    fn write(&self, table: &Table, rule: &ir::Rule, chains: &mut Chains) -> bool {
        let mark = chains.mark();
        let mut segments = self.segments.iter();
        let mut put = |slot: Option<Slot>, chains: &mut Chains| {
            segments
                .next()
                .is_some_and(|segment| segment.put(chains) && slot.is_none_or(|slot| segment.fill(slot, table, chains)))
        };
        let mut whole = true;
        slots::each(rule, |slot| whole = whole && put(Some(slot), chains));
        whole = whole && put(None, chains);
        if whole {
            chains.end_rule();
        } else {
            chains.take_back(mark);
        }
        whole
    }
}

impl Segment {
    fn put(&self, chains: &mut Chains) -> bool {
        let Some((list, rest)) = self.fits.and_then(|fits| self.text.split_at_checked(fits)) else {
            chains.piece(&self.text);
            return true;
        };
        chains.piece(list);
        let fits = !chains.too_long();
        chains.piece(rest);
        fits
    }

    /// Puts what stands in the slot behind the segment.
    fn fill(&self, slot: Slot, table: &Table, chains: &mut Chains) -> bool {
        match (self.next, slot) {
            (Said::First(kind), Slot::Values { values, .. }) => chains.number(values.lo, kind).is_ok(),
            (Said::First(kind), Slot::Address(address)) => chains.number(address, kind).is_ok(),
            (Said::First(kind), Slot::Port(port)) => chains.number(port.into(), kind).is_ok(),
            (Said::Both(kind), Slot::Values { values, .. }) => chains.interval(values, kind).is_ok(),
            (Said::Chain, Slot::Chain(id)) => chains.name(table.names.chain(id)).is_ok(),
            (Said::Comment, Slot::Comment(comment)) => {
                !comment.is_empty() && quoted::fits_comment(comment) && chains.comment(comment).is_ok()
            }
            _ => false,
        }
    }
}

impl Said {
    /// What is said of the slot in a table of this family.
    fn of(slot: Slot, family: Family) -> Self {
        match slot {
            Slot::Values { field, values } => match Kind::of_field(field, family) {
                // A network is said by its first address and a length.
                kind if values.is_point() || kind.data != DataType::InetService => Said::First(kind),
                kind => Said::Both(kind),
            },
            Slot::Address(_) => Kind::address(family).map_or(Said::Nothing, Said::First),
            Slot::Port(_) => Said::First(Kind::PORT),
            Slot::Chain(_) => Said::Chain,
            Slot::Comment(_) => Said::Comment,
        }
    }
}

#[cfg(test)]
mod tests;
