//! How a pattern is learnt: a rule is emitted and printed with stand-ins in its slots, twice, and its text cut at them.
//!
//! Invariant: a text has a pattern only if each stand-in is in it once, in the order of the slots, and what is between
//! them is the same for both.

use bstr::{BString, ByteSlice};

use super::{Pattern, Said, Segment};
use crate::emit::{Names, Table};
use crate::ir;
use crate::ir::slots::{self, Slot, SlotMut};
use crate::nft::print::{Chains, Style};
use crate::packet::{Interval, IntervalSet};

/// The most slots of a rule that there are enough stand-ins for.
const SLOTS: usize = 24;

/// The pattern of rules that are like this one, if it has one.
pub(super) fn learn(table: &Table, rule: &ir::Rule, style: &Style) -> Option<Pattern> {
    let first = cut(table, &filled(table, rule, 0)?, style)?;
    let second = cut(table, &filled(table, rule, 1)?, style)?;
    let apart = first.spelled.iter().zip(&second.spelled).all(|(a, b)| a != b);
    (apart && first.pattern == second.pattern).then_some(first.pattern)
}

/// A text that was cut, and how its stand-ins are spelled.
struct Cut {
    pattern: Pattern,
    spelled: Vec<Vec<u8>>,
}

fn cut(table: &Table, rule: &ir::Rule, style: &Style) -> Option<Cut> {
    let mut printed = Chains::new(table.family(), style, 0);
    printed.resume();
    let measured = printed.rules(&[table.rule(rule)], |_| String::new()).ok()?;
    let text = printed.finish();
    // Where lists are broken depends on what is in them.
    if measured && text.lines().count() > 1 {
        return None;
    }
    let mut ends = Vec::new();
    slots::each(rule, |slot| ends.push((Said::of(slot, table.family()), spelled(table, slot, style))));
    let mut at = 0;
    let mut segments = Vec::new();
    let mut all_spelled = Vec::new();
    for (next, spelled) in ends {
        let spelled = spelled?;
        let found = text.find(&spelled).filter(|&found| text.rfind(&spelled) == Some(found) && found >= at)?;
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

/// What stands in the slot, as text.
fn spelled(table: &Table, slot: Slot, style: &Style) -> Option<Vec<u8>> {
    let mut out = Chains::new(table.family(), style, 0);
    let segment = Segment { text: Vec::new(), fits: None, next: Said::of(slot, table.family()) };
    segment.fill(slot, table, &mut out).then(|| out.finish()).filter(|text| !text.is_empty())
}

/// The rule with stand-ins of the first or the second set in its slots.
fn filled(table: &Table, rule: &ir::Rule, set: usize) -> Option<ir::Rule> {
    let mut widths = Vec::new();
    slots::each(rule, |slot| widths.push(width(Said::of(slot, table.family()))));
    if widths.len() > SLOTS {
        return None;
    }
    let mut filled = rule.clone();
    let mut numbered = widths.into_iter().enumerate();
    slots::each_mut(&mut filled, |slot| {
        let (at, width) = numbered.next().unwrap_or_default();
        fill(slot, 2 * at + set, number(at, set, width));
    });
    slots::alike(&filled, rule).then_some(filled)
}

const fn width(said: Said) -> u32 {
    match said {
        Said::First(kind) | Said::Both(kind) => kind.width,
        Said::Chain | Said::Comment | Said::Nothing => 0,
    }
}

fn fill(slot: SlotMut, stand_in: usize, number: u128) {
    match slot {
        SlotMut::Values(values) => *values = block(values, number),
        SlotMut::Chain(id) => *id = Names::stand_in(stand_in),
        SlotMut::Address(address) => *address = (number, number),
        SlotMut::Port(port) => *port = (number as u16, number as u16),
        SlotMut::Comment(comment) => *comment = BString::from(format!("comment {stand_in:02}")),
    }
}

/// The block around the number that is as large as this one.
fn block(values: &IntervalSet, number: u128) -> IntervalSet {
    let rest = values.intervals().first().map_or(0, |block| block.hi - block.lo);
    Interval::new(number & !rest, number | rest).into()
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
