//! How a pattern is learnt: a rule is emitted and printed with stand-ins in its slots, twice, and its text cut at them.
//!
//! Invariant: a text has a pattern only if each stand-in is in it once, in the order of the slots, and what is between
//! them is the same for both.

use bstr::{BString, ByteSlice};

use super::segment::{Pattern, Said, Segment};
use super::shaped::Shaped;
use crate::emit::{Names, Table};
use crate::ir::slots::{Slot, SlotMut};
use crate::nft::print::{Entries, Style};
use crate::packet::Interval;

/// The most slots that there are enough stand-ins for.
const SLOTS: usize = 24;

/// The pattern of what is like this rule or element, if there is one.
pub(super) fn learn<T: Shaped>(table: &Table, one: &T, place: T::Place<'_>, style: &Style) -> Option<Pattern> {
    if one.compares(place) {
        return None;
    }
    let first = cut(table, &filled(table, one, place, 0)?, place, style)?;
    let second = cut(table, &filled(table, one, place, 1)?, place, style)?;
    let apart = first.spelled.iter().zip(&second.spelled).all(|(a, b)| a != b);
    (apart && first.pattern == second.pattern).then_some(first.pattern)
}

/// The rule or element as it is emitted and printed without a pattern.
pub(in crate::emit) fn printed<T: Shaped>(table: &Table, one: &T, place: T::Place<'_>, style: &Style) -> Vec<u8> {
    let mut out = Entries::new(&table.name, style, 0);
    one.print(table, place, &mut out).map_or_else(|_| Vec::new(), |_| out.finish())
}

/// A text that was cut, and how its stand-ins are spelled.
struct Cut {
    pattern: Pattern,
    spelled: Vec<Vec<u8>>,
}

fn cut<T: Shaped>(table: &Table, one: &T, place: T::Place<'_>, style: &Style) -> Option<Cut> {
    let mut out = Entries::new(&table.name, style, 0);
    let measured = one.print(table, place, &mut out).ok()?;
    let text = out.finish();
    // Where lists are broken depends on what is in them.
    if measured && text.lines().count() > 1 {
        return None;
    }
    let mut ends = Vec::new();
    one.each(place, |slot| ends.push((Said::of(slot, table.family()), spelled(table, slot, style))));
    let mut at = 0;
    let mut segments = Vec::new();
    let mut all_spelled = Vec::new();
    for (next, spelled) in ends {
        let spelled = spelled?;
        let found = only(&text, &spelled).filter(|&found| found >= at)?;
        segments.push(Segment { text: text.get(at..found)?.to_vec(), fits: None, next });
        at = found + spelled.len();
        all_spelled.push(spelled);
    }
    segments.push(Segment { text: text.get(at..)?.to_vec(), fits: None, next: Said::Nothing });
    if measured {
        let (segment, close) =
            segments.iter_mut().rev().find_map(|segment| segment.text.rfind_byte(b'}').map(|at| (segment, at)))?;
        segment.fits = Some(close + 1);
    }
    Some(Cut { pattern: Pattern { segments }, spelled: all_spelled })
}

/// Where the one is that there is of these.
fn only(text: &[u8], spelled: &[u8]) -> Option<usize> {
    let starts = memchr::memchr_iter(*spelled.first()?, text);
    let mut found = starts.filter(|&at| text.get(at..).is_some_and(|rest| rest.starts_with(spelled)));
    found.next().filter(|_| found.next().is_none())
}

/// What stands in the slot, as text.
fn spelled(table: &Table, slot: Slot, style: &Style) -> Option<Vec<u8>> {
    let mut out = Entries::new(&table.name, style, 0);
    let segment = Segment { text: Vec::new(), fits: None, next: Said::of(slot, table.family()) };
    segment.fill(slot, table, &mut out).then(|| out.finish()).filter(|text| !text.is_empty())
}

/// The same with stand-ins of the first or the second set in its slots.
fn filled<T: Shaped>(table: &Table, one: &T, place: T::Place<'_>, set: usize) -> Option<T> {
    let mut widths = Vec::new();
    one.each(place, |slot| widths.push(width(Said::of(slot, table.family()))));
    if widths.len() > SLOTS {
        return None;
    }
    let mut filled = one.clone();
    let mut numbered = widths.into_iter().enumerate();
    filled.each_mut(place, |slot| {
        let (at, width) = numbered.next().unwrap_or_default();
        fill(slot, 2 * at + set, number(at, set, width));
    });
    filled.is_like(one, place).then_some(filled)
}

const fn width(said: Said) -> u32 {
    match said {
        Said::Number(kind) | Said::Values(kind) => kind.width,
        Said::Chain | Said::Comment | Said::Nothing => 0,
    }
}

fn fill(slot: SlotMut, stand_in: usize, number: u128) {
    match slot {
        SlotMut::Values(values) => {
            *values = block(values.intervals().first().map_or(0, |block| block.hi - block.lo), number).into();
        }
        SlotMut::Block(values) => *values = block(values.hi - values.lo, number),
        SlotMut::Chain(id) => *id = Names::stand_in(stand_in),
        SlotMut::Address(address) => *address = (number, number),
        SlotMut::Port(port) => *port = (number as u16, number as u16),
        SlotMut::Comment(comment) => *comment = BString::from(format!("comment {stand_in:02}")),
    }
}

/// The block around the number that has so many values more than one.
const fn block(rest: u128, number: u128) -> Interval {
    Interval::new(number & !rest, number | rest)
}

/// Numbers that differ in their first bits where there are some, and are as long to read.
const fn number(slot: usize, set: usize, width: u32) -> u128 {
    let (slot, set) = (slot as u128, set as u128);
    match width {
        32 => ((101 + 100 * set + slot) << 24) | 0x0002_0304,
        128 => ((0x2a00 + 0x1000 * set + slot) << 112) | 0x7001,
        _ => 10_240 + 30_720 * set + 1024 * slot,
    }
}
