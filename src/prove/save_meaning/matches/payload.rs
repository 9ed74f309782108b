//! Bytes at places of the packet: `u32`, `string` (`xt_u32.c`, `xt_string.c`).
//!
//! Packets that end before such a place are outside the model. A place that many bits of the packet tell, and a text
//! searched for in many places, are conditions without bits.

use crate::packet::{Family, Field, IntervalSet, PayloadBase};
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

/// A number read at a place, and the packets for which that place is the one.
struct Read {
    here: Dd,
    base: PayloadBase,
    at: u64,
    word: Word,
}

/// Most places that one test reads at.
const MOST_PLACES: usize = 64;
/// Most bits of a number that says how far to jump.
const FEW_BITS: usize = 4;

impl Read {
    fn new(here: Dd, base: PayloadBase, at: u64, offset: u64, reading: &mut Reading<'_>) -> Bounded<Option<Read>> {
        let Some(word) = word_at(base, at + offset, 32, reading)? else { return Ok(None) };
        Ok(Some(Read { here, base, at, word }))
    }

    /// The places that the number leads to; `None` where they are too many.
    fn jump(self, offset: u64, reading: &mut Reading<'_>) -> Bounded<Option<Vec<Read>>> {
        if let Some(base) = header_behind(self.base, self.at, &self.word, reading)? {
            return Ok(Read::new(self.here, base, 0, offset, reading)?.map(|read| vec![read]));
        }
        let Some(values) = self.word.few_values(FEW_BITS) else { return Ok(None) };
        let mut out = Vec::new();
        for value in values {
            let far = self.word.within(&IntervalSet::point(value), reading)?;
            let here = reading.space.dd.and(self.here, far)?;
            let Some(read) = Read::new(here, self.base, self.at + value as u64, offset, reading)? else {
                return Ok(None);
            };
            out.push(read);
        }
        Ok(Some(out))
    }
}

/// So many bits at a byte, as a number of 32 bits.
pub(super) fn word_at(base: PayloadBase, byte: u64, len: u8, reading: &mut Reading<'_>) -> Bounded<Option<Word>> {
    let Some(offset) = byte.checked_mul(8).and_then(|bits| u16::try_from(bits).ok()) else { return Ok(None) };
    Word::of(Field::Payload { base, offset, len }, reading).map(|word| Some(word.widened(32)))
}

/// The header that begins so many bytes on, where a length of the packet says it: that of IPv4, where no rule sees a
/// later fragment, and behind it that of TCP, where the rule is for TCP.
fn header_behind(base: PayloadBase, at: u64, word: &Word, reading: &mut Reading<'_>) -> Bounded<Option<PayloadBase>> {
    let whole = reading.space.first_fragment()? == Dd::TRUE && reading.space.family() == Family::Ip;
    let tcp = reading.rule.head.get("protocol").is_some_and(|o| !o.negated && o.value == Value::Number(6));
    let (byte, by, header, known) = match base {
        PayloadBase::Network => (0, 22, PayloadBase::Transport, whole),
        PayloadBase::Transport => (12, 26, PayloadBase::Inner, tcp),
        PayloadBase::Link | PayloadBase::Inner => return Ok(None),
    };
    let Some(length) = word_at(base, byte, 32, reading)? else { return Ok(None) };
    let length = length.shifted(Some(Shift::Right(by))).and(0x3c);
    Ok((known && at == 0 && *word == length).then_some(header))
}

/// `start operator number ... = ranges`; `None` where it jumps too far.
fn word_test(test: &Value, reading: &mut Reading<'_>) -> Bounded<Option<Dd>> {
    let Value::List(parts) = test else { return Ok(None) };
    let [Value::Ranges(location), Value::Ranges(values)] = parts.as_slice() else { return Ok(None) };
    let Some((&(_, start), operators)) = location.split_first() else { return Ok(None) };
    let Some(first) = Read::new(Dd::TRUE, PayloadBase::Network, 0, start, reading)? else { return Ok(None) };
    let mut reads = vec![first];
    for &(operator, number) in operators {
        let by = usize::try_from(number).unwrap_or(usize::MAX).min(32);
        let mut next = Vec::new();
        for mut read in reads {
            read.word = match operator {
                AND => read.word.and(number.into()),
                LEFT => read.word.shifted(Some(Shift::Left(by))),
                RIGHT => read.word.shifted(Some(Shift::Right(by))),
                _ => {
                    let Some(reads) = read.jump(number, reading)? else { return Ok(None) };
                    next.extend(reads);
                    continue;
                }
            };
            next.push(read);
        }
        reads = next;
        if reads.len() > MOST_PLACES {
            return Ok(None);
        }
    }
    let Some(values) = options::set(&Value::Ranges(values.clone())) else { return Ok(None) };
    let mut sets = Vec::new();
    for read in reads {
        let within = read.word.within(&values, reading)?;
        sets.push(reading.space.dd.and(read.here, within)?);
    }
    reading.space.dd.any(&sets).map(Some)
}

/// Places of a pattern in the model.
const MOST_STARTS: u64 = 64;

/// The pattern stands in one of the places between `--from` and `--to` (`skb_find_text`).
pub fn string(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let option = part.options.iter().find(|option| matches!(option.spec.name, "string" | "hex-string"));
    let Some((option, Value::Text(pattern))) = option.map(|option| (option, &option.value)) else {
        return Ok(options::not_understood(part));
    };
    let (from, to) = (part.number("from").unwrap_or(0), part.number("to").unwrap_or(0xffff));
    let starts = (to + 1).saturating_sub(from + pattern.len() as u64);
    let fold = part.has("icase");
    if starts > MOST_STARTS || (fold && !pattern.is_ascii()) {
        return searched(part, reading);
    }
    let mut found = Dd::FALSE;
    for start in from..from + starts {
        let Some(here) = stands_at(start, pattern, fold, reading)? else { return searched(part, reading) };
        found = reading.space.dd.or(found, here)?;
    }
    Ok(vec![Step::Test(reading.negated_if(option.negated, found)?)])
}

fn stands_at(start: u64, pattern: &[u8], fold: bool, reading: &mut Reading<'_>) -> Bounded<Option<Dd>> {
    let mut set = Dd::TRUE;
    for (&byte, at) in pattern.iter().zip(start..) {
        let Ok(offset) = u16::try_from(at * 8) else { return Ok(None) };
        let field = Field::Payload { base: PayloadBase::Network, offset, len: 8 };
        let mask: u8 = if fold && byte.is_ascii_alphabetic() { 0xdf } else { 0xff };
        let same = reading.space.masked(field, mask.into(), (byte & mask).into())?;
        set = reading.space.dd.and(set, same)?;
    }
    Ok(Some(set))
}

/// What the packet holds somewhere, which rules that change headers may change.
fn searched(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let words = vocabulary::xtables(part.extension.name, &options::words(part, reading, &[]));
    Ok(vec![Step::Test(reading.space.volatile(&words)?)])
}
