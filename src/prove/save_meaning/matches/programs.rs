//! Classic BPF programs: `bpf` (`xt_bpf.c`; `net/core/filter.c`).
//!
//! Packets that end before a byte that the program loads are outside the model; so is what programs do besides
//! loading, masking, shifting and comparing.

use super::payload::word_at;
use super::unmodelled;
use crate::packet::{Family, IntervalSet, PayloadBase};
use crate::prove::block::Step;
use crate::prove::dd::{Bounded, Dd};
use crate::prove::save_meaning::Reading;
use crate::prove::save_meaning::words::{Shift, Word};
use crate::save::ast::Part;
use crate::save::option::Value;

/// Instructions followed on all ways together, and ways.
const MOST_STEPS: usize = 1 << 14;

/// The program is somewhere, with these numbers, for these packets.
#[derive(Clone)]
struct At {
    line: usize,
    packets: Dd,
    a: Word,
    x: Word,
}

/// The packets for which the program ends with another number than 0.
pub fn bpf(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let Some(Value::List(program)) = part.get("bytecode").map(|option| &option.value) else {
        return unmodelled::condition(part, reading);
    };
    match taken(program, reading)? {
        Some(packets) => Ok(vec![Step::Test(packets)]),
        None => unmodelled::condition(part, reading),
    }
}

fn taken(program: &[Value], reading: &mut Reading<'_>) -> Bounded<Option<Dd>> {
    let zero = Word::of_number(0, 32);
    let mut open = vec![At { line: 0, packets: Dd::TRUE, a: zero.clone(), x: zero }];
    let (mut taken, mut steps) = (Dd::FALSE, 0);
    while let Some(mut at) = open.pop() {
        steps += 1;
        let Some(Value::Ranges(pairs)) = program.get(at.line).filter(|_| steps < MOST_STEPS) else { return Ok(None) };
        let &[(code, k), (jt, jf)] = pairs.as_slice() else { return Ok(None) };
        at.line += 1;
        match code {
            0x06 if k == 0 => continue,
            0x06 => {
                taken = reading.space.dd.or(taken, at.packets)?;
                continue;
            }
            0x15 | 0x25 | 0x35 | 0x45 => {
                let yes = compare(&at.a, code, k.into(), reading)?;
                for (holds, distance) in [(true, jt), (false, jf)] {
                    let condition = reading.negated_if(!holds, yes)?;
                    let packets = reading.space.dd.and(at.packets, condition)?;
                    if packets != Dd::FALSE {
                        open.push(At { line: at.line + distance as usize, packets, ..at.clone() });
                    }
                }
            }
            0x40 | 0x48 | 0x50 => match behind(at, code, k, reading)? {
                Some(places) => open.extend(places),
                None => return Ok(None),
            },
            _ => match plain(at, code, k, reading)? {
                Some(next) => open.push(next),
                None => return Ok(None),
            },
        }
    }
    Ok(Some(taken))
}

/// Instructions after which there is one way on.
fn plain(mut at: At, code: u64, k: u64, reading: &mut Reading<'_>) -> Bounded<Option<At>> {
    let by = usize::try_from(k).unwrap_or(usize::MAX).min(32);
    let network = PayloadBase::Network;
    match code {
        0x00 => at.a = Word::of_number(k.into(), 32),
        0x01 => at.x = Word::of_number(k.into(), 32),
        0x05 => at.line += k as usize,
        0x07 => at.x = at.a.clone(),
        0x87 => at.a = at.x.clone(),
        0x54 => at.a = at.a.and(k.into()),
        0x64 => at.a = at.a.shifted(Some(Shift::Left(by))),
        0x74 => at.a = at.a.shifted(Some(Shift::Right(by))),
        0x20 | 0x28 | 0x30 => match word_at(network, k, width(code), reading)? {
            Some(word) => at.a = word,
            None => return Ok(None),
        },
        0xb1 => match word_at(network, k, 8, reading)? {
            Some(word) => at.x = word.and(0xf).shifted(Some(Shift::Left(2))),
            None => return Ok(None),
        },
        _ => return Ok(None),
    }
    Ok(Some(at))
}

const fn width(code: u64) -> u8 {
    match code & 0x18 {
        0x00 => 32,
        0x08 => 16,
        _ => 8,
    }
}

fn compare(a: &Word, code: u64, k: u128, reading: &mut Reading<'_>) -> Bounded<Dd> {
    const MOST: u128 = u32::MAX as u128;
    let from = |least: u128| if least > MOST { IntervalSet::empty() } else { IntervalSet::range(least, MOST) };
    match code {
        0x15 => a.within(&IntervalSet::point(k), reading),
        0x25 => a.within(&from(k + 1), reading),
        0x35 => a.within(&from(k), reading),
        _ => a.clone().and(k).within(&from(1), reading),
    }
}

/// A load behind the index: in the transport header, where that is the length of IPv4's header and there is one for
/// all packets that come here; else at each place by itself.
fn behind(at: At, code: u64, k: u64, reading: &mut Reading<'_>) -> Bounded<Option<Vec<At>>> {
    let first = reading.space.first_fragment()?;
    let whole = reading.space.dd.minus(at.packets, first)? == Dd::FALSE && reading.space.family() == Family::Ip;
    let length = word_at(PayloadBase::Network, 0, 8, reading)?.map(|word| word.and(0xf).shifted(Some(Shift::Left(2))));
    if whole && Some(&at.x) == length.as_ref() {
        let word = word_at(PayloadBase::Transport, k, width(code), reading)?;
        return Ok(word.map(|a| vec![At { a, ..at }]));
    }
    let Some(values) = at.x.few_values(4) else { return Ok(None) };
    let mut out = Vec::new();
    for value in values {
        let here = at.x.within(&IntervalSet::point(value), reading)?;
        let packets = reading.space.dd.and(at.packets, here)?;
        let Some(a) = word_at(PayloadBase::Network, k + value as u64, width(code), reading)? else { return Ok(None) };
        out.push(At { packets, a, ..at.clone() });
    }
    Ok(Some(out))
}
