//! Targets that rewrite headers: `TTL`, `HL`, `DSCP`, `TOS`, `ECN`, `TCPOPTSTRIP`
//! (`xt_HL.c`, `xt_DSCP.c`, `ipt_ECN.c`, `xt_TCPOPTSTRIP.c`).

use crate::packet::{Family, Field, PayloadBase};
use crate::prove::block::{Effect, Step};
use crate::prove::dd::{Bands, Bounded};
use crate::prove::save_meaning::words::{self, Word};
use crate::prove::save_meaning::{Reading, options};
use crate::prove::vocabulary;
use crate::save::ast::{Opt, Part};
use crate::save::option::Value;

pub fn ttl(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    hops(part, reading, Field::IpTtl)
}

pub fn hl(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    hops(part, reading, Field::Ip6Hoplimit)
}

/// Steps up and down stop at 255 and 0.
fn hops(part: &Part, reading: &mut Reading<'_>, field: Field) -> Bounded<Vec<Step>> {
    let [Opt { spec, value: Value::Number(by), .. }] = part.options.as_slice() else {
        return Ok(options::not_understood(part));
    };
    let by = u128::from(*by);
    let word = match spec.name {
        "ttl-set" | "hl-set" => Word::by_value(field, reading, |_| by)?,
        "ttl-inc" | "hl-inc" => Word::by_value(field, reading, |old| (old + by).min(255))?,
        "ttl-dec" | "hl-dec" => Word::by_value(field, reading, |old| old.saturating_sub(by))?,
        _ => return Ok(options::not_understood(part)),
    };
    Ok(vec![word.assigned(field, reading)?])
}

/// The six high bits; ECN stays.
pub fn dscp(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let field = if reading.space.family() == Family::Ip { Field::IpDscp } else { Field::Ip6Dscp };
    match part.options.as_slice() {
        [Opt { spec, value: Value::Number(class), .. }] if matches!(spec.name, "set-dscp" | "set-dscp-class") => {
            Ok(vec![words::set_to(field, (*class).into(), reading)?])
        }
        _ => Ok(options::not_understood(part)),
    }
}

/// The byte that holds DSCP and ECN.
pub(in crate::prove::save_meaning) fn tos_field(family: Family) -> Field {
    let offset = if family == Family::Ip { 8 } else { 4 };
    Field::Payload { base: PayloadBase::Network, offset, len: 8 }
}

/// `(old & ~mask) ^ value`
pub fn tos(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let [option] = part.options.as_slice() else { return Ok(options::not_understood(part)) };
    let (mask, value) = match (option.spec.name, &option.value) {
        ("set-tos", &Value::Masked { value, mask }) => (mask, value),
        ("and-tos", &Value::Number(bits)) => (0xff & !bits, 0),
        ("or-tos", &Value::Number(bits)) => (bits, bits),
        ("xor-tos", &Value::Number(bits)) => (0, bits),
        _ => return Ok(options::not_understood(part)),
    };
    let field = tos_field(reading.space.family());
    let word = Word::of(field, reading)?.and(!u128::from(mask)).xor(value.into(), reading)?;
    Ok(vec![word.assigned(field, reading)?])
}

const ECE: u128 = 0x40;
const CWR: u128 = 0x80;

/// The two bits of the network header first; then those of TCP, for TCP packets.
pub fn ecn(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let mut steps = Vec::new();
    if let Some(bits) = part.number("ecn-ip-ect") {
        steps.push(words::set_to(Field::IpEcn, bits.into(), reading)?);
    }
    let (mut mask, mut value) = (0, 0);
    for option in &part.options {
        match (option.spec.name, &option.value) {
            ("ecn-tcp-remove", _) => mask |= ECE | CWR,
            ("ecn-tcp-ece", &Value::Number(bit)) => (mask, value) = (mask | ECE, value | (u128::from(bit) * ECE)),
            ("ecn-tcp-cwr", &Value::Number(bit)) => (mask, value) = (mask | CWR, value | (u128::from(bit) * CWR)),
            ("ecn-ip-ect", _) => {}
            _ => return Ok(options::not_understood(part)),
        }
    }
    if mask != 0 {
        let flags = Word::of(Field::TcpFlags, reading)?.and(!mask).xor(value, reading)?;
        steps.push(Step::Test(reading.space.right_protocol(Field::TcpFlags)?));
        steps.push(flags.assigned(Field::TcpFlags, reading)?);
    }
    Ok(steps)
}

/// The options become no-operations; later fragments are left alone.
pub fn tcpoptstrip(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let mut steps = vec![Step::Test(reading.space.first_fragment()?)];
    for option in &part.options {
        let Value::Ranges(kinds) = &option.value else { return Ok(options::not_understood(part)) };
        for kind in kinds.iter().flat_map(|&(lo, hi)| lo..=hi.min(255)) {
            let effect = Effect::Other(vocabulary::strip_tcp_option(kind as u8));
            steps.push(Step::Effect { effect, reads: Bands::default() });
        }
    }
    Ok(steps)
}
