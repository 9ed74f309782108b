//! Patterns: the text of rules that are alike, cut where their plain values stand.
//!
//! Machines write long dumps, so that most rules are like one before but for an address, a port, a chain or a comment.
//! Once some that are alike were seen, the text of the next ones is put together of pieces of theirs and of their own
//! values. Invariant: the same bytes as emitting and printing the rule by itself; what has no pattern goes that way.

mod learn;

use rustc_hash::FxHashMap;

use super::Table;
use crate::ir;
use crate::ir::slots::{self, Slot};
use crate::nft::names::Kind;
use crate::nft::print::{Chains, Style};
use crate::nft::quoted;
use crate::packet::Interval;

/// How many rules of a shape go by before its pattern is learnt, which takes about as long as printing four.
const BEFORE: u32 = 4;

/// Shapes that are told apart where their keys are the same; rules of any others have no pattern.
const MOST: usize = 8;

/// The shapes of the rules of some chains of one table.
pub(super) struct Patterns<'r> {
    shapes: FxHashMap<u64, Vec<Shape<'r>>>,
}

/// Rules that are alike.
struct Shape<'r> {
    first: &'r ir::Rule,
    seen: u32,
    pattern: Option<Pattern>,
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
    /// Of the value that follows, if it is a number.
    kind: Option<Kind>,
}

impl<'r> Patterns<'r> {
    pub(super) fn new() -> Self {
        Patterns { shapes: FxHashMap::default() }
    }

    /// Writes the rule, if there is a pattern for it.
    pub(super) fn write(&mut self, table: &Table, rule: &'r ir::Rule, chains: &mut Chains, style: &Style) -> bool {
        let shapes = self.shapes.entry(slots::key(rule)).or_default();
        let Some(shape) = shapes.iter_mut().find(|shape| slots::alike(shape.first, rule)) else {
            if shapes.len() < MOST {
                shapes.push(Shape { first: rule, seen: 1, pattern: None });
            }
            return false;
        };
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
        match self.kind {
            Some(kind) => fill_number(slot, kind, chains),
            None => fill_word(slot, table, chains),
        }
    }
}

fn fill_number(slot: Slot, kind: Kind, chains: &mut Chains) -> bool {
    let values = match slot {
        Slot::Values { values, .. } => values,
        Slot::Address(address) => Interval::point(address),
        Slot::Port(port) => Interval::point(port.into()),
        Slot::Chain(_) | Slot::Comment(_) => return false,
    };
    chains.values(values, kind).is_ok()
}

fn fill_word(slot: Slot, table: &Table, chains: &mut Chains) -> bool {
    match slot {
        Slot::Chain(id) => chains.name(table.names.chain(id)).is_ok(),
        Slot::Comment(comment) => {
            !comment.is_empty() && quoted::fits_comment(comment) && chains.comment(comment).is_ok()
        }
        Slot::Values { .. } | Slot::Address(_) | Slot::Port(_) => false,
    }
}

/// Of the numbers that stand in the slot.
fn kind(slot: Slot, table: &Table) -> Option<Kind> {
    match slot {
        Slot::Values { field, .. } => Some(Kind::of_field(field, table.family())),
        Slot::Address(_) => Kind::address(table.family()),
        Slot::Port(_) => Some(Kind::PORT),
        Slot::Chain(_) | Slot::Comment(_) => None,
    }
}

#[cfg(test)]
mod tests;
