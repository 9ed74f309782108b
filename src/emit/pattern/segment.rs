//! The pieces of a text that was cut, put together again around other values.

use super::shaped::Shaped;
use crate::emit::Table;
use crate::ir::slots::Slot;
use crate::nft::names::Kind;
use crate::nft::print::Entries;
use crate::nft::quoted;
use crate::packet::Family;

/// Segments of text; between two of them stands a slot.
#[derive(PartialEq, Debug)]
pub(super) struct Pattern {
    pub segments: Vec<Segment>,
}

/// Text, and what is to be said of the slot behind it; the last one ends the rule.
#[derive(PartialEq, Debug)]
pub(super) struct Segment {
    pub text: Vec<u8>,
    /// Where the last list of elements closes, if that is here: to there the line must not be longer than the page.
    pub fits: Option<usize>,
    pub next: Said,
}

/// What is said of a slot.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Said {
    Number(Kind),
    Values(Kind),
    Chain,
    Comment,
    Nothing,
}

impl Pattern {
    /// Writes something that is like what the pattern was learnt from; nothing where one of its values asks for more than
    /// being put in its place.
    pub(super) fn write<T: Shaped>(&self, table: &Table, one: &T, place: T::Place<'_>, out: &mut Entries) -> bool {
        let mark = out.mark();
        let mut segments = self.segments.iter();
        let mut put = |slot: Option<Slot>, out: &mut Entries| {
            segments
                .next()
                .is_some_and(|segment| segment.put(out) && slot.is_none_or(|slot| segment.fill(slot, table, out)))
        };
        let mut whole = true;
        one.each(place, |slot| whole = whole && put(Some(slot), out));
        whole = whole && put(None, out);
        if !whole {
            out.take_back(mark);
        }
        whole
    }
}

impl Segment {
    fn put(&self, out: &mut Entries) -> bool {
        let Some((list, rest)) = self.fits.and_then(|fits| self.text.split_at_checked(fits)) else {
            out.piece(&self.text);
            return true;
        };
        out.piece(list);
        let fits = !out.too_long();
        out.piece(rest);
        fits
    }

    /// Puts what stands in the slot behind the segment.
    pub(super) fn fill(&self, slot: Slot, table: &Table, out: &mut Entries) -> bool {
        match (self.next, slot) {
            (Said::Values(kind), Slot::Values { values, .. }) => out.interval(values, kind).is_ok(),
            (Said::Number(kind), Slot::Address(address)) => out.number(address, kind).is_ok(),
            (Said::Number(kind), Slot::Port(port)) => out.number(port.into(), kind).is_ok(),
            (Said::Chain, Slot::Chain(id)) => out.name(table.names.chain(id)).is_ok(),
            (Said::Comment, Slot::Comment(comment)) => {
                !comment.is_empty() && quoted::fits_comment(comment) && out.comment(comment).is_ok()
            }
            _ => false,
        }
    }
}

impl Said {
    /// What is said of the slot in a table of this family.
    pub(super) fn of(slot: Slot, family: Family) -> Self {
        match slot {
            Slot::Values { field, .. } => Said::Values(Kind::of_field(field, family)),
            Slot::Address(_) => Kind::address(family).map_or(Said::Nothing, Said::Number),
            Slot::Port(_) => Said::Number(Kind::PORT),
            Slot::Chain(_) => Said::Chain,
            Slot::Comment(_) => Said::Comment,
        }
    }
}
