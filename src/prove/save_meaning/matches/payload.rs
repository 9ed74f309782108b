//! Bytes at places of the packet: `u32`, `string` (`xt_u32.c`, `xt_string.c`).
//!
//! Packets that end before such a place are outside the model. A place that the packet itself tells, and a text
//! searched for, are conditions without bits.

use crate::packet::{Field, PayloadBase};
use crate::prove::block::Step;
use crate::prove::dd::{Bounded, Dd};
use crate::prove::save_meaning::words::{Shift, Word};
use crate::prove::save_meaning::{Reading, options};
use crate::prove::vocabulary;
use crate::save::ast::Part;
use crate::save::option::Value;

/// Operators as the tree numbers them.
const AND: u64 = 0;
const LEFT: u64 = 1;
const RIGHT: u64 = 2;

/// All tests hold, or with `!` not all of them.
pub fn u32(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let Some((option, Value::List(tests))) = part.get("u32").map(|option| (option, &option.value)) else {
        return Ok(options::not_understood(part));
    };
    let mut all = Dd::TRUE;
    for test in tests {
        let Some(test) = word_test(test, reading)? else { return searched(part, reading) };
        all = reading.space.dd.and(all, test)?;
    }
    Ok(vec![Step::Test(reading.negated_if(option.negated, all)?)])
}

/// `start operator number ... = ranges`; `None` where it jumps.
fn word_test(test: &Value, reading: &mut Reading<'_>) -> Bounded<Option<Dd>> {
    let Value::List(parts) = test else { return Ok(None) };
    let [Value::Ranges(location), Value::Ranges(values)] = parts.as_slice() else { return Ok(None) };
    let Some((&(_, start), operators)) = location.split_first() else { return Ok(None) };
    let Some(offset) = start.checked_mul(8).and_then(|bits| u16::try_from(bits).ok()) else { return Ok(None) };
    let field = Field::Payload { base: PayloadBase::Network, offset, len: 32 };
    let mut word = Word::of(field, reading)?;
    for &(operator, number) in operators {
        let by = usize::try_from(number).unwrap_or(usize::MAX).min(32);
        word = match operator {
            AND => word.and(number.into()),
            LEFT => word.shifted(Some(Shift::Left(by))),
            RIGHT => word.shifted(Some(Shift::Right(by))),
            _ => return Ok(None),
        };
    }
    let Some(values) = options::set(&Value::Ranges(values.clone())) else { return Ok(None) };
    word.within(&values, reading).map(Some)
}

/// The pattern stands at `--from` and nowhere else, if there is room for it just there (`skb_find_text`).
pub fn string(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let option = part.options.iter().find(|option| matches!(option.spec.name, "string" | "hex-string"));
    let Some((option, Value::Text(pattern))) = option.map(|option| (option, &option.value)) else {
        return Ok(options::not_understood(part));
    };
    let (from, to) = (part.number("from").unwrap_or(0), part.number("to").unwrap_or(0xffff));
    let room = to.saturating_sub(from);
    let length = pattern.len() as u64;
    if room < length {
        return Ok(vec![Step::Test(Dd::constant(option.negated))]);
    }
    let fold = part.has("icase");
    if room > length || (fold && !pattern.is_ascii()) {
        return searched(part, reading);
    }
    let mut set = Dd::TRUE;
    for (&byte, at) in pattern.iter().zip(from..) {
        let Ok(offset) = u16::try_from(at * 8) else { return searched(part, reading) };
        let field = Field::Payload { base: PayloadBase::Network, offset, len: 8 };
        let mask: u8 = if fold && byte.is_ascii_alphabetic() { 0xdf } else { 0xff };
        let same = reading.space.masked(field, mask.into(), (byte & mask).into())?;
        set = reading.space.dd.and(set, same)?;
    }
    Ok(vec![Step::Test(reading.negated_if(option.negated, set)?)])
}

/// What the packet holds somewhere, which rules that change headers may change.
fn searched(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let words = vocabulary::xtables(part.extension.name, &options::words(part, reading, &[]));
    Ok(vec![Step::Test(reading.space.volatile(&words)?)])
}
