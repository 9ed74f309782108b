//! Classic BPF programs as ways of tests (net/core/filter.c, `bpf_convert_filter`; bpf(2) of the BSDs).
//!
//! Each way through the program that ends in a number other than 0 is one list of tests. Where a program
//! branches, the two ways say opposite things of one number, so at most one way holds for any packet.

#[cfg(test)]
mod tests;

use super::word::{self, MOST_WAYS, Way, Word};
use crate::ir::{Step, Test};
use crate::packet::{Family, Field, IntervalSet, PayloadBase};
use crate::save::option::Value;

/// Most instructions that are gone through on all ways together.
const MOST_STEPS: usize = 4096;

/// Numbers from here on ask for something else than the packet (`SKF_AD_OFF`, `SKF_NET_OFF`).
const ANCILLARY: u64 = 1 << 31;

/// Which packets come to the program.
#[derive(Clone, Copy)]
pub struct Around {
    pub family: Family,
    /// None of them is a later fragment.
    pub reassembled: bool,
}

/// What the accumulator or the index holds.
#[derive(Clone, Copy)]
enum Number {
    Known(u32),
    Read(Word),
}

/// A packet on its way through the program.
#[derive(Clone)]
struct State {
    at: usize,
    way: Way,
    accumulator: Number,
    index: Number,
}

/// One instruction: code, two distances, and a number.
#[derive(Clone, Copy)]
struct Instruction {
    code: u64,
    jt: u64,
    jf: u64,
    k: u64,
}

fn instruction(value: &Value) -> Option<Instruction> {
    let Value::Ranges(pairs) = value else { return None };
    match *pairs.as_slice() {
        [(code, k), (jt, jf)] => Some(Instruction { code, jt, jf, k }),
        _ => None,
    }
}

/// The ways in which the program takes a packet, or why nft cannot say them.
pub fn ways(program: &[Value], around: Around) -> Result<Vec<Way>, String> {
    let start = State { at: 0, way: Way::new(), accumulator: Number::Known(0), index: Number::Known(0) };
    let (mut open, mut out, mut steps) = (vec![start], Vec::new(), 0);
    while let Some(state) = open.pop() {
        steps += 1;
        if steps > MOST_STEPS || out.len() > MOST_WAYS {
            return Err(format!("the program takes packets in more than {MOST_WAYS} ways"));
        }
        let next = program.get(state.at).and_then(instruction).ok_or("the program runs past its end")?;
        match next.code {
            RETURN if next.k == 0 => {}
            RETURN => out.extend(settled(state.way, around.family)),
            _ => open.extend(step(state, next, around)?.into_iter().rev()),
        }
    }
    Ok(out)
}

const RETURN: u64 = 0x06;
const GO: u64 = 0x05;

/// What comes behind an instruction.
fn step(state: State, instruction: Instruction, around: Around) -> Result<Vec<State>, String> {
    let Instruction { code, k, .. } = instruction;
    let number = k as u32;
    let then = |change: &dyn Fn(&mut State)| {
        let mut next = state.clone();
        next.at += 1;
        change(&mut next);
        Ok(vec![next])
    };
    match code {
        0x00 => then(&|s| s.accumulator = Number::Known(number)),
        0x01 => then(&|s| s.index = Number::Known(number)),
        0x07 => then(&|s| s.index = s.accumulator),
        0x87 => then(&|s| s.accumulator = s.index),
        0x20 | 0x28 | 0x30 => load(state.clone(), 0, k, width(code)),
        0x40 | 0x48 | 0x50 => load_behind(state, k, width(code), around),
        0xb1 => {
            let mut next = state.clone();
            let length = place(PayloadBase::Network, k, 8)?;
            next.index = Number::Read(length.and(0xf).shifted_left(2).ok_or_else(unknown)?);
            Ok(arrived(next, length))
        }
        0x54 => calculate(state, |n| n & number, |word| Some(word.and(number))),
        0x64 => calculate(state, |n| n.checked_shl(number).unwrap_or(0), |word| word.shifted_left(number)),
        0x74 => calculate(state, |n| n.checked_shr(number).unwrap_or(0), |word| word.shifted_right(number)),
        GO => then(&|s| s.at += k as usize),
        0x15 | 0x25 | 0x35 | 0x45 => branch(state, instruction),
        _ => Err(format!("its instruction {code:#04x} has no counterpart in nft")),
    }
}

const fn width(code: u64) -> u8 {
    match code & 0x18 {
        0x00 => 32,
        0x08 => 16,
        _ => 8,
    }
}

fn unknown() -> String {
    "it calculates what nft cannot".to_owned()
}

fn place(base: PayloadBase, byte: u64, len: u8) -> Result<Word, String> {
    if byte >= ANCILLARY {
        return Err("it asks for something else than bytes of the packet".to_owned());
    }
    Word::at(base, byte, len).ok_or_else(|| "it reads beyond what nft can read at a fixed place".to_owned())
}

/// A load from the network header on.
fn load(mut state: State, from: u64, k: u64, len: u8) -> Result<Vec<State>, String> {
    let word = place(PayloadBase::Network, from + k, len)?;
    state.accumulator = Number::Read(word);
    Ok(arrived(state, word))
}

/// Behind a load: the packet has the bytes.
fn arrived(mut state: State, word: Word) -> Vec<State> {
    state.at += 1;
    match word::joined(&state.way, &[word.present().into()]) {
        Some(way) => vec![State { way, ..state }],
        None => Vec::new(),
    }
}

/// A load so far behind the number of the index: behind the network header of IPv4, where there is a header.
fn load_behind(state: State, k: u64, len: u8, around: Around) -> Result<Vec<State>, String> {
    let length = match state.index {
        Number::Known(n) => return load(state, n.into(), k, len),
        Number::Read(length) => length,
    };
    if around.family != Family::Ip6 && Some(length) == header_length() && (around.reassembled || is_first(&state.way)) {
        let word = place(PayloadBase::Transport, k, len)?;
        return Ok(arrived(State { accumulator: Number::Read(word), ..state }, word));
    }
    let values = length.few_values().ok_or("it reads at places that depend on many bits of the packet")?;
    let mut out = Vec::new();
    for value in values {
        let ways = length.within(&IntervalSet::point(value.into())).ok_or_else(unknown)?;
        for way in ways.iter().filter_map(|way| word::joined(&state.way, way)) {
            out.extend(load(State { way, ..state.clone() }, value.into(), k, len)?);
        }
    }
    Ok(out)
}

/// The length of the header of IPv4: where the transport header begins.
fn header_length() -> Option<Word> {
    Word::at(PayloadBase::Network, 0, 8)?.and(0xf).shifted_left(2)
}

/// Whether only packets that are no later fragments come here: each bit of the offset is known to be 0.
fn is_first(way: &[Step]) -> bool {
    (51..64).all(|bit| way.iter().any(|step| matches!(step, Step::Test(test) if says_zero(test, bit))))
}

/// Whether a test holds only where this bit behind the network header is 0.
fn says_zero(test: &Test, bit: u16) -> bool {
    let weight = |field: Field| match field {
        Field::Payload { base: PayloadBase::Network, offset, len } if offset <= bit => {
            (offset + u16::from(len)).checked_sub(bit + 1)
        }
        _ => None,
    };
    match test {
        Test::In { field, set } => {
            weight(*field).is_some_and(|w| set.intervals().iter().all(|i| i.lo >> w & 1 == 0 && i.lo >> w == i.hi >> w))
        }
        Test::Bits(bits) if !bits.negated => {
            weight(bits.field).is_some_and(|w| bits.mask >> w & 1 == 1 && bits.value >> w & 1 == 0)
        }
        _ => false,
    }
}

fn calculate(
    mut state: State,
    known: impl Fn(u32) -> u32,
    read: impl Fn(Word) -> Option<Word>,
) -> Result<Vec<State>, String> {
    state.accumulator = match state.accumulator {
        Number::Known(n) => Number::Known(known(n)),
        Number::Read(word) => Number::Read(read(word).ok_or_else(unknown)?),
    };
    state.at += 1;
    Ok(vec![state])
}

/// Both ways of a comparison, as far as they can be gone.
fn branch(state: State, instruction: Instruction) -> Result<Vec<State>, String> {
    const MOST: u128 = u32::MAX as u128;
    let Instruction { code, jt, jf, k } = instruction;
    let (least, only) = (u128::from(k), IntervalSet::point(k.into()));
    let (masked, wanted) = match code {
        0x15 => (state.accumulator, only),
        0x25 => (state.accumulator, IntervalSet::range(least, MOST).difference(&only)),
        0x35 => (state.accumulator, IntervalSet::range(least, MOST)),
        _ => (and(state.accumulator, k as u32), IntervalSet::range(1, MOST)),
    };
    let mut out = Vec::new();
    for (values, distance) in [(wanted.clone(), jt), (wanted.complement(32), jf)] {
        let at = state.at + 1 + distance as usize;
        match masked {
            Number::Known(n) => out.extend(values.contains(n.into()).then(|| State { at, ..state.clone() })),
            Number::Read(word) => {
                let ways = word.within(&values).ok_or("it compares scattered bits with a range")?;
                let joined = ways.iter().filter_map(|way| word::joined(&state.way, way));
                out.extend(joined.map(|way| State { at, way, ..state.clone() }));
            }
        }
    }
    Ok(out)
}

fn and(number: Number, mask: u32) -> Number {
    match number {
        Number::Known(n) => Number::Known(n & mask),
        Number::Read(word) => Number::Read(word.and(mask)),
    }
}

/// A way without what always holds, or `None` where it never does: the version is the family's, and what another test
/// reads is there.
fn settled(way: Way, family: Family) -> Option<Way> {
    let version = Field::Payload { base: PayloadBase::Network, offset: 0, len: 4 };
    let number = if family == Family::Ip6 { 6 } else { 4 };
    let impossible =
        |step: &Step| matches!(step, Step::Test(Test::In { field, set }) if *field == version && !set.contains(number));
    if way.iter().any(impossible) {
        return None;
    }
    let mut out = way.clone();
    out.retain(|step| match step {
        Step::Test(Test::In { field, .. }) if *field == version => false,
        Step::Test(Test::In { field, set }) if set.is_full(field.width()) => {
            !Word::is_in_every_packet(*field)
                && !way.iter().any(|other| other != step && other.fields().contains(field))
        }
        _ => true,
    });
    Some(out)
}
