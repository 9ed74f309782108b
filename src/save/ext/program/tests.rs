//! Programs that nobody wrote: what their ways say of packets is what running them says.

use super::{Around, ways};
use crate::ir::{Step, Test};
use crate::packet::{Family, Field, PayloadBase};
use crate::save::ext::word::Way;
use crate::save::option::Value;

/// Numbers that only look random (Knuth's MMIX constants).
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn one_of(&mut self, numbers: &[u64]) -> u64 {
        numbers[self.below(numbers.len() as u64) as usize]
    }
}

type Program = Vec<[u64; 4]>;

/// Loads, masks, shifts and comparisons, then both answers.
fn program(draw: &mut Draw) -> Program {
    let length = 3 + draw.below(8);
    let mut out: Program = (0..length)
        .map(|at| {
            let left = length - at - 1;
            let forward = |draw: &mut Draw| draw.below(left + 2);
            match draw.below(8) {
                0..=2 => [draw.one_of(&[0x20, 0x28, 0x30]), 0, 0, draw.below(44)],
                3 => [0x54, 0, 0, draw.one_of(&[0xf0, 0x0f, 0xff, 0x1fff, 0x101, 0xffff])],
                4 => [draw.one_of(&[0x64, 0x74]), 0, 0, draw.below(12)],
                5 => [0xb1, 0, 0, 0],
                6 => [draw.one_of(&[0x40, 0x48, 0x50]), 0, 0, draw.below(12)],
                _ => {
                    let code = draw.one_of(&[0x15, 0x25, 0x35, 0x45]);
                    [code, forward(draw), forward(draw), draw.one_of(&[0, 1, 4, 6, 0x45, 0x50, 0x101, 0x1fff])]
                }
            }
        })
        .collect();
    out.extend([[6, 0, 0, 1], [6, 0, 0, 0]]);
    out
}

fn bytes(packet: &[u8], at: u64, code: u64) -> Option<u32> {
    let len = match code & 0x18 {
        0 => 4,
        8 => 2,
        _ => 1,
    };
    let at = usize::try_from(at).ok()?;
    Some(packet.get(at..at + len)?.iter().fold(0, |n, &b| n << 8 | u32::from(b)))
}

/// What the kernel's machine answers.
fn run(program: &Program, packet: &[u8]) -> Option<bool> {
    let (mut at, mut a, mut x) = (0usize, 0u32, 0u32);
    loop {
        let [code, jt, jf, k] = *program.get(at)?;
        at += 1;
        match code {
            0x06 => return Some(k != 0),
            0x20 | 0x28 | 0x30 => a = bytes(packet, k, code)?,
            0x40 | 0x48 | 0x50 => a = bytes(packet, u64::from(x) + k, code)?,
            0xb1 => x = 4 * (bytes(packet, k, 0x30)? & 0xf),
            0x54 => a &= k as u32,
            0x64 => a <<= k,
            0x74 => a >>= k,
            _ => {
                let holds = match code {
                    0x15 => u64::from(a) == k,
                    0x25 => u64::from(a) > k,
                    0x35 => u64::from(a) >= k,
                    _ => u64::from(a) & k != 0,
                };
                at += (if holds { jt } else { jf }) as usize;
            }
        }
    }
}

/// What nft reads there, if the packet is so long.
fn read(field: Field, packet: &[u8]) -> Option<u128> {
    let Field::Payload { base, offset, len } = field else { return None };
    let header = u16::from(packet[0] & 0xf) * 32;
    let start = usize::from(if base == PayloadBase::Transport { header + offset } else { offset });
    let bit = |at: usize| Some(u128::from(packet.get(at / 8)? >> (7 - at % 8) & 1));
    (start..start + usize::from(len)).try_fold(0, |n, at| Some(n << 1 | bit(at)?))
}

fn holds(way: &Way, packet: &[u8]) -> bool {
    way.iter().all(|step| match step {
        Step::Test(Test::In { field, set }) => read(*field, packet).is_some_and(|n| set.contains(n)),
        Step::Test(Test::Bits(bits)) => {
            read(bits.field, packet).is_some_and(|n| (n & bits.mask == bits.value) != bits.negated)
        }
        _ => false,
    })
}

/// An IPv4 packet of some length, with few values in its bytes so that tests hold now and then.
fn packet(draw: &mut Draw) -> Vec<u8> {
    let length = 24 + draw.below(40);
    let mut out: Vec<u8> = (0..length).map(|_| draw.one_of(&[0, 1, 4, 6, 0x11, 0x45, 0x50, 0xff]) as u8).collect();
    out[0] = 0x40 | draw.one_of(&[5, 5, 6, 8]) as u8;
    out
}

#[test]
fn ways_are_what_the_program_does() {
    let mut draw = Draw(1);
    let (mut taken, mut tried) = (0, 0);
    for reassembled in [false, true] {
        for _ in 0..600 {
            let program = program(&mut draw);
            let value: Vec<Value> =
                program.iter().map(|&[code, jt, jf, k]| Value::Ranges(vec![(code, k), (jt, jf)])).collect();
            let Ok(ways) = ways(&value, Around { family: Family::Ip, reassembled }) else { continue };
            for _ in 0..60 {
                let packet = packet(&mut draw);
                let wanted = run(&program, &packet).unwrap_or(false);
                let holding = ways.iter().filter(|way| holds(way, &packet)).count();
                assert_eq!(holding, usize::from(wanted), "{program:?} {packet:?} {ways:?}");
                taken += usize::from(wanted);
                tried += 1;
            }
        }
    }
    assert!(taken > 2000 && tried > 20_000, "{taken} of {tried}");
}
